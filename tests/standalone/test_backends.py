"""What every backend must show, whatever runs the agents behind it."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import cast

import pytest
from pydantic import JsonValue
from tests.support.agent_packages import FAILS_AT_START, package, script, talker
from tests.support.agentcore_machines import ProcessMachines
from tests.support.agentcore_world import agentcore, aws_environment
from tests.support.local_backends import begun, let_go

from nexus_agents.backends.local.backend import LocalSettings, open_local_backend
from nexus_agents.domain import backend_errors as errors
from nexus_agents.domain.backend import Backend, DeployedAgent, InvokeRequest, PackageRef, PastMessage
from nexus_agents.domain.backend_errors import (
    AgentCrashed,
    AgentFailed,
    AgentTimedOut,
    AgentUnreachable,
    BackendError,
    PackageRejected,
)
from nexus_agents.domain.stream import AgentEvent, TextPiece
from nexus_runtime.blobs import DirectoryBlobStore

AGENT = "proj_0123456789abcdef0123456789abcdef:tester"
SESSION = "sess_0123456789abcdef0123456789abcdef"


class Subject:
    """A backend under test, and where it finds the packages that a test makes.

    `ends` is how it reports an agent that ended without an answer: AgentCore does not tell that from one that failed.
    """

    def __init__(self, backend: Backend, blobs: DirectoryBlobStore, ends: tuple[type[BackendError], ...]) -> None:
        self.backend = backend
        self.ends = ends
        self._blobs = blobs

    async def stored(self, content: bytes) -> PackageRef:
        blob = await self._blobs.put(content)
        return PackageRef(blob.uri, blob.sha256)

    async def deployed(self, content: bytes | None = None, agent_id: str = AGENT) -> DeployedAgent:
        ref = await self.stored(content or talker())
        deployment = await self.backend.deploy(agent_id, ref)
        return DeployedAgent(agent_id, ref, deployment.agent_arn, deployment.agent_alias_id)


@pytest.fixture
async def local(tmp_path: Path) -> AsyncGenerator[Subject]:
    blobs = DirectoryBlobStore(tmp_path / "blobs")
    backend = await open_local_backend(blobs, LocalSettings(start_seconds=20))
    yield Subject(backend, blobs, (AgentCrashed,))
    await backend.stop()


@pytest.fixture
async def on_agentcore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Subject]:
    aws_environment(monkeypatch)
    async with agentcore(tmp_path, ProcessMachines()) as world:
        yield Subject(world.backend, world.blobs, (AgentCrashed, AgentFailed))


@pytest.fixture(params=["local", "on_agentcore"])
def subject(request: pytest.FixtureRequest) -> Subject:
    return request.getfixturevalue(request.param)


async def told(subject: Subject, agent: DeployedAgent, prompt: str, seconds: float = 20) -> str:
    return (await subject.backend.invoke(agent, InvokeRequest(prompt, timeout_seconds=seconds))).output


async def test_a_deployment_says_where_the_agent_is_and_how_it_is_isolated(subject: Subject) -> None:
    deployment = await subject.backend.deploy(AGENT, await subject.stored(talker(capabilities=["talking"])))
    assert deployment.status == "deployed"
    assert deployment.manifest.capabilities == ["talking"]
    assert deployment.agent_arn
    assert deployment.agent_alias_arn.startswith(deployment.agent_arn)
    assert deployment.agent_alias_id == "DEFAULT"
    assert deployment.region
    assert deployment.isolation
    assert deployment.isolated == (not deployment.isolation.startswith("not isolated"))


async def test_a_local_agent_is_awake_from_its_start_to_its_end(local: Subject) -> None:
    other = AGENT.replace("tester", "other")
    await local.deployed()
    await local.deployed(agent_id=other)
    assert await local.backend.awake() == [other, AGENT]
    await local.backend.undeploy(other)
    assert await local.backend.awake() == [AGENT]


async def test_an_agent_gets_prompt_history_session_and_state_and_its_answer_comes_back(subject: Subject) -> None:
    agent = await subject.deployed()
    answer = await subject.backend.invoke(
        agent,
        InvokeRequest(
            "echo hällo",
            history=(PastMessage("user", "hi"), PastMessage("assistant", "hello")),
            session_id=SESSION,
            session_state={"step": 2},
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
    )
    assert (answer.output, answer.tool_calls) == ("hällo", ({"name": "echo"},))
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.tool_calls) == (3, 4, 1)
    assert answer.session_state == {"step": 2}
    raw = cast(dict[str, JsonValue], answer.raw)
    payload, headers = cast(dict[str, JsonValue], raw["payload"]), cast(dict[str, str], raw["headers"])
    assert payload["history"] == [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    assert payload["session_id"] == SESSION
    assert headers["X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"].startswith(SESSION)
    assert headers["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c")


async def test_without_a_session_no_session_header_is_sent(local: Subject) -> None:
    answer = await local.backend.invoke(await local.deployed(), InvokeRequest("echo x"))
    raw = cast(dict[str, JsonValue], answer.raw)
    assert "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id" not in cast(dict[str, str], raw["headers"])


@pytest.mark.parametrize(
    ("prompt", "output"),
    [
        ('value "plain"', "plain"),
        ('value {"result": "r"}', "r"),
        ('value {"response": "p"}', "p"),
        ('value {"result": {"role": "assistant", "content": [{"text": "a"}, {"text": "b"}]}}', "ab"),
        ('value {"output": {"n": 1}}', '{"n": 1}'),
        ('value {"other": [1]}', '{"other": [1]}'),
        ("value 42", "42"),
        ("text just text", "just text"),
        ('stream ["a", "b", {"data": "c"}]', "abc"),
        ('stream ["a", {"output": "whole"}]', "whole"),
    ],
)
async def test_answers_in_the_forms_that_agents_use_are_understood(subject: Subject, prompt: str, output: str) -> None:
    assert await told(subject, await subject.deployed(), prompt) == output


async def test_who_observes_an_invocation_is_told_what_the_agent_streams(subject: Subject) -> None:
    told_so_far: list[AgentEvent] = []

    async def observe(event: AgentEvent) -> None:
        told_so_far.append(event)

    agent = await subject.deployed()
    for prompt in ('stream ["a", {"data": "b"}]', "echo not streamed"):
        await subject.backend.invoke(agent, InvokeRequest(prompt, observe=observe))
    assert told_so_far == [TextPiece("a"), TextPiece("b")]


@pytest.mark.parametrize(
    ("prompt", "code", "text"),
    [
        ('value {"error": {"code": "NO_IDEA", "message": "sorry"}}', "NO_IDEA", "sorry"),
        ('value {"error": "something odd"}', "AGENT_ERROR", "something odd"),
        ('stream ["a", {"error": "no ink", "error_type": "ValueError", "message": "m"}]', "ValueError", "no ink"),
        ("value {", "INVALID_ANSWER", "not JSON"),
        ("value NaN", "INVALID_ANSWER", "not JSON: it holds NaN"),
        ("value null", "INVALID_ANSWER", "null"),
        ('value {"output": " "}', "INVALID_ANSWER", "empty"),
        ("huge 8000001", "ANSWER_TOO_LARGE", "8000000"),
    ],
)
async def test_what_the_agent_reports_as_failed_failed(subject: Subject, prompt: str, code: str, text: str) -> None:
    agent = await subject.deployed()
    with pytest.raises(AgentFailed) as caught:
        await told(subject, agent, prompt)
    assert caught.value.code == code
    assert text in caught.value.message
    assert await told(subject, agent, "echo still here") == "still here"


async def test_an_error_status_is_a_failure(subject: Subject) -> None:
    agent = await subject.deployed()
    with pytest.raises(AgentFailed, match=r"500|the pen is dry"):
        await told(subject, agent, "fail")


async def test_what_comes_with_an_error_status_is_read_where_it_can_be_had(local: Subject) -> None:
    with pytest.raises(AgentFailed, match="the pen is dry") as caught:
        await told(local, await local.deployed(), "fail")
    assert caught.value.code == "OUT_OF_INK"


@pytest.mark.parametrize("prompt", ["crash", "half", "unframed", "hang_up"])
async def test_a_connection_that_ends_early_is_a_crash_and_the_next_invocation_works(
    subject: Subject, prompt: str
) -> None:
    agent = await subject.deployed()
    with pytest.raises(subject.ends):
        await told(subject, agent, prompt)
    assert await told(subject, agent, "echo again") == "again"


async def test_an_agent_that_is_too_slow_times_out_and_the_next_invocation_works(subject: Subject) -> None:
    agent = await subject.deployed()
    with pytest.raises(AgentTimedOut, match=r"0\.5 s"):
        await told(subject, agent, "slow 60", seconds=0.5)
    assert await told(subject, agent, "echo again") == "again"


async def test_a_cancelled_invocation_leaves_the_agent_usable(subject: Subject) -> None:
    agent = await subject.deployed()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(told(subject, agent, "slow 60"), 0.3)
    assert await told(subject, agent, "echo again") == "again"


@pytest.mark.parametrize("prompt", ["spin", "slow 60", "crash", "half"])
async def test_an_invocation_that_ends_badly_ends_no_other(subject: Subject, prompt: str) -> None:
    agent = await subject.deployed()
    patient = [await begun(subject.backend, agent, f"held {number}") for number in range(3)]
    await told(subject, agent, "echo x")  # starts a fourth process: the bad one shall not spend its second on that
    with pytest.raises((AgentTimedOut, *subject.ends)):
        await told(subject, agent, prompt, seconds=1)
    for number in range(3):
        let_go(f"held {number}")
    assert [(await task).output for task in patient] == ["at last"] * 3


async def test_invocations_run_side_by_side(subject: Subject) -> None:
    agent = await subject.deployed()
    other = await subject.deployed(agent_id=AGENT + "2")
    asked = [told(subject, which, f"echo {number}", seconds=100) for number in range(20) for which in (agent, other)]
    assert await asyncio.gather(*asked) == [str(number) for number in range(20) for _ in "ab"]


async def test_a_new_version_replaces_the_old_one_which_finishes_its_work(subject: Subject) -> None:
    old = await subject.deployed(talker(env={"VERSION": "old"}))
    working = await begun(subject.backend, old, "held")
    new = await subject.deployed(talker(env={"VERSION": "new"}))
    answer = await subject.backend.invoke(new, InvokeRequest("echo x"))
    assert cast(dict[str, JsonValue], answer.raw)["version"] == "new"
    let_go("held")
    assert (await working).output == "at last"


async def test_deploying_the_same_again_changes_nothing(subject: Subject) -> None:
    assert await subject.deployed() == await subject.deployed()


async def test_packages_that_cannot_run_are_rejected(subject: Subject) -> None:
    stored = await subject.stored(talker())
    for ref in (
        await subject.stored(b"no zip"),
        await subject.stored(package({"other.py": ""})),
        PackageRef("blob:sha256:" + "0" * 64, "0" * 64),
        PackageRef("no address", "0" * 64),
        PackageRef(stored.uri, "0" * 64),
    ):
        with pytest.raises(PackageRejected):
            await subject.backend.deploy(AGENT, ref)


async def test_an_agent_that_ends_at_its_start_says_why(local: Subject) -> None:
    with pytest.raises(AgentUnreachable, match="the model file is missing"):
        await local.deployed(script(FAILS_AT_START))


async def test_on_agentcore_an_agent_that_ends_at_its_start_fails_when_it_is_asked(on_agentcore: Subject) -> None:
    agent = await on_agentcore.deployed(script(FAILS_AT_START))
    with pytest.raises(AgentFailed, match="initialization"):
        await told(on_agentcore, agent, "echo x")


async def test_a_healthy_agent_checks_as_healthy(subject: Subject) -> None:
    agent = await subject.deployed()
    assert (await subject.backend.check(agent)).status == "healthy"


async def test_an_agent_that_cannot_start_checks_as_unhealthy(local: Subject) -> None:
    ref = await local.stored(script(FAILS_AT_START))
    health = await local.backend.check(DeployedAgent(AGENT, ref, "arn", "DEFAULT"))
    assert health.status == "unhealthy"
    assert "the model file is missing" in health.detail


async def test_deployed_agents_are_listed_until_they_are_undeployed(subject: Subject) -> None:
    await subject.deployed()
    assert await subject.backend.deployed() == [AGENT]
    await subject.backend.undeploy(AGENT)
    assert await subject.backend.deployed() == []


async def test_a_session_that_ended_may_be_ended_again_and_gone_on_with(subject: Subject) -> None:
    agent = await subject.deployed()
    for prompt in ("echo a", "echo b"):
        answer = await subject.backend.invoke(agent, InvokeRequest(prompt, session_id=SESSION))
        assert answer.output == prompt[-1]
        await subject.backend.end_session(agent, SESSION)
        await subject.backend.end_session(agent, SESSION)


async def test_undeploying_ends_what_runs_and_may_be_repeated(subject: Subject) -> None:
    agent = await subject.deployed()
    working = await begun(subject.backend, agent, "held")
    await subject.backend.undeploy(AGENT)
    with pytest.raises(subject.ends):
        await working
    await subject.backend.undeploy(AGENT)
    await subject.backend.undeploy("unknown")


def test_only_an_agent_that_was_sent_nothing_may_be_asked_again() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, BackendError)]
    assert {kind for kind in kinds if kind.may_retry} == {
        AgentUnreachable,
        errors.AgentNotStarted,
        errors.AgentBusy,
        errors.BackendThrottled,
        errors.PackageUnavailable,
        errors.QuotaExceeded,
    }


def test_a_session_id_is_as_long_as_agentcore_wants() -> None:
    with pytest.raises(ValueError, match="33 to 100"):
        InvokeRequest("x", session_id="short")
