"""A version of an agent: a package under a number, kept as long as the agent; any of them can run."""

from datetime import datetime
from typing import Literal

from nexus_contracts.agents.commands import DeployAgent
from nexus_contracts.agents.events import FailureReason
from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message


class Package(Message):
    uri: str
    sha256: str


class AgentVersion(Message):
    """`status` is what came of its latest deployment. It was made by `created_by`, from a build's attempt or an upload.

    Only deployments of its agent change it, one at a time: it is written in their transactions, unconditionally.
    """

    agent_id: str
    number: int
    package: Package
    status: Literal["deploying", "deployed", "failed"] = "deploying"
    error: FailureReason | None = None
    manifest_version: str | None = None
    attempt: int | None = None
    package_id: str | None = None
    created_by: str
    created_at: Timestamp
    deployed_at: Timestamp | None = None


def made(command: DeployAgent, number: int, now: datetime) -> AgentVersion:
    return AgentVersion(
        agent_id=command.agent_id,
        number=number,
        package=Package(uri=command.package_uri, sha256=command.package_sha256),
        attempt=command.attempt,
        package_id=command.package_id,
        created_by=command.user_id,
        created_at=now,
    )


def deploying(version: AgentVersion) -> AgentVersion:
    return version.model_copy(update={"status": "deploying", "error": None})


def deployed(version: AgentVersion, manifest_version: str, now: datetime) -> AgentVersion:
    changed = {"status": "deployed", "error": None, "manifest_version": manifest_version, "deployed_at": now}
    return version.model_copy(update=changed)


def failed(version: AgentVersion, reason: FailureReason) -> AgentVersion:
    return version.model_copy(update={"status": "failed", "error": reason})
