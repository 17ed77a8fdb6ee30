"""Times of day and durations by the part that each plays, whatever else is told beside them.

A shift is from one time to another less the breaks; from one time and a duration it is worked out when something ends,
or when it has to begin. What is not a number says which of these, or nothing.
"""

import re
from fractions import Fraction

from . import figures
from .calendar_periods import MONTH_NAME
from .contract import CERTAIN, LIKELY, Answer, Impossible, Question, Refusal, Task, Value
from .patterns import lazy_pattern
from .wording import digits_for_words, plain_signs
from .worked_time import (
    BREAK,
    DAY,
    HALF_DAY,
    SHIFTS,
    TimeFacts,
    TimeToken,
    clock,
    plain_times,
    ranges_of,
    time_tokens,
    told_time,
    usual_break,
)

_LONGEST = 600
_LONGEST_REQUIREMENT = 1000
_ABOUT = lazy_pattern(
    r"\bshifts?\b|\bhours?\b|\bminutes?\b|\bclock\b|\bbreaks?\b|\btimes?\b|\bduration\b|\btime ?sheets?\b|\bhow long\b|"
    r"\barriv\w*|\bdepart\w*|几点|小时|时长|工时|上班|下班|分钟|时间|时刻|钟头",
    re.IGNORECASE,
)
_HOUR = r"(?:1[0-2]|[1-9]|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_PAST = lazy_pattern(
    rf"\b(?P<part>(?:an? )?quarter|half|[1-5]?\d|five|ten|twenty(?:[- ]five)?)(?: minutes?)? (?P<way>past|to)"
    rf" (?P<hour>{_HOUR})(?!\w|[:.]\d)",
    re.IGNORECASE,
)
_PARTS = {"quarter": 15, "a quarter": 15, "half": 30, "five": 5, "ten": 10, "twenty": 20, "twenty five": 25}
_HALF_OF_DAY = lazy_pattern(
    r"(?<=\d)\s*(?:o'?clock\s*)?,?\s*(?:(?:in the|this|tomorrow|next|the next)\s+(?P<when>morning|afternoon|evening)|"
    r"(?P<night>(?:at|tonight|that) ?(?:night)?)(?<=ght))",
    re.IGNORECASE,
)
_MIXED_HOURS = lazy_pattern(
    r"\b(?P<whole>\d+|an?)\s*(?:hours?\s*)?(?:and\s+)?(?:an?\s+)?(?P<part>half|quarter|three[- ]quarters|1/2|1/4|3/4)"
    r"(?:[- ]an?)?\s*(?:hours?|hrs?|h)?\b(?<!\d)",
    re.IGNORECASE,
)
_OF_ONE = {"half": "5", "1/2": "5", "quarter": "25", "1/4": "25", "three quarters": "75", "3/4": "75"}
_BARE = lazy_pattern(
    r"\b(?P<lead>(?:at|by|before|until|till|from|since|around|about|start(?:s|ed|ing)?|began|begin|finish(?:ed|es)?|"
    r"leav(?:e|es|ing)|left|ended|ends?|off|out|in|clocked (?:in|out)|opens?|closes?|to)\s+(?:(?:at|by|"
    r"about|around)\s+)?)"
    r"(?P<hour>\d{1,2})(?:\s*o'?clock)?(?=\s*(?:$|[,;!?)]|\.(?!\d)|(?:and|but|then|in the|to|till|"
    r"until|so|sharp|with|because|when|"
    r"if|on|this|tomorrow|today|tonight|for)\b)"
    r")",
    re.IGNORECASE,
)
_SPOKEN_MINUTES = lazy_pattern(
    "(?<=[一二两三四五六七八九十]点)([一二三四五六七八九十]{1,3})(?![一二三四五六七八九十分刻个多])"
)
_RUN_TOGETHER = lazy_pattern(r"(?<=\d)\s?h(?:ours?|rs?)?\s?(?=[0-5]\d(?![\d.:])(?!\s*(?:min|m\b)))", re.IGNORECASE)
_TIMES_A_BREAK = lazy_pattern(
    r"\b(?P<count>[2-9])\s*(?:x\s*|breaks? of (?:about )?)?\0|\b(?P<more>[2-9])\s+\w+ breaks? of \0"
)
_DAYS = lazy_pattern(
    rf"\b\d{{4}}-\d{{1,2}}-\d{{1,2}}\b|\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{MONTH_NAME})\b\.?(?:,?\s*\d{{4}})?|"
    rf"\b(?:{MONTH_NAME})\.?\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?!:)(?:,?\s*\d{{4}})?|(?:\d{{4}}年)?\d{{1,2}}月\d{{1,2}}[日号]|"
    r"\b\d{1,3}(?:st|nd|rd|th)\b|#\s*\d+",
    re.IGNORECASE,
)
_ZONE = lazy_pattern(r"\btime ?zones?\b|\b(?:gmt|utc|cet|est|pst)\b|时区|时差", re.IGNORECASE)
_BARE_BREAK = lazy_pattern(
    r"\b(?:breaks?|lunch|less|minus|pause)(?: of)?:?\s+(?:[1-9]0|[1-9]5|120)(?=\s*(?:$|[,;!]|\.(?!\d)))", re.IGNORECASE
)
"""`break 45` is of minutes."""
_NO_BREAK = lazy_pattern(
    r"\b(?:no|without|skipped|missed|didn'?t (?:have|take|get))\s+(?:(?:a|any|my|the|proper|real|unpaid|lunch)\s+)*"
    r"(?:breaks?|lunch|pause|rest)\b|(?:没有?|无|不)(?:休息|午休)",
    re.IGNORECASE,
)
_A_BREAK = lazy_pattern(r"\b(?:breaks?|lunch|pause|unpaid)\b|休息|午休", re.IGNORECASE)
_PAID = lazy_pattern(r"(?<!un)\bpaid\b|(?<!不)带薪", re.IGNORECASE)
_UNSURE = lazy_pattern(
    r"\b(?:each|every|both|per) (?:day|shift|of)\b|\b(?:daily|double|half (?:of|the)|average|"
    r"overtime)\b|\bor\b|%|平均|加班|"
    r"每天|每次|倍",
    re.IGNORECASE,
)
_ADDED = lazy_pattern(r"\b(?:plus|and another|extra|more)\b|\+|另外|再加", re.IGNORECASE)
_END_ASKED = lazy_pattern(
    r"\b(?:arriv\w*|get(?:s|ting)? (?:there|in|home|back|to)|(?:is|will|be|are|does|do|did|'ll|when's)\b[^.?!]{0,40}?\b"
    r"(?:done|ready|over|finish\w*|end|back|out|home|free|land|come out|through))\b|\b(?:finish|"
    r"end)(?:s|ed)? (?:time|when)\b|"
    r"几点(?:能|会|可以)?(?:到|结束|完|好|下课|下班|散)|什么时候(?:能|会|可以)?(?:到|结束|完|好)",
    re.IGNORECASE,
)
_BEGIN_ASKED = lazy_pattern(
    r"\b(?:when|what time|latest|how early|by when)\b[^.?!]{0,40}?\b(?:leave|start|begin|set off|go in|"
    r"goes in|put|get up|"
    r"go|depart|head|switch|turn|preheat|wake)\b|(?:几点|什么时候|最晚|最迟)[^。？]{0,8}(?:出发|开始|动身|起床|走|放|出门)",
    re.IGNORECASE,
)
_IS_END = lazy_pattern(
    r"\b(?:by|eat|ready|serve\w*|done|finish\w*|there|arriv\w*|land\w*|deadline|due|guests?|before|"
    r"want|need(?:ed)? (?:it|to be)|"
    r"must be|has to be|have to be|should be|be (?:at|in|on)|over|end\w*|until|dinner is|on the table|"
    r"closes?)\b|之前|前(?:到|要)|要到|"
    r"开饭|吃饭|到达|结束|上桌",
    re.IGNORECASE,
)
_IS_BEGIN = lazy_pattern(
    r"\b(?:leav\w*|left|start\w*|beg[aiu]n\w*|depart\w*|set(?:ting)? off|go(?:es)? in|put|takes? off|"
    r"boards?|from|took off|kicks? off|"
    r"opens?)\b|出发|开始|开车|起飞|发车|开场|放进",
    re.IGNORECASE,
)


def times_by_role(question: Question) -> Task | None:
    """A claim on a prompt with times of day, where the requirement or the prompt is about such."""
    raw = question.text.strip()
    about = _ABOUT.search(question.requirement, 0, _LONGEST_REQUIREMENT)
    if (
        not about
        or len(raw) > _LONGEST
        or _ZONE.search(raw)
        or not re.search(r"\d|[一二两三四五六七八九十]点|half|quarter|noon", raw)
    ):
        return None
    text = _written(raw, question.requirement)
    tokens = time_tokens(text)
    if not tokens or any(one.kind == "times" for one in tokens):
        return None
    tokens = _repeated(text, tokens)
    if re.search(r"\d", _TIMES_A_BREAK.sub("\0", _between(text, tokens))):
        return None
    clocks = [one for one in tokens if one.kind == "clock"]
    durations = [one for one in tokens if one.kind == "dur"]
    if len(clocks) == 1 and durations and not any(one.kind == "rate" for one in tokens):
        return _moved(text, clocks[0], durations, question)
    if not clocks or len(clocks) % 2:
        return Task(LIKELY, _refuse_other_time) if len(clocks) == 1 and not durations else None
    return _shifts(text, tokens, question)


def _written(raw: str, requirement: str) -> str:
    """With every time of day and duration in figures, and without dates."""
    text = re.sub("中午(?=休息|吃饭|午休)", "", plain_signs(raw).replace("、", ", "))
    text = _RUN_TOGETHER.sub("h", _SPOKEN_MINUTES.sub(r"\1分", _DAYS.sub(" ", text)))
    text = _PAST.sub(_clocked, text)
    text = digits_for_words(
        re.sub(r"\b(?:an?|one) (?=hours? (?:and|for|lunch|break))", "1 ", text, flags=re.IGNORECASE)
    )
    text = _MIXED_HOURS.sub(_decimal, _BARE_BREAK.sub(r"\g<0> min", text))
    text = _BARE.sub(_full_hour, text)
    text = _HALF_OF_DAY.sub(lambda found: "am" if found["when"] and found["when"].lower() == "morning" else "pm", text)
    return plain_times(text, f"{requirement} shift" if SHIFTS.search(requirement) else requirement)


def _clocked(found: "re.Match[str]") -> str:
    """`quarter to six`, `half past 2`; `ten to six` and `5 to 7` rather are from one hour to another."""
    part, way = found["part"].lower().replace("-", " "), found["way"].lower()
    minutes = _PARTS.get(part) or (int(part) if part.isdigit() else 0)
    if not minutes or (way == "to" and "quarter" not in part and not found.group().lower().count("minute")):
        return found.group()
    hour = int(digits_for_words(found["hour"].lower()))
    total = (60 * hour + (minutes if way == "past" else -minutes)) % HALF_DAY
    return f"{total // 60 or 12}:{total % 60:02d}"


def _decimal(found: "re.Match[str]") -> str:
    if not re.search(r"h(?:ou)?rs?\b|\dh\b|\bh\b", found.group(), re.IGNORECASE):
        return found.group()
    whole = found["whole"] if found["whole"].isdigit() else "1"
    return f"{whole}.{_OF_ONE[found['part'].lower().replace('-', ' ')]} hours"


def _full_hour(found: "re.Match[str]") -> str:
    return f"{found['lead']}{found['hour']}:00" if int(found["hour"]) <= 24 else found.group()


def _between(text: str, tokens: list[TimeToken]) -> str:
    """What stands beside the times, with a mark for each of them."""
    left, last = "", 0
    for one in tokens:
        left, last = f"{left}{text[last : one.start]}\0", one.end
    return left + text[last:]


def _repeated(text: str, tokens: list[TimeToken]) -> list[TimeToken]:
    """`two 15 min breaks`: the duration as often as is said."""
    marked = _between(text, tokens)
    many = {
        marked[: one.end()].count("\0"): int(one["count"] or one["more"]) for one in _TIMES_A_BREAK.finditer(marked)
    }
    return [
        one._replace(value=one.value * many[at]) if at in many and one.kind == "dur" else one
        for at, one in enumerate(tokens, 1)
    ]


def _clause(text: str, token: TimeToken, tokens: list[TimeToken]) -> str:
    """The words about a time: from the one before it to the next, not beyond the ends of the clause."""
    begin = max([0, *(one.end for one in tokens if one.end <= token.start)])
    end = min([len(text), *(one.start for one in tokens if one.start >= token.end)])
    before = re.split(r"[,;.!?\n]|\band\b", text[begin : token.start])[-1]
    behind = re.split(r"[,;.!?\n]|\b(?:and|then)\b", text[token.end : end])[0]
    return f"{before} \0 {behind}"


def _shifts(text: str, tokens: list[TimeToken], question: Question) -> Task | None:
    clocks = [one for one in tokens if one.kind == "clock"]
    rates = [one.value for one in tokens if one.kind == "rate"]
    around = _between(text, tokens)
    if len(rates) > 1 or _UNSURE.search(around):
        return None
    pairs = [(clocks[at], clocks[at + 1]) for at in range(0, len(clocks), 2)]
    made: list[tuple[int, int]] = []
    less: list[Fraction] = []
    for begin, end in pairs:
        gap = text[begin.end : end.start]
        if end.value < begin.value and not re.search(
            r"[-~]|\b(?:to|till?|until|and|finish\w*|out|left|end\w*)\b|到|至|下班|结束", gap
        ):
            return None
        found = ranges_of(
            f"{text[: begin.end]} to {text[end.start :]}", _moved_tokens(begin, end), question.requirement
        )
        if found is None:
            return None
        if made and BREAK.search(_clause(text, begin, tokens).partition("\0")[0].replace("-", " ")):
            less.append(Fraction((found[0][1] - found[0][0]) % DAY))
        else:
            made.append(found[0])
    if _PAID.search(around) and _A_BREAK.search(around):
        return Task(LIKELY, _refuse_break)
    taken = _breaks(text, tokens, question)
    if taken is None:
        return None
    less += taken
    if not less and not _NO_BREAK.search(around):
        less = [usual for usual in usual_break(question.requirement) for _ in made]
        if _A_BREAK.search(around.replace("unpaid", "")) and not less:
            return Task(LIKELY, _refuse_break)
    facts = TimeFacts(tuple(made), tuple(-one for one in less), rates[0] if rates else None)
    return Task(CERTAIN, lambda: told_time(facts, question)) if facts.minutes() >= 0 else None


def _breaks(text: str, tokens: list[TimeToken], question: Question) -> list[Fraction] | None:
    """What is taken off; None where a duration may be something else."""
    usual = re.search(r"\b(?:break|lunch)|休息", question.requirement, re.IGNORECASE)
    less: list[Fraction] = []
    for one in (one for one in tokens if one.kind == "dur"):
        said = _clause(text, one, tokens)
        if _ADDED.search(said) and not _A_BREAK.search(said):
            return None
        if not (BREAK.search(said) or usual):
            return None
        less.append(one.value)
    return less


def _moved_tokens(begin: TimeToken, end: TimeToken) -> list[TimeToken]:
    """As they stand with ` to ` between them."""
    return [begin, end._replace(start=begin.end + 4, end=begin.end + 4 + end.end - end.start)]


def _moved(text: str, start: TimeToken, durations: list[TimeToken], question: Question) -> Task | None:
    """When it ends, or when it has to begin: as is asked, or else as the time is told."""
    tokens = sorted([start, *durations], key=lambda one: one.start)
    around = _between(text, tokens)
    if any(_A_BREAK.search(_clause(text, one, tokens)) for one in durations):
        return Task(LIKELY, _refuse_other_time)
    if start.value > DAY or _UNSURE.search(around):
        return None
    said = _clause(text, start, tokens)
    is_end = _IS_END.search(said) and not _IS_BEGIN.search(said)
    back = bool(is_end) if not (_END_ASKED.search(around) and not is_end) else False
    always = question.requirement[:_LONGEST_REQUIREMENT]
    if (
        _BEGIN_ASKED.search(always)
        and not _END_ASKED.search(always.replace("arrival", " ") + around)
        and not _IS_BEGIN.search(said)
    ):
        back = True
    if _BEGIN_ASKED.search(around) and not (_IS_BEGIN.search(said) and _END_ASKED.search(around)):
        back = True
    total = sum((one.value for one in durations), Fraction(0))
    moved = start.value + (-total if back else total)
    days, minutes = divmod(moved, DAY)
    if minutes.denominator != 1:
        return None
    begin, result = clock(int(start.value)), clock(int(minutes))
    twelve = _twelve(int(minutes)) if start.half in ("a", "p") else ""
    chinese = question.chinese
    day = {1: "（第二天）" if chinese else " the next day", -1: "（前一天）" if chinese else " the day before"}.get(
        int(days), ""
    )
    shown = " + ".join(_length(one.value, chinese) for one in durations)
    shown = f"({shown})" if back and len(durations) > 1 else shown
    result_text = f"{begin} {'-' if back else '+'} {shown} = {result}{twelve}{day}"
    return Task(
        CERTAIN,
        lambda: Answer(
            result_text,
            {"from": begin, "minutes": figures.for_json(-total if back else total)},
            {"time": result},
            (Value(result),),
        ),
    )


def _length(minutes: Fraction, chinese: bool) -> str:
    hours, left = divmod(minutes, 60)
    parts = ((str(hours), "小时" if chinese else "h"), (figures.shown(left), "分钟" if chinese else "min"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count != "0")


def _twelve(minutes: int) -> str:
    hour = minutes // 60
    return f" ({hour % 12 or 12}:{minutes % 60:02d} {'am' if hour < 12 else 'pm'})"


def _refuse_other_time() -> Answer:
    raise Refusal(
        "I have one time of day. Please give the other one, or how long it takes.",
        "只有一个时间。请再给出另一个时间，或者时长。",
    )


def _refuse_break() -> Answer:
    raise Impossible("How long was the unpaid break?", "不带薪的休息有多久？")
