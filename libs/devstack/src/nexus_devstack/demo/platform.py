"""The platform that the demo uses: the one running here, or one started for it."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

from nexus_devstack.console import Console
from nexus_devstack.data_folder import is_held
from nexus_devstack.demo.gateway import is_platform
from nexus_devstack.demo.screen import Screen
from nexus_devstack.errors import StackError
from nexus_devstack.settings import Settings
from nexus_devstack.stack import Stack

LOG_NAME = "demo.log"
OTHER_START_SECONDS = 45.0


async def _wait_for_other_run(settings: Settings, url: str) -> None:
    deadline = time.monotonic() + OTHER_START_SECONDS
    while not await is_platform(url):
        if time.monotonic() > deadline:
            raise StackError(f"another process uses {settings.data_dir}, but no platform answers at {url}")
        if not is_held(settings.data_dir):
            return
        await asyncio.sleep(0.3)


@asynccontextmanager
async def running_platform(settings: Settings, screen: Screen) -> AsyncGenerator[str, None]:
    """The gateway's URL; a platform started for the demo is stopped on leaving."""
    url = f"http://{settings.address_of('gateway')}:{settings.gateway_port}"
    if is_held(settings.data_dir):
        await _wait_for_other_run(settings, url)
    if await is_platform(url):
        screen.line(f"the platform is already running at {url}")
        yield url
        return
    async with _own_platform(settings, screen) as stack:
        yield stack.gateway_url


@asynccontextmanager
async def _own_platform(settings: Settings, screen: Screen) -> AsyncGenerator[Stack, None]:
    log = settings.data_dir.absolute() / LOG_NAME
    began = time.monotonic()
    with _opened(log) as stream:
        stack = Stack(settings=settings, console=Console(stream, settings.log_format))
        async with stack:
            screen.line(f"the platform is up after {time.monotonic() - began:.1f} s; its log: {log}")
            yield stack
            screen.line("stopping the platform that was started for this demo")


def _opened(log: Path) -> TextIO:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        return log.open("w", encoding="utf-8", buffering=1)
    except OSError as error:
        raise StackError(f"cannot write {log} (NEXUS_DATA_DIR): {error.strerror}") from None
