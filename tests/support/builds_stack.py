"""The builds service and its worker as processes on embedded broker and database, and a stand-in for the gateway."""

import asyncio
import io
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import TypeAdapter
from tests.support.builds_neighbours import Followers
from tests.support.databases import connected
from tests.support.eventually import eventually
from tests.support.stored import stored

from nexus_builds.domain.reports import WORKER_SOURCE
from nexus_builds.domain.state import Project
from nexus_builds.signing import ReportSigner
from nexus_builds.store.projects import ProjectStore
from nexus_builds.tables import LEDGER, TABLES
from nexus_contracts.builds.commands import ControlProject, CreateProject, DeleteProject
from nexus_contracts.builds.reports import AnyReport
from nexus_contracts.commands import Command
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.history import HistoryEntry
from nexus_contracts.remains import remains
from nexus_contracts.replies import REPLY_PARTITION_HEADER, Reply
from nexus_contracts.topics import BUILDS_COMMANDS, BUILDS_EVENTS, BUILDS_REPORTS
from nexus_devstack.console import Console
from nexus_devstack.ports import free_port
from nexus_devstack.provision import provision_tables
from nexus_devstack.services import Service, program_of
from nexus_devstack.stack import Stack
from nexus_devstack.topics import provision_topics
from nexus_runtime.dynamo import Database
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.kafka.replies import ReplyDesk
from nexus_runtime.ledger.history import History
from nexus_runtime.process.clock import new_id, utc_now
from nexus_runtime.process.service import running
from nexus_runtime.process.settings import ServiceSettings

BUILDS = Service("builds", (sys.executable, "-m", "nexus_builds"), "BUILDS_PORT")
WORKER = Service("worker", (sys.executable, "-m", "nexus_builds.worker"), "WORKER_PORT")
START_SECONDS = 60.0
LINES_TOLD = 200
REQUIREMENT = "an agent that totals the columns of a CSV and answers arithmetic questions"


class BuildsStack:
    """Asks the service as the gateway does, reports as other systems do."""

    def __init__(
        self,
        stack: Stack,
        http: aiohttp.ClientSession,
        bus: Bus,
        desk: ReplyDesk,
        database: Database,
        console: io.StringIO,
    ) -> None:
        self.stack = stack
        self.bus = bus
        self.database = database
        self.store = ProjectStore(database)
        self._signer = ReportSigner(database)
        self._http = http
        self._desk = desk
        self.console = console

    async def start(self, service: Service, name: str | None = None) -> None:
        """Starts a process of the service; returns when it is ready. It comes back when it is killed."""
        port = free_port() if name else self.stack.ports[service.port_setting]
        program = program_of(service, port, self.stack.environment(service.name), name)
        await self.stack.supervisor.start([program], START_SECONDS)

    def said(self, name: str) -> list[str]:
        """The lines that mention the process."""
        return [line for line in self.console.getvalue().splitlines() if name in line]

    async def ask(self, command: Command, project_id: str, request_id: str | None = None, seconds: float = 30) -> Reply:
        """Sends the command and waits for its answer."""
        request_id = request_id or new_id("evt_")
        with self._desk.expect(request_id) as answer:
            event = self.event(command, project_id, request_id)
            address = (REPLY_PARTITION_HEADER, str(self._desk.partition).encode())
            await self.bus.publish(BUILDS_COMMANDS, event, [address])
            async with asyncio.timeout(seconds):
                return await answer

    async def tell(self, report: AnyReport, report_id: str | None = None, source: str = "/ci/acme") -> None:
        """As any system does; in the name of the worker it is signed."""
        event = self.event(report, report.project_id, report_id or new_id("evt_"), source)
        if source.startswith(WORKER_SOURCE):
            event = await self._signer.signed(event)
        await self.bus.publish(BUILDS_REPORTS, event)

    def event(self, message: Any, subject: str, event_id: str, source: str = "/test") -> CloudEvent:
        body = message.model_dump(mode="json", exclude={"type"})
        return CloudEvent(id=event_id, source=source, type=message.type, subject=subject, time=utc_now(), data=body)

    async def create(self, **fields: Any) -> str:
        """The id of a new project."""
        project_id = new_id("proj_")
        usual = {"command_id": new_id("cmd_"), "project_id": project_id, "requirement": REQUIREMENT}
        reply = await self.ask(CreateProject.model_validate({**usual, **fields}), project_id)
        assert reply.status == 201, reply
        return project_id

    async def control(self, project_id: str, action: str) -> Reply:
        fields: Any = {"command_id": new_id("cmd_"), "project_id": project_id, "action": action}
        return await self.ask(ControlProject(**fields), project_id)

    async def delete(self, project_id: str) -> Reply:
        return await self.ask(DeleteProject(command_id=new_id("cmd_"), project_id=project_id), project_id)

    async def get(self, path: str) -> Any:
        async with self._http.get(self.stack.url("builds") + path) as response:
            return await response.json()

    async def project(self, project_id: str) -> Project:
        found = await self.store.load(project_id)
        assert found is not None
        return found

    async def reaches(self, project_id: str, condition: Callable[[Project], bool], seconds: float = 30) -> Project:
        """The project, once it is as the condition wants it; if it never is, what the services printed last is told."""
        try:
            return await eventually(lambda: self.project(project_id), condition, seconds=seconds)
        except AssertionError as error:
            error.add_note("\n".join(self.console.getvalue().splitlines()[-LINES_TOLD:]))
            raise

    async def events(self, project_id: str) -> list[HistoryEntry]:
        return [entry async for entry in History(self.database, LEDGER.history).read(project_id)]

    async def kept_of(self, project_id: str) -> list[Any]:
        """Every item in any table that names the project, but for what is to stay (docs/operations.md).

        That are the answers kept for repeated commands, the audit trail, and of the history what the statistics count.
        """
        found = [item for item in await stored(self.database, TABLES) if project_id in str(item)]
        return [
            one for one in found if one.get("entry") != {"S": "outcome"} and "audit" not in one and not _counted(one)
        ]


_ENTRIES: TypeAdapter[list[HistoryEntry]] = TypeAdapter(list[HistoryEntry])


def _counted(item: dict[str, Any]) -> bool:
    entries = _ENTRIES.validate_json(item["entries"]["S"]) if "entries" in item else []
    return bool(entries) and all(remains(entry) == entry for entry in entries)


@asynccontextmanager
async def builds_stack(
    folder: Path, env: Mapping[str, str] | None = None, followers: Sequence[str] = BUILDS_EVENTS.groups
) -> AsyncGenerator[tuple[BuildsStack, Followers]]:
    """Broker and database with topics and tables, and the other readers of the events; no service runs yet."""
    said = io.StringIO()
    added = {"*": dict(env or {})}
    async with AsyncExitStack() as held:
        stack = Stack(data_dir=folder, ports="free", services=(), env=added, console=Console(said))
        await held.enter_async_context(stack)
        servers = stack.endpoints.kafka_bootstrap_servers
        await provision_topics(stack.endpoints.kafka)
        await provision_tables(stack.endpoints, TABLES)
        settings = ServiceSettings(kafka_bootstrap_servers=servers, kafka_volatile=True)
        bus = Bus(settings, "gateway stand-in")
        desk = ReplyDesk(settings, bus)
        database = await held.enter_async_context(connected(stack))
        http = await held.enter_async_context(aiohttp.ClientSession())
        await held.enter_async_context(running([bus, desk]))
        others = Followers(servers, followers)
        await held.enter_async_context(others.following())
        await eventually(lambda: _connected(bus, desk))
        yield BuildsStack(stack, http, bus, desk, database, said), others


async def _connected(bus: Bus, desk: ReplyDesk) -> bool:
    return bus.reachable and desk.listening
