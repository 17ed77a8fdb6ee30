"""What a pair of numbers is asked for: the change from the one to the other in percent, or the share in a whole."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from . import figures
from .amounts import Amount, blanked, read_plainly, so_many
from .bills import refuse_mixed_currencies
from .contract import CERTAIN, Answer, Question, Refusal, Task, Value
from .patterns import lazy_pattern

_LONGEST = 200
_PERCENT = r"(?:per ?cent(?:age)?s?|pct|prozent|%|百分)"
_MOVES = (
    r"(?:chang\w*|increas\w*|decreas\w*|grow\w*|grew|risen?|rises|rose|fall\w*|fell|drop\w*|up|down|compar\w*|"
    r"differ\w*|"
    r"more|less|better|worse|cheaper|dearer|vs|versus|against|old|new|before|after|last|previous|this year|from|"
    r"changed|"
    r"develop\w*|swing|增|涨|跌|降|变化|变动|升|对比|去年|原来)"
)
_WANTS_CHANGE = lazy_pattern(
    rf"{_PERCENT}.{{0,60}}(?<![a-z]){_MOVES}(?![a-z])|(?<![a-z]){_MOVES}(?![a-z]).{{0,60}}{_PERCENT}|\bgrowth rate\b|"
    r"涨跌|涨幅|跌幅|增长率|增幅|降幅|变化率|同比|环比|\byoy\b|year[- ]on[- ]year|"
    r"year[- ]over[- ]year|month[- ]on[- ]month",
    re.IGNORECASE | re.DOTALL,
)
_OTHER_WORK = lazy_pattern(
    r"\b(?:tips?|vat|tax|discount\w*|raises?|pay rise|overtime|commissions?|mark-?up|interest|bill)\b|折|小费|税|利息",
    re.IGNORECASE,
)
_MOVED = lazy_pattern(
    r"->|=>|→|>|\bfrom\b|\bto\b|\bthen\b|\bnow\b|\b(?:last|this|previous|prior) (?:year|month|week|quarter|time|"
    r"season)|"
    r"\b(?:old|new|before|after|was|were|is|used to be|yesterday|today)\b|从|到|变|"
    r"去年|今年|上[个]?[月周季]|[本这]个?[月周季]|原来|"
    r"现在|之前|以前",
    re.IGNORECASE,
)
_ASKS_CHANGE = lazy_pattern(
    rf"{_PERCENT}.{{0,30}}(?:chang|increas|decreas|grow|up|down|more|less|drop|differ|rise|fall)|"
    rf"(?:chang\w*|increas\w*|decreas\w*|grow\w*|up|down|more|less|drop|rise|fall) .{{0,20}}{_PERCENT}|"
    r"[增涨跌降]了?(?:百分|pct)之?几|增幅|涨幅|跌幅|变化率|同比|环比",
    re.IGNORECASE,
)
_NOT_A_CHANGE = lazy_pattern(
    r"[*=+^]|\b(?:plus|minus|times|sum|add|subtract|average|mean|share|proportion|split|each|tip|vat|tax|if|"
    r"unless|without|"
    r"except|not|another|doubled?|halved?|out of|absolute|euros? more|by|days?|hours?|minutes?|add(?:ed)?|off|"
    r"discount|"
    r"convert|percentage points?|of)\b|\d\s*/\s*\d|加|减|乘|除|平均|占|差|折",
    re.IGNORECASE,
)
_OLD = (
    r"(?:(?:last|previous|prior|past) (?:year|month|week|quarter|time|season|summer|winter)|(?:the )?year before|old|"
    r"before|earlier|"
    r"previous(?:ly)?|used to be|was|were|yesterday|original(?:ly)?|from|"
    r"去年|上个?[月周季]度?|原来|之前|以前|原价|从|昨天|旧)"
)
_NEW = (
    r"(?:(?:this|current) (?:year|month|week|quarter|time|season|summer|winter)|new|now|today|after(?:wards)?|"
    r"current(?:ly)?|"
    r"to|is|今年|[本这]个?[月周季]度?|现在|如今|今天|新)"
)
_LABELS = lazy_pattern(rf"(?P<old>(?<![a-z]){_OLD}(?![a-z]))|(?P<new>(?<![a-z]){_NEW}(?![a-z]))|\0", re.IGNORECASE)
_BACK = lazy_pattern(
    r"(?:(?:and|so|ok|now|what|about|how|if|is|the|or|it|in|do|,)\s*)*(?:back(?:wards)?(?: again)?|reversed?|"
    r"other (?:way|direction)(?: (?:a?round|about))?|the opposite(?: way)?|(?:from )?new to old|vice versa|"
    r"swap(?:ped)?(?: them)?|"
    r"turned around)[\s?.!]*|(?:那|如果)*(?:反过来|倒过来|反之|反向)(?:呢|算)?[\s?？。]*",
    re.IGNORECASE,
)
_ANOTHER = lazy_pattern(
    r"(?:(?:and|so|ok|now|what|about|how|if|it|with|for|to|from|was|is|were|had been|instead|or|then|only|we|had|"
    r"there|"
    r"would|be|made|it's|last year|this year|last month|this month|the|old|new|"
    r"value|one|[,?.!]|那|如果|要是|呢|去年|今年|现在|"
    r"原来|到|从|是)\s*|\0\s*)+",
    re.IGNORECASE,
)
_YEAR = lazy_pattern(r"(?<![\d.,])((?:19|20)\d\d)(?![\d.,]*\d)\s*[:：=]?\s*(?:年|was|had|were)?")
_SHARE_ASKED = lazy_pattern(
    r"\b(?:what|which|how much) (?:share|proportion|portion|fraction|part)\b|\b(?:share|proportion|ratio)\b|"
    rf"(?:what|which|how many|how much|in|as)?\s*(?:an?\s)?{_PERCENT}|占|几成|比例|份额|"
    r"(?:执行|完成|达成|使用|利用|出勤|合格|及格|到课|出席)率|"
    r"\b(?:completion|utili[sz]ation|attendance|pass|success|fill)(?: rate)?\b",
    re.IGNORECASE,
)
_WANTS_SHARE = lazy_pattern(rf"{_PERCENT}|\bshares?\b|\bproportions?\b|占比|比例", re.IGNORECASE)
_OF = lazy_pattern(
    r"\0\s*(?:[a-z]+\s+){0,3}?(?:out of|(?<!instead )of|from|/)\s*(?:(?:the|our|all|these|my|a|total|about|"
    r"those)\s+){0,2}\0",
    re.IGNORECASE,
)
_OF_FIRST = lazy_pattern(
    r"(?<![a-z])(?:out of|of|from|among)\s+(?:(?:the|our|all|these|my|a|total)\s+){0,2}\0[^\0]*\0", re.IGNORECASE
)
_WHOLE_BEHIND = lazy_pattern(
    r"\0\s*(?:[a-z]+\s+){0,2}(?:in total|in all|altogether|overall|total)\b|"
    r"\0[个人件只名位台]?[^\0]{0,6}?[里中]?[^\0,]{0,3}\0[^\0]{0,4}占百?",
    re.IGNORECASE,
)
_WHOLE = lazy_pattern(
    r"(?:预算|计划|目标|应[到出]|budget|target|planned|capacity|total|in all|altogether|overall|all|共有?|总[数共]?|"
    r"全[部班]?)(?:\s*(?:of|is|was|:|were))*\s*\0",
    re.IGNORECASE,
)
_NO_SHARE = lazy_pattern(
    r"[*=+^%]|\b(?:not|no|n't|without|except|left|rest|remain\w*|un\w+ed|missing|others?|if|more|less|than|each|"
    r"twice|half|"
    r"plus|minus|then|average|absent|sick|ill|failed)\b|n't|没|不|剩|其余|未|另|请假|缺",
    re.IGNORECASE,
)
_OF_OTHERS = lazy_pattern(r"([\u4e00-\u9fff]{2})占(?:百分|pct|几|多少|%|比)")
_FROM_THERE = lazy_pattern(r"\bfrom (?:that|there|it|this)\b|从那|再从?到", re.IGNORECASE)


class _Pair(NamedTuple):
    first: Amount
    second: Amount


def pair_task(question: Question) -> Task | None:
    """A claim on two numbers whose change or share is asked for, by the prompt or else by the requirement."""
    if len(question.text) > _LONGEST or not re.search(r"\w", question.text):
        return None
    if (part := _share(question)) is not None:
        return Task(CERTAIN, lambda: _share_answer(part, question.chinese))
    pair = _change(question.text, question.requirement)
    if pair is None and question.earlier:
        pair = _later(question)
    return Task(CERTAIN, lambda: _change_answer(pair, question.chinese)) if pair is not None else None


def _change(text: str, requirement: str) -> _Pair | None:
    """The old and the new value that a prompt names."""
    wanted = _WANTS_CHANGE.search(requirement) is not None
    text = read_plainly(text)
    years = _YEAR.findall(text)
    numbers = so_many(text, 4 if len(years) == 2 else 2)
    if len(years) == 2 and numbers is None:
        numbers = so_many(text, 2)
    if numbers is None or any(one.share for one in numbers):
        return None
    asked = _ASKS_CHANGE.search(text) is not None
    left = re.sub("[-=]>", "→", blanked(text, numbers))
    moved = _MOVED.search(left) or len(numbers) == 4
    if not (asked and moved) and not wanted:
        return None
    if not asked and _OTHER_WORK.search(requirement) and "->" not in requirement and not moved:
        return None
    if _NOT_A_CHANGE.search(left) or len(re.findall(r"[a-z]+", left, re.IGNORECASE)) > 16:
        return None
    if len(numbers) == 2 and (_are_years(numbers) or _of_two_kinds(left)) and "→" not in left:
        return None
    refuse_mixed_currencies(text)
    if len(numbers) == 4:
        return _by_year(text, numbers)
    return _in_order(left, numbers)


def _are_years(numbers: Sequence[Amount]) -> bool:
    return all(one.whole and 1900 <= one.value <= 2100 for one in numbers)


def _of_two_kinds(left: str) -> bool:
    """`5 people 3 apples`: each number is of something else, and nothing says what was first."""
    nouns = re.findall(r"\0\s*([a-z]{3,})", left, re.IGNORECASE)
    return len(nouns) == 2 and nouns[0].lower() != nouns[1].lower() and not _MOVED.search(left)


def _by_year(text: str, numbers: Sequence[Amount]) -> _Pair | None:
    """`2024: 250, 2025: 310` and `250 in 2024, 310 in 2025`: from the earlier to the later year."""
    starts = {found.start() for found in _YEAR.finditer(text)}
    marked = [one.start in starts for one in numbers]
    if marked not in ([True, False] * 2, [False, True] * 2):
        return None
    years = [one for one, is_year in zip(numbers, marked, strict=True) if is_year]
    values = [one for one, is_year in zip(numbers, marked, strict=True) if not is_year]
    if years[0].value == years[1].value:
        return None
    return _Pair(*values) if years[0].value < years[1].value else _Pair(values[1], values[0])


def _in_order(left: str, numbers: Sequence[Amount]) -> _Pair | None:
    """As the words in front of or behind the numbers say, else in the order in which they stand."""
    if re.search(r"\0[^\0]*\b(?:compared (?:with|to)|against|up from|down from|from|than)\s*\0", left, re.I):
        return _Pair(numbers[1], numbers[0])
    marks = [found.lastgroup or "\0" for found in _LABELS.finditer(left)]
    before = marks[: marks.index("\0")]
    rest = marks[marks.index("\0") + 1 :]
    between, behind = rest[: rest.index("\0")], rest[rest.index("\0") + 1 :]
    straight = _Pair(numbers[0], numbers[1])
    labels = before + between + behind
    if not labels:
        return straight if not re.search(r"\bvs\b|\bthan\b", left, re.IGNORECASE) else None
    first = before[-1] if before else between[0] if between and (len(between) > 1 or behind) else ""
    second = between[-1] if between and (before or len(between) > 1 or not behind) else behind[0] if behind else ""
    if first and first == second:
        return None
    old_first = first == "old" or second == "new" if (first or second) else True
    return straight if old_first else _Pair(numbers[1], numbers[0])


def _later(question: Question) -> _Pair | None:
    """The pair of an earlier turn the other way round, or with one value exchanged."""
    text = read_plainly(question.text)
    back = _BACK.fullmatch(text) is not None
    numbers = so_many(text, 1)
    told = _FROM_THERE.sub(" from ", blanked(text, numbers)) if numbers else ""
    other = numbers[0] if numbers and _ANOTHER.fullmatch(told) and not numbers[0].share else None
    if not back and other is None:
        return None
    before = _pair_before(question)
    if before is None:
        return None
    if other is None:
        return _Pair(before.second, before.first)
    if re.search(r"\bthen\b", text, re.IGNORECASE):
        return None
    labels = {found.lastgroup for found in _LABELS.finditer(text) if found.lastgroup}
    if _FROM_THERE.search(text):
        return _Pair(before.second, other)
    if re.search(r"\bfrom\b|\blast\b|\bold\b|\bhad been\b|去年|原来|从", text, re.IGNORECASE):
        return _Pair(other, before.second)
    return _Pair(before.first, other) if "old" not in labels or "new" in labels else None


def _pair_before(question: Question) -> _Pair | None:
    earlier = question._replace(text=question.earlier[0], earlier=question.earlier[1:])
    if (pair := _change(earlier.text, earlier.requirement)) is not None:
        return pair
    return _later(earlier) if earlier.earlier else None


def _share(question: Question) -> _Pair | None:
    """The part and the whole of `17 of 68, what share?`."""
    text = read_plainly(question.text)
    numbers = so_many(text, 2)
    if numbers is None or any(one.share for one in numbers):
        return None
    left = blanked(text, numbers)
    asked = _SHARE_ASKED.search(left) is not None
    bare = re.fullmatch(r"[^\0]{0,20}\0\s*(?:out of|of|/)\s*\0[^\0]{0,20}", left) is not None
    if not asked and not (bare and _WANTS_SHARE.search(question.requirement)):
        return None
    if _ASKS_CHANGE.search(left) or _NO_SHARE.search(re.sub(_PERCENT, " ", left, flags=re.IGNORECASE)):
        return None
    if (other := _OF_OTHERS.search(left)) is not None and left.count(other[1]) == 1:
        return None  # `男生26人，女生占百分之几`: of whom there is no number
    if not asked and len(re.findall(r"[a-z]+", left, re.IGNORECASE)) > 6:
        return None
    if _OF.search(left) and re.search(r"(?:of|from|/)[^\0]*\0[^\0]*$", left):
        pair = _Pair(numbers[0], numbers[1])
    elif (
        _OF_FIRST.search(left)
        or ((behind := _WHOLE_BEHIND.search(left)) and "\0" not in left[: behind.start()])
        or ((marked := _WHOLE.search(left)) and left.count("\0", 0, marked.end()) == 1)
    ):
        pair = _Pair(numbers[1], numbers[0])
    elif _WHOLE.search(left) or re.search(r"\0\S{0,3}占\S{0,4}\0", left):
        pair = _Pair(numbers[0], numbers[1])
    else:
        return None
    return pair if 0 < pair.first.value <= pair.second.value else None


def _meant(pair: _Pair) -> tuple[Fraction, Fraction]:
    """The two values, `1.340` as in one thousand where only that can be compared with the other."""
    first, second = pair
    readings = [(first.value, second.value)]
    if first.other is not None and second.other is not None:
        return readings[0] if first.value / second.value == first.other / second.other else (first.other, second.other)
    readings += [(first.other, second.value)] if first.other is not None else []
    readings += [(first.value, second.other)] if second.other is not None else []
    likely = [(a, b) for a, b in readings if a and b and Fraction(1, 20) < b / a < 20]
    if len(readings) == 1:
        return readings[0]
    if len(likely) == 1:
        return likely[0]
    raise Refusal(
        "A number with one point and three digits behind it can be two things. Please write it without the point, "
        "or with two decimals.",
        "带一个小数点和三位数字的数有两种读法，请换一种写法。",
    )


def _change_answer(pair: _Pair, chinese: bool) -> Answer:
    old, new = _meant(pair)
    if old <= 0:
        raise Refusal("There is no change in percent from zero.", "从零开始的变化不能用百分比表示。")
    change = (new - old) / old * 100
    size = figures.rounded(abs(change), 2)
    equals = "=" if size == abs(change) else "≈"
    signed = f"{'+' if change > 0 else '-'}{figures.shown(size)}%"
    words = ("increase", "decrease", "no change") if not chinese else ("上升", "下降", "不变")
    word = words[0 if change > 0 else 1 if change < 0 else 2]
    text = f"{figures.shown(old)} -> {figures.shown(new)}: {word} {equals} {figures.shown(size)}%"
    text += f" ({signed})" if change else ""
    return Answer(
        text,
        {"from": figures.for_json(old), "to": figures.for_json(new)},
        {"percent": figures.for_json(change)},
        (Value(figures.carried(change), change),),
    )


def _share_answer(pair: _Pair, chinese: bool) -> Answer:
    part, whole = _meant(pair)
    share = part / whole * 100
    size = figures.rounded(share, 2)
    equals = "=" if size == share else "≈"
    text = f"{figures.shown(part)} / {figures.shown(whole)} {equals} {figures.shown(size)}%"
    return Answer(
        text,
        {"part": figures.for_json(part), "whole": figures.for_json(whole)},
        {"percent": figures.for_json(share)},
        (Value(figures.carried(share), share),),
    )
