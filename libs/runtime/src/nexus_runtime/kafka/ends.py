"""Where partitions end, on every engine."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from aiokafka import TopicPartition
from aiokafka.protocol.fetch import FetchRequest

HOLD_MS = 20
"""With none at all the embedded broker answers with nothing."""


async def ends_of(consumer: Any, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """The offset behind the last record of each. Raises KafkaError, TimeoutError.

    Asked for it, the embedded broker takes its last batch for one record. A fetch from there on tells the true end.
    """
    ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
    by_leader: dict[int, dict[str, list[tuple[int, int, int]]]] = defaultdict(lambda: defaultdict(list))
    client: Any = consumer._client  # pyright: ignore[reportPrivateUsage]
    for one, end in ends.items():
        by_leader[client.cluster.leader_for_partition(one)][one.topic].append((one.partition, end, 1))
    for leader, wanted in by_leader.items():
        answer: Any = await client.send(leader, FetchRequest(HOLD_MS, 1, 1, 0, list(wanted.items())))
        for topic, found in answer.topics:
            for number, _, highwater, *_ in found:
                place = TopicPartition(topic, number)
                ends[place] = max(ends[place], highwater)
    return ends
