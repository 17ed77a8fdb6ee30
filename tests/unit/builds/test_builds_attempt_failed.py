"""A builder gives a whole attempt up: it fails, with what was running, whatever stage that was."""

import pytest
from tests.support.builds_story import ERROR, EXTERNAL, PROJECT, STEPS, Story, project_in

from nexus_builds.domain import reports
from nexus_builds.domain.reports import WORKER_SOURCE, Reporter
from nexus_contracts.builds.commands import ControlAction
from nexus_contracts.builds.events import BuildFailed, ReportRefused
from nexus_contracts.builds.reports import AttemptFailed, StageError
from nexus_contracts.builds.views import ProjectStatus
from nexus_contracts.stages import DEVELOPER


def give_up(story: Story, source: str = EXTERNAL, attempt: int = 1) -> list[str]:
    """The types of what it comes to."""
    report = AttemptFailed(project_id=PROJECT, attempt=attempt, error=StageError.model_validate(ERROR))
    before = len(story.events)
    story.project, events = reports.apply(story.project, report, Reporter(source, "give up"), story.time)
    story.events = [*story.events, *events]
    return story.types()[before:]


@pytest.mark.parametrize(("stage", "sub"), STEPS)
def test_what_was_running_fails_with_the_attempt_and_the_rest_stays(stage: str, sub: str | None) -> None:
    story = Story(auto_start=False)
    story.before(stage, source=EXTERNAL)
    if sub:
        story.report("started", stage, source=EXTERNAL)
    story.report("started", stage, sub, source=EXTERNAL)
    progress = story.project.progress
    assert give_up(story) == ["attempt.failed", "build.failed"]
    failed = story.events[-1]
    assert isinstance(failed, BuildFailed)
    assert (story.project.status, failed.error.code, story.project.progress) == ("failed", ERROR["code"], progress)
    for running in {(stage, None), (stage, sub)}:
        step = story.step(*running)
        assert (step.status, step.error, step.completed_at) == ("failed", failed.error, story.time)
    assert {step.status for step in story.project.steps()} <= {"completed", "failed", "pending"}


def test_between_two_stages_only_the_attempt_fails() -> None:
    story = Story(auto_start=False)
    story.before("agent_design", source=EXTERNAL)
    give_up(story)
    assert (story.project.status, story.step("agent_design").status) == ("failed", "pending")


def test_a_pipeline_that_never_came_to_its_first_task_is_a_failed_first_attempt() -> None:
    story = Story(auto_start=False)
    assert give_up(story) == ["build.started", "attempt.failed", "build.failed"]
    assert (story.project.attempt_number, story.project.status) == (1, "failed")


@pytest.mark.parametrize("status", [ProjectStatus.FAILED, ProjectStatus.CANCELLED])
def test_saying_so_of_an_attempt_that_ended_without_success_changes_nothing(status: ProjectStatus) -> None:
    story = project_in(status)
    before = story.project
    assert give_up(story) == []
    assert story.project == before


@pytest.mark.parametrize(
    ("status", "source", "attempt", "code"),
    [
        (ProjectStatus.COMPLETED, f"{WORKER_SOURCE}1", 1, "ATTEMPT_ENDED"),
        (ProjectStatus.BUILDING, EXTERNAL, 1, "NOT_THE_BUILDER"),
        (ProjectStatus.PAUSED, EXTERNAL, 1, "NOT_THE_BUILDER"),
        (ProjectStatus.FAILED, f"{WORKER_SOURCE}1", 2, "UNKNOWN_ATTEMPT"),
        (ProjectStatus.PENDING, EXTERNAL, 2, "UNKNOWN_ATTEMPT"),
    ],
)
def test_it_is_refused_where_any_report_would_be(status: ProjectStatus, source: str, attempt: int, code: str) -> None:
    story = project_in(status)
    assert give_up(story, source, attempt) == ["report.refused"]
    refused = story.events[-1]
    assert isinstance(refused, ReportRefused)
    assert refused.reason.startswith(f"{code}: ")
    assert story.project.status is status


def test_an_earlier_attempt_cannot_be_given_up_any_more() -> None:
    story = Story(auto_start=False)
    story.report("started", DEVELOPER, source=EXTERNAL)
    give_up(story)
    story.control(ControlAction.RESTART)
    assert give_up(story, attempt=1) == ["report.refused"]
    assert story.project.status == "building"
