"""Nothing that is reported can make an item too large for the database."""

from typing import Any

import pytest
from pydantic import ValidationError
from tests.support.builds_story import NOON, PROJECT, STEPS, Story, a_report, create_command, sized

from nexus_builds.domain.state import ARTIFACT_TAIL, INLINE_OUTPUT_BYTES, LOG_TAIL, TAIL_BYTES, latest, project_view
from nexus_contracts.builds.reports import MAX_LOG_BYTES, StageError
from nexus_contracts.history import HistoryEntry
from nexus_contracts.stages import DEVELOPER
from nexus_runtime.dynamo import Table
from nexus_runtime.ledger.history import MAX_ITEM_BYTES, History

ITEM = 400_000
NASTY = ["x", "ä", "\u3000", "\U0001f600", "\u0000", '"']
WHEN = "2026-01-01T00:00:00.123456Z"


def logged(message: str, lines: int) -> dict[str, Any]:
    return {"entries": [{"timestamp": WHEN, "message": message}] * lines}


def artifact(character: str) -> dict[str, Any]:
    longest = {"name": character * 200, "uri": character * 2000, "media_type": character * 200}
    return {"artifact": {**longest, "sha256": "0" * 64, "size_bytes": 10**15}}


def full_story(character: str) -> Story:
    """Every step has said as much as it may."""
    story = Story(requirement=character * 4_980 + " as much as it gets", tags=[character * 50] * 20)
    for stage, sub in STEPS:
        if sub and story.step(DEVELOPER).status == "pending":
            story.report("started", DEVELOPER)
        story.report("started", stage, sub, agent_name=character * 200)
        for _ in range(12):
            story.report("logged", stage, sub, **logged(character * 2_000, 20))
            story.report("artifact_published", stage, sub, **artifact(character))
        if stage == "agent_deployer":
            story.report("failed", stage, error={"code": "X" * 100, "message": character * 4000})
        else:
            output = {"text": character * 600}
            story.report("completed", stage, sub, output_data=output)
        if stage == DEVELOPER and all(one.done for one in story.step(DEVELOPER).sub_steps):
            story.report("completed", stage)
    return story


@pytest.mark.parametrize("character", NASTY)
def test_a_project_of_which_everything_is_as_long_as_allowed_fits_its_item(character: str) -> None:
    story = full_story(character)
    assert story.project.status == "failed"
    assert sized(story.project) < 0.8 * ITEM
    assert len(project_view(story.project).model_dump_json().encode()) < 0.8 * ITEM


def test_ten_thousand_log_lines_five_hundred_artifacts_and_large_outputs_leave_a_small_project() -> None:
    story = Story()
    story.report("started", "orchestrator")
    for _ in range(100):
        story.report("logged", "orchestrator", **logged("a line of the usual length, more or less", 100))
    for number in range(500):
        one = artifact("a")["artifact"] | {"name": f"file-{number}", "uri": f"blob:{number}"}
        story.report("artifact_published", "orchestrator", artifact=one)
    story.report("completed", "orchestrator", output_data={"text": "x" * 299_000})
    step = story.step("orchestrator")
    assert (step.log_count, step.artifact_count, step.output_bytes) == (10_000, 500, 299_011)
    assert (len(step.logs), len(step.artifacts), step.output) == (LOG_TAIL, ARTIFACT_TAIL, None)
    assert step.artifacts[-1].name == "file-499"
    assert sized(story.project) < 0.05 * ITEM


def test_a_small_output_is_shown_with_the_project() -> None:
    story = Story()
    story.report("started", "orchestrator")
    story.report("completed", "orchestrator", output_data={"answer": 42})
    assert (story.step("orchestrator").output, story.step("orchestrator").output_bytes) == ({"answer": 42}, 13)


def test_an_output_is_shown_with_the_project_up_to_the_limit() -> None:
    for size, output in ((INLINE_OUTPUT_BYTES, True), (INLINE_OUTPUT_BYTES + 1, False)):
        story = Story()
        story.report("started", "orchestrator")
        data = {"text": "x" * (size - len('{"text":""}'))}
        story.report("completed", "orchestrator", output_data=data)
        step = story.step("orchestrator")
        assert (step.output, step.output_bytes) == (data if output else None, size)
    none = Story()
    none.report("started", "orchestrator")
    none.report("completed", "orchestrator", output_data=None)
    assert (none.step("orchestrator").output, none.step("orchestrator").output_bytes) == (None, 0)


def test_a_long_line_is_shortened_in_the_tail_and_the_latest_are_shown() -> None:
    story = Story()
    story.report("started", "orchestrator")
    story.report("logged", "orchestrator", **logged("y" * 10_000, 1))
    assert story.step("orchestrator").logs[0].message == "y" * 500 + "..."
    story.report("logged", "orchestrator", **logged("z" * 500, 1))
    assert story.step("orchestrator").logs[1].message == "z" * 500
    for number in range(7):
        story.report("logged", "orchestrator", **logged(str(number), 1))
    assert [entry.message for entry in story.step("orchestrator").logs] == ["2", "3", "4", "5", "6"]


def test_the_latest_artifacts_are_shown_and_all_are_counted() -> None:
    story = Story()
    story.report("started", "orchestrator")
    shown = [
        {**artifact("a")["artifact"], "name": str(number), "uri": "blob:a", "media_type": "a/b"} for number in range(12)
    ]
    for one in shown:
        story.report("artifact_published", "orchestrator", artifact=one)
    step = story.step("orchestrator")
    assert [one.name for one in step.artifacts] == [str(number) for number in range(2, 12)]
    assert step.artifact_count == 12


def test_a_tail_holds_the_latest_entries_that_fit() -> None:
    entries = [StageError(code="X", message=text) for text in ("a", "bb", "ccc")]
    one, two, three = (len(entry.model_dump_json()) for entry in entries)
    for most, most_bytes, shown in (
        (3, one + two + three, 3),
        (4, one + two + three - 1, 2),
        (3, two + three, 2),
        (3, two + three - 1, 1),
        (3, three - 1, 0),
        (2, 10_000, 2),
        (0, 10_000, 0),
    ):
        assert latest(entries, most, most_bytes) == tuple(entries[3 - shown :]), (most, most_bytes)


def test_artifacts_that_are_too_long_to_show_are_counted() -> None:
    story = Story()
    story.report("started", "orchestrator")
    for _ in range(3):
        story.report("artifact_published", "orchestrator", **artifact("\u0000"))
    step = story.step("orchestrator")
    assert sum(len(one.model_dump_json()) for one in step.artifacts) <= TAIL_BYTES
    assert step.artifact_count == 3


def test_a_report_with_more_log_than_an_item_holds_is_refused_with_the_limit() -> None:
    with pytest.raises(ValidationError, match=f"at most {MAX_LOG_BYTES} bytes as JSON.*send them in several reports"):
        a_report("logged", "orchestrator", **logged("x" * 10_000, 100))
    with pytest.raises(ValidationError, match="at most 300000 bytes"):
        a_report("logged", "orchestrator", **logged("\u3000" * 1_100, 100))
    a_report("logged", "orchestrator", **logged("x" * 2_900, 100))


def test_an_output_larger_than_an_item_holds_is_refused_with_the_limit() -> None:
    with pytest.raises(ValidationError, match="at most 300000 bytes as JSON, not 300011"):
        a_report("completed", "orchestrator", output_data={"text": "x" * 300_000})


def test_white_space_around_a_requirement_is_kept_and_bounded() -> None:
    text = " " * 1_000 + "an agent that adds" + "\n" * 1_000
    assert create_command(requirement=text).requirement == text
    for fault in (" " * 5_000 + "x" * 9, "x" * 5_001, " " * 10_000 + "x" * 10):
        with pytest.raises(ValidationError):
            create_command(requirement=fault)


@pytest.mark.parametrize("character", NASTY)
def test_the_largest_reports_fit_an_item_of_the_history(character: str) -> None:
    width = len(f"{character!r}") if character in "\u0000" else len(character.encode())
    width = 6 if character == "\u0000" else 2 if character == '"' else width
    largest = [
        a_report("logged", "orchestrator", **logged(character * (2_800 // width), 100)),
        a_report("completed", "orchestrator", output_data={"text": character * (299_900 // width)}),
    ]
    long = "i" * 1_000
    entries = [
        HistoryEntry(
            sequence=number + 1,
            id="evt",
            type=report.type,
            time=NOON,
            data=report.model_dump(mode="json", exclude={"type"}),
            correlation_id=long,
            causation_id=long,
        )
        for number, report in enumerate(largest)
    ]
    table: Any = Table("History", "aggregate", "last")
    puts = History(None, table).record(PROJECT, entries)  # pyright: ignore[reportArgumentType]  # nothing is written
    assert [put.item["last"] for put in puts] == [1, 2]
    assert all(len(str(put.item["entries"]).encode()) < MAX_ITEM_BYTES for put in puts)
