"""The platform for the time of a benchmark, on the engine that NEXUS_INFRA names."""

import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

from nexus_devstack.console import Console
from nexus_devstack.services import SERVICES
from nexus_devstack.stack import Stack

LOGS = Path("build/bench")


@asynccontextmanager
async def platform(
    name: str, *services: str, env: Mapping[str, Mapping[str, str]] | None = None
) -> AsyncGenerator[Stack]:
    """The named services, by default all; `env`: by service. What they print goes to build/bench/<name>.log."""
    wanted = [service for service in SERVICES if not services or service.name in services]
    with tempfile.TemporaryDirectory() as folder, _opened(LOGS / f"{name}.log") as log:
        console = Console(log)
        async with Stack(data_dir=Path(folder), ports="free", env=env, services=wanted, console=console) as stack:
            yield stack


def _opened(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("w", encoding="utf-8")
