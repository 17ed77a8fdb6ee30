"""Somebody who follows projects over HTTP, and comes again where a stream was cut."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from tests.support.eventually import eventually
from tests.support.histories import Sent, events_of

STREAM = {"Accept": "text/event-stream"}


@asynccontextmanager
async def streaming(base_url: str, project_id: str, after: int | None = None) -> AsyncGenerator[aiohttp.ClientResponse]:
    """A stream of its own connection, for as long as the block lasts."""
    headers = STREAM | ({} if after is None else {"Last-Event-ID": str(after)})
    timeout = aiohttp.ClientTimeout(total=None)
    url = f"{base_url}/api/v1/projects/{project_id}/events"
    async with (
        aiohttp.ClientSession(timeout=timeout, read_bufsize=2**22) as session,
        session.get(url, headers=headers) as response,
    ):
        yield response


@dataclass
class Follower:
    """`cuts` counts the streams that broke, or could not be opened."""

    base_url: str
    project_id: str
    seen: list[Sent] = field(default_factory=list[Sent])
    opened: int = 0
    cuts: int = 0

    async def follow(self) -> None:
        """Until a stream ends by itself after the end of the attempt."""
        while not await self.followed():
            self.cuts += 1
            await asyncio.sleep(0.1)

    async def followed(self) -> bool:
        """One stream; whether it ended by itself after the end of the attempt."""
        after = self.seen[-1].id if self.seen else None
        try:
            async with streaming(self.base_url, self.project_id, after) as response:
                if response.status not in (200, 204):
                    return False
                self.opened += 1
                async for event in events_of(response.content.iter_any()):
                    self.seen.append(event)
        except aiohttp.ClientError:
            return False
        return bool(self.seen) and self.seen[-1].event.startswith("nexus.build.")

    @property
    def ids(self) -> list[int]:
        return [event.id for event in self.seen]


async def open_streams(base_url: str) -> float:
    """What the gateway says of itself."""
    async with aiohttp.ClientSession() as session, session.get(f"{base_url}/metrics") as response:
        lines = (await response.text()).splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("nexus_event_streams "))


async def until_open(base_url: str, number: int) -> None:
    """Returns when so many streams are open."""
    wanted = f"{number} streams are open"
    await eventually(lambda: open_streams(base_url), lambda open_now: open_now == number, seconds=30, what=wanted)
