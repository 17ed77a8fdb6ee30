"""Follow-ups are resolved against the history that is sent with each turn."""

from collections.abc import Sequence

import pytest

from nexus_offline_builder.package.agent.payload import Invocation, Turn
from nexus_offline_builder.package.agent.responder import Responder

TODAY = (2026, 11, 22)
CSV_AND_ARITHMETIC = ("csv_totals", "arithmetic")
UNITS_AND_ARITHMETIC = ("unit_conversion", "arithmetic")
ONE_COLUMN = "Total this CSV:\nname,price\npen,1.50\nbook,12"
TWO_COLUMNS = "Total this CSV:\nname,price,qty\npen,1.50,3\nbook,12,10"
SESSIONS = [
    (CSV_AND_ARITHMETIC, ("What is 12 * 12?", "and now divide that by 4"), "= 36"),
    (CSV_AND_ARITHMETIC, ("What is 12 * 12?", "add 10 to it"), "= 154"),
    (CSV_AND_ARITHMETIC, ("What is 12 * 12?", "and now divide that by 4", "multiply the result by 3"), "= 108"),
    (CSV_AND_ARITHMETIC, ("What is 12 * 12?", "thanks", "divide by 4"), "= 36"),
    (CSV_AND_ARITHMETIC, ("What is 12 * 12?", "/ 4"), "= 36"),
    (CSV_AND_ARITHMETIC, ("What is 12 * 12?", "times 2"), "= 288"),
    (CSV_AND_ARITHMETIC, ("What is 3 * 4?", "now double it", "square it"), "= 576"),
    (CSV_AND_ARITHMETIC, ("What is 12 * 12?", "what is the square root of that?"), "= 12"),
    (CSV_AND_ARITHMETIC, ("What is 12 * 12?", "what is 10% of that?"), "= 14.4"),
    (CSV_AND_ARITHMETIC, ("What is 12 * 12?", "what's the capital of France?", "add 6"), "= 150"),
    (CSV_AND_ARITHMETIC, ("What is 12 * 12?", "1 / 0", "divide that by 4"), "= 36"),
    (CSV_AND_ARITHMETIC, ("What is 1 / 3?", "multiply that by 3"), "= 1"),
    (CSV_AND_ARITHMETIC, ("12乘以12等于多少？", "再除以4"), "= 36"),
    (CSV_AND_ARITHMETIC, ("12乘以12等于多少？", "结果加10"), "= 154"),
    (CSV_AND_ARITHMETIC, ("What is 12 * 12?", "what was my last question"), "What is 12 * 12?"),
    (CSV_AND_ARITHMETIC, ("12乘以7", "我上一个问题是什么？"), "12乘以7"),
    (CSV_AND_ARITHMETIC, ("what was my last question?",), "first question"),
    (CSV_AND_ARITHMETIC, (ONE_COLUMN, "divide that by 2"), "= 6.75"),
    (CSV_AND_ARITHMETIC, (TWO_COLUMNS, "divide that by 2"), "Which one do you mean: price (13.5), qty (13)?"),
    (CSV_AND_ARITHMETIC, (TWO_COLUMNS, "divide that by 2", "price"), "= 6.75"),
    (CSV_AND_ARITHMETIC, (TWO_COLUMNS, "divide the total of price by 2"), "= 6.75"),
    (CSV_AND_ARITHMETIC, (TWO_COLUMNS, "add 10 to the qty total"), "= 23"),
    (CSV_AND_ARITHMETIC, (TWO_COLUMNS, "and the average?"), "average of price = 6.75"),
    (CSV_AND_ARITHMETIC, (TWO_COLUMNS, "how many rows?"), "2 rows"),
    (("csv_totals",), (ONE_COLUMN, "divide that by 2"), "= 6.75"),
    (UNITS_AND_ARITHMETIC, ("convert 10 km to m", "convert that to miles"), "6.213712 mi"),
    (UNITS_AND_ARITHMETIC, ("convert 10 km to m", "divide it by 4"), "= 2500"),
    (UNITS_AND_ARITHMETIC, ("5 * 2", "convert that from km to miles"), "6.213712 mi"),
    (("date_arithmetic",), ("30 days after 2024-01-31", "what day of the week is that?"), "Friday"),
    (("json_query", "arithmetic"), ('get a from {"a": 21}', "multiply that by 2"), "= 42"),
    (("text_statistics", "arithmetic"), ('how many words are in "a b c d"', "divide that by 2"), "= 2"),
    (("csv_to_json", "csv_totals"), (ONE_COLUMN, "now as JSON"), '"name": "pen"'),
]


def talk(tools: Sequence[str], prompts: Sequence[str]) -> str:
    responder = Responder.of_manifest({"tools": [{"name": tool} for tool in tools]})
    turns: list[Turn] = []
    for prompt in prompts:
        reply = responder.reply(Invocation(prompt, tuple(turns)), TODAY)
        turns.append(Turn(prompt, reply.text))
    return turns[-1].answer or ""


@pytest.mark.parametrize(("tools", "prompts", "expected"), SESSIONS)
def test_the_last_turn_builds_on_the_earlier_ones(tools: Sequence[str], prompts: Sequence[str], expected: str) -> None:
    assert expected in talk(tools, prompts)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("The answer is 144.", "= 36"),
        ("12 * 12 = 144", "= 36"),
        ("结果是 144。", "= 36"),
        ("Roughly 144 I think", "= 36"),
    ],
)
def test_an_answer_of_unknown_make_is_read_for_its_number(said: str, expected: str) -> None:
    responder = Responder.of_manifest({"tools": [{"name": "arithmetic"}]})
    reply = responder.reply(Invocation("divide that by 4", (Turn("tell me something", said),)), TODAY)
    assert expected in reply.text


def test_a_long_session_of_follow_ups_stays_exact() -> None:
    assert talk(["arithmetic"], ["1 / 3", *["add 1 to it"] * 19, "multiply that by 3"]).endswith("= 58")
