"""Changes each owner's domain bit by bit and tells which changes no unit or property test notices.

    python scripts/test_mutation.py [stats] [builds] [agents] [--seconds N] [--only PATTERN]      by default all of them

mutmut makes the mutants: a copy of the domain under build/mutation holds them beside the original. One pytest session
collects the tests and forks: once for each test, to see that it passes and what it reaches, then for each mutant, which
runs the tests that reach it, beginning with those that have found others in its function.

A mutant is killed when a test fails, alone, that passes without it. A test that takes far too long is tried again with
more time. Verdicts hold while the sources and the tests stay the same, so a run that was cut short is completed by the
next; after a change each mutant is tried again, first with the test that killed it before.
"""

import argparse
import difflib
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any

import pytest
from mutmut.mutation import trampoline
from mutmut.mutation.file_mutation import mutate_file_contents

BUILT = Path("build/mutation")
PLUGINS = ("asyncio", "timeout", "hypothesispytest")
"""The others are not loaded: they would slow down every test."""
LOOPING, WAITING = (0.5, 10), (20.0, 50)
"""Seconds of work, and of time, that a test may take, and in addition so many times what it takes without a mutant."""
PATIENCE = 3
KILLED, TIMED_OUT, SURVIVED = "killed", "timed out", "survived"


@dataclass(frozen=True)
class Area:
    """The tests that should notice the mutants of an owner, as patterns from tests/.

    `left_out`: how the names of those begin that are of other parts, or take very long. They reach the domain, too, and
    every survivor would have to wait for them.
    """

    tests: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    def files(self) -> list[Path]:
        return sorted(path for one in self.tests for path in Path("tests").glob(one))


AREAS = {
    "stats": Area(
        ("unit/stats", "property/test_stats_*.py"),
        ("property/test_stats_figures.py::test_c",),  # consumers and crashes
    ),
    "builds": Area(
        ("unit/builds", "property/test_builds_progress.py"),
        tuple(f"unit/builds/test_builds_{name}" for name in ("killed", "port", "work")),
    ),
    "agents": Area(
        ("unit/agents",),
        tuple(f"unit/agents/test_{name}" for name in ("agentcore", "channel", "door", "packages", "process_pool")),
    ),
}


@dataclass
class Book:
    """What is known of an owner's mutants while sources and tests stay the same; afterwards it is only a hint.

    `changes`: what each mutant changes. `took`: the seconds of each test. `reaching`: the tests that reach a function.
    `ended`: how a mutant ended. `noticed`: the test that noticed it, now or in an earlier state of the code.
    """

    code: str
    changes: dict[str, list[str]]
    took: dict[str, float] = field(default_factory=dict[str, float])
    reaching: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    ended: dict[str, str] = field(default_factory=dict[str, str])
    noticed: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def open(cls, owner: str) -> "Book":
        path, code = BUILT / owner / "book.json", fingerprint(owner)
        stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if stored.get("code") == code:
            return cls(**stored)
        return cls(code, mutate(owner), noticed=stored.get("noticed", {}))

    def save(self, owner: str) -> None:
        path = BUILT / owner / "book.json"
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps(asdict(self)), encoding="utf-8")
        beside.replace(path)


class Functions:
    """The functions that have mutants; in a process one of them at most is replaced, by one mutant."""

    def __init__(self) -> None:
        self._kept: list[tuple[FunctionType, Mapping[str, Any]]] = []

    def keep(self, mutants: Mapping[str, Any], is_classmethod: bool = False) -> Callable[[FunctionType], FunctionType]:
        """Takes the place of mutmut's decorator, which would ask at every call which mutant is wanted."""

        def kept(function: FunctionType) -> FunctionType:
            self._kept.append((function, mutants))
            return function

        return kept

    def load(self, modules: set[str]) -> None:
        trampoline.wrap_in_trampoline = self.keep  # pyright: ignore[reportAttributeAccessIssue]
        with warnings.catch_warnings(action="ignore"):  # many a mutant is a strange comparison
            for module in sorted(modules):
                import_module(module)

    def names(self) -> dict[int, str]:
        """By the ids of their code objects."""
        return {
            id(function.__code__): f"{function.__module__}.{_function(mutants['_mutmut_orig'].__name__)}"
            for function, mutants in self._kept
        }

    def replace(self, mutant: str) -> None:
        module, _, name = mutant.rpartition(".")
        for function, mutants in self._kept:
            if function.__module__ == module and name in mutants:
                changed = getattr(mutants[name], "__func__", mutants[name])
                function.__code__ = changed.__code__
                function.__defaults__, function.__kwdefaults__ = changed.__defaults__, changed.__kwdefaults__
                return
        raise LookupError(mutant)


def _function(mutant: str) -> str:
    return mutant.partition("__mutmut")[0]


class Trials:
    """A plugin of pytest that tries mutants in place of running the tests once."""

    def __init__(self, owner: str, book: Book, functions: Functions, mutants: Sequence[str], seconds: float) -> None:
        self._owner, self._book, self._functions = owner, book, functions
        self._mutants, self._seconds = mutants, seconds
        self._killers: defaultdict[str, list[str]] = defaultdict(list)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._session = session
        self._items = {item.nodeid: item for item in session.items}
        if not self._book.took:
            self._measure()
        self._book.save(self._owner)
        ends = time.monotonic() + self._seconds
        try:
            for number, mutant in enumerate(self._mutants, 1):
                if time.monotonic() > ends:
                    break
                self._try(mutant)
                if number % 50 == 0:
                    self._book.save(self._owner)
                    print(f"{self._owner}: {number} of {len(self._mutants)}", file=sys.stderr, flush=True)
        finally:
            self._book.save(self._owner)
        return True

    def _measure(self) -> None:
        """Runs each test alone, without a mutant: what it reaches, and how long it takes."""
        names, took = self._functions.names(), dict[str, float]()
        for test in self._items:
            began = time.monotonic()
            told, code = forked(lambda writing, test=test: self._traced(writing, test))
            if code:
                pytest.exit(f"error: {test} fails alone, without any mutant", returncode=1)
            took[test] = time.monotonic() - began
            for one in {names[int(found)] for found in told.split() if int(found) in names}:
                self._book.reaching.setdefault(one, []).append(test)
        self._book.took = took

    def _traced(self, writing: int, test: str) -> None:
        reached: set[int] = set()

        def note(frame: FrameType, event: str, argument: object) -> None:
            reached.add(id(frame.f_code))

        threading.setprofile(note)
        sys.setprofile(note)
        self._run(test)
        sys.setprofile(None)
        os.write(writing, " ".join(str(one) for one in reached).encode())

    def _try(self, mutant: str) -> None:
        tests, ended = self._ordered(mutant), SURVIVED
        while tests and ended == SURVIVED:
            ran, ended = self._attempt(mutant, tests)
            if ended == SURVIVED:
                break
            noticed, tests = tests[ran - 1], tests[ran:]
            if ran > 1 or ended == TIMED_OUT:
                # Alone: what the tests before it have left behind is not the mutant's doing.
                _, ended = self._attempt(mutant, [noticed], patience=PATIENCE)
            if ended != SURVIVED:
                self._remember(mutant, noticed)
        self._book.ended[mutant] = ended

    def _ordered(self, mutant: str) -> list[str]:
        function = _function(mutant)
        reaching = sorted(self._book.reaching.get(function, []), key=lambda test: self._book.took[test])
        first = [self._book.noticed.get(mutant), *self._killers[function]]
        return list(dict.fromkeys([*(test for test in first if test and test in reaching), *reaching]))

    def _remember(self, mutant: str, noticed: str) -> None:
        self._book.noticed[mutant] = noticed
        killers = self._killers[_function(mutant)]
        if noticed in killers:
            killers.remove(noticed)
        killers.insert(0, noticed)

    def _attempt(self, mutant: str, tests: Sequence[str], patience: int = 1) -> tuple[int, str]:
        """How many tests began, and how the last of them ended."""
        told, code = forked(lambda writing: self._mutated(writing, mutant, tests, patience))
        assert told, f"{mutant} could not be tried"
        return len(told), {0: SURVIVED, -signal.SIGPROF: TIMED_OUT, -signal.SIGALRM: TIMED_OUT}.get(code, KILLED)

    def _mutated(self, writing: int, mutant: str, tests: Sequence[str], patience: int) -> None:
        self._functions.replace(mutant)
        for test in tests:
            for timer, (least, times) in ((signal.ITIMER_PROF, LOOPING), (signal.ITIMER_REAL, WAITING)):
                signal.setitimer(timer, patience * (least + times * self._book.took[test]))
            os.write(writing, b".")
            self._run(test)

    def _run(self, test: str) -> None:
        item = self._items[test]
        item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
        if self._session.testsfailed:
            raise SystemExit(1)


def forked(work: Callable[[int], None]) -> tuple[bytes, int]:
    """What a copy of this process writes while it does the work, and the code that it ends with."""
    reading, writing = os.pipe()
    if child := os.fork():
        os.close(writing)
        with open(reading, "rb") as stream:
            told = stream.read()
        return told, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        work(writing)
        code = 0
    finally:
        os._exit(code)


def mutate(owner: str) -> dict[str, list[str]]:
    """Writes the copy with the mutants. What each one changes, by its name."""
    source, target = Path("services", owner, "src").resolve(), (BUILT / owner / "src").resolve()
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    found: dict[str, list[str]] = {}
    with chdir(source.parent):  # where mutmut looks for what to mutate, although it is told
        for path in sorted(target.glob("*/domain/**/*.py")):
            made = mutate_file_contents(str(path), path.read_text(encoding="utf-8"))
            path.write_text(made.code, encoding="utf-8")
            module, lines = ".".join(path.relative_to(target).with_suffix("").parts), made.code.splitlines()
            text = {
                name: [line.replace(name, _function(name)) for line in lines[span.start - 1 : span.end]]
                for name, span in made.line_span_by_function_name.items()
            }
            for name in made.mutant_names:
                original = text[f"{_function(name)}__mutmut_orig"]
                found[f"{module}.{name}"] = [*difflib.unified_diff(original, text[name], n=0, lineterm="")][3:]
    return found


def fingerprint(owner: str) -> str:
    """Of the sources and the tests on which verdicts rest."""
    roots = [Path("services", owner, "src"), *sorted(Path("libs").glob("*/src")), Path("tests/support")]
    roots += [Path("tests/conftest.py"), *AREAS[owner].files()]
    files = (path for root in roots for path in ([root] if root.is_file() else sorted(root.rglob("*"))))
    digest = hashlib.sha256()
    for path in files:
        if path.is_file() and path.suffix != ".pyc":
            digest.update(f"{path}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def run(owner: str, seconds: float, only: Sequence[str]) -> None:
    book = Book.open(owner)
    wanted = [name for name in book.changes if not only or any(fnmatch(name, one) for one in only)]
    left = [name for name in wanted if name not in book.ended]
    sys.path.insert(0, str((BUILT / owner / "src").resolve()))
    functions = Functions()
    functions.load({name.rpartition(".")[0] for name in book.changes})
    trials = Trials(owner, book, functions, left, seconds)
    if code := pytest.main([*arguments(owner)], plugins=[trials]) if left else 0:
        raise SystemExit(code)
    report(owner, book, wanted)


def arguments(owner: str) -> Iterator[str]:
    area = AREAS[owner]
    yield from (str(path) for path in area.files())
    yield from (f"--deselect=tests/{name}" for name in area.left_out)
    yield from (f"-p{name}" for name in (*PLUGINS, "no:cacheprovider"))
    # No limit but ours; no help for whoever reads failures, which nobody does; what a test prints goes nowhere.
    yield from ("-otimeout=0", "--assert=plain", "--tb=native", "-qqs", "--hypothesis-profile=mutation")


def report(owner: str, book: Book, wanted: Sequence[str]) -> None:
    """Prints every mutant that no test noticed, and how many ended how."""
    tried = [name for name in wanted if name in book.ended]
    for name in tried:
        if book.ended[name] == SURVIVED:
            print(f"\n{name}", *book.changes[name], sep="\n")
    counts = Counter(book.ended[name] for name in tried)
    counted = ", ".join(f"{counts[ended]} {ended}" for ended in (KILLED, TIMED_OUT, SURVIVED))
    print(f"\n== {owner}: {len(tried)} of {len(wanted)} mutants tried: {counted}")


def main() -> None:
    options = argparse.ArgumentParser(description="Mutation tests of the domains.")
    options.add_argument("owners", nargs="*", metavar="owner", help=f"of {', '.join(AREAS)}; by default all")
    options.add_argument("--seconds", type=float, default=float("inf"), help="for each owner (default: no limit)")
    options.add_argument("--only", action="append", default=[], help="mutants, such as 'nexus_builds.domain.control*'")
    chosen = options.parse_args()
    if unknown := set(chosen.owners) - AREAS.keys():
        options.error(f"no owner {', '.join(sorted(unknown))}; there are: {', '.join(AREAS)}")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for owner in chosen.owners or AREAS:
        # In a process of its own: each owner's modules, and each session of pytest, are there once.
        running = multiprocessing.Process(target=run, args=(owner, chosen.seconds, chosen.only))
        running.start()
        running.join()
        if running.exitcode:
            raise SystemExit(running.exitcode)


if __name__ == "__main__":
    main()
