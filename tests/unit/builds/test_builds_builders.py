"""Who may report on an attempt: the worker with the latest lease, or anyone where the builder is external."""

from datetime import timedelta

import pytest
from tests.support.builds_story import BODIES, EXTERNAL, STEPS, Story, a_report, control_command

from nexus_builds.domain.control import Methods, control
from nexus_builds.domain.endings import Patience, failed, past_hope
from nexus_builds.domain.reports import NAMED_SOURCE, WORKER_SOURCE, Reporter, apply
from nexus_contracts.builds.commands import ControlAction
from nexus_contracts.builds.events import Builder, BuildFailed, BuildStarted, ReportRefused, Trigger
from nexus_contracts.builds.reports import StageError
from nexus_contracts.stages import DEVELOPER


@pytest.mark.parametrize("kind", BODIES)
def test_reports_of_others_are_refused_where_the_platform_builds(kind: str) -> None:
    story = Story()
    story.report("started", "orchestrator")
    assert story.report(kind, "orchestrator", source=EXTERNAL) == "NOT_THE_BUILDER"
    assert story.project.refusals.reason == "NOT_THE_BUILDER: attempt 1 is built by the platform builder"


def test_the_first_external_report_starts_the_first_attempt() -> None:
    story = Story(auto_start=False)
    assert story.report("started", "orchestrator", source=EXTERNAL) is None
    started = story.events[1]
    assert isinstance(started, BuildStarted)
    assert (started.attempt, started.builder, started.trigger) == (1, Builder.EXTERNAL, Trigger.REPORT)
    assert story.types() == ["project.created", "build.started", "stage.started"]
    assert story.report("completed", "orchestrator", source="/another/system") is None


@pytest.mark.parametrize("kind", [kind for kind in BODIES if kind != "started"])
def test_a_first_report_that_cannot_be_applied_starts_nothing(kind: str) -> None:
    story = Story(auto_start=False)
    assert story.report(kind, "orchestrator", source=EXTERNAL) == "OUT_OF_ORDER"
    assert (story.project.status, story.project.attempt) == ("pending", None)
    assert story.types() == ["project.created", "report.refused"]


def test_the_platforms_worker_does_not_start_an_external_build() -> None:
    story = Story(auto_start=False)
    assert story.report("started", "orchestrator") == "UNKNOWN_ATTEMPT"
    assert story.project.status == "pending"


def test_a_report_of_an_attempt_that_is_not_there_is_refused() -> None:
    assert Story(auto_start=False).report("started", "orchestrator", source=EXTERNAL, attempt=2) == "UNKNOWN_ATTEMPT"
    story = Story()
    assert story.report("started", "orchestrator", attempt=2) == "UNKNOWN_ATTEMPT"
    assert story.project.refusals.reason == "UNKNOWN_ATTEMPT: the latest attempt is 1"


def test_of_who_is_refused_as_much_is_kept_as_a_history_holds() -> None:
    story = Story()
    assert story.report("started", "orchestrator", source="s" * 501) == "NOT_THE_BUILDER"
    refused = story.events[-1]
    assert isinstance(refused, ReportRefused)
    assert refused.report.source == "s" * 500
    report = a_report("started", "deploy")
    _, (refused,) = apply(story.project, report, Reporter(f"{WORKER_SOURCE}1", "i" * 501), story.time)
    assert isinstance(refused, ReportRefused)
    assert (refused.report.id, refused.code) == ("i" * 500, "UNKNOWN_STAGE")


def test_a_project_stopped_while_pending_is_not_started_by_a_report() -> None:
    story = Story(auto_start=False)
    story.control(ControlAction.STOP)
    assert story.report("started", "orchestrator", source=EXTERNAL, attempt=1) == "UNKNOWN_ATTEMPT"
    assert story.project.status == "cancelled"


def test_an_external_build_goes_its_whole_way_and_keeps_its_builder_over_a_restart() -> None:
    story = Story(auto_start=False)
    story.work(source=EXTERNAL)
    assert story.project.status == "completed"
    story.control(ControlAction.RESTART)
    assert story.project.attempt is not None
    assert story.project.attempt.builder is Builder.EXTERNAL
    assert story.report("started", "orchestrator") == "NOT_THE_BUILDER"
    assert story.report("started", "orchestrator", source=EXTERNAL) is None


def test_a_start_before_the_first_report_leaves_the_build_to_the_platform() -> None:
    story = Story(auto_start=False)
    story.control(ControlAction.START)
    assert story.report("started", "orchestrator", source=EXTERNAL) == "NOT_THE_BUILDER"
    assert story.report("started", "orchestrator") is None


def test_a_worker_with_a_later_epoch_takes_the_running_step_over() -> None:
    story = Story()
    story.report("started", "orchestrator", epoch=1)
    began = story.step("orchestrator").started_at
    assert story.report("started", "orchestrator", epoch=1) == "OUT_OF_ORDER"
    assert story.report("started", "orchestrator", epoch=3) is None
    assert (story.step("orchestrator").epoch, story.step("orchestrator").started_at) == (3, began)
    assert story.project.attempt_number == 1


def test_a_step_that_was_begun_under_no_epoch_is_taken_over_by_the_first() -> None:
    story = Story()
    story.report("started", "orchestrator", source=NAMED_SOURCE)
    assert story.report("started", "orchestrator", epoch=1) is None
    assert story.step("orchestrator").epoch == 1


@pytest.mark.parametrize(("auto_start", "source"), [(True, NAMED_SOURCE), (False, EXTERNAL)])
def test_who_reports_under_no_epoch_takes_nothing_over(auto_start: bool, source: str) -> None:
    story = Story(auto_start=auto_start)
    assert story.report("started", "orchestrator", source=source) is None
    assert story.report("started", "orchestrator", source=source) == "OUT_OF_ORDER"
    assert story.project.refusals.reason == "OUT_OF_ORDER: orchestrator is already running"


@pytest.mark.parametrize("kind", BODIES)
def test_a_worker_that_lost_its_lease_is_fenced_off(kind: str) -> None:
    story = Story()
    story.report("started", "orchestrator", epoch=2)
    assert story.report(kind, "orchestrator", epoch=1) == "FENCED_OFF"
    assert story.project.refusals.reason == "FENCED_OFF: another worker has taken over this attempt"


def test_a_refused_report_fences_nobody_off() -> None:
    story = Story()
    story.report("started", "orchestrator", epoch=1)
    assert story.report("completed", "agent_design", epoch=9) == "OUT_OF_ORDER"
    assert story.report("completed", "orchestrator", epoch=1) is None


@pytest.mark.parametrize(("stage", "sub"), STEPS)
def test_a_take_over_in_any_step_ends_in_a_complete_build(stage: str, sub: str | None) -> None:
    story = Story()
    epoch = 1
    for one_stage, one_sub in STEPS:
        if one_sub and story.step(DEVELOPER).status == "pending":
            story.report("started", one_stage, epoch=epoch)
        story.report("started", one_stage, one_sub, epoch=epoch)
        if (one_stage, one_sub) == (stage, sub):
            epoch = 2
            assert story.report("started", one_stage, one_sub, epoch=epoch) is None
            assert story.report("completed", one_stage, one_sub, epoch=1) == "FENCED_OFF"
        assert story.report("completed", one_stage, one_sub, epoch=epoch) is None
        if one_stage == DEVELOPER and all(one.done for one in story.step(DEVELOPER).sub_steps):
            assert story.report("completed", one_stage, epoch=epoch) is None
    assert (story.project.status, story.project.attempt_number) == ("completed", 1)


@pytest.mark.parametrize("kind", BODIES)
def test_late_reports_after_a_stop_are_recorded_as_refused(kind: str) -> None:
    story = Story()
    story.report("started", "orchestrator")
    story.control(ControlAction.STOP)
    before = story.project
    assert story.report(kind, "orchestrator") == "ATTEMPT_ENDED"
    refused = story.events[-1]
    assert isinstance(refused, ReportRefused)
    assert (refused.attempt, refused.report.type) == (1, f"nexus.stage.{kind}.v1")
    assert (refused.report.source, refused.report.id) == ("/nexus/builds-worker/epochs/1", f"r{story.count}")
    noted = before.refusals.plus(refused.reason, story.time)
    assert story.project == before.model_copy(update={"updated_at": story.time, "refusals": noted})


def test_reports_of_an_earlier_attempt_do_not_touch_the_next() -> None:
    story = Story()
    story.control(ControlAction.STOP)
    story.control(ControlAction.RESTART)
    assert story.report("started", "orchestrator", attempt=1) == "ATTEMPT_ENDED"
    assert story.project.refusals.reason == "ATTEMPT_ENDED: attempt 1 has ended"
    assert story.step("orchestrator").status == "pending"


def test_a_paused_project_takes_reports_to_the_very_end() -> None:
    story = Story()
    story.control(ControlAction.PAUSE)
    story.work()
    assert story.project.status == "completed"
    failing = Story()
    failing.report("started", "orchestrator")
    failing.control(ControlAction.PAUSE)
    assert failing.report("failed", "orchestrator") is None
    assert failing.project.status == "failed"


PATIENCE = Patience(silence=86_400.0, lost=45.0, total=14_400.0)


def test_who_is_given_up_is_told_how_long_it_was_waited_for() -> None:
    silent, long = Story(auto_start=False), Story()
    silent.report("started", "orchestrator", source=EXTERNAL)
    for story, told in ((silent, "there was no report for 24 hours"), (long, "within 14400 seconds")):
        error = past_hope(story.project, story.time + timedelta(days=2), PATIENCE, worker_lost=False)
        assert error is not None
        assert told in error.message


def judged(story: Story, seconds: float, *, worker_lost: bool = False) -> str | None:
    error = past_hope(story.project, story.time + timedelta(seconds=seconds), PATIENCE, worker_lost=worker_lost)
    return error.code if error else None


def test_an_external_build_that_fell_silent_is_abandoned() -> None:
    story = Story(auto_start=False)
    story.report("started", "orchestrator", source=EXTERNAL)
    assert judged(story, PATIENCE.silence - 1) is None
    assert judged(story, PATIENCE.silence) == "ABANDONED"


def test_builds_that_wait_or_have_ended_are_not_failed() -> None:
    waiting, ended = Story(auto_start=False), Story(auto_start=False)
    ended.work(source=EXTERNAL)
    for story in (waiting, ended):
        assert judged(story, 10 * PATIENCE.silence, worker_lost=True) is None


def test_a_build_whose_worker_is_lost_is_failed() -> None:
    story = Story()
    assert judged(story, PATIENCE.lost, worker_lost=True) == "WORKER_LOST"
    assert judged(story, PATIENCE.lost, worker_lost=False) is None


def test_a_build_that_was_just_restarted_or_resumed_can_still_be_taken_over() -> None:
    restarted, resumed = Story(), Story()
    restarted.control(ControlAction.STOP)
    restarted.time += timedelta(hours=1)
    restarted.control(ControlAction.RESTART)
    resumed.control(ControlAction.PAUSE)
    resumed.time += timedelta(hours=1)
    assert judged(resumed, PATIENCE.lost, worker_lost=True) is None
    resumed.control(ControlAction.RESUME)
    for story in (restarted, resumed):
        assert judged(story, PATIENCE.lost - 1, worker_lost=True) is None
        assert judged(story, PATIENCE.lost, worker_lost=True) == "WORKER_LOST"


def test_the_time_of_a_build_counts_without_its_pauses() -> None:
    story = Story()
    assert judged(story, PATIENCE.total - 1) is None
    assert judged(story, PATIENCE.total) == "BUILD_TIMED_OUT"
    story.time += timedelta(seconds=PATIENCE.total - 100)
    story.control(ControlAction.PAUSE)
    story.time += timedelta(days=30)
    assert judged(story, 0) is None
    story.control(ControlAction.RESUME)
    assert judged(story, 98) is None  # telling it to pause took a second
    assert judged(story, 99) == "BUILD_TIMED_OUT"


def test_a_build_given_up_fails_with_its_running_steps_and_can_be_restarted() -> None:
    story = Story()
    story.report("started", "orchestrator")
    story.report("completed", "orchestrator")
    story.report("started", "requirements_analysis")
    error = StageError(code="WORKER_LOST", message="gone")
    late = story.time + timedelta(seconds=1.5)
    after, (event,) = failed(story.project, error, late)
    assert isinstance(event, BuildFailed)
    assert (event.duration_seconds, after.updated_at) == (4.5, late)
    assert (after.status, event.error.code, event.attempt) == ("failed", "WORKER_LOST", 1)
    shown = {stage.name: (stage.status, stage.error) for stage in after.stages}
    assert shown["orchestrator"] == ("completed", None)
    assert shown["requirements_analysis"] == ("failed", error)
    assert shown["system_architecture"] == ("pending", None)
    again, _ = control(
        after, control_command(ControlAction.RESTART, from_stage="requirements_analysis"), story.time, Methods()
    )
    assert again.status == "building"
