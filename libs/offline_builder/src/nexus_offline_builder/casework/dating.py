"""Cases for dates, by Python's calendar. They hold on any day: none depends on the present one."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from nexus_contracts.verification import Contains, Pattern
from nexus_offline_builder.casework.draft import Draft, WishedAgent, asked, has, number, refused

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_POINTS = re.compile(r"\bdd?\.mm?\.", re.IGNORECASE)


def days(wish: WishedAgent) -> Sequence[Draft]:
    first = date(wish.pick(2021, 2029), wish.pick(1, 12), wish.pick(1, 28))
    span, later, weeks = wish.pick(40, 300), wish.pick(12, 90), wish.pick(2, 9)
    last = first + timedelta(days=span)
    start, end = _written(wish, first), _written(wish, last)
    weekday = _weekday(wish, first)
    say = wish.say
    moved = asked(say(f"{start} plus {later} days", f"{start}加{later}天是几号"), _day(first + timedelta(days=later)))
    further = first + timedelta(days=later + 10)
    return [
        *_spans(wish, first, last),
        (moved, asked(say("and 10 days after that?", "再过10天呢？"), _day(further))),
        (asked(say(f"What day of the week is {start}?", f"{start}是星期几？"), weekday),),
        (asked(say(f"{weeks} weeks after {start}", f"{start}之后{weeks}周是几号？"), _day(_after(first, weeks * 7))),),
        (asked(say(f"{later} days before {end}", f"{end}之前{later}天是几号？"), _day(_after(last, -later))),),
        (asked(say(f"which weekday is {end}?", f"{end}是周几"), _weekday(wish, last)),),
        (asked(say(f"{start} + {span} days", f"{start} + {span}天"), _day(last)),),
        (asked(say(f"2027-02-30 plus {later} days", f"2027年2月30日加{later}天是几号"), refused()),),
    ]


def _after(day: date, count: int) -> date:
    return day + timedelta(days=count)


def _spans(wish: WishedAgent, first: date, last: date) -> list[Draft]:
    """Between two days: those of a working week alike however the ends count, all days where one end alone counts."""
    say, drafts = wish.say, list[Draft]()
    if wish.names("work", "business day", "mon-fri", "工作日", "工作天"):
        sunday, weeks = first + timedelta(days=6 - first.weekday()), wish.pick(2, 9)
        ends = _written(wish, sunday), _written(wish, sunday + timedelta(weeks=weeks))
        worked = say("working days between {} and {}", "{}到{}之间有多少个工作日").format(*ends)
        drafts.append((asked(worked, number(5 * weeks)),))
    if not wish.names("both", "incl", "头尾", "首尾", "两头", "含当", "当天也算"):
        span = number((last - first).days)
        start, end = _written(wish, first), _written(wish, last)
        between = say("How many days between {} and {}?", "{}到{}有多少天？").format(start, end)
        told = say("How many days are there from {} to {}?", "{}和{}之间隔多少天？")
        drafts.append((asked(between, span),))
        drafts.append((asked(told.format(_in_words(wish, first), _in_words(wish, last)), span),))
    return drafts


def _in_words(wish: WishedAgent, day: date) -> str:
    return wish.say(f"{day.day} {_MONTHS[day.month - 1]} {day.year}", f"{day.year}年{day.month}月{day.day}日")


def _written(wish: WishedAgent, day: date) -> str:
    """As the requirement writes dates."""
    if _POINTS.search(wish.requirement):
        return f"{day.day:02}.{day.month:02}.{day.year}"
    return day.isoformat()


def _day(day: date) -> Pattern:
    """In any of the forms in which a day is written."""
    month = _MONTHS[day.month - 1]
    forms = (
        day.isoformat(),
        rf"0?{day.day}\.0?{day.month}\.{day.year}",
        rf"{day.day} {month[:3]}\w* {day.year}",
        rf"{month[:3]}\w* {day.day}, {day.year}",
        rf"{day.year} ?年 ?0?{day.month} ?月 ?0?{day.day} ?日",
    )
    return Pattern(pattern="|".join(rf"(?<!\d){form}(?!\d)" for form in forms))


def _weekday(wish: WishedAgent, day: date) -> Pattern | Contains:
    if wish.chinese:
        return Pattern(pattern=f"(?:星期|周|礼拜){'一二三四五六日'[day.weekday()]}")
    return has(_WEEKDAYS[day.weekday()])
