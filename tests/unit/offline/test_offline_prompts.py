"""Prompts as people word them, in English and Chinese, and what the answer must hold."""

from collections.abc import Sequence

import pytest

from nexus_offline_builder.catalogue import RULES
from nexus_offline_builder.package.agent.payload import Invocation
from nexus_offline_builder.package.agent.responder import Responder

SUNDAY = (2026, 11, 22)
PRICES = "item,price,qty\npen,1.50,3\nbook,12,10"
DOCUMENT = '{"a": {"b": [1, 42]}, "items": [{"name": "pen", "price": 3.5}, {"name": "ink", "price": 2}]}'


def answer(tools: Sequence[str], prompt: str) -> str:
    responder = Responder.of_manifest({"tools": [{"name": tool} for tool in tools]})
    return responder.reply(Invocation(prompt), SUNDAY).text


ARITHMETIC = [
    ("What is (17.5 + 2.5) * 4?", "= 80"),
    ("what is 12 times 7", "= 84"),
    ("sum of 3, 4 and 5", "= 12"),
    ("divide 10 by 4", "= 2.5"),
    ("What is 15% of 80?", "= 12"),
    ("200 + 10%", "= 220"),
    ("100 - 20%", "= 80"),
    ("0.1+0.2", "= 0.3"),
    ("12乘以7", "= 84"),
    ("12乘以7等于多少？", "= 84"),
    ("三加五", "= 8"),
    ("三加五等于多少？", "= 8"),
    ("三百零五乘以二", "= 610"),
    ("一百加二十三点五", "= 123.5"),
    ("3.5万加2", "= 35002"),
    ("1,234,567 + 1", "= 1234568"),
    ("-2^2", "= -4"),
    ("2^-1", "= 0.5"),
    ("2**100", "1267650600228229401496703205376"),
    ("what is twelve plus thirty-four?", "= 46"),
    ("two hundred and five minus 5", "= 200"),
    ("square root of 16", "= 4"),
    ("sqrt(2)", "≈ 1.41421356237"),
    ("What's 5 squared?", "= 25"),
    ("what is 10 to the 3rd power", "= 1000"),
    ("2 to the power of 8", "= 256"),
    ("5 factorial", "= 120"),
    ("20 is what percent of 80?", "= 25"),
    ("what percent of 80 is 20?", "= 25"),
    ("20% off 50", "= 40"),
    ("increase 50 by 10%", "= 55"),
    ("17 mod 5", "= 2"),
    ("17 % 5", "= 2"),
    ("remainder of 17 divided by 5", "= 2"),
    ("average of 3, 4 and 8", "= 5"),
    ("3、4、5的和是多少", "= 12"),
    ("3和5的和", "= 8"),
    ("200的15%是多少", "= 30"),
    ("9的平方根", "= 3"),
    ("2的10次方", "= 1024"),
    ("10减去3等于几？", "= 7"),
    ("请帮我计算 (3+4)*5", "= 35"),
    ("100打8折", "= 80"),
    ("subtract 3 from 10", "= 7"),
    ("the product of 6 and 7", "= 42"),
    ("difference between 10 and 4", "= 6"),
    ("divide the sum of 3 and 5 by 2", "= 4"),
    ("multiply 3 by 4 then subtract 5", "= 7"),
    ("add 3 and 4 and multiply by 2", "= 14"),
    ("what is the sum of 10 and 20 divided by 3", "= 10"),
    ("2(3+4)", "= 14"),
    ("3×4÷2", "= 6"),
    ("7x8", "= 56"),
    ("５＋３＝？", "= 8"),
    ("10 / 3", "≈ 3.33333333333"),
    ("half of 10", "= 5"),
    ("sum of 1,200 and 300", "= 1500"),
    ("sum of 100,200,300", "= 600"),
    ("max of 3, 9, 2", "= 9"),
    ("What is 2+2 and what is 3*3?", "3 * 3 = 9"),
    ("I have 3 boxes, what is 3*4 please", "= 12"),
    ("100/7 rounded to 2 decimals", "≈ 14.29"),
    ("100除以7，保留两位小数", "≈ 14.29"),
    ("the sum of all numbers from 1 to 10", "= 55"),
    ("从1加到100等于多少", "= 5050"),
    ("What do you get if you add 7 and 8?", "= 15"),
    ("8减5再乘2", "= 6"),
    ("What is 12*12? Then divide that by 4", "= 36"),
    ("1/0", "Division by zero"),
    ("十除以零", "除数不能为零"),
    ("9**9**9**9", "too large"),
    ("(1+2", "closing parenthesis"),
]
CSV = [
    (f"Total this CSV:\n{PRICES}", "total of price = 13.5"),
    (f"Total this CSV:\n{PRICES}", "total of qty = 13"),
    ("Total this CSV: a,b\\n1,2\\n3,4", "total of b = 6"),
    (f"```csv\n{PRICES}\n```\nsum of price", "total of price = 13.5"),
    ("sales;amount\nx;1,5\ny;2,5", "total of amount = 4"),
    ("add up the columns\na\tb\n1\t2\n3\t4", "total of a = 4"),
    ("总计每一列\n商品,价格\n笔,1.5\n书,12", "价格 的合计 = 13.5"),
    ('name,amount\n"Smith, J",10\n"Doe",20\nplease total', "total of amount = 30"),
    ("total sales by region:\nregion,sales\nn,1\ns,2\nn,5", "- n: 6"),
    ("按地区汇总:\n地区,销售额\n北,1\n南,2\n北,5", "北: 6"),
    ("value\n1\n2\n3", "total of value = 6"),
    ("Total this CSV: a,b 1,2 3,4", "total of a = 4"),
    (f"average of price in\n{PRICES}", "average of price = 6.75"),
    (f"what is the highest price?\n{PRICES}", "max of price = 12"),
    (f"how many rows?\n{PRICES}", "2 rows"),
    (f"total of weight\n{PRICES}", "no column 'weight'"),
    ('sum\nx,y\n"1,200",$3\n(5),4', "total of x = 1195"),
    ("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\ntotal the table", "total of b = 6"),
    ("total the csv\na,b\nx,y\nz,w", "nothing to total"),
    ("total this csv:\na,b\n1,2\n3", "total of a = 4"),
]
UNITS = [
    ("convert 10 km to miles", "6.213712 mi"),
    ("把 10 公里换算成英里", "6.213712 mi"),
    ("把10公里换算成英里", "6.213712 mi"),
    ("10公里等于多少英里？", "6.213712 mi"),
    ("what is 100 fahrenheit in celsius?", "37.77778 °C"),
    ("What's 72°F in °C?", "22.22222 °C"),
    ("30 摄氏度转华氏度", "86 °F"),
    ("-40 C to F", "-40 °F"),
    ("how many feet are in a mile?", "5280 ft"),
    ("how many ounces in 2 pounds", "32 oz"),
    ("5 feet 3 inches in cm", "160.02 cm"),
    ("what is 5'11\" in cm", "180.34 cm"),
    ("1 GB to MB", "1000 MB"),
    ("1 GiB in MiB", "1024 MiB"),
    ("60 mph to km/h", "96.56064 km/h"),
    ("how many seconds in a day", "86400 s"),
    ("How many days are in 3 weeks", "21 days"),
    ("10 斤是多少公斤", "5 kg"),
    ("ten kilometers in miles", "6.213712 mi"),
    ("convert 5 km to kg", "cannot be converted"),
    ("100 USD to EUR", "no exchange rates"),
    ("convert 1,500 meters to km", "1.5 km"),
    ("-5 K to C", "absolute zero"),
]
DATES = [
    ("How many days between 2024-01-01 and 2024-03-01?", "60 days"),
    ("今天之后 30 天是几号", "2026-12-22"),
    ("30 days from today", "2026-12-22"),
    ("add 3 months to 2024-01-31", "2024-04-30"),
    ("subtract 10 days from 2024-03-05", "2024-02-24"),
    ("what day of the week was July 4, 1776?", "Thursday"),
    ("What is today's date?", "2026-11-22"),
    ("how many days until Christmas?", "33 days"),
    ("how many days since 2024-01-01", "1056 days"),
    ("2024年1月1日到2024年3月1日有多少天", "60 天"),
    ("距离2027年1月1日还有多少天", "40 天"),
    ("2024年5月1日是星期几", "星期三"),
    ("明天是星期几", "星期一"),
    ("3周后是哪天", "2026-12-13"),
    ("10天前是几号", "2026-11-12"),
    ("Is 2024 a leap year?", "is a leap year"),
    ("2100年是闰年吗", "不是闰年"),
    ("add 10 business days to 2024-03-01", "2024-03-15"),
    ("2024-02-30 plus 1 day", "no date 2024-02-30"),
    ("days between 01/02/2024 and 2024-05-01", "2024-01-02 or 2024-02-01"),
    ("Days between March 1st and March 15th 2025", "14 days"),
    ("2 weeks before 2024-03-01", "2024-02-16"),
    ("add 5000000 days to 2024-01-01", "years 1 to 9999"),
]
TEXTS = [
    ('How many words are in "to be or not to be"?', "words: 6"),
    ("Count the words in this text: Hello world. How are you?", "words: 5"),
    ("统计这段文字的字数：生存还是毁灭，这是一个问题。", "12"),
    ("how many characters in hello world", "characters: 11"),
    ("top 3 words in: a b a c b a d", "a (3), b (2), c (1)"),
    ("How many sentences are there in the following text?\nOne. Two! Three?", "sentences: 3"),
    ("Hello world this is a text\n\nHow many words is that?", "words: 6"),
    ("how many times does the word 'the' appear in the cat sat on the mat", "2 times"),
    ("How many r's are in strawberry?", "3 times"),
    ("这句话有多少个字：今天天气很好", "6"),
    ('count the characters in "abc def" without spaces', "6"),
]
JSON = [
    (f"Get a.b[1] from {DOCUMENT}", "42"),
    (f"$.items[*].name in {DOCUMENT}", '["pen", "ink"]'),
    (f"从 {DOCUMENT} 中取出 items[0].price", "3.5"),
    (f"keys of this json: {DOCUMENT}", '["a", "items"]'),
    (f"how many items are in {DOCUMENT}", ": 2"),
    (f"get $.zzz from {DOCUMENT}", "nothing at $.zzz"),
    ('is this valid json: {"a": 1,}', "not valid JSON"),
    ('查询 {"姓名": "张三", "年龄": 30} 中的 年龄', "30"),
    (f"get items[-1].name from {DOCUMENT}", "ink"),
]
PATTERNS = [
    ("Extract the emails from: write to ann@example.org or bob@x.co.uk.", "ann@example.org, bob@x.co.uk"),
    ("find all urls in: see https://a.b/c?d=1, and www.x.com.", "https://a.b/c?d=1, www.x.com"),
    ("提取其中的邮箱：请联系 ann@example.org", "ann@example.org"),
    ("extract numbers from I have 3 apples and 4.5 pears", "3, 4.5"),
    ("find phone numbers: call +1 555-123-4567 or 13812345678", "+1 555-123-4567, 13812345678"),
    ("extract dates from: due 2024-01-31 and March 5, 2024", "2024-01-31, March 5, 2024"),
    ("find /a+b/ in: aab ab b", "aab, ab"),
    ("match /(a+)+$/ in: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "I refuse"),
]
CONVERSIONS = [
    ("convert to json:\na,b\n1,x", '"a": 1'),
    ("把这个 CSV 转成 JSON：\n商品,价格\n笔,1.5", '"商品": "笔"'),
]
BY_TOOL = {
    "arithmetic": ARITHMETIC,
    "csv_totals": CSV,
    "unit_conversion": UNITS,
    "date_arithmetic": DATES,
    "text_statistics": TEXTS,
    "json_query": JSON,
    "pattern_extraction": PATTERNS,
    "csv_to_json": CONVERSIONS,
}
CASES = [(tool, prompt, expected) for tool, cases in BY_TOOL.items() for prompt, expected in cases]


@pytest.mark.parametrize(("tool", "prompt", "expected"), CASES)
def test_an_agent_with_one_tool_answers(tool: str, prompt: str, expected: str) -> None:
    assert expected in answer([tool], prompt)


@pytest.mark.parametrize(("tool", "prompt", "expected"), CASES)
def test_an_agent_with_every_tool_answers_the_same(tool: str, prompt: str, expected: str) -> None:
    assert expected in answer(list(RULES), prompt)


STRANGERS = [
    (owner, *BY_TOOL[other][0])
    for owner in BY_TOOL
    for other in BY_TOOL
    if owner != other and not {owner, other} <= {"csv_totals", "csv_to_json"}
]


@pytest.mark.parametrize(("owner", "prompt", "expected"), STRANGERS)
def test_an_agent_does_not_answer_what_only_another_tool_can(owner: str, prompt: str, expected: str) -> None:
    told = answer([owner], prompt)
    assert expected not in told or told.startswith("I cannot help with that: none of my tools fits '")


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("hello", "I can:"),
        ("你好", "我能做的是"),
        ("what can you do?", "I can:"),
        ("what's the capital of France?", "I cannot help with that"),
        ("法国的首都是哪里？", "这个我做不了"),
        ("__import__('os').system('ls')", "I cannot help with that"),
        ("call 555-1234", "I cannot help with that"),
        ("thanks!", "You are welcome"),
    ],
)
def test_an_agent_says_what_it_can_do_instead(prompt: str, expected: str) -> None:
    assert expected in answer(["csv_totals", "arithmetic"], prompt)


def test_an_agent_without_tools_says_so() -> None:
    assert "I have no tools" in answer([], "What is 1 + 1?")
    assert "我没有任何工具" in answer([], "一加一等于几？")
