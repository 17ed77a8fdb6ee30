"""A message that is answered reaches the owner, whatever becomes of a volatile broker in the meantime."""

import asyncio
from typing import Any

import pytest
from tests.support.eventually import eventually
from tests.support.gateway_fakes import FakeBus, FakeDesk

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.replies import Outcome, Reply
from nexus_contracts.topics import BUILDS_COMMANDS
from nexus_runtime.kafka.bus import BrokerUnavailable, Unacknowledged
from nexus_runtime.kafka.requests import KEPT_SECONDS, MOST_KEPT, Requests
from nexus_runtime.process.clock import new_id, utc_now


class World:
    """A gateway's way of asking, on a broker that a test can replace."""

    def __init__(self, *, volatile: bool = True) -> None:
        self.desk = FakeDesk()
        self.bus = FakeBus(self.desk)
        self.now = 0.0
        self.requests = Requests(self.bus, self.desk, keep=volatile, retry_seconds=0.001, now=lambda: self.now)

    async def ask(self, wait_seconds: float = 0.0) -> CloudEvent:
        """Not answered in time."""
        event = command()
        assert await self.requests.ask(BUILDS_COMMANDS, event, wait_seconds) is None
        return event

    async def replace_broker(self, cluster: str) -> None:
        self.bus.published.clear()
        self.bus.cluster = cluster
        for action in self.bus.new_broker:
            await action()

    def sent(self) -> list[CloudEvent]:
        return [event for _, event, _ in self.bus.published]

    async def settled(self) -> list[CloudEvent]:
        """What the new broker has, when nothing more comes."""
        await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "unanswered messages"))
        return self.sent()


def command() -> CloudEvent:
    data: dict[str, Any] = {"command_id": new_id("cmd_")}
    return CloudEvent(id=new_id("evt_"), source="/t", type="t", subject="p", time=utc_now(), data=data)


def reply_to(event: CloudEvent) -> Reply:
    return Reply(status=201, result={}, request_id=event.id, command_id=str(event.data["command_id"]))


async def test_what_was_accepted_is_given_to_a_new_broker_in_its_order() -> None:
    world = World()
    events = [await world.ask() for _ in range(3)]
    await world.replace_broker("second")
    await eventually(world.sent, lambda sent: sent == events)
    headers = [headers for _, _, headers in world.bus.published]
    assert headers == [{"reply_topic": b"gateway.replies.v1", "reply_partition": b"3"}] * 3


async def test_who_waits_for_nothing_else_says_so() -> None:
    world = World()
    await asyncio.gather(world.ask(0.001), world.ask(0.001))
    await world.ask(0.001)
    assert [headers.get("reply_alone") for _, _, headers in world.bus.published] == [b"true", None, b"true"]


async def test_each_new_broker_is_given_it_once() -> None:
    world = World()
    event = await world.ask()
    for cluster in ("second", "third"):
        await world.replace_broker(cluster)
        assert await world.settled() == [event]
        await world.bus.new_broker[0]()
        assert await world.settled() == [event]


async def test_what_its_owner_has_answered_is_not_given_again() -> None:
    world = World()
    answered, other = await world.ask(), await world.ask(0.001)
    world.desk.waiting[answered.id].set_result(reply_to(answered))
    await world.replace_broker("second")
    assert await world.settled() == [other]
    assert list(world.desk.waiting) == [other.id]


async def test_on_a_durable_broker_nothing_is_kept() -> None:
    world = World(volatile=False)
    await world.ask()
    assert world.desk.waiting == {}
    await world.replace_broker("second")
    assert await world.settled() == []


async def test_a_broker_that_refuses_at_first_is_tried_until_it_takes() -> None:
    world = World()
    event = await world.ask()
    world.bus.fault = BrokerUnavailable("no topics yet")
    await world.replace_broker("second")
    world.bus.fault = None
    await eventually(world.sent, lambda sent: sent == [event])


@pytest.mark.parametrize("fault", [BrokerUnavailable("away"), Unacknowledged("no acknowledgement")])
async def test_what_was_not_accepted_is_not_kept(fault: Exception) -> None:
    world = World()
    world.bus.fault = fault
    with pytest.raises(type(fault)):
        await world.requests.ask(BUILDS_COMMANDS, command(), 0)
    world.bus.fault = None
    await world.replace_broker("second")
    assert (await world.settled(), world.desk.waiting) == ([], {})


async def test_after_some_minutes_it_is_forgotten() -> None:
    world = World()
    await world.ask()
    world.now += KEPT_SECONDS / 2
    young = await world.ask()
    world.now += KEPT_SECONDS / 2 + 1
    await world.replace_broker("second")
    assert await world.settled() == [young]


async def test_of_too_many_the_oldest_are_forgotten() -> None:
    world = World()
    events = [await world.ask() for _ in range(MOST_KEPT + 2)]
    assert list(world.desk.waiting) == [event.id for event in events[2:]]


async def test_who_still_waits_gets_the_answer_of_the_new_broker() -> None:
    world = World()
    event = command()
    asking = asyncio.create_task(world.requests.ask(BUILDS_COMMANDS, event, 30))
    await eventually(world.sent, lambda sent: sent == [event])
    world.bus.decide = lambda _event: Outcome(status=201, result={"a": 1})
    await world.replace_broker("second")
    reply = await asking
    assert reply is not None
    assert (reply.status, reply.result, world.desk.waiting) == (201, {"a": 1}, {})
