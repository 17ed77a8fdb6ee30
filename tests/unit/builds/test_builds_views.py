"""What readers are shown, and which step a worker does next."""

from tests.support.builds_story import ERROR, STEPS, Story

from nexus_builds.domain.agent_change import AgentChange
from nexus_builds.domain.control import begin
from nexus_builds.domain.listing import listed
from nexus_builds.domain.state import attempt_summary, attempt_view, project_summary, project_view, stages_view
from nexus_builds.store.projects import PROJECT
from nexus_builds.worker.plan import next_steps
from nexus_contracts.builds.commands import ControlAction
from nexus_contracts.builds.events import Builder, Trigger
from nexus_contracts.builds.reports import StageError
from nexus_contracts.builds.views import ProjectView, StagesView, StageView
from nexus_contracts.stages import DEVELOPER, STAGES


def test_a_project_view_is_a_valid_one_with_everything_in_it() -> None:
    story = Story(tags=["a"], user_name="Ada")
    story.before("agent_design")
    story.report("started", "agent_design")
    view = project_view(story.project)
    assert ProjectView.model_validate_json(view.model_dump_json()) == view
    assert (view.status, view.current_stage, view.attempt, view.builder) == ("building", "agent_design", 1, "platform")
    assert (view.stages_snapshot.total, view.stages_snapshot.completed) == (6, 3)
    assert (view.started_at, view.completed_at, view.progress) == (story.project.created_at, None, 37.5)


def test_stages_stand_in_order_with_their_names_numbers_and_sub_stages() -> None:
    shown = stages_view(Story().project)
    assert StagesView.model_validate_json(shown.model_dump_json()) == shown
    assert [(one.stage_number, one.stage_name, one.display_name) for one in shown.stages] == [
        (spec.number, spec.name, spec.display_name) for spec in STAGES
    ]
    subs = shown.stages[4].sub_stages
    assert [(one.stage_number, one.display_name) for one in subs] == [
        (5, "Tool Developer"),
        (5, "Prompt Engineer"),
        (5, "Agent Code Developer"),
    ]
    assert (shown.total_stages, shown.completed_stages) == (6, 0)


def test_a_stage_shows_how_long_it_took_also_when_it_failed() -> None:
    story = Story()
    story.report("started", "orchestrator")
    story.report("logged", "orchestrator")
    story.report("failed", "orchestrator")
    stage: StageView = stages_view(story.project).stages[0]
    assert (stage.status, stage.duration_seconds, stage.log_count) == ("failed", 2.0, 1)
    assert stage.error is not None
    summary = project_summary(story.project)
    assert (summary.error, summary.completed_at, summary.current_stage) == (stage.error, story.time, None)


def test_a_list_shows_a_project_as_its_summary_does() -> None:
    story = Story(tags=["a"], user_name="Ada", agent_name_map={"agent_design": "designer"})
    shown = [story.project]
    for report in ("started", "waiting"):
        story.report(report, "orchestrator")
        shown.append(story.project)
    story.control(ControlAction.STOP)
    bare = story.project.model_copy(update={"stages": ()})
    for project in (*shown, story.project, bare, Story(auto_start=False).project):
        assert listed(PROJECT.stored({**PROJECT.written(project)})) == project_summary(project).model_dump(mode="json")


def test_kept_stages_count_as_completed_and_say_in_which_attempt_they_ran() -> None:
    story = Story()
    story.work()
    story.control(ControlAction.RESTART, DEVELOPER)
    shown = stages_view(story.project)
    assert shown.completed_stages == 4
    assert [(one.status, one.attempt) for one in shown.stages] == [("skipped", 1)] * 4 + [("pending", 2)] * 2


def test_an_attempt_tells_its_outcome_usage_and_duration() -> None:
    story = Story(auto_start=False)
    assert story.project.latest() is None
    story.control(ControlAction.START)
    story.report("started", "orchestrator")
    story.report("usage_recorded", "orchestrator")
    story.control(ControlAction.STOP)
    past = story.project.latest()
    assert past is not None
    view = attempt_view(past)
    assert (view.attempt, view.trigger, view.outcome, view.usage.input_tokens) == (1, "start", "cancelled", 3)
    assert (view.duration_seconds, view.progress, past.progress) == (3.0, 2.5, story.project.progress)


def test_an_attempt_tells_where_it_began_what_it_changes_and_why_it_failed() -> None:
    story = Story()
    story.work()
    story.control(ControlAction.RESTART, DEVELOPER)
    story.report("started", DEVELOPER)
    story.report("failed", DEVELOPER)
    assert story.project.attempt is not None
    told = attempt_summary(story.project.attempt)
    assert (told.from_stage, told.change, told.error) == (DEVELOPER, None, StageError.model_validate(ERROR))
    change = AgentChange(agent_id="a", against=1, requirement="subtract, too", whole="add\n\nsubtract, too")
    changed, _ = begin(story.project, Builder.PLATFORM, Trigger.CHANGE, story.time, change=change)
    assert changed.attempt is not None
    assert attempt_summary(changed.attempt).change == "subtract, too"


def test_any_step_of_a_past_attempt_is_found_by_its_name() -> None:
    past = Story().project.latest()
    assert past is not None
    for stage, sub in STEPS:
        step = past.step(sub or stage)
        assert step is not None
        assert step.name == (sub or stage)
    assert past.step("deploy") is None


def test_the_plan_leads_through_every_step_once_and_then_ends() -> None:
    story = Story()
    done: list[tuple[str, str | None]] = []
    while steps := next_steps(story.project):
        for stage, sub in steps:
            story.report("started", stage, sub)
        done.append(steps[-1])
        assert story.report("completed", *steps[-1]) is None
    developer = [step for step in STEPS if step[0] == DEVELOPER]
    assert done == [*STEPS[: STEPS.index(developer[0])], *developer, (DEVELOPER, None), STEPS[-1]]
    assert story.project.status == "completed"


def test_the_plan_begins_stage_five_together_with_its_first_sub_stage() -> None:
    story = Story()
    story.before(DEVELOPER)
    assert next_steps(story.project) == [(DEVELOPER, None), (DEVELOPER, "tool_developer")]
    story.report("started", DEVELOPER)
    assert next_steps(story.project) == [(DEVELOPER, "tool_developer")]


def test_the_plan_goes_on_with_the_running_step_and_leaves_out_what_was_kept() -> None:
    story = Story()
    story.work()
    story.control(ControlAction.RESTART, "agent_deployer")
    story.report("started", "agent_deployer")
    assert next_steps(story.project) == [("agent_deployer", None)]
