"""Cases of agents: where the report on an attempt's is kept, those that stay with an agent, and how they run again."""

from datetime import datetime

from nexus_builds.domain.state import Project
from nexus_contracts.builds.events import VerificationRequested
from nexus_contracts.errors import InvalidState
from nexus_contracts.model import Message
from nexus_contracts.stages import DEPLOYER
from nexus_contracts.verification import Case, VerificationReport
from nexus_verification.report import report_of

STEP = DEPLOYER
CHECKPOINT, SUITE, DIFF = "verification", "suite", "diff"
"""Checkpoints of that step: the report, the cases that stay with the agent, what a change request has changed."""


class Suite(Message):
    """What the agent's version from `attempt` is, and the cases that it was verified by before it served."""

    agent_id: str
    attempt: int
    package_uri: str
    package_sha256: str
    cases: list[Case]


class Verification(Message):
    """A run of the suite of `attempt`. `report` tells how far it is, and what came of it."""

    verification_id: str
    agent_id: str
    attempt: int
    report: VerificationReport

    @property
    def name(self) -> str:
        """Of the work that it is."""
        return work_name(self.agent_id, self.verification_id)


def work_name(agent_id: str, verification_id: str) -> str:
    """Of the work that a verification is."""
    return f"{agent_id}#{verification_id}"


def project_of(agent_id: str) -> str:
    """The id of the project that an agent is of, or the work on it."""
    return agent_id.partition(":")[0]


def requested(
    project: Project, suite: Suite, package_sha256: str | None, verification_id: str, now: datetime
) -> tuple[Verification, VerificationRequested]:
    """None of its cases is decided yet. `package_sha256` is what the agent serves, None where that is not known."""
    same = package_sha256 in (None, suite.package_sha256)
    report = report_of(
        suite.agent_id,
        [],
        now,
        attempt=suite.attempt if same else None,
        package_sha256=package_sha256,
        total=len(suite.cases),
    )
    run = Verification(verification_id=verification_id, agent_id=suite.agent_id, attempt=suite.attempt, report=report)
    event = VerificationRequested(
        project_id=project.project_id,
        attempt=project.attempt_number,
        agent_id=suite.agent_id,
        verification_id=verification_id,
    )
    return run, event


def no_cases(agent_id: str, action: str) -> InvalidState:
    """For an agent that no build of this platform has verified."""
    return InvalidState(
        f"there are no cases of the agent {agent_id}: no build has verified it",
        suggestion="Build the agent from a requirement; its cases stay with it.",
        action=action,
        allowed_actions=[],
    )
