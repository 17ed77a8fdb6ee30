"""How long callers go without after a fault: from the fault to the first success of what it concerns.

The faults and the load are those of `make test-chaos`, one process of each service, on the embedded engines and, where
Java is, on Kafka and DynamoDB Local. A pause lasts two seconds longer than a consumer's session (4 s there, 10 s here);
its own time is part of the figure.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.support.chaos_faults import campaigns
from tests.support.chaos_platform import chaos_platform

from benchmarks.runner.figures import Figure
from nexus_devstack.errors import StackError
from nexus_devstack.providers.jvm.provider import require_jvm
from nexus_devstack.settings import load_settings

SEED = 1
BETWEEN_SECONDS = 1.0
LOGS = Path("build/bench")


async def measure() -> list[Figure]:
    LOGS.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240  # before anything runs
    return [figure for infra in _engines() for figure in await _measured(infra)]


def _engines() -> list[str]:
    try:
        require_jvm(load_settings())
    except StackError as error:
        sys.stderr.write(f"only the embedded engines are measured: {error}\n")
        return ["embedded"]
    return ["embedded", "jvm"]


async def _measured(infra: str) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        async with chaos_platform(Path(folder), LOGS / f"recovery-{infra}.log", SEED, infra) as platform:
            async with platform.load().running():
                await platform.served()
                for injection in (one for faults in campaigns(infra).values() for one in faults):
                    await asyncio.sleep(BETWEEN_SECONDS)
                    await platform.suffer(injection)
            return [
                Figure(f"{infra} {fault}: {kind}", seconds, "s")
                for fault, times in platform.recovered.items()
                for kind, seconds in times.items()
            ]
