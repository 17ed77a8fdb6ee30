"""The cases of agents: where the report on them is stored, the suite kept for an agent, and how it runs again."""

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
"""Checkpoints of that step: the report, the suite kept for the agent, the differences made by a change request."""


class Suite(Message):
    """The package of the agent's version from `attempt`, and the cases that it was verified with."""

    agent_id: str
    attempt: int
    package_uri: str
    package_sha256: str
    cases: list[Case]


class Verification(Message):
    """A run of the suite of `attempt`. `report` has its progress and its results."""

    verification_id: str
    agent_id: str
    attempt: int
    report: VerificationReport

    @property
    def name(self) -> str:
        """The name of its long work."""
        return work_name(self.agent_id, self.verification_id)


def work_name(agent_id: str, verification_id: str) -> str:
    """The name of a verification's long work."""
    return f"{agent_id}#{verification_id}"


def project_of(agent_id: str) -> str:
    """The project of an agent, from the agent's id or the name of a work on it."""
    return agent_id.partition(":")[0]


def requested(
    project: Project, suite: Suite, package_sha256: str | None, verification_id: str, now: datetime
) -> tuple[Verification, VerificationRequested]:
    """A verification none of whose cases is decided. `package_sha256`: the active package, None if unknown."""
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
    """The error for an agent that no build of this platform has verified."""
    return InvalidState(
        f"the agent {agent_id} has no test cases: no build has verified it",
        suggestion="Build the agent from a requirement; its test cases are then kept with it.",
        action=action,
        allowed_actions=[],
    )
