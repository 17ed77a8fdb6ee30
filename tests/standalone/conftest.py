"""A work bench for agents of this machine."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from tests.support.local_backends import Bench, opened_bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncGenerator[Bench]:
    async with opened_bench(tmp_path) as bench:
        yield bench
