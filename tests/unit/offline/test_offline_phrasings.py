"""Short and loose wordings that were once refused or misread, and right prompts with something more in them."""

import pytest
from tests.unit.offline.test_offline_sessions import TODAY, talk

from nexus_offline_builder.package.agent.payload import Invocation, Turn
from nexus_offline_builder.package.agent.responder import Responder
from nexus_offline_builder.requirement import matching_rules

SPENT = "kind,paid\nrent,650\nfood,120\nfood,80"
MARKS = "姓名,分数\n乙,85\n甲,50"
READ = {
    "arithmetic": [
        ("coat 90, 30% off", "= 63"),
        ("coat was $90, now 30% off, what do I pay?", "= 63"),
        ("30% off 90 and another 10% off", "= 56.7"),
        ("8 pens for 6.40, how much is one?", "6.40 / 8 = 0.8"),
        ("18/24 in percent", "= 75"),
        ("what % is 18 of 24", "= 75"),
        ("fare went from 40 to 50, how much % is that", "= 25"),
        ("50 to 40 percent decrease", "= 20"),
        ("remove 20% vat from 180", "= 150"),
        ("lunch 64.50, 3 people, 20% tip", "= 25.8"),
        ("3 teas at 2.10 and 2 buns at 1.40", "= 9.1"),
        ("6 9 12 average", "= 9"),
        ("my marks are 6, 9 and 12, what's my average", "= 9"),
        ("语文6，数学9，英语12，平均分", "= 9"),
        ("5 boxes of 12", "= 60"),
        ("12.5 rounded", "≈ 13"),
        ("2.5 rounded", "≈ 3"),
        ("2½ + 1", "= 3.5"),
        ("3块5一斤，买4斤多少钱", "= 14"),
        ("三百五加一", "= 351"),
        ("3万5千减5千", "= 30000"),
        ("90元3个人平分", "= 30"),
        ("打七折 90元", "= 63"),
        ("12.35 from a 20 note", "= 7.65"),
    ],
    "unit_conversion": [
        ("½ cup in ml", "= 118.29411825 ml"),
        ("half litre in ml", "= 500 ml"),
        ("a dozen inches in cm", "= 30.48 cm"),
        ("inches to cm: 10", "= 25.4 cm"),
        ('10" in cm', "= 25.4 cm"),
        ("10 stone 7 in kg", "66.678"),
        ("1 gallon (uk) in litres", "= 4.54609 l"),
        ("1 uk pint in ml", "= 568.26125 ml"),
        ("一米八是多少英尺", "5.905512 ft"),
        ("3万5千米是多少公里", "= 35 km"),
        ("2 square km in hectares", "= 200 ha"),
        ("an hour and a half in minutes", "= 90 min"),
        ("5ft7 in m", "= 1.7018 m"),
    ],
    "date_arithmetic": [
        ("2027-01-01 + 100d", "2027-04-11"),
        ("rent due every 30 days from 2025-03-01", "2026-12-21"),
        ("leap year 2100?", "not a leap year"),
        ("days in feb 2028", "29 days"),
        ("working days in march 2025", "21 weekdays"),
        ("invoice dated 2025-03-01 net 30", "2025-03-31"),
        ("passport issued 2020-05-01 valid 10 years", "2030-05-01"),
        ("deadline 2026-12-15", "23 days"),
        ("今年还剩多少天", "39 天"),
        ("一年半后是几号", "2028-05-22"),
        ("11-Sep-2001", "Tuesday"),
    ],
    "csv_totals": [
        (f"biggest expense?\n{SPENT}", "max of paid = 650 (rent)"),
        (f"how many per kind\n{SPENT}", "- food: 2"),
        (f"how many rows are food\n{SPENT}", "2 rows"),
        ("how many towns\ntown,n\nRome,2\nOslo,3", "2 rows"),
        ("qty * price\nthing,qty,price\na,2,3\nb,4,5", "= 26"),
        (f"总分和平均分\n{MARKS}", "分数 的合计 = 135"),
        (f"最低分\n{MARKS}", "= 50 (甲)"),
        ("哪个最贵\n商品,价格\n笔,1.5\n书,12", "书"),
        ("笔多少钱\n商品,价格\n笔,1.5\n书,12", "= 1.5"),
    ],
    "text_statistics": [
        ('"go or stay" words', "words: 3"),
        ("how many letters are in the word kiwi?", "letters: 4"),
        ("count the letter k in kick", "2 times"),
        ("characters including spaces: a b", "characters: 3"),
        ("天天向上里有几个天", "2 次"),
        ("生存还是毁灭 多少字", "6"),
    ],
    "pattern_extraction": [("how many emails? ann@x.org, bob@y.com", "(2)"), ("find /[0-9]+/ in a1b22c", "1, 22")],
    "json_query": [
        ('{"rows":[{"sku":"p"},{"sku":"q"}]} all skus', '["p", "q"]'),
        ("[4,5,6] [0]", "= 4"),
        ('{"列表":[1,2]} 有几个', ": 2"),
    ],
}
NOT_READ = {
    "arithmetic": [
        "120 incl 20% vat",
        "20% markup on 50",
        "86 of 4 about",
        "cost 25 and 40%",
        "1000 people, 35% voted",
        "3.99 for 12, each?",
        "average 72/85/90",
        "9 x 7 and 7",
        "not 7 * 8",
        "2 ** 10 except 2",
        "half of 3 teas at 2.10 and 2 buns at 1.40",
        "+20%",
    ],
    "unit_conversion": [
        "a couple of miles in km",
        "5 km 7",
        "5 km 7 in miles",
        "5 km in miles not feet",
        "3 $/kg in $/lb",
    ],
    "date_arithmetic": [
        "half a month after 2025-03-01",
        "days between 2025-03-01 and 2025-04-15 twice",
        "days in 3 weeks",
        "days in q1 2025",
        "how many days from today is that",
    ],
    "csv_totals": [
        f"row totals\n{SPENT}",
        "by item and shop\nitem,shop,price\npen,A,1.50\npen,B,12",
        f"total paid minus 2\n{SPENT}",
        f"second highest paid\n{SPENT}",
    ],
    "text_statistics": ["capital letters in Hello World", "silent letters: knight"],
    "pattern_extraction": ["card numbers: 4111 1111 1111 1111"],
}
SECOND_TURNS = [
    ("arithmetic", ("12 * 12", "plus 20% VAT"), "= 172.8"),
    ("arithmetic", ("12 * 12", "20% off"), "= 115.2"),
    ("arithmetic", ("12 * 12", "as a percentage of 288"), "= 50"),
    ("arithmetic", ("15% of 240", "same for 300"), "= 45"),
    ("arithmetic", ("15% tip on 40", "what's the total then"), "= 46"),
    ("arithmetic", ("split 86 by 4", "if we are 5?"), "= 17.2"),
    ("arithmetic", ("250打八折", "打七折呢"), "= 175"),
    ("arithmetic", ("72 85 90", "how many are there"), "3 numbers"),
    ("unit_conversion", ("5'11\" in cm", "and 6'2\"?"), "= 187.96 cm"),
    ("unit_conversion", ("25℃", "30度呢"), "= 86 °F"),
    ("date_arithmetic", ("2025-03-01", "day before?"), "2025-02-28"),
    ("date_arithmetic", ("2025-03-01 + 45 days", "another 10 days"), "2025-04-25"),
    ("date_arithmetic", ("2025-03-01 + 45 days", "how many days from today is that?"), "586 days"),
    ("date_arithmetic", ("2025-03-01 to 2025-04-15", "and to 2025-05-01?"), "61 days"),
    ("date_arithmetic", ("30天后是几号", "60天呢"), "2027-01-21"),
    ("date_arithmetic", ("2025-03-01到2025-04-15有几天", "工作日呢"), "31 个工作日"),
    ("csv_totals", (SPENT, "and only food?"), "total of paid = 200"),
    ("csv_totals", (SPENT, "how much was rent?"), "total of paid = 650"),
    ("csv_totals", (SPENT, "top 2"), "rent (paid: 650)\nfood (paid: 120)"),
    ("csv_totals", (f"average\n{SPENT}", "total instead"), "= 850"),
    ("text_statistics", ("a b a c", "now this: a b c d e"), "words: 5"),
    ("text_statistics", ("how many words: a b c", 'and in "d e"?'), "words: 2"),
    ("pattern_extraction", ("a@b.org, c@d.org", "count them"), "(2)"),
]
AMBIGUOUS_TURNS = [("arithmetic", ("24 split 6 ways", "what about 12?")), ("csv_totals", (SPENT, "and of cups?"))]
WHOLE = {
    "arithmetic": ["7 * 8", "15% of 240", "coat 90, 30% off", "3 teas at 2.10 and 2 buns at 1.40"],
    "unit_conversion": ["5 km in miles", "8 oz", "half a mile in km"],
    "date_arithmetic": ["100 days after 2027-01-01", "days between 2025-03-01 and 2025-04-15", "days in feb 2028"],
}
STRAYS = ["{} and 7", "{} except 2", "{} without weekends", "{} twice", "{}, then 12", "3 times {}", "half of {}"]
REQUIREMENTS = [
    ("waiter bot", "arithmetic"),
    ("splitting rent with flatmates", "arithmetic"),
    ("kids ask it 7x8", "arithmetic"),
    ("how hot is 100f", "unit_conversion"),
    ("lease ends when", "date_arithmetic"),
    ("合同到期日", "date_arithmetic"),
    ("who sold most", "csv_totals"),
    ("bookkeeper for my corner shop", "csv_totals"),
    ("tweet length", "text_statistics"),
    ("扒出文本里的邮箱", "pattern_extraction"),
    ("what keys does this object have", "json_query"),
    ("convert rows to json records", "csv_to_json"),
]


def _answered(tool: str, *prompts: str) -> bool:

    agent = Responder.of_manifest({"tools": [{"name": tool}]})
    turns = tuple(Turn(prompt, agent.reply(Invocation(prompt), TODAY).text) for prompt in prompts[:-1])
    calls = agent.reply(Invocation(prompts[-1], turns), TODAY).tool_calls
    return any("error" not in str(call["output"]) for call in calls)


@pytest.mark.parametrize(
    ("tool", "prompt", "expected"), [(tool, *case) for tool, cases in READ.items() for case in cases]
)
def test_a_loose_wording_is_read(tool: str, prompt: str, expected: str) -> None:
    assert expected in talk([tool], [prompt])


@pytest.mark.parametrize(("tool", "prompt"), [(tool, one) for tool, prompts in NOT_READ.items() for one in prompts])
def test_a_wording_with_an_unread_part_or_two_meanings_is_not_answered(tool: str, prompt: str) -> None:
    assert not _answered(tool, prompt)


@pytest.mark.parametrize(("tool", "prompts", "expected"), SECOND_TURNS)
def test_a_short_second_turn_is_read(tool: str, prompts: tuple[str, ...], expected: str) -> None:
    assert expected in talk([tool], prompts)


@pytest.mark.parametrize(("tool", "prompts"), AMBIGUOUS_TURNS)
def test_a_second_turn_that_may_mean_several_things_is_not_answered(tool: str, prompts: tuple[str, ...]) -> None:
    assert not _answered(tool, *prompts)


@pytest.mark.parametrize(("tool", "prompt"), [(tool, one) for tool, prompts in WHOLE.items() for one in prompts])
def test_something_more_in_a_prompt_changes_the_answer_or_is_refused(tool: str, prompt: str) -> None:
    whole = talk([tool], [prompt])
    unheard = [more for stray in STRAYS if (more := stray.format(prompt)) and talk([tool], [more]) == whole]
    assert unheard == []


@pytest.mark.parametrize(("requirement", "tool"), REQUIREMENTS)
def test_a_requirement_in_everyday_words_calls_for_its_tool(requirement: str, tool: str) -> None:
    assert tool in [rule.name for rule in matching_rules(requirement)]
