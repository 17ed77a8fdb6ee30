"""A reading accounts for every number, date, unit and column of a prompt, or the agent says that it does not."""

import pytest
from tests.unit.offline.test_offline_sessions import TODAY, talk

from nexus_offline_builder.package.agent.payload import Invocation
from nexus_offline_builder.package.agent.responder import Responder

TABLE = "dept,name,amount\nops,ann,10\nops,bob,6\nhr,cy,4"
DOCUMENT = '{"user":{"name":"Ann","tags":["a","b"]},"cities":[{"city":"Rome"},{"city":"Oslo"}],"n":7}'
READ = {
    "arithmetic": [
        (".5 * 4", "= 2"),
        ("12'500 - 500", "= 12000"),
        ("a 20% tip on $45.50", "= 9.1"),
        ("80 plus 15% VAT", "= 92"),
        ("split 120 between 4 people", "= 30"),
        ("percent change from 40 to 50", "= 25"),
        ("从80涨到100涨了百分之几", "= 25"),
        ("百分之二十的五十", "= 10"),
        ("2 1/2 + 1", "= 3.5"),
        ("2 dozen times 3", "= 72"),
        ("round 3.14159 to 2 decimals", "≈ 3.14"),
    ],
    "csv_totals": [
        ('name,v\n"a\nb",2\nc,3', "total of v = 5"),
        ('"first\ncell",b\n1,2\n3,4', "total of b = 6"),
        ("sep=;\na;b\n1;2\n3;4", "total of b = 6"),
        (f"count per dept\n{TABLE}", "- ops: 2"),
        (f"how many rows have amount > 6?\n{TABLE}", "amount > 6:\n1 row"),
        ("total in January\ndate,v\n2024-01-02,3\n2024-02-01,4", "total of v = 3"),
        ("per month\ndate,v\n2024-01-02,3\n2024-02-01,4", "- 2024-02: 4"),
        (f"total of amount for ann\n{TABLE}", "name = ann:\n1 row:\ntotal of amount = 10"),
        (f"top 2 by amount\n{TABLE}", "ops, ann, 10\nops, bob, 6"),
        ("每个部门有几行\n部门,金额\n甲,3\n乙,4\n甲,1", "- 甲: 2"),
        ("部门,金额\n甲,3\n乙,4\n甲部门的合计", "部门 = 甲:\n共 1 行：\n金额 的合计 = 3"),
    ],
    "unit_conversion": [
        ("minus 40 Fahrenheit to Celsius", "-40 °F = -40 °C"),
        ("零下10℃是多少℉", "= 14 °F"),
        ("1,5 km in m", "= 1500 m"),
        ("half a mile in km", "= 0.804672 km"),
        ("1 1/2 miles in km", "= 2.414016 km"),
        ("five and a half feet in cm", "= 167.64 cm"),
        ("半斤是多少克", "= 250 g"),
        ("5 foot 11 to cm", "= 180.34 cm"),
        ("5 km and 3 miles in m", "3 mi = 4828.032 m"),
        ("2 kg in g and 3 ft in cm", "3 ft = 91.44 cm"),
        ("30 mpg in l/100km", "7.840486 l/100km"),
        ("70 kg/m3 in lb/ft3", "4.369957 lb/ft³"),
        ("1 Gb in MB", "= 125 MB"),
        ("100 Mbps in MB/s", "= 12.5 MB/s"),
        ("10 kilomters to miles", "6.213712 mi"),
        ("2.5 GiB in MiB", "= 2560 MiB"),
        ("100 celsius", "= 212 °F"),
    ],
    "date_arithmetic": [
        ("2024-07-04", "Thursday"),
        ("20240228 plus 2 days", "2024-03-01"),
        ("28 Feb 24", "Wednesday"),
        ("2/28/24", "Wednesday"),
        ("half a year from 2024-01-15", "2024-07-15"),
        ("a year and a half after 2024-01-15", "2025-07-15"),
        ("上个月最后一天是几号", "2026-10-31"),
        ("明年今天是星期几", "星期一"),
        ("下周五是几号", "2026-11-27"),
        ("last day of February 2024", "2024-02-29"),
        ("days left this year", "39 days"),
        ("how many days in February 2024", "29 days"),
        ("hours between 2024-01-01 and 2024-01-03", "48 hours"),
        ("months between 2024-01-01 and 2024-04-01", "3 months"),
        ("how old is someone born 2000-01-01", "26 years and 10 months and 21 days"),
        ("how many Mondays between 2024-01-01 and 2024-02-01", "5 Mondays"),
        ("from 31 August plus 6 months", "2027-02-28"),
        ("2024-01-01 plus 10 days minus 3 days", "2024-01-08"),
        ("2024年3月1日到15日多少天", "14 天"),
        ("what day is christmas 2025", "Thursday"),
    ],
    "text_statistics": [("the cat sat on the mat", "words: 6"), ("how many words in: count the words", "words: 3")],
    "json_query": [
        ('取出 {"姓名":"张三"} 的姓名', "张三"),
        ('{"列表":[1,2,3]} 列表有几个', ": 3"),
        ('{"a":1', "not valid JSON"),
    ],
    "pattern_extraction": [
        ("see https://a.b/c and http://d.e", "https://a.b/c, http://d.e"),
        ("emails: ann@x.org", "ann@x.org"),
        ("电话13812345678谢谢", "13812345678"),
    ],
}
NOT_READ = {
    "arithmetic": [
        "10x + 5",
        "$5 + €7",
        "20% discount on 50",
        "the 5 people paid 20 each",
        "is 3*4 > 10?",
        "7 choose 2",
        "five times the 3*4",
    ],
    "csv_totals": [
        f"standard deviation of amount\n{TABLE}",
        f"amount by floor\n{TABLE}",
        f"sum amuont\n{TABLE}",
        f"sum of salary\n{TABLE}",
        "a,b\nx,$5\ny,€8",
        "a,b\nx,5%\ny,2",
    ],
    "unit_conversion": [
        "10 ft lb in J",
        "5 pounds in dollars",
        "5 kg in miles",
    ],
    "date_arithmetic": [
        "03/04/2024 plus 15 days",
        "days between 2024-01-01, 2024-02-01 and 2024-03-01",
        "2024-01-01T10:00 plus 5 hours",
        "24-02-28 plus 1 day",
        "2024-01-01 to 2024-02-01 plus 3 days",
        "from March 1 to 15, 2024 how many days",
    ],
    "text_statistics": [
        "how many words start with a: apple ant bee",
        "reading time of: a b c",
        "how many vowels in hello",
    ],
    "json_query": [
        'the email in {"a":1}',
        'variance of a in {"a":[1,2]}',
        '{"a":[{"b":1}]} a where b = 2',
        'get a and b from {"a":1,"b":2}',
    ],
    "pattern_extraction": ["extract zip codes: 10115 Berlin", "no contacts here at all"],
}
SECOND_TURNS = [
    ("arithmetic", ("12 * 12", "subtract 10% of it"), "= 129.6"),
    ("arithmetic", ("40 + 60", "take 50 off that"), "= 50"),
    ("arithmetic", ("9 * 4", "now times 2, minus 2"), "= 70"),
    ("arithmetic", ("10 / 3", "round that to 2 decimals"), "≈ 3.33"),
    ("arithmetic", ("八乘九", "它的一半"), "= 36"),
    ("unit_conversion", ("100 C to F", "and that in kelvin?"), "= 373.15 K"),
    ("unit_conversion", ("100 C to F", "and in kelvin?"), "= 373.15 K"),
    ("unit_conversion", ("10 kg to lb", "what about 20 kg?"), "44.09245 lb"),
    ("unit_conversion", ("10公里是多少英里", "那是多少米"), "= 10000 m"),
    ("csv_totals", (TABLE, "how many were there?"), "3 rows"),
    ("csv_totals", ("average of b\na,b\n1,2\n3,4", "and just the a column?"), "average of a = 2"),
    ("csv_totals", (TABLE, "and for ann only?"), "total of amount = 10"),
    ("date_arithmetic", ("2024-07-04", "and 10 days later?"), "2024-07-14"),
    ("date_arithmetic", ("2024-07-04", "and a week before that?"), "2024-06-27"),
    ("date_arithmetic", ("days between 2024-01-01 and 2024-03-01", "and in hours?"), "1440 hours"),
    ("text_statistics", ("the cat sat", "and how many characters?"), "characters: 11"),
    ("text_statistics", ("count words: a b a", "and the unique ones?"), "unique words: 2"),
    ("json_query", (f"get cities from {DOCUMENT}", "how many were there?"), "2 rows"),
    ("json_query", (f"get cities from {DOCUMENT}", "now look up [1].city in that"), "Oslo"),
    ("json_query", (f"get n from {DOCUMENT}", "and user.name?"), "Ann"),
    ("pattern_extraction", ("emails: a@b.org, c@d.org", "how many were there?"), "(2)"),
    ("pattern_extraction", ("a@b.org https://x.org", "and the links?"), "https://x.org"),
]


@pytest.mark.parametrize(
    ("tool", "prompt", "expected"), [(tool, *case) for tool, cases in READ.items() for case in cases]
)
def test_a_prompt_is_read_as_a_whole(tool: str, prompt: str, expected: str) -> None:
    assert expected in talk([tool], [prompt])


@pytest.mark.parametrize(("tool", "prompt"), [(tool, one) for tool, prompts in NOT_READ.items() for one in prompts])
def test_what_cannot_be_read_as_a_whole_is_not_answered(tool: str, prompt: str) -> None:
    agent = Responder.of_manifest({"tools": [{"name": tool}]})
    calls = agent.reply(Invocation(prompt), TODAY).tool_calls
    assert [call for call in calls if "error" not in str(call["output"])] == []


@pytest.mark.parametrize(("tool", "prompts", "expected"), SECOND_TURNS)
def test_a_second_turn_is_about_the_first(tool: str, prompts: tuple[str, ...], expected: str) -> None:
    assert expected in talk([tool], prompts)
