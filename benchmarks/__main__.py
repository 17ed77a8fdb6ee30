"""`python -m benchmarks [--on embedded,jvm] [name ...]`: runs the named benchmarks, by default all, on each engine.

Writes build/bench/<name>.json. A benchmark is a module of this package with `async def measure() -> list[Figure]`, on
the engine that NEXUS_INFRA names. Budgets are those of the embedded engine. Every run begins with the
load average, as the machine should be quiet, and with the yardstick y (benchmarks/runner/yardstick.py).
"""

import argparse
import asyncio
import os
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.runner.figures import Figure
from benchmarks.runner.report import show, write
from benchmarks.runner.yardstick import yardstick

FOLDER = Path(__file__).parent
RESULTS = Path("build/bench")
QUIET = 0.5


def available() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


async def _measured(name: str) -> list[Figure]:
    busy = os.getloadavg()[0]
    print(f"load average {busy:.2f}")
    if busy > QUIET:
        print(f"warning: above {QUIET}; the figures of a busy machine compare with nothing, except for those in y")
    before = [Figure("load average before", busy, ""), Figure("y before", await yardstick(), "ms")]
    return [*before, *await import_module(f"benchmarks.{name}").measure()]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--on", default="embedded", help="engines, with commas between them", metavar="ENGINES")
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(available())}")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.names) - set(available()):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(available())}")
    if strange := set(asked.on.split(",")) - {"embedded", "jvm", "docker", "external"}:
        parser.error(f"no engine {', '.join(sorted(strange))}; there are: embedded, jvm, docker, external")
    for name in asked.names or available():
        results: dict[str, list[Figure]] = {}
        for engine in asked.on.split(","):
            os.environ["NEXUS_INFRA"] = engine
            results[engine] = asyncio.run(_measured(name))
        show(name, results)
        print(f"written to {write(name, results, RESULTS)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
