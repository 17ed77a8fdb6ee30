"""A later turn is read by its roles: an operation on the result, one thing that is different, the data before.

Names, reasons and asides around them say nothing, however they are worded.
"""

import pytest
from tests.support.offline_talks import asked

from nexus_offline_builder.package.agent.operations import operation_in
from nexus_offline_builder.package.agent.substitution import substituted

SUMS, UNITS = "calculator", "converter for lengths, weights and volumes"
DAYS, SHEETS = "dates: days between, add days, weekday", "i paste csv and ask things"
JSON = "look things up in JSON that I paste"
PRODUCT = "15 * 8.40"
TEAM = "name,dept,salary,bonus\nAnna,Sales,3200,150\nBen,IT,4100,300\nCara,Sales,2900,90\n"
SHOP = '{"orders":[{"buyer":"Moss","total":45.5},{"buyer":"Reed","total":12}],"shop":"Leith"}'

OPERATIONS: list[tuple[str, list[str], str]] = [
    ("hectares <-> acres", ["340 acres", "and in m²?"], "1375931"),
    ("percent up or down", ["600 -> 750", "and from that to 900?"], "20%"),
    ("mean of marks", ["mean of 60 70 80", "and if i add a 90?"], "= 75"),
    ("算费用分摊和打折", ["32人，每人12.5元，一共多少", "再加上100元"], "= 500"),
    (SUMS, ["12% of 350", "ok then take 7 off that, loyalty card"], "= 35"),
    (SUMS, [PRODUCT, "less the 30 deposit she already paid"], "= 96"),
    (SUMS, [PRODUCT, "plus postage of 4.95 to Cork"], "= 130.95"),
    (SUMS, [PRODUCT, "and now with a 10% discount because we're regulars"], "= 113.4"),
    (SUMS, [PRODUCT, "divide that among the three flats pls"], "= 42"),
    (SUMS, [PRODUCT, "could you double that for both kids?"], "= 252"),
    (SUMS, ["300 + 19%", "halve it, my brother pays the other half"], "= 178.5"),
    (SUMS, ["300 + 19%", "and 20 more for delivery, what does it come to?"], "= 377"),
    (SUMS, ["300 + 19%", "and how much of that is the tax?"], "= 57"),
    (SUMS, ["1200元打8折多少", "再减100元的券呢"], "= 860"),
    (SUMS, ["1200元打8折多少", "我们四个人分，每人多少"], "= 240"),
    (SUMS, ["8500涨5%是多少", "乘以12个月是多少"], "= 107100"),
    (UNITS, ["5 miles in km", "i do that twice a day, how much is it in total?"], "16.09344 km"),
    (UNITS, ["5 miles in km", "and with 3 km more on top for the detour"], "11.04672 km"),
    (UNITS, ["5 miles in km", "at 0.30 a km what can I claim?"], "2.414016"),
    (UNITS, ["40 kg to lb", "and with the 12 kg pallet on top, in lb?"], "114.6"),
    (UNITS, ["30磅是多少公斤", "再加上5公斤的箱子一共多重"], "18.6077"),
    (UNITS, ["10 kg in lb", "over 20 lb is extra, how much over?"], "2.046"),
    (DAYS, ["days from 2026-12-01 to 2026-12-24", "at 14.50 a day for the dog sitter, what do I owe"], "= 333.5"),
    (DAYS, ["2026-12-10 plus 3 weeks", "the printer is late, add another 10 days"], "2027-01-10"),
    (DAYS, ["2026-12-10 plus 3 weeks", "two days earlier is better for us"], "2026-12-29"),
    (SHEETS, [f"{TEAM}total salary", "times 12 for the year"], "= 122400"),
    ("count words", ["how many words: we saw an old red boat", "my editor pays 0.20 per word, so?"], "= 1.2"),
]
DIFFERENT: list[tuple[str, list[str], str]] = [
    ("csv totals", [f"{TEAM}how many people", "list the names"], "Anna, Ben, Cara"),
    ("日期", ["2026-10-31加4个月", "再加5个月呢"], "2027-07-28"),
    (SUMS, ["240 / 5", "great, and if my sister pays as well, so 6 of us?"], "= 40"),
    (SUMS, ["20% tip on 85", "hm service was slow. 10% instead"], "= 8.5"),
    (SUMS, [PRODUCT, "sorry, I meant 18 not 15"], "= 151.2"),
    (SUMS, [PRODUCT, "what if they cost 9.10 each?"], "= 136.5"),
    (SUMS, ["from 50 to 65 in percent", "hmm what if it only went to 55"], "= 10"),
    (SUMS, ["8500涨5%是多少", "不对，我说的是9500"], "= 9975"),
    (SUMS, ["5人分350元", "如果7个呢"], "= 50"),
    (UNITS, ["750 g in lb", "what about 900?", "in ounces, that one"], "31.7"),
    (UNITS, ["2 cups in ml", "no sorry, 3 cups"], "709.7"),
    (DAYS, ["days from 2026-12-01 to 2026-12-24", "what if I start on 2026-12-05 instead"], "19 days"),
    (DAYS, ["days from 2026-12-01 to 2026-12-24", "and to the 31st?"], "30 days"),
    (DAYS, ["from 2026-07-11 until 2026-08-02", "and what weekday do we come back?"], "Sunday"),
    (
        DAYS,
        ["from 2026-07-11 until 2026-08-02", "which weekday do we come back?", "and when we leave, what day?"],
        "Satur",
    ),
    (JSON, [f"buyer of orders[0] in {SHOP}", "and orders[1]?"], "Reed"),
    (JSON, [f"{SHOP}\ntotal of Moss", "and Reed?"], "= 12"),
    (SHEETS, [f"{TEAM}total salary per dept", "and the bonus per dept"], "Sales: 240"),
]
NOT_ANSWERED: list[tuple[str, list[str]]] = [
    ("mark -> percent", ["31 out of 40", "and with 4 more points"]),
    ("及格率 出勤率 百分数", ["全班40人，今天3人请假，出勤率？"]),
    ("splits costs among people", ["14 people, 21.50 each, what is the total"]),
    (UNITS, ["650 kcal in kJ", "thats my lunch every day, so how much is it for 7 days"]),
    (SUMS, ["12 * 3", "14 * 3", "add those two together"]),
    (SUMS, ["80 * 20", "and if it were 25?"]),
    (SUMS, ["120 / 4", "but 3 of them can't pay"]),
    (SUMS, ["120 / 4", "how long would that take with 5 people"]),
    (SUMS, ["5人分350元", "少一个人呢"]),
    (SUMS, ["18% of 250", "and what about my mum?"]),
    (SUMS, [PRODUCT, "take a few off"]),
    (UNITS, ["5 miles in km", "add 3 kg to that"]),
    (DAYS, ["days from 2026-12-01 to 2026-12-24", "without the 5 days off"]),
    (SHEETS, [f"{TEAM}total salary", "and for the night shift?"]),
]


@pytest.mark.parametrize(("requirement", "prompts", "expected"), OPERATIONS + DIFFERENT)
def test_a_later_turn_is_read_by_its_roles(requirement: str, prompts: list[str], expected: str) -> None:
    answer, worked = asked(requirement, prompts)
    assert worked
    assert expected in answer


@pytest.mark.parametrize(("requirement", "prompts"), NOT_ANSWERED)
def test_what_may_be_meant_otherwise_is_not_worked_out(requirement: str, prompts: list[str]) -> None:
    _, worked = asked(requirement, prompts)
    assert not worked


@pytest.mark.parametrize(
    "prompt", ["12 of 40 and 3 more", "which one is cheaper", "round that to 2 decimals", "4h + 2h05"]
)
def test_what_is_no_operation_on_a_result(prompt: str) -> None:
    assert operation_in(prompt) is None


@pytest.mark.parametrize(
    ("prompt", "before", "meant"),
    [
        ("if only three of us pay", "96 split between 4", "96 split between 3 of us"),
        ("and if it had been 64 before?", "it was 75 and is now 48", "it was 64 and is now 48"),
        (
            "oops I meant april 20 for the end",
            "between 2026-01-15 and 2026-04-10",
            "between 2026-01-15 and april 20 2026",
        ),
        ("same for march", "working days in february 2027", "working days in march 2027"),
        ("如果今年是736台呢", "去年卖了640台，今年卖了800台", "去年卖了640台, 今年卖了736台"),
        ("and the 2 months before?", "total 450", None),
        ("what about 40", "12 * 3 + 30", None),
    ],
)
def test_the_one_thing_that_is_different(prompt: str, before: str, meant: str | None) -> None:
    assert substituted(prompt, before) == meant
