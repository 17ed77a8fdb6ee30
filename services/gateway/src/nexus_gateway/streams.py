"""Live streams of histories.

The history is the truth. A stream reads it from its owner, always on from the last sequence that it gave, so nothing
is left out or repeated, whatever dies in between. The topic of events only says for which project there is news;
what it says does not matter, and where it is silent every followed project is looked at now and then.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager
from typing import Any, NamedTuple

from nexus_contracts.errors import NotFound, PlatformError
from nexus_contracts.history import Tail
from nexus_contracts.principal import Principal
from nexus_gateway.owners import Owners
from nexus_gateway.sse import event_block
from nexus_runtime.process import caller, log, metrics

logger = log.get(__name__)
LOOK_SECONDS = 1.0
LOOKS_APART = 10
GATHER_SECONDS = 0.02
"""News come in swarms: a commit of many events is published one by one."""
RETRY_SECONDS = 1.0


class StreamPage(NamedTuple):
    """Events as they are sent, and how it continues after them. `beyond`: the history does not reach what was asked."""

    block: bytes
    through: int
    more: bool
    ended: bool
    deleted: bool
    beyond: bool


Reads = dict[tuple[Principal, str, int], asyncio.Task[StreamPage]]
"""Under way, by who asks, project and the sequence that they read on from."""


class _Followed:
    """One project that streams follow. `news` is set, and replaced, when there may be more; reads under way are shared.

    Who takes `news` before it reads misses nothing: whatever comes after that read sets it.
    """

    def __init__(self) -> None:
        self.streams = 0
        self.news = asyncio.Event()
        self.reads: Reads = {}

    def tell(self) -> None:
        self.news.set()
        self.news = asyncio.Event()
        self.reads = {}  # what began before may have missed it


class Streams:
    """A part of the service. `listening`: whether hints come; then looking without one is rarely needed."""

    def __init__(
        self,
        owners: Owners,
        listening: Callable[[], bool],
        look_seconds: float = LOOK_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._owners = owners
        self._listening = listening
        self._look_seconds = look_seconds
        self._retry_seconds = retry_seconds
        self._followed: dict[str, _Followed] = {}
        self._opening: Reads = {}
        self._looking: asyncio.Task[None] | None = None
        self._ending: asyncio.Future[None] | None = None

    async def start(self) -> None:
        self._looking = asyncio.create_task(self._look(), name="streams")

    async def stop(self) -> None:
        self.end()
        if self._looking:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def end(self) -> None:
        """All streams end at once."""
        if not self.ending.done():
            self.ending.set_result(None)

    @property
    def ending(self) -> asyncio.Future[None]:
        """Done when the service stops."""
        if self._ending is None:
            self._ending = asyncio.get_running_loop().create_future()
        return self._ending

    def notice(self, record: Any) -> None:
        """A record of the topic of events: something has happened to the project that is its key."""
        if record.key and (followed := self._followed.get(record.key.decode(errors="replace"))):
            followed.tell()

    async def open(self, project_id: str, after: int) -> StreamPage:
        """The first of the events after that sequence. Raises NotFound, also where the project is being deleted."""
        page = await self._shared(self._opening, project_id, after)
        if page.deleted:
            raise NotFound(f"there is no project {project_id}", type="project", id=project_id)
        return page

    async def follow(self, project_id: str, page: StreamPage) -> AsyncGenerator[bytes]:
        """That page and everything after it, until the latest attempt or the project has ended."""
        with self._following(project_id) as followed:
            news: asyncio.Event | None = None  # before the current page was read, nobody took it
            while True:
                if page.block:
                    yield page.block
                if page.ended:
                    return
                if news and not page.more:
                    await news.wait()
                    await asyncio.sleep(GATHER_SECONDS)
                news = followed.news
                following = await self._next(project_id, followed, page.through)
                if following is None:
                    return
                page = following

    @contextmanager
    def _following(self, project_id: str) -> Generator[_Followed]:
        followed = self._followed.setdefault(project_id, _Followed())
        followed.streams += 1
        metrics.STREAMS.inc()
        try:
            yield followed
        finally:
            metrics.STREAMS.dec()
            followed.streams -= 1
            if not followed.streams:
                del self._followed[project_id]

    async def _next(self, project_id: str, followed: _Followed, after: int) -> StreamPage | None:
        """What comes next; None when the project is gone. While its owner is unavailable: waits."""
        told = False
        while True:
            try:
                return await self._shared(followed.reads, project_id, after)
            except PlatformError as error:
                if error.body().code == NotFound.code:
                    return None
                if not told:
                    logger.warning("history not readable, trying again", project_id=project_id, reason=error.message)
                told = True
            await asyncio.sleep(self._retry_seconds * random.uniform(0.5, 1.5))

    async def _shared(self, reads: Reads, project_id: str, after: int) -> StreamPage:
        """One read for all of a caller's streams that stand at the same place. It outlives whoever began it."""
        place = (caller.principal.get(), project_id, after)
        read = reads.get(place)
        if read is None:
            read = reads[place] = asyncio.create_task(self._read(project_id, after))
            read.add_done_callback(lambda done: _finished(reads, place, done))
        return await asyncio.shield(read)

    async def _read(self, project_id: str, after: int) -> StreamPage:
        answer = await self._owners.get("builds", f"/projects/{project_id}/tail", {"after": str(after)})
        tail = Tail.model_validate_json(answer.body)
        blocks = [event_block(event.sequence, event.type, event.model_dump_json().encode()) for event in tail.items]
        through = max(after, tail.through)
        return StreamPage(b"".join(blocks), through, tail.more, tail.ended, tail.deleted, beyond=tail.through < after)

    async def _look(self) -> None:
        """For ever: at every project now and then, at all of them while hints may be missed."""
        turn, heard = 0, False
        while True:
            await asyncio.sleep(self._look_seconds)
            turn += 1
            for place, followed in enumerate(list(self._followed.values())):
                if not heard or (turn + place) % LOOKS_APART == 0:
                    followed.tell()
            heard = self._listening()


def _finished(reads: Reads, place: tuple[Principal, str, int], read: asyncio.Task[StreamPage]) -> None:
    del reads[place]
    if not read.cancelled():
        read.exception()  # seen, also where nobody waits any more
