"""An agent: it is deployed, deployed again in the same or another version, taken offline, described, deleted."""

import hashlib
from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field, JsonValue

from nexus_agents.domain.backend import Backends, DeployedAgent, Deployment, PackageRef
from nexus_agents.domain.backend_errors import BackendUnknown
from nexus_agents.domain.version import AgentVersion, Package
from nexus_contracts.agents.commands import DeployAgent, SetAgentStatus, UpdateAgent
from nexus_contracts.agents.events import (
    AgentDeleted,
    AgentDeployed,
    AgentDeploying,
    AgentDeploymentFailed,
    AgentDescribed,
    AgentStatus,
    AgentStatusChanged,
    FailureReason,
)
from nexus_contracts.agents.manifest import capabilities_of
from nexus_contracts.aggregate import Aggregate
from nexus_contracts.errors import Conflict, InvalidState
from nexus_contracts.identifiers import Timestamp, agent_id_of
from nexus_contracts.model import Message


class LatestDeployment(Message):
    """The latest attempt to deploy; `isolation` describes how the agent is isolated from its host.

    `number` counts the attempts, and `version` is what was deployed: the same one may be deployed again. `beside`: the
    active version stays active when this one is deployed.
    """

    status: Literal["deploying", "deployed", "failed"]
    number: int
    version: int
    package: Package
    beside: bool = False
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
    """`backend` is the name of the backend that runs it; `versions` counts all versions ever created.

    `active` is the package that runs, of version `active_version`, whatever the result of the latest deployment.
    """

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
    active_version: int | None = None
    versions: int
    region: str | None = None
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None = None

    @property
    def deploying(self) -> bool:
        return self.deleted_at is None and self.deployment.status == "deploying"

    @property
    def rechecked(self) -> bool:
        """Whether the latest deployment is of the version that was active before it."""
        return self.active is not None and self.active_version == self.deployment.version


Decided = tuple[Agent, Sequence[BaseModel]]


def require_own_id(command: DeployAgent) -> None:
    """Raises Conflict."""
    if command.agent_id != agent_id_of(command.project_id, command.agent_name):
        raise Conflict("the agent's id does not match its project and name", agent_id=command.agent_id)


def require_backend(before: Agent | None, wanted: str | None, backends: Backends) -> None:
    """Raises InvalidState if the backend does not exist, or if the agent is on another one, which it keeps."""
    if wanted is None:
        return
    if before is not None and before.backend != wanted:
        raise _not_allowed(before, "deploy", f"the agent runs on the backend {before.backend}", "delete")
    try:
        backends.of(wanted)
    except BackendUnknown:
        raise InvalidState(f"the backend {wanted} is not configured here", backend=wanted) from None


def goes_beside(before: Agent | None, command: DeployAgent, backends: Backends) -> bool:
    """Whether the active version stays active when the one of the command is deployed."""
    if before is None or before.status is not AgentStatus.RUNNING or before.active is None:
        return False
    return not command.activate and backends.of(before.backend).side_by_side


def deploy(
    before: Agent | None,
    command: DeployAgent,
    *,
    backend: str,
    former_sequence: int,
    now: datetime,
    beside: bool = False,
) -> Decided:
    """A new version, which replaces the running one once its deployment has succeeded, unless `beside`.

    Raises Conflict. A new agent gets `backend`, and its events continue after `former_sequence`, where those of a
    deleted agent with the same id ended.
    """
    if before is not None and before.deleted_at is not None:
        raise Conflict("the agent is being deleted", agent_id=command.agent_id)
    package = Package(uri=command.package_uri, sha256=command.package_sha256)
    if before is None:
        agent = _new(command, package, backend, former_sequence, now)
        return agent, (AgentDeploying(**_fact(agent), package_sha256=package.sha256),)
    agent = before.model_copy(update={"versions": before.versions + 1})
    return _deploying(agent, agent.versions, package, now, beside=beside)


def activate(agent: Agent, version: AgentVersion, now: datetime) -> Decided:
    """The version replaces the running one once its deployment has succeeded; nothing to do if it runs already.

    Raises InvalidState if it is being deployed.
    """
    if agent.deploying and agent.deployment.version == version.number:
        raise _not_allowed(agent, "activate", f"version {version.number} is being deployed")
    if agent.status is AgentStatus.RUNNING and agent.active_version == version.number and not agent.deploying:
        return agent, ()
    return _deploying(agent, version.number, version.package, now)


def set_status(agent: Agent, command: SetAgentStatus, now: datetime) -> Decided:
    """Offline at once; running once a deployment of what ran last has succeeded. Raises InvalidState."""
    if command.status == "running":
        if agent.deploying:
            raise _not_allowed(agent, "running", "the agent is being deployed", "offline")
        version = agent.active_version or agent.deployment.version
        return _deploying(agent, version, agent.active or agent.deployment.package, now)
    if agent.status is AgentStatus.OFFLINE:
        return agent, ()
    agent = agent.model_copy(update={"status": AgentStatus.OFFLINE, "updated_at": now})
    return agent, (AgentStatusChanged(**_fact(agent), reason=command.error_message),)


def describe(agent: Agent, command: UpdateAgent, now: datetime) -> Decided:
    """Changes the given parts of the description; None clears. The next version is described by its own manifest."""
    wanted = {
        "description": command.description,
        "category": command.category,
        "manifest_version": command.version,
        "tags": list(dict.fromkeys(command.tags or [])),
        "capabilities": sorted(set(command.capabilities or [])),
    }
    given = {"manifest_version" if name == "version" else name for name in command.given}
    changed = {name: value for name, value in wanted.items() if name in given and getattr(agent, name) != value}
    if not changed:
        return agent, ()
    agent = agent.model_copy(update=changed | {"updated_at": now})
    described = AgentDescribed(
        **_fact(agent),
        description=agent.description,
        category=agent.category,
        version=agent.manifest_version,
        tags=agent.tags,
        capabilities=agent.capabilities,
    )
    return agent, (described,)


def deployed(agent: Agent, result: Deployment, now: datetime) -> Decided:
    """The current deployment has succeeded. An agent that was taken offline in the meantime stays offline."""
    assert agent.deploying
    latest = agent.deployment.model_copy(
        update={
            "status": "deployed",
            "isolated": result.isolated,
            "isolation": result.isolation,
            "deployed_at": now,
        }
    )
    if latest.beside:
        return _told_deployed(agent.model_copy(update={"deployment": latest, "updated_at": now}))
    changed = {
        "status": AgentStatus.OFFLINE if agent.status is AgentStatus.OFFLINE else AgentStatus.RUNNING,
        "deployment": latest,
        "active": latest.package,
        "active_version": latest.version,
        "address": AgentAddress(arn=result.agent_arn, alias_id=result.agent_alias_id, alias_arn=result.agent_alias_arn),
        "region": result.region,
        "supported_models": [result.model] if result.model else [],
        "updated_at": now,
    }
    return _told_deployed(agent.model_copy(update=changed if agent.rechecked else changed | _described(result)))


def _told_deployed(agent: Agent) -> Decided:
    latest = agent.deployment
    event = AgentDeployed(
        **_fact(agent), backend=agent.backend, deployment_version=latest.version, category=agent.category
    )
    return agent, (event,)


def deployment_failed(agent: Agent, reason: FailureReason, now: datetime) -> Decided:
    """The current deployment has failed: another version that ran before keeps running, else the agent is offline."""
    assert agent.deploying
    runs_on = agent.status is AgentStatus.RUNNING and not agent.rechecked
    status = AgentStatus.RUNNING if runs_on else AgentStatus.OFFLINE
    latest = agent.deployment.model_copy(update={"last_error": reason, "status": "failed"})
    agent = agent.model_copy(update={"status": status, "deployment": latest, "updated_at": now})
    return agent, (AgentDeploymentFailed(**_fact(agent), error=reason),)


def tombstone(agent: Agent, now: datetime) -> Decided:
    """The agent no longer exists for callers; what belongs to it is erased afterwards."""
    changed = {"deleted_at": now, "updated_at": now, "status": AgentStatus.OFFLINE}
    return agent.model_copy(update=changed), ()


def deleted(agent: Agent) -> Decided:
    """Everything that belonged to it has been erased."""
    assert agent.deleted_at is not None
    return agent, (AgentDeleted(**_fact(agent), deleted_at=agent.deleted_at),)


def target(agent: Agent, version: AgentVersion | None = None) -> DeployedAgent:
    """What its backend needs to reach it, or another version of it."""
    active, address = version.package if version else agent.active, agent.address
    package = PackageRef(active.uri, active.sha256) if active else PackageRef("", "")
    arn, alias_id = (address.arn, address.alias_id) if address else ("", "")
    return DeployedAgent(agent.agent_id, package, arn, alias_id, next(iter(agent.supported_models), None))


def serving(agent: Agent) -> str:
    """A mark of all that an invocation goes by; another one where any of it has changed."""
    parts = (agent.tenant, agent.user_id, agent.backend, agent.active_version, *astuple(target(agent)))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _deploying(agent: Agent, version: int, package: Package, now: datetime, *, beside: bool = False) -> Decided:
    """The running version keeps running until the new deployment has succeeded."""
    running = agent.status is AgentStatus.RUNNING
    latest = {
        "status": "deploying",
        "number": agent.deployment.number + 1,
        "version": version,
        "package": package,
        "beside": beside,
        "last_error": None,
    }
    changed = {
        "status": AgentStatus.RUNNING if running else AgentStatus.BUILDING,
        "deployment": agent.deployment.model_copy(update=latest),
        "updated_at": now,
    }
    agent = agent.model_copy(update=changed)
    return agent, (AgentDeploying(**_fact(agent), package_sha256=package.sha256),)


def _not_allowed(agent: Agent, action: str, why: str, *allowed: str) -> InvalidState:
    return InvalidState(why, current_status=str(agent.status), action=action, allowed_actions=[*allowed])


def _described(result: Deployment) -> dict[str, object]:
    manifest = result.manifest
    return {
        "description": manifest.description or None,
        "category": manifest.category or None,
        "manifest_version": manifest.version,
        "capabilities": capabilities_of(manifest),
        "tools": [tool.model_dump(mode="json") for tool in manifest.tools],
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
        deployment=LatestDeployment(status="deploying", number=1, version=1, package=package),
        versions=1,
        created_at=now,
        updated_at=now,
        sequence=former_sequence,
    )


def _fact(agent: Agent) -> dict[str, Any]:
    return {"agent_id": agent.agent_id, "project_id": agent.project_id, "status": agent.status}
