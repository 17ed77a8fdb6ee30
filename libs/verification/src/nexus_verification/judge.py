"""Judges one case: pure, whoever gave the answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nexus_contracts.verification import (
    MAX_SHOWN,
    AnyExpectation,
    Case,
    CaseOutcome,
    CaseResult,
    CaseTurn,
    Contains,
    Exact,
    JsonSchema,
    Number,
    Pattern,
    Refusal,
    ToolCalled,
    TurnResult,
)
from nexus_verification.answers import json_in, numbers, refuses
from nexus_verification.patterns import Undecided, found

_ROUNDING = 1e-9
"""Of what is compared as doubles; a share of the expected number."""


@dataclass(frozen=True)
class Given:
    """What the agent did in one turn: answered, failed with `error`, or could not be asked (`unasked` says why).

    `tools` are those that it called without an error; None where it does not tell.
    """

    text: str = ""
    tools: tuple[str, ...] | None = None
    error: str | None = None
    unasked: str | None = None
    invocation_id: str | None = None


def judged(case: Case, given: Sequence[Given]) -> CaseResult:
    """The result of the case. `given` may end early, where a turn could not be asked."""
    turns: list[TurnResult] = []
    outcome, problem = CaseOutcome.PASSED, None
    for turn, one in zip(case.turns, given, strict=False):
        verdict, reason = _turn(turn, one)
        turns.append(_shown(turn, one, reason))
        if verdict is not CaseOutcome.PASSED and outcome is CaseOutcome.PASSED:
            outcome, problem = verdict, reason
    if outcome is CaseOutcome.PASSED and len(given) < len(case.turns):
        outcome, problem = CaseOutcome.NOT_VERIFIABLE, "not every turn was asked"
    return CaseResult(name=case.name, held_back=case.held_back, outcome=outcome, problem=problem, turns=turns)


def _turn(turn: CaseTurn, given: Given) -> tuple[CaseOutcome, str | None]:
    if given.unasked is not None:
        return CaseOutcome.NOT_VERIFIABLE, given.unasked
    if given.error is not None:
        return CaseOutcome.FAILED, f"the agent failed: {given.error}"
    undecided: str | None = None
    for expectation in turn.expect:
        try:
            if (fault := _fault(expectation, given)) is not None:
                return CaseOutcome.FAILED, fault
        except Undecided as doubt:
            undecided = undecided or str(doubt)
    return (CaseOutcome.NOT_VERIFIABLE, undecided) if undecided else (CaseOutcome.PASSED, None)


def _fault(expected: AnyExpectation, given: Given) -> str | None:
    """What does not hold; None where it does. Raises Undecided."""
    text = given.text
    match expected:
        case Exact():
            return None if text.strip() == expected.text.strip() else f"the answer is not {expected.text!r}"
        case Contains():
            missing = [one for one in expected.texts if one.casefold() not in text.casefold()]
            return f"the answer does not contain {missing[0]!r}" if missing else None
        case Number():
            return _number_fault(expected, text)
        case Pattern():
            return None if found(expected.pattern, text) else f"the answer does not match {expected.pattern!r}"
        case JsonSchema():
            return _schema_fault(expected, text)
        case ToolCalled():
            if given.tools is None:
                raise Undecided("the agent does not tell which tools it calls")
            return None if expected.tool in given.tools else f"the tool {expected.tool} was not called"
        case Refusal():
            return None if refuses(text) else "the agent did not refuse"


def _number_fault(expected: Number, text: str) -> str | None:
    slack = expected.tolerance + abs(expected.value) * _ROUNDING
    if any(abs(number - expected.value) <= slack for number in numbers(text)):
        return None
    return f"the answer has no number {expected.value:g} (± {expected.tolerance:g})"


def _schema_fault(expected: JsonSchema, text: str) -> str | None:
    # Imported by the few who need it: it takes as long as the rest of this package ten times over.
    import jsonschema

    try:
        value = json_in(text)
    except ValueError:
        return "the answer is not JSON"
    try:
        jsonschema.Draft202012Validator.check_schema(expected.json_schema)
    except jsonschema.SchemaError as error:
        raise Undecided(f"the case's schema is none: {error.message[:300]}") from None
    validator: Any = jsonschema.Draft202012Validator(expected.json_schema)
    return None if validator.is_valid(value) else "the answer does not fit the schema"


def _shown(turn: CaseTurn, given: Given, problem: str | None) -> TurnResult:
    answered = given.error is None and given.unasked is None
    return TurnResult(
        prompt=turn.prompt[:MAX_SHOWN],
        answer=given.text[:MAX_SHOWN] if answered else None,
        tools=list(given.tools) if given.tools is not None else None,
        invocation_id=given.invocation_id,
        problem=problem,
    )
