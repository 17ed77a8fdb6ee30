"""The embedded platform for the time of a benchmark; what it prints goes to build/bench/<name>.log."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

from nexus_devstack.console import Console
from nexus_devstack.services import SERVICES
from nexus_devstack.stack import Stack

LOGS = Path("build/bench")


@asynccontextmanager
async def platform(name: str, *services: str) -> AsyncGenerator[Stack]:
    """The named services, by default all."""
    wanted = [service for service in SERVICES if not services or service.name in services]
    with tempfile.TemporaryDirectory() as folder, _opened(LOGS / f"{name}.log") as log:
        console = Console(log)
        async with Stack(
            data_dir=Path(folder), infra="embedded", ports="free", services=wanted, console=console
        ) as stack:
            yield stack


def _opened(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("w", encoding="utf-8")
