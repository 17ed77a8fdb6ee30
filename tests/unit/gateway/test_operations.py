"""What became of accepted commands."""

from collections.abc import AsyncGenerator, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest_asyncio
from tests.support.access import ALL, signed_in
from tests.support.agents_world import PACKAGE, kill_tasks, settle
from tests.support.asgi import HttpCaller
from tests.support.whole_platform import WholePlatform

from nexus_contracts.agents.commands import DeployAgent
from nexus_contracts.builds.commands import BUILDS_COMMAND
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import ValidationFailed
from nexus_contracts.principal import EVERYBODY, Principal
from nexus_contracts.replies import Reply
from nexus_contracts.topics import BUILDS_COMMANDS, Topic
from nexus_runtime.kafka.replies import Replier
from nexus_runtime.ledger.commands import command_subscription
from nexus_runtime.process import caller
from nexus_runtime.process.clock import new_id

PROJECTS = "/api/v1/projects"
GOOD = {"requirement": "an agent that adds numbers", "auto_start": False}
ANN = signed_in(scope=ALL)
LATER = ("Prefer", "respond-async")


class Story:
    def __init__(self) -> None:
        self.platform = WholePlatform()
        self.call = HttpCaller(self.platform.app)

    async def accepted(self, method: str, path: str, body: Any, key: str = "") -> str:
        """The address of the operation."""
        keyed = [("Idempotency-Key", key)] if key else []
        answer = await self.call(method, path, body, headers=[*ANN, LATER, *keyed])
        assert answer.status == 202, answer.body
        assert answer.headers["location"] == f"/api/v1/operations/{answer.json['data']['operation_id']}"
        return answer.headers["location"]

    async def read(self, location: str) -> Any:
        answer = await self.call("GET", location, headers=ANN)
        assert answer.status == 200, answer.body
        return answer.json["data"]


@pytest_asyncio.fixture
async def story() -> AsyncGenerator[Story]:
    yield Story()
    caller.principal.set(EVERYBODY)
    await kill_tasks()


async def test_a_command_that_was_carried_out_is_done_and_names_its_resource(story: Story) -> None:
    location = await story.accepted("POST", PROJECTS, GOOD)
    view = await story.read(location)
    assert (view["status"], view["error"], view["id"]) == ("done", None, location.rpartition("/")[2])
    assert (await story.call("GET", view["resource"], headers=ANN)).status == 200


async def test_a_control_that_was_refused_says_why(story: Story) -> None:
    resource = (await story.read(await story.accepted("POST", PROJECTS, GOOD)))["resource"]
    view = await story.read(await story.accepted("PUT", f"{resource}/control", {"action": "pause"}))
    assert (view["status"], view["error"]["code"], view["resource"]) == ("refused", "INVALID_STATE", resource)
    assert view["error"]["details"]["current_status"] == "pending"


async def test_a_key_used_for_another_request_is_told_of_that_request_alone(story: Story) -> None:
    first = await story.accepted("POST", PROJECTS, GOOD, key="k")
    second = await story.accepted("POST", PROJECTS, GOOD | {"priority": 5}, key="k")
    assert (await story.read(first))["status"] == "done"
    assert (await story.read(second))["error"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert await story.accepted("POST", PROJECTS, GOOD, key="k") == first


async def test_what_no_owner_has_decided_is_pending(story: Story) -> None:
    async def lost(
        topic: Topic, event: CloudEvent, headers: Sequence[tuple[str, bytes]] = (), partition: int | None = None
    ) -> None:
        return

    story.platform.bus.publish = lost
    location = await story.accepted("POST", PROJECTS, GOOD)
    assert (await story.read(location))["status"] == "pending"


class Silent:
    async def send(self, partition: int | None, reply: Reply, *, alone: bool = False) -> None: ...


async def given_up(story: Story, event: CloudEvent) -> None:
    """The builds service makes the command a dead letter."""
    ledger, decide = story.platform.builds.ledger, story.platform.builds.commands.decide
    replier, admit = cast(Replier, Silent()), story.platform.trust.admit
    builds = command_subscription(BUILDS_COMMANDS, "builds", BUILDS_COMMAND, decide, ledger, replier, admit)
    assert builds.refused is not None
    await builds.refused(event, SimpleNamespace(headers=()), ValidationFailed("no such field"))


async def test_a_command_that_became_a_dead_letter_has_failed_until_it_is_redriven(story: Story) -> None:
    carry_out, lost = story.platform.bus.publish, list[CloudEvent]()

    async def lose(topic: Topic, event: CloudEvent, *_: Any, **__: Any) -> None:
        lost.append(event)

    story.platform.bus.publish = lose
    location = await story.accepted("POST", PROJECTS, GOOD, key="k")
    await given_up(story, lost[0].model_copy(update={"signature": "forged"}))
    assert (await story.read(location))["status"] == "pending"
    await given_up(story, lost[0])
    view = await story.read(location)
    assert (view["status"], view["error"]["code"]) == ("failed", "VALIDATION_ERROR")
    other = await story.accepted("POST", PROJECTS, GOOD | {"priority": 5}, key="k")
    assert (await story.read(other))["status"] == "pending"
    story.platform.bus.publish = carry_out
    assert await story.accepted("POST", PROJECTS, GOOD, key="k") == location
    assert (await story.read(location))["status"] == "done"


async def test_an_invocation_is_pending_until_its_agent_has_answered(story: Story) -> None:
    agents = story.platform.agents
    project_id = "proj_" + "a" * 32
    await agents.start()
    named = {"agent_id": f"{project_id}:adder", "project_id": project_id, "agent_name": "adder", "user_id": "ann"}
    package = {"package_uri": PACKAGE.uri, "package_sha256": PACKAGE.sha256}
    await agents.send(
        DeployAgent.model_validate(
            {"command_id": new_id("cmd_"), "principal": Principal(id="ann", tenant="acme"), **named, **package}
        )
    )
    await settle()
    invoke = f"/api/v1/agents/{project_id}:adder/invoke"
    location = await story.accepted("POST", invoke, {"input_text": "1 + 1"})
    assert (await story.read(location))["status"] == "pending"
    agents.backend.asked[0].succeed()
    await settle()
    view = await story.read(location)
    assert (view["status"], view["resource"].startswith("/api/v1/invocations/inv_")) == ("done", True)


async def test_nobody_reads_operations_that_are_not_theirs_or_never_were(story: Story) -> None:
    location = await story.accepted("POST", PROJECTS, GOOD)
    admin = signed_in("root", scope="admin")
    assert (await story.call("GET", location, headers=admin)).status == 200
    for headers in (signed_in("bob"), signed_in(tenant="other"), signed_in("root", "other", "admin")):
        assert (await story.call("GET", location, headers=headers)).status == 404
    for forged in (
        location[:-9] + ("A" if location[-9] != "A" else "B") + location[-8:],
        location + ".x",
        "/api/v1/operations/op_1",
    ):
        assert (await story.call("GET", forged, headers=ANN)).status == 404
