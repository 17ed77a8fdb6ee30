"""How long callers go without after a fault: from the fault to the first success of what it concerns.

The faults and the load are those of `make test-chaos`, with one process of each service; each is replaced while it
runs, too. A pause lasts two seconds longer than a consumer's session; its own time is part of the figure.
"""

import asyncio
import os
import tempfile
from pathlib import Path

from tests.support.chaos_faults import SERVICES, campaigns, replaced
from tests.support.chaos_platform import chaos_platform

from benchmarks.runner.figures import Figure
from benchmarks.runner.platform import LOGS

SEED = 1
BETWEEN_SECONDS = 1.0


async def measure() -> list[Figure]:
    LOGS.mkdir(parents=True, exist_ok=True)
    infra = os.environ.get("NEXUS_INFRA") or "embedded"
    with tempfile.TemporaryDirectory() as folder:
        async with chaos_platform(Path(folder), LOGS / "recovery.log", SEED, infra) as platform:
            async with platform.load().running():
                await platform.served()
                faults = [*campaigns(infra).values(), [replaced(name) for name in SERVICES]]
                for injection in (one for kind in faults for one in kind):
                    await asyncio.sleep(BETWEEN_SECONDS)
                    await platform.suffer(injection)
            return [
                Figure(f"{fault} {kind}", seconds, "s")
                for fault, times in platform.recovered.items()
                for kind, seconds in times.items()
            ]
