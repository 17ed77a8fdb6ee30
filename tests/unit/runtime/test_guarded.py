"""What a consumer says of batches that cannot be read."""

# pyright: reportPrivateUsage=false, reportUnknownMemberType=false

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from structlog.testing import capture_logs

from nexus_runtime.kafka import guarded

PARTITION = TopicPartition("t", 2)


class Unconnected(guarded.GuardedConsumer):
    """Assigned its partition, without a broker: where it would go on is not looked at."""

    def seek(self, partition: TopicPartition, offset: int) -> None:
        pass

    def _state(self, partition: TopicPartition) -> Any:
        return SimpleNamespace(highwater=0)


def logged(consumer: guarded.GuardedConsumer, *offsets: int) -> list[int]:
    with capture_logs() as lines:
        for offset in offsets:
            consumer._unreadable(PARTITION, offset, ValueError("checksum"))
    return [line["offset"] for line in lines if line["event"] == "cannot be read"]


@pytest.fixture(params=[False, True], ids=["halting", "passing over"])
async def consumer(request: pytest.FixtureRequest) -> AsyncIterator[guarded.GuardedConsumer]:
    one = Unconnected(pass_over=request.param)
    one.assign([PARTITION])
    yield one
    await one.stop()


async def test_every_new_offset_is_logged_however_soon_it_follows(consumer: guarded.GuardedConsumer) -> None:
    assert logged(consumer, 3, 7, 8, 20) == [3, 7, 8, 20]


async def test_the_same_offset_is_not_logged_again_at_once(consumer: guarded.GuardedConsumer) -> None:
    assert logged(consumer, 3, 3, 3, 4, 4) == [3, 4]


async def test_the_same_offset_is_logged_again_after_a_while(
    consumer: guarded.GuardedConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded, "LOG_SECONDS", 0.0)
    assert logged(consumer, 3, 3) == [3, 3]
