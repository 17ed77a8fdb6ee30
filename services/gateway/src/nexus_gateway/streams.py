"""Live streams: of the histories of projects, and of the output of agents in invocations.

The owner's data is the truth. A stream always reads on from the last sequence that it delivered, so nothing is left
out or repeated, whatever dies in between. The topic only gives hints that there is more, and may carry it; everything
that is followed is also checked now and then, in case a hint was lost.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager
from typing import Any

from nexus_contracts.errors import NotFound, PlatformError
from nexus_contracts.principal import Principal
from nexus_gateway.owners import Owners
from nexus_gateway.sources import PROJECTS, Brought, StreamPage, StreamSource
from nexus_runtime.process import caller, log, metrics

logger = log.get(__name__)
LOOK_SECONDS = 1.0
LOOKS_APART = 10
RETRY_SECONDS = 1.0
MOST_BROUGHT = 100
"""How many pages that came with hints are kept."""
Reads = dict[tuple[Principal, str, int], asyncio.Task[StreamPage]]
"""Reads in progress, by caller, id and the sequence after which they read."""


class _Followed:
    """Something that streams follow. `news` is set, and replaced, when there may be more; reads are shared.

    A stream that takes `news` before it reads misses nothing: whatever comes after that read sets it.
    """

    def __init__(self) -> None:
        self.streams = 0
        self.news = asyncio.Event()
        self.reads: Reads = {}
        self.brought: dict[int, StreamPage] = {}

    def bring(self, brought: Brought) -> None:
        self.brought[brought.after] = brought.page
        # The oldest goes: a stream that lags so far behind reads from the owner.
        if len(self.brought) > MOST_BROUGHT:
            del self.brought[next(iter(self.brought))]

    def tell(self) -> None:
        # Replaced rather than cleared: a stream that holds this event but does not wait for it yet must find it set.
        self.news.set()
        self.news = asyncio.Event()
        # Reads that began before the hint may not see what it announced: new ones must not join them.
        self.reads = {}


class Streams:
    """A part of the service. `listening`: whether hints are received; if so, checks without one are rarely needed.

    `expect` is called every `look_seconds` while anything is followed.
    """

    def __init__(
        self,
        owners: Owners,
        listening: Callable[[], bool],
        source: StreamSource = PROJECTS,
        expect: Callable[[], None] = lambda: None,
        look_seconds: float = LOOK_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._owners = owners
        self._listening = listening
        self._source = source
        self._expect = expect
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
        """Ends all streams at once."""
        if not self.ending.done():
            self.ending.set_result(None)

    @property
    def ending(self) -> asyncio.Future[None]:
        """Done when the service stops."""
        if self._ending is None:
            self._ending = asyncio.get_running_loop().create_future()
        return self._ending

    @property
    def followed(self) -> bool:
        """Whether any stream is open."""
        return bool(self._followed)

    def notice(self, record: Any) -> None:
        """Takes a record of the topic as a hint that there is more of what its key names."""
        if record.key and (followed := self._followed.get(record.key.decode(errors="replace"))):
            if brought := self._source.brought(record.value or b""):
                followed.bring(brought)
            followed.tell()

    async def open(self, name: str, after: int) -> StreamPage:
        """The first events after that sequence. Raises NotFound, also for what is being deleted."""
        page = await self._shared(self._opening, name, after)
        if page.deleted:
            raise NotFound(f"there is no {self._source.kind} {name}", type=self._source.kind, id=name)
        return page

    async def follow(self, name: str, page: StreamPage) -> AsyncGenerator[bytes]:
        """That page and everything after it, up to the last event or until the resource is gone."""
        self._expect()
        with self._following(name) as followed:
            # Not taken before `page` was read, so it proves nothing about it: the first round reads without waiting.
            news: asyncio.Event | None = None
            while True:
                if page.block:
                    yield page.block
                if page.ended:
                    return
                if news and not page.more and page.through not in followed.brought:
                    await news.wait()
                    await asyncio.sleep(self._source.gather_seconds)
                # Before the read: a hint that comes while it is under way must wake the next wait, not be lost.
                news = followed.news
                # A page that came with a hint saves the read, but only one that continues exactly here: any other would
                # leave a gap or repeat something.
                following = followed.brought.get(page.through)
                following = following or await self._next(name, followed, page.through)
                if following is None:
                    return
                page = following

    @contextmanager
    def _following(self, name: str) -> Generator[_Followed]:
        followed = self._followed.setdefault(name, _Followed())
        followed.streams += 1
        metrics.STREAMS.inc()
        try:
            yield followed
        finally:
            metrics.STREAMS.dec()
            followed.streams -= 1
            if not followed.streams:
                del self._followed[name]

    async def _next(self, name: str, followed: _Followed, after: int) -> StreamPage | None:
        """The next page; None if the resource is gone. Waits while the owner is unavailable."""
        told = False
        while True:
            try:
                return await self._shared(followed.reads, name, after)
            except PlatformError as error:
                if error.body().code == NotFound.code:
                    return None
                if not told:
                    logger.warning("a stream cannot be continued now, retrying", of=name, reason=error.message)
                told = True
            await asyncio.sleep(self._retry_seconds * random.uniform(0.5, 1.5))

    async def _shared(self, reads: Reads, name: str, after: int) -> StreamPage:
        """One read for all streams of a caller at the same position. It outlives the stream that began it."""
        place = (caller.principal.get(), name, after)
        read = reads.get(place)
        if read is None:
            read = reads[place] = asyncio.create_task(self._read(name, after))
            read.add_done_callback(lambda done: _finished(reads, place, done))
        # The stream that began the read may be closed in the middle; the others still wait for it.
        return await asyncio.shield(read)

    async def _read(self, name: str, after: int) -> StreamPage:
        source = self._source
        answer = await self._owners.get(source.owner, source.path.format(id=name), {"after": str(after)})
        return source.page_of(answer.body, after)

    async def _look(self) -> None:
        """Runs until cancelled: checks each stream now and then, and all of them while hints may be missed."""
        turn, heard = 0, False
        while True:
            await asyncio.sleep(self._look_seconds)
            turn += 1
            if self._followed:
                self._expect()
            for place, followed in enumerate(list(self._followed.values())):
                if not heard or (turn + place) % LOOKS_APART == 0:
                    followed.tell()
            # Asked after the round: if hints are received again, the reads of this round find what was missed before.
            heard = self._listening()


def _finished(reads: Reads, place: tuple[Principal, str, int], read: asyncio.Task[StreamPage]) -> None:
    del reads[place]
    if not read.cancelled():
        read.exception()  # looked at even if nobody waits any more, or asyncio complains
