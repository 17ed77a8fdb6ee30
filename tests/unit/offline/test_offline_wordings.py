"""Kinds of wording that people use and that were once refused, or answered wrongly."""

import pytest
from tests.unit.offline.test_offline_sessions import TODAY, talk

from nexus_offline_builder.package.agent.payload import Invocation
from nexus_offline_builder.package.agent.responder import Responder
from nexus_offline_builder.requirement import matching_rules

STOCK = "tool,qty,price\nrake,4,12.50\nnail box,30,2\nspade,2,19"
SALES = "town\tsold\nRome\t3\nOslo\t5\nRome\t4"
READ = {
    "arithmetic": [
        ("lunch was 64, leave 25 percent, what is the total", "= 80"),
        ("supper came to $90, we tip 20% and split it between 3 of us, how much does each one pay?", "= 36"),
        ("gas 40.50, phone 19.50, rent 300, split by 4", "= 90"),
        ("账单200元，加10%小费，4个人平分，每人多少", "= 55"),
        ("it costs 7.35, she hands me a 10, how much change?", "= 2.65"),
        ("东西一共17.5元，给了50，找多少", "= 32.5"),
        ("60 including 20% VAT, what is the net?", "= 50"),
        ("不含税价300，税率6%", "= 318"),
        ("30 euro at 1.20 dollars per euro", "= 36"),
        ("72 88 95", "sum(72, 88, 95) = 255"),
        ("tea 2.40, bun 1.60", "= 4"),
        ("8:15 to 16:45", "8 h 30 min"),
        ("22:00-6:30", "8 h 30 min"),
        ("2h 40m + 1h 30m", "4 h 10 min"),
    ],
    "date_arithmetic": [
        ("7 May 1999", "27 years"),
        ("born 1980-02-29", "46 years"),
        ("Paid on 2026-03-05, due again 2026-09-05, receipt 8812.", "dates (2): 2026-03-05 (Thursday), 2026-09-05"),
        ("next working day after 2026-12-04", "2026-12-07"),
        ("xmas", "2026-12-25"),
        ("8月1日到12月31日有多少天", "从 2026-08-01 到 2026-12-31 相差 152 天"),
    ],
    "unit_conversion": [
        ("30 miles in 1.5 hours, how fast is that in mph", "= 20 mph"),
        ("3 hours at 40 km/h, how many km", "= 120 km"),
        ("36度", "36 °C"),
        ("华氏50度是多少摄氏度", "= 10 °C"),
        ("2 bar", "psi"),
        ("5 ft 6", "= 167.64 cm"),
        ("183 cm in feet", "(6 ft 0.05 in)"),
    ],
    "csv_totals": [
        (f"what is it all worth\n{STOCK}", "= 148"),
        (f"which tool is the most expensive?\n{STOCK}", "spade"),
        (f"how many rakes do I have?\n{STOCK}", "total of qty = 4"),
        (f"sort by price, highest first\n{STOCK}", "spade, 2, 19\nrake, 4, 12.50\nnail box, 30, 2"),
        (f"which town sold the most?\n{SALES}", "Rome (sold: 7)"),
        (f"which town has the highest sold?\n{SALES}", "Oslo (sold: 5)"),
        (SALES, "- Rome: 7"),
        (f"how many?\n{STOCK}", "3 rows"),
        ("城市,销量\n甲,3\n乙,5\n甲,4\n按销量从高到低排序", "乙, 5\n甲, 4\n甲, 3"),
    ],
    "text_statistics": [
        ("which word is used most often? Go on, go out", "go (2)"),
        ("How many sentences? Mr. Fox ran 2.5 miles. He slept.", "sentences: 2"),
        ("chars without spaces: a bc", "characters without spaces: 3"),
        ("哪个字出现最多？天天向上", "天 (2)"),
    ],
    "json_query": [('{"k": [1]}', "This is valid JSON"), ('{"k": 1} is that ok?', "This is valid JSON")],
}
NOT_READ = [
    ("arithmetic", "bill 80, 2 people, 3 kids, split"),
    ("arithmetic", "refund 30, bill 50, split by 2"),
    ("arithmetic", "from 50 to 65"),
    ("arithmetic", "Tue 9-17"),
    ("arithmetic", "call 020 7946"),
    ("text_statistics", "vowels in banjo"),
    ("text_statistics", "how many words in this text?"),
]
SECOND_TURNS = [
    ("arithmetic", ("15% tip on 80", "and 20%?"), "= 16"),
    ("arithmetic", ("split 90 between 3 people", "what if only 2 of us pay?"), "= 45"),
    ("arithmetic", ("split 90 between 3 people", "what if only 2 of us pay?", "and if it is 100?"), "= 50"),
    ("arithmetic", ("400的15%是多少", "那20%呢"), "= 80"),
    ("arithmetic", ("bill 3.20, got 5", "what if he gives me 10 instead"), "= 6.8"),
    ("arithmetic", ("4, 9, 11", "and the highest?"), "= 11"),
    ("date_arithmetic", ("10 days after 2026-05-01", "and 20 days?"), "2026-05-21"),
    ("date_arithmetic", ("2026-05-01之后10天", "那30天呢"), "2026-05-31"),
    ("date_arithmetic", ("days between 2024-01-01 and 2024-03-01", "and 2024-04-01?"), "91 days"),
    ("date_arithmetic", ("From 2026-05-01, till 2026-05-11.", "how many days between them?"), "10 days"),
    ("unit_conversion", ("70 kg", "and 80?"), "176.3698 lb"),
    ("pattern_extraction", ("Please mail bob@x.org or eve@y.org, ring 555-0134", "how many emails?"), "(2)"),
    ("pattern_extraction", ("联络王五，手机13800002222", "一共有几个号码"), "（1）"),
]
REQUIREMENTS = [
    ("the customer hands over a note and my bot says how much to give back", "arithmetic"),
    ("tire pressure", "unit_conversion"),
    ("inventory of a bakery: how many of each, what is it worth", "csv_totals"),
    ("average of grades", "arithmetic"),
]


@pytest.mark.parametrize(
    ("tool", "prompt", "expected"), [(tool, *case) for tool, cases in READ.items() for case in cases]
)
def test_a_wording_of_a_known_kind_is_read(tool: str, prompt: str, expected: str) -> None:
    assert expected in talk([tool], [prompt])


@pytest.mark.parametrize(("tool", "prompt"), NOT_READ)
def test_a_wording_that_only_looks_like_a_known_kind_is_not_answered(tool: str, prompt: str) -> None:
    calls = Responder.of_manifest({"tools": [{"name": tool}]}).reply(Invocation(prompt), TODAY).tool_calls
    assert [call for call in calls if "error" not in str(call["output"])] == []


@pytest.mark.parametrize(("tool", "prompts", "expected"), SECOND_TURNS)
def test_a_second_turn_may_say_only_what_is_different(tool: str, prompts: tuple[str, ...], expected: str) -> None:
    assert expected in talk([tool], prompts)


@pytest.mark.parametrize(("requirement", "tool"), REQUIREMENTS)
def test_a_requirement_without_the_name_of_a_tool_calls_for_it(requirement: str, tool: str) -> None:
    assert tool in [rule.name for rule in matching_rules(requirement)]
