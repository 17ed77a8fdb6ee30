"""What a requirement asks of every date or pair of dates: for prompts that are nothing but those."""

import re
from datetime import date

from .calendar_dates import MONTHS, FoundDate, dates_in, moved_months
from .calendar_periods import first_of, last_of_month, with_periods
from .contract import Question, Refusal
from .date_ages import BORN, SLASHED, written_either_way
from .date_ends import INCLUDED, in_one_year, with_included, without_dates
from .date_events import NO_HOLIDAYS, without_examples
from .date_names import ASKS_WEEKDAY, about_its_date
from .date_prose import is_label
from .date_rules import has_more_steps
from .date_told import refuse_other_weekday
from .leap_years import wants_leap_years
from .patterns import lazy_pattern
from .wording import digits_for_words, plain_signs

_LONGEST_PROMPT = 120
_EXAMPLE = lazy_pattern(r"[(（][^()（）]*(?:e\.?g\.?|for example|例如|比如)[^()（）]*[)）]", re.IGNORECASE)
_WORKING = lazy_pattern(
    r"\b(?:business|working|work|week)[\s-]?days\b|\b(?:without|excluding|except|not|no|skip\w*|"
    r"minus) (?:the )?weekends?\b|"
    r"(?<!下个)(?<!下一个)工作日|(?:不[算含计包]括?|除[了去]|扣除)周末",
    re.IGNORECASE,
)
_DAYS = lazy_pattern(
    r"(?<!vacation )(?<!holiday )(?<!leave )(?<!sick )(?<!off )(?<!work )(?<!working )(?<!business )(?<!week "
    r")(?<!school )\bdays\b|(?<!期)多少天|几天|天数",
    re.IGNORECASE,
)
_CALENDAR = lazy_pattern(
    r"\byears? and months?\b|\bin (?:years|months)\b|\bmonths (?:and (?:years|days) )?between\b|"
    r"\bhow many (?:years|months)\b|"
    r"\b(?:service|employment|tenure|seniority|ages?|how old|dob|birth\w*)\b|"
    r"\bhow long\b|\bnumber of (?:years|months)\b|"
    r"几年几?个?月?|多少个?[年月]|几个月|工龄|司龄|年限|年龄",
    re.IGNORECASE,
)
_WEEKS = lazy_pattern(
    r"\b(?:how many|number of|in) weeks\b|\bweeks between\b|几周|多少周|几个星期|多少个?星期", re.IGNORECASE
)
_SHORTER = lazy_pattern(
    r"\b(?:how many|number of|in) (?P<unit>hours|minutes)\b|(?:多少|几)个?(?P<zh>小时|分钟)", re.IGNORECASE
)
_NAMED = lazy_pattern(
    r"\bhow many (?P<day>(?:mon|tues|wednes|thurs|fri|satur|sun)days)\b|(?:多少|几)个(?P<zh>(?:周|星期|"
    r"礼拜)[一二三四五六日天])",
    re.IGNORECASE,
)
_UNKNOWN = lazy_pattern(
    r"\b(?:public|bank|national|legal|statutory|without|excluding|except|not|minus) holidays?\b|节假日|法定|调休",
    re.IGNORECASE,
)
_NIGHTS = lazy_pattern(r"\bnights?\b|晚", re.IGNORECASE)
_BEYOND = lazy_pattern(
    r"\bquarters?\b|\bweek (?:number|of the year)\b|\b(?:iso|calendar) weeks?\b|\bday of the year\b|\bzodiac\b|"
    r"\bstar signs?\b|\bhoroscope\b|\bmoon\b|\blunar\b|\bholidays?\b|季度|第几[周天]|星座|生肖|属相|农历|"
    r"阴历|节气|节假日",
    re.IGNORECASE,
)
_OF_A_DAY = lazy_pattern(
    r"\bweekdays?\b|\bday of (?:the )?week\b|\b(?:what|which) day\b|\bage\b|\bold\b|\buntil\b|\bsince\b|\bdays\b|"
    r"星期|周几|礼拜|年龄|多大|几岁|多少天|几天|倒计时",
    re.IGNORECASE,
)
EDGE = lazy_pattern(
    r"\b(?P<edge>last day|first day|end|start|beginning) of (?:the |that |its |a |each |every )?"
    r"(?P<next>next |following |same )?month\b|\bmonth[\s-]ends?\b|"
    r"(?P<zh_next>下个?|次)?月的?(?:(?P<zh_last>最后[一1][天日]|底|末)|(?P<zh_first>第[一1]天|初))",
    re.IGNORECASE,
)
_DURATION = lazy_pattern(
    r"(?<![\d.,每哪意何某第])(?<!最后)(?<!next )(?<!last )(?<!past )(?<!previous )"
    r"(?<!every )(?<!each )(?<!最近)(?<!未来)(?<!过去)"
    r"(?P<count>(?!1 day\b)\d{1,5})[\s-]*(?P<unit>(?:business |working |work ?|week)?days?|weeks?|months?|years?|"
    r"个?工作日|天|日|周|个?星期|个?月|年)(?![a-z])",
    re.IGNORECASE,
)
_BACK = lazy_pattern(r"\b(?:before|prior|earlier|minus|ahead|advance|subtract)\b|之?前|提前|减", re.IGNORECASE)
_FORTH = lazy_pattern(
    r"\b(?:after|plus|later|from|within|deadline|due|expir\w*|valid\w*|warranty|returns?|add|ends?)\b|"
    r"\+|后|到期|有效|内|期限|加",
    re.IGNORECASE,
)
_NEXT_WORKING = lazy_pattern(r"\bnext (?:working|business|work) ?day\b|下一?个工作日", re.IGNORECASE)
_KIND = lazy_pattern(
    r"\b(?:is|if|whether|falls?)\b.{0,30}\b(?P<kind>weekend|working day|business day|workday)\b|是(?:不是|"
    r"否是?)(?P<zh>工作日|周末)",
    re.IGNORECASE,
)
_APART = lazy_pattern(
    r"\b(?:between|difference|apart|how long|two dates|until|till)\b|相差|之间|间隔|两个?日期", re.IGNORECASE
)
_TWO_DATES = lazy_pattern(r"\b(?:between|of|from) (?:any )?(?:two|2) dates\b|\btwo dates\b|两个?日期", re.IGNORECASE)
_OF_ONE_DAY = lazy_pattern(
    r"\b(?:weekdays?|day of (?:the )?week|until|till|since|age|old|left|add\w*|subtract\w*|due|today|month|leap|"
    r"week numbers?)\b|"
    r"星期|周几|年龄|倒计时|加减|今天|闰年|[加减]",
    re.IGNORECASE,
)
_UNTIL = lazy_pattern(r"\b(?:until|till|left|since|to go|countdown)\b|还有|距|倒计时", re.IGNORECASE)
_LEFT = lazy_pattern(r"\b(?:left|remain\w*|how many)\b|多少天|几天|剩", re.IGNORECASE)
_MONTH = lazy_pattern(r"\s*(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?\s*")
_MONTHS = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in MONTHS)
_NAMED_MONTH = lazy_pattern(rf"\s*(?P<name>{_MONTHS})\.?,?\s*(?P<year>\d{{4}})?[\s?.]*", re.IGNORECASE)
_PERIOD = lazy_pattern(
    r"(?<![\d.,/-])\+?\s*(?P<count>\d{1,4})(?:\s*(?P<unit>(?:business |working |work ?|week)?days?|"
    r"weeks?|months?|years?|个?工作日|天|日|周|个?星期|个?月|年))?(?![\w.,/-]*\d|[a-z])",
    re.IGNORECASE,
)
_SO_LONG = lazy_pattern(
    r"\b(?:n|x|so many|some|a number of|many)\s+(?P<ago>days|weeks|months|years) ago\b|"
    r"\bin (?:n|x|so many|some|a number of)\s+(?P<ahead>days|weeks|months|years)\b",
    re.IGNORECASE,
)
_RUNS_FOR = lazy_pattern(
    r"试用期|有效期|保质期|质保期?|期限为|转正|\bprobation\w*|\btrial\b|\bvalid\w*|\bwarrant\w+|\blease\b|\bnotice\b|\bguarantee\w*|"
    r"\bshelf life\b|\bkeeps?\b|\blasts?\b|\bnet\b",
    re.IGNORECASE,
)
"""What begins on a day and ends after the period that is named with it."""
_UNIT = lazy_pattern(r"(?:(?:business|working|work) )?\b(?:days?|weeks?|months?|years?)\b", re.IGNORECASE)
_IN_UNIT = lazy_pattern(
    r"\b(?:how many |number of |in )?(?P<unit>weeks|months|hours) (?:until|till|to|left|since|before|"
    r"remaining|ago|between|from|are|have|is)\b|"
    r"\bhow many (?P<many>weeks|months)\b|(?:多少|几)个?(?P<zh>周|星期|月)",
    re.IGNORECASE,
)
_LEADS_ON = lazy_pattern(r"(?:and|or|then|but)\b|那|和|到", re.IGNORECASE)
_SAYS_NOTHING = lazy_pattern(
    r"\bhow many (?=between\b|from\b)|[\s,.?!:;~？。，：；-]|"
    r"\b(?:and|from|to|till|until|through|between|on|the|date|is|was|please)\b|[到至和从与~]",
    re.IGNORECASE,
)


def in_full(question: Question, requirement: str) -> str | None:
    """A date or two together with what the requirement asks of them, as in `2024-02-10 plus 30 days`."""
    requirement = NO_HOLIDAYS.sub(" ", requirement)
    wanted = with_included(digits_for_words(plain_signs(requirement.replace("工作天", "工作日"))))
    try:
        return _in_full(question, requirement, wanted)
    except Refusal:
        if written_either_way(question.text):
            return None
        raise


def rule_in(requirement: str) -> str | None:
    """The requirement in digits, where it says itself how long it is."""
    wanted = _wanted(requirement)
    return wanted if _DURATION.search(wanted) else None


def asked_of(days: list[date], question: Question) -> str | None:
    """What the requirement asks of the only date or the only two of a prompt."""
    wanted = _wanted(question.requirement)
    if len(days) > 1:
        return _of_two(days[0], days[1], wanted) or f"how many days between {days[0]} and {days[1]}"
    if (whole := _of_one(days[0], wanted, question)) is not None:
        return whole
    if _UNTIL.search(wanted) or re.search(r"\bhow (?:many days|long)\b|多少天|几天|多久", wanted):
        first, last = sorted((days[0], question.today))
        return f"how many days between {first} and {last}" if first != last else None
    return None


def sign_in(requirement: str) -> str | None:
    """Whether the requirement counts back or forth, where it says only one of them."""
    wanted = _wanted(requirement)
    signs = [sign for sign, said in (("minus", _BACK), ("plus", _FORTH)) if said.search(wanted)]
    return signs[0] if len(signs) == 1 else None


def asks_age(text: str, requirement: str) -> bool:
    wanted = _wanted(requirement)
    own = re.search(r"\bhow old\b|\bborn\b|\bage\b|\bdob\b|几岁|多大|年龄|周岁|出生", text, re.IGNORECASE)
    return own is not None or (
        BORN.search(wanted) is not None and not (_UNTIL.search(wanted) or _RUNS_FOR.search(wanted))
    )


def _wanted(requirement: str) -> str:
    plain = _EXAMPLE.sub(" ", requirement[:1000]).replace("工作天", "工作日")
    plain = re.sub(r"后的?第(\d+)个?([天日])", r"后\1\2后", plain)
    return without_examples(with_included(digits_for_words(plain_signs(NO_HOLIDAYS.sub(" ", plain)))))


def _in_full(question: Question, requirement: str, wanted: str) -> str | None:
    wanted = without_examples(wanted)
    if (age := _age(question, wanted)) is not None:
        return age
    if (about := about_its_date(question, requirement)) is not None:
        return about
    if (relative := _from_today(question, plain_signs(requirement))) is not None:
        return relative
    if (moved := _with_period(question, wanted)) is not None:
        return moved
    return _of_its_days(question, wanted)


def _of_its_days(question: Question, wanted: str) -> str | None:
    text = with_included(question.text)
    if len(each := _each_weekday(question, wanted)) > 1:
        return f"which weekdays: {', '.join(map(str, each))}"
    days = _bare_days(question._replace(text=text.replace(INCLUDED, "")), EDGE.search(wanted) is not None)
    if len(days) == 2:
        whole = _of_two(days[0], days[1], wanted)
        if INCLUDED not in text + wanted:
            return whole
        if nights := _NIGHTS.search(f"{text} {wanted}"):
            _refuse(nights.group())
        return f"{whole or f'how many days between {days[0]} and {days[1]}'}{INCLUDED}"
    if INCLUDED in text:
        return None
    return _of_one(days[0], wanted, question) if len(days) == 1 else None


def _each_weekday(question: Question, wanted: str) -> list[date]:
    """Several dates, of which only the day of the week is asked."""
    if not ASKS_WEEKDAY.search(wanted) or _APART.search(wanted) or _UNTIL.search(wanted) or _DURATION.search(wanted):
        return []
    return _bare_days(question, False)


def _age(question: Question, wanted: str) -> str | None:
    """`born 1990-05-05` for a bare date with a year, where ages are asked for."""
    text = plain_signs(question.text.strip())
    if (
        not BORN.search(wanted)
        or _UNTIL.search(wanted)
        or _RUNS_FOR.search(wanted)
        or len(text) > _LONGEST_PROMPT
        or "\n" in text
    ):
        return None
    if slashed := SLASHED.fullmatch(text):
        return f"born {slashed[1]}"
    days = dates_in(text, question.today) if not question.earlier or not _LEADS_ON.match(text) else []
    if len(days) != 1 or days[0].recurring or not re.search(r"\d", text[days[0].start : days[0].end]):
        return None
    label = BORN.sub(" ", f"{text[: days[0].start]} {text[days[0].end :]}")
    if not is_label(_SAYS_NOTHING.sub(" ", label)) or (question.earlier and label.strip(" ,.?!:")):
        return None
    if days[0].day > question.today and not BORN.search(text) and re.search(r"[^\W\d]", label):
        raise Refusal("Whose age? Please give the date of birth too.", "请同时给出出生日期。")
    return f"born {days[0].day}"


def _bare_days(question: Question, edge: bool) -> list[date]:
    """The dates of a prompt that says no more than a name for them; none, if it asks for something.

    `edge`: the first or last day of a month is wanted, so that a month is enough.
    """
    text = plain_signs(question.text.strip())
    if len(text) > _LONGEST_PROMPT or "\n" in text or (question.earlier and _LEADS_ON.match(text)):
        return []
    if month := _MONTH.fullmatch(text):
        return [date(int(month[1]), int(month[2]), 1)] if 0 < int(month[2]) < 13 and int(month[1]) and edge else []
    if named := _NAMED_MONTH.fullmatch(text):
        return [first_of(named["name"], named["year"], question.today)] if edge else []
    found = dates_in(with_periods(text, question.today), question.today)
    refuse_other_weekday(with_periods(text, question.today), found)
    rest = without_dates(with_periods(text, question.today), found)
    if not is_label(_SAYS_NOTHING.sub(" ", rest)) or (len(found) > 1 and all(one.recurring for one in found)):
        return []
    several = len(found) > 1
    found = in_one_year(found)
    return [_this_year(one, question.today) if one.recurring and not several else one.day for one in found]


def _with_period(question: Question, wanted: str) -> str | None:
    """`signed 2026-03-17, 45 days`, `2026-11-29 30`: the way that the requirement counts from a date on."""
    text = digits_for_words(plain_signs(question.text.strip().replace("，", ", ")))
    signs = [sign for sign, said in (("minus", _BACK), ("plus", _FORTH)) if said.search(wanted)]
    if len(text) > _LONGEST_PROMPT or "\n" in text or len(signs) != 1 or _BACK.search(text) or _FORTH.search(text):
        return None
    if _DURATION.search(wanted):
        return None
    found = dates_in(text, question.today)
    if len(found) != 1:
        return None
    rest = f"{text[: found[0].start]} {text[found[0].end :]}"
    if re.search(r"(?<!\w)-|\bminus\b", rest):
        return None
    period = _PERIOD.search(rest)
    unit = (period["unit"] or _unit_in(wanted)) if period else None
    if unit in ("day", "days", "天") and _WORKING.search(wanted) and not _DAYS.search(_WORKING.sub(" ", wanted)):
        unit = "working days"
    label = _SAYS_NOTHING.sub(" ", _PERIOD.sub(" ", rest, count=1))
    if period is None or unit is None or not is_label(label) or (not period["unit"] and label.strip()):
        return None
    return f"{found[0].day} {signs[0]} {period['count']} {unit}"


def _from_today(question: Question, requirement: str) -> str | None:
    """`100 days` where the requirement asks which day was `n days ago`, `6 weeks` where it is `in x weeks`."""
    period = _PERIOD.fullmatch(digits_for_words(question.text.strip()).rstrip("?. "))
    asked = _SO_LONG.search(requirement)
    if period is None or asked is None:
        return None
    unit = period["unit"] or asked["ago"] or asked["ahead"]
    return f"{period['count']} {unit} ago" if asked["ago"] else f"what date is in {period['count']} {unit}"


def _unit_in(wanted: str) -> str | None:
    """The only unit of time that is named."""
    units = {found.group().lower().rstrip("s") for found in _UNIT.finditer(wanted)}
    return f"{units.pop()}s" if len(units) == 1 else None


def _this_year(found: FoundDate, today: date) -> date:
    return moved_months(found.day, 12 * (today.year - found.day.year))


def _of_two(first: date, second: date, wanted: str) -> str | None:
    both = f"between {first} and {second}"
    if unknown := _UNKNOWN.search(wanted):
        _refuse(unknown.group())
    alone = EDGE.search(wanted) or (_DURATION.search(wanted) and (_BACK.search(wanted) or _FORTH.search(wanted)))
    if alone and not _APART.search(wanted):
        raise Refusal("I work that out for one date; which one?", "这要按一个日期来算，请问是哪一个？")
    if _WORKING.search(wanted):
        return f"working days {both}" if not _DAYS.search(_WORKING.sub(" ", wanted)) else None
    if named := _NAMED.search(wanted):
        return f"how many {named['day'] or named['zh']} {both}"
    if shorter := _SHORTER.search(wanted):
        return f"how many {shorter['unit'] or shorter['zh']} {both}"
    if _CALENDAR.search(wanted):
        return f"how many years and months {both}{', age' if BORN.search(wanted) else ''}"
    return f"how many weeks {both}" if _WEEKS.search(wanted) else None


def _of_one(day: date, wanted: str, question: Question) -> str | None:
    durations = list(_DURATION.finditer(wanted))
    if _TWO_DATES.search(wanted) and not (durations or _OF_ONE_DAY.search(wanted)):
        raise Refusal("And the other date? I need two of them.", "还有一个日期呢？我需要两个日期。")
    edge = (
        EDGE.search(wanted) if not (_APART.search(wanted) or (_BACK.search(wanted) and _FORTH.search(wanted))) else None
    )
    if durations:
        return _moved(day, durations, wanted, edge)
    if edge is not None:
        far = _edge_of(day, edge)
        return f"how many days between {day} and {far}" if _LEFT.search(wanted) else f"what date is {far}"
    if _NEXT_WORKING.search(wanted):
        return f"next working day after {day}"
    if day != question.today and (measured := _IN_UNIT.search(wanted)) is not None:
        first, last = sorted((day, question.today))
        return f"how many {measured['unit'] or measured['many'] or measured['zh']} between {first} and {last}"
    if kind := _KIND.search(wanted):
        name = kind["kind"] or kind["zh"]
        return f"is {day} a {name}" if name.isascii() else f"{day}是{name}吗"
    if wants_leap_years(wanted):
        return f"is {day.year} a leap year"
    if _WORKING.search(wanted) and _UNTIL.search(wanted):
        first, last = sorted((day, question.today))
        return f"working days between {first} and {last}"
    if (beyond := _BEYOND.search(wanted)) and not _OF_A_DAY.search(wanted):
        _refuse(beyond.group())
    return None


def _moved(day: date, durations: "list[re.Match[str]]", wanted: str, edge: "re.Match[str] | None") -> str | None:
    """None where the requirement names several periods, or a rule besides."""
    signs = [sign for sign, said in (("minus", _BACK), ("plus", _FORTH)) if said.search(wanted)]
    if not signs and not _RUNS_FOR.search(wanted) and _OF_A_DAY.search(_DURATION.sub(" ", wanted)):
        return None
    if not signs and _RUNS_FOR.search(wanted):
        signs = ["plus"]
    numbers = re.findall(r"\d+", wanted)
    if not signs or len(numbers) != 1 or edge is not None or len(durations) != 1 or has_more_steps(wanted):
        return None
    sign = signs[0] if len(signs) == 1 else _nearest_sign(durations[0], wanted)
    return f"{day} {sign} {durations[0]['count']} {durations[0]['unit']}"


def _nearest_sign(duration: "re.Match[str]", wanted: str) -> str:
    """`30 days before`, `提前 30 天`: what stands next to the period counts."""
    near = wanted[max(0, duration.start() - 12) : duration.start()] + wanted[duration.end() : duration.end() + 10]
    return "minus" if _BACK.search(near) else "plus"


def _edge_of(day: date, edge: "re.Match[str]") -> date:
    following = (edge["next"] or "").strip().lower() in ("next", "following") or edge["zh_next"] is not None
    month = moved_months(day.replace(day=1), 1) if following else day
    first = edge["zh_first"] or (edge["edge"] or "").lower() in ("first day", "start", "beginning")
    return month.replace(day=1) if first else last_of_month(month.year, month.month)


def _refuse(part: str) -> None:
    raise Refusal(
        f"I am not sure how '{part}' is to be reckoned here. Please say what you want to know of this date.",
        f"我不确定“{part}”在这里怎么算。请说明想知道这个日期的什么。",
    )
