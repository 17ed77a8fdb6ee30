"""The agents service without broker, HTTP and agents: commands go in, answers come out, the test plays the agent."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from tests.support.memory_database import MemoryDatabase

from nexus_agents.app import Works, assemble
from nexus_agents.domain.backend import (
    AgentAnswer,
    AgentHealth,
    DeployedAgent,
    Deployment,
    InvokeRequest,
    PackageRef,
)
from nexus_agents.domain.backend_errors import AgentFailed
from nexus_agents.settings import AgentsSettings
from nexus_agents.tables import LEASES, LEDGER
from nexus_contracts.agents.commands import AgentsCommand, DeployAgent
from nexus_contracts.agents.manifest import Manifest, ManifestTool
from nexus_contracts.history import HistoryEntry
from nexus_contracts.replies import Outcome, Reply
from nexus_runtime.kafka.replies import Replier, ReplyAddress
from nexus_runtime.ledger.history import History
from nexus_runtime.ledger.inbox import Handled, Inbox
from nexus_runtime.ledger.ledger import Ledger
from nexus_runtime.ledger.outbox import Outbox
from nexus_runtime.ledger.relay import Relay
from nexus_runtime.owner import Owner
from nexus_runtime.process.clock import new_id, utc_now

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

    def fail(self, code: str = "OUT_OF_INK") -> None:
        self.answer.set_exception(AgentFailed(code, "the pen is dry"))


class PlayedBackend:
    """Agents that answer when the test says so."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.prompts: list[str] = []
        self.deployments: list[tuple[str, PackageRef]] = []
        self.undeployed: list[str] = []
        self.fault: Exception | None = None
        self.gate: asyncio.Event | None = None

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

    async def undeploy(self, agent_id: str) -> None:
        self.undeployed.append(agent_id)

    async def stop(self) -> None:
        return


class _SilentRelay:
    def announce(self, aggregate: str, entries: Sequence[HistoryEntry]) -> None:
        del aggregate, entries


@dataclass
class _Replies:
    sent: list[Reply]

    async def send(self, partition: int | None, reply: Reply) -> None:
        if partition is not None:
            self.sent.append(reply)


class World:
    """One process at a time on one database; `crash` ends it as a kill does."""

    def __init__(self) -> None:
        self.database = MemoryDatabase()
        self.replies: list[Reply] = []
        self.backend = PlayedBackend()
        self.works = self._works()

    def _works(self) -> Works:
        database = self.database.as_database()
        history, outbox = History(database, LEDGER.history), Outbox(database, LEDGER.outbox)
        inbox = Inbox(database, LEDGER.inbox)
        ledger = Ledger(inbox, history, outbox, cast(Relay, _SilentRelay()), database, utc_now)
        parts: Any = _Owner(database, history, outbox, ledger, cast(Replier, _Replies(self.replies)))
        settings = AgentsSettings(runner_silent_seconds=300, runner_beat_seconds=60)
        self.ledger, self.history, self.outbox = ledger, history, outbox
        return assemble(settings, cast(Owner, parts), self.backend)

    async def start(self) -> None:
        await self.works.runner.start()
        await settle()

    async def send(self, command: AgentsCommand, request_id: str | None = None) -> str:
        """Gives the command to the service, as its consumer does; returns the id of the request."""
        handled = Handled(command, request_id or new_id("evt_"))
        address = ReplyAddress(partition=1, request_id=handled.request_id, command_id=command.command_id)
        answered = await self.ledger.carry_out(handled, lambda: self.works.commands.decide(command, address))
        if answered.status == 202:
            outcome = Outcome(status=202, result=answered.result)
            await self.works.commands.follow(outcome, address)
        else:
            self.replies.append(answered)
        await settle()
        return handled.request_id

    def answers(self, request_id: str) -> list[Reply]:
        return [one for one in self.replies if one.request_id == request_id]

    async def ask(self, command: AgentsCommand) -> Reply:
        """The answer to a command that is answered without an agent's doing."""
        (answered,) = self.answers(await self.send(command))
        return answered

    async def deploy(self, agent_id: str = AGENT) -> Reply:
        project_id, agent_name = agent_id.split(":")
        return await self.ask(
            DeployAgent(
                command_id=new_id("c"),
                agent_id=agent_id,
                project_id=project_id,
                agent_name=agent_name,
                package_uri=PACKAGE.uri,
                package_sha256=PACKAGE.sha256,
            )
        )

    async def crash(self) -> list[Asked]:
        """The process is gone and another one has started. Returns who had been asked and never gets to answer."""
        asked, self.backend.asked = self.backend.asked, []
        await kill_tasks()
        await self.recover()
        return asked

    async def pause(self) -> list[Asked]:
        """The process stands still, is taken for dead and replaced; what it asked may still be answered to it."""
        asked, self.backend.asked = self.backend.asked, []
        await self.recover()
        return asked

    async def recover(self) -> None:
        """Another process starts and sees that the others are silent."""
        for item in self.database.items(LEASES):
            self.database.tables[LEASES.name][item["kind"], item["name"]]["owner"] = ""
        self.works = self._works()
        await self.start()
        await self.sweep()

    async def sweep(self) -> None:
        await self.works.sweeper.watch_runners()
        await self.works.sweeper.take_unowned()
        await self.works.sweeper.finish_deletions()
        await settle()

    async def events(self, aggregate: str) -> list[str]:
        return [entry.type.split(".", 1)[1] async for entry in self.history.read(aggregate)]


@dataclass(frozen=True)
class _Owner:
    database: Any
    history: History
    outbox: Outbox
    ledger: Ledger
    replier: Replier


async def settle() -> None:
    """Lets everything run that can run."""
    for _ in range(200):
        await asyncio.sleep(0)


async def kill_tasks() -> None:
    """Everything that was under way ends without a trace."""
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def error_of(answer: Reply) -> tuple[str, Any]:
    assert answer.error is not None
    return answer.error.code, answer.error.details
