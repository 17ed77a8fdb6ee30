"""What is known of one build or agent, and what an event says of it: of several events, joined."""

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
    """How something ended. There is one per thing; the order only makes the join total."""

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
        """Nothing new will be said of it."""
        return self.day is not None and self.ending is not None

    def joined(self, other: "BuildFact") -> "BuildFact":
        days = [day for day in (self.day, other.day) if day]
        stage, ending = max(self.stage, other.stage), _later(self.ending, other.ending)
        return replace(self, day=min(days, default=None), stage=stage, ending=ending)


@dataclass(frozen=True)
class AgentFact:
    """The agent's status after its event number `sequence`; of two, the higher one counts.

    Its category is that of the event number `described`, 0 as long as none has told.
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
        latest = max(self, other, key=lambda fact: (fact.sequence, fact.status))
        told = max(self, other, key=lambda fact: (fact.described, fact.category))
        return replace(latest, category=told.category, described=told.described)


def build_fact(event: BuildEvent, tenant: str, time: datetime) -> BuildFact | None:
    """What an event at `time` (UTC) says of its build; None where there is no build yet (attempt 0).

    A build stands at the stage from which it starts until a later one is started.
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
