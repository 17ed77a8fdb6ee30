"""Numbers and nothing asked of them: `85 90 78`, `milk 1.20, bread 2.50`; and what is asked of them afterwards."""

import re
from fractions import Fraction

from . import figures
from .bills import refuse_mixed_currencies
from .bounded import FUNCTIONS
from .contract import LIKELY, POSSIBLE, Answer, JsonValue, Question, Task, Value
from .patterns import lazy_pattern
from .wording import MONTH, asks_how_many, digits_for_words, plain_signs, with_points

_LONGEST = 1000
_FEWEST = 2
_GAP = lazy_pattern(r"[\s,;、:：$€£¥元块钱A-Za-z\u4e00-\u9fff'-]{0,60}")
_VALUE = lazy_pattern(r"(?<![A-Za-z0-9_.])-?(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?:\.\d+)?")
_OPERATION = lazy_pattern(
    r"\b(?:plus|minus|times|over|by|of|off|percent|per|each|at|to|in|from|than|among|amongst|between|across|into|"
    r"ways|shared|evenly|is|are|what|how|split|tip|tax|vat|mod|log|divided|"
    r"multiplied|squared?|root|choose|half|twice|double|x|with|for|if|not|without|after|before|between|less|more|"
    r"refund|discount|"
    r"am|pm|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|days?|weeks?|months?|years?|hours?|minutes?|people|km|"
    r"kg|g|m|cm|mm|ml|l|lb|oz|ft|"
    r"miles?|vs|versus|compared|sum|total|average|mean|max|min|median|product|call|phone|room|number|no)\b|"
    r"[加减乘除倍折率税打退比%年月日号到的]|每|几|多少",
    re.IGNORECASE,
)
_HAPPENS = lazy_pattern(
    r"\b(?:spent|spend|lost|gave|used|paid|ate|sold|returned|took|removed|borrowed|owed?|drank|broke|"
    r"left|remain\w*|kept)\b|"
    r"[花用丢卖吃还剩]",
    re.IGNORECASE,
)
_ASKED = (
    ("average", r"average|mean|avg|平均[值分数]?|均值|均分"),
    ("max", r"highest|largest|biggest|maximum|max|best|最大值?|最高分?"),
    ("min", r"lowest|smallest|minimum|min|worst|最小值?|最低分?"),
    ("median", r"median|中位数"),
    (
        "sum",
        r"sum|total|in total|in all|altogether|add (?:them|it|these|all)(?: all)?(?: up)?|总和|求和|合计|总分|总共|"
        r"加起来|一共",
    ),
)
_FOLLOW_UP = lazy_pattern(
    r"(?:(?:and|so|now|ok|what|what's|whats|about|is|are|the|give me|tell me|show me|那|那么|它们的?|"
    r"这些的?)[\s,]*)*(?:"
    + "|".join(f"(?P<{name}>{form})" for name, form in _ASKED)
    + r")(?: (?:one|value|number|score|grade|mark|amount))?(?:是|呢|多少|是多少)*[\s?.!？。]*",
    re.IGNORECASE,
)
_NAMED_LAST = lazy_pattern(
    r"[\s,.;:，。；：>=→-]*(?:(?:what(?:'s|s| is| are)?|find|give me|tell me|show me|how much(?: is)?|求|的|它们的|"
    r"这些的)\s*)*"
    r"(?:(?:the|my|our|their|his|her|an?|is|that|it)\s+)*(?:"
    + "|".join(f"(?P<{name}>{form})" for name, form in _ASKED)
    + r")(?: (?:score|grade|mark|value|number|amount|cost|price))?(?:是|呢|多少|是多少|几分)*[\s?.!？。=]*$",
    re.IGNORECASE,
)
_SUBJECT = lazy_pattern(
    r"^\s*(?!(?:not?|half|twice|double|without|except)\b)(?:(?:i|we|she|he|they)\s+(?:got|get|scored|have|had|paid|"
    r"spent)|(?:[a-z]+\s+){0,2}[a-z]+\s+(?:are|were|is)\b|(?:[a-z]+\s+){0,2}[a-z]+\s*:)\s*:?",
    re.IGNORECASE,
)
_NAMED_FIRST = lazy_pattern(
    rf"\s*(?:(?:can|could|would) you\s+)?(?:please\s+)?(?:(?:tell|give) me|calculate|compute|find|work "
    rf"out|what(?:'s| is))?\s*(?:the )?(?:{'|'.join(form for _, form in _ASKED)})\s*(?:of|"
    rf"for)?\s*[:：]?\s*(?=[\d$€£¥-])",
    re.IGNORECASE,
)


_NAMED_AMOUNT = lazy_pattern(
    r"\s*(?:[-*•]\s*)?(?P<name>[^\W\d_][^\d,;:：，；、\n]{0,30}?)\s*(?:[:：=]|[-–](?=\s)|\s|(?<=[\u4e00-\u9fff]))\s*"
    r"[$€£¥]?\s?(?P<amount>-?\d+(?:\.\d+)?)\s*(?P<unit>[a-z]{1,5}|[€$£元块分个件])?\s*[.。]?\s*",
    re.IGNORECASE,
)
_ASKS_BEHIND = lazy_pattern(
    r"(?:\s*[-–—.;,，。；]\s*|\s+)(?P<ask>(?:who|which|what|how|"
    r"total|sum|average|avg|and who|谁|哪|一共|总共|平均|合计)[^\d\n]*)$",
    re.IGNORECASE,
)
_ASKS_BEFORE = lazy_pattern(
    r"(?P<ask>[^\d\n:：,，]{0,60}?(?:who|which|total|sum|average|most|how|谁|总|平均)[^\d\n:：]{0,40})[:：\n]\s*",
    re.IGNORECASE,
)
_NO_NAME = lazy_pattern(rf"{MONTH}|am|pm", re.IGNORECASE)


def named_amounts(text: str) -> str | None:
    """`Ann: 3, Bob 4.50 - who owes most?` as a table with its request; None for anything else."""
    text, ask = text.strip(), ""
    if found := _ASKS_BEHIND.search(text):
        text, ask = text[: found.start()], found["ask"]
    elif found := _ASKS_BEFORE.match(text):
        text, ask = text[found.end() :], found["ask"]
    pieces = [piece for piece in re.split(r"\n|[;；、，]|,(?!\d)|\band\b", text) if piece.strip()]
    told = [_NAMED_AMOUNT.fullmatch(piece) for piece in pieces] if len(text) <= _LONGEST else []
    named = [one for one in told if one is not None and not _OPERATION.search(one["name"])]
    units = {(one["unit"] or "").lower() for one in named}
    names = [one["name"].strip() for one in named]
    if len(named) < max(_FEWEST, len(told)) or len(units) > 1 or any(_NO_NAME.fullmatch(name) for name in names):
        return None
    rows = "\n".join(f"{name},{one['amount']}" for name, one in zip(names, named, strict=True))
    header = "姓名,金额" if re.search("[\u4e00-\u9fff]", text) else "name,amount"
    return f"{ask}\n{header}\n{rows}".strip()


def about_a_list(question: Question) -> Task | None:
    """A claim on a bare list, for an agent that does nothing but sums; and on a short question about "
    "the list before."""
    text = plain_signs(question.text)
    text = with_points(text) if re.search(r"\d\s*;\s*\d", text) else text
    if question.earlier and asks_how_many(text):
        return _counted(question)
    if (numbers := _numbers(text)) is not None:
        return Task(POSSIBLE, lambda: answer_of(numbers, ["sum", "average"], question)) if question.alone else None
    if (listed := _listed(text)) is not None:
        return Task(LIKELY, lambda: answer_of(listed[0], [listed[1]], question))
    if (named := _NAMED_FIRST.match(text)) and (numbers := _numbers(text[named.end() :])):
        asked = asked_in(named.group())
        return Task(LIKELY, lambda: answer_of(numbers, asked[:1], question)) if asked else None
    if not question.earlier or not (found := _FOLLOW_UP.fullmatch(text.strip())):
        return None
    before = next((one for earlier in question.earlier if (one := _numbers(plain_signs(earlier)))), None)
    return Task(LIKELY, lambda: answer_of(before, [found.lastgroup or "sum"], question)) if before else None


def asked_alone(text: str) -> str | None:
    """`median?`, `and the highest?`: what is asked of the numbers before."""
    found = _FOLLOW_UP.fullmatch(text.strip())
    return found.lastgroup if found else None


def _counted(question: Question) -> Task | None:
    before = _numbers_of(question.earlier[0])
    if before is None:
        return None
    count = len(before)
    text = f"{count} 个数" if question.chinese else f"{count} numbers"
    answer = Answer(text, {"numbers": count}, {"count": count}, (Value(str(count), Fraction(count)),))
    return Task(LIKELY, lambda: answer)


def _numbers_of(earlier: str) -> list[Fraction] | None:
    """The numbers of an earlier turn, with what was asked of them or without."""
    text = plain_signs(earlier).split("\nmedian of")[0]
    named = _NAMED_FIRST.match(text)
    return _numbers(text[named.end() :]) if named else _numbers(text)


def _listed(text: str) -> tuple[list[Fraction], str] | None:
    """`my marks are 7, 8 and 9, what's the average?`: the numbers, and what is asked of them behind."""
    last = _NAMED_LAST.search(text[-80:])
    if last is None:
        return None
    before = text[: len(text) - len(last.group())]
    numbers = _numbers(re.sub(r"\band\b|和", ",", _SUBJECT.sub("", before), flags=re.IGNORECASE))
    return (numbers, last.lastgroup or "sum") if numbers else None


def asked_in(words: str) -> list[str]:
    """All that `words` ask of a list."""
    return [name for name, form in _ASKED if re.search(form, words, re.IGNORECASE)]


def numbers_alone(text: str) -> list[Fraction] | None:
    """The numbers of a text that is nothing but those, names for them and `and`; None for any other."""
    if re.fullmatch(r"[a-z\s,;]+", text, re.IGNORECASE):
        text = digits_for_words(text)
    if len(re.findall(r"\d\s*%", text)) == len(_VALUE.findall(text)):
        text = text.replace("%", " ")
    text = with_points(re.sub(r"(?<=\d)\s*(?:,?\s+and|&|和)\s*(?=[$€£¥]?\d)", ", ", text, flags=re.IGNORECASE))
    return None if re.search(r"[A-Za-z_]\w*[,;\t|][A-Za-z_ ]+\n", text) else _numbers(text)


def _numbers(text: str) -> list[Fraction] | None:
    if len(text) > _LONGEST or _OPERATION.search(text):
        return None
    gaps = _VALUE.split(text)
    if (
        not all(_GAP.fullmatch(gap) for gap in gaps)
        or any(_HAPPENS.search(gap) for gap in gaps[1:-1])
        or any(re.fullmatch(r"\s*:\s*", gap) for gap in gaps[1:-1])
        or any(
            re.search(r"[A-Za-z\u4e00-\u9fff]", gap) and not re.search(r"[,;:、，；\n]|\band\b|和|^\s*[元块]", gap)
            for gap in gaps[1:-1]
        )
        or not all(gap and _apart(gap) for gap in gaps[1:-1])
        or gaps[-1].strip(" .,;\n元?？!")
    ):
        return None
    found = _VALUE.findall(text)
    phones = len(found) <= 4 and all(re.fullmatch(r"0\d+|\d{7,}", number) for number in found)
    if len(found) < _FEWEST or phones or any(re.fullmatch(r"0\d+", number) for number in found):
        return None
    return [Fraction(number.replace(",", "")) for number in found]


def _apart(gap: str) -> bool:
    """Whether the numbers on both sides of `gap` stand by themselves: `5kg`, `a4` and `3-4` do not."""
    return re.match(r"[\s,;、和元块$€£¥]", gap) is not None and re.search(r"[A-Za-z_-]$", gap) is None


def answer_of(numbers: list[Fraction], asked: list[str], question: Question) -> Answer:
    refuse_mixed_currencies(question.text)
    results = [(name, FUNCTIONS[name](numbers)) for name in asked]
    members = ", ".join(figures.shown(number) for number in numbers)
    text = "\n".join(f"{name}({members}) {figures.equals(value)}" for name, value in results)
    output: dict[str, JsonValue] = {name: figures.for_json(value) for name, value in results}
    values = tuple(Value(figures.carried(value), value, name) for name, value in results)
    return Answer(text, {"numbers": [figures.for_json(number) for number in numbers]}, output, values)
