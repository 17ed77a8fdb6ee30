"""The build worker as processes beside the service: builds end, whoever is killed on the way."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from tests.support.builds_neighbours import StandInAgents
from tests.support.builds_stack import BUILDS, WORKER, BuildsStack, builds_stack
from tests.support.builds_story import STEPS, a_report
from tests.support.eventually import eventually

from nexus_builds.domain.reports import WORKER_SOURCE
from nexus_builds.domain.state import Project
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.topics import BUILDS_EVENTS, BUILDS_REPORTS
from nexus_devstack.errors import StackError

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400), pytest.mark.long]
WORKERS = ("worker", "worker-2")
ENV = {"WORKER_STEP_SECONDS": "0.4", "WORKER_LEASE_SECONDS": "1"}
PATIENCE_SECONDS = 120.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def builds(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[BuildsStack]:
    async with builds_stack(tmp_path_factory.mktemp("worker"), ENV, BUILDS_EVENTS.groups[:2]) as (stack, _):
        servers, port = stack.stack.endpoints.kafka_bootstrap_servers, stack.stack.ports["AGENTS_PORT"]
        async with StandInAgents(servers, port).serving():
            await asyncio.gather(stack.start(BUILDS), stack.start(WORKER), stack.start(WORKER, "worker-2"))
            yield stack


def runs(project: Project, stage: str, sub: str | None, later_than: int) -> bool:
    """The step is being worked on, by a later owner of the lease than that one."""
    step = project.step(stage, sub)
    return step is not None and (step.done or (step.status == "running" and step.epoch > later_than))


async def holder(builds: BuildsStack, project_id: str, epoch: int) -> str:
    """The worker that took the build up with this epoch."""
    marks = ("working on build", f"epoch={epoch}", f"project_id={project_id}")

    def found() -> list[str]:
        return [w for w in WORKERS if any(all(m in line for m in marks) for line in builds.stack.logs(w))]

    async def known() -> bool:
        return bool(found())

    await eventually(known, seconds=PATIENCE_SECONDS)
    return found()[0]


async def test_a_build_completes_though_its_worker_is_killed_in_every_step(builds: BuildsStack) -> None:
    project_id = await builds.create()
    epoch, killed = 0, 0
    for stage, sub in STEPS:
        project = await builds.reaches(
            project_id, lambda project, at=(stage, sub, epoch): runs(project, *at), PATIENCE_SECONDS
        )
        step = project.step(stage, sub)
        if step is None or step.done:
            continue
        epoch = step.epoch
        builds.stack.kill(await holder(builds, project_id, epoch))
        killed += 1
    project = await builds.reaches(project_id, lambda project: project.status != "building", PATIENCE_SECONDS)
    assert (project.status, project.attempt_number, project.progress) == ("completed", 1, 100.0)
    assert killed >= len(STEPS) - 2
    events = await builds.events(project_id)
    completed = Counter(
        (entry.data["stage_name"], entry.data.get("sub_stage_name"))
        for entry in events
        if entry.type == "nexus.stage.completed.v1"
    )
    assert len(completed) == len(STEPS) + 1
    assert set(completed.values()) == {1}
    assert [entry.sequence for entry in events] == list(range(1, len(events) + 1))


async def test_a_paused_build_rests_between_steps_and_goes_on_when_resumed(builds: BuildsStack) -> None:
    project_id = await builds.create()
    await builds.reaches(project_id, lambda project: runs(project, *STEPS[1], 0), PATIENCE_SECONDS)
    assert (await builds.control(project_id, "pause")).status == 200
    resting = await builds.reaches(project_id, _rests, PATIENCE_SECONDS)
    assert resting.status == "paused"
    assert not all(step.done for step in resting.stages)
    assert (await builds.control(project_id, "resume")).status == 200
    project = await builds.reaches(project_id, lambda project: project.status != "building", PATIENCE_SECONDS)
    assert (project.status, project.attempt_number) == ("completed", 1)


def _rests(project: Project) -> bool:
    return not any(step.status == "running" for step in project.steps())


async def test_a_stopped_build_gets_no_further_and_its_late_reports_are_in_the_history(builds: BuildsStack) -> None:
    project_id = await builds.create()
    running = await builds.reaches(project_id, lambda project: runs(project, *STEPS[0], 0), PATIENCE_SECONDS)
    assert (await builds.control(project_id, "stop")).status == 200
    late = a_report("completed", "orchestrator").model_copy(update={"project_id": project_id})
    await builds.tell(late, "late", f"{WORKER_SOURCE}{running.attempt.epoch if running.attempt else 0}")

    async def refused() -> bool:
        events = await builds.events(project_id)
        told = [entry.data["report"] for entry in events if entry.type == "nexus.report.refused.v1"]
        return any(isinstance(report, dict) and report["id"] == "late" for report in told)

    await eventually(refused, seconds=PATIENCE_SECONDS)
    stopped = await builds.project(project_id)
    assert (stopped.status, stopped.attempt_number) == ("cancelled", 1)
    assert (await builds.control(project_id, "restart")).status == 200
    project = await builds.reaches(project_id, lambda project: project.status != "building", PATIENCE_SECONDS)
    assert (project.status, project.attempt_number) == ("completed", 2)


async def test_a_stranger_in_the_workers_name_changes_nothing_and_fences_nobody_off(builds: BuildsStack) -> None:
    project_id = await builds.create()
    for epoch in (1, 2, 999_999_999_999):
        for kind in ("started", "failed"):
            forged = a_report(kind, "orchestrator").model_copy(update={"project_id": project_id})
            event = builds.event(forged, project_id, f"{project_id}-{epoch}-{kind}", f"{WORKER_SOURCE}{epoch}")
            await builds.bus.publish(BUILDS_REPORTS, event)
    project = await builds.reaches(project_id, lambda project: project.status != "building", PATIENCE_SECONDS)
    assert (project.status, project.attempt_number) == ("completed", 1)
    told = [
        entry.data["report"] for entry in await builds.events(project_id) if entry.type == "nexus.report.refused.v1"
    ]
    assert [report for report in told if isinstance(report, dict) and str(report["id"]).startswith(project_id)] == []


@pytest.mark.parametrize("victims", [(), ("builds",), ("builds", *WORKERS)], ids=["nobody", "service", "everybody"])
async def test_a_deleted_running_build_leaves_nothing_whoever_is_killed(
    builds: BuildsStack, victims: tuple[str, ...]
) -> None:
    project_id = await builds.create()
    await builds.reaches(project_id, lambda project: runs(project, *STEPS[2], 0), PATIENCE_SECONDS)
    assert (await builds.delete(project_id)).status == 200
    for victim in victims:
        builds.stack.kill(victim)

    async def nothing_left() -> bool:
        try:
            return not await builds.kept_of(project_id)
        except (ServiceUnavailable, StackError):
            return False

    await eventually(nothing_left, seconds=PATIENCE_SECONDS)
