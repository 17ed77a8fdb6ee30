"""The cases of a build stay with its agent: asked for again they run as long work, whoever of the workers does it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from tests.support.builds_story import PROJECT, create_command
from tests.support.builds_world import LossyDatabase, Replica
from tests.support.eventually import eventually

from nexus_builds.domain.verification import STEP, SUITE, Suite
from nexus_builds.store.checkpoints import Checkpoint, Checkpoints
from nexus_builds.store.projects import BUILD
from nexus_builds.store.purses import Purse
from nexus_builds.store.verifications import VERIFICATION, Verifications
from nexus_builds.tables import LEASES, RECORDS, WORK
from nexus_builds.worker.verification import AgentVerification
from nexus_contracts.builds.commands import DeleteProject, VerifyAgent
from nexus_contracts.principal import Principal
from nexus_contracts.replies import Reply
from nexus_contracts.verification import Case, CaseResult, CaseTurn, Number, VerificationReport
from nexus_runtime.ledger.inbox import Handled
from nexus_runtime.process.clock import new_id, utc_now
from nexus_runtime.work.engine import Engine, LongWork
from nexus_verification.judge import Given, judged

AGENT, SHA = f"{PROJECT}:adder", "a" * 64
CASES = [Case(name=name, turns=[CaseTurn(prompt=name, expect=[Number(value=1)])]) for name in ("one", "two", "three")]


class Asking:
    """A Verifier: every prompt gets `answer`; `asked` are the cases, and `held` holds up those of these names."""

    def __init__(self, answer: str = "1") -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.held: set[str] = set()

    async def results(
        self,
        agent_id: str,
        cases: Sequence[Case],
        asker: Principal,
        run: str,
        known: dict[str, CaseResult],
        tell: Callable[[CaseResult], Awaitable[None]],
    ) -> None:
        assert (agent_id, asker.id) == (AGENT, "default")
        for case in cases:
            if case.name in known:
                continue
            self.asked.append(case.name)
            if case.name in self.held:
                await asyncio.Event().wait()
            await tell(judged(case, [Given(self.answer)]))


class World:
    def __init__(self) -> None:
        self.database = LossyDatabase()
        self.replica = Replica(self.database)
        self.told: list[Reply] = []

    async def send(self, partition: int | None, reply: Reply) -> None:
        assert partition == 1
        self.told.append(reply)

    async def built(self, attempt: int = 1, agent_id: str = AGENT, sha256: str = SHA) -> None:
        """A build that brought the agent to serve, with its cases."""
        item = await self.replica.work.items.get(BUILD, PROJECT)
        assert item is not None
        suite = Suite(agent_id=agent_id, attempt=attempt, package_uri="blob:x", package_sha256=sha256, cases=CASES)
        checkpoints = Checkpoints(self.replica.database, self.replica.work.items)
        made = Checkpoint(value=suite.model_dump(mode="json"))
        await checkpoints.save(item, Purse(PROJECT, "default", utc_now().date()), attempt, STEP, SUITE, made)

    async def ask(self, command_id: str = "v", **fields: Any) -> Reply:
        usual = {"command_id": command_id, "project_id": PROJECT, "agent_id": AGENT}
        command = VerifyAgent.model_validate(usual | fields)
        handled = Handled(command, new_id("evt_"), 1)
        return await self.replica.ledger.carry_out(
            handled, lambda: self.replica.commands.decide(command, handled.address)
        )

    @asynccontextmanager
    async def worker(self, verifier: Any) -> AsyncGenerator[Engine]:
        """A worker of its own; left, it has stopped."""
        database: Any = self.database
        engine = Engine.over(database, self, LongWork(WORK, LEASES, 0.05, 0.2), look_seconds=0.05)
        store = Verifications(database, engine.items, engine)
        engine.serve(AgentVerification(self.replica.store.load, store, verifier), at_once=2)
        await engine.start()
        try:
            yield engine
        finally:
            await engine.stop()

    async def ended(self) -> VerificationReport:
        async def done() -> bool:
            return not await self.replica.at_work(VERIFICATION) and bool(self.told)

        await eventually(done)
        return await self.report()

    async def report(self) -> VerificationReport:
        run = await self.replica.verifications.latest(AGENT)
        assert run is not None
        return run.report


@pytest.fixture
async def world() -> World:
    made = World()
    await made.replica.ask(create_command())
    return made


async def test_cases_run_again_and_who_asked_is_answered_with_the_report(world: World) -> None:
    await world.built()
    assert (await world.ask(package_sha256=SHA)).status == 202
    assert (await world.report()).status == "running"
    assert (await world.report()).statement == "0 of 3 cases passed so far."
    async with world.worker(Asking()):
        report = await world.ended()
    assert (report.status, report.fulfilled, report.passed, report.total) == ("done", True, 3, 3)
    assert (report.attempt, report.package_sha256) == (1, SHA)
    (reply,) = world.told
    assert (reply.status, reply.result) == (200, report.model_dump(mode="json"))
    (event,) = [one for one in await world.replica.events() if one.type == "nexus.verification.requested.v1"]
    assert event.data["agent_id"] == AGENT


async def test_the_same_command_again_runs_nothing_again_and_gets_the_same_answer(world: World) -> None:
    await world.built()
    asking = Asking()
    await world.ask()
    async with world.worker(asking):
        await world.ended()
    world.replica.work.answers._sender = world  # pyright: ignore[reportPrivateUsage]
    assert (await world.ask()).status == 202

    async def twice() -> bool:
        return len(world.told) == 2

    await eventually(twice)
    first, again = world.told
    assert (again.result, again.replayed) == (first.result, True)
    assert asking.asked == ["one", "two", "three"]


async def test_a_worker_that_takes_it_over_asks_only_what_is_not_decided(world: World) -> None:
    await world.built()
    await world.ask()
    slow, next_one = Asking(), Asking("2")
    slow.held = {"two"}
    async with world.worker(slow):

        async def begun() -> bool:
            return slow.asked == ["one", "two"] and (await world.report()).passed == 1

        await eventually(begun)
        assert (await world.report()).statement == "1 of 3 cases passed so far."
    async with world.worker(next_one):
        report = await world.ended()
    assert next_one.asked == ["two", "three"]
    assert report.statement == "1 of 3 cases passed, 2 failed."
    assert not report.fulfilled


async def test_progress_is_kept_while_the_project_changes(world: World) -> None:
    await world.built()
    await world.ask()

    async def change() -> None:
        before = await world.replica.present()
        await world.replica.ledger.commit(world.replica.store.save(before, before, []).change)

    asking = Asking()

    async def results(*arguments: Any) -> None:
        world.database.before_write = change
        await asking.results(*arguments)

    async with world.worker(SimpleNamespace(results=results)):
        assert (await world.ended()).passed == 3


async def test_of_a_deleted_project_nothing_is_kept_and_who_waits_is_told(world: World) -> None:
    await world.built()
    await world.ask()
    asking = Asking()
    asking.held = {"two"}
    async with world.worker(asking):
        await eventually(lambda: _true(asking.asked == ["one", "two"]))
    assert (await world.replica.ask(DeleteProject(command_id="d", project_id=PROJECT))).status == 200
    assert await world.replica.erasure.erase(PROJECT) or await _published(world)
    async with world.worker(Asking()):
        await eventually(lambda: _true(bool(world.told)))
    assert world.told[0].status == 404
    assert [item async for item in world.replica.database.query(RECORDS, PROJECT)] == []


async def _true(value: bool) -> bool:
    return value


async def _published(world: World) -> bool:
    for name in [name for name in world.database.tables if name.endswith("Outbox")]:
        world.database.tables[name].clear()
    return await world.replica.erasure.erase(PROJECT)


@pytest.mark.parametrize("agent_id", [AGENT, f"{PROJECT}:another"])
async def test_an_agent_without_cases_cannot_be_verified(world: World, agent_id: str) -> None:
    if agent_id != AGENT:
        await world.built()
    reply = await world.ask(agent_id=agent_id)
    assert (reply.status, reply.error and reply.error.code) == (400, "INVALID_STATE")
    assert await world.replica.at_work(VERIFICATION) == []


async def test_another_users_agent_does_not_exist(world: World) -> None:
    await world.built()
    assert (await world.ask(principal=Principal(id="bob"))).status == 404


async def test_an_uploaded_version_is_verified_by_the_cases_of_the_newest_build(world: World) -> None:
    await world.built()
    await world.ask(package_sha256="b" * 64)
    async with world.worker(Asking()):
        report = await world.ended()
    assert (report.attempt, report.package_sha256, report.passed) == (None, "b" * 64, 3)
