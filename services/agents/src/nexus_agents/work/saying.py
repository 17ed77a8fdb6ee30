"""Stores and publishes the output of an agent while it speaks: part by part, the first at once."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from nexus_agents.domain.invocation import MAX_INLINE_BYTES, Ending, Invocation, InvocationStatus
from nexus_agents.domain.stream import AgentEvent, TextPiece
from nexus_agents.domain.streamed import CONNECTED, Said, merged, message, numbered, said
from nexus_agents.store.streams import MAX_PART_BYTES, StreamStore
from nexus_contracts.agents.streams import StreamedEvent, StreamPart
from nexus_runtime.dynamo import Check, ConditionFailed
from nexus_runtime.process import log
from nexus_runtime.process.slices import half_of_the_loop
from nexus_runtime.work.items import WorkItem
from nexus_runtime.work.kind import Held, WorkLost

logger = log.get(__name__)
AT_ONCE = 250
"""Events that are merged, and kept in one part: writing it and telling of it takes the event loop as a whole."""
GATHER_SECONDS = 0.02
"""Minimum time between parts: agents send a few characters at a time."""


@dataclass(frozen=True)
class Streaming:
    """What a `Saying` needs. `publish` is a notice, which may be lost; what is kept in `streams` is not.

    `still_held`: the condition that an invocation is in the same hands.
    """

    streams: StreamStore
    still_held: Callable[[WorkItem], Check]
    publish: Callable[[StreamPart], None]

    @asynccontextmanager
    async def of(self, held: Held, invocation: Invocation) -> AsyncGenerator["Saying"]:
        """For as long as the invocation is at work; whoever follows it looks again at the end."""
        saying = Saying(self, held, invocation.invocation_id)
        keeping = asyncio.create_task(saying.keep()) if invocation.stream else None
        try:
            yield saying
        finally:
            if keeping is not None:
                keeping.cancel()
                self.ended(invocation)
                await asyncio.gather(keeping, return_exceptions=True)

    def ended(self, invocation: Invocation) -> None:
        """Tells those who follow the invocation, if anybody can."""
        if invocation.stream:
            self.publish(StreamPart(invocation_id=invocation.invocation_id, after=0))


class Saying:
    """What the agent says in one invocation, which is in this process's hands."""

    def __init__(self, to: Streaming, held: Held, invocation_id: str) -> None:
        self._to = to
        self._held = held
        self._invocation_id = invocation_id
        self._heard: list[AgentEvent] = []
        self._unkept: list[Said] = []
        self._texts: list[str] = []
        self._through = CONNECTED
        self._wake = asyncio.Event()
        self._keeping = asyncio.Lock()

    async def observe(self, event: AgentEvent) -> None:
        """Returns at once: the database does not slow down an agent."""
        self._heard.append(event)
        self._wake.set()

    async def keep(self) -> None:
        """Runs for ever: stores and publishes what was observed as soon as it comes."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._keep_all()
            await asyncio.sleep(GATHER_SECONDS)

    async def finish(self, ending: Ending) -> Ending:
        """Everything observed is kept, and an output that is too large to be kept otherwise. Raises WorkLost."""
        await self._keep_all()
        output = ending.output
        if output is None or ending.status is not InvocationStatus.SUCCEEDED:
            return ending
        streamed = "".join(self._texts) == output
        size = len(output.encode())
        if size <= MAX_INLINE_BYTES:
            return replace(ending, output_streamed=streamed)
        if not streamed:
            self._unkept += message(output, whole=True)
            await self._keep_all()
        beginning = output.encode()[:MAX_INLINE_BYTES].decode(errors="ignore")
        return replace(ending, output=beginning, output_bytes=size, output_streamed=True)

    async def _keep_all(self) -> None:
        async with self._keeping:
            heard, self._heard = self._heard, []
            await self._keep_unkept()
            for at in range(0, len(heard), AT_ONCE):
                preparing = half_of_the_loop.begin()
                events = heard[at : at + AT_ONCE]
                self._texts += [event.text for event in events if isinstance(event, TextPiece)]
                for event in merged(events):
                    self._unkept += said(event)
                    await preparing.breathe()
                await self._keep_unkept()

    async def _keep_unkept(self) -> None:
        while self._unkept:
            preparing = half_of_the_loop.begin()
            part = self._next_part()
            await preparing.breathe()
            await self._held.conclude(lambda part=part: self._keep(part))
            self._through = part[-1].sequence
            del self._unkept[: len(part)]
            after = part[0].sequence - 1
            self._to.publish(StreamPart(invocation_id=self._invocation_id, after=after, items=part))

    def _next_part(self) -> list[StreamedEvent]:
        part: list[StreamedEvent] = []
        size = 0
        for event in numbered(self._unkept[:AT_ONCE], self._through):
            size += len(event.model_dump_json())
            if part and size > MAX_PART_BYTES:
                break
            part.append(event)
        return part

    async def _keep(self, part: list[StreamedEvent]) -> None:
        try:
            await self._to.streams.append(self._invocation_id, part, self._to.still_held(self._held.item))
        except ConditionFailed as error:
            logger.info("an invocation was ended or taken while its agent spoke", invocation=self._invocation_id)
            self._held.lose()
            raise WorkLost(self._held.item.key) from error
