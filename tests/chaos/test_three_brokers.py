"""One of three brokers is lost under load: with three replicas and two in sync nothing is lost, and work goes on."""

import asyncio
import os
import random

import pytest
from tests.support.chaos_faults import killed, paused
from tests.support.chaos_platform import Platform

BROKERS = 3
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(400),
    pytest.mark.skipif(os.environ.get("NEXUS_INFRA") != "jvm", reason="only the provider jvm starts three brokers"),
]


async def test_no_promise_is_broken_by_the_loss_of_one_of_three_brokers(platform: Platform) -> None:
    chance = random.Random(platform.seed)
    names = ["kafka", "kafka-2", "kafka-3"]
    lost, slow = chance.sample(names, 2)
    async with platform.load().running():
        await platform.served()
        for injection in (killed(lost), paused(slow)):
            await asyncio.sleep(chance.uniform(0.5, 2.0))
            await platform.suffer(injection)
    assert await platform.violations() == []
