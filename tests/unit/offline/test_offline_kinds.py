"""Kinds of wording that people use, several of each, for agents that have only the tool in question."""

import pytest
from tests.unit.offline.test_offline_sessions import TODAY

from nexus_offline_builder.package.agent.payload import Invocation, Turn
from nexus_offline_builder.package.agent.responder import Responder
from nexus_offline_builder.requirement import matching_rules

SALES = "rep,region,amount\nKim,north,20\nLee,south,35\nKim,south,15\n"
FEES = "member,paid,fee\nHale,no,30\nOrr,yes,30\nPim,no,12\n"
DAYS = "day,spent\n2026-01-09,5\n2026-02-03,7\n2026-02-20,4\n"
BILL = "76.40 with 18% tip"

ANSWERS = {
    "a price and what is done to it": (
        "arithmetic",
        [
            ("scarf 40 less 15%", "= 34"),
            ("90 minus 20% plus 10% tax", "= 79.2"),
            ("net 250 with 19% vat", "= 297.5"),
            ("gross 357 incl 19% vat, net?", "= 300"),
            ("rent 900 plus power 90 split by 3", "= 330"),
            ("boots 140, 30% off, then another 10% off", "= 88.2"),
            ("500 increased by 4%", "= 520"),
            ("sofa 700, 15% discount, how much do i save", "= 105"),
            ("my bill is 62, how much is a 15% tip?", "= 9.3"),
            ("原价150打八五折再减10", "= 117.5"),
            ("2000元涨了5%是多少", "= 2100"),
            ("满200减30，买了260要付多少", "= 230"),
        ],
    ),
    "so many at so much": (
        "arithmetic",
        [
            ("2 adults at 14 and 3 kids at 6", "= 46"),
            ("25 guests at 12 per head", "= 300"),
            ("80 per night, 3 nights", "= 240"),
            ("hourly 21, 30 hours", "= 630"),
            ("7.5 hours at 40 plus 19% vat", "= 357"),
            ("if 6 pens cost 9, how much are 4?", "= 6"),
            ("we are 3 and the rent is 960", "= 320"),
            ("me and 4 friends split 90", "= 18"),
            ("1200 a month, how much a year", "= 14400"),
            ("cost 40 sold 50 profit percent", "= 25"),
            ("the coat was 160, now 120", "= 25"),
        ],
    ),
    "numbers as they are written elsewhere": (
        "arithmetic",
        [
            ("1.250,50 + 749,50", "= 2000"),
            ("根号49", "= 7"),
            ("47 / 5 remainder", "= 2"),
            ("netto 2.480,00 plus 10% vat", "= 2728"),
            ("CHF 1'040.50 + CHF 9.50", "= 1050"),
            ("₹2,50,000 + ₹50,000", "= 300000"),
            ("300元的鞋打九折", "= 270"),
        ],
    ),
    "several quantities": (
        "unit_conversion",
        [
            ("between 10 and 15 °C in F", "50 °F\n15 °C = 59 °F"),
            ("5-8 lb in kg", "3.6287"),
            ("how many 250 ml glasses in 2 l", "= 8"),
            ("it takes 6 l per 100 km, how many litres for 250 km?", "= 15 l"),
            ("5 US gal in l", "18.927"),
            ("30 mpg (UK gallons) in l/100km", "9.416"),
        ],
    ),
    "columns of a table": (
        "csv_totals",
        [
            (f"only rep and amount\n{SALES}", "Kim, 20\nLee, 35"),
            (f"what columns are there?\n{SALES}", "3 columns: rep, region, amount"),
            (f"unique region\n{SALES}", "region (2 different): north, south"),
            (f"without region\n{SALES}", "rep, amount\nKim, 20"),
            (f"sort by rep descending\n{SALES}", "Lee, south, 35\nKim"),
        ],
    ),
    "a quantity with a name": (
        "unit_conversion",
        [
            ("6 oz butter", "170.09"),
            ("my van does 25 mpg", "9.4085"),
            ("50 mpg uk", "5.6496"),
            ("temp 38C", "100.4 °F"),
            ("weighs 3.5 kg at birth", "7.71"),
            ("20里", "10 km"),
            ("5k in miles", "3.106"),
            ("convrt 3 km to mles", "1.864"),
        ],
    ),
    "a day as people say it": (
        "date_arithmetic",
        [
            ("days til 2026-12-31", "39 days"),
            ("07.11.1988", "Monday"),
            ("3-17 january 2027", "14 days"),
            ("first of next month", "2026-12-01"),
            ("the 15th of next month", "2026-12-15"),
            ("third monday of january 2027", "2027-01-18"),
            ("last friday of next month", "2026-12-25"),
            ("feb 2028 how many days", "29 days"),
            ("months from may 2025 to june 2026", "13 months"),
            ("is 2026-12-26 on a weekend", "Yes"),
            ("when does she turn 90? born 12 may 1941", "2031-05-12"),
            ("2100", "not a leap year"),
            ("合同从2026年1月1日起一年到哪天", "2027-01-01"),
            ("tommorow", "2026-11-23"),
        ],
    ),
    "rows by a condition": (
        "csv_totals",
        [
            (SALES + "how many are over 18?", "amount > 18:\n2 rows"),
            (SALES + "total of amounts under 30", "total of amount = 35"),
            (FEES + "who has not paid?", "paid = no:\n2 rows:\nHale, no, 30\nPim, no, 12"),
            (FEES + "total fee of those who have not paid", "total of fee = 42"),
            (DAYS + "total for february", "total of spent = 11"),
            (DAYS + "total per month", "- 2026-02: 11"),
            ("姓名,成绩\n甲一,90\n乙二,55\n60分以上的有几个", "成绩 ≥ 60:\n共 1 行"),
        ],
    ),
    "rows by name": (
        "csv_totals",
        [
            (SALES + "Kim vs Lee", "Kim 35, Lee 35, together 70, difference 0"),
            (SALES + "what percentage is Lee?", "50%"),
            ("class,mark\nA,8\nB,6\nA,9\nhow many in A", "class = A:\n2 rows"),
            ("class,mark\nA,8\nB,6\nA,9\nclass A average", "average of mark = 8.5"),
            ("month,sales\njan,10\nfeb,15\nbest month?", "feb (sales: 15)"),
            ("项目,金额\n房租,900\n网费,100\n房租占比", "90%"),
        ],
    ),
    "a table and no request": (
        "csv_totals",
        [
            ("name,score\nann,7\nbob,9", "max of score = 9 (bob)"),
            (FEES, "paid = no (2): Hale, Pim"),
            ("order,total\n1,20\n2,35", "2 rows:\ntotal of total = 55\n"),
            ("sum column 2\na,b\n1,2\n3,4", "total of b = 6"),
            ("tea 3, pie 5, jam 4", "= 12"),
        ],
    ),
    "documents by what is in them": (
        "json_query",
        [
            ('{"users":[{"n":"bo","age":5},{"n":"al","age":9}]} age of al', "= 9"),
            ('{"a":[{"id":1},{"id":2}]} ids', "[1, 2]"),
            ('{"item":{"prices":[9,3]}} price', "[9, 3]"),
        ],
    ),
    "texts with the request behind": (
        "text_statistics",
        [("hello big world, how many words?", "words: 3"), ("one two. how many letters", "letters: 6")],
    ),
    "what is not there is said": (
        "pattern_extraction",
        [
            ("call 0171 555 0199, I have no mail", "No e-mail addresses found."),
            (r"/[a-z]+\d/ in ab1 cd2 ef", "ab1, cd2"),
        ],
    ),
}
ASKED = [(tool, prompt, answer) for tool, cases in ANSWERS.values() for prompt, answer in cases]
SECOND_TURNS = [
    ("arithmetic", ("3 shirts at 19.99 each", "and 5?"), "= 99.95"),
    ("arithmetic", ("50 + 20", "minus 10%"), "= 63"),
    ("arithmetic", ("原价 260 元打九折", "再减20元呢?"), "= 214"),
    ("arithmetic", ("dinner was $90, 20 percent tip, six of us", "oh wait only five of us came"), "= 21.6"),
    ("arithmetic", ("12.5 hours at 60", "and 14 hours?"), "= 840"),
    ("arithmetic", (BILL, "split between two"), "= 45.076"),
    ("unit_conversion", ("preheat to 350 fahrenheit", "and that in kelvin?"), "449.8167 K"),
    ("unit_conversion", ("70公斤是多少磅", "那斤呢"), "140 jin"),
    ("date_arithmetic", ("2026-12-01 + 30 days", "plus another week"), "2027-01-07"),
    ("date_arithmetic", ("2026年1月1日到2026年3月1日", "那到4月1日呢？"), "90 天"),
    ("csv_totals", (SALES + "total per rep", "and the average?"), "- Kim: 17.5"),
    ("csv_totals", ("sort by v, best first\nn,v\na,1\nb,3", "just the first one"), "b, 3"),
    ("csv_totals", (FEES, "how many were there?"), "paid = no (2): Hale, Pim"),
    ("csv_totals", (SALES, "who sold more than 30?"), "Lee, south, 35"),
    ("json_query", ('{"a":[4,5,6]} a[0]', "and the last one?"), "= 6"),
]
NO_ANSWER = [
    ("arithmetic", "salary 3000, tax 20%"),
    ("arithmetic", "120 including 20% tax"),
    ("arithmetic", "price with vat 120, vat 20%"),
    ("arithmetic", "I had 50, spent 12.30 and 8"),
    ("arithmetic", "6 beers at 4.50 and one water"),
    ("arithmetic", "3 shirts for 45 and 2 hats for 20"),
    ("arithmetic", "split 100 by 4 but tom pays double"),
    ("arithmetic", "120 for two, how much for five?"),
    ("unit_conversion", "room is 12 ft by 14 ft"),
    ("unit_conversion", "meeting 30 min"),
    ("json_query", '{"a":5} a plus 1'),
    ("text_statistics", "hours per name\nname,hours\nAna,4\nBo,3"),
]


def said(tool: str, *prompts: str) -> tuple[str, bool]:
    """The last answer, and whether it is one."""
    agent, turns = Responder.of_manifest({"tools": [{"name": tool}]}), list[Turn]()
    *before, last = prompts
    for prompt in before:
        turns.append(Turn(prompt, agent.reply(Invocation(prompt, tuple(turns)), TODAY).text))
    reply = agent.reply(Invocation(last, tuple(turns)), TODAY)
    answered = any(isinstance(call["output"], dict) and "error" not in call["output"] for call in reply.tool_calls)
    return reply.text, answered


@pytest.mark.parametrize(("tool", "prompt", "answer"), ASKED)
def test_a_wording_of_a_known_kind_is_read(tool: str, prompt: str, answer: str) -> None:
    assert answer in said(tool, prompt)[0]


@pytest.mark.parametrize(("tool", "prompts", "answer"), SECOND_TURNS)
def test_a_second_turn_is_about_the_first(tool: str, prompts: tuple[str, ...], answer: str) -> None:
    assert answer in said(tool, *prompts)[0]


@pytest.mark.parametrize(("tool", "prompt"), NO_ANSWER)
def test_what_can_be_meant_otherwise_is_not_answered(tool: str, prompt: str) -> None:
    assert not said(tool, prompt)[1]


@pytest.mark.parametrize(
    ("requirement", "tool"),
    [
        ("leap yaer checker", "date_arithmetic"),
        ("timesheets, hours per name", "csv_totals"),
        ("my shop does markdowns, customers ask the end price", "arithmetic"),
        ("warehouse list: which item has most stock", "csv_totals"),
        ("scores from our quiz night, ranked", "csv_totals"),
        ("tipping helper", "arithmetic"),
        ("从文本里抓邮箱", "pattern_extraction"),
    ],
)
def test_a_terse_requirement_calls_for_its_tool(requirement: str, tool: str) -> None:
    assert tool in [rule.name for rule in matching_rules(requirement)]


@pytest.mark.parametrize(
    "requirement",
    [
        "a short poem for a birthday when I say the name",
        "read my emails aloud",
        "写一篇关于春天的作文",
        "stock prices every morning",
    ],
)
def test_what_no_tool_does_calls_for_none(requirement: str) -> None:
    assert matching_rules(requirement) == ()
