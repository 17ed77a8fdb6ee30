"""Live streams: of the histories of projects, and of what agents say in invocations.

What the owner keeps is the truth. A stream reads it from there, always on from the last sequence that it gave, so
nothing is left out or repeated, whatever dies in between. The topic only says where there is news, and may bring them
along; where it is silent everything that is followed is looked at now and then.
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
"""Of pages that came along with news, those that are remembered."""
Reads = dict[tuple[Principal, str, int], asyncio.Task[StreamPage]]
"""Under way, by who asks, id and the sequence that they read on from."""


class _Followed:
    """One that streams follow. `news` is set, and replaced, when there may be more; reads under way are shared.

    Who takes `news` before it reads misses nothing: whatever comes after that read sets it.
    """

    def __init__(self) -> None:
        self.streams = 0
        self.news = asyncio.Event()
        self.reads: Reads = {}
        self.brought: dict[int, StreamPage] = {}

    def bring(self, brought: Brought) -> None:
        self.brought[brought.after] = brought.page
        if len(self.brought) > MOST_BROUGHT:
            del self.brought[next(iter(self.brought))]

    def tell(self) -> None:
        self.news.set()
        self.news = asyncio.Event()
        self.reads = {}  # what began before may have missed it


class Streams:
    """A part of the service. `listening`: whether hints come; then looking without one is rarely needed.

    `expect` is called every `look_seconds` while hints are waited for.
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
        """All streams end at once."""
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
        """A record of the topic: something has happened to what is its key."""
        if record.key and (followed := self._followed.get(record.key.decode(errors="replace"))):
            if brought := self._source.brought(record.value or b""):
                followed.bring(brought)
            followed.tell()

    async def open(self, name: str, after: int) -> StreamPage:
        """The first of the events after that sequence. Raises NotFound, also for what is being deleted."""
        page = await self._shared(self._opening, name, after)
        if page.deleted:
            raise NotFound(f"there is no {self._source.kind} {name}", type=self._source.kind, id=name)
        return page

    async def follow(self, name: str, page: StreamPage) -> AsyncGenerator[bytes]:
        """That page and everything after it, to the last event, or until there is nothing to follow any more."""
        self._expect()
        with self._following(name) as followed:
            news: asyncio.Event | None = None  # before the current page was read, nobody took it
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
        """What comes next; None when it is gone. Waits while its owner is unavailable."""
        told = False
        while True:
            try:
                return await self._shared(followed.reads, name, after)
            except PlatformError as error:
                if error.body().code == NotFound.code:
                    return None
                if not told:
                    logger.warning("a stream cannot be continued, trying again", of=name, reason=error.message)
                told = True
            await asyncio.sleep(self._retry_seconds * random.uniform(0.5, 1.5))

    async def _shared(self, reads: Reads, name: str, after: int) -> StreamPage:
        """One read for all of a caller's streams that are at the same position. It outlives the one that began it."""
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
        """Runs until cancelled: looks at each stream now and then, and at all of them while hints may be missed."""
        turn, heard = 0, False
        while True:
            await asyncio.sleep(self._look_seconds)
            turn += 1
            if self._followed:
                self._expect()
            for place, followed in enumerate(list(self._followed.values())):
                if not heard or (turn + place) % LOOKS_APART == 0:
                    followed.tell()
            heard = self._listening()


def _finished(reads: Reads, place: tuple[Principal, str, int], read: asyncio.Task[StreamPage]) -> None:
    del reads[place]
    if not read.cancelled():
        read.exception()  # looked at even if nobody waits any more, or asyncio complains
