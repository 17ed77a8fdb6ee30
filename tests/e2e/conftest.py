"""One platform for all end-to-end tests: real processes on the chosen infrastructure, its own ports and folder."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from tests.support.client import Client
from tests.support.model_wire import Wire, model_wire
from tests.support.scripted_model import vowels_script

from nexus_devstack.stack import Stack

STEP_SECONDS = "0.15"
"""Steps take this long at least, so that a build can be caught in the middle."""


@pytest.fixture(scope="package")
def wire() -> Iterator[Wire]:
    """The language model of the platform: for projects that choose to be built by one."""
    script = vowels_script()
    brief: Any = script["Brief"]
    with model_wire({**script, "Brief": {**brief, "questions": ["Is y a vowel?"]}}) as served:
        yield served


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory, wire: Wire) -> AsyncIterator[Stack]:
    data_dir: Path = tmp_path_factory.mktemp("platform")
    offer = {"name": "openai:played", "base_url": f"{wire.url}/v1", "input_usd": 1.0, "output_usd": 10.0}
    built = {"MODELS": json.dumps([offer]), "BUILD_METHOD": "rules"}
    env = {"builds": built, "worker": {"WORKER_STEP_SECONDS": STEP_SECONDS, **built}}
    async with Stack(data_dir=data_dir, ports="free", env=env) as running:
        yield running


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def client(stack: Stack) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield Client(session, stack.gateway_url)
