"""`make test-mutation`, on an owner of a few lines: which mutants it calls killed, timed out, survived."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "test_mutation.py"
DOMAIN = """
def fits(size, limit):
    return size <= limit


def steps(size):
    taken = []
    while size > 0:
        size = size - 1
        taken.append(size)
    return taken


def unused(size):
    return size + 1
"""
TESTS = """
from nexus_stats.domain.sizes import fits, steps

LEFT_BEHIND = []


def test_a_size_beyond_the_limit_does_not_fit():
    LEFT_BEHIND.append(fits(3, 2))
    assert not fits(3, 2)


def test_nothing_is_left_behind():
    assert not fits(3, 2)
    assert LEFT_BEHIND == []


def test_each_step_is_one_down():
    assert steps(2) == [1, 0]
"""
AT_THE_LIMIT = """

def test_what_is_as_large_as_the_limit_fits():
    assert fits(2, 2)
"""
CONFTEST = """
from hypothesis import settings

settings.register_profile("mutation")
"""
PLACE = "nexus_stats.domain.sizes."


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    files = {
        "services/stats/src/nexus_stats/__init__.py": "",
        "services/stats/src/nexus_stats/domain/__init__.py": "",
        "services/stats/src/nexus_stats/domain/sizes.py": DOMAIN,
        "tests/conftest.py": CONFTEST,
        "tests/unit/stats/test_sizes.py": TESTS,
        "pyproject.toml": "[tool.pytest.ini_options]",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def mutation(repository: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    command = (sys.executable, str(SCRIPT), "stats", *options)
    return subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)


def test_killed_is_what_fails_a_test_alone_and_the_rest_is_shown(repository: Path) -> None:
    printed = mutation(repository).stdout
    assert f"{PLACE}x_fits__mutmut_1\n-    return size <= limit\n+    return size < limit\n" in printed
    assert f"{PLACE}x_unused__mutmut_1\n-    return size + 1\n+    return size - 1\n" in printed
    assert f"{PLACE}x_steps" not in printed
    assert "== stats: 10 of 10 mutants tried: 6 killed, 1 timed out, 3 survived" in printed
    assert mutation(repository, "--seconds", "0").stdout.strip() == printed.strip()


def test_a_verdict_holds_until_a_test_changes(repository: Path) -> None:
    fits = ("--only", f"{PLACE}x_fits*")
    assert "1 of 1 mutants tried: 0 killed, 0 timed out, 1 survived" in mutation(repository, *fits).stdout
    (repository / "tests/unit/stats/test_sizes.py").write_text(TESTS + AT_THE_LIMIT)
    assert "1 of 1 mutants tried: 1 killed, 0 timed out, 0 survived" in mutation(repository, *fits).stdout


def test_tests_that_fail_without_a_mutant_prove_nothing(repository: Path) -> None:
    tests = repository / "tests/unit/stats/test_sizes.py"
    tests.write_text(TESTS + AT_THE_LIMIT.replace("fits(2, 2)", "fits(3, 2)"))
    ended = mutation(repository)
    assert ended.returncode == 1
    assert "test_what_is_as_large_as_the_limit_fits fails alone, without any mutant" in ended.stdout + ended.stderr
