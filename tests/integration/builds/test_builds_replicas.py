"""Two processes of builds share the partitions; one is killed in the middle of a stream of reports."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from tests.support.builds_stack import BUILDS, BuildsStack, builds_stack
from tests.support.builds_story import EXTERNAL, a_report

from nexus_contracts.builds.reports import AnyReport

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]
REPLICAS = ("builds", "builds-2")
PROJECTS, ROUNDS = 12, 30


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def builds(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[BuildsStack]:
    """Ready means: each of them has partitions."""
    async with builds_stack(tmp_path_factory.mktemp("replicas")) as (stack, _):
        await asyncio.gather(stack.start(BUILDS), stack.start(BUILDS, "builds-2"))
        yield stack


def told(project_id: str, kind: str) -> AnyReport:
    return a_report(kind, "orchestrator").model_copy(update={"project_id": project_id})


@pytest.mark.parametrize("victim", REPLICAS)
async def test_no_report_is_lost_or_counts_twice_when_one_of_two_is_killed(builds: BuildsStack, victim: str) -> None:
    projects = [await builds.create(auto_start=False) for _ in range(PROJECTS)]
    for project_id in projects:
        await builds.tell(told(project_id, "started"), "begin", EXTERNAL)
    for number in range(ROUNDS):
        for project_id in projects:
            report = told(project_id, "usage_recorded")
            await builds.tell(report, f"u{number}", EXTERNAL)
            await builds.tell(report, f"u{number // 2}", EXTERNAL)
        if number == ROUNDS // 2:
            builds.stack.kill(victim)
    for project_id in projects:
        await builds.tell(told(project_id, "completed"), "end", EXTERNAL)
        project = await builds.reaches(project_id, lambda project: project.stages[0].done, 90)
        assert (project.reports, project.usage().input_tokens) == (ROUNDS + 2, 3 * ROUNDS)
        events = await builds.events(project_id)
        assert [entry.sequence for entry in events] == list(range(1, project.sequence + 1))
        assert Counter(entry.type for entry in events)["nexus.stage.usage_recorded.v1"] == ROUNDS
    await builds.stack.wait_ready(*REPLICAS)
