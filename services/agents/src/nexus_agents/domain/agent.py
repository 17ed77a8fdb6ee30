"""An agent: deployed, deployed again, deleted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field, JsonValue

from nexus_agents.domain.backend import DeployedAgent, Deployment, PackageRef
from nexus_contracts.agents.commands import DeployAgent
from nexus_contracts.agents.events import (
    AgentDeleted,
    AgentDeployed,
    AgentDeploying,
    AgentDeploymentFailed,
    AgentStatus,
    FailureReason,
)
from nexus_contracts.agents.manifest import capabilities_of
from nexus_contracts.aggregate import Aggregate
from nexus_contracts.errors import Conflict
from nexus_contracts.identifiers import Timestamp, agent_id_of
from nexus_contracts.model import Message


class Package(Message):
    uri: str
    sha256: str


class LatestDeployment(Message):
    """The latest attempt to deploy, `version` counts them; `isolation` says in words what keeps the agent apart."""

    status: Literal["deploying", "deployed", "failed"]
    version: int
    package: Package
    isolated: bool = False
    isolation: str = ""
    last_error: FailureReason | None = None
    deployed_at: Timestamp | None = None


class AgentAddress(Message):
    """Where its backend finds it."""

    arn: str
    alias_id: str
    alias_arn: str


class Agent(Aggregate):
    """`backend` names the backend that runs it; `active` is the package that runs, whatever came of the latest."""

    agent_id: str
    agent_name: str
    project_id: str
    user_id: str
    status: AgentStatus
    backend: str
    description: str | None = None
    category: str | None = None
    manifest_version: str | None = None
    capabilities: list[str] = Field(default=[])
    tags: list[str] = Field(default=[])
    tools: list[dict[str, JsonValue]] = Field(default=[])
    supported_models: list[str] = Field(default=[])
    address: AgentAddress | None = None
    deployment: LatestDeployment
    active: Package | None = None
    region: str | None = None
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None = None

    @property
    def deploying(self) -> bool:
        return self.deleted_at is None and self.deployment.status == "deploying"


Decided = tuple[Agent, Sequence[BaseModel]]


def require_own_id(command: DeployAgent) -> None:
    """Raises Conflict."""
    if command.agent_id != agent_id_of(command.project_id, command.agent_name):
        raise Conflict("the agent's id must be that of its project and name", agent_id=command.agent_id)


def deploy(before: Agent | None, command: DeployAgent, *, backend: str, former_sequence: int, now: datetime) -> Decided:
    """A running agent keeps running what it has until the new deployment has succeeded. Raises Conflict.

    A new agent gets `backend`, and continues with its events after `former_sequence`, those of a deleted one of its id.
    """
    if before is not None and before.deleted_at is not None:
        raise Conflict("the agent is being deleted", agent_id=command.agent_id)
    package = Package(uri=command.package_uri, sha256=command.package_sha256)
    agent = before or _new(command, package, backend, former_sequence, now)
    running = agent.status is AgentStatus.RUNNING
    latest = {
        "status": "deploying",
        "version": agent.deployment.version + (1 if before else 0),
        "package": package,
        "last_error": None,
    }
    changed = {
        "status": AgentStatus.RUNNING if running else AgentStatus.BUILDING,
        "deployment": agent.deployment.model_copy(update=latest),
        "updated_at": now,
    }
    agent = agent.model_copy(update=changed)
    return agent, (AgentDeploying(**_fact(agent), package_sha256=package.sha256),)


def deployed(agent: Agent, result: Deployment, now: datetime) -> Decided:
    """The deployment under way has succeeded."""
    assert agent.deploying
    latest = agent.deployment.model_copy(
        update={
            "status": "deployed",
            "isolated": result.isolated,
            "isolation": result.isolation,
            "last_error": None,
            "deployed_at": now,
        }
    )
    changed = {
        "status": AgentStatus.RUNNING,
        "deployment": latest,
        "active": latest.package,
        "region": result.region,
        "updated_at": now,
    }
    agent = agent.model_copy(update=changed | _described(result))
    event = AgentDeployed(
        **_fact(agent), backend=agent.backend, deployment_version=latest.version, category=agent.category
    )
    return agent, (event,)


def deployment_failed(agent: Agent, reason: FailureReason, now: datetime) -> Decided:
    """The deployment under way has failed: what ran before runs on; where nothing did the agent is offline."""
    assert agent.deploying
    status = AgentStatus.RUNNING if agent.status is AgentStatus.RUNNING else AgentStatus.OFFLINE
    latest = agent.deployment.model_copy(update={"last_error": reason, "status": "failed"})
    agent = agent.model_copy(update={"status": status, "deployment": latest, "updated_at": now})
    return agent, (AgentDeploymentFailed(**_fact(agent), error=reason),)


def tombstone(agent: Agent, now: datetime) -> Decided:
    """Gone for everyone from now on; what belongs to it is erased afterwards."""
    changed = {"deleted_at": now, "updated_at": now, "status": AgentStatus.OFFLINE}
    return agent.model_copy(update=changed), ()


def deleted(agent: Agent) -> Decided:
    """All that belonged to it is erased."""
    assert agent.deleted_at is not None
    return agent, (AgentDeleted(**_fact(agent), deleted_at=agent.deleted_at),)


def target(agent: Agent) -> DeployedAgent:
    """What its backend needs to reach it."""
    active, address = agent.active, agent.address
    package = PackageRef(active.uri, active.sha256) if active else PackageRef("", "")
    return DeployedAgent(agent.agent_id, package, address.arn if address else "", address.alias_id if address else "")


def _described(result: Deployment) -> dict[str, object]:
    manifest = result.manifest
    return {
        "description": manifest.description or None,
        "category": manifest.category or None,
        "manifest_version": manifest.version,
        "capabilities": capabilities_of(manifest),
        "tools": [tool.model_dump(mode="json") for tool in manifest.tools],
        "address": AgentAddress(arn=result.agent_arn, alias_id=result.agent_alias_id, alias_arn=result.agent_alias_arn),
    }


def _new(command: DeployAgent, package: Package, backend: str, former_sequence: int, now: datetime) -> Agent:
    return Agent(
        tenant=command.principal.tenant,
        agent_id=command.agent_id,
        agent_name=command.agent_name,
        project_id=command.project_id,
        user_id=command.user_id,
        status=AgentStatus.BUILDING,
        backend=backend,
        deployment=LatestDeployment(status="deploying", version=1, package=package),
        created_at=now,
        updated_at=now,
        sequence=former_sequence,
    )


def _fact(agent: Agent) -> dict[str, Any]:
    return {"agent_id": agent.agent_id, "project_id": agent.project_id, "status": agent.status}
