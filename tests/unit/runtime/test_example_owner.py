"""A new aggregate in a new owner takes no plumbing of its own."""

from types import SimpleNamespace
from typing import Any

from pydantic import TypeAdapter
from tests.support.bus_fakes import FakeBus
from tests.support.eventually import eventually
from tests.support.example_owner import Boiling, BoilKettle
from tests.support.memory_database import MemoryDatabase
from tests.support.work_world import LEASES, WORK, end_tasks

from nexus_contracts.envelope import CloudEvent, read_event
from nexus_contracts.replies import REPLY_PARTITION_HEADER
from nexus_contracts.topics import GATEWAY_REPLIES, Topic
from nexus_runtime.kafka.delivery import Delivery
from nexus_runtime.ledger.commands import command_subscription
from nexus_runtime.ledger.history import history_table
from nexus_runtime.ledger.inbox import inbox_table
from nexus_runtime.ledger.outbox import outbox_table
from nexus_runtime.owner import LedgerTables, Owner
from nexus_runtime.process.clock import utc_now
from nexus_runtime.process.settings import OwnerSettings
from nexus_runtime.work.engine import LongWork

COMMANDS, EVENTS = (Topic(f"kettles.{name}.v1", 4, 24, "name", ()) for name in ("commands", "events"))
LEDGER = LedgerTables(inbox_table("KettlesInbox"), history_table("KettlesHistory"), outbox_table("KettlesOutbox"))


def delivery(command: BoilKettle, request_id: str) -> Delivery:
    event = CloudEvent(id=request_id, source="/test", type=command.type, subject=command.name, time=utc_now(), data={})
    record: Any = SimpleNamespace(headers=[(REPLY_PARTITION_HEADER, b"1")])
    return Delivery(event, command, record)


async def test_command_of_the_example_owner_is_answered_when_its_long_work_has_ended() -> None:
    bus, database = FakeBus(), MemoryDatabase().as_database()
    work = LongWork(WORK, LEASES)
    owner = Owner("kettles", OwnerSettings(), LEDGER, EVENTS, work, database=database, bus=bus.as_bus())
    kettles = Boiling(owner)
    commands: TypeAdapter[BoilKettle] = TypeAdapter(BoilKettle)
    served = command_subscription(COMMANDS, "kettles", commands, kettles.boil_kettle, owner.ledger, owner.replier)
    await owner.engine.start()
    for request_id in ("r1", "r2"):
        await served.handle([delivery(BoilKettle(command_id="c", name="k"), request_id)])

    def told() -> dict[Any, Any]:
        events = [read_event(one.value, one.headers) for one in bus.records if one.topic == GATEWAY_REPLIES.name]
        return {event.data["request_id"]: (event.data["status"], event.data["replayed"]) for event in events}

    await eventually(lambda: told() == {"r1": (201, False), "r2": (201, True)})
    assert [entry.type async for entry in owner.history.read("k")] == ["kettles.kettle-boiled.v1"]
    await owner.engine.stop()
    await end_tasks()
