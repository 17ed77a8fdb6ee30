"""What counts as an answer to a case of an agent's specification."""

from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from nexus_contracts.verification import (
    AnyExpectation,
    Case,
    CaseOutcome,
    CaseTurn,
    Contains,
    Exact,
    JsonSchema,
    Number,
    Pattern,
    Refusal,
    ToolCalled,
)
from nexus_verification.judge import Given, judged
from nexus_verification.report import report_of

PASSED, FAILED, OPEN = CaseOutcome.PASSED, CaseOutcome.FAILED, CaseOutcome.NOT_VERIFIABLE
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PERSON: dict[str, JsonValue] = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}


def verdict(expected: AnyExpectation, text: str, tools: tuple[str, ...] | None = ()) -> CaseOutcome:
    case = Case(name="a", turns=[CaseTurn(prompt="?", expect=[expected])])
    return judged(case, [Given(text, tools)]).outcome


@pytest.mark.parametrize(
    ("expected", "text", "outcome"),
    [
        (Exact(text="42"), " 42\n", PASSED),
        (Exact(text="42"), "It is 42", FAILED),
        (Contains(texts=["Ann", "b"]), "ANN and Bob", PASSED),
        (Contains(texts=["Ann", "Zoe"]), "ANN and Bob", FAILED),
        (Number(value=1234.5), "that is 1,234.50 EUR", PASSED),
        (Number(value=6.21371, tolerance=0.01), "10 km = 6.2137 miles", PASSED),
        (Number(value=-40), "\u221240 °C", PASSED),
        (Number(value=0.3), str(0.1 + 0.2), PASSED),
        (Number(value=5), "15 or 25", FAILED),
        (Number(value=5), "no number", FAILED),
        (Number(value=2024), "v2024 or 1.2024", FAILED),
        (Number(value=17), "小王欠17元", PASSED),
        (Pattern(pattern=r"^\d{4}-\d\d-\d\d$"), "2026-01-31", PASSED),
        (Pattern(pattern=r"^\d+$"), "a1", FAILED),
        (Pattern(pattern="("), "a", OPEN),
        (JsonSchema(json_schema=PERSON), '{"name": "Ann"}', PASSED),
        (JsonSchema(json_schema=PERSON), 'Here:\n```json\n{"name": "Ann"}\n```', PASSED),
        (JsonSchema(json_schema=PERSON), 'As JSON: {"name": "Ann"}, as you see', PASSED),
        (JsonSchema(json_schema=PERSON), '{"name": 1}', FAILED),
        (JsonSchema(json_schema=PERSON), "Ann", FAILED),
        (JsonSchema(json_schema={"type": "number"}), "NaN", FAILED),
        (JsonSchema(json_schema=PERSON), '{"name": "Ann", "age": -Infinity}', FAILED),
        (JsonSchema(json_schema={"type": "nothing of the kind"}), "{}", OPEN),
        (Refusal(), "I cannot do that.", PASSED),
        (Refusal(), "抱歉，我处理不了。", PASSED),
        *(
            (Refusal(), text, PASSED)
            for text in ("这个我做不了。", "2027-02-30 这个日期不存在。", "我不确定要算什么。")
        ),
        (Refusal(), "It is 12.", FAILED),
    ],
)
def test_an_answer_meets_its_expectation_or_not(expected: AnyExpectation, text: str, outcome: CaseOutcome) -> None:
    assert verdict(expected, text) is outcome


def test_a_tool_counts_as_called_only_where_the_agent_tells() -> None:
    expected = ToolCalled(tool="add")
    assert verdict(expected, "3", ("add",)) is PASSED
    assert verdict(expected, "3", ("subtract",)) is FAILED
    assert verdict(expected, "3", None) is OPEN


def test_a_pattern_that_takes_for_ever_is_given_up() -> None:
    assert verdict(Pattern(pattern=r"(a|a|b?a)*$"), "a" * 60 + "!") is OPEN


def test_a_case_fails_by_its_first_turn_that_does_not_hold() -> None:
    turns = [CaseTurn(prompt=str(value), expect=[Number(value=value)]) for value in (1, 2, 3)]
    result = judged(Case(name="a", turns=turns), [Given("1"), Given("5"), Given("7")])
    assert (result.outcome, result.problem) == (FAILED, "the answer has no number 2 (± 0)")
    assert [turn.problem is None for turn in result.turns] == [True, False, False]


def test_what_could_not_be_asked_is_not_verifiable_and_an_agent_that_fails_has_failed() -> None:
    case = Case(name="a", turns=[CaseTurn(prompt="1"), CaseTurn(prompt="2")])
    assert judged(case, [Given("1"), Given(unasked="agents is unavailable")]).outcome is OPEN
    assert judged(case, [Given("1")]).outcome is OPEN
    assert judged(case, [Given("1"), Given(error="TIMEOUT")]).outcome is FAILED


def test_a_known_fault_outweighs_a_doubt() -> None:
    expect: list[AnyExpectation] = [ToolCalled(tool="add"), Number(value=3)]
    case = Case(name="a", turns=[CaseTurn(prompt="1 + 2", expect=expect)])
    assert judged(case, [Given("4", None)]).outcome is FAILED


@pytest.mark.parametrize(
    ("held_back", "visible", "fulfilled"),
    [
        ("ppp", "fff", True),
        ("ppf", "ppp", False),
        ("pp-", "", True),
        ("", "pf", False),
        ("--", "pp", True),
        ("--", "pf", False),
        ("--", "--", False),
    ],
)
def test_the_held_back_cases_decide_where_there_are_any(held_back: str, visible: str, fulfilled: bool) -> None:
    given = {"p": Given("1"), "f": Given("2"), "-": Given(unasked="why ever")}
    turn = CaseTurn(prompt="?", expect=[Number(value=1)])
    results = [
        judged(Case(name=f"{kept}{number}", turns=[turn], held_back=kept), [given[mark]])
        for kept, marks in ((True, held_back), (False, visible))
        for number, mark in enumerate(marks)
    ]
    report = report_of("proj:a", results, NOW, required_share=0.8)
    assert report.fulfilled is fulfilled
    assert report.passed + report.failed + report.not_verifiable == len(results)


def test_where_no_share_is_asked_for_a_report_only_tells() -> None:
    undecided = [judged(Case(name="a", turns=[CaseTurn(prompt="?")]), [Given(unasked="why ever")])]
    assert report_of("proj:a", undecided, NOW, required_share=0.0).fulfilled
    assert not report_of("proj:a", undecided, NOW).fulfilled
    assert report_of("proj:a", [], NOW).fulfilled


def test_a_report_says_plainly_what_was_verified() -> None:
    assert report_of("proj:a", [], NOW).statement == "Nothing was verified: there are no cases."
    turn = CaseTurn(prompt="?", expect=[Number(value=1)])
    case = Case(name="a", turns=[turn])
    results = [judged(case, [Given("1")]), judged(case, [Given("2")]), judged(case, [Given(unasked="no")])]
    assert report_of("proj:a", results, NOW).statement == "1 of 3 cases passed, 1 failed, 1 could not be verified."
