"""How the worker asks a deployed agent its cases, and takes back a version that failed them."""

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from nexus_builds.worker import verifying
from nexus_builds.worker.deployment import Deployer
from nexus_builds.worker.verifying import Verifier
from nexus_contracts.agents.commands import ActivateVersion, CreateSession, InvokeAgent, SetAgentStatus
from nexus_contracts.agents.events import FailureReason
from nexus_contracts.builds.builder import StepFailed
from nexus_contracts.errors import ErrorBody, InvalidState
from nexus_contracts.principal import Principal
from nexus_contracts.verification import Case, CaseOutcome, CaseTurn, Number, Refusal, ToolCalled
from nexus_runtime.blobs import Blob

AGENT = "proj_" + "0" * 32 + ":a"
ASKER = Principal(id="ada", tenant="acme")
WHEN = "2026-01-01T00:00:00Z"


class Agents:
    """An AgentsClient: answers prompts by `answers` (None: never), and keeps the commands."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.commands: list[Any] = []
        self.refused: type[Any] | None = None

    async def until(self, command: Any, key: str, shown: Callable[[], Awaitable[Any]]) -> Any:
        self.commands.append(command)
        if isinstance(command, InvokeAgent) and self.answers[command.input_text] is None:
            raise TimeoutError
        return await shown()

    async def refusal(self, command: Any) -> ErrorBody | None:
        assert isinstance(command, self.refused or ())
        return InvalidState("the agent is offline").body()

    async def read(self, path: str, asker: Principal, kind: Any) -> Any:
        assert asker == ASKER
        command = self.commands[-1]
        if self.refused and isinstance(command, self.refused):
            return None
        if not isinstance(command, InvokeAgent):
            return kind.model_construct(status="offline", active_version=2)
        given: Any = self.answers[command.input_text]
        said = given if isinstance(given, str) else given.pop(0)
        invocation = {"invocation_id": command.invocation_id, "agent_id": AGENT, "session_id": command.session_id}
        failed = said in ("AGENT_CRASHED", "INTERRUPTED")
        return kind.model_validate(
            {
                **invocation,
                "user_id": "ada",
                "status": "failed" if failed else "succeeded",
                "input": command.input_text,
                "output": None if failed else said,
                "error": {"code": said, "message": "it failed"} if failed else None,
                "trace": [{"name": "add", "output": {}}, {"name": "divide", "output": {"error": "by zero"}}],
                "created_at": WHEN,
            }
        )


def case(*prompts: str, **fields: Any) -> Case:
    return Case(name=prompts[0], turns=[CaseTurn(prompt=prompt, **fields) for prompt in prompts])


def verifier(agents: Any) -> Verifier:
    return Verifier(agents)


async def test_a_case_of_several_turns_is_one_session_and_a_single_turn_none() -> None:
    agents = Agents(one="1", two="2", three="3")
    results = await verifier(agents).results(AGENT, [case("one"), case("two", "three")], ASKER, "run")
    assert [one.outcome for one in results] == [CaseOutcome.PASSED, CaseOutcome.PASSED]
    (session,) = [one for one in agents.commands if isinstance(one, CreateSession)]
    invoked = {one.input_text: one for one in agents.commands if isinstance(one, InvokeAgent)}
    assert session.conversation_mode == "eval"
    assert [invoked[name].session_id for name in ("one", "two", "three")] == [None, *[session.session_id] * 2]
    assert all(one.principal == ASKER for one in agents.commands)


async def test_asked_again_under_the_same_run_the_commands_are_the_same() -> None:
    once, again, other = Agents(one="1", two="2"), Agents(one="1", two="2"), Agents(one="1", two="2")
    for agents, run in ((once, "run"), (again, "run"), (other, "another")):
        await verifier(agents).results(AGENT, [case("one", "two")], ASKER, run)
    assert once.commands == again.commands
    assert {one.command_id for one in once.commands}.isdisjoint(one.command_id for one in other.commands)


async def test_only_a_tool_that_was_called_without_an_error_counts() -> None:
    for tool, outcome in (("add", CaseOutcome.PASSED), ("divide", CaseOutcome.FAILED)):
        asked = case("one", expect=[ToolCalled(tool=tool)])
        (result,) = await verifier(Agents(one="1")).results(AGENT, [asked], ASKER, "run")
        assert result.outcome is outcome


@pytest.mark.parametrize(
    ("answer", "outcome", "problem"),
    [
        ("AGENT_CRASHED", CaseOutcome.FAILED, "the agent failed: AGENT_CRASHED"),
        (None, CaseOutcome.NOT_VERIFIABLE, "the invocation did not end in time"),
        ("2", CaseOutcome.FAILED, "the answer has no number 1 (± 0)"),
    ],
)
async def test_what_comes_of_a_turn_is_said_and_ends_its_case(
    answer: str | None, outcome: CaseOutcome, problem: str
) -> None:
    agents = Agents(one=answer, two="1")
    asked = case("one", "two", expect=[Number(value=1)])
    (result,) = await verifier(agents).results(AGENT, [asked], ASKER, "run")
    assert (result.outcome, result.problem) == (outcome, problem)
    assert result.turns[0].prompt == "one"


async def test_a_conversation_that_the_platform_interrupts_is_held_again_from_its_start() -> None:
    agents = Agents(one=["1", "1"], two=["INTERRUPTED", "2"])
    (result,) = await verifier(agents).results(AGENT, [case("one", "two", expect=[Number(value=1)])], ASKER, "run")
    assert (result.outcome, [turn.answer for turn in result.turns]) == (CaseOutcome.FAILED, ["1", "2"])
    invoked = [one for one in agents.commands if isinstance(one, InvokeAgent)]
    assert [one.input_text for one in invoked] == ["one", "two"] * 2
    assert len({one.command_id for one in agents.commands}) == len(agents.commands)


async def test_a_case_that_is_interrupted_again_and_again_is_not_verifiable() -> None:
    agents = Agents(one=["INTERRUPTED"] * verifying.TRIES)
    (result,) = await verifier(agents).results(AGENT, [case("one", expect=[Number(value=1)])], ASKER, "run")
    assert (result.outcome, result.problem) == (CaseOutcome.NOT_VERIFIABLE, "INTERRUPTED, 3 times")


@pytest.mark.parametrize("refused", [InvokeAgent, CreateSession])
async def test_what_is_refused_for_good_is_not_waited_for(refused: type[Any]) -> None:
    agents = Agents(one="1", two="1")
    agents.refused = refused
    (result,) = await verifier(agents).results(AGENT, [case("one", "two", expect=[Number(value=1)])], ASKER, "run")
    assert (result.outcome, result.problem) == (CaseOutcome.NOT_VERIFIABLE, "INVALID_STATE: the agent is offline")
    assert len(agents.commands) == (1 if refused is CreateSession else 2)


async def test_no_more_than_a_few_cases_are_asked_at_once() -> None:
    agents = Agents(**{str(number): "I cannot" for number in range(20)})
    cases = [case(str(number), expect=[Refusal()]) for number in range(20)]
    results = await verifier(agents).results(AGENT, cases, ASKER, "run")
    assert len(cases) > verifying.AT_ONCE
    assert [one.name for one in results] == [one.name for one in cases]


async def test_a_version_is_withdrawn_for_the_earlier_one_or_the_agent_goes_offline() -> None:
    agents: Any = Agents()
    await Deployer(agents, 5.0).withdraw(AGENT, 1, ASKER, None)
    (command,) = agents.commands
    assert isinstance(command, SetAgentStatus)
    assert command.status == "offline"
    agents.read = _serving_two
    await Deployer(agents, 5.0).withdraw(AGENT, 2, ASKER, 2)
    assert isinstance(agents.commands[-1], ActivateVersion)
    assert agents.commands[-1].version == 2


def _shown(active: int | None, deployed: int, status: str = "deployed") -> Any:
    """An AgentsClient to which the agent is always shown so; what it was sent is in `commands`."""
    commands: list[Any] = []
    error = FailureReason(code="AGENT_NOT_STARTED", message="it ended") if status == "failed" else None

    async def read(_path: str, _asker: Principal, kind: Any) -> Any:
        latest = SimpleNamespace(status=status, version=deployed, package_sha256="a" * 64, last_error=error)
        return kind.model_construct(status="running", active_version=active, deployment=latest)

    async def until(command: Any, _key: str, shown: Callable[[], Awaitable[Any]]) -> Any:
        commands.append(command)
        return await shown()

    return SimpleNamespace(read=read, until=until, commands=commands)


@pytest.mark.parametrize(("active", "beside"), [(1, 2), (2, 0), (None, 0)])
async def test_a_version_that_does_not_serve_yet_is_known_by_its_number(active: int | None, beside: int) -> None:
    agents, package = _shown(active, 2), Blob("blob:sha256:" + "a" * 64, "a" * 64, 1)
    deployed = Deployer(agents, 5.0).deploy(AGENT.partition(":")[0], 2, ASKER, "a", package, activate=False)
    assert await deployed == beside
    assert agents.commands[0].activate is False


async def test_a_verified_version_is_activated_or_the_step_fails_with_the_reason() -> None:
    agents = _shown(2, 2)
    await Deployer(agents, 5.0).activate(AGENT, 2, ASKER, 2)
    assert isinstance(agents.commands[0], ActivateVersion)
    with pytest.raises(StepFailed, match="it ended") as failed:
        await Deployer(_shown(1, 2, "failed"), 5.0).activate(AGENT, 2, ASKER, 2)
    assert failed.value.code == "AGENT_NOT_STARTED"


async def test_another_version_is_asked_where_it_is_named() -> None:
    agents = Agents(one="1", two="2")
    await verifier(agents).results(AGENT, [case("one", "two")], ASKER, "run", version=3)
    assert [one.version for one in agents.commands if isinstance(one, InvokeAgent)] == [3, 3]


async def _serving_two(_path: str, _asker: Principal, kind: Any) -> Any:
    deployment = type("Deployed", (), {"status": "deployed"})()
    return kind.model_construct(status="running", active_version=2, deployment=deployment)
