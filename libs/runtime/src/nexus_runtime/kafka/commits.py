"""Offsets of settled records: committed together, a little later, and never those of a record in flight.

A crash in between brings these records once more, as any crash brings those in flight: handlers tolerate it.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from nexus_runtime.process import log

logger = log.get(__name__)
COMMIT_SECONDS = 0.25
"""A commit costs its consumer 0.4 y and more, and there would be one for each record while callers take turns."""
FLUSH_SECONDS = 1.0
Offsets = Mapping[TopicPartition, OffsetAndMetadata]
Commit = Callable[[Mapping[TopicPartition, Any]], Awaitable[None]]


class Commits:
    """Those of one consumer. `commit` raises KafkaError."""

    def __init__(self, commit: Commit, seconds: float = COMMIT_SECONDS) -> None:
        self._commit = commit
        self._seconds = seconds
        self._settled: dict[TopicPartition, OffsetAndMetadata] = {}
        self._later: asyncio.Task[None] | None = None
        self._committing = asyncio.Lock()

    def settle(self, offsets: Offsets) -> None:
        """Everything before these offsets is handled; commits that within `seconds`."""
        self._settled.update(offsets)
        if self._later is None or self._later.done():
            self._later = asyncio.create_task(self._commit_later(), name="offset commit")

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Their offsets are not to be committed any more."""
        for partition in partitions:
            self._settled.pop(partition, None)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commits these offsets now, instead of what is settled of their partitions. Raises KafkaError."""
        async with self._committing:
            await self._commit(offsets)
            self.forget(offsets)

    async def flush(self) -> None:
        """Commits what is settled, now; gives up after a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._commit_settled()

    async def end(self) -> None:
        """The partitions are given up: commits what is settled, and forgets what cannot be committed any more."""
        await self.flush()
        self._settled.clear()
        # aiokafka repeats a commit for as long as the broker is unavailable. The next one may be a new one, with other
        # records at these offsets, or other consumers may be ahead.
        if self._later is not None:
            self._later.cancel()
            await asyncio.gather(self._later, return_exceptions=True)

    async def _commit_later(self) -> None:
        while self._settled:
            await asyncio.sleep(self._seconds)
            await self._commit_settled()

    async def _commit_settled(self) -> None:
        async with self._committing:
            settled = dict(self._settled)
            try:
                if settled:
                    await self._commit(settled)
            except KafkaError as error:
                # The partitions have moved, as a rule: whoever has them now handles these records again.
                logger.info("offsets not committed", reason=repr(error))
            self._settled = {one: at for one, at in self._settled.items() if settled.get(one) != at}
