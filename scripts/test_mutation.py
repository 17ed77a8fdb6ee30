"""Changes each owner's domain bit by bit and tells which changes no unit or property test notices.

    python scripts/test_mutation.py [stats] [builds] [agents] [--seconds N] [--only PATTERN]      by default all of them

mutmut mutates a copy under build/mutation, so the working tree is never touched. A run that --seconds cut short is
completed by the next, as long as the code is the same.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STAGE = ROOT / "build" / "mutation"
MUTMUT = Path(sys.executable).with_name("mutmut")
STOP_SECONDS = 10
PLUGINS = ("asyncio", "timeout", "hypothesispytest")
"""The others are not loaded: each mutant would pay for it again."""
TEST_SECONDS = 30
"""For one test: many a mutant waits for ever."""


@dataclass(frozen=True)
class Area:
    """What is mutated of an owner, and the tests that should notice; patterns from the root of owner and tests.

    `left_out`: tests of other parts. They reach the domain, too, and every survivor would have to wait for them.
    """

    code: tuple[str, ...]
    tests: tuple[str, ...]
    left_out: tuple[str, ...] = ()


AREAS = {
    "stats": Area(("domain*",), ("unit/stats", "property/test_stats_*.py")),
    "builds": Area(
        ("domain*",),
        ("unit/builds", "property/test_builds_progress.py"),
        ("test_builds_killed.py", "test_builds_port.py", "test_builds_work.py"),
    ),
    "agents": Area(
        ("domain*",),
        ("unit/agents",),
        ("test_agentcore_*.py", "test_channel.py", "test_door*.py", "test_packages.py", "test_process_pool.py"),
    ),
}


def configuration(owner: str, tests: list[str]) -> str:
    """The pyproject.toml of the copy: pytest as in the repository, with few examples and no other plugins."""
    patterns = [f"src/nexus_{owner}/{one}" for name in AREAS[owner].code for one in (name, f"{name}/*")]
    return f"""
[tool.pytest.ini_options]
addopts = ["--import-mode=importlib", "-p", "no:cacheprovider", {", ".join(f'"-p", "{name}"' for name in PLUGINS)}]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
pythonpath = ["."]
timeout = {TEST_SECONDS}

[tool.mutmut]
source_paths = ["src"]
only_mutate = {json.dumps([one for one in patterns if one.endswith(("*", ".py"))])}
pytest_add_cli_args = ["--hypothesis-profile=mutation"]
pytest_add_cli_args_test_selection = {json.dumps(tests)}
use_setproctitle = false
"""


def stage(owner: str) -> Path:
    """The copy that is mutated; what mutmut found out about an earlier one is kept beside it."""
    folder = STAGE / owner
    for name in ("src", "tests"):
        shutil.rmtree(folder / name, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "services" / owner / "src", folder / "src", ignore=ignored)
    shutil.copytree(ROOT / "tests" / "support", folder / "tests" / "support", ignore=ignored)
    shutil.copy(ROOT / "tests" / "conftest.py", folder / "tests")
    chosen = sorted(path.relative_to(ROOT) for one in AREAS[owner].tests for path in (ROOT / "tests").glob(one))
    for path in chosen:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / path).is_dir():
            left_out = shutil.ignore_patterns("__pycache__", *AREAS[owner].left_out)
            shutil.copytree(ROOT / path, target, ignore=left_out)
        else:
            shutil.copy(ROOT / path, target)
    (folder / "pyproject.toml").write_text(configuration(owner, [str(path) for path in chosen]), encoding="utf-8")
    return folder


def mutate(folder: Path, seconds: float, workers: int, only: Sequence[str]) -> bool:
    """False when the time was over first."""
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = (MUTMUT, "run", "--max-children", str(workers), *only)
    running = subprocess.Popen(command, cwd=folder, env=environment)
    try:
        if running.wait(seconds):
            raise SystemExit(f"error: mutmut ended with code {running.returncode}")
        return True
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGINT)
        running.wait(STOP_SECONDS)
        return False


def report(owner: str, folder: Path, whole: bool) -> None:
    """Prints the score and every mutant that was noticed by no test."""
    subprocess.run((MUTMUT, "export-cicd-stats"), cwd=folder, stdout=subprocess.DEVNULL, check=True)
    counts = json.loads((folder / "mutants" / "mutmut-cicd-stats.json").read_text(encoding="utf-8"))
    noticed, missed = counts["killed"] + counts["timeout"], counts["survived"] + counts["no_tests"]
    tried = noticed + missed
    print(f"\n== {owner}: {noticed} of {tried} mutants noticed ({noticed / max(tried, 1):.1%})")
    if tried < counts["total"]:
        why = "the time was over" if not whole else "not asked for"
        print(f"{counts['total'] - tried} of {counts['total']} were not tried: {why}")
    listed = subprocess.run((MUTMUT, "results"), cwd=folder, capture_output=True, text=True, check=True).stdout
    print(*(line for line in listed.splitlines() if line.endswith(("survived", "no tests"))), sep="\n")
    print(f"one of them: cd {folder.relative_to(ROOT)} && {MUTMUT} show NAME")


def main() -> None:
    options = argparse.ArgumentParser(description="Mutation tests of the domains.")
    options.add_argument("owners", nargs="*", metavar="owner", help=f"of {', '.join(AREAS)}; by default all")
    options.add_argument("--seconds", type=float, default=1800, help="for each owner (default: 1800)")
    options.add_argument("--only", action="append", default=[], help="mutants, such as 'nexus_builds.domain.control*'")
    options.add_argument("--workers", type=int, default=2)
    chosen = options.parse_args()
    if unknown := set(chosen.owners) - AREAS.keys():
        options.error(f"no owner {', '.join(sorted(unknown))}; there are: {', '.join(AREAS)}")
    for owner in chosen.owners or AREAS:
        folder = stage(owner)
        report(owner, folder, mutate(folder, chosen.seconds, chosen.workers, chosen.only))


if __name__ == "__main__":
    main()
