"""What is published for what calls."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.support.tracker_fakes import PROJECT, Desk

from nexus_contracts.builds.reports import Artifact
from nexus_tracker import AttemptEnded, Build, StepFailure, Tracker
from nexus_tracker.arguments import parser

DEVELOPER = "agent_developer_manager"


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def finished(build: Build, *stages: str) -> None:
    for name in stages:
        async with build.stage(name):
            pass


async def test_a_stage_is_started_on_entry_and_completed_with_its_output_on_exit(desk: Desk) -> None:
    async with Tracker(desk, source="/ci/acme") as tracker:
        async with tracker.build(PROJECT).stage("orchestrator", agent_name="planner") as stage:
            stage.output({"plan": ["think", "build"]})
        assert desk.told == ["started orchestrator", "completed orchestrator"]
    assert not desk.open
    assert desk.only("started").agent_name == "planner"
    assert desk.only("completed").output_data == {"plan": ["think", "build"]}
    assert {(one.source, one.subject) for one in desk.events} == {("/ci/acme", PROJECT)}
    assert len({one.id for one in desk.events}) == 2


async def test_calls_inside_a_stage_are_reported_in_their_order(desk: Desk) -> None:
    given = Artifact(name="a", uri="s3://b/a", sha256="0" * 64, size_bytes=3, media_type="text/plain")
    async with Tracker(desk) as tracker, tracker.build(PROJECT, attempt=2).stage("orchestrator") as stage:
        await stage.log("planning")
        await stage.progress(40)
        await stage.usage(input_tokens=3, cost_usd=0.5)
        await stage.artifact(given)
        await stage.log("planned", "warning")
    kinds = ["started", "logged", "progressed", "usage_recorded", "artifact_published", "logged", "completed"]
    assert desk.told == [f"{kind} orchestrator" for kind in kinds]
    assert {one.attempt for one in desk.reports} == {2}
    assert desk.only("artifact_published").artifact == given
    assert desk.only("usage_recorded").usage.input_tokens == 3


async def test_a_level_may_have_another_systems_name_and_an_unknown_one_is_told_at_once(desk: Desk) -> None:
    async with Tracker(desk) as tracker, tracker.build(PROJECT).stage("orchestrator") as stage:
        for level in ("WARN", "Fatal", "trace"):
            await stage.log("said", level)
        with pytest.raises(ValueError, match="must be one of debug, trace"):
            await stage.log("said", "loud")
    assert [entry.level for entry in desk.only("logged").entries] == ["warning", "error", "debug"]


def test_the_command_takes_the_same_levels(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["log", PROJECT, "orchestrator", "said", "--level"]
    assert parser({}).parse_args([*options, "CRITICAL"]).level == "error"
    with pytest.raises(SystemExit, match="2"):
        parser({}).parse_args([*options, "loud"])
    assert "--level: must be one of debug, trace" in capsys.readouterr().err


async def test_an_artifact_is_described_from_its_file(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "agent design.json"
    file.write_bytes(b"{}\n")
    async with Tracker(desk) as tracker, tracker.build(PROJECT).stage("orchestrator") as stage:
        await stage.artifact(file)
    assert desk.only("artifact_published").artifact == Artifact(
        name="agent design.json",
        uri=file.as_uri(),
        sha256=hashlib.sha256(b"{}\n").hexdigest(),
        size_bytes=3,
        media_type="application/json",
    )


async def test_what_is_given_of_an_artifact_is_not_computed(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "nameless"
    file.touch()
    async with Tracker(desk) as tracker, tracker.build(PROJECT).stage("orchestrator") as stage:
        await stage.artifact(str(file), name="design", uri="s3://designs/1", media_type="text/x-design")
    artifact = desk.only("artifact_published").artifact
    assert (artifact.name, artifact.uri, artifact.media_type) == ("design", "s3://designs/1", "text/x-design")


async def test_log_entries_travel_together_up_to_a_hundred(desk: Desk) -> None:
    async with Tracker(desk) as tracker, tracker.build(PROJECT).stage("orchestrator") as stage:
        for number in range(250):
            await stage.log(f"line {number}")
    logged: list[Any] = [one for one in desk.reports if hasattr(one, "entries")]
    assert [len(one.entries) for one in logged] == [100, 100, 50]
    assert [entry.message for one in logged for entry in one.entries] == [f"line {number}" for number in range(250)]


async def test_large_log_entries_are_sent_in_reports_that_the_platform_takes(desk: Desk) -> None:
    async with Tracker(desk) as tracker, tracker.build(PROJECT).stage("orchestrator") as stage:
        for _ in range(50):
            await stage.log("\N{SNOWMAN}" * 10_000)
    logged: list[Any] = [one for one in desk.reports if hasattr(one, "entries")]
    assert sum(len(one.entries) for one in logged) == 50
    assert len(logged) > 1


async def test_any_text_can_be_logged(desk: Desk) -> None:
    async with Tracker(desk) as tracker, tracker.build(PROJECT).stage("orchestrator") as stage:
        await stage.log("x" * 25_000)
        await stage.log("half a pair \ud800")
        await stage.log("")
    messages = [entry.message for entry in desk.only("logged").entries]
    assert [len(message) for message in messages] == [10_000, 10_000, 5_000, len("half a pair ?"), 0]


async def test_an_exception_is_reported_as_failure_and_raised(desk: Desk) -> None:
    async with Tracker(desk) as tracker:
        with pytest.raises(ZeroDivisionError):
            async with tracker.build(PROJECT).stage("orchestrator"):
                _ = 1 / 0
        assert desk.told == ["started orchestrator", "failed orchestrator"]
    failure = desk.only("failed").error
    assert (failure.code, failure.message) == ("ZERO_DIVISION_ERROR", "division by zero")


async def test_a_failure_can_choose_its_code(desk: Desk) -> None:
    async with Tracker(desk) as tracker:
        with pytest.raises(StepFailure):
            async with tracker.build(PROJECT).stage("orchestrator"):
                raise StepFailure("OUT_OF_INK", "the pen is dry" * 1000)
    failure = desk.only("failed").error
    assert failure.code == "OUT_OF_INK"
    assert len(failure.message) == 4000


async def test_a_failed_sub_stage_fails_the_attempt_once(desk: Desk) -> None:
    async def develop(build: Build) -> None:
        async with build, build.stage(DEVELOPER) as stage, stage.sub_stage("tool_developer"):
            raise RuntimeError("no tools")

    async with Tracker(desk) as tracker:
        with pytest.raises(RuntimeError):
            await develop(tracker.build(PROJECT))
    assert desk.told == ["started agent_developer_manager", "started tool_developer", "failed tool_developer"]


async def test_after_a_failure_nothing_is_reported_and_nothing_starts(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async with Tracker(desk) as tracker:
        build = tracker.build(PROJECT)
        stage = build.stage("orchestrator")
        with pytest.raises(RuntimeError):
            async with stage:
                raise RuntimeError
        await stage.log("cleaning up")
        with pytest.raises(AttemptEnded):
            await build.stage("requirements_analysis").start()
    assert desk.told == ["started orchestrator", "failed orchestrator"]
    assert "not reported: nexus.stage.logged.v1" in caplog.text


async def test_an_error_between_stages_fails_the_attempt(desk: Desk) -> None:
    async def develop(build: Build) -> None:
        async with build:
            await finished(build, "orchestrator")
            raise KeyError("model")

    async with Tracker(desk) as tracker:
        with pytest.raises(KeyError):
            await develop(tracker.build(PROJECT))
    assert desk.told[2:] == ["failed all stages"]


async def test_a_stage_that_ended_early_is_not_ended_again(desk: Desk) -> None:
    async with Tracker(desk) as tracker, tracker.build(PROJECT).stage("orchestrator") as stage:
        await stage.complete()
    assert desk.told == ["started orchestrator", "completed orchestrator"]


@pytest.mark.parametrize("wrong", ["orchestra", "tool_developer", ""])
async def test_an_unknown_stage_is_named_with_those_that_are_known(desk: Desk, wrong: str) -> None:
    build = Tracker(desk).build(PROJECT)
    with pytest.raises(ValueError, match="orchestrator, requirements_analysis"):
        build.stage(wrong)
    with pytest.raises(ValueError, match="has no sub-stage 'x'; it has none"):
        build.stage("orchestrator").sub_stage("x")
    with pytest.raises(ValueError, match="it has tool_developer, prompt_engineer"):
        build.stage(DEVELOPER).sub_stage("x")


async def test_values_that_no_report_can_hold_are_refused_at_the_call(desk: Desk, tmp_path: Path) -> None:
    async with Tracker(desk) as tracker, tracker.build(PROJECT).stage("orchestrator") as stage:
        with pytest.raises(ValidationError):
            await stage.progress(101)
        with pytest.raises(ValidationError):
            stage.output({"much": "x" * 300_001})
        with pytest.raises(ValidationError):
            await stage.usage(tool_calls=-1)
        with pytest.raises(FileNotFoundError):
            await stage.artifact(tmp_path / "missing")
    assert desk.told == ["started orchestrator", "completed orchestrator"]


async def test_usage_names_the_model_and_a_build_may_have_a_source_of_its_own(desk: Desk) -> None:
    async with Tracker(desk, source="/ci/a") as tracker:
        await tracker.build(PROJECT, source="/ci/b").stage("orchestrator").usage(input_tokens=3, model="small-1")
        await tracker.build(PROJECT).stage("orchestrator").progress(5)
    assert (desk.only("usage_recorded").model, desk.only("usage_recorded").usage.input_tokens) == ("small-1", 3)
    assert [event.source for event in desk.events] == ["/ci/b", "/ci/a"]


async def told_by(desk: Desk, run: str | None) -> list[tuple[str, str]]:
    async with Tracker(desk) as tracker, tracker.build(PROJECT, run=run).stage("orchestrator") as stage:
        for number in range(3):
            await stage.log(f"line {number}")
    return [(one.id, one.type) for one in desk.events]


async def test_a_named_run_has_the_same_ids_when_it_runs_again() -> None:
    first, again, other = await told_by(Desk(), "4711"), await told_by(Desk(), "4711"), await told_by(Desk(), "4712")
    assert first == again
    assert [kind for _, kind in first] == [kind for _, kind in other]
    assert {one for one, _ in first}.isdisjoint({one for one, _ in other})
    assert len({one for one, _ in first}) == 5
