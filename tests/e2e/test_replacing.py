"""Services are replaced in turn while callers ask all the time: none of them goes without an answer."""

import pytest
from tests.support.client import Client
from tests.support.steady_callers import SteadyCallers

from nexus_devstack.stack import Stack

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]
REPLACED = ("agents", "builds", "gateway")
"""Those that the callers need. `make bench ARGS=recovery` replaces all of them."""
LONGEST_SECONDS = 8.0
"""Far more than it takes on a machine with nothing else to do: one second (docs/performance.md)."""


async def test_callers_do_not_notice_that_services_are_replaced(stack: Stack, client: Client) -> None:
    await stack.wait_ready()
    project = await client.built(await client.create())
    callers = SteadyCallers(client, project["agent_id"])
    before = {name: stack.pid(name) for name in REPLACED}
    async with callers.asking():
        for name in REPLACED:
            await stack.replace(name)
    assert callers.lost == []
    assert max(callers.slowest.values()) < LONGEST_SECONDS, callers.slowest
    assert all(stack.pid(name) != pid for name, pid in before.items())
