"""Runs the tests that need no engine, then the others on every available engine, and says what ran on what.

    python scripts/test_all.py [--no-coverage] [embedded] [jvm] [docker]      by default all of them

An engine that is not available is named with the reason; one that is asked for by name has to be. Every skipped test is
listed with its reason, and only a reason that begins as one of EXPECTED is accepted. Fails when a test fails or is
skipped for another reason, when no test ran, and when the tests cover less than FLOOR. To measure that takes the tests
without an engine twice the time; `--no-coverage` saves it, and then all run beside each other.
"""

import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

RESULTS = Path("build/test")
EXPECTED = (
    "only the embedded broker",
    "the broker does not take such a batch",
    "the Java client comes with NEXUS_INFRA=jvm",
    "no Docker engine answers",
)
EMBEDDED = "embedded"
NO_ENGINE = "no engine"
ON_AN_ENGINE = ("tests/e2e", "tests/integration", "tests/conformance")
"""What takes long first, or at the end one process would work alone."""
ON_NONE = ("tests/contract", "tests/unit")
"""Here coverage is measured: tracing would slow down those tests that are about time."""
STANDALONE, PROPERTIES = ("tests/standalone",), ("tests/property",)
"""They need no engine either, or start the one that they are about. Traced, properties would take twice as long."""
FLOOR = 80
"""Per cent of lines and branches that tests run in their own process (docs/quality.md); raise it, never lower it."""
NO_COVERAGE = "--no-coverage"
BESIDE = 4
"""Processes of the suite that has what needs no engine, where all run beside each other; the others have one."""
PYTEST = (sys.executable, "-m", "pytest", "--dist", "loadfile", "--no-loadscope-reorder", "-r", "fE")


def no_java() -> str | None:
    missing = [program for program in ("java", "mvn") if not shutil.which(program)]
    return f"{' and '.join(missing)} not found: install a Java 17 runtime and Maven" if missing else None


def no_docker() -> str | None:
    if not shutil.which("docker"):
        return "docker not found"
    answer = subprocess.run(("docker", "info"), capture_output=True, text=True, timeout=30, check=False)
    return None if answer.returncode == 0 else "no Docker engine answers"


ENGINES: dict[str, Callable[[], str | None]] = {EMBEDDED: lambda: None, "jvm": no_java, "docker": no_docker}
"""Each with what is missing for it."""


@dataclass
class Run:
    """What came of the tests on one engine."""

    engine: str
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter[str])
    skips: Counter[str] = field(default_factory=Counter[str])
    fault: str | None = None

    @property
    def good(self) -> bool:
        return self.fault is None and not self.outcomes["failed"] and self.outcomes["passed"] > 0 and not self.odd

    @property
    def odd(self) -> list[str]:
        return [reason for reason in self.skips if not reason.startswith(EXPECTED)]


def run_on(engine: str, tests: Sequence[str], *options: str, processes: int = 3, alone: bool = True) -> Run:
    """The tests of these folders. By default more processes than cores: what starts services often waits for them."""
    report = (RESULTS / f"{engine}.xml").absolute()
    report.unlink(missing_ok=True)
    print(f"== {', '.join(tests)} on {engine}", flush=True)
    began = time.monotonic()
    environment = {**os.environ, "NEXUS_INFRA": engine} if engine in ENGINES else None
    command = (*PYTEST, "-n", str(processes), *options, f"--junitxml={report}", *tests)
    status = subprocess.call(command, env=environment) if alone else told(engine, command, environment)
    run = Run(engine, time.monotonic() - began)
    if report.exists():
        count(run, report)
    if status and not run.outcomes["failed"]:
        run.fault = f"pytest ended with code {status}"
    return run


def told(engine: str, command: Sequence[str], environment: Mapping[str, str] | None) -> int:
    """The exit status of what runs beside others: every line that it prints begins with the name of its engine."""
    at_once = {**(environment or os.environ), "PYTHONUNBUFFERED": "1"}  # into a pipe, or a suite is silent for minutes
    with subprocess.Popen(
        command, env=at_once, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            print(f"{engine:10} {line}", end="", flush=True)
    return running.returncode


def count(run: Run, report: Path) -> None:
    """Reads pytest's own report: https://llg.cubic.org/docs/junit/"""
    for case in ET.parse(report).iter("testcase"):
        skipped = case.find("skipped")
        if skipped is not None:
            run.outcomes["skipped"] += 1
            run.skips[skipped.get("message", "")] += 1
        else:
            failed = case.find("failure") is not None or case.find("error") is not None
            run.outcomes["failed" if failed else "passed"] += 1


def report_of(run: Run) -> list[str]:
    counted = ", ".join(f"{run.outcomes[outcome]} {outcome}" for outcome in ("passed", "failed", "skipped"))
    lines = [f"{run.engine:10} {counted} in {run.seconds / 60:.1f} minutes"]
    lines += [f"{'':10} {number} skipped: {reason}" for reason, number in run.skips.items()]
    lines += [f"{'':10} that reason is not expected: {reason}" for reason in run.odd]
    return [*lines, f"{'':10} {run.fault}"] if run.fault else lines


def covered() -> bool:
    """Prints the coverage, file by file; whether it reaches the floor."""
    print("\n== coverage; `coverage html` shows it by line", flush=True)
    command = (sys.executable, "-m", "coverage", "report", f"--fail-under={FLOOR}")
    return subprocess.run(command, check=False).returncode == 0


def run_on_none() -> tuple[list[Run], bool]:
    """What needs no engine given from here, and whether that covers enough."""
    runs = [run_on(NO_ENGINE, ON_NONE, "--cov", "--cov-report=", processes=2)]
    enough = covered()
    return [*runs, run_on("standalone", (*STANDALONE, *PROPERTIES))], enough


def run_untraced(engines: Mapping[str, Sequence[str]]) -> list[Run]:
    """Engine beside engine, and what needs none with the embedded one: its tests wait, and others compute meanwhile."""
    waiting = EMBEDDED if EMBEDDED in engines else NO_ENGINE
    suites = {**engines, waiting: (*engines.get(waiting, ()), *STANDALONE, *PROPERTIES, *ON_NONE)}
    with ThreadPoolExecutor() as threads:
        runs = [
            threads.submit(run_on, engine, tests, processes=BESIDE if engine == waiting else 1, alone=False)
            for engine, tests in suites.items()
        ]
    return [run.result() for run in runs]


def run_on_each(engines: Mapping[str, Sequence[str]]) -> list[Run]:
    return [run_on(engine, tests) for engine, tests in engines.items()]


def chosen(arguments: list[str]) -> Mapping[str, Sequence[str]]:
    """The engines, each with its tests. Raises ValueError."""
    if not arguments:
        return dict.fromkeys(ENGINES, ON_AN_ENGINE)
    split = [argument.partition("=") for argument in arguments]
    engines = {engine: tests.split(",") if tests else ON_AN_ENGINE for engine, _, tests in split}
    if unknown := engines.keys() - ENGINES.keys():
        raise ValueError(f"no engine {', '.join(sorted(unknown))}; there are: {', '.join(ENGINES)}")
    return engines


def main(arguments: list[str]) -> int:
    traced = NO_COVERAGE not in arguments
    arguments = [argument for argument in arguments if argument != NO_COVERAGE]
    try:
        engines = chosen(arguments)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    missing = {engine: reason for engine in engines if (reason := ENGINES[engine]())}
    there = {engine: tests for engine, tests in engines.items() if engine not in missing}
    if traced:
        runs, enough = run_on_none()
        runs += run_on_each(there)
    else:
        runs, enough = run_untraced(there), True
    print("\n== what ran on what")
    for run in runs:
        print("\n".join(report_of(run)))
    for engine, reason in missing.items():
        print(f"{engine:10} not run: {reason}")
    print(f"{sum(run.outcomes['passed'] for run in runs)} passed, {sum(run.outcomes['failed'] for run in runs)} failed")
    return 0 if all(run.good for run in runs) and enough and not (arguments and missing) else 1


if __name__ == "__main__":
    RESULTS.mkdir(parents=True, exist_ok=True)
    sys.exit(main(sys.argv[1:]))
