"""Dates: spans with both ends, working days, that day of the turn before, ages that are reached."""

import pytest
from tests.support.offline_talks import asked

ANSWERED: list[tuple[str, list[tuple[list[str], list[str]]]]] = [
    (
        "working days mon-fri between two dates, ignore bank holidays",
        [
            (["1 Feb 2027 - 12 Feb 2027 incl."], ["10"]),
            (["from 4 Jan 2027 till 15 Jan 2027 inclusive"], ["10"]),
            (["2027-03-01 to 2027-03-05 (both included)"], ["5"]),
            (["3 May 2027 up to and including 7 May 2027"], ["5"]),
            (["Mon 7 Dec 2026 till Fri 11 Dec 2026, both days included"], ["5"]),
            (["leave from Wednesday 6 January 2027 through Tuesday 12 January 2027, both ends counted"], ["5"]),
            (["2027-02-01 until 2027-02-05 including both"], ["5"]),
            (["working days from 1 March 2027 to 31 March 2027 incl"], ["23"]),
            (["10 working days after Fri 18 Dec 2026?"], ["2027-01-01"]),
            (["last day at work is Thursday 10 Dec 2026. back 8 working days later, which date?"], ["2026-12-22"]),
            (["notice on Wed 9 Dec 2026, which date is 20 working days on?"], ["2027-01-06"]),
            (["what date is 5 working days from Tuesday 15 December 2026"], ["2026-12-22"]),
            (["12 wd after 2026-12-01"], ["2026-12-17"]),
            (["15 business days from 1 Dec 2026"], ["2026-12-22"]),
            (["how many working days from 14/12/2026 till 18/12/2026 included"], ["5"]),
        ],
    ),
    (
        "Count teh workdays for my leave, public holidays don't matter",
        [
            (["12.01.2027 til 20.01.2027 incl"], ["7"]),
            (["2 Dec 2026 to 4 Dec 2026 first and last day included"], ["3"]),
            (["7 Dec 2026 to 11 Dec 2026 both included", "and to 18 Dec?"], ["10"]),
            (["how many working days from 7 Dec 2026 to 11 Dec 2026 inclusive", "and calendar days?"], ["5"]),
        ],
    ),
    (
        "算两个日期之间的工作日，节假日不用考虑",
        [
            (["2027年1月4日到1月15日一共几个工作日"], ["10"]),
            (["2027年3月1号到3月31号总共多少个工作日"], ["23"]),
            (["2026年12月7日至2026年12月11日有几个工作日（含首尾）"], ["5"]),
            (["12月7号到12月18号，几个工作日"], ["10"]),
            (["2026年12月1日之后10个工作日是哪天"], ["2026-12-15"]),
            (["从2026年12月4日（星期五）起5个工作日后是几号"], ["2026-12-11"]),
        ],
    ),
    (
        "HR helper: age, tenure, contract end from a date",
        [
            (["birthday 14 February 1970", "when does he turn 60?"], ["2030-02-14"]),
            (["DOB 3 July 1985", "on which date will she reach 65?"], ["2050-07-03"]),
            (["born 1962-09-30", "and when is he 66?"], ["2028-09-30"]),
            (["dob 12 May 1990", "when will she be 40"], ["2030-05-12"]),
            (["he was born on 8 Aug 1965, what date does he hit 67?"], ["2032-08-08"]),
            (["dob 1 dec 1961, turns 65 when?"], ["2026-12-01"]),
            (["born 5/4/1980, what age"], ["46"]),
            (["dob 02/03/1985 how old"], ["41"]),
            (["age of someone born 06/07/1999"], ["27"]),
            (["DOB 9.10.1988 age?"], ["38"]),
            (["started 01/03/2020, how many years"], ["6"]),
            (["she was born 29 Feb 1984. when does she turn 50?"], ["2034-02-28"]),
        ],
    ),
    (
        "人事助手：年龄、工龄、合同到期",
        [
            (["今天到2027年3月1日还有多少天", "那天是星期几？"], ["星期一"]),
            (["2026年12月1日加90天是哪天", "那天星期几"], ["星期一"]),
            (["离2027年2月6日还有几天", "那一天是星期几"], ["星期六"]),
            (["1990年3月8日出生", "哪天满60岁"], ["2050-03-08"]),
            (["生日1975年10月2日，几岁", "她什么时候60岁？"], ["2035-10-02"]),
        ],
    ),
    (
        "date bot for our project team",
        [
            (["how many days until 24 Dec 2026", "what weekday is that?"], ["Thursday"]),
            (["days from today to 20 January 2027", "and what day is that day"], ["Wednesday"]),
            (["45 days after 1 Dec 2026", "which weekday is that day"], ["Friday"]),
            (["how long till March 3 2027?", "that day is a?"], ["Wednesday"]),
            (["weeks until 14 Feb 2027", "and that day, weekday?"], ["Sunday"]),
            (["how many days until 24 Dec 2026", "and 10 days after that day?"], ["2027-01-03"]),
        ],
    ),
    (
        "leave planner: working days in a period (bank hols ignored)",
        [
            (["21st Dec 2026 thru 31st Dec 2026"], ["9"]),
            (["from 2027-02-15 up to and including 2027-02-19"], ["5"]),
            (["2027-02-15..2027-02-19 inclusive"], ["5"]),
            (["15 feb 2027 -> 19 feb 2027 incl. both"], ["5"]),
            (["off Mon 15 Feb 2027 to Fri 19 Feb 2027 (incl)"], ["5"]),
            (["Mon 15.02.2027 - Fri 26.02.2027 both inclusive"], ["10"]),
            (["how many days from 15 Feb 2027 to 19 Feb 2027 including both days"], ["5"]),
            (["number of days 1 March 2027 to 31 March 2027 inclusive"], ["31"]),
            (["Wed 2 December 2026 plus 10 working days"], ["2026-12-16"]),
            (["30 working days from Monday 30 Nov 2026"], ["2027-01-11"]),
            (["back at work 5 working days after Friday 18 Dec 2026, date?"], ["2026-12-25"]),
            (["5 working days before Friday 18 Dec 2026"], ["2026-12-11"]),
            (["3 weeks back from 2026-12-24"], ["2026-12-03"]),
            (["what was the date 10 days back"], ["2026-11-20"]),
            (["dec 1 2026 till dec 31 2026"], ["23"]),
            (["12 Jan to 23 Jan 2027 incl"], ["9"]),
        ],
    ),
    (
        "请假工作日计算（周一到周五），不考虑法定节假日",
        [
            (["2027年2月1日至2月5日"], ["5"]),
            (["2026年12月14日到2026年12月25日，含首尾"], ["10"]),
            (["12月1日至12月31日共几天工作日"], ["23"]),
            (["2026-12-07到2026-12-11包含首尾"], ["5"]),
            (["从2026年12月1日开始，8个工作日后是哪天"], ["2026-12-11"]),
        ],
    ),
    (
        "tell me the age of a club member from the dob",
        [
            (["06/05/1955 age"], ["71"]),
            (["when did she turn 50, dob 1970-03-03"], ["2020-03-03"]),
            (["dob 1970-03-03", "when did she turn 50"], ["2020-03-03"]),
            (["3 March 1970", "in which year does she turn 60?"], ["2030"]),
            (["3 March 1970", "when was she 18"], ["1988-03-03"]),
            (["3 March 1970", "she turns 65 when"], ["2035-03-03"]),
            (["3 March 1970", "what date will her 60th birthday be"], ["2030-03-03"]),
        ],
    ),
    (
        "contract dates: end of notice, probation",
        [
            (["how many days until 15 January 2027?", "is that a weekend?"], ["Friday"]),
            (["how many days to 1 April 2027", "which day of the week is it"], ["Thursday"]),
            (["距离2027年5月1日还有多少天", "那天是周几"], ["星期六"]),
            (["2027年5月1日", "那天是周几"], ["星期六"]),
            (["今天到12月31日还有几天", "那天周几"], ["星期四"]),
            (["离元旦还有几天", "那天星期几"], ["星期五"]),
            (["how long till christmas", "what day is that"], ["Friday"]),
        ],
    ),
    (
        "holiday counter: working days Mon-Fri, no public hols needed",
        [
            (["1.3.2027-5.3.2027 incl."], ["5"]),
            (["how many between 1 Mar 2027 and 12 Mar 2027, both included"], ["10"]),
            (["starts Thu 24 Dec 2026, 7 working days later is?"], ["2027-01-04"]),
            (["2 Jan 2027 till 10 Jan 2027"], ["5"]),
            (["1 Mar 2027 to 12 Mar 2027 incl", "and till 19 Mar?"], ["15"]),
        ],
    ),
    (
        "staff birthdays: age and when someone reaches a given age, dob given",
        [
            (["dob 17.08.1979", "when 50?"], ["2029-08-17"]),
            (["born 17 Aug 1979", "the date she reaches 67"], ["2046-08-17"]),
            (["which day will someone born on 5 May 1961 turn 66"], ["2027-05-05"]),
            (["17 Aug 1979", "what weekday was that"], ["Friday"]),
            (["09/10/1958 how old now?"], ["68"]),
        ],
    ),
    (
        "date helper",
        [
            (["how many days from 1 March 2027 through 5 March 2027"], ["5"]),
            (["go back 10 days from 2026-12-24"], ["2026-12-14"]),
            (["10 days back from 2026-12-24"], ["2026-12-14"]),
            (["I get back 10 days after 2026-12-24, which date"], ["2027-01-03"]),
            (["how many days until 24 Dec 2026", "and how many weeks is it?"], ["3"]),
            (["2026-12-01 plus 10 days", "what weekday is it"], ["Friday"]),
            (["is 2026-12-05 a working day?"], ["No"]),
            (["the last day at work was 2026-10-30, how many days ago is that"], ["31"]),
            (["last day of february 2027"], ["28"]),
            (["age on 1 Jan 2030 if born 5 May 2000"], ["29"]),
            (["how many Mondays from Tue 1 Dec 2026 to Thu 31 Dec 2026 incl."], ["4"]),
            (["how many Thursdays from Tue 1 Dec 2026 to Thu 31 Dec 2026 incl."], ["5"]),
            (["weeks from 1 Dec 2026 to 28 Dec 2026 inclusive"], ["4 weeks"]),
            (["how many days from 1 Dec 2026 to 5 Dec 2026, last day included"], ["5 days"]),
            (["how many days from 1 Dec 2026 to 5 Dec 2026, first and last day included"], ["5 days"]),
            (["how many days from 1 Dec 2026 to 5 Dec 2026 incl. how many?"], ["5 days"]),
            (["days between 1 Dec 2026 and 5 Dec 2026 (inclusive)"], ["5 days"]),
            (["working days 1 Dec 2026 - 4 Dec 2026 counting both days"], ["4"]),
            (["days 1 Dec 2026 to 5 Dec 2026 including the end date"], ["5 days"]),
        ],
    ),
]
NOT_ANSWERED: list[tuple[str, list[str]]] = [
    ("working days mon-fri between two dates, ignore bank holidays", ["from Tuesday 7 Dec 2026 to Friday 11 Dec 2026"]),
    ("HR helper: age, tenure, contract end from a date", ["dob 11/12/1990 age?"]),
    (
        "HR helper: age, tenure, contract end from a date",
        ["joined 1 April 2015", "and on what date are the 15 years full?"],
    ),
    ("date bot for our project team", ["days between 1 Jan 2027 and 15 Jan 2027", "what day of the week is that"]),
    ("leave planner: working days in a period (bank hols ignored)", ["5/1/2027 - 5/1/2027"]),
    (
        "leave planner: working days in a period (bank hols ignored)",
        ["off from 15 Feb 2027 to 19 Feb 2027 not including the last day"],
    ),
    ("leave planner: working days in a period (bank hols ignored)", ["until 24 Dec 2026 incl."]),
    ("tell me the age of a club member from the dob", ["12/01/1990 how old"]),
    ("tell me the age of a club member from the dob", ["dob 1970-03-03", "and 60?"]),
    ("tell me the age of a club member from the dob", ["3 March 1970", "when will she be 60 and a half"]),
    (
        "contract dates: end of notice, probation",
        ["how many weeks from 1 Dec 2026 to 19 Jan 2027?", "what weekday is the last one?"],
    ),
    ("staff birthdays: age and when someone reaches a given age, dob given", ["7/8/1979", "when is she 50?"]),
    ("date helper", ["how many days between 2026-12-01 and 2026-12-24 excluding the last day"]),
    ("date helper", ["how many days between 2026-12-01 and 2026-12-24 including only the first"]),
    ("date helper", ["days between 2026-12-01 and 2027-01-01", "what weekday is that"]),
    ("date helper", ["03/04/2026 plus 10 days"]),
    ("date helper", ["weekday of 03/04/2026"]),
    ("date helper", ["born 03/12/1990, age"]),
    ("date helper", ["from Friday 4 Dec 2026 two Mondays later"]),
    ("date helper", ["how many days from 1 Dec 2026 to 5 Dec 2026 including weekends"]),
    ("date helper", ["how many days from 1 Dec 2026 to 5 Dec 2026, first day included"]),
    ("date helper", ["how many days from 1 Dec 2026 to 5 Dec 2026 including only the first"]),
    ("date helper", ["days from 1 Dec 2026 to 5 Dec 2026, weekends counted"]),
    ("date helper", ["days from 1 Dec 2026 to 5 Dec 2026 without the last day included"]),
]


@pytest.mark.parametrize(
    ("requirement", "prompts", "expected"),
    [(requirement, prompts, expected) for requirement, asked in ANSWERED for prompts, expected in asked],
)
def test_what_people_ask_of_dates_is_answered(requirement: str, prompts: list[str], expected: list[str]) -> None:
    text, _ = asked(requirement, prompts)
    assert [part for part in expected if part not in text] == []


@pytest.mark.parametrize(("requirement", "prompts"), NOT_ANSWERED)
def test_what_is_not_clear_of_dates_is_asked_back(requirement: str, prompts: list[str]) -> None:
    assert asked(requirement, prompts)[1] is False
