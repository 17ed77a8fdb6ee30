"""A build waits for a person: what it shows, what may be done with it, and how the wait ends."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.builds_story import PROJECT, Story, a_report, control_command, create_command
from tests.support.builds_world import Replica, delivered
from tests.support.memory_database import MemoryDatabase

from nexus_builds.domain.dashboard import build_dashboard
from nexus_builds.domain.endings import Patience, past_hope
from nexus_builds.domain.reports import NAMED_SOURCE, WORKER_SOURCE
from nexus_builds.domain.state import project_view
from nexus_builds.domain.waiting import settled
from nexus_contracts.builds.commands import ControlAction
from nexus_contracts.builds.dashboard import AlertCode
from nexus_contracts.builds.events import BuildAnswered, BuildPaused
from nexus_contracts.builds.reports import AnyReport, StageError
from nexus_contracts.errors import InvalidState
from nexus_contracts.stages import DEVELOPER

PATIENCE = Patience(silence=86_400, lost=30, total=14_400)
EXPIRES = Story.at(24 * 3600)


def waiting(kind: str = "question", **fields: Any) -> Story:
    story = Story()
    story.report("started", "orchestrator")
    story.report("usage_recorded", "orchestrator", usage={"cost_usd": 0.5})
    assert story.report("waiting", "orchestrator", source=NAMED_SOURCE, kind=kind, estimate_usd=2, **fields) is None
    return story


def test_a_build_that_waits_is_paused_and_shows_what_it_asks_and_what_it_has_cost() -> None:
    story = waiting()
    assert story.types()[-2:] == ["stage.waiting", "build.paused"]
    shown = project_view(story.project)
    assert shown.status == "paused"
    assert shown.waiting_for is not None
    assert shown.waiting_for.model_dump() == {
        "kind": "question",
        "stage_name": "orchestrator",
        "sub_stage_name": None,
        "prompt": "which currency?",
        "asked_at": story.time,
        "expires_at": EXPIRES,
        "cost_usd": 0.5,
        "estimate_usd": 2.0,
    }
    board = build_dashboard(story.project, story.time + timedelta(hours=1))
    assert board.waiting_for == shown.waiting_for
    (alert,) = board.alerts
    assert (alert.code, alert.severity, alert.since) == (AlertCode.BUILD_PAUSED, "warning", story.time)
    assert alert.stage_name == "orchestrator"
    assert "which currency?" in alert.message


@pytest.mark.parametrize(
    ("kind", "ends"), [("question", ["answer", "reject", "stop"]), ("approval", ["approve", "reject", "stop"])]
)
def test_a_wait_is_ended_by_its_own_actions_only(kind: str, ends: list[str]) -> None:
    for action in ControlAction:
        story = waiting(kind)
        before = story.project
        if action in ends:
            story.control(action)
            assert story.project.waiting_for is None
            continue
        with pytest.raises(InvalidState) as caught:
            story.control(action)
        assert caught.value.details == {"current_status": "paused", "action": action, "allowed_actions": ends}
        assert str(caught.value) == f"a paused project that waits for a person cannot {action}"
        assert story.project == before


def test_an_answer_lets_the_build_go_on_and_stands_in_the_history() -> None:
    story = waiting()
    assert story.project.attempt is not None
    assert (story.project.attempt.paused_at, story.project.updated_at) == (story.time, story.time)
    paused = story.events[-1]
    assert isinstance(paused, BuildPaused)
    assert paused.reason == "question to a person"
    answered, resumed = story.control(ControlAction.ANSWER, answers={"currency": "EUR"})
    assert isinstance(answered, BuildAnswered)
    assert (answered.name, answered.action, answered.answers) == ("q", "answer", {"currency": "EUR"})
    assert answered.reason == "because"
    assert story.project.updated_at == story.time
    assert getattr(resumed, "type") == "nexus.build.resumed.v1"  # noqa: B009
    attempt = story.project.attempt
    assert attempt is not None
    assert (story.project.status, attempt.since, attempt.paused_at) == ("building", story.time, None)
    assert story.report("completed", "orchestrator") is None


def test_an_approval_in_a_sub_stage_names_it() -> None:
    story = Story()
    story.before(DEVELOPER)
    story.report("started", DEVELOPER)
    story.report("started", DEVELOPER, "tool_developer")
    assert story.report("waiting", DEVELOPER, "tool_developer", kind="approval") is None
    (alert,) = build_dashboard(story.project, story.time).alerts
    assert alert.stage_name == "tool_developer"
    answered, _ = story.control(ControlAction.APPROVE)
    assert isinstance(answered, BuildAnswered)
    assert (answered.stage_name, answered.sub_stage_name, answered.action) == (DEVELOPER, "tool_developer", "approve")


def test_a_rejection_without_a_reason_says_who_it_was() -> None:
    story = waiting()
    command = control_command(ControlAction.REJECT)
    rejected, _ = settled(story.project, command, story.time)
    assert rejected.attempt is not None
    assert rejected.attempt.error == StageError(code="REJECTED", message="rejected by a person")


def test_a_rejection_fails_the_attempt_with_its_reason() -> None:
    story = waiting("approval")
    story.control(ControlAction.REJECT)
    attempt = story.project.attempt
    assert attempt is not None
    assert attempt.error is not None
    assert (story.project.status, attempt.error.code, attempt.error.message) == ("failed", "REJECTED", "because")
    assert story.step("orchestrator").status == "failed"
    (alert,) = build_dashboard(story.project, story.time).alerts
    assert alert.code == AlertCode.BUILD_FAILED


def test_a_wait_expires_at_its_time_and_not_before_however_long_that_is() -> None:
    project = waiting().project
    assert past_hope(project, EXPIRES - timedelta(seconds=1), PATIENCE, worker_lost=True) is None
    error = past_hope(project, EXPIRES, PATIENCE, worker_lost=False)
    assert error is not None
    assert (error.code, error.message) == ("WAIT_EXPIRED", "nobody answered in time: which currency?")


def test_a_wait_for_an_answer_to_the_longest_question_expires_too() -> None:
    error = past_hope(waiting(prompt="?" * 4000).project, EXPIRES, PATIENCE, worker_lost=False)
    assert error is not None
    assert len(error.message) == 4000


def test_the_time_of_a_wait_is_none_of_the_build() -> None:
    story = waiting()
    attempt = story.project.attempt
    assert attempt is not None
    assert attempt.running(EXPIRES) == attempt.running(story.time) == 3.0


def test_nobody_but_the_platforms_builder_makes_a_build_wait() -> None:
    story = Story(auto_start=False)
    story.report("started", "orchestrator", source="/ci/acme")
    assert story.report("waiting", "orchestrator", source="/ci/acme") == "NOT_THE_BUILDER"
    assert "waits in that system" in (story.project.refusals.reason or "")
    assert story.project.status == "building"


def test_a_build_waits_in_a_running_step_and_for_one_thing_at_a_time() -> None:
    story = Story()
    assert story.report("waiting", "orchestrator") == "OUT_OF_ORDER"
    story = waiting()
    assert story.report("waiting", "orchestrator", name="another") == "OUT_OF_ORDER"
    assert "waits already, in orchestrator" in (story.project.refusals.reason or "")


def test_a_step_that_waits_for_a_person_does_not_complete() -> None:
    story = waiting("approval")
    assert story.report("completed", "orchestrator") == "OUT_OF_ORDER"
    assert story.project.refusals.reason == "OUT_OF_ORDER: orchestrator waits for a person"
    assert story.project.waiting_for is not None
    story.control(ControlAction.APPROVE)
    assert story.report("completed", "orchestrator") is None


def test_a_build_that_a_person_paused_before_it_asked_goes_on_with_the_answer() -> None:
    story = Story()
    story.report("started", "orchestrator")
    story.control(ControlAction.PAUSE)
    assert story.report("waiting", "orchestrator") is None
    assert story.types().count("build.paused") == 1
    story.control(ControlAction.ANSWER, answers={})
    assert story.project.status == "building"


async def answered(replica: Replica, answers: dict[str, Any]) -> AnyReport:
    """The question of a build that has got the answer."""
    await replica.ask(create_command())
    await replica.tell(delivered(a_report("started", "orchestrator"), f"{WORKER_SOURCE}1", "s1"))
    asked = a_report("waiting", "orchestrator")
    await replica.tell(delivered(asked, NAMED_SOURCE, "q1"))
    reply = await replica.ask(control_command(ControlAction.ANSWER, answers=answers))
    assert reply.status == 200, reply
    return asked


async def test_the_answer_is_kept_for_the_worker_and_the_next_attempt_does_not_find_it() -> None:
    replica = Replica(MemoryDatabase())
    await answered(replica, {"currency": "EUR"})
    answer = replica.store.records.answer
    assert await answer(PROJECT, 1, "orchestrator", "q") == {"currency": "EUR"}
    assert await answer(PROJECT, 1, "orchestrator", "other") is None
    assert await answer(PROJECT, 2, "orchestrator", "q") is None


async def test_a_question_asked_again_by_the_next_worker_is_a_repeat_even_after_the_answer() -> None:
    replica = Replica(MemoryDatabase())
    asked = await answered(replica, {})
    await replica.tell(delivered(asked, NAMED_SOURCE, "q1"))
    assert (await replica.present()).status == "building"


async def test_usage_under_a_name_counts_once_and_that_of_a_fenced_worker_is_not_lost() -> None:
    replica = Replica(MemoryDatabase())
    await replica.ask(create_command())
    for epoch in (1, 2):
        await replica.tell(delivered(a_report("started", "orchestrator"), f"{WORKER_SOURCE}{epoch}", f"s{epoch}"))
    used = a_report("usage_recorded", "orchestrator", usage={"input_tokens": 7}, model="small-1")
    for _ in range(2):
        await replica.tell(delivered(used, NAMED_SOURCE, "u1"))
    project = await replica.present()
    assert project.usage().input_tokens == 7
    assert project.attempt is not None
    assert project.attempt.models == ("small-1",)
