"""A database, shared by the tests of all that keeps something there: each makes tables of its own."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from nexus_devstack.stack import Stack


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    async with Stack(data_dir=tmp_path_factory.mktemp("data"), ports="free", services=()) as started:
        yield started
