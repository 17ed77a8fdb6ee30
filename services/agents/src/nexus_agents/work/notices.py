"""Publishes the output of agents to the gateways. Best effort: gateways can also read it from the owner."""

import asyncio

from nexus_contracts.agents.streams import PART_TYPE, StreamPart
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.topics import AGENTS_STREAMS
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.process import log
from nexus_runtime.process.clock import new_id, utc_now

logger = log.get(__name__)
MOST_UNSENT = 1_000
"""While the broker is unavailable, the rest is dropped: gateways find it by themselves a little later."""


class Notices:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._sending: set[asyncio.Task[None]] = set()

    def publish(self, part: StreamPart) -> None:
        """Returns at once."""
        if len(self._sending) >= MOST_UNSENT:
            return
        task = asyncio.create_task(self._send(part))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, part: StreamPart) -> None:
        event = CloudEvent(
            id=new_id("evt_"),
            source="/nexus/agents",
            type=PART_TYPE,
            subject=part.invocation_id,
            time=utc_now(),
            data=part.model_dump(mode="json"),
        )
        try:
            await self._bus.publish(AGENTS_STREAMS, event)
        except ServiceUnavailable as error:
            logger.debug("a notice was not sent", invocation_id=part.invocation_id, reason=error.message)
