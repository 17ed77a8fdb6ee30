"""The agents service as a process on embedded broker and database, and a stand-in for the gateway."""

import asyncio
import secrets
import sys
import zlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import BaseModel
from tests.support.agent_packages import talker
from tests.support.eventually import eventually

from nexus_agents.tables import TABLES
from nexus_contracts.agents.commands import CreateSession, DeployAgent, InvokeAgent, PostMessage
from nexus_contracts.commands import Command
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.replies import REPLY_PARTITION_HEADER, Reply
from nexus_contracts.topics import AGENTS_COMMANDS, Topic
from nexus_devstack.provision import provision_tables
from nexus_devstack.services import Service, program_of
from nexus_devstack.stack import Stack
from nexus_devstack.topics import provision_topics
from nexus_runtime.blobs import DirectoryBlobStore
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.kafka.replies import ReplyDesk
from nexus_runtime.process.clock import new_id, utc_now
from nexus_runtime.process.settings import ServiceSettings

AGENTS = Service("agents", (sys.executable, "-m", "nexus_agents"), "AGENTS_PORT")
START_SECONDS = 60.0


@dataclass(frozen=True)
class Agent:
    project_id: str
    agent_id: str


class AgentsStack:
    """Asks the service as the gateway does."""

    def __init__(self, stack: Stack, http: aiohttp.ClientSession, bus: Bus, desk: ReplyDesk) -> None:
        self.stack = stack
        self._http = http
        self._bus = bus
        self._desk = desk

    async def start_service(self, name: str = "agents") -> None:
        """Starts a process of the service; returns when it is ready. It comes back when it is killed."""
        port = self.stack.ports[AGENTS.port_setting]
        if name != "agents":
            port = self.stack.ports["WORKER_PORT"]
        env = self.stack.environment("agents")
        await self.stack.supervisor.start([program_of(AGENTS, port, env, name)], START_SECONDS)

    async def get(self, path: str) -> tuple[int, Any]:
        """Status and body of a query; the service may be unavailable for a while."""

        async def answer() -> tuple[int, Any]:
            async with self._http.get(self.stack.url("agents") + path) as response:
                return response.status, await response.json()

        return await eventually(answer, seconds=START_SECONDS, despite=(aiohttp.ClientError,))

    async def ask(self, command: Command, key: str, seconds: float = 30.0) -> Reply:
        """Sends the command and waits for its answer."""
        request_id = new_id("evt_")
        with self._desk.expect(request_id) as answer:
            await self.publish(AGENTS_COMMANDS, command, key, request_id)
            async with asyncio.timeout(seconds):
                return await answer

    async def publish(self, topic: Topic, message: BaseModel, key: str, message_id: str | None = None) -> None:
        event = CloudEvent(
            id=message_id or new_id("evt_"),
            source="/test",
            type=getattr(message, "type"),  # noqa: B009  # every message has one
            subject=key,
            time=utc_now(),
            data=message.model_dump(mode="json"),
        )
        await self._bus.publish(topic, event, [(REPLY_PARTITION_HEADER, str(self._desk.partition).encode())])

    async def deployment(self, agent: Agent, content: bytes) -> DeployAgent:
        store = DirectoryBlobStore(self.stack.data_dir / "packages")
        blob = await store.put(content)
        return DeployAgent(
            command_id=secrets.token_hex(8),
            agent_id=agent.agent_id,
            project_id=agent.project_id,
            agent_name="tester",
            package_uri=blob.uri,
            package_sha256=blob.sha256,
        )

    async def upload(self, content: bytes, key: str | None = None) -> tuple[int, Any]:
        """Status and body of the answer to a package, uploaded as the gateway does."""
        query = {"command_id": key or secrets.token_hex(8), "fingerprint": str(zlib.crc32(content))}
        url = self.stack.url("agents") + "/packages"
        async with self._http.post(url, params=query, data=content) as response:
            return response.status, await response.json()

    async def deployed(self, content: bytes | None = None) -> Agent:
        agent = new_agent()
        answer = await self.ask(await self.deployment(agent, content or talker()), agent.agent_id)
        assert answer.status == 201, answer
        return agent

    async def session(self, agent: Agent) -> str:
        session_id = new_id("sess_")
        command = CreateSession(command_id=secrets.token_hex(8), session_id=session_id, agent_id=agent.agent_id)
        assert (await self.ask(command, session_id)).status == 201
        return session_id

    async def post(self, session_id: str, text: str, seconds: float = 30.0) -> Reply:
        command = PostMessage(
            command_id=secrets.token_hex(8), session_id=session_id, invocation_id=new_id("inv_"), content=text
        )
        return await self.ask(command, session_id, seconds)

    async def said(self, session_id: str) -> list[tuple[int, str]]:
        _, page = await self.get(f"/sessions/{session_id}/messages?limit=200")
        return [(item["sequence"], item["content"]) for item in page["items"]]

    async def running(self, agent: Agent) -> bool:
        """Whether an invocation of the agent runs now."""
        status, page = await self.get(f"/agents/{agent.agent_id}/invocations")
        return status == 200 and any(item["status"] == "running" for item in page["items"])


def new_agent() -> Agent:
    project_id = "proj_" + secrets.token_hex(16)
    return Agent(project_id, f"{project_id}:tester")


def invocation(agent: Agent, text: str, **fields: Any) -> InvokeAgent:
    usual = {"command_id": secrets.token_hex(8), "agent_id": agent.agent_id, "invocation_id": new_id("inv_")}
    return InvokeAgent.model_validate({**usual, "input_text": text, **fields})


@asynccontextmanager
async def agents_stack(folder: Path) -> AsyncGenerator[AgentsStack]:
    """Broker, database and one process of the service."""
    async with Stack(data_dir=folder, ports="free", services=()) as stack:
        await provision_topics(stack.endpoints.kafka)
        await provision_tables(stack.endpoints, TABLES)
        servers = stack.endpoints.kafka_bootstrap_servers
        settings = ServiceSettings(kafka_bootstrap_servers=servers, kafka_volatile=True)
        bus = Bus(settings, "gateway stand-in")
        desk = ReplyDesk(settings, bus)
        async with aiohttp.ClientSession() as http:
            await bus.start()
            await desk.start()
            asker = AgentsStack(stack, http, bus, desk)
            try:
                await asker.start_service()
                await eventually(lambda: _connected(bus, desk))
                yield asker
            finally:
                await desk.stop()
                await bus.stop()


async def _connected(bus: Bus, desk: ReplyDesk) -> bool:
    return bus.reachable and desk.listening
