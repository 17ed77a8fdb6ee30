"""Steps of an attempt that has ended, durations and names: what the figures of a whole build could hide."""

from datetime import UTC, datetime, timedelta

from nexus_builds.domain.state import StepState, closed, seconds_between
from nexus_builds.domain.verification import project_of
from nexus_contracts.builds.reports import StageError
from nexus_contracts.stages import StepStatus

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ERROR = StageError(code="STEP_CRASHED", message="it is over")


def step(name: str, status: StepStatus, *subs: StepState) -> StepState:
    return StepState(name=name, attempt=1, status=status, sub_steps=subs)


def test_what_was_running_has_failed_at_every_depth_and_nothing_else_has_changed() -> None:
    done = step("done", StepStatus.COMPLETED, step("late", StepStatus.RUNNING), step("early", StepStatus.COMPLETED))
    running = step("running", StepStatus.RUNNING, step("sub", StepStatus.RUNNING), step("next", StepStatus.PENDING))
    alone = step("alone", StepStatus.PENDING)
    first, second, third = closed((done, running, alone), ERROR, NOW)
    assert first.status is StepStatus.COMPLETED
    assert [one.status for one in first.sub_steps] == [StepStatus.FAILED, StepStatus.COMPLETED]
    assert (second.status, second.error, second.completed_at) == (StepStatus.FAILED, ERROR, NOW)
    assert [one.status for one in second.sub_steps] == [StepStatus.FAILED, StepStatus.PENDING]
    assert second.sub_steps[0].error == ERROR
    assert third is alone


def test_durations_are_told_to_the_microsecond() -> None:
    assert seconds_between(NOW, NOW + timedelta(seconds=0.1, microseconds=3)) == 0.100003
    assert seconds_between(NOW, None) is seconds_between(None, NOW) is None


def test_the_project_of_an_agent_is_what_stands_before_the_first_colon() -> None:
    assert project_of("proj_1:an:agent") == project_of("proj_1") == "proj_1"
