"""A bare prompt is read with what the requirement asks of every prompt; a request of its own always wins."""

from functools import partial

import pytest
from tests.support.offline_talks import asked

said = partial(asked, today=(2026, 3, 14))
STAFF = "name,dept,salary,leave\nUma,Ops,3100,4\nVik,Lab,2900,12\nWen,Ops,3300,7"
STOCK = "品名,库存,单价\n铅笔,3,1.5\n尺子,20,2\n橡皮,4,0.5"
TEAMS = "姓名,部门,奖金\n赵,销售,300\n钱,研发,500\n孙,销售,200"
ORDERS = "order,status,amount\nK1,shipped,30\nK2,returned,45\nK3,shipped,12"

WHOLE = [
    # Units: the other one of the pair, the family of a letter, a number without a unit, all that are named.
    ("hectares -> acres for forest plots", "3.2", "3.2 ha ≈ 7.907"),
    ("hectares -> acres for forest plots", "10 acres", "4.0468"),
    ("yards -> metres for fabric", "5 yd", "4.572 m"),
    ("convert ounces into kilograms for parcels", "400 oz", "11.33"),
    ("runners ask km to miles", "42k", "42 km ≈ 26.09"),
    ("body weight, kg <-> lb", "70k", "154.32"),
    ("oven: fahrenheit to celsius", "425 degrees", "218.3"),
    ("oven: fahrenheit to celsius", "350", "176.6"),
    ("kelvin, celsius and fahrenheit for the lab", "25 C", "298.15 K"),
    ("把磅换算成公斤", "150", "68.03"),
    ("海里和公里换算", "12 海里", "22.224 km"),
    ("tyre pressure from bar to kPa, e.g. 2.2 bar", "3", "300 kPa"),
    ("my scale shows pounds, the courier needs kilograms", "33", "14.968"),
    ("华氏到摄氏,温度换算", "100度", "37.77"),
    # Spans: the requirement's unit first; two months and more in years and months always.
    ("tenure of employees in years and months", "2015-09-01 2021-11-16", "6 years and 2 months and 15 days"),
    ("how long did tenants stay, move-in and move-out date", "2020-02-01 - 2022-05-11", "2 years and 3 months"),
    ("days between two dates", "2024-01-01 2024-04-05", "95 days (13 weeks and 4 days), or 3 months and 4 days"),
    ("入职和离职日期,算工龄", "2018-03-05 2024-06-20", "6 年 3 个月 15 天"),
    ("count the working days between two dates", "2026-03-02 to 2026-03-16", "10 weekdays"),
    ("两个日期之间有多少个工作日", "2026年3月2日到2026年3月16日", "10 个工作日"),
    # The language of the requirement, where the prompt has none.
    ("告诉我任意日期是星期几", "2024-10-01", "星期二"),
    ("换算千克和磅的小工具", "5 kg", "lb"),
    # A date: what the requirement asks of it.
    ("last day of the month for any date", "2028-02-03", "2028-02-29"),
    ("last day of the month for any date", "Apr 9, 2026", "2026-04-30"),
    ("给一个日期,求当月最后一天", "2026-02-10", "2026 年 2 月 28 日"),
    ("invoices are due 45 days after the date", "2026-05-01", "2026-06-15"),
    ("合同签订日期后60天到期", "2026-01-10", "2026-03-11"),
    ("papers are due 14 days before a date", "2026-09-20", "2026-09-06"),
    ("first day of the following month from a date", "2026-07-08", "2026-08-01"),
    ("is a given date on a weekend?", "2026-03-15", "Yes"),
    ("warranty is 2 years from purchase, tell me when it ends", "bought yesterday", "2028-03-13"),
    # A table: groups, conditions, order, figures.
    ("sum per department", STAFF, "total of salary by dept:\n- Ops: 6400\n- Lab: 2900"),
    ("average salary per dept, for payroll", STAFF, "average of salary by dept:\n- Ops: 3200"),
    ("按部门合计", TEAMS, "- 销售: 500\n- 研发: 500"),
    ("csv: keep only the name and salary columns", STAFF, "Uma, 3100\nVik, 2900"),
    ("list rows with leave under 5", STAFF, "leave < 5:\n1 row:\nUma"),
    ("which staff to call (leave below 8), from the csv", STAFF, "Uma, Ops, 3100, 4\nWen, Ops, 3300, 7"),
    ("列出库存低于5的行", STOCK, "铅笔, 3, 1.5\n橡皮, 4, 0.5"),
    ("sort the csv by salary, highest first", STAFF, "Wen, Ops, 3300, 7\nUma"),
    ("totals and averages per dept of a csv", STAFF, "average of leave by dept:\n- Ops: 5.5"),
    ("total amount of money per dept, from my csv", STAFF, "total of salary by dept:\n- Ops: 6400"),
    ("pull columns out of a csv", "dept\n" + STAFF, "dept\nOps\nLab"),
    ("which parts are below 5 pieces, stock list", STOCK, "铅笔, 3, 1.5\n橡皮, 4, 0.5"),
    ("only the rows where status is returned", ORDERS, "K2, returned, 45"),
    # Several numbers: what the requirement works out from them.
    ("add up my fuel receipts", "41.20, 38.05 and 40", "= 119.25"),
    ("mean of exam marks", "7 8 12", "= 9"),
    ("by how many percent did a price rise or fall", "80 -> 92", "= 15"),
    ("difference between two numbers", "1520 and 1480", "= 40"),
    # A rate of the prompt's own, and people: by the requirement's rule.
    ("waiters share tips: bill with tip, split", "90 for 3 with 10%", "= 33"),
    ("sales commission", "12,000 at 4%", "= 480"),
    ("VAT calculator 25%", "price 80 plus vat", "= 100"),
    # Days: the way that the requirement counts.
    ("deadline is so many days after signing", "signed 2026-04-01, 20 days", "2026-04-21"),
    ("date plus days", "2026-04-01 20", "2026-04-21"),
    ("weeks until my exam", "exam is 2026-06-20", "14 weeks"),
    ("next friday, in three weeks, ten days ago: what date is that", "tomorrow", "2026-03-15"),
    ("last day of a month", "february 2028", "2028-02-29"),
    # Codes like the one that is shown.
    ("find ticket ids like TK-123 in mails", "see TK-77 and QQ-5, not T-1", "TK-77, QQ-5"),
    # A rate: applied to a bare amount.
    ("VAT 21%, net from gross", "605", "= 500"),
    ("net to gross with 21% VAT", "500 €", "= 605"),
    ("增值税6%,含税价算不含税价", "212", "= 200"),
    ("15% off everything, what does the customer pay", "60", "= 51"),
    ("tip calculator, 18% tip", "bill 50", "= 59"),
    ("rent split between the four of us", "1800", "= 450"),
    ("one field of the webhook json: buyer.city", '{"buyer": {"city": "Turku", "zip": "20100"}}', "Turku"),
]
ASKED_BACK = [
    ("runners ask km to miles", "8 m"),
    ("kg to lbs and cm to inches", "80"),
    ("tell me the quarter of a date", "2026-05-06"),
    ("payment 30, 60 and 90 days after the invoice date", "2026-05-06"),
    ("nights between two dates, both days count", "2026-05-06 2026-05-09"),
    ("last day of the month for any date", "2026-05-06 2026-07-09"),
    ("csv totals per region", "name,salary\nUma,3100\nVik,2900"),
    ("csv: list rows with stock under 5", STAFF),
    ("total of the csv without the returned orders", ORDERS),
    ("calculator with VAT 7% or 19%", "100"),
]
NO_RULE = [
    # What the requirement says of other things is no part of the answer.
    ("price per kg to price per lb", "3.50", "7.71"),
    ("tell the weekday of a date within the next 30 days", "2026-12-05", "2027-01-04"),
    ("discount calculator, students get 10% off", "80", "72"),
    ("I run a shop with 3 employees and split my bills evenly", "80", "26.6"),
    ("add days to a date, for example 30 days after 2026-01-01", "2026-05-04", "2026-06-03"),
    ("deadline calculator (e.g. 14 days after signing)", "2026-05-04", "2026-05-18"),
    ("日期加减,例如合同日期后30天", "2026-05-04", "2026-06-03"),
]
OWN_REQUEST = [
    ("acres -> square metres for land listings", "2 acres in hectares", "0.809"),
    ("invoices are due 45 days after the date", "2026-05-01 plus 10 days", "2026-05-11"),
    ("last day of the month for any date", "what weekday is 2026-03-17", "Tuesday"),
    ("count the working days between two dates", "how many days from 2026-03-02 to 2026-03-16", "14 days"),
    ("sum per department", f"{STAFF}\n\ntotal of leave", "total of leave = 23"),
    ("VAT 21%, net from gross", "605 * 2", "= 1210"),
    ("15% off everything, what does the customer pay", "60 with 50% off", "= 30"),
    ("tyre pressure from bar to kPa, e.g. 2.2 bar", "30 psi in bar", "2.068"),
]
NEXT_TURN = [
    ("acres -> square metres for land listings", ["2.4 acres", "and 3 acres?"], "12140"),
    ("runners ask km to miles", ["10k", "and 20?"], "20 km ≈ 12.42"),
    ("yards -> metres for fabric", ["5 yd", "and in feet?"], "15 ft"),
    ("invoices are due 45 days after the date", ["2026-05-01", "what weekday is that?"], "Monday"),
    ("sum per department", [STAFF, "and the average?"], "average of salary by dept:\n- Ops: 3200"),
    ("csv of salaries by dept -> totals + averages", [STAFF, "who has the most leave?"], "Vik (leave: 12)"),
    ("sort the csv by salary, highest first", [STAFF, "and the average?"], "average of salary = 3100"),
    ("VAT 21%, net from gross", ["605", "and how much of it is the tax?"], "= 105"),
    ("告诉我任意日期是星期几", ["2024-10-01", "2024-10-02"], "星期三"),
]


@pytest.mark.parametrize(("requirement", "prompt", "expected"), WHOLE)
def test_a_bare_prompt_gets_what_the_requirement_asks(requirement: str, prompt: str, expected: str) -> None:
    text, worked_out = said(requirement, [prompt])
    assert expected in text
    assert worked_out


@pytest.mark.parametrize(("requirement", "prompt"), ASKED_BACK)
def test_what_the_requirement_asks_and_cannot_be_done_is_not_answered_with_something_else(
    requirement: str, prompt: str
) -> None:
    text, worked_out = said(requirement, [prompt])
    assert not worked_out, text


@pytest.mark.parametrize(("requirement", "prompt", "expected"), OWN_REQUEST)
def test_a_request_in_the_prompt_wins(requirement: str, prompt: str, expected: str) -> None:
    assert expected in said(requirement, [prompt])[0]


@pytest.mark.parametrize(("requirement", "prompts", "expected"), NEXT_TURN)
def test_a_second_turn_goes_on_from_the_prompt_as_it_was_read(
    requirement: str, prompts: list[str], expected: str
) -> None:
    assert expected in said(requirement, prompts)[0]


@pytest.mark.parametrize(("requirement", "prompt", "never"), NO_RULE)
def test_numbers_of_the_requirement_do_not_leak_into_answers(requirement: str, prompt: str, never: str) -> None:
    text = said(requirement, [prompt])[0]
    assert text
    assert never not in text
