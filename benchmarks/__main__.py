"""`python -m benchmarks [name ...]`: runs the named benchmarks, by default all, and writes build/bench/<name>.json.

A benchmark is a module of this package with `async def measure() -> list[Figure]`.
"""

import asyncio
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.runner.report import show, write

FOLDER = Path(__file__).parent
RESULTS = Path("build/bench")


def available() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def main(names: list[str]) -> int:
    unknown = set(names) - set(available())
    if unknown:
        sys.stderr.write(f"error: no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(available())}\n")
        return 2
    for name in names or available():
        figures = asyncio.run(import_module(f"benchmarks.{name}").measure())
        show(name, figures)
        print(f"written to {write(name, figures, RESULTS)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
