"""The form of a benchmark's result, and its percentiles. What was measured is asserted nowhere."""

import json
import platform
from pathlib import Path

import pytest
from benchmarks.runner.figures import Figure, percentile
from benchmarks.runner.report import document, write


def test_percentiles_are_by_nearest_rank() -> None:
    values = [15.0, 20.0, 35.0, 40.0, 50.0]
    assert [percentile(values, percent) for percent in (5, 30, 40, 50, 100)] == [15.0, 20.0, 20.0, 35.0, 50.0]
    assert percentile([7.0], 99) == 7.0
    assert percentile(list(map(float, range(1, 101))), 99) == 99.0


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 50)


def test_document_tells_machine_commit_and_figures() -> None:
    figures = [Figure("plain", 1.23456, "ms"), Figure("kept", 2.0, "ms", 3.0), Figure("missed", 3.0, "ms", 3.0)]
    assert document({"embedded": figures}, {"cores": 2}, "abc1234") == {
        "machine": {"cores": 2},
        "commit": "abc1234",
        "engines": {
            "embedded": {
                "plain": {"value": 1.235, "unit": "ms"},
                "kept": {"value": 2.0, "unit": "ms", "budget": 3.0, "holds": True},
                "missed": {"value": 3.0, "unit": "ms", "budget": 3.0, "holds": False},
            }
        },
    }


def test_written_result_is_json_without_the_name_of_the_machine(tmp_path: Path) -> None:
    path = write("sample", {"jvm": [Figure("plain", 1.0, "ms")]}, tmp_path / "bench")
    text = path.read_text(encoding="utf-8")
    result = json.loads(text)
    assert path.name == "sample.json"
    assert set(result) == {"machine", "commit", "engines"}
    assert set(result["machine"]) == {"system", "architecture", "cpu", "cores", "memory_gb", "python"}
    assert platform.node() not in result["machine"].values()
