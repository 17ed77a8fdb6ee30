"""The pool of agents' processes, with processes that are played."""

import asyncio
import random
from collections import Counter
from typing import cast

import pytest
from prometheus_client import Counter as Counter_
from tests.support.eventually import eventually

from nexus_agents import metrics
from nexus_agents.backends.local import circuit, pool
from nexus_agents.backends.local.live import LiveAgent
from nexus_agents.backends.local.pool import AgentPool, Bounds
from nexus_agents.backends.local.processes import EXPECTED_BYTES, Version
from nexus_agents.domain.backend import PackageRef
from nexus_agents.domain.backend_errors import AgentNotStarted, AgentUnreachable, BackendError

pytestmark = pytest.mark.timeout(30)
PROCESSES, PER_AGENT = 4, 3
OLD, NEW = PackageRef("blob:old", "0" * 64), PackageRef("blob:new", "1" * 64)


class PlayedProcess:
    """Lives until it is killed."""

    def __init__(self, size_bytes: int = EXPECTED_BYTES) -> None:
        self.alive = True
        self.size_bytes = size_bytes
        self._gone = asyncio.Event()

    def weighed(self) -> int:
        return self.size_bytes

    def kill(self, because: str) -> None:
        assert because
        self.alive = False
        asyncio.get_running_loop().call_later(0.001, self._gone.set)

    async def ended(self) -> None:
        await self._gone.wait()


class Stage:
    """A pool, the processes that it started and the packages that it gave back."""

    def __init__(self, failing: float = 0.0, start_seconds: float = 0.002, **bounds: float) -> None:
        self.started: list[PlayedProcess] = []
        self.given_back: list[str] = []
        self.attempts = 0
        self.failing = failing
        self.start_seconds = start_seconds
        self.chance = random.Random(7)
        usual = {"processes": PROCESSES, "per_agent": PER_AGENT, "spare_seconds": 0.02}
        self.pool = AgentPool(self._start, self._gone, Bounds(**usual | bounds))  # pyright: ignore[reportArgumentType]

    @property
    def living(self) -> int:
        return sum(process.alive for process in self.started)

    async def _start(self, agent_id: str, package: PackageRef) -> LiveAgent:
        self.attempts += 1
        await asyncio.sleep(self.start_seconds)
        if self.chance.random() < self.failing:
            raise AgentNotStarted("no luck")
        self.started.append(PlayedProcess())
        return cast(LiveAgent, self.started[-1])

    async def _gone(self, digest: str) -> None:
        self.given_back.append(digest)


def soon(seconds: float = 10.0) -> float:
    return asyncio.get_running_loop().time() + seconds


async def leased(stage: Stage, agent_id: str = "agent") -> None:
    async with stage.pool.lease(agent_id, NEW, soon()):
        pass


async def used(stage: Stage, holders: Counter[int], agent_id: str, package: PackageRef) -> None:
    """Holds a process alone for a moment, and sometimes leaves it dead."""
    async with stage.pool.lease(agent_id, package, soon(stage.chance.uniform(0.001, 0.2))) as process:
        holders[id(process)] += 1
        try:
            assert holders[id(process)] == 1
            assert stage.living <= PROCESSES
            await asyncio.sleep(stage.chance.uniform(0, 0.005))
            if stage.chance.random() < 0.2:
                process.live.kill("it was late")
        finally:
            holders[id(process)] -= 1


@pytest.mark.parametrize("failing", [0.0, 0.3], ids=["sound", "sometimes not starting"])
async def test_whatever_its_users_do_no_process_is_shared_or_lost(failing: float) -> None:
    stage, holders = Stage(failing), Counter[int]()
    users: list[asyncio.Task[None]] = []
    for number in range(400):
        package = NEW if stage.chance.random() < number / 400 else OLD
        user = asyncio.create_task(used(stage, holders, f"agent{number % 4}", package))
        users.append(user)
        if stage.chance.random() < 0.2:
            asyncio.get_running_loop().call_later(stage.chance.uniform(0, 0.02), user.cancel)
        if number % 97 == 0:
            await stage.pool.end("agent1", "it was undeployed")
        await asyncio.sleep(stage.chance.uniform(0, 0.001))
    outcomes = await asyncio.gather(*users, return_exceptions=True)
    expected = (type(None), BackendError, asyncio.CancelledError)
    assert [one for one in outcomes if not isinstance(one, expected)] == []
    assert None in outcomes  # how many depends on how fast the machine is
    stage.failing = 0.0
    for number in range(PROCESSES + 1):
        await leased(stage, f"last{number}")
    await stage.pool.stop()
    assert stage.living == 0
    assert set(stage.given_back) == {OLD.sha256, NEW.sha256}


async def test_a_process_granted_to_one_who_gave_up_in_that_moment_is_not_lost() -> None:
    stage = Stage()
    async with stage.pool.lease("agent", NEW, soon()):
        waiting = [asyncio.create_task(used(stage, Counter(), "agent", NEW)) for _ in range(PER_AGENT)]
        await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    async with stage.pool.lease("agent", NEW, soon(0.0)) as process:
        assert process.alive
    await stage.pool.stop()


async def test_an_agent_that_cannot_start_fails_all_who_wait_for_it_at_once() -> None:
    stage = Stage(failing=1.0, start_seconds=0.05)
    outcomes = await asyncio.gather(*(leased(stage) for _ in range(20)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {AgentNotStarted}
    assert stage.attempts <= PER_AGENT, "nobody waits for a start of his own"
    await stage.pool.stop()


async def test_a_start_that_nobody_waits_for_any_more_ends_no_other_version() -> None:
    stage = Stage(start_seconds=0.1)
    late = asyncio.create_task(leased_of(stage, OLD))
    await eventually(lambda: stage.attempts == 1, what="the old one starts")
    late.cancel()
    stage.start_seconds = 0.002
    async with stage.pool.lease("agent", NEW, soon()) as process:
        await eventually(lambda: len(stage.started) == 2, what="the old one has started, too late")
        await eventually(lambda: stage.living == 1, what="it is ended")
        assert process.alive
    await leased(stage)
    assert stage.attempts == 2
    await stage.pool.stop()


async def leased_of(stage: Stage, package: PackageRef) -> None:
    async with stage.pool.lease("agent", package, soon()):
        pass


async def test_short_invocations_at_once_start_no_further_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "PATIENCE_SECONDS", 5.0)
    stage = Stage()
    await leased(stage)
    await asyncio.gather(*(leased(stage) for _ in range(50)))
    assert stage.attempts == 1
    monkeypatch.setattr(pool, "PATIENCE_SECONDS", 0.01)
    async with stage.pool.lease("agent", NEW, soon()):
        await leased(stage)
    assert stage.attempts == 2, "one that lasts is given company"
    await stage.pool.stop()


async def test_no_process_starts_for_who_has_waited_less_than_a_start_takes() -> None:
    stage = Stage(start_seconds=0.4)
    await leased(stage)

    async def used_for_a_moment() -> None:
        async with stage.pool.lease("agent", NEW, soon()):
            await asyncio.sleep(0.02)

    await asyncio.gather(*(used_for_a_moment() for _ in range(8)))
    assert stage.attempts == 1, "the last has waited for 0.14 s"
    async with stage.pool.lease("agent", NEW, soon()):
        await leased(stage)
    assert stage.attempts == 2
    await stage.pool.stop()


async def test_who_waits_when_the_pool_stops_is_told_and_nobody_comes_in() -> None:
    stage = Stage(start_seconds=60)
    waiting = [asyncio.create_task(leased(stage)) for _ in range(3)]
    await asyncio.sleep(0)
    await stage.pool.stop()
    for outcome in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(outcome, AgentUnreachable)
    with pytest.raises(AgentUnreachable, match="stops"):
        await leased(stage)


async def test_a_version_starts_while_the_one_before_is_asked_all_the_time() -> None:
    """Whoever still asks for the old one must not end the new one before it has started."""
    stage = Stage(start_seconds=0.05)
    rolled = asyncio.Event()

    async def ask_for_the_old_one() -> None:
        async with stage.pool.lease("agent", OLD, soon()):
            await asyncio.sleep(0.001)

    async def ever_more() -> None:
        async with asyncio.TaskGroup() as asking:
            while not rolled.is_set():
                asking.create_task(ask_for_the_old_one())
                await asyncio.sleep(0.005)

    asking = asyncio.create_task(ever_more())
    await asyncio.sleep(0.1)
    async with stage.pool.lease("agent", NEW, soon()):
        rolled.set()
    await asking
    await leased(stage)
    await eventually(lambda: not stage.pool.serves("agent", OLD), what="the old one was no longer needed")
    assert stage.pool.serves("agent", NEW)
    await stage.pool.stop()


async def test_whoever_takes_a_process_in_the_moment_of_its_start_is_not_followed_by_its_rest() -> None:
    """A timer that outlives the taking would end the process as long unused, however short its last use is ago."""
    stage = Stage()
    taken = asyncio.create_task(held_for_a_moment(stage))
    while not taken.done():
        stage.pool._serve()  # pyright: ignore[reportPrivateUsage] # as the end of any other lease does
        await asyncio.sleep(0)
    assert await taken
    await stage.pool.stop()


async def held_for_a_moment(stage: Stage) -> bool:
    """Whether no timer of it runs while it is held."""
    async with stage.pool.lease("agent", NEW, soon()) as process:
        for _ in range(10):
            await asyncio.sleep(0)
        return process.rest is None or process.rest.cancelled()


async def test_two_versions_asked_in_turn_start_once_each() -> None:
    """As while one serves and another is verified."""
    stage = Stage(spare_seconds=30.0)
    for _ in range(5):
        await leased_of(stage, OLD)
        await leased_of(stage, NEW)
    assert (stage.attempts, stage.living) == (2, 2)
    await stage.pool.stop()


async def test_of_two_versions_the_one_that_is_no_longer_asked_ends() -> None:
    stage = Stage(spare_seconds=0.05)
    await leased_of(stage, OLD)
    await leased_of(stage, NEW)
    await eventually(lambda: stage.living == 1, what="one of them ended")
    assert stage.pool.serves("agent", NEW)
    await stage.pool.stop()


async def test_where_memory_is_short_a_former_version_ends_before_another_agent() -> None:
    stage = Stage(memory_bytes=3 * EXPECTED_BYTES, processes=100, spare_seconds=30.0)
    await leased(stage, "other")
    await leased_of(stage, OLD)
    await leased_of(stage, NEW)
    await leased(stage, "third")
    assert [process.alive for process in stage.started] == [True, False, True, True]
    await stage.pool.stop()


async def test_where_memory_is_short_the_longest_unused_agents_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "WATCH_SECONDS", 0.005)
    evicted = metrics.EVICTIONS.labels("memory")
    before = counted(evicted)
    stage = Stage(memory_bytes=3 * EXPECTED_BYTES, processes=100)
    for name in ("one", "two", "three"):
        await leased(stage, name)
    assert stage.living == 3, "each is taken for as large as agents are"
    await leased(stage, "four")
    assert [process.alive for process in stage.started] == [False, True, True, True]
    stage.started[3].size_bytes = 4 * EXPECTED_BYTES
    await eventually(lambda: stage.living == 0, what="those that were asked before it ended in vain")
    await leased(stage, "five")
    assert (stage.living, counted(evicted) - before) == (1, 4)
    await stage.pool.stop()


async def test_an_agent_too_large_for_the_bound_still_runs_alone() -> None:
    stage = Stage(memory_bytes=1)
    for name in ("one", "two"):
        await leased(stage, name)
        assert stage.living == 1
    await stage.pool.stop()


async def test_an_agent_that_nobody_asks_for_long_enough_ends() -> None:
    stage = Stage(idle_seconds=0.05)
    await leased(stage)
    await eventually(lambda: stage.living == 0, what="it ended")
    await leased(stage)
    await stage.pool.stop()


async def test_an_agent_that_never_starts_is_not_started_with_every_invocation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(circuit, "FIRST_PAUSE", 30.0)
    stage = Stage(failing=1.0)
    for _ in range(20):
        with pytest.raises(AgentNotStarted, match="no luck"):
            await leased(stage)
    assert stage.attempts == circuit.FREE_FAILURES
    with pytest.raises(AgentNotStarted, match=r"failed to start 3 times in a row and is tried again in"):
        await leased(stage)
    await stage.pool.stop()


def test_each_pause_between_failing_starts_is_twice_as_long_up_to_a_minute() -> None:
    failing, version = circuit.Circuit(), Version("agent", NEW.sha256)
    pauses: list[float] = []
    for _ in range(10):
        failing.failed(version, "no luck", now=0.0)
        pauses.append(next(second for second in range(100) if _closed(failing, version, second)))
    assert pauses == [0, 0, 1, 2, 4, 8, 16, 32, 60, 60]


def _closed(failing: circuit.Circuit, version: Version, now: float) -> bool:
    try:
        failing.require_closed(version, now)
    except AgentNotStarted:
        return False
    return True


async def test_whoever_deploys_a_failing_agent_again_need_not_wait() -> None:
    stage = Stage(failing=1.0)
    for _ in range(10):
        with pytest.raises(AgentNotStarted):
            await leased(stage)
    stage.failing = 0.0
    stage.pool.forgive("agent", NEW)
    await leased(stage)
    await stage.pool.stop()


def counted(counter: Counter_) -> float:
    return next(sample.value for metric in counter.collect() for sample in metric.samples if "total" in sample.name)
