"""Each process killed or paused, broker and database away, under a steady load: no promise is broken."""

import asyncio
import os
import random
from collections.abc import Sequence

import pytest
from tests.support.chaos_faults import SERVICES, Injection, killed, paused, restarted
from tests.support.chaos_platform import Platform

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

EMBEDDED = (os.environ.get("NEXUS_INFRA") or "embedded") == "embedded"
# The embedded broker keeps nothing, so what it acknowledged is lost with it; its database keeps all over a kill, while
# DynamoDB Local, killed, loses what it has just acknowledged.
INFRASTRUCTURE = [killed("dynamodb")] if EMBEDDED else [killed("kafka"), restarted("dynamodb")]
CAMPAIGNS = {
    "kills": [killed(name) for name in SERVICES],
    "pauses": [paused(name) for name in SERVICES],
    "infrastructure": INFRASTRUCTURE,
}


@pytest.mark.parametrize("campaign", CAMPAIGNS)
async def test_no_promise_is_broken_by(campaign: str, platform: Platform) -> None:
    await suffered(platform, CAMPAIGNS[campaign])
    assert await platform.violations() == []


async def suffered(platform: Platform, injections: Sequence[Injection]) -> None:
    """The faults one after another, in an order and at moments that the seed decides."""
    chance = random.Random(platform.seed)
    async with platform.load().running():
        await platform.served()
        for injection in chance.sample(injections, len(injections)):
            await asyncio.sleep(chance.uniform(0.5, 2.0))
            await platform.suffer(injection)
