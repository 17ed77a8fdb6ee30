"""The build at a glance: what it sums up, and when an alert comes up and goes."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from tests.support.builds_story import STEPS, Story

from nexus_builds.domain.dashboard import SILENT, SLOW, build_dashboard
from nexus_builds.domain.endings import GIVEN_UP, failed
from nexus_contracts.builds.commands import ControlAction
from nexus_contracts.builds.dashboard import AlertCode, BuildDashboard
from nexus_contracts.builds.reports import StageError
from nexus_contracts.stages import DEVELOPER, STAGES, TOOL_DEVELOPER


def shown(story: Story, later: timedelta = timedelta()) -> BuildDashboard:
    return build_dashboard(story.project, story.time + later)


def alerts(story: Story, later: timedelta = timedelta()) -> list[tuple[str, str | None]]:
    return [(alert.code, alert.stage_name) for alert in shown(story, later).alerts]


def test_a_completed_build_shows_all_stages_with_durations_usage_and_no_alert() -> None:
    story = Story()
    story.work()
    board = shown(story, later=timedelta(days=3))
    assert [stage.stage_name for stage in board.stages] == [stage.name for stage in STAGES]
    assert [stage.duration_seconds is not None for stage in board.stages] == [True] * 6
    assert [sub.stage_name for sub in board.stages[4].sub_stages] == [sub.name for sub in STAGES[4].sub_stages]
    assert (board.totals.total_stages, board.totals.completed_stages, board.totals.failed_stages) == (6, 6, 0)
    assert board.latest_attempt is not None
    assert board.latest_attempt.outcome == "completed"
    assert board.metrics.total_duration_seconds == board.latest_attempt.duration_seconds
    assert (board.status, board.alerts) == ("completed", [])


def test_a_project_before_its_first_build_has_nothing_to_measure() -> None:
    board = shown(Story(auto_start=False), later=timedelta(days=3))
    assert (board.latest_attempt, board.metrics.total_duration_seconds, board.metrics.total_tools) == (None, None, None)
    assert board.alerts == []
    assert {node.status for node in board.graph.nodes} == {"pending"}


def test_usage_is_summed_over_the_attempt_and_its_stages() -> None:
    story = Story()
    for stage in ("orchestrator", "requirements_analysis"):
        story.report("started", stage)
        story.report("usage_recorded", stage, usage={"input_tokens": 3, "tool_calls": 2, "cost_usd": 0.25})
        story.report("completed", stage)
    metrics = shown(story).metrics
    assert (metrics.input_tokens, metrics.output_tokens, metrics.tool_calls) == (6, 0, 4)
    assert metrics.cost_estimate == 0.5
    assert shown(story).stages[0].usage.input_tokens == 3


@pytest.mark.parametrize(
    ("developed", "deployed", "total"),
    [
        ({"tools": ["a", "b"]}, {"manifest": {"tools": [{"name": "a"}]}}, 1),
        ({"tools": ["a", "b"]}, {"agent_id": "x"}, 2),
        ({"tools": []}, {}, 0),
        ({"tools": "a, b"}, {"manifest": ["a"]}, None),
        ({"tools": ["x" * 9] * 1_000}, {}, 1_000),
    ],
)
def test_tools_are_counted_where_the_output_says_them(developed: Any, deployed: Any, total: int | None) -> None:
    story = Story()
    story.before(DEVELOPER)
    story.report("started", DEVELOPER)
    for _, sub in (step for step in STEPS if step[1]):
        story.report("started", DEVELOPER, sub)
        story.report(
            "completed", DEVELOPER, sub, output_data=developed if sub == TOOL_DEVELOPER else {"tools": [1] * 7}
        )
    story.report("completed", DEVELOPER)
    story.report("started", "agent_deployer")
    story.report("completed", "agent_deployer", output_data=deployed)
    assert shown(story).metrics.total_tools == total


def test_of_a_failed_sub_stage_one_alert_tells_with_its_error() -> None:
    story = Story()
    story.before(DEVELOPER)
    story.report("started", DEVELOPER)
    story.report("started", DEVELOPER, TOOL_DEVELOPER)
    story.report("failed", DEVELOPER, TOOL_DEVELOPER)
    (alert,) = shown(story).alerts
    assert (alert.code, alert.severity, alert.stage_name) == (AlertCode.STAGE_FAILED, "error", TOOL_DEVELOPER)
    assert alert.message == "OUT_OF_INK: the pen is dry"
    assert shown(story).totals.failed_stages == 1


def test_a_stage_that_fails_after_its_sub_stages_has_the_alert_itself() -> None:
    story = Story()
    story.before(DEVELOPER)
    story.report("started", DEVELOPER)
    for _, sub in (step for step in STEPS if step[1]):
        story.report("started", DEVELOPER, sub)
        story.report("completed", DEVELOPER, sub)
    story.report("failed", DEVELOPER)
    (alert,) = shown(story).alerts
    assert (alert.code, alert.stage_name, alert.since) == (AlertCode.STAGE_FAILED, DEVELOPER, story.time)


def test_a_stage_is_shown_as_it_is() -> None:
    story = Story(agent_name_map={"orchestrator": "planner"})
    story.report("started", "orchestrator")
    story.report("progressed", "orchestrator")
    story.report("usage_recorded", "orchestrator")
    story.report("failed", "orchestrator")
    board, step = shown(story).stages[0], story.step("orchestrator")
    for name in ("status", "progress", "agent_name", "started_at", "completed_at", "usage", "error", "attempt"):
        assert getattr(board, name) == getattr(step, name), name
    assert (board.stage_number, board.display_name, board.duration_seconds) == (1, "Orchestrator", 3.0)


@pytest.mark.parametrize("code", sorted(GIVEN_UP))
def test_of_a_build_that_was_given_up_one_alert_tells_why_and_where(code: str) -> None:
    story = Story()
    story.before(DEVELOPER)
    error = StageError(code=code, message="nobody is there")
    between, _ = failed(story.project, error, story.time)
    story.report("started", DEVELOPER)
    story.report("started", DEVELOPER, TOOL_DEVELOPER)
    within, _ = failed(story.project, error, story.time)
    for project, place in ((between, None), (within, TOOL_DEVELOPER)):
        (alert,) = build_dashboard(project, story.time).alerts
        assert (alert.code, alert.severity, alert.stage_name) == (AlertCode.BUILD_FAILED, "error", place)
        assert alert.since == story.time if place else between.updated_at
        assert alert.message == f"{code}: nobody is there"


def test_an_attempt_that_failed_between_its_stages_is_told() -> None:
    story = Story()
    story.before(DEVELOPER)
    project, _ = failed(story.project, StageError(code="OUT_OF_INK", message="the pen is dry"), story.time)
    (alert,) = build_dashboard(project, story.time).alerts
    assert (alert.code, alert.message) == (AlertCode.BUILD_FAILED, "OUT_OF_INK: the pen is dry")


def test_a_pause_is_told_since_it_began_and_silence_is_none_then() -> None:
    story = Story()
    story.control(ControlAction.PAUSE)
    paused = story.time
    (alert,) = shown(story, later=2 * SLOW).alerts
    assert (alert.code, alert.since) == (AlertCode.BUILD_PAUSED, paused)
    story.control(ControlAction.RESUME)
    assert alerts(story) == []


def test_silence_and_slowness_come_up_after_their_time_and_go_with_a_report() -> None:
    story = Story()
    story.report("started", "orchestrator")
    assert alerts(story, SILENT - timedelta(seconds=1)) == []
    assert alerts(story, SILENT) == [(AlertCode.NO_REPORT, "orchestrator")]
    assert alerts(story, SLOW) == [(AlertCode.NO_REPORT, "orchestrator"), (AlertCode.STAGE_SLOW, "orchestrator")]
    assert [alert.since for alert in shown(story, SLOW).alerts] == [story.time, story.time]
    story.report("progressed", "orchestrator")
    assert alerts(story) == []


def test_a_stage_that_is_done_is_not_slow_however_long_ago_that_was() -> None:
    story = Story()
    story.work("orchestrator")
    story.time += SLOW
    story.report("started", "requirements_analysis")
    assert alerts(story) == []


def test_a_build_that_no_worker_takes_is_silent_too() -> None:
    assert alerts(Story(), SILENT) == [(AlertCode.NO_REPORT, None)]


def test_of_a_stage_its_sub_stages_are_slow_and_itself_only_after_them() -> None:
    story = Story()
    story.before(DEVELOPER)
    story.report("started", DEVELOPER)
    for _, sub in (step for step in STEPS if step[1]):
        story.report("started", DEVELOPER, sub)
        assert (AlertCode.STAGE_SLOW, sub) in alerts(story, SLOW)
        assert (AlertCode.STAGE_SLOW, DEVELOPER) not in alerts(story, SLOW)
        story.report("completed", DEVELOPER, sub)
    assert (AlertCode.STAGE_SLOW, DEVELOPER) in alerts(story, SLOW)
    assert (AlertCode.STAGE_SLOW, DEVELOPER) not in alerts(story, SLOW - timedelta(seconds=1))


def test_refused_reports_are_counted_until_the_next_attempt() -> None:
    story = Story()
    for _ in range(2):
        assert story.report("completed", "agent_design") == "OUT_OF_ORDER"
    (alert,) = shown(story).alerts
    assert (alert.code, alert.severity, alert.since) == (AlertCode.REPORTS_REFUSED, "warning", story.time)
    assert alert.message == "reports refused: 2; the latest: OUT_OF_ORDER: agent_design is pending, not running"
    story.control(ControlAction.STOP)
    story.control(ControlAction.RESTART)
    assert alerts(story) == []


def test_the_graph_is_a_line_of_six_with_three_sub_stages_under_the_fifth() -> None:
    graph = shown(Story()).graph
    assert len(graph.nodes) == 9
    assert [node.id for node in graph.nodes if node.parent == DEVELOPER] == [sub.name for sub in STAGES[4].sub_stages]
    line = [(edge.source, edge.target) for edge in graph.edges if edge.kind == "then"]
    assert line == [(one.name, other.name) for one, other in pairwise(STAGES)]
    assert {edge.source for edge in graph.edges if edge.kind == "contains"} == {DEVELOPER}


def test_between_alerts_the_passing_of_time_changes_nothing() -> None:
    story = Story()
    story.report("started", "orchestrator")
    assert shown(story, SLOW) == shown(story, 5 * SLOW)
    assert shown(story) == shown(story, SILENT - timedelta(seconds=1))
