"""Load, join, save."""

from collections.abc import Iterable

from nexus_runtime.ledger.ledger import retried
from nexus_stats.domain import counting
from nexus_stats.domain.counting import Fact
from nexus_stats.store import StatsStore


async def count(seen: Iterable[Fact], store: StatsStore) -> None:
    """Store what the facts add to those known. May be repeated, also after it was interrupted anywhere."""
    facts = counting.fold(seen)

    async def attempt() -> None:
        await store.commit(counting.changes(facts, await store.facts(facts.keys())))

    await retried(attempt)
