"""A process that continues the memberships of its predecessor, without a broker."""

# What is tested is aiokafka's coordinator, which is untyped.
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.cluster import ClusterMetadata
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import RebalanceInProgressError, UnknownMemberIdError
from aiokafka.protocol.group import HeartbeatRequest

from nexus_runtime.kafka.membership import Membership, Tenure, Tenures, enter_as

ASSIGNMENT = ConsumerProtocolMemberAssignment(0, [("reports", [0, 1])], b"")


class Broker:
    """Answers heartbeats with `error`, and nothing else."""

    def __init__(self, error: int) -> None:
        self.error = error
        self.asked: list[Any] = []

    async def answer(self, request: Any) -> Any:
        self.asked.append(request)
        if not isinstance(request, HeartbeatRequest):
            raise NotImplementedError(type(request).__name__)
        return SimpleNamespace(error_code=self.error)


@asynccontextmanager
async def membership(broker: Broker, name: str | None, tenure: Tenure | None) -> AsyncGenerator[Any]:
    subscription = SubscriptionState()
    enter_as(SimpleNamespace(_subscription=subscription), name, tenure)
    client: Any = SimpleNamespace(cluster=ClusterMetadata(metadata_max_age_ms=10_000))
    # Not subscribed before the test says so: until then the coordinator's own task only waits.
    made: Any = Membership(client, subscription, group_id="g", assignors=(RoundRobinPartitionAssignor,))
    made._send_req = broker.answer
    made.subscribed = subscription
    yield made
    await made.close()


async def continued(made: Any) -> bool:
    made.subscribed.subscribe({"reports"})
    return await made._do_rejoin_group(made.subscribed.subscription)


TENURE = Tenure(member_id="builds", generation=7, protocol="roundrobin", assignment=b64encode(ASSIGNMENT.encode()))


async def test_who_continues_a_membership_has_its_partitions_at_once() -> None:
    broker = Broker(0)
    told = Tenures(by_group={"g": TENURE}).model_dump_json()
    async with membership(broker, "builds", Tenures.model_validate_json(told).by_group["g"]) as made:
        assert await continued(made)
        assert made.subscribed.assigned_partitions() == {TopicPartition("reports", 0), TopicPartition("reports", 1)}
        assert (made.member_id, made.generation) == ("builds", 7)
        assert made.tenure == TENURE


@pytest.mark.parametrize("error", [UnknownMemberIdError.errno, RebalanceInProgressError.errno])
async def test_where_the_group_has_gone_on_it_joins_under_its_name(error: int) -> None:
    broker = Broker(error)
    async with membership(broker, "builds", TENURE) as made:
        with pytest.raises(NotImplementedError, match="JoinGroup"):
            await continued(made)
        assert made.member_id == "builds"
        assert made.tenure is None
