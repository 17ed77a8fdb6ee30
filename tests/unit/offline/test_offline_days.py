"""Dates with short units, ages, ends of months, and the turns that go on with them."""

import pytest
from tests.unit.offline.test_offline_everyday import talk

RENTALS = "rental periods: add or subtract days, weeks and months, days between two dates, ends of months"
TEAMS = "youth teams: age of a player on match day (date of birth, match date; today if none)"
TICKETS = "due date of a ticket: opening date plus n working days"
DAYS = "name the weekday of a date"
SCHOOL = "入学年龄：给出生日期，算多大"

CONVERSATIONS: list[tuple[str, list[str], str]] = [
    (RENTALS, ["today + 21 d"], "2026-12-13"),
    (RENTALS, ["2027-01-31 + 5w"], "2027-03-07"),
    (RENTALS, ["31 Oct 2026 + 4 mo"], "2027-02-28"),
    (RENTALS, ["2027-03-15 - 3 wks"], "2027-02-22"),
    (RENTALS, ["2027-08-31 - 6 months"], "2027-02-28"),
    (RENTALS, ["tomorrow + 14"], "2026-12-07"),
    (RENTALS, ["2 y after 2028-02-29"], "2030-02-28"),
    (RENTALS, ["month end of 2028-02-03"], "2028-02-29"),
    (RENTALS, ["first day of the month for 2027-06-18"], "2027-06-01"),
    (RENTALS, ["a fortnight from tomorrow"], "2026-12-07"),
    (RENTALS, ["days from 2027-01-01 to 2027-02-01", "and to 2027-03-01?"], "59 days"),
    (RENTALS, ["days from 2027-01-01 to 2027-02-01", "and if it starts 2027-01-11?"], "21 days"),
    (TEAMS, ["2012-06-30"], "14 years"),
    (TEAMS, ["dob 30 Jun 2012", "and on 2027-06-29?"], "14 years"),
    (TEAMS, ["dob 30 Jun 2012", "match 2027-06-30"], "15 years"),
    (TEAMS, ["match 2027-02-01, dob 2011-02-02"], "15 years"),
    (TEAMS, ["born 07/05/2009"], "17 years"),
    (SCHOOL, ["2019年9月2日"], "7 年"),
    (SCHOOL, ["2019-09-02出生", "2027-09-01那天多大"], "7 年"),
    ("countdown to our move on 5 March 2027", ["how many weeks left?"], "103 days"),
    ("countdown to our move on 5 March 2027", ["which weekday?"], "Friday"),
    ("holiday planner: count working days between two dates", ["2026-12-07 - 2026-12-14"], " 5 weekdays"),
    (
        "holiday planner: count working days between two dates",
        ["2026-12-07 to 2026-12-14", "and till 2026-12-21?"],
        " 10 w",
    ),
    ("工龄：入职日期到今天几年", ["2016-04-01", "到2027-04-01呢"], "11 年"),
    ("到期日：开始日加N个月", ["2026-10-31，4个月"], "2027-02-28"),
    ("到期日：开始日加N个月", ["2026-10-31加4个月", "加5个月呢"], "2027-03-31"),
    (TICKETS, ["2026-12-03 + 4"], "2026-12-09"),
    (TICKETS, ["2026-12-03 + 4bd"], "2026-12-09"),
    (TICKETS, ["Thu 3 Dec 2026 + 2 bus. days"], "2026-12-07"),
    (DAYS, ["14.02.2027", "and 2028?"], "Monday"),
    (DAYS, ["Friday, 4 December 2026"], "Friday"),
    ("倒计时，还有多少天", ["2027年2月10日出发"], "80 天"),
    ("天數計算", ["離2027年2月14日還有幾天"], "84 天"),
    ("天數計算", ["2027年1月5日往後20天", "那天星期幾"], "星期一"),
]
NOT_ANSWERED: list[tuple[str, list[str]]] = [
    (TEAMS, ["dob 2029-01-01"]),
    (TEAMS, ["match 2027-06-30"]),
    (TEAMS, ["dob 30 Jun 2012", "match 2011-06-30"]),
    (TEAMS, ["dob 11/12/2008"]),
    (SCHOOL, ["2031年1月1日"]),
    ("工龄：入职日期到今天几年", ["2028-01-01"]),
    ("holiday planner: count working days between two dates", ["2026-12-07"]),
    ("date plus so many weeks", ["2026-12-03 + 4"]),
    (TICKETS, ["Mon 3 Dec 2026 + 2 working days"]),
    (DAYS, ["Saturday 4 December 2026"]),
    (DAYS, ["2026年12月4日（星期六）"]),
    (RENTALS, ["rented from 2027-01-01 for 3 months, last day?"]),
]


@pytest.mark.parametrize(("requirement", "prompts", "expected"), CONVERSATIONS)
def test_the_day_that_is_meant_is_told(requirement: str, prompts: list[str], expected: str) -> None:
    answer, worked_out = talk(requirement, prompts)

    assert worked_out
    assert expected in answer


@pytest.mark.parametrize(("requirement", "prompts"), NOT_ANSWERED)
def test_a_day_that_cannot_be_or_may_be_several_is_asked_back(requirement: str, prompts: list[str]) -> None:
    answer, worked_out = talk(requirement, prompts)

    assert answer
    assert not worked_out
