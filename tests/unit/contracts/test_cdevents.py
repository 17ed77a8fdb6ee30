"""CDEvents as reports: which come to which, which to none, and which are understood at all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, TypeAdapter
from tests.support.builds_story import EXTERNAL, PROJECT
from tests.support.cdevents import cdevent, pipeline, task

from nexus_contracts.builds.cdevents import report_of
from nexus_contracts.builds.reports import REPORT, AttemptFailed, StageCompleted, StageFailed, StageStarted
from nexus_contracts.envelope import CloudEvent, MalformedEvent
from nexus_contracts.stages import DEVELOPER, STAGES

OTHER = "proj_" + "f" * 32
CONTEXT: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])
OUTCOMES = ["success", "failure", "error", "cancel"]


def read(event: CloudEvent) -> Any:
    """The report that the event comes to, as a consumer reads it."""
    found = report_of(event)
    assert found is not None
    assert (found.source, found.id, found.time, found.subject) == (EXTERNAL, event.id, event.time, PROJECT)
    return REPORT.validate_python({**found.data, "type": found.type})


@pytest.mark.parametrize("stage", [stage.name for stage in STAGES])
def test_a_task_run_is_the_stage_of_its_name(stage: str) -> None:
    assert read(task("started", stage)) == StageStarted(project_id=PROJECT, attempt=1, stage_name=stage)
    hyphened = read(task("finished", stage.replace("_", "-"), outcome="success"))
    assert hyphened == StageCompleted(project_id=PROJECT, attempt=1, stage_name=stage)


@pytest.mark.parametrize("sub", [sub.name for stage in STAGES for sub in stage.sub_stages])
def test_a_task_run_with_the_name_of_a_sub_stage_is_that_sub_stage(sub: str) -> None:
    report = read(task("started", sub))
    assert (report.stage_name, report.sub_stage_name) == (DEVELOPER, sub)


@pytest.mark.parametrize(
    ("outcome", "code"), [("failure", "TASK_FAILED"), ("error", "TASK_ERROR"), ("cancel", "TASK_CANCELLED")]
)
def test_a_task_that_did_not_succeed_fails_its_stage(outcome: str, code: str) -> None:
    report = read(task("finished", "orchestrator", outcome=outcome))
    assert isinstance(report, StageFailed)
    assert (report.error.code, report.error.message) == (code, f"run-7 ended with the outcome {outcome}")


@pytest.mark.parametrize(
    ("outcome", "code"), [("failure", "PIPELINE_FAILED"), ("error", "PIPELINE_ERROR"), ("cancel", "PIPELINE_CANCELLED")]
)
def test_a_pipeline_that_did_not_succeed_fails_its_attempt(outcome: str, code: str) -> None:
    report = read(cdevent("pipelinerun.finished", {"outcome": outcome, "errors": "disk full" * 1000}, attempt=3))
    assert isinstance(report, AttemptFailed)
    assert (report.attempt, report.error.code, report.error.message) == (3, code, ("disk full" * 1000)[:4000])


@pytest.mark.parametrize(
    "event",
    [
        pipeline("queued"),
        pipeline("started"),
        pipeline("finished", outcome="success"),
        task("queued", "orchestrator"),
    ],
    ids=lambda event: event.type,
)
def test_what_the_tasks_say_anyway_comes_to_no_report(event: CloudEvent) -> None:
    assert report_of(event) is None


def test_custom_data_says_where_the_event_belongs() -> None:
    place: dict[str, Any] = {"project_id": OTHER, "attempt": 4, "stage_name": "agent_design", "sub_stage_name": None}
    found = report_of(task("finished", "draw", outcome="success", **place, output_data={"a": 1}, unheard="of"))
    assert found is not None
    assert found.subject == OTHER
    wanted = {"project_id": OTHER, "attempt": 4, "stage_name": "agent_design", "output_data": {"a": 1}}
    assert found.data == wanted
    sub = read(task("started", "step-3", sub_stage_name="tool_developer"))
    assert (sub.stage_name, sub.sub_stage_name) == (DEVELOPER, "tool_developer")


def test_custom_data_in_another_form_says_nothing() -> None:
    event = task("started", "orchestrator")
    told = event.model_copy(update={"data": {**event.data, "customData": "eA==", "customDataContentType": "x/y"}})
    assert read(told) == read(event)


@pytest.mark.parametrize("custom", [None, {"attempt": None, "stage_name": None, "output_data": None}])
def test_custom_data_that_is_null_says_nothing(custom: JsonValue) -> None:
    event = task("started", "orchestrator")
    assert read(event.model_copy(update={"data": {**event.data, "customData": custom}})) == read(event)


@pytest.mark.parametrize("run", ["taskrun", "pipelinerun"])
@pytest.mark.parametrize("content", [{}, {"outcome": None}, {"errors": "disk full"}])
def test_a_run_that_finished_nobody_knows_how_is_malformed_and_says_so(run: str, content: dict[str, Any]) -> None:
    with pytest.raises(MalformedEvent, match=r"^subject\.content\.outcome: is needed: .* succeeded"):
        report_of(cdevent(f"{run}.finished", {"taskName": "orchestrator", **content}))


def test_a_leap_second_is_a_time() -> None:
    event = task("started", "orchestrator")
    context: Any = {**CONTEXT.validate_python(event.data["context"]), "timestamp": "2016-12-31T23:59:60Z"}
    assert read(event.model_copy(update={"data": {**event.data, "context": context}})) == read(event)


@pytest.mark.parametrize("version", ["0.1.0", "0.2.0", "0.3.0", "0.3.7", "0.9.0", "0.3.0-draft"])
def test_any_minor_version_that_says_what_is_needed_is_understood(version: str) -> None:
    assert read(cdevent("taskrun.started", {"taskName": "orchestrator", "url": "x"}, version)).stage_name


@pytest.mark.parametrize("version", ["1.0.0", "2.3.4-draft"])
def test_another_major_version_is_malformed_and_says_so(version: str) -> None:
    with pytest.raises(MalformedEvent, match=r"versions 0\.x are supported"):
        report_of(cdevent("taskrun.started", {"taskName": "orchestrator"}, version))


@pytest.mark.parametrize("kind", ["change.merged", "taskrun.sang", "taskruns.started"])
def test_events_of_other_subjects_are_left_for_what_they_are(kind: str) -> None:
    event = cdevent(kind, {"taskName": "orchestrator"})
    assert report_of(event) is event


def test_reports_pass_untouched() -> None:
    event = cdevent("x").model_copy(update={"type": "nexus.stage.started.v1"})
    assert report_of(event) is event


@pytest.mark.parametrize(
    ("event", "place"),
    [
        (cdevent("taskrun.started", {}), "taskName"),
        (cdevent("taskrun.started", {"taskName": ""}), "taskName"),
        (cdevent("taskrun.started", {"taskName": 7}), "taskName"),
        (cdevent("taskrun.started", {"taskName": "x" * 101}), "stage_name"),
        (task("finished", "orchestrator"), "outcome"),
        (task("finished", "orchestrator", outcome="splendid"), "outcome"),
        (pipeline("finished"), "outcome"),
        (task("started", "orchestrator", attempt=0), "attempt"),
        (task("started", "orchestrator", project_id="mine"), "project_id"),
        (task("started", "orchestrator").model_copy(update={"subject": "run-7"}), "project_id"),
        (task("started", "orchestrator").model_copy(update={"data": {}}), "context"),
        (task("started", "a").model_copy(update={"type": "dev.cdevents.taskrun.started.0.4.0"}), "context.type"),
    ],
)
def test_an_event_that_lacks_what_is_needed_is_malformed_at_that_place(event: CloudEvent, place: str) -> None:
    with pytest.raises(MalformedEvent, match=place):
        report_of(event)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from(OUTCOMES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)


@given(
    kind=st.sampled_from(["pipelinerun", "taskrun"]),
    predicate=st.sampled_from(["queued", "started", "finished"]),
    content=st.dictionaries(st.sampled_from(["taskName", "outcome", "errors"]), JSON),
    custom=st.dictionaries(st.sampled_from(["project_id", "attempt", "stage_name", "output_data"]), JSON),
)
def test_an_event_is_malformed_or_comes_to_at_most_one_valid_report(
    kind: str, predicate: str, content: Any, custom: Any
) -> None:
    try:
        found = report_of(cdevent(f"{kind}.{predicate}", content, **custom))
    except MalformedEvent:
        return
    if found is not None:
        assert REPORT.validate_python({**found.data, "type": found.type})
        assert (found.source, found.id) == (EXTERNAL, "1")
