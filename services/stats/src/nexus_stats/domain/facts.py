"""What is known about one build or agent, and what an event says about it; several events are joined."""

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
)
from nexus_contracts.builds.events import BuildCompleted, BuildFailed, BuildStarted, BuildStopped
from nexus_contracts.builds.reports import StageStarted
from nexus_contracts.stages import STAGE_BY_NAME, STAGES

FIRST_STAGE = STAGES[0].name
BuildEvent = BuildStarted | StageStarted | BuildCompleted | BuildFailed | BuildStopped
AgentEvent = AgentDeploying | AgentDeployed | AgentDeploymentFailed | AgentDescribed | AgentStatusChanged | AgentDeleted
Outcome = Literal["successful", "failed", "cancelled"]


@dataclass(frozen=True, order=True)
class EndFact:
    """How something ended. Everything ends once; the order only makes the join total."""

    outcome: Outcome
    duration_ms: int


@dataclass(frozen=True)
class BuildFact:
    """One attempt. `day` is when it started, None until that is known; `stage` the highest number reached, or 0."""

    tenant: str
    project_id: str
    attempt: int
    day: str | None = None
    stage: int = 0
    ending: EndFact | None = None
    kind: Literal["build"] = "build"

    @property
    def key(self) -> str:
        return f"build#{self.project_id}#{self.attempt}"

    @property
    def closed(self) -> bool:
        """No further events are possible."""
        return self.day is not None and self.ending is not None

    def joined(self, other: "BuildFact") -> "BuildFact":
        # Minimum and maximum do not depend on the order: a redriven dead letter may bring the start after the end.
        days = [day for day in (self.day, other.day) if day]
        stage, ending = max(self.stage, other.stage), _later(self.ending, other.ending)
        return replace(self, day=min(days, default=None), stage=stage, ending=ending)


@dataclass(frozen=True)
class AgentFact:
    """The agent's status after its event number `sequence`; of two facts, the higher number wins.

    Its category is from the event number `described`, 0 while no event has named one.
    """

    tenant: str
    agent_id: str
    sequence: int
    status: Literal["building", "running", "offline", "deleted"]
    category: str = ""
    described: int = 0
    kind: Literal["agent"] = "agent"

    @property
    def key(self) -> str:
        return f"agent#{self.agent_id}"

    @property
    def closed(self) -> bool:
        return self.status == "deleted"

    def joined(self, other: "AgentFact") -> "AgentFact":
        # The second part of each key decides only between contradictory facts with the same number, which should not
        # exist; without it the result would depend on the order.
        latest = max(self, other, key=lambda fact: (fact.sequence, fact.status))
        told = max(self, other, key=lambda fact: (fact.described, fact.category))
        return replace(latest, category=told.category, described=told.described)


def build_fact(event: BuildEvent, tenant: str, time: datetime) -> BuildFact | None:
    """What an event at `time` (UTC) says about its build; None if there is no build yet (attempt 0).

    A build is at the stage from which it starts until a later one starts.
    """
    if event.attempt < 1:
        return None
    fact = BuildFact(tenant, event.project_id, event.attempt)
    match event:
        case BuildStarted():
            return replace(fact, day=time.date().isoformat(), stage=_number(event.from_stage or FIRST_STAGE))
        case StageStarted():
            return replace(fact, stage=_number(event.stage_name))
        case BuildCompleted():
            return replace(fact, ending=EndFact("successful", _milliseconds(event.duration_seconds)))
        case BuildFailed():
            return replace(fact, ending=EndFact("failed", _milliseconds(event.duration_seconds)))
        case BuildStopped():
            return replace(fact, ending=EndFact("cancelled", _milliseconds(event.duration_seconds or 0.0)))


def agent_fact(event: AgentEvent, tenant: str, sequence: int) -> AgentFact:
    status = "deleted" if isinstance(event, AgentDeleted) else event.status.value
    fact = AgentFact(tenant, event.agent_id, sequence, status)
    if isinstance(event, AgentDeployed | AgentDescribed):
        return replace(fact, category=event.category or "", described=sequence)
    return fact


def _later(one: EndFact | None, other: EndFact | None) -> EndFact | None:
    return max((ending for ending in (one, other) if ending), default=None)


def _milliseconds(seconds: float) -> int:
    return max(0, round(seconds * 1000))


def _number(stage_name: str) -> int:
    """0 for a stage that does not exist: a report of one is refused, so it is in no history."""
    return STAGE_BY_NAME[stage_name].number if stage_name in STAGE_BY_NAME else 0
