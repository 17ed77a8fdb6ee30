"""Inputs on which agents fell, answered nothing or claimed what is not so, and what they answer."""

import pytest

from nexus_offline_builder.catalogue import RULES
from nexus_offline_builder.package.agent.payload import Invocation
from nexus_offline_builder.package.agent.responder import Responder
from nexus_offline_builder.package.agent.showable import showable_call, showable_text
from nexus_offline_builder.package.tools.contract import JsonValue

SUNDAY = (2026, 11, 22)
AMOUNTS = "\nname,amount\na,5\nb,6"
CHINESE_AMOUNTS = "\n姓名,金额\n张,5\n李,6"
CONDITION = "I cannot pick rows by a condition"
CONDITION_CHINESE = "我不能按条件筛选行"
UNCLEAR = "I cannot tell what to work out"
VALID = "This is valid JSON."
INVALID = "This is not valid JSON: "
UNREAD = "I cannot read the path from"
ANSWERS = [
    ('get x from {"x": NaN}', "This is not valid JSON: NaN is not a JSON value."),
    ("get x from [1,NaN]", "NaN is not a JSON value"),
    ('从 {"x": -Infinity} 中取出 x', "这不是有效的 JSON：-Infinity"),
    ('is this valid JSON: {"x": NaN}', "This is not valid JSON"),
    ('is this valid JSON: {"x": 1e400}', "This is valid JSON."),
    ('get x from {"x": 1e400}', "$.x = 1e400"),
    ('get x from {"x": 12345678901234567890.123456789}', "$.x = 12345678901234567890.123456789"),
    ('get x from {"x": ' + "1" * 5000 + "}", "$.x = " + "1" * 5000),
    ('get x from {"x": "\\ud800"}', "$.x = \\ud800"),
    ('get x from {"x": {"\\ud800": 1}}', '"\\ud800": 1'),
    ('get x from {"x": ""}', '$.x = ""'),
    ('get x from {"x": 1, "x": 2}', 'the key "x" more than once'),
    ('is this valid JSON: {"x": 1, "x": 2}', 'But an object has the key "x" more than once'),
    ('is this valid JSON: {"x": "\\ud800"}', "half of a surrogate pair"),
    ('is this valid JSON: {"x": {"y": 1}, }', "This is not valid JSON"),
    ("is this valid JSON: {'x': [1]}", "This is not valid JSON"),
    ('is this valid JSON: {"x": tru, "y": [1]}', "This is not valid JSON"),
    ('is this valid JSON: {"x": 1}}', "more text after its end"),
    ('is this valid JSON: {"x": 1}{"x": 2}', "more text after its end"),
    ('从{"a": {"b": 2}}中取出 a.b', "$.a.b = 2"),
    ('get x from {"x": ' + "[" * 150 + "]" * 150 + "}", "nested too deeply"),
    (f"total by amount{AMOUNTS}", "nothing to total by 'amount'"),
    (f"sort by amount{AMOUNTS}", "by amount, lowest first"),
    (f"按金额排序{CHINESE_AMOUNTS}", "按 金额 从小到大"),
    (f"按部门合计金额{CHINESE_AMOUNTS}", "没有“部门”这一列"),
    (f"按金额合计{CHINESE_AMOUNTS}", "没有其他数字列"),
    (f"按姓名合计金额{CHINESE_AMOUNTS}", "- 张: 5"),
    (f"total by department{AMOUNTS}", "no column 'department'"),
    (f"total by each name{AMOUNTS}", "- a: 5"),
    (f"total of name{AMOUNTS}", "The column 'name' holds no numbers."),
    ("total by name\nname;amount\na;1,5\nb;2,75\na;1,25", "- a: 2.75"),
    ("total by name\nname,amount\na,5\nb,x\nb,7", "1 cells without a number left out"),
    ("total\nname,amount\na,1.5E+3\nb,nan\nc,5", "total of amount = 1505"),
    ("total\nname,amount\na,12 34\nb,1 234\nc,1", "total of amount = 1235"),
    ("total\na,a,a (2)\n1,2,3\n4,5,6", "total of a (3) = 7"),
    ("longest word in: 🚀🚀", "no word"),
    ("top 3 words in: 🚀 🚀", "most frequent words: none"),
    ("find /x*/ in: ab", 'matches (3): "", "", ""'),
    ("extract from the text emails a@b.org c", "What shall I look for?"),
    ("match /((a+))+$/ in: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "I refuse"),
    ("match /(?:(a|b)c?)*$/ in: abab!", "I refuse"),
    ("match /(a?)+$/ in: aaaa!", "I refuse"),
    ("find /[(+](a)+/ in: (aa", "matches (1): (aa"),
    ("一亿亿亿亿亿加1", "这个我做不了"),
    ("two thousand million plus 1", "= 2000000001"),
    ("is 0 a leap year", "no year 0"),
    ("total amount\nname,amount\na,NaN\nb,6", "(amount: 1 cells without a number left out)"),
    ("合计金额\n姓名,金额\n张三,NaN\n李四,6", "（金额：忽略了 1 个非数字单元格）"),
    ("total\nname,amount\na,inf\nb,N/A\nc,6\nd,null\ne,7\nf,nan\ng,-", "(amount: 5 cells without a number left out)"),
    ("total by name\nname,amount\na,NaN\nb,6", "(amount: 1 cells without a number left out)"),
    ("total\nvalue\n1\n2\nNaN\n4", "total of value = 7\n(value: 1 cells without a number left out)"),
    ("is this valid JSON: NaN", f"{INVALID}NaN is not a JSON value."),
    ("is this valid JSON: -Infinity", f"{INVALID}-Infinity is not a JSON value."),
    ("is this valid JSON: null", VALID),
    ("is this valid JSON: 5", VALID),
    ("is this valid JSON:\n-1.5e3", VALID),
    ('is this valid JSON: "x"', VALID),
    ('is this valid JSON: "{"', VALID),
    ('is this valid JSON: "\\ud800"', "half of a surrogate pair"),
    ('is this valid JSON: "x', f"{INVALID}Unterminated string"),
    ("is this valid JSON: 'x'", f"{INVALID}Expecting value"),
    ("is this valid JSON: 5 6", f"{INVALID}there is more text after its end."),
    ("is this valid JSON: 01", f"{INVALID}there is more text after its end."),
    ("check this JSON:\n```json\nnull\n```", VALID),
    ("is this valid JSON? null", VALID),
    ('is this a valid JSON: {"a": 1}', VALID),
    ("get the 2nd item from [1, 2]", "nothing at $.2nd"),
    ("is NaN valid JSON?", f"{INVALID}NaN is not a JSON value."),
    ("这是有效的 JSON 吗：NaN", "这不是有效的 JSON：NaN 不是 JSON 值。"),
    ("null 是有效的 JSON 吗？", "这是有效的 JSON。"),
    ('get a[99999999999999999999] from {"a":[1]}', "nothing at $.a[99999999999999999999]"),
    ('get $.a[-99999999999] from {"a":[1]}', "nothing at $.a[-99999999999]"),
    ("get a[" + "9" * 400 + '] from {"a":[1]}', UNREAD),
    ('get a[x] from {"a":[1]}', f"{UNREAD} '[x]'"),
    ('get a[1:2] from {"a":[1]}', UNREAD),
    ('get a[?(@.x>1)] from {"a":[{"x":2}]}', UNREAD),
    ('get $.a[0][x] from {"a":[[1]]}', UNREAD),
    ('取 a[x] 从 {"a":[1]}', "我读不懂路径"),
    ('get [5] from {"a":[1]}', "nothing at $[5]"),
    ('get \udfff from {"\udfff": 1}', '$["\\udfff"] = 1'),
    ('get \\udfff from {"\\udfff": 1}', '$["\\udfff"] = 1'),
    ('get "\udfff" from {"\udfff": 1}', '$["\\udfff"] = 1'),
    ('get \ud800 from {"\udfff": 1}', "nothing at"),
    ('取 \udfff 从 {"\udfff": 1}', '$["\\udfff"] = 1'),
    ('get 🚀 from {"🚀": 1}', '$["🚀"] = 1'),
    ('get "first name" from {"first name": 1, "first": 2}', '$["first name"] = 1'),
    ('get ü from {"é": 1}', "nothing at"),
    (f"filter amount > 100{AMOUNTS}", "amount > 100:\n0 rows"),
    (f"total amount over 5{AMOUNTS}", "amount > 5:\n1 row:\ntotal of amount = 6"),
    (f"how many rows have amount >= 6{AMOUNTS}", "amount ≥ 6:\n1 row"),
    (f"total amount of the first 1 rows{AMOUNTS}", CONDITION),
    ("total price of the pen\nitem,price\npen,5\nbook,6", "item = pen:"),
    ("张三的合计\n姓名,金额\n张三,5\n李四,6", "姓名 = 张三:"),
    (f"显示金额大于100的行{CHINESE_AMOUNTS}", "金额 > 100:\n共 0 行"),
    (f"金额超过5的合计{CHINESE_AMOUNTS}", "金额 的合计 = 6"),
    (f"金额高于5的有多少行{CHINESE_AMOUNTS}", "金额 > 5:\n共 1 行"),
    (f"前0行{CHINESE_AMOUNTS}", CONDITION_CHINESE),
    (f"first 0 rows{AMOUNTS}", CONDITION),
    (f"show the last 3 rows{AMOUNTS}", CONDITION),
    (f"unique values of name{AMOUNTS}", "name (2 different): a, b"),
    (f"count distinct names{AMOUNTS}", "name (2 different): a, b"),
    (f"去重姓名{CHINESE_AMOUNTS}", "姓名（2 个不同的）：张、李"),
    (f"how many rows per name{AMOUNTS}", "rows by name:\n- a: 1"),
    ("total\nname,amount\na,5\nTotal,5", "total of amount = 10"),
    ("第一行是列名，请合计\n姓名,金额\n张三,5\n李四,6", "金额 的合计 = 11"),
    (f"transpose{AMOUNTS}", UNCLEAR),
    (f"standard deviation of amount{AMOUNTS}", UNCLEAR),
    (f"select name{AMOUNTS}", "name\na\nb"),
    (f"姓名最长的{CHINESE_AMOUNTS}", "我不确定“最长”"),
    (f"here is my CSV{AMOUNTS}", "total of amount = 11"),
    (f"请处理下面的表格{CHINESE_AMOUNTS}", "金额 的合计 = 11"),
    (f"总金额{CHINESE_AMOUNTS}", "金额 的合计 = 11"),
    (f"统计金额{CHINESE_AMOUNTS}", "金额 的合计 = 11"),
    (f"按姓名分组统计金额{CHINESE_AMOUNTS}", "金额 的合计，按 姓名 分组：\n- 张: 5"),
    (f"按姓名统计{CHINESE_AMOUNTS}", "- 张: 5"),
    (f"按部门分组统计金额{CHINESE_AMOUNTS}", "没有“部门”这一列"),
    (f"每个姓名的总金额{CHINESE_AMOUNTS}", "金额 的合计，按 姓名 分组：\n- 张: 5"),
    (f"各姓名的平均金额{CHINESE_AMOUNTS}", "金额 的平均值，按 姓名 分组：\n- 张: 5"),
    (f"每个部门的总金额{CHINESE_AMOUNTS}", "没有“部门”这一列"),
    (f"total amount of each name{AMOUNTS}", "- a: 5"),
    (f"total of each column{AMOUNTS}", "total of amount = 11"),
    (f"总计每一列{CHINESE_AMOUNTS}", "金额 的合计 = 11"),
    (f"合计每个字段{CHINESE_AMOUNTS}", "金额 的合计 = 11"),
    ('取 x 从 {"x": NaN}', "这不是有效的 JSON：NaN 不是 JSON 值。"),
    ('取 x 从 {"x": 1}}', "这不是有效的 JSON：结束之后还有别的内容。"),
    ('取 x 从 {"x": tru}', "这不是有效的 JSON：第 1 行第 7 列应为一个值。"),
    ("取 x 从 {'x': 1}", "这不是有效的 JSON：第 1 行第 2 列应为双引号括起来的键。"),
    ('取 x 从 {"x" 1}', "这不是有效的 JSON：第 1 行第 6 列应为冒号。"),
    ("取 x 从 [1 2]", "这不是有效的 JSON：第 1 行第 4 列应为逗号。"),
    ('取 x 从 {"x": "a', "这不是有效的 JSON：第 1 行第 7 列的字符串没有结束。"),
    ('取 x 从 {"x": "a\nb"}', "这不是有效的 JSON：第 1 行第 9 列有控制字符。"),
    ('取 x 从 {"x": "\\q"}', "这不是有效的 JSON：第 1 行第 8 列的转义无效。"),
]


@pytest.mark.parametrize(("prompt", "expected"), ANSWERS)
def test_the_answer_says_what_is_so_or_why_there_is_none(prompt: str, expected: str) -> None:
    agent = Responder.of_manifest({"tools": [{"name": tool} for tool in RULES]})
    assert expected in agent.reply(Invocation(prompt), SUNDAY).text


@pytest.mark.parametrize("nothing", ["", " ", "\n\t", "\u3000"])
def test_an_empty_result_is_told_as_such(nothing: str) -> None:
    assert showable_text(nothing, chinese=False) == "There is nothing to show: the result is empty."
    assert showable_text(nothing, chinese=True) == "没有结果可以显示。"


def test_a_text_that_is_too_long_to_send_is_told_as_such() -> None:
    assert showable_text("🚀" * 300_000, chinese=False) == "The answer has 300000 characters: too many to show."


def test_a_call_holds_strict_json_alone() -> None:
    call: dict[str, JsonValue] = {"name": "t", "output": {"\ud800": [float("nan"), float("-inf"), "\udfff", 10**5000]}}
    shown = showable_call(call)
    assert shown == {"name": "t", "output": {"\\ud800": ["nan", "-inf", "\\udfff", hex(10**5000)]}}


def test_a_call_that_is_too_large_keeps_its_name() -> None:
    left_out: dict[str, JsonValue] = {"name": "t", "input": {}, "output": {"left_out": "too large to show"}}
    deep: JsonValue = []
    for _ in range(5000):
        deep = [deep]
    assert showable_call({"name": "t", "output": "x" * 600_000}) == left_out
    assert showable_call({"name": "t", "output": deep}) == left_out
