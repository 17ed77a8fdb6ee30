"""Many invocations of one agent at once, some of which end badly: through the service, to the figures it keeps."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable

import pytest
import pytest_asyncio
from pydantic import JsonValue
from tests.support.agent_packages import talker
from tests.support.agents_stack import Agent, AgentsStack, agents_stack, invocation
from tests.support.eventually import eventually
from tests.support.local_backends import agent_processes, lives, processes_at

from nexus_contracts.replies import Reply

pytestmark = pytest.mark.asyncio(loop_scope="module")
PROCESSES_PER_AGENT = 16
SECONDS = 120.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[AgentsStack]:
    async with agents_stack(tmp_path_factory.mktemp("agents")) as started:
        yield started


async def asked(service: AgentsStack, agent: Agent, prompt: str, limit: float | None = None) -> Reply:
    command = invocation(agent, prompt, timeout_seconds=limit)
    return await service.ask(command, command.invocation_id, SECONDS)


def outcome(reply: Reply) -> object:
    """`succeeded`, or the reason why not."""
    return "succeeded" if reply.error is None else reply.error.details.get("reason")


async def counted(service: AgentsStack, agent: Agent) -> tuple[int, int, int]:
    """Invocations of the agent in all, successful and failed, by its own figures."""
    _, view = await service.get(f"/agents/{agent.agent_id}")
    figures = view["runtime_stats"]
    return figures["total_invocations"], figures["successful_invocations"], figures["failed_invocations"]


async def most_processes(work: Awaitable[object], prompt: str) -> int:
    """The most processes that were seen at the prompt until the work was done."""
    most, task = 0, asyncio.ensure_future(work)
    while not task.done():
        most = max(most, len(processes_at(prompt)))
        await asyncio.wait([task], timeout=0.1)
    return most


def judged(replies: list[Reply]) -> None:
    """Every tenth ran into its time limit, and no other one."""
    late = [outcome(reply) for reply in replies[::10]]
    others = [outcome(reply) for number, reply in enumerate(replies) if number % 10]
    assert late == ["AGENT_TIMED_OUT"] * 10
    assert others == ["succeeded"] * 90


async def test_of_a_hundred_at_once_only_those_fail_whose_time_is_short(service: AgentsStack) -> None:
    agent = await service.deployed()
    crowd = asyncio.gather(*(asked(service, agent, "slow 1.5", None if n % 10 else 1.0) for n in range(100)))
    assert 1 < await most_processes(crowd, "slow 1.5") <= PROCESSES_PER_AGENT
    judged(await crowd)
    assert await counted(service, agent) == (100, 90, 10)


async def test_in_a_steady_flow_only_those_fail_whose_time_is_short(service: AgentsStack) -> None:
    agent = await service.deployed()
    flow: list[asyncio.Task[Reply]] = []
    for number in range(100):
        prompt, limit = ("slow 0.1", None) if number % 10 else ("slow 60", 1.0)
        flow.append(asyncio.create_task(asked(service, agent, prompt, limit)))
        await asyncio.sleep(0.05)
    judged(await asyncio.gather(*flow))
    assert await counted(service, agent) == (100, 90, 10)


async def test_a_turn_of_a_session_ends_at_its_own_time_and_the_next_is_answered(service: AgentsStack) -> None:
    agent = await service.deployed()
    session_id = await service.session(agent)
    neighbours = [asyncio.create_task(asked(service, agent, "slow 3")) for _ in range(3)]
    late = invocation(agent, "slow 60", session_id=session_id, timeout_seconds=1.0)
    assert outcome(await service.ask(late, session_id)) == "AGENT_TIMED_OUT"
    assert (await service.post(session_id, "echo next")).status == 201
    assert [outcome(reply) for reply in await asyncio.gather(*neighbours)] == ["succeeded"] * 3


@pytest.mark.parametrize("environment", [{}, {"STUBBORN": "yes"}], ids=["plain", "ignores SIGTERM"])
async def test_endless_loops_and_crashes_end_no_good_invocation(service: AgentsStack, environment: JsonValue) -> None:
    agent = await service.deployed(talker(env=environment))
    bad = [asyncio.create_task(asked(service, agent, prompt)) for prompt in ("quit", "crash")]
    bad += [asyncio.create_task(asked(service, agent, "spin", 5.0)) for _ in range(2)]
    good = await asyncio.gather(*(asked(service, agent, "slow 0.3") for _ in range(10)))
    assert [outcome(reply) for reply in good] == ["succeeded"] * 10
    assert Counter(outcome(reply) for reply in await asyncio.gather(*bad)) == {"AGENT_TIMED_OUT": 2, "AGENT_CRASHED": 2}
    assert await counted(service, agent) == (14, 10, 4)
    assert processes_at("spin") == []


async def test_a_killed_service_leaves_no_process_behind_and_tells_that_it_was_interrupted(
    service: AgentsStack,
) -> None:
    agent = await service.deployed(talker(env={"STUBBORN": "yes"}))
    hung = [asyncio.create_task(asked(service, agent, "spin", 60.0)) for _ in range(3)]

    async def all_at_work() -> bool:
        return len(processes_at("spin")) == 3

    await eventually(all_at_work)
    # Another stack of this test run may have agents that live on.
    family = agent_processes(service.stack.pid("agents"))
    assert len(family) >= 3
    service.stack.kill("agents")
    assert [outcome(reply) for reply in await asyncio.gather(*hung)] == ["INTERRUPTED"] * 3

    async def gone() -> bool:
        return not any(lives(process) for process in family)

    await eventually(gone)
    await service.stack.wait_ready("agents")
    assert outcome(await asked(service, agent, "echo x")) == "succeeded"
