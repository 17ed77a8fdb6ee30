"""What an agent must do, as cases that can be run, and the results."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message

MAX_CASES = 30
MAX_CASE_NAME = 100
MAX_SHOWN = 500
"""Characters stored of each prompt and answer in a report, which is one item of the database."""
_Text = Annotated[str, Field(min_length=1, max_length=5000)]


class Exact(Message):
    """The answer is this text, ignoring white space around either."""

    kind: Literal["exact"] = "exact"
    text: _Text


class Contains(Message):
    """The answer contains all of these, ignoring case."""

    kind: Literal["contains"] = "contains"
    texts: list[_Text] = Field(min_length=1, max_length=20)


class Number(Message):
    """One of the numbers in the answer is this one, within the tolerance."""

    kind: Literal["number"] = "number"
    value: float
    tolerance: float = Field(default=0.0, ge=0)


class Pattern(Message):
    """The regular expression matches somewhere in the answer."""

    kind: Literal["pattern"] = "pattern"
    pattern: str = Field(min_length=1, max_length=1000)


class JsonSchema(Message):
    """The answer is, or contains, a JSON text that the schema accepts."""

    kind: Literal["schema"] = "schema"
    json_schema: dict[str, JsonValue]


class ToolCalled(Message):
    """The agent called this tool to answer."""

    kind: Literal["tool_called"] = "tool_called"
    tool: str = Field(min_length=1, max_length=100)


class Refusal(Message):
    """The agent says that it cannot do it, instead of making something up."""

    kind: Literal["refusal"] = "refusal"


AnyExpectation = Exact | Contains | Number | Pattern | JsonSchema | ToolCalled | Refusal
Expectation = Annotated[AnyExpectation, Field(discriminator="kind")]


class CaseTurn(Message):
    """A prompt, and everything that must hold for the answer."""

    prompt: str = Field(min_length=1, max_length=10_000)
    expect: list[Expectation] = Field(default=[], max_length=5)


class Case(Message):
    """One conversation. A `held_back` case is not shown to what writes the agent."""

    name: str = Field(min_length=1, max_length=MAX_CASE_NAME)
    turns: list[CaseTurn] = Field(min_length=1, max_length=5)
    held_back: bool = False


class CaseOutcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_VERIFIABLE = "not_verifiable"


class TurnResult(Message):
    """`answer` is cut at 500 characters; `tools` is null if the agent does not report which it called."""

    prompt: str
    answer: str | None = None
    tools: list[str] | None = None
    invocation_id: str | None = None
    problem: str | None = None


class CaseResult(Message):
    """`problem` says what did not hold, or why that could not be determined."""

    name: str
    held_back: bool
    outcome: CaseOutcome
    problem: str | None = None
    turns: list[TurnResult] = []


class VerificationReport(Message):
    """Every case run against a deployed agent.

    While it is `running`, `cases` are those that are decided so far, of `total`, and nothing is `fulfilled` yet.
    `required_share` is that of the held-back cases, or of all where none is held back, that must pass.
    `statement` says in words what was verified and what was not.
    """

    agent_id: str
    status: Literal["running", "done"] = "done"
    attempt: int | None = None
    package_sha256: str | None = None
    verified_at: Timestamp
    required_share: float = Field(ge=0, le=1)
    fulfilled: bool
    passed: int
    failed: int
    not_verifiable: int
    total: int | None = None
    statement: str
    cases: list[CaseResult]
