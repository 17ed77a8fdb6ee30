"""Answers to callers who wait for long work."""

import asyncio
from collections.abc import Iterable
from typing import Protocol

from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.replies import Outcome, Reply
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.process import log

logger = log.get(__name__)


class Sender(Protocol):
    async def send(self, partition: int | None, reply: Reply) -> None:
        """Raises ServiceUnavailable."""
        ...


class Answers:
    """Sends answers in the background, with up to `tries` attempts while the broker is unavailable."""

    def __init__(self, sender: Sender, tries: int = 20, pause_seconds: float = 0.5) -> None:
        self._sender = sender
        self._tries = tries
        self._pause = pause_seconds
        self._sending: set[asyncio.Task[None]] = set()

    def tell(self, waiters: Iterable[ReplyAddress], outcome: Outcome) -> None:
        for waiter in waiters:
            task = asyncio.create_task(self._send(waiter, outcome))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def stop(self, seconds: float) -> None:
        """Waits for answers that are being sent."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=seconds)
        for task in self._sending:
            task.cancel()

    async def _send(self, waiter: ReplyAddress, outcome: Outcome) -> None:
        for _ in range(self._tries):
            try:
                return await self._sender.send(waiter.partition, waiter.reply(outcome))
            except ServiceUnavailable:
                await asyncio.sleep(self._pause)
        logger.warning("answer not sent", command_id=waiter.command_id)
