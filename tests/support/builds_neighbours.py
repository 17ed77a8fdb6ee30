"""Who stands around the builds service: other readers of its events, and the service that deploys agents."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from tests.support.stand_in_owners import CommandOwner, HttpOwner

from nexus_contracts.envelope import CloudEvent, read_event
from nexus_contracts.topics import BUILDS_EVENTS

WHEN = "2026-01-01T00:00:00Z"
DEPLOYMENT = {"backend": "local", "version": 1, "package_uri": "blob:x"}
INVOCATION: dict[str, Any] = {
    "status": "succeeded",
    "user_id": "u",
    "input": "?",
    "output": "I cannot do that.",
    "trace": [],
    "created_at": WHEN,
}
SESSION: dict[str, Any] = {
    "status": "active",
    "message_count": 0,
    "created_at": WHEN,
    "last_active_at": WHEN,
    "etag": 1,
}
AGENT: dict[str, Any] = {
    "agent_name": "a",
    "project_id": "p",
    "user_id": "u",
    "status": "running",
    **dict.fromkeys(("description", "category", "version", "region")),
    **{name: [] for name in ("capabilities", "tags", "tools", "supported_models")},
    "agentcore_config": {},
    "created_at": WHEN,
    "updated_at": WHEN,
    "etag": 1,
}


class Followers:
    """Stands in for the other readers of the events: every group that must see them, each with what it got."""

    def __init__(self, servers: str, groups: Sequence[str]) -> None:
        self._servers = servers
        self.got: dict[str, list[CloudEvent]] = {group: [] for group in groups}

    @asynccontextmanager
    async def following(self) -> AsyncGenerator[None]:
        reading = [asyncio.create_task(self._read(group)) for group in self.got]
        try:
            yield
        finally:
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)

    async def _read(self, group: str) -> None:
        consumer: Any = AIOKafkaConsumer(
            BUILDS_EVENTS.name,
            bootstrap_servers=self._servers,
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,  # it would commit the old broker's positions to a new one
            fetch_max_wait_ms=200,  # the embedded broker costs CPU with each fetch
            metadata_max_age_ms=1_000,
            session_timeout_ms=6_000,  # Kafka refuses less
            heartbeat_interval_ms=1_000,
        )
        try:
            await consumer.start()
            async for record in consumer:
                self.got[group].append(read_event(record.value, record.headers))
                with contextlib.suppress(KafkaError):
                    await consumer.commit()
        finally:
            await consumer.stop()  # one whose start failed, too: `async with` would not

    def sequences(self, project_id: str, group: str | None = None) -> list[int | None]:
        """The first appearances of the project's events, in the order in which the group got them."""
        events = self.got[group or next(iter(self.got))]
        return list(dict.fromkeys(event.sequence for event in events if event.subject == project_id))


class StandInAgents:
    """Takes every deployment for done: answers GET /agents/{agent_id} with the package of the latest command.

    Whatever its agents are asked, they answer that they cannot.
    """

    def __init__(self, servers: str, port: int) -> None:
        self._http = HttpOwner(port)
        self._commands = CommandOwner(servers, self._done)
        self.deployed: list[str] = []
        self.invoked: set[str] = set()

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        async with self._http, self._commands:
            yield

    def _done(self, event: CloudEvent) -> None:
        match event.type:
            case "nexus.command.deploy_agent.v1":
                self._deployed(event)
            case "nexus.command.create_session.v1":
                self._show(f"/sessions/{event.data['session_id']}", SESSION | event.data)
            case "nexus.command.invoke_agent.v1":
                invocation_id = str(event.data["invocation_id"])
                self.invoked.add(invocation_id)
                self._show(f"/invocations/{invocation_id}", INVOCATION | event.data)
            case _:
                return

    def _show(self, path: str, view: dict[str, Any]) -> None:
        self._http.answers[path] = (200, {}, json.dumps(view))

    def _deployed(self, event: CloudEvent) -> None:
        agent_id, sha256 = event.subject, event.data["package_sha256"]
        self.deployed.append(agent_id)
        deployment = {"status": "deployed", "package_sha256": sha256}
        view = {**AGENT, "agent_id": agent_id, "deployment": {**DEPLOYMENT, **deployment}}
        self._show(f"/agents/{agent_id}", view)
