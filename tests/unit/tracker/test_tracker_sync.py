"""The same calls without await, from any thread."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.support.tracker_fakes import PROJECT, Desk

from nexus_contracts.builds.reports import StageProgressed
from nexus_tracker import ReportNotDelivered, SyncTracker
from nexus_tracker.errors import step_of

DEVELOPER = "agent_developer_manager"


def test_a_build_is_reported_without_an_event_loop(tmp_path: Path) -> None:
    desk = Desk()
    (tmp_path / "plan.txt").touch()
    with SyncTracker(desk, source="/ci/acme") as tracker, tracker.build(PROJECT) as build:
        with build.stage("orchestrator", agent_name="planner") as stage:
            stage.log("planning", "debug")
            stage.progress(10)
            stage.usage(output_tokens=2)
            stage.artifact(tmp_path / "plan.txt")
            stage.output({"plan": []})
        build.confirmed()
        tracker.publish(
            StageProgressed(project_id=PROJECT, attempt=1, stage_name="agent_design", progress=5), report_id="r1"
        )
        step = build.stage("requirements_analysis")
        step.start()
        step.complete()
    kinds = ["started", "logged", "progressed", "usage_recorded", "artifact_published", "completed"]
    assert desk.told == [
        *(f"{kind} orchestrator" for kind in kinds),
        "progressed agent_design",
        "started requirements_analysis",
        "completed requirements_analysis",
    ]
    assert desk.only("usage_recorded").usage.output_tokens == 2
    assert not desk.open


def test_a_failing_body_is_reported_and_raised() -> None:
    desk = Desk()

    def develop() -> None:
        with (
            SyncTracker(desk) as tracker,
            tracker.build(PROJECT).stage(DEVELOPER) as stage,
            stage.sub_stage("tool_developer"),
        ):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        develop()
    assert desk.told[-1] == "failed tool_developer"


def test_a_step_can_be_failed_by_a_call() -> None:
    desk = Desk()
    with SyncTracker(desk) as tracker, tracker.build(PROJECT).stage("orchestrator") as stage:
        stage.fail("OUT_OF_INK", "the pen is dry")
    assert desk.told == ["started orchestrator", "failed orchestrator"]


def test_what_is_not_confirmed_is_raised() -> None:
    desk = Desk()
    desk.away = True

    def report() -> None:
        with SyncTracker(desk, timeout=0.05) as tracker, tracker.build(PROJECT).stage("orchestrator"):
            pass

    with pytest.raises(ReportNotDelivered):
        report()


def test_threads_report_side_by_side() -> None:
    desk = Desk()
    names = ("tool_developer", "prompt_engineer", "agent_code_developer")
    with SyncTracker(desk) as tracker, tracker.build(PROJECT).stage(DEVELOPER) as stage:

        def develop(name: str) -> None:
            with stage.sub_stage(name) as sub:
                for number in range(100):
                    sub.log(f"{name} {number}")

        with ThreadPoolExecutor() as threads:
            list(threads.map(develop, names))
    for name in names:
        entries = [
            entry.message
            for one in desk.reports
            if step_of(one) == f"{DEVELOPER}/{name}"
            for entry in getattr(one, "entries", ())
        ]
        assert entries == [f"{name} {number}" for number in range(100)]
    assert desk.told[-1] == f"completed {DEVELOPER}"
