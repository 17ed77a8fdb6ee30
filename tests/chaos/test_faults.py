"""Each process killed or paused, broker and database unavailable, under a steady load: no promise is broken."""

import asyncio
import os
import random
from collections.abc import Sequence

import pytest
from tests.support.chaos_faults import Injection, campaigns, paused
from tests.support.chaos_platform import Platform

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]

CAMPAIGNS = campaigns(os.environ.get("NEXUS_INFRA") or "embedded")
REPLICATED = ("builds", "agents", "stats", "worker")


@pytest.mark.parametrize("campaign", CAMPAIGNS)
async def test_no_promise_is_broken_by(campaign: str, platform: Platform) -> None:
    await suffered(platform, CAMPAIGNS[campaign])
    assert await platform.violations() == []


async def test_no_promise_is_broken_by_processes_that_wake_up_after_others_have_taken_over(platform: Platform) -> None:
    replicas = [await platform.stack.add_replica(name) for name in REPLICATED]
    await suffered(platform, [paused(*REPLICATED), paused(*replicas)])
    assert await platform.violations() == []
    for name in replicas:
        await platform.stack.remove(name)


async def suffered(platform: Platform, injections: Sequence[Injection]) -> None:
    """The faults one after another, in an order and at moments that the seed decides."""
    chance = random.Random(platform.seed)
    async with platform.load().running():
        await platform.served()
        for injection in chance.sample(injections, len(injections)):
            await asyncio.sleep(chance.uniform(0.5, 2.0))
            await platform.suffer(injection)
