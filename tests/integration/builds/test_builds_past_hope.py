"""Builds that can no longer finish end by themselves, with the reason, and can be restarted."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from tests.support.builds_neighbours import StandInAgents
from tests.support.builds_stack import BUILDS, WORKER, BuildsStack, builds_stack
from tests.support.builds_story import EXTERNAL, a_report

from nexus_builds.domain.state import Project
from nexus_contracts.topics import BUILDS_EVENTS

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
ENV = {
    "WORKER_STEP_SECONDS": "0.5",
    "WORKER_LEASE_SECONDS": "1",
    "WORKER_LOST_SECONDS": "8",
    "BUILD_TIMEOUT_SECONDS": "40",
    "EXTERNAL_SILENCE_SECONDS": "20",
    "WATCH_SECONDS": "0.25",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def builds(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[BuildsStack]:
    async with builds_stack(tmp_path_factory.mktemp("hope"), ENV, BUILDS_EVENTS.groups[:2]) as (stack, _):
        servers, port = stack.stack.endpoints.kafka_bootstrap_servers, stack.stack.ports["AGENTS_PORT"]
        async with StandInAgents(servers, port).serving():
            await asyncio.gather(stack.start(BUILDS), stack.start(WORKER))
            yield stack


def ended(project: Project) -> bool:
    return project.status not in ("building", "pending")


def why(project: Project) -> str | None:
    return project.attempt.error.code if project.attempt and project.attempt.error else None


async def test_a_build_fails_when_its_worker_is_silent_and_no_other_takes_over(builds: BuildsStack) -> None:
    project_id = await builds.create()
    await builds.reaches(project_id, lambda project: project.stages[1].status == "running", 60)
    builds.stack.pause("worker")
    project = await builds.reaches(project_id, ended, 60)
    assert (project.status, why(project)) == ("failed", "WORKER_LOST")
    assert not [step.name for step in project.steps() if step.status == "running"]
    builds.stack.cont("worker")
    assert (await builds.control(project_id, "restart")).status == 200
    project = await builds.reaches(project_id, ended, 60)
    assert (project.status, project.attempt_number, why(project)) == ("completed", 2, None)


async def test_a_build_that_runs_too_long_fails_and_one_nobody_reports_on_is_abandoned(builds: BuildsStack) -> None:
    await builds.stack.remove("worker")
    waiting, silent = await builds.create(), await builds.create(auto_start=False)
    report = a_report("started", "orchestrator").model_copy(update={"project_id": silent})
    await builds.tell(report, source=EXTERNAL)
    abandoned = await builds.reaches(silent, lambda project: ended(project) and project.attempt is not None, 60)
    assert (abandoned.status, why(abandoned)) == ("failed", "ABANDONED")
    overdue = await builds.reaches(waiting, ended, 60)
    assert (overdue.status, why(overdue)) == ("failed", "BUILD_TIMED_OUT")
