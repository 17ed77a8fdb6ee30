"""The service's subscriptions, fed directly."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from types import SimpleNamespace
from typing import Any

from tests.support.memory_stats_store import MemoryStatsStore
from tests.support.stats_histories import FIRST_DAY, LAST_DAY
from tests.support.stats_model import (
    expected_activities,
    expected_agents,
    expected_builds,
    expected_categories,
    expected_invocations,
    expected_overview,
    expected_trends,
    expected_usage,
)

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.stats import AgentRank, TrendMetric
from nexus_runtime.kafka.delivery import Delivery, Subscription
from nexus_stats.consumers import subscriptions
from nexus_stats.generations import Stores
from nexus_stats.handlers import Counting
from nexus_stats.queries import StatisticsQueries
from nexus_stats.store import StatsStore

TODAY = datetime.combine(LAST_DAY, time(23, 59, 59), UTC)


@dataclass(frozen=True)
class OneStore:
    """The only generation of figures."""

    store: StatsStore

    async def writing(self) -> Sequence[StatsStore]:
        return [self.store]

    async def reading(self) -> StatsStore:
        return self.store


def consumed_by(stores: Stores, now: datetime = TODAY) -> list[Subscription]:
    return subscriptions(Counting(stores, lambda: now))


KNOWN: dict[str, Collection[str]] = {
    one.group: one.messages.json_schema()["discriminator"]["mapping"]
    for one in consumed_by(OneStore(MemoryStatsStore()))
}


async def deliver(events: Iterable[CloudEvent], store: StatsStore, now: datetime = TODAY) -> None:
    """As `deliver_to`, with one generation of figures."""
    await deliver_to(OneStore(store), events, now)


async def deliver_to(stores: Stores, events: Iterable[CloudEvent], now: datetime) -> None:
    """The events as one batch, each to the subscription whose message it is; types that nobody counts are skipped."""
    chosen = list(events)
    for subscription in consumed_by(stores, now):
        if batch := [delivery for event in chosen for delivery in _deliveries(event, subscription)]:
            await subscription.handle(batch)


def _deliveries(event: CloudEvent, subscription: Subscription) -> list[Delivery]:
    if event.type not in KNOWN[subscription.group]:
        return []
    message: Any = subscription.messages.validate_python({**event.data, "type": event.type})
    return [Delivery(event, message, SimpleNamespace(partition=0))]


async def assert_figures_of(history: Sequence[CloudEvent], store: StatsStore) -> None:
    """The store's figures are those of the history, of each tenant its own."""
    for tenant in ("default", "other"):
        await _assert_tenants([event for event in history if event.nexustenant == tenant], store, tenant)


async def _assert_tenants(history: Sequence[CloudEvent], store: StatsStore, tenant: str) -> None:
    figures = StatisticsQueries(OneStore(store), lambda: TODAY)
    builds = await figures.builds(tenant, FIRST_DAY, LAST_DAY)
    invocations = await figures.invocations(tenant, FIRST_DAY, LAST_DAY)
    assert (await figures.overview(tenant)).model_dump() == expected_overview(history, TODAY.date())
    assert builds.model_dump()["items"] == expected_builds(history, FIRST_DAY, LAST_DAY)
    assert invocations.model_dump()["items"] == expected_invocations(history, FIRST_DAY, LAST_DAY)
    for metric, points in expected_trends(history, FIRST_DAY, LAST_DAY).items():
        shown = await figures.trends(tenant, TrendMetric(metric), FIRST_DAY, LAST_DAY)
        assert shown.model_dump()["data_points"] == points
    assert (await figures.agent_categories(tenant)).model_dump()["items"] == expected_categories(history)
    agents = await figures.top_agents(tenant, AgentRank.COST, 100, FIRST_DAY, LAST_DAY)
    found = {one.agent_id: one.model_dump() for one in agents.items}
    assert found == expected_agents(history, FIRST_DAY, LAST_DAY)
    await _assert_usage(history, figures, tenant)
    assert await _activities(figures, tenant) == expected_activities(history)


async def _assert_usage(history: Sequence[CloudEvent], figures: StatisticsQueries, tenant: str) -> None:
    usage = (await figures.usage(tenant, FIRST_DAY, LAST_DAY)).model_dump()
    expected = expected_usage(history, FIRST_DAY, LAST_DAY)
    assert usage["total"] == expected["total"]
    for what, name in (("by_day", "date"), ("by_agent", "agent_id"), ("by_model", "model")):
        found = {one.pop(name): one for one in usage[what]}
        nothing = {name for name, used in expected[what].items() if used == dict.fromkeys(used, 0)}
        assert found.keys() - nothing == expected[what].keys() - nothing
        assert found == {name: expected[what][name] for name in found}


async def _activities(figures: StatisticsQueries, tenant: str) -> list[Any]:
    found: list[Any] = []
    last_key: str | None = None
    while True:
        page, last_key = await figures.recent_activities(tenant, 3, last_key)
        found += [activity.id for activity in page]
        if last_key is None:
            return found
