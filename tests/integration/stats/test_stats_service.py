"""The statistics service as a process, on a real broker and a real database."""

import random
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import JsonValue
from tests.support.eventually import eventually
from tests.support.stats_histories import (
    DAYS,
    FAULT,
    FIRST_DAY,
    LAST_DAY,
    History,
    end_of_build,
    event,
    project_id,
    start_of_build,
)
from tests.support.stats_model import (
    BUILD_ENDS,
    INVOCATION_ENDS,
    STAGE_ORDER,
    expected_builds,
    expected_invocations,
    expected_overview,
)
from tests.support.stats_stack import start_statistics, statistics_stack
from tests.support.stats_topics import PATIENCE_SECONDS, Raw, consumed, dead_letters, publish, record_of

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.identifiers import format_timestamp
from nexus_contracts.topics import AGENTS_EVENTS, BUILDS_EVENTS
from nexus_devstack.stack import Stack

RANGE = f"start_date={FIRST_DAY}&end_date={LAST_DAY}"
NOON = datetime(2026, 2, 28, 12, tzinfo=UTC)


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncGenerator[Stack]:
    async with statistics_stack(tmp_path) as started:
        yield started


async def get(stack: Stack, path: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(stack.url("stats") + path) as response:
        return response.status, await response.json()


async def assert_figures_of(history: History, stack: Stack) -> None:
    assert (await get(stack, "/overview"))[1] == expected_overview(history, datetime.now(UTC).date())
    assert (await get(stack, f"/builds?{RANGE}"))[1]["items"] == expected_builds(history, FIRST_DAY, LAST_DAY)
    reported = (await get(stack, f"/invocations?{RANGE}"))[1]["items"]
    assert reported == expected_invocations(history, FIRST_DAY, LAST_DAY)


def busy_history(chance: random.Random) -> History:
    """What hundreds of builds, agents and invocations leave behind within a few days."""
    own = History()

    def moment() -> datetime:
        midnight = datetime.combine(FIRST_DAY, datetime.min.time(), UTC)
        return midnight + timedelta(seconds=chance.randrange(DAYS * 86_400))

    for number in range(120):
        project, last = project_id(number), chance.randrange(6)
        own.append(start_of_build(project, 1, moment()))
        for place, stage in enumerate(STAGE_ORDER[: last + 1]):
            kind = "nexus.stage.started.v1"
            own.append(event(kind, project, place + 2, moment(), project_id=project, attempt=1, stage_name=stage))
        if end := chance.choice([None, *BUILD_ENDS]):
            own.append(end_of_build(end, project, 1, moment(), chance.randrange(900_000), 99))
        own += one_invocation(number, moment(), chance)
        for sequence in range(1, chance.randint(2, 4)):
            fact: Any = {
                "agent_id": f"{project}:a",
                "project_id": project,
                "status": chance.choice(["running", "offline"]),
            }
            own.append(event("nexus.agent.status_changed.v1", f"{project}:a", sequence, moment(), **fact))
    return own


def one_status(agent: str, sequence: int, time: datetime, status: str) -> CloudEvent:
    fact: dict[str, JsonValue] = {"agent_id": agent, "project_id": project_id(1), "status": status}
    return event("nexus.agent.status_changed.v1", agent, sequence, time, **fact)


def one_invocation(number: int, started: datetime, chance: random.Random) -> History:
    invocation = f"inv_{number:032x}"
    fact: Any = {"invocation_id": invocation, "agent_id": "x", "user_id": "u", "started_at": format_timestamp(started)}
    own = [event("nexus.invocation.started.v1", invocation, 1, started, **fact)]
    if end := chance.choice([None, *INVOCATION_ENDS]):
        fact |= {"duration_ms": chance.randrange(9_000), "completed_at": format_timestamp(started)}
        own.append(event(end, invocation, 2, started, **fact, error=FAULT, reason="asked to"))
    return own


@pytest.mark.timeout(180)
async def test_figures_are_exact_after_duplicates_disorder_and_a_kill(stack: Stack) -> None:
    chance = random.Random(20260228)
    history = busy_history(chance)
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
    history = busy_history(chance)
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
