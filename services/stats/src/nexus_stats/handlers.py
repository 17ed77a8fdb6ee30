"""Load, join, save."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from nexus_runtime.ledger.ledger import retried
from nexus_runtime.process import log
from nexus_runtime.process.clock import Clock
from nexus_stats.domain import counting
from nexus_stats.domain.counting import FactChange, Seen
from nexus_stats.generations import Stores
from nexus_stats.metrics import LATE, tell_use
from nexus_stats.store import Noted, StatsStore

logger = log.get(__name__)


@dataclass(frozen=True)
class Counting:
    """Counts what events say, in every generation that is being written. Safe to repeat after an interruption."""

    stores: Stores
    now: Clock

    async def count(self, seen: Iterable[Seen], noted: Noted, shard: str) -> None:
        folded = counting.fold(seen)
        serving, *building = await self.stores.writing()
        await serving.note(noted)
        tell_use(await count_in(serving, folded, shard, self.now()))
        for store in building:
            await store.note(noted)
            await count_in(store, folded, shard, self.now())


async def count_in(
    store: StatsStore, folded: Mapping[str, Seen], shard: str, now: datetime, *, whole_past: bool = False
) -> list[FactChange]:
    """Stores what this adds, and returns it; events from beyond the horizon count only with `whole_past`."""

    async def attempt() -> tuple[list[FactChange], set[str]]:
        # Read again in every attempt: the last one failed because somebody else counted, perhaps these very events.
        known = await store.known(folded.keys())
        late = set[str]() if whole_past else counting.too_old(folded, known, now)
        in_time = {key: one for key, one in folded.items() if key not in late}
        changes = counting.changes(in_time, known, now)
        await store.commit(changes, shard)
        return changes, late

    changes, late = await retried(attempt)
    if late:
        LATE.inc(len(late))
        logger.warning("not counted, too late: rebuild the statistics", things=sorted(late)[:10])
    return changes
