"""A broker in memory: takes records, keeps their order, and fails as a test wants it to."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from nexus_contracts.envelope import CloudEvent, read_event
from nexus_contracts.topics import Topic
from nexus_runtime.kafka.bus import BrokerUnavailable, Bus, Unacknowledged


@dataclass(frozen=True)
class Record:
    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    partition: int = 0
    offset: int = 0


class FakeBus:
    """`refuse` sends fail at once, `swallow` sends are taken and never acknowledged."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.reachable = True
        self.refuse = 0
        self.swallow = 0
        self.consumed: int | None = None
        self.new_broker: list[Callable[[], Awaitable[None]]] = []

    def as_bus(self) -> Bus:
        return cast(Bus, self)

    def when_broker_is_new(self, action: Callable[[], Awaitable[None]]) -> None:
        self.new_broker.append(action)

    async def restart(self) -> None:
        """Another broker answers, which has nothing."""
        self.records.clear()
        for action in self.new_broker:
            await action()

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
        partition: int | None = None,
    ) -> asyncio.Future[Any]:
        assert not (key is None and value is None), "as aiokafka"
        if self.refuse or not self.reachable:
            self.refuse = max(0, self.refuse - 1)
            raise BrokerUnavailable("away")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.records.append(Record(topic, key, value, headers, partition or 0, len(self.records)))
        if self.swallow:
            self.swallow -= 1
            future.set_exception(Unacknowledged("no answer"))
        else:
            future.set_result(SimpleNamespace(partition=0, offset=len(self.records) - 1))
        return future

    async def publish(
        self,
        topic: Topic,
        event: CloudEvent,
        headers: Sequence[tuple[str, bytes | None]] = (),
        partition: int | None = None,
        *,
        hand: bool = False,
    ) -> None:
        del hand
        key = event.subject.encode()
        sent = await self.send(topic.name, key, event.body(), [*event.headers(), *headers], partition)
        await self.acknowledged(topic.name, sent)

    async def acknowledged(self, topic: str, sent: asyncio.Future[Any]) -> Any:
        del topic
        await asyncio.sleep(0)
        return await sent

    async def committed(self, topic: Topic) -> dict[int, int]:
        del topic
        return {0: len(self.records) if self.consumed is None else self.consumed}

    def sequences(self, aggregate: str) -> list[int | None]:
        """What was published of the aggregate, in order, repetitions included."""
        mine = [one for one in self.records if one.key == aggregate.encode()]
        return [read_event(one.value, one.headers).sequence for one in mine]


def first_appearances(sequences: Sequence[int | None]) -> list[int | None]:
    return list(dict.fromkeys(sequences))


async def no_pause(_least: float, _most: float) -> None:
    """Instead of the pauses between tries."""
    await asyncio.sleep(0)
