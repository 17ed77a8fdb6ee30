"""The agents service without broker, HTTP and agents: commands go in, answers come out, the test plays the agent."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.support.bus_fakes import FakeBus
from tests.support.memory_database import MemoryDatabase

from nexus_agents.app import AgentsService, assemble, long_work
from nexus_agents.backends.registry import BackendRegistry
from nexus_agents.domain.backend import (
    AgentAnswer,
    AgentHealth,
    Backend,
    DeployedAgent,
    Deployment,
    InvokeRequest,
    PackageRef,
)
from nexus_agents.domain.backend_errors import AgentFailed, PackageRejected
from nexus_agents.domain.stream import AgentEvent
from nexus_agents.settings import AgentsSettings
from nexus_agents.store.agents import AgentStore
from nexus_agents.store.turns import TurnStore
from nexus_agents.tables import LEASES, LEDGER, WORK
from nexus_contracts.agents.commands import AgentsCommand, CreateSession, DeployAgent
from nexus_contracts.agents.manifest import Manifest, ManifestTool
from nexus_contracts.agents.streams import StreamPart
from nexus_contracts.agents.views import AgentView
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.principal import DEFAULT_TENANT
from nexus_contracts.replies import Reply
from nexus_contracts.topics import AGENTS_EVENTS, AGENTS_STREAMS, GATEWAY_REPLIES, Topic
from nexus_runtime.blobs import MAX_BLOB_BYTES, Blob, BlobMissing
from nexus_runtime.blobs.protocol import blob_of
from nexus_runtime.ledger.inbox import Handled
from nexus_runtime.owner import Owner
from nexus_runtime.process.clock import new_id
from nexus_runtime.work.items import LATER

PROJECT = "proj_" + "0" * 32
AGENT = f"{PROJECT}:tester"
PACKAGE = PackageRef("blob:sha256:" + "1" * 64, "1" * 64)


@dataclass
class Asked:
    """An agent that was asked and has not answered yet."""

    agent: DeployedAgent
    request: InvokeRequest
    answer: asyncio.Future[AgentAnswer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def succeed(self, output: str = "") -> None:
        self.answer.set_result(AgentAnswer(output or f"re: {self.request.prompt}"))

    async def say(self, *events: AgentEvent) -> None:
        """As an agent does that streams; returns when those who listen have heard it."""
        assert self.request.observe is not None
        for event in events:
            await self.request.observe(event)
        await settle()

    def fail(self, code: str = "OUT_OF_INK") -> None:
        self.answer.set_exception(AgentFailed(code, "the pen is dry"))


class PlayedBackend:
    """Agents that answer when the test says so."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.prompts: list[str] = []
        self.deployments: list[tuple[str, PackageRef]] = []
        self.undeployed: list[str] = []
        self.ended_sessions: list[str] = []
        self.holds: list[str] = []
        self.fault: Exception | None = None
        self.rejected: PackageRejected | None = None
        self.gate: asyncio.Event | None = None

    side_by_side = True

    async def try_out(self, content: bytes) -> None:
        if self.rejected is not None:
            raise self.rejected

    async def deploy(self, agent_id: str, package: PackageRef) -> Deployment:
        self.deployments.append((agent_id, package))
        if self.gate is not None:
            await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        manifest = Manifest(
            name="tester", version="1.0.0", category="fun", tools=[ManifestTool(name="pen")], capabilities=["writing"]
        )
        arn = f"played:{agent_id}"
        return Deployment("deployed", False, "not isolated", arn, "DEFAULT", f"{arn}/DEFAULT", "local", manifest)

    async def invoke(self, agent: DeployedAgent, request: InvokeRequest) -> AgentAnswer:
        asked = Asked(agent, request)
        self.asked.append(asked)
        self.prompts.append(request.prompt)
        try:
            return await asked.answer
        finally:
            self.asked = [one for one in self.asked if one is not asked]

    async def check(self, agent: DeployedAgent) -> AgentHealth:
        return AgentHealth("healthy")

    async def end_session(self, agent: DeployedAgent, session_id: str) -> None:
        self.ended_sessions.append(session_id)

    async def undeploy(self, agent_id: str) -> None:
        self.undeployed.append(agent_id)

    async def deployed(self) -> list[str]:
        return self.holds

    async def awake(self) -> list[str]:
        return []

    async def stop(self) -> None:
        return


class _Bus(FakeBus):
    """Takes answers; nothing is published, so events stay in the outbox."""

    def __init__(self, replies: list[Reply], parts: list[StreamPart]) -> None:
        super().__init__()
        self._replies = replies
        self.parts = parts

    async def publish(
        self,
        topic: Topic,
        event: CloudEvent,
        headers: Sequence[tuple[str, bytes | None]] = (),
        partition: int | None = None,
        *,
        hand: bool = False,
    ) -> None:
        del hand
        if topic is AGENTS_STREAMS:
            self.parts.append(StreamPart.model_validate(event.data))
            return
        assert topic is GATEWAY_REPLIES
        self._replies.append(Reply.model_validate(event.data))


class MemoryBlobs:
    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def put(self, content: bytes) -> Blob:
        blob = blob_of(content, MAX_BLOB_BYTES)
        self.contents[blob.uri] = content
        return blob

    async def get(self, uri: str) -> bytes:
        if uri not in self.contents:
            raise BlobMissing(uri)
        return self.contents[uri]


class World:
    """One process at a time on one database; `crash` ends it as a kill does."""

    def __init__(self, replies: list[Reply] | None = None, **settings: Any) -> None:
        usual: dict[str, Any] = {"runner_silent_seconds": 300, "runner_beat_seconds": 60, "shutdown_seconds": 0.5}
        self.settings = AgentsSettings(**usual | settings)
        self.database = MemoryDatabase()
        self.replies: list[Reply] = [] if replies is None else replies
        self.parts: list[StreamPart] = []
        self.backend, self.other_backend = PlayedBackend(), PlayedBackend()
        self.backends = BackendRegistry(
            {"local": partial(_opened, self.backend), "agentcore": partial(_opened, self.other_backend)}, "local"
        )
        self.blobs = MemoryBlobs()
        self.owner, self.service = self.process()

    def process(self) -> tuple[Owner, AgentsService]:
        """Another process on the same tables, which does not work on anything before its engine is started."""
        bus = _Bus(self.replies, self.parts).as_bus()
        owner = Owner(
            "agents",
            self.settings,
            LEDGER,
            AGENTS_EVENTS,
            long_work(self.settings),
            database=self.database.as_database(),
            bus=bus,
        )
        return owner, assemble(self.settings, owner, self.backends, self.blobs)

    @property
    def agents(self) -> AgentStore:
        return self.service.queries.agents

    @property
    def turns(self) -> TurnStore:
        return self.service.queries.turns

    async def start(self) -> None:
        await self.backends.start()
        await self.owner.engine.start()
        await settle()

    async def send(self, command: AgentsCommand, request_id: str | None = None) -> str:
        """Gives the command to the service, as its consumer does; returns the id of the request."""
        handled = Handled(command, request_id or new_id("evt_"), partition=1)
        commands = self.service.commands
        answered = await self.owner.ledger.carry_out(handled, lambda: commands.decide(command, handled.address))
        if answered.status != 202:
            self.replies.append(answered)
        await settle()
        return handled.request_id

    def answers(self, request_id: str) -> list[Reply]:
        return [one for one in self.replies if one.request_id == request_id]

    async def ask(self, command: AgentsCommand) -> Reply:
        """The answer to a command that is answered without an agent's doing."""
        (answered,) = self.answers(await self.send(command))
        return answered

    async def deploy(self, agent_id: str = AGENT, **fields: Any) -> Reply:
        project_id, agent_name = agent_id.split(":")
        usual = {"command_id": new_id("c"), "package_uri": PACKAGE.uri, "package_sha256": PACKAGE.sha256}
        named = {"agent_id": agent_id, "project_id": project_id, "agent_name": agent_name}
        return await self.ask(DeployAgent.model_validate(usual | named | fields))

    async def view(self, agent_id: str = AGENT) -> AgentView:
        (view,) = await self.agents.views([agent_id], DEFAULT_TENANT)
        return view

    async def crash(self) -> list[Asked]:
        """The process is gone and another one has started. Returns who had been asked and never gets to answer."""
        asked, self.backend.asked = self.backend.asked, []
        await kill_tasks()
        await self.recover()
        return asked

    async def pause(self) -> list[Asked]:
        """The process stands still, is taken for dead and replaced; what it asked may still be answered to it."""
        asked, self.backend.asked = self.backend.asked, []
        await self.owner.engine.sweeper.stop()
        await self.recover()
        return asked

    async def recover(self) -> None:
        """Another process starts and sees that the others are silent."""
        self.database.tables[LEASES.name].clear()
        self.owner, self.service = self.process()
        await self.start()
        await self.sweep()

    async def sweep(self) -> None:
        self.owner.engine.sweeper.look_soon()
        await self.owner.engine.sweeper.look()
        await settle()

    def work(self, kind: str) -> list[Any]:
        """Long work of this kind that has not ended, and is not waiting for its turn."""
        return [item for item in self.database.items(WORK) if item["kind"] == kind and item["runner"] != LATER]

    async def events(self, aggregate: str) -> list[str]:
        return [entry.type.split(".", 1)[1] async for entry in self.owner.history.read(aggregate)]


async def _opened(backend: Backend) -> Backend:
    return backend


async def settle() -> None:
    """Lets everything run that can run."""
    for _ in range(200):
        await asyncio.sleep(0)


SESSION = "sess_" + "5" * 32


@asynccontextmanager
async def world_with_session() -> AsyncGenerator[World]:
    """With AGENT deployed, and SESSION with it."""
    made = World()
    await made.start()
    await made.deploy()
    await made.ask(CreateSession(command_id=new_id("c"), session_id=SESSION, agent_id=AGENT))
    yield made
    await kill_tasks()


async def kill_tasks() -> None:
    """Everything that was under way ends without a trace."""
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def error_of(answer: Reply) -> tuple[str, Any]:
    assert answer.error is not None
    return answer.error.code, answer.error.details
