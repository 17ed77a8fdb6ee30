"""A build followed live: through kills, by many at once, by some who leave, and to the end of the gateway."""

import asyncio
from typing import Any

import pytest
from tests.support.client import Client
from tests.support.event_streams import Follower, open_streams, streaming, until_open
from tests.support.histories import events_of

from nexus_devstack.stack import Stack

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180), pytest.mark.long]
MANY = 200


async def waiting(client: Client) -> str:
    """A project that nobody builds yet."""
    return await client.create(auto_start=False)


async def control(client: Client, project_id: str, action: str) -> None:
    answer = await client.call("PUT", f"/api/v1/projects/{project_id}/control", {"action": action})
    assert answer.status == 200, answer.body


@pytest.mark.parametrize("victim", [None, "gateway", "builds", "worker", "kafka"])
async def test_a_build_is_followed_without_gap_or_repeat_through_the_kill_of(
    victim: str | None, stack: Stack, client: Client
) -> None:
    await stack.wait_ready()
    project_id = await client.create()
    follower = Follower(stack.gateway_url, project_id)
    following = asyncio.create_task(follower.follow())
    await client.until(f"/api/v1/projects/{project_id}", lambda data: data["progress"] >= 15)
    if victim:
        stack.kill(victim)
    async with asyncio.timeout(90):
        await following
    await stack.wait_ready()
    events = await client.events(project_id)
    assert follower.ids == [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert follower.seen[-1].event == "nexus.build.completed.v1"
    assert (follower.cuts > 0) == (victim == "gateway")


async def test_many_follow_one_build_at_once_and_each_sees_all_of_it(stack: Stack, client: Client) -> None:
    await stack.wait_ready()
    project_id = await waiting(client)
    followers = [Follower(stack.gateway_url, project_id) for _ in range(MANY)]
    following = [asyncio.create_task(follower.follow()) for follower in followers]
    await until_open(stack.gateway_url, MANY)
    await control(client, project_id, "start")
    async with asyncio.timeout(90):
        await asyncio.gather(*following)
    expected = [event["sequence"] for event in await client.events(project_id)]
    assert all(follower.ids == expected for follower in followers)
    assert sum(follower.cuts for follower in followers) == 0
    await until_open(stack.gateway_url, 0)


async def test_who_leaves_leaves_nothing_behind(stack: Stack, client: Client) -> None:
    await stack.wait_ready()
    projects = [await waiting(client) for _ in range(5)]

    async def listen(project_id: str) -> None:
        async with streaming(stack.gateway_url, project_id) as response:
            async for _ in response.content.iter_any():
                pass

    listeners = [asyncio.create_task(listen(projects[n % 5])) for n in range(50)]
    await until_open(stack.gateway_url, 50)
    for listener in listeners:
        listener.cancel()
    await asyncio.gather(*listeners, return_exceptions=True)
    await until_open(stack.gateway_url, 0)


async def test_a_deletion_ends_the_stream(stack: Stack, client: Client) -> None:
    await stack.wait_ready()
    project_id = await waiting(client)
    seen: list[Any] = []
    async with asyncio.timeout(30), streaming(stack.gateway_url, project_id) as response:
        stream = events_of(response.content.iter_any())
        seen.append(await anext(stream))
        assert (await client.call("DELETE", f"/api/v1/projects/{project_id}")).status == 200
        seen += [event async for event in stream]
    assert [event.event for event in seen] in (
        ["nexus.project.created.v1", "nexus.project.deleted.v1"],
        ["nexus.project.created.v1"],
    )
    async with streaming(stack.gateway_url, project_id) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (404, "RESOURCE_NOT_FOUND")


async def test_a_gateway_that_stops_ends_its_streams_and_another_one_goes_on(stack: Stack, client: Client) -> None:
    await stack.wait_ready()
    project_id = await waiting(client)
    second = await stack.add_replica("gateway")
    async with streaming(stack.url(second), project_id) as response:
        stream = events_of(response.content.iter_any())
        assert (await anext(stream)).id == 1
        assert await open_streams(stack.url(second)) == 1
        stopping = asyncio.create_task(stack.remove(second))
        async with asyncio.timeout(5):  # half of what the gateway may take to stop
            assert [event async for event in stream] == []
    await stopping
    async with streaming(stack.gateway_url, project_id, after=1) as response:
        stream = events_of(response.content.iter_any())
        await control(client, project_id, "stop")
        async with asyncio.timeout(30):
            assert [(event.id, event.event) async for event in stream] == [(2, "nexus.build.stopped.v1")]
