"""The subscriptions of `stats`: the events of builds and agents that are counted; all others are skipped."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Annotated, Any, cast

from aiokafka import partitioner
from pydantic import Field, TypeAdapter

from nexus_contracts.agents.events import (
    AboutAgent,
    InvocationCancelled,
    InvocationFailed,
    InvocationStarted,
    InvocationSucceeded,
)
from nexus_contracts.builds.reports import StageUsageRecorded
from nexus_contracts.dead_letters import meant_for
from nexus_contracts.envelope import CloudEvent, declared_type
from nexus_contracts.errors import ValidationFailed
from nexus_contracts.model import type_of
from nexus_contracts.principal import DEFAULT_TENANT
from nexus_contracts.topics import AGENTS_EVENTS, BUILDS_EVENTS
from nexus_runtime.kafka.delivery import Delivery, Subscription
from nexus_runtime.kafka.pace import COLLECTING
from nexus_stats.domain.activities import activity
from nexus_stats.domain.counting import Seen
from nexus_stats.domain.facts import AgentEvent, BuildEvent, agent_fact, build_fact
from nexus_stats.domain.marks import InvocationEvent, invocation_tally, usage_tally
from nexus_stats.handlers import Counting

PAGES = 16
"""Pages of marks for each second. With 1, 2, 4, 8 or 16 partitions each page belongs to one partition, because Kafka's
own partitioner chooses it; with other numbers consumers share pages and have to retry, but still count correctly."""
_murmur2: Any = cast("Any", partitioner).murmur2
CountedBuildsEvent = BuildEvent | StageUsageRecorded
CountedAgentsEvent = AgentEvent | InvocationEvent
_STARTED = type_of(InvocationStarted)
_ENDED = frozenset(map(type_of, (InvocationSucceeded, InvocationFailed, InvocationCancelled)))
COUNTED_BUILDS_EVENT: TypeAdapter[CountedBuildsEvent] = TypeAdapter(
    Annotated[CountedBuildsEvent, Field(discriminator="type")]
)
COUNTED_AGENTS_EVENT: TypeAdapter[CountedAgentsEvent] = TypeAdapter(
    Annotated[CountedAgentsEvent, Field(discriminator="type")]
)


def subscriptions(counting: Counting) -> list[Subscription]:
    """Whole batches, because a transaction for many events costs little more than one for a single event."""

    def counted_by(letter: str, seen_in: Callable[[CloudEvent, Any], Seen | None]) -> Any:
        async def count(deliveries: Sequence[Delivery]) -> None:
            seen = [one for delivery in deliveries if (one := seen_in(delivery.event, delivery.message))]
            shown = [
                (tenant_of(delivery.event), one)
                for delivery in deliveries
                if (one := activity(delivery.event, delivery.message))
            ]
            # The shard is named after a partition that only this consumer has, so nobody else writes the same rows.
            # After a rebalance two may do so for a moment; then the rows' versions make one of them retry.
            await counting.count(seen, shown, f"{letter}{min(delivery.record.partition for delivery in deliveries)}")

        return count

    count_builds, count_agents = counted_by("b", seen_in_build), counted_by("a", seen_in_agents)
    return [
        Subscription(
            BUILDS_EVENTS, "stats-builds", COUNTED_BUILDS_EVENT, count_builds, group_of=None, rests=COLLECTING
        ),
        Subscription(
            AGENTS_EVENTS,
            "stats-agents",
            COUNTED_AGENTS_EVENT,
            count_agents,
            group_of=None,
            needless=ended_here,
            rests=COLLECTING,
        ),
    ]


def ended_here(records: Sequence[Any]) -> frozenset[int]:
    """The starts of invocations (by `id`) whose ends are in the same batch: an end counts all that its start does."""
    types = [declared_type(record.headers) for record in records]
    ended = {
        record.key
        for record, told in zip(records, types, strict=True)
        if told in _ENDED and record.key and meant_for(record.headers, "stats-agents")
    }
    started = zip(records, types, strict=True) if ended else ()
    return frozenset(id(record) for record, told in started if told == _STARTED and record.key in ended)


def seen_in_build(event: CloudEvent, message: CountedBuildsEvent) -> Seen | None:
    """What an event of a project adds to the statistics, if anything."""
    tenant = tenant_of(event)
    if isinstance(message, StageUsageRecorded):
        return Seen(usage_tally(message, tenant, event.id, event.time, _page(message.project_id)), event.time)
    fact = build_fact(message, tenant, event.time)
    return Seen(fact, event.time) if fact else None


def seen_in_agents(event: CloudEvent, message: CountedAgentsEvent) -> Seen:
    """What an event of an agent or an invocation adds to the statistics. Raises ValidationFailed."""
    tenant = tenant_of(event)
    if not isinstance(message, AboutAgent):
        return Seen(invocation_tally(message, tenant, _page(message.invocation_id)), message.started_at)
    if event.sequence is None:
        raise ValidationFailed("ce_sequence is missing: the events of an agent have no order without it")
    return Seen(agent_fact(message, tenant, event.sequence), event.time)


def tenant_of(event: CloudEvent) -> str:
    return event.nexustenant or DEFAULT_TENANT


@lru_cache(maxsize=10_000)
def _page(key: str) -> int:
    return (_murmur2(key.encode()) & 0x7FFFFFFF) % PAGES
