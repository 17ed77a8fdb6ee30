"""Long work whose process dies, or gets no answer, at any of its calls of database and broker: it ends once."""

import asyncio
from dataclasses import dataclass, field

import pytest
from tests.support.eventually import eventually
from tests.support.work_world import Errand, Owner, World, end_tasks, settle

from nexus_contracts.errors import ServiceUnavailable

REQUESTS = ("first", "second")


@dataclass
class Crash:
    """A process dies at its `call`th call, before or `after` it; another one does the rest.

    `queued`: the work waits for a place that other work leaves to it. `delivered`: requests that were handled by then.
    """

    call: int
    after: bool
    idempotent: bool
    queued: bool
    world: World = field(default_factory=World)
    delivered: tuple[str, ...] = ()

    async def happen(self) -> bool:
        """Whether the call came at all."""
        first = await self.world.start(idempotent=self.idempotent, at_once=1)
        if self.queued:
            await first.send("busy")
        first.process.cut_at, first.process.cut_after = first.process.calls + self.call, self.after
        story = asyncio.create_task(self._story(first))
        killed = asyncio.create_task(first.process.killed.wait())
        await asyncio.wait({story, killed}, return_when=asyncio.FIRST_COMPLETED)
        await self._recover(await self.world.start(idempotent=self.idempotent))
        return killed.done()

    async def _story(self, owner: Owner) -> None:
        """A command, a repeat of it, and the end of its work."""
        for request_id in REQUESTS:
            await owner.send("a", request_id)
            self.delivered += (request_id,)
        for name in ["busy", "a"] if self.queued else ["a"]:
            await owner.finish(name)
        await settle()

    async def _recover(self, owner: Owner) -> None:
        await self.world.kill(self.world.owners[0])
        await owner.look()
        for request_id in REQUESTS:
            if request_id not in self.delivered:
                await owner.send("a", request_id)
        for _ in range(5):
            await owner.look()
            for name, answer in list(owner.kind.running.items()):
                if not answer.done():
                    await owner.finish(name)

    async def errand(self) -> Errand:
        errand = await self.world.owners[-1].errand("a")
        assert errand is not None, f"call {self.call}: the command was carried out"
        return errand

    async def check(self) -> None:
        errand, where = await self.errand(), f"killed at call {self.call}"
        assert (bool(errand.ends), errand.version) == (True, 2), f"{where}: it ended once"
        assert self.world.items() == [], where
        for request_id in REQUESTS:
            answers = self.world.answers(request_id)
            # What was delivered again after its answer is answered again, in the same words.
            assert len(answers) <= (1 if request_id in self.delivered else 2), f"{where}: {request_id}"
            assert set(answers) <= {errand.ends}, f"{where}: {request_id}"
            if not answers:
                # It died after the end was durable and before the answer left: a repeat has it.
                assert self.world.owners[0].process.killed.is_set(), f"{where}: {request_id}"
        again = await self.world.owners[-1].send("a")
        await eventually(lambda: self.world.answers(again) == [errand.ends])


@pytest.mark.parametrize("queued", [False, True], ids=["at once", "queued"])
@pytest.mark.parametrize("idempotent", [False, True], ids=["interrupted", "repeated"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_work_of_a_process_that_dies_at_any_call_ends_once(after: bool, idempotent: bool, queued: bool) -> None:
    call, reached = 0, True
    while reached:
        call += 1
        crash = Crash(call, after, idempotent, queued)
        reached = await crash.happen()
        await crash.check()
        await end_tasks()
    assert call > 5, "the calls of the story were counted"


async def deliver(owner: Owner, request_id: str) -> None:
    """As a consumer does: a message that could not be handled is taken again."""
    try:
        await owner.send("a", request_id)
    except ServiceUnavailable:
        await owner.send("a", request_id)


@pytest.mark.parametrize("after", [False, True], ids=["refused", "answer lost"])
@pytest.mark.parametrize("idempotent", [False, True], ids=["interrupted", "repeated"])
async def test_work_ends_once_and_all_are_answered_whichever_call_fails(after: bool, idempotent: bool) -> None:
    call, reached = 0, True
    while reached:
        call, world = call + 1, World()
        owner = await world.start(idempotent=idempotent, at_once=1)
        owner.process.fails_at, owner.process.cut_after = owner.process.calls + call, after
        for request_id in REQUESTS:
            await deliver(owner, request_id)
        await owner.look()
        await eventually(lambda: owner.kind.running)  # noqa: B023
        await owner.finish("a")
        await eventually(lambda: all(world.answers(one) for one in REQUESTS))  # noqa: B023
        reached, owner.process.fails_at = owner.process.calls >= owner.process.fails_at, None
        assert [set(world.answers(one)) for one in REQUESTS] == [{"done"}] * 2, f"call {call}"
        await eventually(lambda: owner.engine.held("errand", "a") is None)  # noqa: B023
        errand = await owner.errand("a")
        assert errand is not None
        assert (errand.ends, errand.version, world.items()) == ("done", 2, []), f"call {call}"
        await owner.look()
        assert len(world.runs) == 1, f"call {call}"
        await end_tasks()
    assert call > 5, "the calls of the story were counted"
