"""One of two processes of `builds` stands still between a commit and what follows it, until the other took over."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio
from tests.support.chaos_history import Operation
from tests.support.chaos_load import Load
from tests.support.chaos_platform import EVENTS, Platform
from tests.support.chaos_topics import read_all
from tests.support.chaos_trap import Trap, second_builds
from tests.support.eventually import eventually

from nexus_contracts.envelope import read_event
from nexus_contracts.topics import BUILDS_COMMANDS, BUILDS_REPORTS

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
LATE_SECONDS = 60.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def second(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Trap]:
    async with second_builds(platform, tmp_path_factory.mktemp("trap")) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def trap(second: Trap) -> AsyncGenerator[Trap]:
    """However a test ends, the next one finds the process awake."""
    yield second
    await second.open()


async def created(load: Load, **fields: Any) -> str:
    project_id = await load.new_project(load.wish("create"), **fields)
    assert project_id is not None
    return project_id


async def published(platform: Platform) -> dict[str, list[int]]:
    """The numbers of each project's events as a reader of the topic gets them."""
    records, _ = await read_all(platform.servers, EVENTS[:1])
    numbers: dict[str, list[int]] = {}
    for event in (read_event(record.value, record.headers) for record in records):
        numbers.setdefault(event.subject, []).append(event.sequence or 0)
    return numbers


async def test_old_events_that_a_woken_process_publishes_after_newer_ones_change_no_figure(
    platform: Platform, trap: Trap
) -> None:
    load = platform.load()
    projects = await asyncio.gather(*await trap.caught("committed", lambda: created(load, auto_start=True)))
    for project_id in projects:
        for action in ("stop", "restart", "stop"):
            await load.control(project_id, action)
    assert await platform.at_rest() == []
    before = await published(platform)
    await trap.open()

    async def late() -> bool:
        after = await published(platform)
        return any(len(after[one]) > len(before[one]) and after[one][-1] < max(before[one]) for one in projects)

    await eventually(late, seconds=LATE_SECONDS)
    assert await platform.violations() == []


@pytest.mark.parametrize("point", ["answering", f"handled {BUILDS_COMMANDS.name}"])
async def test_a_command_is_answered_alike_by_the_process_that_takes_over(
    point: str, platform: Platform, trap: Trap
) -> None:
    load = platform.load()

    async def act() -> Operation:
        return await load.control(await created(load), "stop")

    stopped = await asyncio.gather(*await trap.caught(point, act))
    assert {one.outcome for one in stopped} == {"ok"}
    assert await platform.at_rest() == []
    assert await platform.violations() == []  # whoever asks again is answered by the one that took over
    await trap.open()
    assert await platform.violations() == []


async def test_no_report_is_applied_twice_when_its_partition_moves_before_its_offset_is_committed(
    platform: Platform, trap: Trap
) -> None:
    load = platform.load()

    async def act() -> None:
        project_id = await created(load)
        for kind, data in load.told():
            await load.tell(project_id, kind, {"stage_name": "orchestrator", **data})

    await asyncio.gather(*await trap.caught(f"handled {BUILDS_REPORTS.name}", act))
    assert await platform.at_rest() == []
    await trap.open()
    assert await platform.violations() == []
