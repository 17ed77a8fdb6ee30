"""Counts days between dates, adds to dates, and names days of the week. Dates are calendar days in UTC."""

import re
from datetime import date

from .calendar_dates import FoundDate, dates_in, moved_months
from .calendar_lengths import about_a_period, with_bare_steps, with_durations, with_plain_stamps, with_whole_days
from .calendar_periods import with_edges, with_periods
from .contract import CERTAIN, LIKELY, POSSIBLE, Answer, Question, Refusal, Task, Tool, is_refused
from .date_ages import BORN, age, age_in_year, age_on, age_reached, either_way, refuse_without_year, turning
from .date_defaults import in_full as with_requirement
from .date_defaults import rule_in
from .date_ends import INCLUDED, in_one_year, with_included, without_dates
from .date_events import ENDS_SAID, EVENT, FROM_AN_EVENT, HOLIDAY, HOW_OLD, MONDAY_TO_FRIDAY, NO_WEEKENDS, ONLY_WEEKDAYS
from .date_names import ASKS_TODAY
from .date_order import in_order
from .date_prose import is_label, is_prose, listed
from .date_roles import asks_by_rule, asks_nothing, by_roles
from .date_rules import counts_first
from .date_series import comes_again
from .date_spans import span, span_with_last
from .date_steps import BACK, DURATION, added
from .date_told import refuse_other_weekday, tell_all, tell_day, tell_kind
from .month_rules import beside_month_task
from .patterns import lazy_pattern
from .time_roles import times_by_role
from .wording import digits_for_words, plain_signs
from .worked_time import time_task

_LONGEST_PROMPT = 400
_FORTH = lazy_pattern(
    r"\b(?:after|from|in|add|plus|later|hence|past|within|following|another|more)\b|\+|之后|以后|后|加|再过|过|起|从|自|内",
    re.IGNORECASE,
)
_WEEKDAY = lazy_pattern(
    r"\b(?:what|which) (?:day|weekday)(?! (?:was|is) (?:it )?\d)|\bday of (?:the )?week\b|\bweekday\b|\bwhat day\b|"
    r"星期几|周几|礼拜几",
    re.IGNORECASE,
)
_BETWEEN = lazy_pattern(
    r"\bbetween\b|\bfrom\b.+\b(?:to|until|till)\b|\buntil\b|\b'?till?\b|\bto go\b|\bsince\b|\bhow (?:many|long)\b|"
    r"\bdifference\b|\bdays? to\b|\baway\b|\bapart\b|\bleft\b|\bhow old\b|\bborn\b|\bage\b|"
    r"出生|年龄|几岁|多大|多少天|几天|(?:多少|几)个?(?:周|星期|月|工作日)|相差|相隔|间隔|距离?|还有|多久|到|至",
    re.IGNORECASE,
)
_DISTANCE = lazy_pattern(
    r"\buntil\b|\b'?till?\b|\bto go\b|\bsince\b|\bhow (?:many|long)\b|\bdays? to\b|\baway\b|\bleft\b|\bhow old\b|"
    r"多少天|几天|(?:多少|几)个?(?:周|星期|月|工作日)|相差|距离?|还有|多久",
    re.IGNORECASE,
)
_OTHER_WORK = lazy_pattern(
    r"\b(?:divide|multiply)\b|\b(?:how many \w+|days|weeks|months|years|hours|minutes) (?:are )?(?:there )?in "
    r"(?:an? |one )?\d*\s*(?:weeks?|days?|months?|"
    r"years?|hours?|fortnights?)\b(?! from)|[天周年]等于",
    re.IGNORECASE,
)
_BEYOND = lazy_pattern(
    r"\bday of the year\b|\bweek (?:number|of the year)\b|\bquarter\b|\bweekends?\b|\beaster\b|\b(?:first|second|"
    r"third|fourth|last) (?:mon|tues|"
    r"wednes|thurs|fri|satur|sun)day of\b|\btime ?zone\b|春节|中秋|端午|农历|阴历|第几[周天]|季度|周末",
    re.IGNORECASE,
)
_A_WEEKDAY = lazy_pattern(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|(?:周|星期|礼拜)[一二三四五六日天](?!后|前)", re.IGNORECASE
)
_ANCHORED = lazy_pattern(r"\b(?:ago|from now|hence|today|now)\b|\bin (?=\d|an? )|今天|现在|以前", re.IGNORECASE)
_ANAPHORIC = lazy_pattern(
    r"\b(?:later|earlier|that|it|then|plus|minus|add|subtract|more|another)\b|\b(?:after|before)\s*[?.!]*$|再|那|又",
    re.IGNORECASE,
)
_MOVES = lazy_pattern(
    r"\b(?:before|after|later|earlier|prior|ago|plus|minus)\b(?=\W*$)|[之以]?[前后]\s*[?？。]*$", re.IGNORECASE
)
_VAGUE = lazy_pattern(
    r"\b(?:half|couple|few|several|every(?!.*\bnext\b)|each|per|twice|double|times|quarters?|decades?|or|excluding|except|"
    r"without|not|incl\w*|weekends?|(?:last|final) day(?! (?:at|in (?:the )?office|of work|"
    r"with (?:us|them)|here|is|was|will)))\b|"
    r"每[隔年月周天]|不[算含计包]|除[了去]|半个?[月天]|[前后加减]\s*(?:或|还是)",
    re.IGNORECASE,
)
_HOW_LONG_AGO = lazy_pattern(r"\bhow (?:long|many \w+) ago\b", re.IGNORECASE)
_OPEN_END = lazy_pattern(r"\bfrom\b.*\b(?:until|till?|to)\b\s+[a-z]|从.*[到至][^\d今明后现]", re.IGNORECASE)
_RUNS = lazy_pattern(
    r"\b(?:given|resign\w*|hired|notice|valid|warranty|lasts?|trial|lease|starts?|started|starting|issued|bought|"
    r"purchased|begins?|began|signed|opened|dated|rotat\w+|renew\w*|order(?:ed|s)?|"
    r"leav(?:es?|ing)|left|depart\w*|ship(?:s|ped|ping)?|sent|dispatch\w*|sold|go(?:es)? out|"
    r"in|ready|guarantee|takes?|needs?)\b(?!.*\b(?:start|"
    r"begin)\b.*$)|"
    r"开始|购买|签发|签订|期限|发货|出发|有效|开封|保质|质保",
    re.IGNORECASE,
)
_AND_UNTIL = lazy_pattern(r"(?:and|or|then|but|what about|那|再?到)\b(?!.*\bhow\b)", re.IGNORECASE)
_HOURS = lazy_pattern(r"\d\s*(?:hours?|minutes?|seconds?|小时|分钟|秒|[ap]m\b|:\s*\d\d|[点時时])", re.IGNORECASE)
_IN_OTHER_UNITS = lazy_pattern(
    r"(?:(?:and|so|ok|what about|how about|how many)\s+)*(?:in\s+|is that\s+|that\s+)*(?:how many\s+)?"
    r"(?:weeks|months|years|hours|minutes|(?:working|business|week|calendar) ?days|days)(?: is (?:that|it)|"
    r" are (?:that|"
    r"there))?[\s?.!]*|"
    r"(?:那|也就|折合?|换成|相当于)*(?:是|有|合)?(?:多少|几)个?(?:周|星期|月|小时|工作日|年)(?:\s*[零0又]?\s*[多几]少?天)?(?:呢)?[？?。]*|"
    r"(?:那|按|换成|合)*(?:周|星期|月|小时|工作日|年)(?:算|数)?呢[？?。]*",
    re.IGNORECASE,
)
_IN_ALL = lazy_pattern("一共|总共|共计|合计")
_BETWEEN_THEM = lazy_pattern(
    r"(?:(?:and|so|ok|what is|what's|tell me)\s+)*(?:the )?(?:how (?:many|long)|number of|difference)?\s*"
    r"(?P<unit>(?:(?:working|business|week) ?)?days|weeks|months|years|hours|time)?\s*(?:are |is |"
    r"lie |lies )?(?:there |it )?(?:in )?"
    r"between (?:them|these|those|both|(?:the |these |those )(?:two|2|both)?(?: ?(?:dates|days))?)[\s?.!]*|"
    r"(?:它们|两者|这?两个?(?:日期|天)|两天|中间|之间|前后)*(?:之间)?(?:一共|总共)?(?:相差|相隔|隔了?|差|间隔|有)"
    r"(?:多少|几)"
    r"(?:天|个?周|个?星期|个?月|年|个?工作日)[\s？?。]*",
    re.IGNORECASE,
)
_THAT_DAY = lazy_pattern(
    r"\b(?:on )?(?:that|this|the same)(?: (?:day|date)(?! of\b))?\b(?!')|\bit\b(?!')|[那这当]天|[那这]个?日子",
    re.IGNORECASE,
)
_BARE = lazy_pattern(
    r"[\s,.?!？。，]|\b(?:and|what|about|how|is|was|on|the|a|day|date|it|for|please|when|which|will|be|that)\b|那|"
    r"呢|是|的|和",
    re.IGNORECASE,
)
_IS_A_KIND = lazy_pattern(
    r"\b(?:an?|the|at the|on the)\s+(?:weekday|weekend|working day|business day|work ?day)\b(?=[\s?.!]*$)|"
    r"(?<=是)(?:不是)?(?:工作日|周末)(?=吗?[\s?？。]*$)",
    re.IGNORECASE,
)
_JOINING = lazy_pattern(
    r"\b(?:working|business|week|days|nights|weeks|months|years|to|vs|versus|minus|from|till|through|until)\b|[减至比]",
    re.IGNORECASE,
)


def understand(question: Question) -> Task | None:
    question = in_order(question._replace(text=with_plain_stamps(question.text)))
    refuse_without_year(question)
    try:
        task = age_in_year(question) or beside_month_task(question) or _understood(question)
    except Refusal:
        if (same := either_way(question, _understood)) is not None:
            return same
        raise
    if len(question.text) > _LONGEST_PROMPT:
        return task
    silent = question.alone and not question.earlier and asks_nothing(question.text)
    sure = task is not None and task.confidence > POSSIBLE and not comes_again(question.text) and not silent
    sure = sure and not (counts_first(question) or asks_by_rule(question))
    if task is not None and sure and not is_refused(task):
        return task
    by_parts = by_roles(question, lambda text: _in_figures(text, question), _understood)
    unasked = silent or (task is not None and task.confidence == POSSIBLE)
    return by_parts or (None if unasked and rule_in(question.requirement) is not None else task)


def _understood(question: Question) -> Task | None:
    text = question.text.strip()
    if (timed := times_by_role(question)) is not None:
        return timed
    if len(text) > _LONGEST_PROMPT or "\n" in text:
        return None
    if (worked := time_task(question)) is not None:
        return worked
    text = EVENT.sub(
        lambda one: one[1] or "race", MONDAY_TO_FRIDAY.sub("working days ", NO_WEEKENDS.sub("in working days", text))
    )
    text = _IN_ALL.sub("", text)
    text = re.sub(r"\b(last|first) date of\b", r"\1 day of", text, flags=re.IGNORECASE)
    text = _in_figures(text, question)
    if ASKS_TODAY.fullmatch(text):
        return Task(CERTAIN, lambda: tell_day(question.today, question))
    return about_a_period(text, question) or _about_dates(text, question)


def _in_figures(text: str, question: Question) -> str:
    """With periods as dates, and durations and numbers in digits."""
    text = re.sub(
        r"\b(next|last|first|second|third|fourth|fifth|that|this|which) one\b", r"\1", text, flags=re.IGNORECASE
    )
    text = re.sub(r"[,，]?(?:今天|当[天日]|起始日)不[算计](?:在内)?(?=[,，。])", "", text)
    text = with_edges(
        plain_signs(text.replace("哪一天", "哪天").replace("那一天", "那天").replace("工作天", "工作日")),
        question.today,
    )
    text = with_durations(with_periods(with_bare_steps(text, question.requirement), question.today))
    return with_whole_days(digits_for_words(plain_signs(text.replace("日历", " ")).replace("星期日", "星期天")))


def _about_dates(text: str, question: Question) -> Task | None:
    if _OTHER_WORK.search(text):
        return None
    if (beyond := _BEYOND.search(text)) and not _IS_A_KIND.search(text):
        return Task(LIKELY, lambda: _refuse_unread(beyond.group()))
    found = in_one_year(dates_in(text, question.today))
    refuse_other_weekday(text, found)
    text, found = _with_ends(text, found, question)
    rest = without_dates(text, found)
    durations = list(DURATION.finditer(rest))
    left = re.search(r"[\w:.]*\d[\w:.]*", DURATION.sub(" ", rest))
    if (
        found
        and not (durations or (len(found) == 1 and _DISTANCE.search(text)))
        and is_prose(text, rest)
        and _in_digits(text, found)
    ):
        return Task(POSSIBLE, lambda: listed(found, question))
    if len(found) == 1 and (task := _of_a_day(found[0], rest, question)) is not None:
        return task
    if (found or durations) and (left or _HOURS.search(rest)):
        about = len(found) + len(durations) > 1 or _WEEKDAY.search(rest) or _BETWEEN.search(text)
        return Task(LIKELY, lambda: _refuse_unread(left.group() if left else rest.strip())) if found and about else None
    if (found or durations) and (vague := _VAGUE.search(rest)):
        return Task(LIKELY, lambda: _refuse_unread(vague.group()))
    if len(found) > 1:
        return _several(found, durations, text, rest, question)
    if durations and (weekday := _A_WEEKDAY.search(rest)):
        return Task(LIKELY, lambda: _refuse_unread(weekday.group()))
    if durations:
        return _moved_by(found, durations, rest, question)
    return _one_day(found[0], text, rest, question) if found else _without_dates(text, question)


def _with_ends(text: str, found: list[FoundDate], question: Question) -> tuple[str, list[FoundDate]]:
    """Of two dates, whether both count is said in one way, by the prompt or else by the requirement."""
    if len(found) != 2:
        return text, found
    always = with_included(question.requirement[:1000]) != question.requirement[:1000] and not ENDS_SAID.search(text)
    marked = with_included(text)
    marked = f"{text}{INCLUDED}" if always and marked == text else marked
    return (marked, in_one_year(dates_in(marked, question.today))) if marked != text else (text, found)


def _in_digits(text: str, found: list[FoundDate]) -> bool:
    """Whether a date is written out: `now` and `today` stand in any text."""
    return any(re.search(r"\d", text[one.start : one.end]) for one in found)


def _of_a_day(found: FoundDate, rest: str, question: Question) -> Task | None:
    """How old somebody is then, when somebody born then turns 90, and whether it is a weekday."""
    if not DURATION.search(rest) and (task := age_on(found, rest, question)) is not None:
        return task
    if not found.recurring and (years := age_reached(rest)):
        return Task(CERTAIN, lambda: added(found.day, f"plus {years} years", question))
    if kind := _IS_A_KIND.search(rest):
        return Task(CERTAIN, lambda: tell_kind(found.day, kind.group(), question))
    return None


def _several(
    found: list[FoundDate], durations: "list[re.Match[str]]", text: str, rest: str, question: Question
) -> Task | None:
    """Two dates are compared, if that is asked or nothing else is said; more, or a duration besides, are unclear."""
    if len(found) > 1 and not durations and ONLY_WEEKDAYS.fullmatch(text):
        return Task(CERTAIN, lambda: listed(found, question))
    if len(found) > 2 or durations:
        return Task(LIKELY, lambda: _refuse_unread(text))
    if _BETWEEN.search(text):
        return Task(CERTAIN, lambda: _between(found[0], found[1], rest, question))
    if _WEEKDAY.search(rest):
        return Task(CERTAIN, lambda: listed(found, question))
    if not is_label(_JOINING.sub(" ", _BARE.sub(" ", rest.replace(INCLUDED.strip(), " ")))):
        return None
    return Task(LIKELY, lambda: _between(found[0], found[1], rest, question))


def _moved_by(found: list[FoundDate], durations: "list[re.Match[str]]", rest: str, question: Question) -> Task | None:
    """A duration from a date on. Without a date it is from today on, if that is said or there is nothing else."""
    if not (BACK.search(rest) or _FORTH.search(rest) or (found and _RUNS.search(rest))):
        return Task(LIKELY, lambda: _refuse_unread(durations[0].group())) if found else None
    if found:
        start = found[0].day
        if found[0].recurring:
            start = moved_months(start, 12 * (question.today.year - start.year))
        return Task(CERTAIN, lambda: added(start, rest, question))
    if FROM_AN_EVENT.search(rest) and not re.search(r"\btoday\b|今天|现在", rest):
        return Task(LIKELY, _refuse_without_date)
    if _ANAPHORIC.search(rest) and not _ANCHORED.search(rest):
        if (day := _that_day(rest, question)) is not None:
            return Task(CERTAIN, lambda: added(day, rest, question))
        return Task(LIKELY, _refuse_without_date)
    sure = not question.earlier or _ANCHORED.search(rest)
    asked = re.search(
        r"\b(?:ago|from now|date|day|today)\b|\bin \d|几号|哪天|日期|星期|[天周年月]后|[天周年月]前|之后|之前", rest
    )
    return Task(CERTAIN if sure and asked else LIKELY, lambda: added(question.today, rest, question))


def _one_day(found: FoundDate, text: str, rest: str, question: Question) -> Task | None:
    if _OPEN_END.search(rest):
        return Task(LIKELY, _refuse_without_date)
    if (moving := _MOVES.search(rest)) and not _HOW_LONG_AGO.search(rest):
        return Task(LIKELY, lambda: _refuse_unread(moving.group()))
    if holiday := HOLIDAY.search(rest):
        return Task(LIKELY, lambda: _refuse_unread(holiday.group()))
    if _DISTANCE.search(text):
        if found.day == question.today:
            return Task(LIKELY, _refuse_without_date)
        if found.day > question.today and HOW_OLD.search(text):
            return Task(LIKELY, _refuse_without_birth)
        here = FoundDate(0, 0, question.today)
        first, second = sorted((here, found), key=lambda one: one.day)
        sure = not question.earlier or not _AND_UNTIL.match(text)
        return Task(CERTAIN if sure else LIKELY, lambda: _between(first, second, rest, question))
    if (
        _WEEKDAY.search(rest)
        or re.match(r"\s*(?:is|was|will)\b.*,\s*(?:be\s+)?(?:on\s+)?an?\s+\w+day\b", rest, re.I)
        or re.search(r"\b(?:date|day)\b.{0,12}$|几号|哪一?天", rest)
    ):
        return Task(CERTAIN, lambda: tell_day(found.day, question))
    if BORN.search(rest) and not found.recurring:
        return Task(CERTAIN, lambda: age(found, FoundDate(0, 0, question.today), question))
    return Task(LIKELY, lambda: tell_all(found.day, question)) if is_label(_BARE.sub(" ", rest)) else None


def _without_dates(text: str, question: Question) -> Task | None:
    """`and in weeks?`, `how many days between them?` are about the two dates of the turn before."""
    if question.earlier and (_IN_OTHER_UNITS.fullmatch(text) or _BETWEEN_THEM.fullmatch(text)):
        before = plain_signs(with_periods(question.earlier[0], question.today))
        found = in_one_year(dates_in(before, question.today)) if len(before) <= _LONGEST_PROMPT else []
        if len(found) == 1 and (
            _DISTANCE.search(before) or BORN.search(before) or not _BARE.sub("", without_dates(before, found))
        ):
            found = sorted((FoundDate(0, 0, question.today), found[0]), key=lambda one: one.day)
        if len(found) == 2:
            both = INCLUDED if with_included(before) != before else ""
            return Task(CERTAIN, lambda: _between(found[0], found[1], text + both, question))
    if (reached := turning(text, question)) is not None:
        return reached
    if (day := _that_day(text, question)) is not None:
        return _about_dates(_THAT_DAY.sub(str(day), text, count=1), question)
    if not (_WEEKDAY.search(text) or re.search(r"\bdays? (?:between|until|since)\b", text, re.IGNORECASE)):
        return None
    return Task(LIKELY, _refuse_without_date)


def _that_day(text: str, question: Question) -> date | None:
    """The day that the turn before counts to: `how long until 24 Dec`, `what weekday is that?`."""
    before = question.earlier[0] if question.earlier and _THAT_DAY.search(text) else ""
    if before and (day := _day_of(question._replace(text=before, earlier=question.earlier[1:]))) is not None:
        return day
    plain = digits_for_words(plain_signs(before))
    if not before or len(before) > _LONGEST_PROMPT or "\n" in before:
        return None
    found = dates_in(plain, question.today)
    rest = without_dates(plain, found)
    found = [one for one in found if one.day != question.today]
    return found[0].day if len(found) == 1 and not DURATION.search(rest) else None


def _day_of(question: Question) -> date | None:
    """The day that the answer to an earlier prompt was, where it moved on from another."""
    try:
        task = understand(question)
        output = task.run().tool_output if task is not None else {}
    except Refusal:
        return None
    moved = task is not None and "date" in output
    return date.fromisoformat(str(output["date"])) if moved else None


def _refuse_unread(part: str) -> Answer:
    raise Refusal(
        f"I am not sure how '{part[:60]}' is meant: I work with one or two dates, written as year-month-day, and "
        f"whole days.",
        f"没看懂“{part[:60]}”：我可以处理一个或两个日期（年-月-日），以整天计算。",
    )


def _refuse_without_date() -> Answer:
    raise Refusal("Please name the date, for example 2024-01-31.", "请写出日期，例如 2024-01-31。")


def _refuse_without_birth() -> Answer:
    raise Refusal("Whose age? Please give the date of birth too.", "请同时给出出生日期。")


def _between(first: FoundDate, second: FoundDate, rest: str, question: Question) -> Answer:
    start, end = first.day, second.day
    if second.recurring and re.search(r"\bsince\b|\bago\b|已经|过去了", rest, re.IGNORECASE):
        start, end = moved_months(end, -12), start
    if INCLUDED.strip() in rest:
        return span_with_last(start, end, rest.replace(INCLUDED.strip(), ""), question)
    return span(start, end, rest, question)


def in_full(question: Question, requirement: str) -> str | None:
    refuse_without_year(question)
    return with_requirement(in_order(question._replace(text=with_plain_stamps(question.text))), requirement)


TOOL = Tool(
    name="date_arithmetic",
    ability="count days between dates, add days, weeks, months or years to a date, and name the day of the week",
    ability_chinese="计算日期（两个日期相差几天、加减天数、星期几）",
    example="How many days are there between 2024-01-01 and 2024-03-01?",
    example_chinese="今天之后 30 天是几号？",
    understand=understand,
    in_full=in_full,
)
