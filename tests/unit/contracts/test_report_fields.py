"""The fields of reports: levels under any name, numbers that are numbers, and none that cannot be added up."""

from typing import Any

import pytest
from pydantic import ValidationError

from nexus_contracts.builds.reports import MOST, MOST_USD, REPORT, LogEntry, log_level

PLACE = {"project_id": "proj_" + "0" * 32, "attempt": 1, "stage_name": "orchestrator"}
NAMES = {
    "debug": ["debug", "trace"],
    "info": ["info", "notice"],
    "warning": ["warning", "warn"],
    "error": ["error", "critical", "fatal", "alert", "emergency"],
}
_COUNTS = ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "tool_calls")
USAGE = {**dict.fromkeys(_COUNTS, MOST), "cost_usd": float(MOST_USD), "estimated_usd": float(MOST_USD)}
ARTIFACT = {"name": "a", "uri": "u", "sha256": "0" * 64, "size_bytes": MOST, "media_type": "text/plain"}


def told(kind: str, **fields: Any) -> Any:
    return REPORT.validate_python({**PLACE, "type": f"nexus.stage.{kind}.v1", **fields})


@pytest.mark.parametrize(("level", "name"), [(level, name) for level, names in NAMES.items() for name in names])
def test_a_level_may_have_any_case_and_another_systems_name(level: str, name: str) -> None:
    for written in (name, name.upper(), name.title()):
        entry = LogEntry.model_validate({"timestamp": "2026-01-01T00:00:00Z", "level": written, "message": "m"})
        assert (entry.level, log_level(written)) == (level, level)


@pytest.mark.parametrize("level", ["loud", "", " info", "info\n", 30, None, True, ["info"]])
def test_another_level_is_refused_with_those_that_there_are(level: object) -> None:
    with pytest.raises(ValidationError, match=r"must be one of debug, trace, info, .*emergency, in any case"):
        LogEntry.model_validate({"timestamp": "2026-01-01T00:00:00Z", "level": level, "message": "m"})


@pytest.mark.parametrize("attempt", ["1", " 1 ", "1_0", True, "1.0", 1.5, 0, MOST + 1, 10**400])
def test_an_attempt_is_a_whole_number_that_can_be_counted(attempt: object) -> None:
    with pytest.raises(ValidationError, match="attempt"):
        told("started", attempt=attempt)


def test_a_whole_number_may_be_written_with_a_fraction_of_nothing() -> None:
    assert told("started", attempt=2.0).attempt == 2


def test_figures_up_to_the_most_are_taken_as_they_are() -> None:
    assert told("usage_recorded", usage=USAGE).usage.model_dump() == USAGE
    assert told("artifact_published", artifact=ARTIFACT).artifact.size_bytes == MOST


@pytest.mark.parametrize("wrong", [MOST + 1, 10**400, "1", True, -1])
@pytest.mark.parametrize("name", USAGE)
def test_a_figure_beyond_what_can_be_added_up_is_refused_by_its_name(name: str, wrong: object) -> None:
    with pytest.raises(ValidationError, match=rf"{name}"):
        told("usage_recorded", usage={**USAGE, name: wrong})


@pytest.mark.parametrize("wrong", [MOST_USD + 1, MOST_USD + 1e-9, float(MOST)])
def test_a_cost_whose_sum_would_not_be_exact_is_refused_with_its_own_bound(wrong: float) -> None:
    with pytest.raises(ValidationError, match=f"cost_usd must be at most {MOST_USD}"):
        told("usage_recorded", usage={"cost_usd": wrong})


@pytest.mark.parametrize("wrong", [MOST + 1, "7", False])
def test_a_size_that_is_no_countable_number_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError, match="size_bytes"):
        told("artifact_published", artifact={**ARTIFACT, "size_bytes": wrong})


@pytest.mark.parametrize("wrong", ["40", True, 101])
def test_progress_is_a_number(wrong: object) -> None:
    with pytest.raises(ValidationError, match="progress"):
        told("progressed", progress=wrong)
