"""Every report in every state of its step: applied, or refused with its code."""

from typing import Any

import pytest
from tests.support.builds_story import BODIES, ERROR, Story

from nexus_builds.domain.reports import MOST_MODELS, Reporter
from nexus_contracts.builds.commands import ControlAction
from nexus_contracts.builds.events import BuildCompleted, BuildFailed
from nexus_contracts.builds.reports import MOST, MOST_USD, Usage
from nexus_contracts.stages import DEPLOYER, DEVELOPER, STAGES, StepStatus

STAGE, SUB = "requirements_analysis", "tool_developer"
ON_THE_WAY = {"logged", "artifact_published", "usage_recorded"}
APPLIED = {
    StepStatus.PENDING: {"started"},
    StepStatus.RUNNING: {"progressed", "waiting", "completed", "failed", *ON_THE_WAY},
    StepStatus.COMPLETED: ON_THE_WAY,
    StepStatus.SKIPPED: set[str](),
}
TABLE = [(status, kind) for status in APPLIED for kind in BODIES]


def story_with(status: StepStatus, stage: str, sub: str | None) -> Story:
    """A running attempt with this step in that state."""
    story = Story()
    story.before(stage)
    if sub:
        story.report("started", stage)
    if status is StepStatus.SKIPPED:
        story = Story()
        story.work()
        story.control(ControlAction.RESTART, DEPLOYER)
    elif status is not StepStatus.PENDING:
        story.report("started", stage, sub)
        if status is StepStatus.COMPLETED:
            story.report("completed", stage, sub)
    assert story.step(stage, sub).status is status
    return story


@pytest.mark.parametrize(("stage", "sub"), [(STAGE, None), (DEVELOPER, SUB)])
@pytest.mark.parametrize(("status", "kind"), TABLE)
def test_a_report_is_applied_or_refused_as_its_step_allows(
    status: StepStatus, kind: str, stage: str, sub: str | None
) -> None:
    story = story_with(status, stage, sub)
    before = story.project
    refusal = story.report(kind, stage, sub)
    if kind in APPLIED[status]:
        assert refusal is None
        assert story.project != before
    else:
        assert refusal == "OUT_OF_ORDER"
        noted = story.project.refusals
        assert (noted.count, noted.at) == (before.refusals.count + 1, story.time)
        assert story.project == before.model_copy(update={"updated_at": story.time, "refusals": noted})


@pytest.mark.parametrize("kind", BODIES)
def test_nothing_is_applied_to_a_failed_step_because_its_attempt_has_ended(kind: str) -> None:
    story = Story()
    story.report("started", "orchestrator")
    story.report("failed", "orchestrator")
    assert story.report(kind, "orchestrator") == "ATTEMPT_ENDED"


@pytest.mark.parametrize(("stage", "sub"), [("deploy", None), (DEVELOPER, "deploy"), (STAGE, SUB), ("", None)])
@pytest.mark.parametrize("kind", BODIES)
def test_an_unknown_stage_is_refused(kind: str, stage: str, sub: str | None) -> None:
    story = Story()
    assert story.report(kind, stage, sub) == "UNKNOWN_STAGE"
    assert story.project.refusals.reason == f"UNKNOWN_STAGE: there is no {sub or stage} here"


@pytest.mark.parametrize("stage", STAGES[1:])
def test_a_stage_does_not_start_before_the_one_before_it_is_done(stage: object) -> None:
    names = [one.name for one in STAGES]
    name = getattr(stage, "name", "")
    story = Story()
    earlier = names[names.index(name) - 1]
    story.before(earlier)
    assert story.report("started", name) == "OUT_OF_ORDER"
    assert story.project.refusals.reason == f"OUT_OF_ORDER: {earlier} is not completed"


def test_a_sub_stage_does_not_start_before_its_stage() -> None:
    story = Story()
    story.before(DEVELOPER)
    assert story.report("started", DEVELOPER, SUB) == "OUT_OF_ORDER"
    assert story.project.refusals.reason == f"OUT_OF_ORDER: {DEVELOPER} is not running"


def test_sub_stages_may_run_in_any_order_and_side_by_side() -> None:
    story = Story()
    story.before(DEVELOPER)
    story.report("started", DEVELOPER)
    subs = [sub.name for stage in STAGES for sub in stage.sub_stages]
    assert [story.report("started", DEVELOPER, sub) for sub in reversed(subs)] == [None] * 3
    assert story.project.progress == 45 + 45 * 0.5
    assert [story.report("completed", DEVELOPER, sub) for sub in subs] == [None] * 3
    assert story.report("completed", DEVELOPER) is None


@pytest.mark.parametrize("finished", [0, 1, 2])
def test_stage_five_is_not_completed_without_its_three_sub_stages(finished: int) -> None:
    story = Story()
    story.before(DEVELOPER)
    story.report("started", DEVELOPER)
    for sub in STAGES[4].sub_stages[:finished]:
        story.report("started", DEVELOPER, sub.name)
        story.report("completed", DEVELOPER, sub.name)
    assert story.report("completed", DEVELOPER) == "OUT_OF_ORDER"
    unfinished = STAGES[4].sub_stages[finished].name
    assert story.project.refusals.reason == f"OUT_OF_ORDER: {unfinished} is not completed"


def test_a_failed_sub_stage_fails_its_stage_and_the_attempt() -> None:
    story = Story()
    story.before(DEVELOPER)
    story.report("started", DEVELOPER)
    story.report("started", DEVELOPER, SUB)
    story.report("failed", DEVELOPER, SUB)
    stage, sub, failed = story.step(DEVELOPER), story.step(DEVELOPER, SUB), story.events[-1]
    assert (stage.status, sub.status, story.project.status) == ("failed", "failed", "failed")
    assert stage.error == sub.error
    assert (stage.completed_at, sub.completed_at) == (story.time, story.time)
    assert isinstance(failed, BuildFailed)
    assert failed.error.model_dump() == ERROR
    assert failed.duration_seconds == (story.time - story.project.created_at).total_seconds()
    assert story.types()[-2:] == ["stage.failed", "build.failed"]


def test_completing_the_last_stage_completes_the_attempt_with_its_usage_and_agent() -> None:
    story = Story()
    story.before(DEPLOYER)
    story.report("started", DEPLOYER)
    story.report("usage_recorded", DEPLOYER)
    story.report("usage_recorded", DEPLOYER, usage={"tool_calls": 2, "cost_usd": 0.1})
    story.report("completed", DEPLOYER, output_data={"agent_id": "p:adder"})
    done = story.events[-1]
    assert isinstance(done, BuildCompleted)
    assert done.usage == Usage(input_tokens=3, tool_calls=2, cost_usd=0.6)
    assert done.duration_seconds == (story.time - story.project.created_at).total_seconds()
    assert (story.project.status, story.project.progress) == ("completed", 100.0)
    assert story.project.agent_id == "p:adder"


@pytest.mark.parametrize("output", [None, {}, {"agent_id": 7}, {"agent_id": None}])
def test_an_output_that_names_no_agent_completes_a_build_without_one(output: dict[str, Any] | None) -> None:
    story = Story()
    story.before(DEPLOYER)
    story.report("started", DEPLOYER)
    assert story.report("completed", DEPLOYER, output_data=output) is None
    assert (story.project.status, story.project.agent_id) == ("completed", None)


def test_usage_of_kept_stages_is_not_counted_again() -> None:
    story = Story()
    story.report("started", "orchestrator")
    story.report("usage_recorded", "orchestrator")
    story.report("completed", "orchestrator")
    story.control(ControlAction.STOP)
    assert story.project.usage().input_tokens == 3
    story.control(ControlAction.RESTART, "requirements_analysis")
    assert story.project.usage() == Usage()


@pytest.mark.parametrize(
    ("figure", "most"),
    [("input_tokens", MOST), ("output_tokens", MOST), ("tool_calls", MOST), ("cost_usd", MOST_USD)],
)
def test_usage_that_cannot_be_added_up_exactly_is_refused_and_changes_nothing(figure: str, most: int) -> None:
    story = Story()
    story.report("started", "orchestrator")
    assert story.report("usage_recorded", "orchestrator", usage={figure: most - 1}) is None
    assert story.report("usage_recorded", "orchestrator", usage={figure: 2}) == "TOO_MUCH_USAGE"
    assert story.report("usage_recorded", "orchestrator", usage={figure: 1}) is None
    assert getattr(story.step("orchestrator").usage, figure) == most
    assert f"{figure} would come to more than {most}" in (story.project.refusals.reason or "")


def test_small_costs_are_not_lost_beside_the_largest_sum() -> None:
    total = Usage(cost_usd=MOST_USD - 0.01)
    for _ in range(10_000):
        total = total.plus(Usage(cost_usd=0.000_000_001))
    assert total.cost_usd == MOST_USD - 0.01 + 0.000_01


def test_a_cost_that_would_be_lost_in_the_sum_is_refused() -> None:
    story = Story()
    story.report("started", "orchestrator")
    assert story.report("usage_recorded", "orchestrator", usage={"cost_usd": MOST_USD}) is None
    assert story.report("usage_recorded", "orchestrator", usage={"cost_usd": 0.000_000_001}) == "TOO_MUCH_USAGE"


def test_the_sum_of_a_build_is_exact_when_every_step_used_the_most() -> None:
    story = Story()
    for stage in STAGES:
        for sub in (None, *(one.name for one in stage.sub_stages)):
            story.report("started", stage.name, sub)
            assert story.report("usage_recorded", stage.name, sub, usage={"tool_calls": MOST}) is None
            if sub:
                story.report("completed", stage.name, sub)
        story.report("completed", stage.name)
    done = story.events[-1]
    assert isinstance(done, BuildCompleted)
    assert done.usage.tool_calls == 9 * MOST < 2**53


def test_a_stages_own_progress_is_shown_but_not_weighed_and_never_falls() -> None:
    story = Story()
    story.report("started", "orchestrator")
    for told, shown in ((40, 40), (20, 40), (90, 90)):
        story.report("progressed", "orchestrator", progress=told)
        assert story.step("orchestrator").progress == shown
    assert story.project.progress == 2.5
    story.report("completed", "orchestrator")
    assert (story.step("orchestrator").progress, story.project.progress) == (100.0, 5.0)


def test_the_agent_that_reports_a_start_is_shown() -> None:
    story = Story(agent_name_map={"orchestrator": "planned"})
    story.report("started", "orchestrator", agent_name="actual")
    assert story.step("orchestrator").agent_name == "actual"


def test_an_attempt_names_each_model_once_and_the_first_ones_where_there_are_too_many() -> None:
    story = Story()
    story.report("started", "orchestrator")
    names = [f"model-{number}" for number in range(MOST_MODELS + 2)]
    for name in (*names, *names):
        assert story.report("usage_recorded", "orchestrator", model=name) is None
    attempt = story.project.attempt
    assert attempt is not None
    assert attempt.models == tuple(names[:MOST_MODELS])
    few = Story()
    few.report("started", "orchestrator")
    for name in ("a", "b", "a"):
        few.report("usage_recorded", "orchestrator", model=name)
    assert few.project.attempt is not None
    assert few.project.attempt.models == ("a", "b")


@pytest.mark.parametrize(
    ("source", "epoch"),
    [
        ("/nexus/builds-worker/epochs/7", 7),
        ("/nexus/builds-worker/epochs/", None),
        ("/nexus/builds-worker/epochs/7/x", None),
        ("/nexus/builds-worker/epochs/-1", None),
        ("/nexus/builds-worker/epochs/7\n", None),
        ("x/nexus/builds-worker/epochs/7", None),
        ("/nexus/builds-worker/epochs/٣", None),
        ("/ci/acme", None),
    ],
)
def test_only_the_platforms_worker_has_an_epoch(source: str, epoch: int | None) -> None:
    assert Reporter(source, "1").epoch == epoch
