"""The service's subscriptions, fed directly."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from tests.support.memory_stats_store import MemoryStatsStore
from tests.support.stats_histories import FIRST_DAY, LAST_DAY
from tests.support.stats_model import expected_builds, expected_invocations, expected_overview

from nexus_contracts.envelope import CloudEvent
from nexus_runtime.kafka.delivery import Delivery, Subscription
from nexus_stats.consumers import subscriptions
from nexus_stats.routes import StatisticsQueries
from nexus_stats.store import StatsStore

TODAY = datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)

KNOWN: dict[str, Collection[str]] = {
    one.group: one.messages.json_schema()["discriminator"]["mapping"] for one in subscriptions(MemoryStatsStore())
}


async def deliver(events: Iterable[CloudEvent], store: StatsStore) -> None:
    """The events as one batch, each to the subscription whose message it is; types that nobody counts are skipped."""
    chosen = list(events)
    for subscription in subscriptions(store):
        if batch := [delivery for event in chosen for delivery in _deliveries(event, subscription)]:
            await subscription.handle(batch)


def _deliveries(event: CloudEvent, subscription: Subscription) -> list[Delivery]:
    if event.type not in KNOWN[subscription.group]:
        return []
    message: Any = subscription.messages.validate_python({**event.data, "type": event.type})
    return [Delivery(event, message, SimpleNamespace())]


async def assert_figures_of(history: Sequence[CloudEvent], store: StatsStore) -> None:
    """The store's figures are those of the history."""
    figures = StatisticsQueries(store, lambda: TODAY)
    first, last = FIRST_DAY.isoformat(), LAST_DAY.isoformat()
    builds, invocations = await figures.get_builds(first, last), await figures.get_invocations(first, last)
    assert json.loads(bytes((await figures.get_overview()).body)) == expected_overview(history, TODAY.date())
    assert json.loads(bytes(builds.body))["items"] == expected_builds(history, FIRST_DAY, LAST_DAY)
    assert json.loads(bytes(invocations.body))["items"] == expected_invocations(history, FIRST_DAY, LAST_DAY)
