"""The processes of the local backend: how many there are, who gets one, which end."""

import asyncio
import signal
import time

import pytest
from tests.support.agent_packages import HANGS_AT_START, script, talker
from tests.support.eventually import eventually
from tests.support.local_backends import (
    Bench,
    agent_processes,
    begun,
    let_go,
    lives,
    processes_at,
    raw_of,
    told,
)

from nexus_agents.domain.backend_errors import (
    AgentBusy,
    AgentUnreachable,
)


async def test_a_crowd_of_short_invocations_is_served_by_few_processes(bench: Bench) -> None:
    record = bench.root / "record"
    backend = await bench.backend(processes_per_agent=3)
    agent = await bench.agent(talker(env={"RECORD": str(record)}))
    await asyncio.gather(*(told(backend, agent, "echo x") for _ in range(50)))
    assert record.read_text().split().count("start") <= 3


async def test_one_after_the_other_invocations_share_one_process(bench: Bench) -> None:
    record = bench.root / "record"
    backend = await bench.backend()
    agent = await bench.agent(talker(env={"RECORD": str(record)}))
    await backend.deploy(agent.agent_id, agent.package)
    for _ in range(5):
        await told(backend, agent, "echo x")
        await backend.check(agent)
    assert record.read_text().split().count("start") == 1


async def test_when_all_idle_processes_of_an_agent_die_at_once_the_next_invocation_is_answered(bench: Bench) -> None:
    backend = await bench.backend()
    agent = await bench.agent()
    await asyncio.gather(*(told(backend, agent, "slow 0.5") for _ in range(4)))
    idle = processes_at("slow 0.5")
    assert len(idle) > 1
    for victim in idle:
        victim.kill()
    while any(lives(victim) for victim in idle):
        time.sleep(0.001)  # noqa: ASYNC251  # the event loop must not learn of it before the invocation does
    assert (await told(backend, agent, "echo again")).output == "again"


async def test_processes_that_are_no_longer_needed_end_and_one_stays(bench: Bench) -> None:
    backend = await bench.backend(spare_seconds=0.5)
    agent = await bench.agent()
    working = [await begun(backend, agent, f"held {number}") for number in range(3)]
    assert len(agent_processes()) == 3
    for number in range(3):
        let_go(f"held {number}")
    await asyncio.gather(*working)
    await eventually(lambda: len(agent_processes()) == 1, what="one is left")
    assert (await told(backend, agent, "echo x")).output == "x"


async def test_a_start_that_fails_beside_a_working_process_fails_nobody(bench: Bench) -> None:
    once = "import os\nos.mkdir(os.environ['ONCE'])\n"
    agent = await bench.agent(talker(first=once, env={"ONCE": str(bench.root / "once")}))
    backend = await bench.backend()
    answers = await asyncio.gather(*(told(backend, agent, "slow 0.2") for _ in range(5)))
    assert [answer.output for answer in answers] == ["at last"] * 5


async def test_an_agent_that_starts_is_shut_to_those_who_waited_when_it_is_undeployed(bench: Bench) -> None:
    backend = await bench.backend()
    agent = await bench.agent(script(HANGS_AT_START))
    waiting = [asyncio.create_task(told(backend, agent, "echo x")) for _ in range(3)]
    await eventually(lambda: bool(agent_processes()), what="it starts")
    await backend.undeploy(agent.agent_id)
    for result in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(result, AgentUnreachable)
    assert agent_processes() == []


async def test_an_agent_with_all_its_processes_at_work_checks_as_busy(bench: Bench) -> None:
    backend = await bench.backend(processes_per_agent=1, start_seconds=2.0)
    agent = await bench.agent()
    working = await begun(backend, agent, "held")
    assert (await backend.check(agent)).status == "busy"
    assert (await backend.deploy(agent.agent_id, agent.package)).status == "deployed"
    working.cancel()


async def test_an_invocation_whose_turn_never_came_was_never_sent(bench: Bench) -> None:
    record = bench.root / "record"
    backend = await bench.backend(processes_per_agent=1)
    agent = await bench.agent(talker(env={"RECORD": str(record)}))
    working = await begun(backend, agent, "held")
    with pytest.raises(AgentBusy, match="busy"):
        await told(backend, agent, "echo x", seconds=0.5)
    let_go("held")
    assert (await working).output == "at last"
    assert record.read_text().split() == ["start", "invoke"]


async def test_the_least_recently_used_idle_agent_makes_room(bench: Bench) -> None:
    backend = await bench.backend(processes=2)
    one, two, three = [await bench.agent(agent_id=name) for name in ("one", "two", "three")]
    pids = [raw_of(await told(backend, agent, "echo x"))["pid"] for agent in (one, two, one, three, one)]
    assert pids[0] == pids[2] == pids[4]
    assert raw_of(await told(backend, two, "echo x"))["pid"] != pids[1]


async def test_a_working_agent_is_never_evicted_and_others_wait_for_a_place(bench: Bench) -> None:
    backend = await bench.backend(processes=1)
    one, two = await bench.agent(agent_id="one"), await bench.agent(agent_id="two")
    working = await begun(backend, one, "held")
    with pytest.raises(AgentBusy, match="1 places"):
        await told(backend, two, "echo x", seconds=0.2)
    waiting = asyncio.create_task(told(backend, two, "echo waited"))
    await asyncio.sleep(0)  # it waits for a place
    let_go("held")
    assert (await waiting).output == "waited"
    assert (await working).output == "at last"


async def test_a_crowd_at_one_agent_keeps_no_other_agent_out(bench: Bench) -> None:
    backend = await bench.backend(processes=2)
    crowded, quiet = await bench.agent(agent_id="crowded"), await bench.agent(agent_id="quiet")
    crowd = [asyncio.create_task(told(backend, crowded, "held", seconds=60)) for _ in range(30)]
    await eventually(lambda: len(processes_at("held")) == 2, what="all places are taken")
    asked = asyncio.create_task(told(backend, quiet, "echo here"))
    await asyncio.sleep(0)  # it waits for a place
    processes_at("held")[0].send_signal(signal.SIGUSR1)
    assert (await asked).output == "here"
    assert sum(task.done() for task in crowd) == 1
    await backend.undeploy(crowded.agent_id)
    await asyncio.gather(*crowd, return_exceptions=True)


async def test_processes_stay_within_their_bounds_under_load(bench: Bench) -> None:
    backend = await bench.backend(processes=5, processes_per_agent=4)
    agents = [await bench.agent(agent_id=name) for name in ("one", "two", "three")]
    asked = [told(backend, agent, "slow 0.2", seconds=60) for agent in agents for _ in range(12)]
    crowd = asyncio.gather(*asked)
    most = 0
    while not crowd.done():
        most = max(most, len(processes_at("slow 0.2")))
        await asyncio.sleep(0.02)
    assert [answer.output for answer in await crowd] == ["at last"] * 36
    assert 1 < most <= 5
