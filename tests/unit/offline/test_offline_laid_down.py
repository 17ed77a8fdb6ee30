"""Figures that a requirement lays down: what is not worked out by them is no answer to a bare input."""

import pytest

from nexus_offline_builder.package.agent.laid_down import unused_rule
from nexus_offline_builder.package.agent.payload import Invocation
from nexus_offline_builder.package.agent.replies import Reply
from nexus_offline_builder.package.agent.responder import Responder

TODAY = (2026, 11, 30)


def reply(requirement: str, prompt: str, *tools: str) -> Reply:
    agent = Responder.of_manifest({"tools": [{"name": name} for name in tools], "requirement": requirement})
    return agent.reply(Invocation(prompt, ()), TODAY)


def ask(requirement: str, prompt: str, *tools: str) -> str:
    return reply(requirement, prompt, *tools).text


@pytest.mark.parametrize(
    ("requirement", "prompt", "tools"),
    [
        ("Parking is 3.20 an hour or part of it. They give me the time.", "26 hrs", ["unit_conversion"]),
        ("kennel: 18 euros per dog a night", "rex, 12 days", ["unit_conversion", "arithmetic"]),
        (
            "Library fines are 12p a day late. I type the two dates.",
            "due 2 Nov 2026, back 9 Nov 2026",
            ["date_arithmetic"],
        ),
        ("dose is 3 mg per kg for our lambs", "lamb weighs 40 lb", ["unit_conversion"]),
    ],
)
def test_a_bare_input_is_not_answered_by_something_else(requirement: str, prompt: str, tools: list[str]) -> None:
    calls = reply(requirement, prompt, *tools).tool_calls
    assert all("error" in str(call["output"]) for call in calls)


def test_the_rule_that_is_not_understood_is_named() -> None:
    said = ask("Library fines are 12p a day late", "due 2 Nov 2026, back 9 Nov 2026", "date_arithmetic")
    assert "'12p a day'" in said


@pytest.mark.parametrize(
    ("requirement", "prompt", "wanted"),
    [
        ("Parking is 3.20 an hour. They give me the time.", "what is 26 hours in minutes", "1560"),
        ("kennel: 18 euros per dog a night", "12 * 18", "216"),
        ("hours to days, e.g. 36 hours a week", "48 hours", "2"),
    ],
)
def test_what_a_prompt_says_itself_is_worked_out_whatever_the_rule(requirement: str, prompt: str, wanted: str) -> None:
    assert wanted in ask(requirement, prompt, "unit_conversion", "arithmetic")


def test_an_answer_that_depends_on_one_of_the_figures_is_left_alone() -> None:
    rule = "We pay 11.50 an hour and 15 euros each day for meals"
    assert unused_rule(rule, ["7 hours"], lambda _: True) == "11.50 an hour"
    assert unused_rule(rule, ["7 hours"], lambda other: "15 euros" in other) is None
    assert unused_rule(rule, ["the 15 euros, twice"], lambda _: True) is None
    assert unused_rule("hours, such as 8 a day", ["7 hours"], lambda _: True) is None
    assert unused_rule("gross with 19 percent tax", ["net 80"], lambda _: True) is None


@pytest.mark.parametrize(
    ("prompt", "wanted"), [("2 cups", "480"), ("3 tablespoons", "45"), ("1 h 20 min in minutes", "80")]
)
def test_units_are_what_the_requirement_says_they_are(prompt: str, wanted: str) -> None:
    said = ask(
        "to millilitres. One cup is 240 ml, a tablespoon 15 ml. Also 1 h 30 min as minutes", prompt, "unit_conversion"
    )
    assert wanted in said
