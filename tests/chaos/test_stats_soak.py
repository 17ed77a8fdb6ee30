"""Statistics under load for a long time, restarted every minute: at the end every figure is that of a recount.

`STATS_SOAK_SECONDS` is how long, by default ten minutes.
"""

import asyncio
import itertools
import os
import sys
import time
from pathlib import Path

import pytest
from tests.support.chaos_faults import killed, paused, restarted
from tests.support.chaos_platform import Platform

SECONDS = float(os.environ.get("STATS_SOAK_SECONDS") or 600)
EVERY_SECONDS = 60.0
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(int(SECONDS) + 600)]


async def test_figures_are_exact_after_a_restart_every_minute(platform: Platform) -> None:
    until = time.monotonic() + SECONDS
    async with platform.load().running():
        await platform.served()
        for fault in itertools.cycle((killed("stats"), restarted("stats"), paused("stats"))):
            left = until - time.monotonic()
            await asyncio.sleep(max(0.0, min(EVERY_SECONDS, left)))
            if left <= EVERY_SECONDS:
                break
            await platform.suffer(fault)
    assert await platform.violations() == []
    assert await verified(platform) == (0, "")


async def verified(platform: Platform) -> tuple[int | None, str]:
    """Exit status of `nexus-admin stats verify`, and what it says where that is not 0."""
    command = Path(sys.executable).with_name("nexus-admin")
    process = await asyncio.create_subprocess_exec(
        *(command, "stats", "verify"),
        env={**os.environ, **platform.stack.environment("stats")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode() if process.returncode else ""
