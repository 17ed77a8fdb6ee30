"""An agent, through the domain alone: what each decision changes, what it tells, and what it refuses."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from nexus_agents.domain import agent as agents
from nexus_agents.domain import version as versions
from nexus_agents.domain.agent import Agent
from nexus_agents.domain.backend import DeployedAgent, Deployment, PackageRef
from nexus_agents.domain.backend_errors import BackendUnknown
from nexus_agents.domain.invocation import require_running
from nexus_agents.domain.version import AgentVersion, Package
from nexus_agents.domain.views import agent_view
from nexus_contracts.agents.commands import DeployAgent, SetAgentStatus
from nexus_contracts.agents.events import (
    AgentDeleted,
    AgentDeployed,
    AgentDeploying,
    AgentDeploymentFailed,
    AgentStatus,
    AgentStatusChanged,
    FailureReason,
)
from nexus_contracts.agents.manifest import Manifest, ManifestTool
from nexus_contracts.agents.views import AgentView, RuntimeStats
from nexus_contracts.errors import Conflict, InvalidState
from nexus_contracts.principal import Principal

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
PROJECT = "proj_" + "0" * 32
AGENT = f"{PROJECT}:adder"
FIRST, SECOND = (Package(uri=f"blob:{number}", sha256=number * 64) for number in "12")
MANIFEST = Manifest(
    name="adder", version="1.0.0", description="It adds.", category="fun", tools=[ManifestTool(name="pen")]
)
RESULT = Deployment("deployed", True, "a sandbox", "arn:a", "LIVE", "arn:a/LIVE", "eu-1", MANIFEST)
DRY = FailureReason(code="OUT_OF_INK", message="the pen is dry")
FACT: dict[str, Any] = {"agent_id": AGENT, "project_id": PROJECT}


def deployment(package: Package = FIRST, **fields: Any) -> DeployAgent:
    named = {"command_id": "c", "agent_id": AGENT, "project_id": PROJECT, "agent_name": "adder", "user_id": "ann"}
    wanted = {"package_uri": package.uri, "package_sha256": package.sha256}
    return DeployAgent.model_validate(named | wanted | {"principal": Principal(id="ann", tenant="acme")} | fields)


def deploying(before: Agent | None = None, package: Package = FIRST, **fields: Any) -> Agent:
    usual: dict[str, Any] = {"backend": "local", "former_sequence": 0, "now": NOON}
    return agents.deploy(before, deployment(package), **usual | fields)[0]


def running() -> Agent:
    return agents.deployed(deploying(), RESULT, NOON)[0]


def offline() -> Agent:
    return agents.set_status(running(), wanted("offline"), NOON)[0]


def wanted(status: Any, **fields: Any) -> SetAgentStatus:
    return SetAgentStatus(command_id="c", agent_id=AGENT, status=status, **fields)


def backends(side_by_side: bool = True) -> Any:
    """Two backends, of which one may be able to run two versions at once."""

    def of(name: str) -> Any:
        if name not in ("local", "agentcore"):
            raise BackendUnknown(name)
        return SimpleNamespace(side_by_side=side_by_side and name == "local")

    return SimpleNamespace(of=of)


def test_an_agent_has_the_id_of_its_project_and_name() -> None:
    agents.require_own_id(deployment())
    foreign = deployment(agent_id=f"{PROJECT}:other")
    with pytest.raises(Conflict, match="the agent's id does not match its project and name") as refused:
        agents.require_own_id(foreign)
    assert refused.value.details == {"agent_id": foreign.agent_id}


def test_an_agent_stays_on_its_backend_and_a_new_one_goes_where_there_is_one() -> None:
    for before, backend in ((None, None), (None, "agentcore"), (running(), None), (running(), "local")):
        agents.require_backend(before, backend, backends())
    with pytest.raises(InvalidState, match="the agent runs on the backend local") as refused:
        agents.require_backend(running(), "agentcore", backends())
    told = {"current_status": "running", "action": "deploy", "allowed_actions": ["delete"]}
    assert refused.value.details == told
    with pytest.raises(InvalidState, match="the backend moon is not configured here") as unknown:
        agents.require_backend(None, "moon", backends())
    assert unknown.value.details == {"backend": "moon"}


@pytest.mark.parametrize(
    ("before", "activate", "side_by_side", "beside"),
    [
        (running(), False, True, True),
        (running(), True, True, False),
        (running(), False, False, False),
        (offline(), False, True, False),
        (deploying(), False, True, False),
        (None, False, True, False),
        (running().model_copy(update={"active": None}), False, True, False),
    ],
)
def test_a_version_goes_beside_one_that_serves_where_both_can_run(
    before: Agent | None, activate: bool, side_by_side: bool, beside: bool
) -> None:
    assert agents.goes_beside(before, deployment(activate=activate), backends(side_by_side)) is beside


def test_a_new_agent_is_deployed_as_its_first_version_and_goes_on_with_the_events_of_its_forerunner() -> None:
    agent, (event,) = agents.deploy(None, deployment(), backend="local", former_sequence=7, now=NOON)
    assert (agent.agent_id, agent.agent_name, agent.project_id, agent.user_id) == (AGENT, "adder", PROJECT, "ann")
    assert (agent.tenant, agent.backend, agent.sequence, agent.versions) == ("acme", "local", 7, 1)
    assert (agent.created_at, agent.updated_at, agent.status) == (NOON, NOON, "building")
    latest = agent.deployment
    assert (latest.status, latest.number, latest.version, latest.package) == ("deploying", 1, 1, FIRST)
    assert (agent.deploying, agent.active, agent.active_version, latest.beside) == (True, None, None, False)
    assert event == AgentDeploying(**FACT, status=AgentStatus.BUILDING, package_sha256=FIRST.sha256)


@pytest.mark.parametrize("beside", [True, False])
def test_the_next_version_leaves_the_present_one_serving_while_it_is_deployed(beside: bool) -> None:
    failed = agents.deployment_failed(deploying(running(), SECOND), DRY, NOON)[0]
    usual: dict[str, Any] = {"backend": "elsewhere", "former_sequence": 99, "now": LATER, "beside": beside}
    agent, (event,) = agents.deploy(failed, deployment(SECOND), **usual)
    latest = agent.deployment
    assert (latest.status, latest.number, latest.version, latest.package) == ("deploying", 3, 3, SECOND)
    assert (latest.beside, latest.last_error) == (beside, None)
    assert (agent.status, agent.active, agent.active_version, agent.versions) == ("running", FIRST, 1, 3)
    assert (agent.backend, agent.sequence, agent.updated_at) == ("local", 0, LATER)
    assert event == AgentDeploying(**FACT, status=AgentStatus.RUNNING, package_sha256=SECOND.sha256)


def test_an_agent_that_is_being_deleted_is_not_deployed() -> None:
    with pytest.raises(Conflict, match="the agent is being deleted") as refused:
        deploying(agents.tombstone(running(), NOON)[0])
    assert refused.value.details == {"agent_id": AGENT}


def test_a_deployed_version_serves_as_its_manifest_describes_it() -> None:
    agent, (event,) = agents.deployed(deploying(), RESULT, LATER)
    latest = agent.deployment
    assert (agent.status, agent.active, agent.active_version, agent.region) == ("running", FIRST, 1, "eu-1")
    assert (latest.status, latest.isolated, latest.isolation, latest.last_error) == (
        "deployed",
        True,
        "a sandbox",
        None,
    )
    assert (latest.deployed_at, agent.updated_at) == (LATER, LATER)
    assert agent.address == agents.AgentAddress(arn="arn:a", alias_id="LIVE", alias_arn="arn:a/LIVE")
    assert (agent.description, agent.category, agent.manifest_version) == ("It adds.", "fun", "1.0.0")
    assert (agent.capabilities, agent.tools) == (["tool:pen"], [{"name": "pen", "description": ""}])
    assert event == AgentDeployed(
        **FACT, status=AgentStatus.RUNNING, backend="local", deployment_version=1, category="fun"
    )
    bare = Deployment("deployed", True, "", "", "", "", "", Manifest(name="adder", version="1"))
    plain = agents.deployed(deploying(), bare, LATER)[0]
    assert (plain.description, plain.category) == (None, None)


def test_a_version_beside_the_one_that_serves_changes_nothing_of_it() -> None:
    before = running()
    agent, (event,) = agents.deployed(deploying(before, SECOND, beside=True), RESULT, LATER)
    assert (agent.deployment.status, agent.deployment.version, agent.updated_at) == ("deployed", 2, LATER)
    same = ("status", "active", "active_version", "address", "description", "region")
    assert all(getattr(agent, name) == getattr(before, name) for name in same)
    assert isinstance(event, AgentDeployed)
    assert (event.deployment_version, event.status) == (2, "running")


def test_a_check_of_the_version_that_serves_keeps_what_people_described() -> None:
    described = running().model_copy(update={"description": "Ours."})
    checking, (event,) = agents.set_status(described, wanted("running"), LATER)
    assert (checking.status, checking.deployment.number, checking.deployment.version) == ("running", 2, 1)
    assert isinstance(event, AgentDeploying)
    checked, _ = agents.deployed(checking, RESULT, LATER)
    assert (checked.description, checked.active_version) == ("Ours.", 1)
    assert agents.deployed(deploying(described, SECOND), RESULT, LATER)[0].description == "It adds."


def test_an_agent_that_was_taken_offline_stays_offline_whatever_comes_of_its_deployment() -> None:
    taken, (event,) = agents.set_status(deploying(), wanted("offline", error_message="wrong totals"), LATER)
    assert (taken.status, taken.updated_at) == ("offline", LATER)
    assert event == AgentStatusChanged(**FACT, status=AgentStatus.OFFLINE, reason="wrong totals")
    assert agents.set_status(taken, wanted("offline"), LATER) == (taken, ())
    deployed, _ = agents.deployed(taken, RESULT, LATER)
    assert (deployed.status, deployed.active_version) == ("offline", 1)
    assert agents.deployment_failed(taken, DRY, LATER)[0].status == "offline"


def test_running_deploys_again_what_ran_last_or_what_was_tried_last() -> None:
    ran = agents.set_status(
        agents.deployment_failed(deploying(offline(), SECOND), DRY, NOON)[0], wanted("running"), LATER
    )[0]
    assert (ran.status, ran.deployment.version, ran.deployment.package) == ("building", 1, FIRST)
    tried = agents.deployment_failed(deploying(package=SECOND), DRY, NOON)[0]
    again, _ = agents.set_status(tried, wanted("running"), LATER)
    assert (again.deployment.version, again.deployment.package, again.deployment.number) == (1, SECOND, 2)
    with pytest.raises(InvalidState, match="the agent is being deployed") as refused:
        agents.set_status(again, wanted("running"), LATER)
    told = {"current_status": "building", "action": "running", "allowed_actions": ["offline"]}
    assert refused.value.details == told


def test_a_failed_deployment_leaves_another_version_serving_and_takes_a_checked_one_offline() -> None:
    checking = agents.set_status(running(), wanted("running"), NOON)[0]
    for before, status in ((deploying(running(), SECOND), "running"), (checking, "offline"), (deploying(), "offline")):
        agent, (event,) = agents.deployment_failed(before, DRY, LATER)
        assert (agent.status, agent.deployment.status, agent.deployment.last_error) == (status, "failed", DRY)
        assert (agent.active, agent.updated_at) == (before.active, LATER)
        assert event == AgentDeploymentFailed(**FACT, status=agent.status, error=DRY)


def test_activation_deploys_a_version_unless_it_serves_or_is_being_deployed() -> None:
    before = agents.deployed(deploying(running(), SECOND), RESULT, NOON)[0]
    first, second = (versions.made(deployment(one), number, NOON) for number, one in ((1, FIRST), (2, SECOND)))
    assert agents.activate(before, second, LATER) == (before, ())
    back, (event,) = agents.activate(before, first, LATER)
    assert (back.deployment.version, back.deployment.package, back.versions) == (1, FIRST, 2)
    assert isinstance(event, AgentDeploying)
    with pytest.raises(InvalidState, match="version 1 is being deployed") as refused:
        agents.activate(back, first, LATER)
    told: dict[str, Any] = {"current_status": "running", "action": "activate", "allowed_actions": []}
    assert refused.value.details == told
    forward, _ = agents.activate(back, second, LATER)
    assert forward.deployment.version == 2, "the one that serves takes the place of a deployment under way"
    stopped = agents.set_status(before, wanted("offline"), LATER)[0]
    assert agents.activate(stopped, second, LATER)[0].deploying


def test_a_deleted_agent_is_offline_at_once_and_told_when_everything_is_erased() -> None:
    gone, events = agents.tombstone(running(), LATER)
    assert (gone.status, gone.deleted_at, gone.updated_at, list(events)) == ("offline", LATER, LATER, [])
    assert not agents.tombstone(deploying(), LATER)[0].deploying
    same, (event,) = agents.deleted(gone)
    assert same == gone
    assert event == AgentDeleted(**FACT, status=AgentStatus.OFFLINE, deleted_at=LATER)


def test_the_model_that_a_version_names_is_the_one_its_backend_is_told() -> None:
    named, _ = agents.deployed(deploying(), replace(RESULT, model="bedrock:small"), NOON)
    assert named.supported_models == ["bedrock:small"]
    assert agents.target(named).model == "bedrock:small"
    nameless, _ = agents.deployed(deploying(named, SECOND), RESULT, LATER)
    assert nameless.supported_models == []
    assert agents.target(nameless).model is None


def test_a_backend_is_told_which_package_and_where() -> None:
    assert agents.target(running()) == DeployedAgent(AGENT, PackageRef(FIRST.uri, FIRST.sha256), "arn:a", "LIVE")
    second = versions.made(deployment(SECOND), 2, NOON)
    assert agents.target(running(), second).package == PackageRef(SECOND.uri, SECOND.sha256)
    assert agents.target(deploying()) == DeployedAgent(AGENT, PackageRef("", ""), "", "")


@pytest.mark.parametrize(
    ("agent", "advice"), [(deploying(), "Wait for its deployment"), (offline(), "If deployment.last_error")]
)
def test_an_agent_that_does_not_run_is_not_invoked_and_says_what_to_do(agent: Agent, advice: str) -> None:
    require_running(running())
    with pytest.raises(InvalidState, match=f"the agent is {agent.status}") as refused:
        require_running(agent)
    told: dict[str, Any] = {"current_status": str(agent.status), "action": "invoke", "allowed_actions": []}
    assert refused.value.details == told
    assert refused.value.advice.startswith(advice)


def test_a_version_is_kept_with_its_package_and_its_makers_and_what_became_of_it() -> None:
    made = versions.made(deployment(attempt=4, package_id="pkg_1"), 3, NOON)
    usual: dict[str, Any] = {"agent_id": AGENT, "number": 3, "package": FIRST, "attempt": 4, "package_id": "pkg_1"}
    assert made == AgentVersion(**usual, created_by="ann", created_at=NOON)
    failed = versions.failed(made, DRY)
    assert (failed.status, failed.error) == ("failed", DRY)
    again = versions.deploying(failed)
    assert (again.status, again.error) == ("deploying", None)
    done = versions.deployed(failed, "1.0.0", LATER)
    assert (done.status, done.error, done.manifest_version, done.deployed_at) == ("deployed", None, "1.0.0", LATER)


@pytest.mark.parametrize("agent", [running(), deploying()])
def test_an_agent_is_shown_with_its_deployment_its_address_and_its_figures(agent: Agent) -> None:
    stats = RuntimeStats(total_invocations=3)
    view = agent_view(agent.model_copy(update={"version": 5}), stats)
    assert AgentView.model_validate_json(view.model_dump_json()) == view
    assert (view.agent_id, view.etag, view.runtime_stats, view.version) == (AGENT, 5, stats, agent.manifest_version)
    assert view.active_package_sha256 == (agent.active.sha256 if agent.active else None)
    place = (
        view.agentcore_config.agent_arn,
        view.agentcore_config.agent_alias_id,
        view.agentcore_config.agent_alias_arn,
    )
    known = agent.address
    assert place == ((known.arn, known.alias_id, known.alias_arn) if known else (None, None, None))
    shown = view.deployment
    assert (shown.backend, shown.package_uri, shown.package_sha256) == ("local", FIRST.uri, FIRST.sha256)
    assert (shown.status, shown.version) == (agent.deployment.status, 1)
