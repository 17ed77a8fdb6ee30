"""Working time as it is told: begin and end less breaks, sums of hours and minutes, times a rate or days."""

import re
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from . import figures
from .contract import CERTAIN, Answer, JsonValue, Question, Task, Value
from .patterns import lazy_pattern
from .wording import digits_for_words, plain_signs

_LONGEST = 400
DAY, HALF_DAY = 24 * 60, 12 * 60
_MOST_NAMES = 5
_HOURS = r"(?:hours?|hrs?|h|std|个?小时|个?钟头)"
_MINUTES = r"(?:minutes?|mins?|分钟?)"
_PHRASES = (
    (r"(?<=\d)\s*个半(?:小时|钟头)", ".5小时"),
    (r"(?<=[一两二三四五六七八九十])个半(?:小时|钟头)", "点五小时"),
    (r"\b(?:an?|1|one) hour and an? half\b", "1.5 hours"),
    (r"\b(?:an?|1|one) hour and an? quarter\b", "1.25 hours"),
    (r"\bthree[- ]quarters? of an hour\b|(?<!\d)3/4 (?:of an )?h(?:ou)?r?\b|三刻钟", "45 min"),
    (r"\b(?:an? )?quarter[- ](?:of an )?hours?\b|(?<!\d)1/4 h(?:ou)?r?\b|[1一]刻钟", "15 min"),
    (
        r"\b(?:an? )?half[- ](?:of )?(?:an )?(?:hour|hr|h)s?\b|"
        r"(?<!\d) ?1/2 h(?:ou)?r?\b(?<!\d 1/2 h)|半个?(?:小时|钟头)",
        "30 min",
    ),
    (r"(\d+) ?(?:and an? half|1/2) ?(?=h)", r"\1.5 "),
    (r"\ban hour(?!\s*$)(?=\s*(?:break|lunch|pause|off|unpaid|less))", "60 min"),
    (r"(?:minus|less|without|with|deduct|,) an hour(?: for)?(?= (?:break|lunch|pause))", "minus 60 min"),
    (r"\bnoon\b|中午(?![\d一二十]+点)", "12:00"),
    (r"\bmidnight\b|午夜", "0:00"),
    (r"点半", "点30分"),
    (r"点[1一]刻", "点15分"),
    (r"点三刻", "点45分"),
)
_TOKEN = lazy_pattern(
    rf"(?P<rate>[$€£¥]?\s*(?P<r1>\d+(?:[.,]\d{{1,2}})?)\s*(?:[$€£¥]|eur\w*|usd|dollars?|pounds?|gbp|chf|元|"
    rf"块)?\s*(?:an|per|/|every|a|each|每)\s*{_HOURS}(?![a-z])|"
    rf"(?:每个?小时|时薪|hourly (?:rate|wage|pay)(?: of| is)?|(?:at|@|times|x|\*|rate(?: of| is)?|pay|wage|paid|"
    rf"earns?|乘以?)\s*"
    rf"[$€£¥])\s*:?\s*[$€£¥]?\s*(?P<r2>\d+(?:[.,]\d{{1,2}})?)(?!\d|\s*{_HOURS})(?:\s*[元块])?|"
    rf"(?:at|@|times|x|\*|rate(?: of| is)?|乘以?)\s*(?P<r3>\d+\.\d\d|\d+\.\d)(?![\d:]|\s*(?:{_HOURS}|[ap]m))|"
    rf"(?:at|@|rate(?: of| is)?)\s*(?P<r4>\d+)(?![\d:.]|\s*(?:{_HOURS}|[ap]\.?m|{_MINUTES})|"
    rf"\s*[a-z]+\s*(?:per|/|an?)\s*{_HOURS})|乘以?\s*(?P<r5>\d+(?:\.\d+)?)\s*[元块])|"
    rf"(?P<dur>(?P<dh>\d+(?:[.,]\d+)?)\s*{_HOURS}(?:\s*(?:and\s+|零)?(?P<dm>\d{{1,2}})\s*(?:{_MINUTES}|m)(?![a-z])"
    rf"(?!\s*(?:unpaid\s*)?(?:break|lunch|pause|休息|午休))|(?P<dn>[0-5]\d)(?![\d.:])|\s+(?P<do>[0-5]?\d)(?=\s*(?:$|"
    rf"[,;+\n]|and\b|plus\b)))?"
    rf"(?![a-z])|(?P<mm>\d+)[\s-]*(?:{_MINUTES}|m(?=\s+(?:break|lunch|pause|off)))(?![a-z]))|"
    r"(?P<clock>(?P<zh>上午|下午|早上|晚上|中午|凌晨|傍晚|早|晚)?\s*(?:"
    r"(?<![\d.:])(?P<ch>\d{1,3}):(?P<cm>[0-5]\d)(?::00)?(?![\d:])\s*(?P<cp>[ap]\.?m\.?(?![a-z]))?|"
    r"(?<![\d.:])(?P<ah>\d{1,2})(?:\.(?P<am>[0-5]\d))?\s*(?P<ap>[ap]\.?m\.?(?![a-z]))|"
    r"(?P<nh>\d{1,2})[点时](?!间)(?:(?P<nm>\d{1,2})分?)?|"
    r"(?<![\d.:,])(?P<mh>[01]\d|2[0-3])(?P<ml>[0-5]\d)(?=\s*(?:hrs\b)?\s*(?:to|-|until|till|finish\w*|$|"
    r"[,;]|less|minus|with|break|lunch|\d{1,3}\s*min))(?:\s*hrs\b)?))|"
    r"(?P<times>(?:(?:for|x|\*|times|over|乘以?)\s*)?(?P<n>\d{1,3})\s*(?:(?:work(?:ing)?\s*)?(?:days?|"
    r"shifts?)(?:\s*(?:a week|of|each))?|times|天|次|班)(?![a-z])|"
    r"(?:x|\*|times|乘以?)\s*(?P<n2>\d{1,3})(?![\d.:,]|\s*h)|(?<![\d.:,])(?P<n3>\d{1,2})\s*(?:x|\*)(?=\s*\d))",
    re.IGNORECASE,
)
_DATE = lazy_pattern(r"\d{4}\s*([-/.])\s*\d{1,2}\1\s*\d|\d\s*[年月]\s*\d|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}")
_DOTTED = lazy_pattern(r"(?<![\d.,:])(\d{1,2})\.([0-5]\d)(?![\d.,%])")
_BARE_RANGE = lazy_pattern(r"(?<![\d.,:h])(\d{1,2})(\s*(?:to|-|till?|until|bis|到|至)\s*)(?=\d)", re.IGNORECASE)
_BARE_END = lazy_pattern(r"(?<=\0)(\d{1,2})(?![\d.,:]|\s*(?:h|m|个?小时|点|[ap]\.?m))", re.IGNORECASE)
_UNMARKED = lazy_pattern(r"(?<![\d.:,])[012]\d[0-5]\d(?![\d.:,])")
_TO = lazy_pattern(r"\s*(?:o'?clock)?\s*(?:to|-|--|->|→|~|until|till?|through|thru|bis|到|至|直到)\s*", re.IGNORECASE)
_ENDS = (
    r"(?:finish\w*|end\w*|out|left|leav\w*|stop\w*|home|off|knock\w*|quit|done|close\w*|till?|until|to|下班|"
    r"结束|走|收工|离开|打卡|到)"
)
_BEGINS = (
    r"(?:start\w*|beg[aiu]n\w*|in|from|arriv\w*|came|come|clock\w*|between|work\w*|on|open\w*|上班|开始|到岗|从|工作)"
)
_TOLD = lazy_pattern(rf"(?<![a-z]){_ENDS}(?![a-z])", re.IGNORECASE)
_TOLD_FIRST = lazy_pattern(rf"(?<![a-z]){_BEGINS}(?![a-z])", re.IGNORECASE)
BREAK = lazy_pattern(
    r"\b(?:breaks?|lunch\w*|pauses?|unpaid|rest|minus|less|without|deduct\w*|off|subtract\w*|tea|coffee|dinner|"
    r"took|had|"
    r"interruption)\b|-|休息|午休|减|扣|吃饭|除去",
    re.IGNORECASE,
)
_LESS = lazy_pattern(
    r"(?:\b(?:minus|less|without|deduct|subtract|take off|except)\b|-|减去?|扣[除掉]?)[^+\d\0]{0,16}$", re.IGNORECASE
)
_DAY_NAME = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?:?|周[一二三四五六日天]|星期[一二三四五六日天]|\d\. "
_SUMS = lazy_pattern(
    r"\badd\w*|\bsums?\b|\btotal\w*|\btogether\b|\baltogether\b|\bplus\b|"
    r"\btime ?sheets?\b|合计|总共|一共|相加|加起来|累加",
    re.IGNORECASE,
)
SHIFTS = lazy_pattern(
    r"\bshifts?\b|\bstart\w*|\bbegin\w*|\bfinish\w*|\bclock(?:ed|ing)?[- ](?:in|out)\b|\bhours worked\b|"
    r"\bworking (?:time|hours)\b|"
    r"\bwork(?:ed)? (?:time|hours)\b|\btime ?sheets?\b|上班|下班|工时|班次|打卡|考勤",
    re.IGNORECASE,
)
_DECIMAL = lazy_pattern(r"\bdecimals?\b|小数", re.IGNORECASE)
_FILLER = lazy_pattern(
    r"\b(?:how|long|many|much|what|is|was|are|were|the|an?|and|i|we|he|she|they|it|you|of|for|in|on|at|with|my|"
    r"his|her|their|our|"
    r"that|this|so|then|total|sum|add|up|together|altogether|time|hours?|minutes?|worked|work|works|working|day|"
    r"days|shift|shifts|"
    r"today|yesterday|tomorrow|pay|paid|wage|wages|earn|earns|earned|get|gets|make|made|money|per|rate|each|every|"
    r"did|do|does|only|just|actually|ok|now|please|pls|no|took|had|have|has|break|breaks|lunch|pause|unpaid|"
    r"o'?clock|am|pm|"
    r"decimal|as|net|from|to|till?|until|between|started|finished|came|left|be|if|to|rest|more|another|also|"
    r"later|come|out|it's|"
    r"was|spent|plus|minus|less|without|deduct|take|off|times|what's|"
    r"hrs?|mins?|all|in)\b|[\s,;.:?!&+*=()@$€£¥|/-]|→|"
    r"[的是有共了我他她那呢多少几从到至上下班结束开始休息午减去扣除小时分钟长间一共总计工作加和钱每天"
    r"工资久到岗走按算除去吃饭又还再合乘以掉]",
    re.IGNORECASE,
)
_NOT_TIME = lazy_pattern(
    r"\b(?:seconds?|days? (?:ago|from|until|between)|weeks?|months?|years?|date|km|mi|miles?|mph|speed|kwh?|"
    r"watts?|percent|overtime|"
    r"double|half|twice|flight|time zone|gmt|utc|every|average|mean|or|not|daily|each day|per day)\b|\b(?:mon|"
    r"tue|wed|thu|fri|sat|sun)[a-z]*\s*(?:-|to)\s*(?:mon|tue|wed|thu|fri|sat|sun)|%|平均|加班|倍",
    re.IGNORECASE,
)


class TimeFacts(NamedTuple):
    """Ranges in minutes of the day, minutes that are added or taken off, a rate per hour, how many times."""

    ranges: tuple[tuple[int, int], ...] = ()
    more: tuple[Fraction, ...] = ()
    rate: Fraction | None = None
    times: Fraction = Fraction(1)

    def minutes(self) -> Fraction:
        worked = sum((Fraction((end - begin) % DAY) for begin, end in self.ranges), Fraction(0))
        return (worked + sum(self.more, Fraction(0))) * self.times


class TimeToken(NamedTuple):
    kind: str
    value: Fraction
    half: str
    start: int
    end: int


def time_task(question: Question) -> Task | None:
    """A claim on a prompt that is nothing but working time, or changes what was told of it in the turn before."""
    facts = _told(question, 3)
    if facts is None:
        return None
    minutes = facts.minutes()
    if minutes < 0:
        return None
    return Task(CERTAIN, lambda: told_time(facts, question))


def _told(question: Question, depth: int) -> TimeFacts | None:
    if len(question.text) > _LONGEST or not re.search(r"[\d半刻]|half|hour|noon", question.text, re.IGNORECASE):
        return None
    if _DATE.search(question.text):
        return None
    text = plain_times(question.text, question.requirement)
    tokens = time_tokens(text)
    marked = "".join("\0" if sign is None else sign for sign in _gaps(text, tokens))
    if not tokens or re.search(r"\d", marked) or _NOT_TIME.search(marked):
        return None
    names = re.findall(
        r"[A-Za-z]+|[\u4e00-\u9fff]+", re.sub(_DAY_NAME, " ", _FILLER.sub(" ", marked), flags=re.IGNORECASE)
    )
    if len(names) > _MOST_NAMES:
        return None
    if _UNMARKED.search(text) and not SHIFTS.search(f"{question.requirement} {text}"):
        return None
    alone = _alone(text, tokens, question)
    if alone is not None or not question.earlier or depth == 0:
        return alone
    before = _told(question._replace(text=question.earlier[0], earlier=question.earlier[1:]), depth - 1)
    return _merged(before, text, tokens) if before is not None and len(names) < 2 else None


def plain_times(text: str, requirement: str) -> str:
    text = plain_signs(text.strip().replace("，", ", ").replace("。", ". "))
    text = re.sub(r"(?:周|星期|礼拜)[一二三四五六日天](?=\s*\d)", " ", text)
    for form, written in _PHRASES:
        text = re.sub(form, written, text, flags=re.IGNORECASE)
    text = digits_for_words(text)
    clocked = re.search(r"\d:\d\d|\d\s*[ap]m\b", text, re.IGNORECASE)
    if SHIFTS.search(f"{requirement} {text}") and re.search(
        rf"(?<![a-z])(?:{_ENDS}|{_BEGINS})(?![a-z])|\d\s*-\s*\d", text, re.IGNORECASE
    ):
        text = (
            _DOTTED.sub(r"\1:\2", text)
            if not re.search(r"[$€£]|\bat\b|@|\brate\b|/\s*h|\bper\b|\ban hour|\bwage", text)
            else text
        )
        text = _BARE_RANGE.sub(r"\1:00\2" + "\0", text)
        text = _BARE_END.sub(r"\1:00", text).replace("\0", "")
        clocked = None
    if clocked:
        text = re.sub(r"(?<![\d.,:])(\d{1,2})(?=\s*(?:to|-|until|till)\s*\d{1,2}:\d\d)", r"\1:00", text)
    return text


def _gaps(text: str, tokens: list[TimeToken]) -> list[str | None]:
    gaps: list[str | None] = []
    last = 0
    for token in tokens:
        gaps += [text[last : token.start], None]
        last = token.end
    return [*gaps, text[last:]]


def time_tokens(text: str) -> list[TimeToken]:
    return [_token(found) for found in _TOKEN.finditer(text)]


def _token(found: "re.Match[str]") -> TimeToken:
    kind = next(name for name in ("rate", "dur", "clock", "times") if found[name] is not None)
    half = ""
    if kind == "rate":
        value = _number(found["r1"] or found["r2"] or found["r3"] or found["r4"] or found["r5"])
    elif kind == "times":
        value = Fraction(found["n"] or found["n2"] or found["n3"])
    elif kind == "dur":
        minutes = found["dm"] or found["dn"] or found["do"] or "0"
        value = Fraction(found["mm"]) if found["mm"] else _number(found["dh"]) * 60 + int(minutes)
    else:
        hours = int(found["ch"] or found["ah"] or found["nh"] or found["mh"])
        value = Fraction(hours * 60 + int(found["cm"] or found["am"] or found["nm"] or found["ml"] or 0))
        said = (found["cp"] or found["ap"] or "").lower()[:1]
        half = {"上午": "a", "早上": "a", "凌晨": "a", "早": "a"}.get(found["zh"] or "", "p" if found["zh"] else said)
        if half and 1 <= hours <= 12:
            value = value % HALF_DAY + (HALF_DAY if half == "p" else 0)
        half = half or ("0" if (found["ch"] or "").startswith("0") or found["mh"] else "")
    return TimeToken(kind, value, half, found.start(), found.end())


def _number(digits: str) -> Fraction:
    return Fraction(digits.replace(",", "."))


def _alone(text: str, tokens: list[TimeToken], question: Question) -> TimeFacts | None:
    """What a prompt says by itself."""
    clocks = [one for one in tokens if one.kind == "clock"]
    durations = [one for one in tokens if one.kind == "dur"]
    rates = [one.value for one in tokens if one.kind == "rate"]
    times = [one.value for one in tokens if one.kind == "times"]
    if len(rates) > 1 or len(times) > 1:
        return None
    rate, often = next(iter(rates), None), next(iter(times), Fraction(1))
    if (ranges := ranges_of(text, clocks, question.requirement)) is not None:
        if durations and not BREAK.search(text[: tokens[0].start] + text[tokens[0].end :].replace("-", " ", 1)):
            return None
        less = [one.value for one in durations] or [
            usual for usual in usual_break(question.requirement) for _ in ranges
        ]
        often = Fraction(1) if often == len(ranges) > 1 else often  # `these 3 days:` and then each of them
        return TimeFacts(ranges, tuple(-one for one in less), rate, often)
    counted = [one for one in tokens if one.kind in ("dur", "clock")]
    if any(one.half in ("a", "p") for one in clocks) or not counted:
        return None
    more: list[Fraction] = []
    for at, one in enumerate(counted):
        gap = text[counted[at - 1].end if at else 0 : one.start]
        more.append(-one.value if at and _LESS.search(gap) else one.value)
    summed = len(counted) > 1 and (
        not clocks or "+" in text or _SUMS.search(f"{text} {question.requirement}") is not None
    )
    one = len(counted) == 1 and (rates or times or _DECIMAL.search(text) or _alone_enough(clocks, question))
    if len(counted) > 1 and not _listed(text, counted):
        return None
    return TimeFacts((), tuple(more), rate, often) if summed or one else None


def usual_break(requirement: str) -> list[Fraction]:
    """The break that the requirement takes off every shift."""
    plain = plain_times(requirement[:1000], "")
    found = time_tokens(plain)
    breaks = [
        one.value
        for one in found
        if one.kind == "dur"
        and re.search(r"break|lunch|pause|休息|午休", plain[max(0, one.start - 16) : one.end + 16], re.IGNORECASE)
    ]
    return breaks if len(breaks) == 1 and not re.search(r"\b(?:if|unless|over|after)\b|如果|超过", plain) else []


def _alone_enough(clocks: list[TimeToken], question: Question) -> bool:
    """`7h45` and `7:45` by themselves, where the requirement is about decimal hours."""
    return _DECIMAL.search(question.requirement) is not None and not re.search(r"\b[a-z]{3,}", question.text)


def _listed(text: str, counted: list[TimeToken]) -> bool:
    """Whether nothing but signs, days and few words stands between the durations."""
    for one, after in pairwise(counted):
        gap = text[one.end : after.start]
        if re.search(r"\b(?:to|until|till|in)\b|到|至", gap, re.IGNORECASE):
            return False
    return True


def ranges_of(text: str, clocks: list[TimeToken], requirement: str) -> tuple[tuple[int, int], ...] | None:
    """Each begin with its end; None where the times of day are no such pairs."""
    if not clocks or len(clocks) % 2 or any(one.value > DAY for one in clocks):
        return None
    made: list[tuple[int, int]] = []
    for begin, end in zip(clocks[::2], clocks[1::2], strict=True):
        gap = text[begin.end : end.start]
        told = _TO.fullmatch(gap) or _TOLD.search(gap)
        told = told or (_TOLD_FIRST.search(text[: begin.start]) and not re.search(r"\+|\bplus\b", gap))
        if not told and not (
            len(clocks) == 2
            and SHIFTS.search(requirement)
            and re.fullmatch(r"[\s,;/]+", gap)
            and end.value > begin.value
            and not _SUMS.search(requirement)
        ):
            return None
        first, last = int(begin.value), int(end.value)
        if last < first <= HALF_DAY + 59 and not begin.half and not end.half and last <= HALF_DAY:
            last += HALF_DAY
        if begin.half in ("a", "p") and not end.half and last < first < HALF_DAY and last <= HALF_DAY:
            last += HALF_DAY
        if end.half == "p" and not begin.half and first < HALF_DAY and (last - first) % DAY > HALF_DAY + 240:
            return None
        made.append((first, last))
    return tuple(made)


def _merged(before: TimeFacts, text: str, tokens: list[TimeToken]) -> TimeFacts | None:  # noqa: C901 - a branch for each figure
    """What was told before, with what this prompt adds to it or says instead."""
    kinds = [one.kind for one in tokens]
    if len(kinds) != 1:
        return None
    token, kind = tokens[0], kinds[0]
    around = text[: token.start] + text[token.end :]
    if kind == "rate":
        return before._replace(rate=token.value)
    if kind == "times":
        return before._replace(times=token.value)
    if kind == "dur":
        less = re.search(
            r"\b(?:minus|less|without|break|lunch|pause|off|deduct\w*|subtract)\b|-|休息|午休|减|扣",
            around,
            re.IGNORECASE,
        )
        add = re.search(r"\b(?:plus|add|another|more|also|too|on top)\b|\+|加|再|还有", around, re.IGNORECASE)
        if not less and not add and len(before.more) == 1 and not before.ranges:
            return before._replace(more=(token.value,))
        add = add or (len(before.more) > 1 and before.rate is None and re.search(r"\band\b", around, re.IGNORECASE))
        if re.search(r"\b(?:if|instead|only|what about|how about)\b|如果|那", around, re.IGNORECASE):
            taken = [one for one in before.more if one < 0]
            if less and before.ranges and len(taken) == 1:
                return before._replace(more=tuple(-token.value if one < 0 else one for one in before.more))
        if less:
            return before._replace(more=(*before.more, -token.value / before.times))
        return before._replace(more=(*before.more, token.value / before.times)) if add else None
    if len(before.ranges) != 1:
        return None
    begin, end = before.ranges[0]
    if _TOLD.search(around):
        last = int(token.value)
        last += HALF_DAY if last < begin < HALF_DAY and last <= HALF_DAY and not token.half else 0
        return before._replace(ranges=((begin, last),))
    return before._replace(ranges=((int(token.value), end),)) if _TOLD_FIRST.search(around) else None


def told_time(facts: TimeFacts, question: Question) -> Answer:
    minutes, chinese = facts.minutes(), question.chinese
    whole, left = divmod(minutes, 60)
    hours = minutes / 60
    shown = figures.shown(figures.rounded(hours, 2))
    sign = "=" if figures.rounded(hours, 2) == hours else "≈"
    told = ", ".join(f"{clock(begin)}-{clock(end)}" for begin, end in facts.ranges)
    text = f"{whole} 小时 {figures.shown(left)} 分钟" if chinese else f"{whole} h {figures.shown(left)} min"
    in_hours = f"（{sign} {shown} 小时）" if chinese else f" ({sign} {shown} hours)"
    text = f"{told}{'：' if chinese else ': '}{text}{in_hours}" if told else f"{text}{in_hours}"
    if re.search(r"how many minutes|in minutes|多少分钟|几分钟", question.text, re.IGNORECASE):
        text += f" = {figures.shown(minutes)} {'分钟' if chinese else 'minutes'}"
    value = hours
    if facts.rate is not None:
        value = hours * facts.rate
        cents = figures.rounded(value, 2)
        text += f"\n{shown} h * {figures.shown(facts.rate)} {'=' if cents == value else '≈'} {figures.shown(cents)}"
    output: dict[str, JsonValue] = {"minutes": figures.for_json(minutes)}
    if facts.rate is not None:
        output["amount"] = figures.for_json(figures.rounded(value, 2))
    return Answer(
        text,
        {"asked": question.text[:_LONGEST]},
        output,
        (Value(figures.carried(value), value),),
    )


def clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02d}"
