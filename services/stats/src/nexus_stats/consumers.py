"""What `stats` listens to: the events that count, of builds and of agents; all others are skipped."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, TypeAdapter

from nexus_contracts.agents.events import InvocationCancelled, InvocationFailed, InvocationStarted, InvocationSucceeded
from nexus_contracts.errors import ValidationFailed
from nexus_contracts.topics import AGENTS_EVENTS, BUILDS_EVENTS
from nexus_runtime.kafka.delivery import Delivery, Subscription
from nexus_stats.domain.facts import (
    AgentFact,
    CountedAgentsEvent,
    CountedBuildsEvent,
    InvocationFact,
    agent_fact,
    build_fact,
    invocation_fact,
)
from nexus_stats.handlers import count
from nexus_stats.store import StatsStore

COUNTED_BUILDS_EVENT: TypeAdapter[CountedBuildsEvent] = TypeAdapter(
    Annotated[CountedBuildsEvent, Field(discriminator="type")]
)
COUNTED_AGENTS_EVENT: TypeAdapter[CountedAgentsEvent] = TypeAdapter(
    Annotated[CountedAgentsEvent, Field(discriminator="type")]
)


def subscriptions(store: StatsStore) -> list[Subscription]:
    """Whole batches, because a transaction for many facts costs little more than one for a single fact."""

    async def count_builds(deliveries: Sequence[Delivery]) -> None:
        facts = (build_fact(delivery.message, delivery.event.time) for delivery in deliveries)
        await count((fact for fact in facts if fact), store)

    async def count_agents(deliveries: Sequence[Delivery]) -> None:
        await count([_agents_fact(delivery) for delivery in deliveries], store)

    return [
        Subscription(BUILDS_EVENTS, "stats-builds", COUNTED_BUILDS_EVENT, count_builds, group_of=None, prompt=False),
        Subscription(AGENTS_EVENTS, "stats-agents", COUNTED_AGENTS_EVENT, count_agents, group_of=None, prompt=False),
    ]


def _agents_fact(delivery: Delivery) -> AgentFact | InvocationFact:
    event: CountedAgentsEvent = delivery.message
    if isinstance(event, InvocationStarted | InvocationSucceeded | InvocationFailed | InvocationCancelled):
        return invocation_fact(event)
    if delivery.event.sequence is None:
        raise ValidationFailed("ce_sequence is missing: the events of an agent have no order without it")
    return agent_fact(event, delivery.event.sequence)
