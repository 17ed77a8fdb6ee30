"""Growth and scale: requests at 100, 10,000 and 100,000 projects, memory, reports through 1, 2 and 3 processes.

Projects are written to the tables directly, as their creation would leave them once published. CPU is that of the
services, in y, the idle share included.
"""

from collections.abc import Sequence

import aiohttp
import psutil
from aiobotocore.session import AioSession

from benchmarks import builds, whole_path
from benchmarks.runner.figures import Figure
from benchmarks.runner.load import load
from benchmarks.runner.meter import LOAD_SECONDS, Meter
from benchmarks.runner.platform import platform
from benchmarks.runner.yardstick import Yardstick
from benchmarks.whole_path import AGENT_PROCESSES, WARM_UP, Api, Operation
from nexus_builds.domain import control
from nexus_builds.domain.control import Methods
from nexus_builds.store.projects import ProjectStore
from nexus_contracts.builds.commands import CreateProject
from nexus_devstack.stack import Stack
from nexus_runtime.dynamo import Action, Database
from nexus_runtime.dynamo.model import MAX_ACTIONS
from nexus_runtime.process.clock import new_id, utc_now
from nexus_runtime.process.settings import OwnerSettings

SIZES = (100, 10_000, 100_000)
PROCESSES = 3
REPORTS, SPREAD = 10_000, 50
SERVICES = ("gateway", "builds", "worker", "agents", "stats")
WRITERS = 4


async def measure() -> list[Figure]:
    return [*await _growth(), *await _reports()]


async def _growth() -> list[Figure]:
    figures: list[Figure] = []
    async with platform("scale") as stack, aiohttp.ClientSession(stack.gateway_url) as http:
        yardstick, api = Yardstick(stack.endpoints), Api(http)
        figures += _memory(stack, "at rest")
        for size in SIZES:
            api.projects += await _filled(stack, size - len(api.projects))
            for operation in (wanted := _operations(api)):
                await load(operation.request, clients=2, count=WARM_UP, seconds=LOAD_SECONDS)
            meter = await Meter.at_rest({name: stack.pid(name) for name in stack.supervisor.names}, AGENT_PROCESSES)
            for operation in wanted:
                figures += _shown(size, await whole_path.measured(operation, meter, yardstick))
        figures += _memory(stack, f"after the load on {SIZES[-1]:,} projects")
    return figures


def _operations(api: Api) -> list[Operation]:
    return [one for one in whole_path.operations(api) if one.name in ("get", "list", "create", "control")]


def _shown(size: int, figures: Sequence[Figure]) -> list[Figure]:
    wanted = [one for one in figures if one.unit == "y"]
    return [Figure(f"{size} projects: {one.name}", one.value, one.unit) for one in wanted]


def _memory(stack: Stack, when: str) -> list[Figure]:
    sizes = {name: psutil.Process(stack.pid(name)).memory_info().rss / 2**20 for name in SERVICES}
    return [Figure(f"memory of {name} {when}", size, "MB") for name, size in sizes.items()]


async def _filled(stack: Stack, number: int) -> list[str]:
    """The ids of so many new projects."""
    env = stack.environment("builds")
    session = AioSession()
    session.set_credentials(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"])
    settings = OwnerSettings(aws_region=env["AWS_REGION"], dynamodb_endpoint_url=env["DYNAMODB_ENDPOINT_URL"])
    database = Database(settings)
    await database.start(session)
    ids = [new_id("proj_") for _ in range(number)]
    each = len(_created(database, new_id("proj_")))
    packs = [ids[start : start + MAX_ACTIONS // each] for start in range(0, number, MAX_ACTIONS // each)]

    async def write(pack: int) -> None:
        await database.write(*(action for one in packs[pack] for action in _created(database, one)))

    try:
        await load(write, clients=WRITERS, count=len(packs), seconds=3600)
    finally:
        await database.stop()
    return ids


def _created(database: Database, project_id: str) -> tuple[Action, ...]:
    command = CreateProject(
        command_id=new_id("cmd_"),
        fingerprint="",
        project_id=project_id,
        requirement=whole_path.REQUIREMENT,
        auto_start=False,
    )
    project, _ = control.create(command, utc_now(), Methods())
    return ProjectStore(database).save(None, project, ()).change.actions


async def _reports() -> list[Figure]:
    """Through one process of builds, and then through more."""
    figures: list[Figure] = []
    async with builds.reporting_platform() as (stack, reporting):
        for processes in range(1, PROCESSES + 1):
            if processes > 1:
                await stack.add_replica("builds")
            rate = await builds.throughput(reporting, SPREAD, REPORTS)
            figures.append(Figure(f"reports, processes of builds: {processes}", rate, "1/s"))
    return figures
