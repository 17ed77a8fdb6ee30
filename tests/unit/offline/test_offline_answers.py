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
    (f"sort by amount{AMOUNTS}", "I cannot sort"),
    (f"按金额排序{CHINESE_AMOUNTS}", "我不能排序"),
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
