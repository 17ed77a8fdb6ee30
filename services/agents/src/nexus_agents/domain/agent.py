"""An agent: deployed, deployed again, deleted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field, JsonValue

from nexus_agents.domain.backend import DeployedAgent, Deployment, PackageRef
from nexus_agents.domain.invocation import Waiter
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
from nexus_contracts.agents.views import AgentCoreConfig, DeploymentView
from nexus_contracts.commands import IfMatch, matches
from nexus_contracts.errors import Conflict, InvalidState, PreconditionFailed
from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message

BackendName = Literal["local", "agentcore"]


class PendingDeployment(Message):
    """A deployment under way; `runner` is who works on it ("" for nobody yet)."""

    number: int
    package_uri: str
    package_sha256: str
    runner: str
    waiters: tuple[Waiter, ...] = ()


class Package(Message):
    uri: str
    sha256: str


class Agent(Message):
    """`deployment` is the latest, whatever came of it; `active` the package that runs.

    `version` counts the writes of this state, `sequence` the events.
    """

    agent_id: str
    agent_name: str
    project_id: str
    user_id: str
    status: AgentStatus
    description: str | None = None
    category: str | None = None
    manifest_version: str | None = None
    capabilities: list[str] = Field(default=[])
    tags: list[str] = Field(default=[])
    tools: list[dict[str, JsonValue]] = Field(default=[])
    supported_models: list[str] = Field(default=[])
    agentcore_config: AgentCoreConfig = AgentCoreConfig()
    deployment: DeploymentView
    active: Package | None = None
    pending: PendingDeployment | None = None
    region: str | None = None
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None = None
    sequence: int
    version: int = 0


Decided = tuple[Agent, Sequence[BaseModel]]


def deploy(
    before: Agent | None, command: DeployAgent, *, backend: BackendName, pending: PendingDeployment, now: datetime
) -> Decided:
    """A running agent keeps running what it has until the new deployment has succeeded. Raises Conflict."""
    if before is None:
        agent = _new(command, backend, now)
    elif before.deleted_at is not None:
        raise Conflict("the agent is being deleted", agent_id=command.agent_id)
    else:
        agent = before
    running = agent.status is AgentStatus.RUNNING
    status = AgentStatus.RUNNING if running else AgentStatus.BUILDING
    view = agent.deployment.model_copy(update={"status": "deploying", "last_error": None, **_package_of(pending)})
    agent = agent.model_copy(update={"status": status, "pending": pending, "deployment": view, "updated_at": now})
    return _recorded(agent, AgentDeploying(**_fact(agent), package_sha256=pending.package_sha256))


def next_number(before: Agent | None) -> int:
    """The version of the next deployment."""
    if before is None:
        return 1
    return before.deployment.version + 1


def deployed(agent: Agent, result: Deployment, now: datetime) -> Decided:
    """The pending deployment has succeeded."""
    assert agent.pending is not None
    view = agent.deployment.model_copy(
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
        "deployment": view,
        "active": Package(uri=view.package_uri, sha256=view.package_sha256),
        "pending": None,
        "region": result.region,
        "updated_at": now,
    }
    agent = agent.model_copy(update=changed | _described(result))
    return _recorded(agent, AgentDeployed(**_fact(agent), backend=view.backend, deployment_version=view.version))


def _described(result: Deployment) -> dict[str, object]:
    manifest = result.manifest
    return {
        "description": manifest.description or None,
        "category": manifest.category or None,
        "manifest_version": manifest.version,
        "capabilities": capabilities_of(manifest),
        "tools": [tool.model_dump(mode="json") for tool in manifest.tools],
        "agentcore_config": AgentCoreConfig(
            agent_arn=result.agent_arn, agent_alias_id=result.agent_alias_id, agent_alias_arn=result.agent_alias_arn
        ),
    }


def deployment_failed(agent: Agent, reason: FailureReason, now: datetime) -> Decided:
    """The pending deployment has failed: what ran before runs on; where nothing did the agent is offline."""
    assert agent.pending is not None
    status = AgentStatus.RUNNING if agent.status is AgentStatus.RUNNING else AgentStatus.OFFLINE
    view = agent.deployment.model_copy(update={"last_error": reason, "status": "failed"})
    agent = agent.model_copy(update={"status": status, "deployment": view, "pending": None, "updated_at": now})
    return _recorded(agent, AgentDeploymentFailed(**_fact(agent), error=reason))


def taken_over(agent: Agent, runner: str) -> Agent:
    """The pending deployment, in other hands."""
    assert agent.pending is not None
    return agent.model_copy(update={"pending": agent.pending.model_copy(update={"runner": runner})})


def awaited(agent: Agent, waiter: Waiter) -> Agent:
    """One more waits for the pending deployment."""
    assert agent.pending is not None
    pending = agent.pending.model_copy(update={"waiters": (*agent.pending.waiters, waiter)})
    return agent.model_copy(update={"pending": pending})


def tombstone(agent: Agent, now: datetime, if_match: IfMatch = None) -> Agent:
    """Gone for everyone from now on; what belongs to it is erased afterwards. Raises PreconditionFailed."""
    if not matches(if_match, agent.version):
        raise PreconditionFailed("the agent was changed meanwhile", current_etag=agent.version)
    changed = {"deleted_at": now, "updated_at": now, "status": AgentStatus.OFFLINE, "pending": None}
    return agent.model_copy(update=changed)


def deleted(agent: Agent) -> Decided:
    """All that belonged to it is erased."""
    assert agent.deleted_at is not None
    return _recorded(agent, AgentDeleted(**_fact(agent), deleted_at=agent.deleted_at))


def require_running(agent: Agent) -> None:
    """Raises InvalidState for an agent that takes no invocations now."""
    if agent.status is not AgentStatus.RUNNING:
        raise InvalidState(
            f"the agent is {agent.status}", current_status=str(agent.status), action="invoke", allowed_actions=[]
        )


def target(agent: Agent) -> DeployedAgent:
    """What the backend needs to reach it."""
    config, active = agent.agentcore_config, agent.active
    package = PackageRef(active.uri, active.sha256) if active else PackageRef("", "")
    return DeployedAgent(agent.agent_id, package, config.agent_arn or "", config.agent_alias_id or "")


def _package_of(pending: PendingDeployment) -> dict[str, str | int]:
    return {
        "version": pending.number,
        "package_uri": pending.package_uri,
        "package_sha256": pending.package_sha256,
    }


def _new(command: DeployAgent, backend: BackendName, now: datetime) -> Agent:
    view = DeploymentView(
        backend=backend,
        status="deploying",
        version=1,
        package_uri=command.package_uri,
        package_sha256=command.package_sha256,
    )
    return Agent(
        agent_id=command.agent_id,
        agent_name=command.agent_name,
        project_id=command.project_id,
        user_id=command.user_id,
        status=AgentStatus.BUILDING,
        deployment=view,
        created_at=now,
        updated_at=now,
        sequence=0,
    )


def _fact(agent: Agent) -> dict[str, Any]:
    return {"agent_id": agent.agent_id, "project_id": agent.project_id, "status": agent.status}


def _recorded(agent: Agent, *events: BaseModel) -> Decided:
    return agent.model_copy(update={"sequence": agent.sequence + len(events)}), events
