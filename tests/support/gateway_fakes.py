"""The gateway's real HTTP side over stand-ins for the broker, the replies and the owners."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from typing import IO, Any

from fastapi import FastAPI
from tests.support.memory_database import MemoryDatabase

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import NotFound, ServiceUnavailable
from nexus_contracts.principal import Principal
from nexus_contracts.replies import Outcome, Reply
from nexus_contracts.topics import Topic
from nexus_gateway.access.concurrency import Concurrency
from nexus_gateway.access.credentials import Credentials
from nexus_gateway.access.identity import Authenticating, NoAuthentication
from nexus_gateway.access.keys import Keys
from nexus_gateway.access.rates import Rates
from nexus_gateway.access.tokens import BearerTokens
from nexus_gateway.app import http_app
from nexus_gateway.audit import AuditTrail
from nexus_gateway.commands import Commands
from nexus_gateway.cursors import Cursors
from nexus_gateway.dependencies import Gateway
from nexus_gateway.operations import Operations
from nexus_gateway.owners import Answer
from nexus_gateway.reads import Reads
from nexus_gateway.settings import GatewaySettings
from nexus_gateway.sources import INVOCATIONS
from nexus_gateway.streams import Streams
from nexus_gateway.system_health import HealthOfSystem
from nexus_gateway.uploads import Uploads
from nexus_runtime.kafka.bus import BrokerUnavailable
from nexus_runtime.kafka.requests import Requests
from nexus_runtime.process import caller
from nexus_runtime.process.clock import utc_now
from nexus_runtime.process.health import Health

Deciding = Callable[[CloudEvent], Outcome | None]
SECRET = "a secret of sixteen"


class FakeDesk:
    def __init__(self) -> None:
        self.partition = 3
        self.waiting: dict[str, asyncio.Future[Reply]] = {}

    @contextlib.contextmanager
    def expect(self, request_id: str) -> Generator[asyncio.Future[Reply]]:
        self.waiting[request_id] = future = asyncio.get_running_loop().create_future()
        try:
            yield future
        finally:
            del self.waiting[request_id]


class FakeBus:
    """Takes every message; `decide` is the owner behind it, whose outcome arrives at the desk."""

    def __init__(self, desk: FakeDesk) -> None:
        self._desk = desk
        self.decide: Deciding = lambda _event: None
        self.fault: Exception | None = None
        self.cluster: str | None = "the first broker"
        self.replayed = False
        self.new_broker: list[Callable[[], Awaitable[None]]] = []
        self.published: list[tuple[Topic, CloudEvent, dict[str, bytes]]] = []

    def require_reachable(self) -> None:
        if isinstance(self.fault, BrokerUnavailable):
            raise self.fault

    def when_broker_is_new(self, action: Callable[[], Awaitable[None]]) -> None:
        self.new_broker.append(action)

    async def publish(
        self, topic: Topic, event: CloudEvent, headers: Sequence[tuple[str, bytes]] = (), partition: int | None = None
    ) -> None:
        if self.fault:
            raise self.fault
        self.published.append((topic, event, dict(headers)))
        outcome = self.decide(event)
        if outcome is not None:
            command_id = str(event.data["command_id"])
            self._desk.waiting[event.id].set_result(
                Reply(**dict(outcome), request_id=event.id, command_id=command_id, replayed=self.replayed)
            )

    @property
    def last(self) -> CloudEvent:
        return self.published[-1][1]


class FakeOwners:
    """Answers by owner and path; everything else is not found. `asked` keeps the questions, `askers` who asked them.

    `known` is what they had already.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Answer | Exception] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.askers: list[Principal] = []
        self.known: list[str | None] = []
        self.uploaded: list[bytes] = []

    async def get(
        self, owner: str, path: str, query: Mapping[str, str] | None = None, known: str | None = None
    ) -> Answer:
        self.asked.append((owner, path, dict(query or {})))
        self.known.append(known)
        self.askers.append(caller.principal.get())
        answer = self.answers.get(owner + path) or NotFound("no such resource", type="resource", id=path)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def put(self, owner: str, path: str, query: Mapping[str, str]) -> Answer:
        return await self.get(owner, path, query)

    async def upload(self, owner: str, path: str, query: Mapping[str, str], content: IO[bytes]) -> Answer:
        self.uploaded.append(content.read())
        return await self.get(owner, path, query)


class FakeLetters:
    """The dead letters that are open; None: nobody can tell."""

    def __init__(self) -> None:
        self.counts: dict[str, int] | None = {}

    async def open(self) -> dict[str, int]:
        if self.counts is None:
            raise ServiceUnavailable("no broker")
        return self.counts


class FakePlatform:
    """A gateway and everything around it. Waits for replies are short, so that none that is missing holds a test."""

    def __init__(self, health: Health | None = None, /, **settings: Any) -> None:
        self.desk = FakeDesk()
        self.bus = FakeBus(self.desk)
        self.owners = FakeOwners()
        usual: dict[str, Any] = {"reply_wait_seconds": 0.05, "invoke_wait_seconds": 0.05, "cursor_secret": SECRET}
        self.settings = GatewaySettings(**usual | settings)
        self.database = MemoryDatabase()
        self.keys, authentication = self._access()
        reads = Reads(self.owners, Cursors(SECRET))
        self.streams = Streams(self.owners, lambda: True)
        self.said = Streams(self.owners, lambda: True, INVOCATIONS, retry_seconds=0.01)
        operations = Operations(self.owners, SECRET)
        requests = Requests(self.bus, self.desk, keep=self.settings.kafka_volatile, retry_seconds=0.001)
        self.letters = FakeLetters()
        health_of_system, uploads = HealthOfSystem(self.owners, self.letters), Uploads(self.owners)
        commands = Commands(self.bus, requests, self.owners, operations, self.settings)
        gateway = Gateway(
            authentication,
            Rates(self.settings),
            Concurrency(self.settings),
            self.keys,
            commands,
            reads,
            self.owners,
            self.streams,
            self.said,
            health_of_system,
            uploads,
            operations,
            AuditTrail(self.owners, self.keys),
            self.settings,
        )
        self.app: FastAPI = http_app(gateway, health or Health({}, {}))

    def _access(self) -> tuple[Keys | None, Authenticating]:
        secret = self.settings.identity_secret
        if self.settings.authentication == "off" or secret is None:
            return None, NoAuthentication()
        keys = Keys(self.database.as_database(), secret, utc_now)
        return keys, Credentials(keys, BearerTokens.of(self.settings), utc_now)
