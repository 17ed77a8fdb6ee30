"""What may be done with a project in which state, and what comes of it."""

import pytest
from tests.support.builds_story import NOON, Story, control_command, create_command, project_in

from nexus_builds.domain import control
from nexus_builds.domain.control import ALLOWED, Methods
from nexus_contracts.builds.commands import ControlAction
from nexus_contracts.builds.events import Builder, BuildMethod, BuildStarted, BuildStopped, Trigger
from nexus_contracts.builds.views import ProjectStatus
from nexus_contracts.errors import InvalidState
from nexus_contracts.principal import Principal
from nexus_contracts.stages import DEPLOYER, DEVELOPER, STAGES, StepStatus

BECOMES = {
    ("pending", "start"): "building",
    ("pending", "stop"): "cancelled",
    ("building", "pause"): "paused",
    ("building", "stop"): "cancelled",
    ("paused", "resume"): "building",
    ("paused", "stop"): "cancelled",
    ("completed", "restart"): "building",
    ("failed", "restart"): "building",
    ("cancelled", "restart"): "building",
}
EVERYTHING = [(status, action) for status in ProjectStatus for action in ControlAction]


@pytest.mark.parametrize(("status", "action"), EVERYTHING)
def test_an_action_leads_where_the_table_says_or_changes_nothing(status: ProjectStatus, action: ControlAction) -> None:
    story = project_in(status)
    before, told = story.project, len(story.events)
    if (status, action) in BECOMES:
        events = story.control(action)
        assert (story.project.status, story.project.updated_at) == (BECOMES[status, action], story.time)
        assert len(events) == 1
        assert getattr(events[0], "reason", "because") == "because"
        return
    with pytest.raises(InvalidState) as caught:
        story.control(action)
    assert str(caught.value) == f"a {status} project cannot {action}"
    allowed = sorted(act for state, act in BECOMES if state == status)
    assert caught.value.details["current_status"] == status
    assert caught.value.details["action"] == action
    assert sorted(map(str, ALLOWED[status])) == allowed
    assert caught.value.details["allowed_actions"] == [str(one) for one in ALLOWED[status]]
    assert (story.project, len(story.events)) == (before, told)


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("  \n\t an agent that adds\nand subtracts ", "an agent that adds"),
        ("an agent that adds \t\nand subtracts", "an agent that adds"),
        ("\u200b\ufeff\xa0an agent that adds\xa0\u200b\r\nand subtracts", "an agent that adds"),
        ("an agent that adds \u2028and subtracts", "an agent that adds"),
        ("an agent that adds\rand subtracts", "an agent that adds"),
        ("an agent that adds\x85and subtracts\x00", "an agent that adds"),
        ("an agent that adds \U000e0020\nand subtracts", "an agent that adds"),
        ("an agent that adds\u2064\u061c\ufe0f\U000e0041\U000e0100\nand subtracts", "an agent that adds"),
        ("x" * 80 + "  \n", "x" * 80),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 80 + "..."),
        ("ä" * 200 + "\nmore", "ä" * 80 + "..."),
    ],
)
def test_without_a_name_a_project_is_named_by_its_first_line(requirement: str, name: str) -> None:
    assert Story(requirement=requirement).project.project_name == name


@pytest.mark.parametrize("name", ["", " ", "\u200b\ufeff", "\xa0\u2028\r\n", "\x00"])
def test_a_name_in_which_nothing_can_be_seen_is_none(name: str) -> None:
    assert Story(requirement="an agent that adds", project_name=name).project.project_name == "an agent that adds"


def test_a_given_name_is_kept_as_sent() -> None:
    assert Story(project_name=" Ünïcode\u0000 ").project.project_name == " Ünïcode\u0000 "


def test_a_project_starts_at_once_unless_asked_not_to() -> None:
    started = Story()
    assert started.types() == ["project.created", "build.started"]
    assert started.project.status == "building"
    waiting = Story(auto_start=False)
    assert waiting.types() == ["project.created"]
    assert (waiting.project.status, waiting.project.attempt, waiting.project.progress) == ("pending", None, 0.0)


def test_the_agent_of_each_stage_is_the_one_chosen_for_it() -> None:
    story = Story(agent_name_map={"agent_design": "designer"})
    assert {step.name: step.agent_name for step in story.project.stages if step.agent_name} == {
        "agent_design": "designer"
    }


def test_a_start_makes_the_platform_the_builder() -> None:
    story = Story(auto_start=False)
    (started,) = story.control(ControlAction.START)
    assert isinstance(started, BuildStarted)
    assert (started.attempt, started.builder, started.trigger) == (1, Builder.PLATFORM, Trigger.START)
    attempt = story.project.attempt
    assert attempt is not None
    assert (attempt.build_method, started.build_method) == (BuildMethod.RULES, BuildMethod.RULES)


def test_a_stop_before_any_build_has_no_attempt_and_no_duration() -> None:
    story = Story(auto_start=False)
    (stopped,) = story.control(ControlAction.STOP)
    assert isinstance(stopped, BuildStopped)
    assert (stopped.attempt, stopped.duration_seconds) == (0, None)
    (started,) = story.control(ControlAction.RESTART)
    assert isinstance(started, BuildStarted)
    assert (started.attempt, started.builder) == (1, Builder.PLATFORM)


def test_of_a_stopped_build_nothing_is_running() -> None:
    story = Story()
    story.work("orchestrator", "requirements_analysis", "system_architecture", "agent_design")
    story.report("started", "agent_developer_manager")
    story.report("started", "agent_developer_manager", "tool_developer")
    story.control(ControlAction.STOP)
    assert [step.name for step in story.project.steps() if step.status == "running"] == []
    broken = [step for step in story.project.steps() if step.status == "failed"]
    assert [step.name for step in broken] == ["agent_developer_manager", "tool_developer"]
    assert {step.error.code for step in broken if step.error} == {"STOPPED"}
    assert all(step.completed_at == story.project.updated_at for step in broken)


def test_without_a_reason_a_stopped_step_says_that_the_build_was_stopped() -> None:
    story = Story()
    story.report("started", "orchestrator")
    stopped, _ = control.control(story.project, control_command(ControlAction.STOP), NOON, Methods())
    error = stopped.stages[0].error
    assert error is not None
    assert error.message == "the build was stopped"


def test_a_sub_stage_that_fails_leaves_no_other_running() -> None:
    story = Story()
    story.work("orchestrator", "requirements_analysis", "system_architecture", "agent_design")
    story.report("started", "agent_developer_manager")
    story.report("started", "agent_developer_manager", "tool_developer")
    story.report("started", "agent_developer_manager", "prompt_engineer")
    story.report("failed", "agent_developer_manager", "tool_developer")
    assert [step.name for step in story.project.steps() if step.status == "running"] == []


def test_a_stopped_attempt_says_when_and_how_long() -> None:
    story = Story()
    story.control(ControlAction.PAUSE)
    (stopped,) = story.control(ControlAction.STOP)
    assert isinstance(stopped, BuildStopped)
    assert stopped.duration_seconds == 2.0
    attempt = story.project.attempt
    assert attempt is not None
    assert (attempt.outcome, attempt.ended_at) == ("cancelled", story.time)


@pytest.mark.parametrize("from_stage", [stage.name for stage in STAGES])
def test_a_restart_keeps_what_earlier_stages_produced(from_stage: str) -> None:
    story = project_in(ProjectStatus.COMPLETED)
    before = story.project
    (started,) = story.control(ControlAction.RESTART, from_stage)
    assert isinstance(started, BuildStarted)
    assert (started.attempt, started.from_stage) == (2, from_stage)
    number = next(stage.number for stage in STAGES if stage.name == from_stage)
    for old, new in zip(before.stages, story.project.stages, strict=True):
        spec = next(stage for stage in STAGES if stage.name == new.name)
        kept = spec.number < number
        assert new.status == (StepStatus.SKIPPED if kept else StepStatus.PENDING)
        assert (new.output, new.attempt) == ((old.output, 1) if kept else (None, 2))
        assert all(sub.status == new.status for sub in new.sub_steps)
    assert story.project.progress == sum(stage.weight for stage in STAGES if stage.number < number)


def test_a_restart_without_a_stage_begins_with_the_first() -> None:
    story = project_in(ProjectStatus.FAILED)
    story.control(ControlAction.RESTART)
    assert {step.status for step in story.project.steps()} == {StepStatus.PENDING}
    assert story.project.progress == 0.0


def test_a_restart_behind_an_unfinished_stage_is_refused() -> None:
    story = Story()
    story.before("agent_design")
    story.report("started", "agent_design")
    story.report("failed", "agent_design")
    before = story.project
    with pytest.raises(InvalidState, match="agent_design is not done") as caught:
        story.control(ControlAction.RESTART, DEVELOPER)
    assert (caught.value.details["current_status"], caught.value.details["action"]) == ("failed", "restart")
    assert story.project == before
    story.control(ControlAction.RESTART, "agent_design")
    assert [step.status for step in story.project.stages] == ["skipped"] * 3 + ["pending"] * 3


def test_what_was_kept_twice_counts_as_done() -> None:
    story = project_in(ProjectStatus.COMPLETED)
    for number in (2, 3):
        story.control(ControlAction.RESTART, DEPLOYER)
        assert story.project.attempt_number == number
        story.work(DEPLOYER)
        assert (story.project.status, story.project.progress) == ("completed", 100.0)
    assert story.step("orchestrator").attempt == 1


def test_a_restart_forgets_the_agent_and_the_error() -> None:
    story = Story()
    story.before(DEPLOYER)
    story.report("started", DEPLOYER)
    story.report("completed", DEPLOYER, output_data={"agent_id": "p:a"})
    assert story.project.agent_id == "p:a"
    story.control(ControlAction.RESTART)
    assert story.project.agent_id is None


@pytest.mark.parametrize("status", ProjectStatus)
def test_every_project_can_be_deleted_and_a_running_build_is_stopped_first(status: ProjectStatus) -> None:
    project = project_in(status).project
    after, events = control.delete(project, NOON)
    types = [getattr(event, "type") for event in events]  # noqa: B009
    running = status in (ProjectStatus.BUILDING, ProjectStatus.PAUSED)
    assert types == ["nexus.build.stopped.v1"] * running + ["nexus.project.deleted.v1"]
    reasons = [event.reason for event in events if isinstance(event, BuildStopped)]
    assert reasons == ["the project was deleted"] * running
    assert after.deleted_at == NOON


def test_a_project_that_is_not_started_yet_is_what_was_asked_for_with_all_its_stages() -> None:
    sender = Principal(id="ann", tenant="acme")
    command = create_command(auto_start=False, ask=True, approve=["architecture"], agent_name="adder", principal=sender)
    project, (created,) = control.create(command, NOON, Methods())
    assert (project.tenant, project.ask, project.approve, project.agent_name) == (
        "acme",
        True,
        ["architecture"],
        "adder",
    )
    assert (project.created_at, project.updated_at) == (NOON, NOON)
    assert [(step.name, step.attempt, step.status) for step in project.stages] == [
        (stage.name, 0, StepStatus.PENDING) for stage in STAGES
    ]
    assert created.model_dump()["attempt"] == 0


def test_creating_says_everything_that_was_asked_for() -> None:
    command = create_command(user_name="Ada", priority=5, tags=["a", "b"], agent_name="adder", build_method="rules")
    _, (created, *_) = control.create(command, NOON, Methods())
    asked = command.model_dump(exclude={"type", "command_id", "fingerprint", "project_name", "principal", "refusal"})
    assert asked.items() <= created.model_dump(exclude={"type"}).items()
