"""Versions of an agent, its status and its description: what the commands come to."""

import asyncio
from typing import Any

import pytest
from tests.support.agents_world import AGENT, PACKAGE, PROJECT, World, error_of, kill_tasks, settle
from tests.support.eventually import eventually

from nexus_agents.domain.backend_errors import AgentNotStarted, AgentTimedOut, BackendError, PackageUnavailable
from nexus_agents.domain.views import version_view
from nexus_agents.tables import INVOCATIONS, VERSIONS, WORK
from nexus_agents.work import deployments
from nexus_contracts.agents.commands import (
    ActivateVersion,
    CreateSession,
    DeleteAgent,
    DeployAgent,
    InvokeAgent,
    PostMessage,
    SetAgentStatus,
    UpdateAgent,
)
from nexus_contracts.agents.views import AgentView
from nexus_contracts.principal import Principal
from nexus_contracts.replies import Reply
from nexus_runtime.process.clock import new_id

SECOND = {"package_uri": "blob:sha256:" + "2" * 64, "package_sha256": "2" * 64}
STRANGER = Principal(id="eve", tenant="other")


@pytest.fixture
async def world():
    made = World()
    await made.start()
    yield made
    await kill_tasks()


def activation(version: int, **fields: Any) -> ActivateVersion:
    return ActivateVersion(command_id=new_id("c"), agent_id=AGENT, version=version, **fields)


def status(wanted: Any, **fields: Any) -> SetAgentStatus:
    return SetAgentStatus(command_id=new_id("c"), agent_id=AGENT, status=wanted, **fields)


def update(**fields: Any) -> UpdateAgent:
    return UpdateAgent(command_id=new_id("c"), agent_id=AGENT, given=sorted(fields), **fields)


def invocation() -> InvokeAgent:
    return InvokeAgent(command_id=new_id("c"), agent_id=AGENT, invocation_id=new_id("inv_"), input_text="hello")


def shown(answer: Reply) -> AgentView:
    return AgentView.model_validate(answer.result)


def second(**fields: Any) -> DeployAgent:
    usual = {"command_id": "c2", "agent_id": AGENT, "project_id": PROJECT, "agent_name": "tester"}
    return DeployAgent.model_validate(usual | SECOND | fields)


async def asked(world: World, version: int | None) -> str:
    """The digest of the package that an invocation reaches."""
    wish = invocation().model_copy(update={"version": version})
    request_id = await world.send(wish)
    await settle()
    (reached,) = world.backend.asked
    reached.succeed("done")
    await settle()
    assert world.answers(request_id)[0].status == 200
    return reached.agent.package.sha256


async def test_a_version_beside_the_one_that_serves_is_asked_by_its_number_alone(world: World) -> None:
    await world.deploy()
    answer = await world.ask(second(activate=False))
    view = shown(answer)
    assert (view.status, view.active_version, view.active_package_sha256) == ("running", 1, PACKAGE.sha256)
    assert (view.deployment.status, view.deployment.version) == ("deployed", 2)
    assert await asked(world, None) == PACKAGE.sha256
    assert await asked(world, 2) == SECOND["package_sha256"]
    assert (await world.ask(activation(2))).status == 201
    assert (await world.view()).active_version == 2
    assert await asked(world, None) == SECOND["package_sha256"]
    assert await asked(world, 2) == SECOND["package_sha256"]


async def test_a_version_that_is_not_there_cannot_be_asked(world: World) -> None:
    await world.deploy()
    answer = await world.ask(invocation().model_copy(update={"version": 7}))
    code, details = error_of(answer)
    assert (code, details["reason"]) == ("AGENT_INVOCATION_FAILED", "VERSION_UNAVAILABLE")
    assert world.backend.asked == []


@pytest.mark.parametrize("side_by_side", [True, False])
async def test_without_one_that_serves_or_room_for_two_the_version_takes_the_place(
    world: World, side_by_side: bool
) -> None:
    world.backend.side_by_side = side_by_side
    await world.deploy()
    if side_by_side:
        await world.ask(status("offline"))
    assert shown(await world.ask(second(activate=False))).active_version == 2


async def kept(world: World) -> list[tuple[int, str, str]]:
    found, _ = await world.service.queries.versions.page(AGENT, 10, None)
    return [(one.number, one.package.sha256[0], one.status) for one in found]


async def test_every_deployment_is_kept_as_a_version_with_its_package_and_maker(world: World) -> None:
    await world.deploy(user_id="ann", attempt=4)
    world.backend.fault = AgentNotStarted("no")
    await world.deploy(**SECOND)
    found, more = await world.service.queries.versions.page(AGENT, 10, None)
    assert [(one.number, one.status, one.created_by, one.attempt) for one in found] == [
        (2, "failed", "default", None),
        (1, "deployed", "ann", 4),
    ]
    assert (found[0].error and found[0].error.code, found[1].manifest_version, more) == (
        "AGENT_NOT_STARTED",
        "1.0.0",
        None,
    )
    assert (await world.view()).active_version == 1
    agent = await world.agents.load(AGENT)
    assert agent is not None
    shown_versions = [version_view(one, agent) for one in found]
    assert [(one.version, one.active, one.package_uri, one.package_sha256) for one in shown_versions] == [
        (2, False, SECOND["package_uri"], SECOND["package_sha256"]),
        (1, True, PACKAGE.uri, PACKAGE.sha256),
    ]
    assert [(one.status, one.created_by, one.attempt) for one in shown_versions] == [
        ("failed", "default", None),
        ("deployed", "ann", 4),
    ]


async def test_an_agent_rolls_back_and_forward(world: World) -> None:
    await world.deploy()
    await world.deploy(**SECOND)
    back = shown(await world.ask(activation(1)))
    assert (back.active_version, back.deployment.version, back.deployment.package_uri) == (1, 1, PACKAGE.uri)
    await world.send(invocation())
    assert world.backend.asked[0].agent.package == PACKAGE
    forward = shown(await world.ask(activation(2)))
    assert (forward.active_version, forward.deployment.package_sha256) == (2, "2" * 64)
    assert shown(await world.deploy()).active_version == 3
    assert await kept(world) == [(3, "1", "deployed"), (2, "2", "deployed"), (1, "1", "deployed")]


async def test_the_version_that_runs_is_invoked_until_the_other_one_is_ready(world: World) -> None:
    await world.deploy()
    await world.deploy(**SECOND)
    world.backend.gate = asyncio.Event()
    request = await world.send(activation(1))
    await world.send(invocation())
    assert world.backend.asked[0].agent.package.sha256 == "2" * 64
    world.backend.gate.set()
    await settle()
    assert [answer.status for answer in world.answers(request)] == [201]
    await world.send(invocation())
    assert world.backend.asked[1].agent.package == PACKAGE


async def test_an_activation_that_fails_leaves_what_ran_running(world: World) -> None:
    await world.deploy()
    await world.deploy(**SECOND)
    world.backend.fault = AgentNotStarted("no")
    view = shown(await world.ask(activation(1)))
    assert (view.status, view.active_version, view.deployment.status) == ("running", 2, "failed")
    assert await kept(world) == [(2, "2", "deployed"), (1, "1", "failed")]


async def test_an_activation_whose_process_died_is_carried_through(world: World) -> None:
    await world.deploy()
    await world.deploy(**SECOND)
    world.backend.gate = asyncio.Event()
    request = await world.send(activation(1))
    world.backend.gate = None
    await world.crash()
    assert [shown(answer).active_version for answer in world.answers(request)] == [1]
    assert world.database.items(WORK) == []


async def test_the_active_version_is_activated_without_a_deployment(world: World) -> None:
    await world.deploy()
    before = await world.view()
    assert shown(await world.ask(activation(1))) == before
    assert len(world.backend.deployments) == 1


async def test_an_activation_takes_the_place_of_a_deployment_under_way(world: World) -> None:
    await world.deploy()
    world.backend.gate = asyncio.Event()
    request = await world.send(second())
    again = await world.ask(activation(2))
    assert error_of(again) == (
        "INVALID_STATE",
        {"current_status": "running", "action": "activate", "allowed_actions": []},
    )
    first = await world.send(activation(1))
    assert error_of(world.answers(request)[0])[0] == "RESOURCE_CONFLICT"
    world.backend.gate.set()
    await settle()
    assert shown(world.answers(first)[0]).active_version == 1
    assert await kept(world) == [(2, "2", "failed"), (1, "1", "deployed")]


async def test_an_unknown_version_a_stale_if_match_and_anothers_agent_are_refused(world: World) -> None:
    await world.deploy()
    named = {"type": "version", "id": "7", "agent_id": AGENT}
    assert error_of(await world.ask(activation(7))) == ("RESOURCE_NOT_FOUND", named)
    assert error_of(await world.ask(activation(1, if_match=1)))[0] == "PRECONDITION_FAILED"
    for command in (activation(1), status("offline"), update(tags=["x"])):
        stranger = command.model_copy(update={"principal": STRANGER})
        assert error_of(await world.ask(stranger))[0] == "RESOURCE_NOT_FOUND"


async def test_versions_go_with_their_agent_and_begin_anew(world: World) -> None:
    await world.deploy()
    await world.deploy(**SECOND)
    await world.ask(DeleteAgent(command_id=new_id("c"), agent_id=AGENT))
    await settle()
    assert world.database.items(VERSIONS) == []
    assert shown(await world.deploy()).active_version == 1


async def test_an_agent_that_is_offline_refuses_and_counts_nothing(world: World) -> None:
    await world.deploy()
    view = shown(await world.ask(status("offline", error_message="wrong totals")))
    assert view.status == "offline"
    assert error_of(await world.ask(invocation()))[0] == "INVALID_STATE"
    assert world.database.items(INVOCATIONS) == []
    assert (await world.view()).runtime_stats.total_invocations == 0
    entries = [entry async for entry in world.owner.history.read(AGENT)]
    assert (entries[-1].type, entries[-1].data["reason"]) == ("nexus.agent.status_changed.v1", "wrong totals")
    assert shown(await world.ask(status("offline"))).etag == view.etag


async def test_an_agent_runs_again_when_its_deployment_holds(world: World) -> None:
    await world.deploy()
    await world.ask(status("offline"))
    view = shown(await world.ask(status("running")))
    assert (view.status, view.active_version, len(world.backend.deployments)) == ("running", 1, 2)
    await world.send(invocation())
    assert len(world.backend.asked) == 1


async def test_a_running_agent_whose_check_fails_goes_offline(world: World) -> None:
    await world.deploy()
    world.backend.fault = AgentNotStarted("no")
    before = await world.view()
    view = shown(await world.ask(status("running")))
    assert view.updated_at > before.updated_at
    assert (view.status, view.deployment.last_error and view.deployment.last_error.code) == (
        "offline",
        "AGENT_NOT_STARTED",
    )


async def test_a_first_deployment_that_failed_is_tried_again_by_running(world: World) -> None:
    world.backend.fault = AgentNotStarted("no")
    await world.deploy()
    world.backend.fault = None
    view = shown(await world.ask(status("running")))
    assert (view.status, view.active_version, view.capabilities) == ("running", 1, ["tool:pen", "writing"])


async def test_an_agent_taken_offline_while_it_is_deployed_stays_offline(world: World) -> None:
    world.backend.gate = asyncio.Event()
    await world.send(second())
    assert shown(await world.ask(status("offline"))).status == "offline"
    _, details = error_of(await world.ask(status("running")))
    assert details == {"current_status": "offline", "action": "running", "allowed_actions": ["offline"]}
    world.backend.gate.set()
    await settle()
    view = await world.view()
    assert (view.status, view.active_version) == ("offline", 1)


async def test_a_turn_that_waited_does_not_reach_an_agent_that_went_offline(world: World) -> None:
    await world.deploy()
    session_id = new_id("sess_")
    await world.ask(CreateSession(command_id=new_id("c"), session_id=session_id, agent_id=AGENT))
    requests = [
        await world.send(
            PostMessage(command_id=new_id("c"), session_id=session_id, invocation_id=new_id("inv_"), content=text)
        )
        for text in ("U1", "U2")
    ]
    await world.ask(status("offline"))
    world.backend.asked[0].succeed("A1")
    await settle()
    assert world.answers(requests[0])[0].status == 201
    assert error_of(world.answers(requests[1])[0])[1]["reason"] == "AGENT_OFFLINE"
    assert world.backend.prompts == ["U1"]


async def test_an_update_changes_what_is_given_and_null_clears(world: World) -> None:
    await world.deploy()
    view = shown(await world.ask(update(category=None, tags=["b", "a", "b"], capabilities=["z", "y"])))
    assert (view.category, view.tags, view.capabilities, view.version) == (None, ["b", "a"], ["y", "z"], "1.0.0")
    assert (await world.events(AGENT))[-1] == "agent.described.v1"
    assert shown(await world.ask(update(description="It writes.", version=None))).version is None
    assert shown(await world.ask(update())).description == "It writes."
    stale = update(tags=[]).model_copy(update={"if_match": 1})
    assert error_of(await world.ask(stale))[0] == "PRECONDITION_FAILED"


async def test_a_description_is_told_whole_whatever_of_it_has_changed(world: World) -> None:
    await world.deploy()
    whole = {"description": "It writes.", "category": "work", "tags": ["a"], "capabilities": ["y"]}
    for change in (whole, {"version": "7"}):
        before = await world.view()
        view = shown(await world.ask(update(**change)))
        assert view.updated_at > before.updated_at
    told = [entry async for entry in world.owner.history.read(AGENT)][-1].data
    assert {name: told[name] for name in (*whole, "version")} == {**whole, "version": "7"}


async def test_what_was_described_outlives_a_check_but_not_the_next_version(world: World) -> None:
    await world.deploy()
    await world.ask(update(category="work", tags=["a"]))
    assert shown(await world.ask(status("running"))).category == "work"
    view = shown(await world.deploy(**SECOND))
    assert (view.category, view.tags) == ("fun", ["a"])


async def test_an_unknown_agent_is_never_created(world: World) -> None:
    for command in (update(tags=["a"]), status("running"), activation(1)):
        assert error_of(await world.ask(command)) == ("RESOURCE_NOT_FOUND", {"type": "agent", "id": AGENT})
    assert await world.agents.load_any(AGENT) is None


async def test_a_deployment_waits_for_a_package_store_that_comes_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployments, "PAUSES", (0.01,) * 5)
    world.backend.fault = PackageUnavailable("The package cannot be read now.")
    request = await world.send(second())
    assert world.answers(request) == []
    world.backend.fault = None
    answer = await eventually(lambda: world.answers(request), what="it is deployed")
    assert shown(answer[0]).deployment.status == "deployed"


async def test_a_package_store_that_stays_unavailable_fails_the_deployment_which_may_be_repeated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployments, "PAUSES", (0.0,) * 2)
    world.backend.fault = PackageUnavailable("The package cannot be read now.")
    failed = shown(await world.ask(second()))
    error = failed.deployment.last_error
    assert (failed.status, failed.deployment.status) == ("offline", "failed")
    assert error is not None
    assert (error.code, error.message) == ("PACKAGE_UNAVAILABLE", "The package cannot be read now.")
    assert "set the agent's status to running" in error.suggestion
    assert len(world.backend.deployments) == 3
    world.backend.fault = None
    assert shown(await world.ask(status("running"))).deployment.status == "deployed"


def kinds(root: type[BackendError]) -> list[type[BackendError]]:
    return [one for kind in root.__subclasses__() for one in (kind, *kinds(kind))]


@pytest.mark.parametrize("kind", kinds(BackendError))
def test_every_error_of_a_backend_says_what_to_do(kind: type[BackendError]) -> None:
    assert "suggestion" in vars(kind), "advice of its own"
    assert kind.suggestion.endswith(".")


async def test_who_asks_an_agent_in_vain_is_told_what_to_do(world: World) -> None:
    world.backend.fault = AgentNotStarted("no")
    await world.deploy()
    refused = await world.ask(invocation())
    assert refused.error is not None
    assert "deployment.last_error" in refused.error.suggestion
    world.backend.fault = None
    await world.ask(second())
    request = await world.send(invocation())
    world.backend.asked[0].answer.set_exception(AgentTimedOut("No answer within 1 s."))
    await settle()
    (answer,) = world.answers(request)
    assert answer.error is not None
    assert "timeout_seconds" in answer.error.suggestion
