"""The gateway, builds and agents as they are, in one process, on databases in memory, without a broker."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import IO, Any, cast
from urllib.parse import urlencode

from fastapi import APIRouter
from tests.support.access import SETTINGS
from tests.support.agents_world import World as AgentsWorld
from tests.support.agents_world import settle
from tests.support.asgi import HttpCaller
from tests.support.builds_world import Replica
from tests.support.gateway_fakes import FakeDesk, FakePlatform
from tests.support.memory_database import MemoryDatabase

from nexus_agents.routes import query_routes as agents_routes
from nexus_agents.uploads import upload_routes
from nexus_builds.report_keys import ReportKeys, report_key_routes
from nexus_builds.routes import ProjectQueries
from nexus_builds.routes import query_routes as builds_routes
from nexus_contracts.agents.commands import AGENTS_COMMAND
from nexus_contracts.builds.commands import BUILDS_COMMAND
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.replies import Reply
from nexus_contracts.topics import AGENTS_COMMANDS, BUILDS_COMMANDS, Topic
from nexus_gateway import answers
from nexus_gateway.answers import refusal_of
from nexus_gateway.owners import Answer
from nexus_runtime.kafka.delivery import Delivery, Subscription
from nexus_runtime.kafka.replies import Replier
from nexus_runtime.ledger.commands import command_subscription
from nexus_runtime.owner import operation_routes
from nexus_runtime.process import caller
from nexus_runtime.process.caller import Trust
from nexus_runtime.process.clock import utc_now
from nexus_runtime.process.health import Health
from nexus_runtime.process.service import application


class Arriving(list[Reply]):
    """Replies that reach the gateway's desk as they are sent."""

    def __init__(self, desk: FakeDesk) -> None:
        super().__init__()
        self._desk = desk

    def append(self, reply: Reply) -> None:
        super().append(reply)
        waiting = self._desk.waiting.get(reply.request_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    async def send(self, partition: int | None, reply: Reply, *, alone: bool = False) -> None:
        """As `Replier`."""
        if partition is not None:
            self.append(reply)


class WholePlatform(FakePlatform):
    """With authentication. Statistics are empty; what is reported is kept in `bus.published`."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**SETTINGS | settings)
        self.trust = Trust(self.settings.identity_secret)
        self.builds_database = MemoryDatabase()
        self.builds = Replica(self.builds_database)
        self.replies = Arriving(self.desk)
        self.agents = AgentsWorld(self.replies)
        builds = self.builds
        queries = builds_routes(ProjectQueries(builds.store, builds.history, utc_now, builds.verifications))
        report_keys = report_key_routes(ReportKeys(builds.store, builds.ledger))
        services = self.agents.service
        uploads = upload_routes(services.packages, services.files)
        self._apps = {
            "builds": self._app("builds", queries, report_keys, operation_routes(self.builds.ledger)),
            "agents": self._app(
                "agents", agents_routes(services.queries), uploads, operation_routes(self.agents.owner.ledger)
            ),
        }
        self.owners.get = self._get
        self.owners.put = self._put
        self.owners.upload = self._upload
        self.bus.publish = self._publish

    def _subscription(self, topic: Topic) -> Subscription | None:
        """What the topic's owner does with a command."""
        replier, admit = cast(Replier, self.replies), self.trust.admit
        if topic is BUILDS_COMMANDS:
            decide, ledger = self.builds.commands.decide, self.builds.ledger
            return command_subscription(topic, "builds", BUILDS_COMMAND, decide, ledger, replier, admit)
        if topic is AGENTS_COMMANDS:
            decide, ledger = self.agents.service.commands.decide, self.agents.owner.ledger
            return command_subscription(topic, "agents", AGENTS_COMMAND, decide, ledger, replier, admit)
        return None

    def _app(self, name: str, *routers: APIRouter) -> HttpCaller:
        return HttpCaller(application(name, [], Health({}, {}), *routers, trust=self.trust))

    async def _get(
        self, owner: str, path: str, query: Mapping[str, str] | None = None, known: str | None = None
    ) -> Answer:
        if owner == "stats":
            return Answer(b'{"items": [], "last_key": null}', None)
        return await self._ask("GET", owner, path, query, known=known)

    async def _put(self, owner: str, path: str, query: Mapping[str, str]) -> Answer:
        return await self._ask("PUT", owner, path, query)

    async def _upload(self, owner: str, path: str, query: Mapping[str, str], content: IO[bytes]) -> Answer:
        return await self._ask("POST", owner, path, query, content.read())

    async def _ask(
        self,
        method: str,
        owner: str,
        path: str,
        query: Mapping[str, str] | None,
        raw: bytes | None = None,
        known: str | None = None,
    ) -> Answer:
        target = f"{path}?{urlencode(query)}" if query else path
        identity = self.trust.header(caller.principal.get(), method, target)
        headers = [*identity.items(), ("X-Request-ID", answers.request_id.get())]
        headers += [("If-None-Match", known)] if known is not None else []
        answer = await self._apps[owner](method, target, raw=raw, headers=headers)
        if answer.status == 304:
            return Answer(b"", answer.headers["etag"], unchanged=True)
        if answer.status != 200:
            raise refusal_of(answer.status, answer.body)
        return Answer(answer.body, answer.headers.get("etag"))

    async def _publish(
        self, topic: Topic, event: CloudEvent, headers: Sequence[tuple[str, bytes]] = (), partition: int | None = None
    ) -> None:
        self.bus.published.append((topic, event, dict(headers)))
        if (owner := self._subscription(topic)) is not None:
            await self.trust.admit(event)
            message = owner.messages.validate_python({**event.data, "type": event.type})
            await owner.handle([Delivery(event, message, SimpleNamespace(headers=headers))])
            await settle()
