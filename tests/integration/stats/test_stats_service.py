"""The statistics service as a process, on a real broker and a real database."""

import random
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import JsonValue
from tests.support.eventually import eventually
from tests.support.stats_histories import (
    FIRST_DAY,
    LAST_DAY,
    History,
    event,
    one_busy_history,
    one_invocation,
    project_id,
    start_of_build,
)
from tests.support.stats_model import (
    expected_builds,
    expected_invocations,
    expected_overview,
)
from tests.support.stats_stack import start_statistics, statistics_stack
from tests.support.stats_topics import PATIENCE_SECONDS, Raw, consumed, dead_letters, publish, record_of

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.principal import Principal
from nexus_contracts.topics import AGENTS_EVENTS, BUILDS_EVENTS
from nexus_devstack.stack import Stack
from nexus_runtime.kafka.dead_letters import DeadLetters
from nexus_runtime.process.caller import Trust
from nexus_runtime.process.settings import ServiceSettings

RANGE = f"start_date={FIRST_DAY}&end_date={LAST_DAY}"
NOON = datetime.combine(FIRST_DAY, time(12), UTC)
TENANTS = ("default", "other")


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncGenerator[Stack]:
    async with statistics_stack(tmp_path) as started:
        yield started


async def get(stack: Stack, path: str, tenant: str = "default") -> tuple[int, Any]:
    headers = Trust(None).header(Principal(tenant=tenant), "GET", path)
    async with aiohttp.ClientSession(headers=headers) as session, session.get(stack.url("stats") + path) as response:
        return response.status, await response.json()


async def assert_figures_of(events: History, stack: Stack) -> None:
    for tenant in TENANTS:
        history = [event for event in events if event.nexustenant == tenant]
        overview = (await get(stack, "/overview", tenant))[1]
        assert overview == expected_overview(history, datetime.now(UTC).date())
        builds = (await get(stack, f"/builds?{RANGE}", tenant))[1]["items"]
        assert builds == expected_builds(history, FIRST_DAY, LAST_DAY)
        reported = (await get(stack, f"/invocations?{RANGE}", tenant))[1]["items"]
        assert reported == expected_invocations(history, FIRST_DAY, LAST_DAY)


def one_status(agent: str, sequence: int, time: datetime, status: str) -> CloudEvent:
    fact: dict[str, JsonValue] = {"agent_id": agent, "project_id": project_id(1), "status": status}
    return event("nexus.agent.status_changed.v1", agent, sequence, time, **fact)


@pytest.mark.timeout(180)
async def test_figures_are_exact_after_duplicates_disorder_and_a_kill(stack: Stack) -> None:
    chance = random.Random(20260228)
    history = one_busy_history(chance, 120)
    history += one_invocation(100_000, datetime.now(UTC), chance)
    records = [record_of(one) for one in history * 2]
    chance.shuffle(records)
    servers, half = stack.endpoints.kafka_bootstrap_servers, len(records) // 2
    await publish(servers, records[:half])
    await start_statistics(stack)

    async def under_way() -> bool:
        return (await get(stack, "/overview"))[1]["total_builds"] > 0

    await eventually(under_way, seconds=PATIENCE_SECONDS)
    ends = await publish(servers, records[half:])
    stack.kill("stats")
    await consumed(servers, ends)
    await stack.wait_ready("stats")
    await assert_figures_of(history, stack)
    assert stack.starts("stats") == 2


@pytest.mark.timeout(180)
async def test_two_replicas_and_a_broker_that_lost_everything_count_nothing_twice(stack: Stack) -> None:
    """The relays publish again what the lost broker had."""
    chance = random.Random(20260301)
    history = one_busy_history(chance, 120)
    records, servers = [record_of(one) for one in history], stack.endpoints.kafka_bootstrap_servers
    await start_statistics(stack, "stats-2")
    await consumed(servers, await publish(servers, records[: len(records) // 2]))
    stack.kill("kafka")
    await stack.wait_ready("kafka")
    await consumed(servers, await publish(servers, records))
    await assert_figures_of(history, stack)
    assert (stack.starts("stats"), stack.starts("stats-2")) == (1, 1)


def poison() -> list[Raw]:
    """Records that no consumer can use, each for another reason."""
    build, agent = start_of_build(project_id(1), 1, NOON), one_status("a", 1, NOON, "running")
    topic, key, value, headers = record_of(build)
    return [
        (topic, key, b"{no json", headers),
        (topic, key, value, [*headers, ("ce_source", b"\xff")]),
        (topic, key, None, headers),
        (topic, key, b'{"project_id": 7}', headers),
        record_of(agent.model_copy(update={"sequence": None})),
    ]


async def test_what_cannot_be_used_is_set_aside_and_the_next_ones_count(stack: Stack) -> None:
    later = [start_of_build(project_id(1), 1, NOON), one_status("a", 3, NOON, "running")]
    unknown = event("nexus.build.celebrated.v9", project_id(1), 2, NOON, cake=True)
    await start_statistics(stack)
    servers = stack.endpoints.kafka_bootstrap_servers
    ends = await publish(servers, [*poison(), record_of(unknown), *map(record_of, later)])
    await consumed(servers, ends)
    await assert_figures_of(later, stack)
    letters = [*await dead_letters(servers, BUILDS_EVENTS, 4), *await dead_letters(servers, AGENTS_EVENTS, 1)]
    counts = DeadLetters(ServiceSettings(kafka_bootstrap_servers=servers))
    assert await counts.open() == {"builds.events.v1.stats-builds.dlq": 4, "agents.events.v1.stats-agents.dlq": 1}
    await counts.stop()
    assert [letter.value for letter in letters] == [value for _, _, value, _ in poison()]
    for letter in letters[:4]:
        headers = dict(letter.headers)
        assert (headers["dlq_topic"], headers["dlq_group"]) == (b"builds.events.v1", b"stats-builds")
        assert headers["dlq_code"] == b"VALIDATION_ERROR"
        assert headers["dlq_error"]
        assert {"dlq_partition", "dlq_offset", "dlq_time"} <= headers.keys()


async def test_ranges_are_checked_and_health_tells_the_lag(stack: Stack) -> None:
    await start_statistics(stack)
    for query in ("start_date=2026-02-30", "start_date=x", "end_date=", "start_date=2026-01-02&end_date=2026-01-01"):
        status, body = await get(stack, f"/builds?{query}")
        assert (status, body["error"]["code"]) == (400, "VALIDATION_ERROR"), query
    assert (await get(stack, "/invocations?start_date=2025-01-01&end_date=2026-01-02"))[0] == 400
    status, body = await get(stack, "/invocations?start_date=2025-01-01&end_date=2026-01-01")
    assert (status, len(body["items"])) == (200, 366)
    assert len((await get(stack, "/builds"))[1]["items"]) == 30
    status, health = await get(stack, "/health/detailed")
    assert (status, health["status"]) == (200, "healthy")
    assert health["checks"]["consumers"]["details"] == {"lag": {"builds.events.v1": 0, "agents.events.v1": 0}}
    assert set(health["checks"]) == {"database", "message_bus", "consumers"}
