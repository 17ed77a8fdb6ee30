"""One platform for each module, whose history and logs stay in build/chaos/<engines>-<seed>."""

import os
import secrets
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from tests.support.chaos_platform import Platform, chaos_platform

INFRA = os.environ.get("NEXUS_INFRA") or "embedded"
SEED = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(10**6))
FOLDER = Path("build/chaos") / f"{INFRA}-{SEED}"
RECOVERED: dict[str, dict[str, float]] = {}
"""By module and fault: modules have faults of the same name, with one broker and with three."""
COUNTED: list[str] = []


def pytest_report_header() -> str:
    return f"chaos: {INFRA}, CHAOS_SEED={SEED}, history and logs in {FOLDER}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> AsyncGenerator[Platform]:
    """With one broker, or as many as the module names in BROKERS."""
    folder = FOLDER / request.path.stem
    brokers: int = getattr(cast("Any", request).module, "BROKERS", 1)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    data = tmp_path_factory.mktemp("platform")
    async with chaos_platform(data, folder / "platform.log", SEED, INFRA, brokers) as started:
        try:
            yield started
        finally:
            RECOVERED.update({f"{request.path.stem}: {fault}": times for fault, times in started.recovered.items()})
            asked = f"{len(started.history.operations)} operations, {started.records} events on the topics"
            COUNTED.append(f"{request.path.stem}: {asked}, {started.repeated} of them repetitions")
            started.history.write(folder / "history.jsonl")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Seconds from each fault to the first success of each kind of operation that it concerns."""
    for line in COUNTED:
        terminalreporter.line(line)
    if not RECOVERED:
        return
    kinds = list(dict.fromkeys(kind for times in RECOVERED.values() for kind in times))
    terminalreporter.section(f"recovery in seconds, {INFRA}, CHAOS_SEED={SEED}")
    width = max(map(len, RECOVERED)) + 1
    terminalreporter.line(f"{'fault':<{width}}" + "".join(f"{kind:>9}" for kind in kinds))
    for fault, times in RECOVERED.items():
        cells = (f"{times[kind]:9.1f}" if kind in times else f"{'':9}" for kind in kinds)
        terminalreporter.line(f"{fault:<{width}}" + "".join(cells))
