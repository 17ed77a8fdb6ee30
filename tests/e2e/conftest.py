"""One platform for all end-to-end tests: real processes on the chosen infrastructure, its own ports and folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from tests.support.client import Client

from nexus_devstack.stack import Stack

STEP_SECONDS = "0.15"
"""Steps take this long at least, so that a build can be caught in the middle."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    data_dir: Path = tmp_path_factory.mktemp("platform")
    env = {"worker": {"WORKER_STEP_SECONDS": STEP_SECONDS}}
    async with Stack(data_dir=data_dir, ports="free", env=env) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client(stack: Stack) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield Client(session, stack.gateway_url)
