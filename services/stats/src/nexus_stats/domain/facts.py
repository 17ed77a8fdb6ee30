"""What is known of one build, invocation or agent, and what an event says of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from nexus_contracts.agents.events import (
    AgentDeleted,
    AgentDeployed,
    AgentDeploying,
    AgentDeploymentFailed,
    AgentDescribed,
    AgentStatusChanged,
    InvocationCancelled,
    InvocationFailed,
    InvocationStarted,
    InvocationSucceeded,
)
from nexus_contracts.builds.events import BuildCompleted, BuildFailed, BuildStarted, BuildStopped
from nexus_contracts.builds.reports import StageStarted, Usage
from nexus_contracts.stages import STAGE_BY_NAME, STAGES

FIRST_STAGE = STAGES[0].name
CountedBuildsEvent = BuildStarted | StageStarted | BuildCompleted | BuildFailed | BuildStopped
CountedInvocationEvent = InvocationStarted | InvocationSucceeded | InvocationFailed | InvocationCancelled
CountedAgentEvent = (
    AgentDeploying | AgentDeployed | AgentDeploymentFailed | AgentDescribed | AgentStatusChanged | AgentDeleted
)
CountedAgentsEvent = CountedAgentEvent | CountedInvocationEvent
Outcome = Literal["successful", "failed", "cancelled"]


@dataclass(frozen=True, order=True)
class EndFact:
    """How something ended. There is one per thing; the order only makes the join total."""

    outcome: Outcome
    duration_ms: int
    input_tokens: int = 0
    output_tokens: int = 0
    tool_calls: int = 0
    cost_micro_usd: int = 0


@dataclass(frozen=True)
class BuildFact:
    """One attempt. `day` is when it started, None until that is known; `stage` the highest number reached, or 0."""

    project_id: str
    attempt: int
    day: str | None = None
    stage: int = 0
    ending: EndFact | None = None
    kind: Literal["build"] = "build"

    @property
    def key(self) -> str:
        return f"build#{self.project_id}#{self.attempt}"

    def joined(self, other: "BuildFact") -> "BuildFact":
        days = [day for day in (self.day, other.day) if day]
        stage, ending = max(self.stage, other.stage), _later(self.ending, other.ending)
        return replace(self, day=min(days, default=None), stage=stage, ending=ending)


@dataclass(frozen=True)
class InvocationFact:
    """`day` is when it started: every event of an invocation says so."""

    invocation_id: str
    day: str
    ending: EndFact | None = None
    kind: Literal["invocation"] = "invocation"

    @property
    def key(self) -> str:
        return f"invocation#{self.invocation_id}"

    def joined(self, other: "InvocationFact") -> "InvocationFact":
        return replace(self, day=min(self.day, other.day), ending=_later(self.ending, other.ending))


@dataclass(frozen=True)
class AgentFact:
    """The agent's status after its event number `sequence`; of two, the higher one counts."""

    agent_id: str
    sequence: int
    status: Literal["building", "running", "offline", "deleted"]
    kind: Literal["agent"] = "agent"

    @property
    def key(self) -> str:
        return f"agent#{self.agent_id}"

    def joined(self, other: "AgentFact") -> "AgentFact":
        return max(self, other, key=lambda fact: (fact.sequence, fact.status))


def build_fact(event: CountedBuildsEvent, time: datetime) -> BuildFact | None:
    """What an event at `time` (UTC) says of its build; None where there is no build yet (attempt 0).

    A build stands at the stage from which it starts until a later one is started.
    """
    if event.attempt < 1:
        return None
    fact = BuildFact(event.project_id, event.attempt)
    match event:
        case BuildStarted():
            return replace(fact, day=time.date().isoformat(), stage=_number(event.from_stage or FIRST_STAGE))
        case StageStarted():
            return replace(fact, stage=_number(event.stage_name))
        case BuildCompleted():
            return replace(fact, ending=_ending("successful", _milliseconds(event.duration_seconds), event.usage))
        case BuildFailed():
            return replace(fact, ending=EndFact("failed", _milliseconds(event.duration_seconds)))
        case BuildStopped():
            return replace(fact, ending=EndFact("cancelled", _milliseconds(event.duration_seconds or 0.0)))


def invocation_fact(event: CountedInvocationEvent) -> InvocationFact:
    fact = InvocationFact(event.invocation_id, event.started_at.date().isoformat())
    match event:
        case InvocationStarted():
            return fact
        case InvocationSucceeded():
            return replace(fact, ending=_ending("successful", event.duration_ms, event.usage))
        case InvocationFailed():
            return replace(fact, ending=_ending("failed", event.duration_ms, event.usage))
        case InvocationCancelled():
            return replace(fact, ending=_ending("cancelled", event.duration_ms, event.usage))


def agent_fact(event: CountedAgentEvent, sequence: int) -> AgentFact:
    status = "deleted" if isinstance(event, AgentDeleted) else event.status.value
    return AgentFact(event.agent_id, sequence, status)


def _ending(outcome: Outcome, duration_ms: int, usage: Usage) -> EndFact:
    cost = round(usage.cost_usd * 1_000_000)
    return EndFact(outcome, duration_ms, usage.input_tokens, usage.output_tokens, usage.tool_calls, cost)


def _later(one: EndFact | None, other: EndFact | None) -> EndFact | None:
    return max((ending for ending in (one, other) if ending), default=None)


def _milliseconds(seconds: float) -> int:
    return max(0, round(seconds * 1000))


def _number(stage_name: str) -> int:
    """0 for a stage that does not exist: a report of one is refused, so it is in no history."""
    return STAGE_BY_NAME[stage_name].number if stage_name in STAGE_BY_NAME else 0
