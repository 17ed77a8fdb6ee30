"""Which tests one process runs, one after the other."""

from pathlib import Path

import pytest
from tests.support.scheduling import work_unit

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("folder", ["tests/e2e", "tests/conformance/stores"])
def test_the_tests_of_a_package_share_what_it_starts(folder: str) -> None:
    files = [path.relative_to(ROOT) for path in (ROOT / folder).glob("test_*.py")]
    assert len(files) > 1
    assert {work_unit(ROOT, f"{file}::test_a[b::c]") for file in files} == {folder}


def test_elsewhere_a_file_is_one_process_work() -> None:
    assert work_unit(ROOT, "tests/unit/support/test_scheduling.py::test_a") == "tests/unit/support/test_scheduling.py"
