"""Small stand-ins for the owners of a real gateway: one answers reads over HTTP, one answers commands over Kafka."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Self

from aiohttp import web
from aiokafka import AIOKafkaConsumer

from nexus_contracts.envelope import CloudEvent, read_event
from nexus_contracts.replies import Outcome, Reply
from nexus_contracts.topics import AGENTS_COMMANDS, BUILDS_COMMANDS
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.kafka.replies import Replier, reply_partition
from nexus_runtime.process.settings import ServiceSettings


class HttpOwner:
    """Answers `answers[path]` with its status, headers and text; keeps the requests. A future is waited for."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._runner: web.AppRunner | None = None
        self.answers: dict[str, tuple[int, dict[str, str], str]] = {}
        self.hangs: set[str] = set()
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.bodies: list[bytes] = []

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=100_000_000)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.requests.append((request.path_qs, {name.lower(): value for name, value in request.headers.items()}))
        self.bodies.append(await request.read())
        if request.path in self.hangs:
            await asyncio.get_running_loop().create_future()
        unknown = '{"error": {"code": "RESOURCE_NOT_FOUND", "message": "unknown", "details": {"id": "x"}}}'
        status, headers, text = self.answers.get(request.path, (404, {}, unknown))
        return web.Response(status=status, headers=headers, text=text, content_type="application/json")


class CommandOwner:
    """Takes every command, and answers with what `decide` says; with None it stays silent."""

    def __init__(self, servers: str, decide: Callable[[CloudEvent], Outcome | None]) -> None:
        settings = ServiceSettings(kafka_bootstrap_servers=servers, kafka_volatile=True)
        self._bus = Bus(settings, "stand-in")
        self._replier = Replier(self._bus, "/nexus/stand-in")
        self._consumer: Any = AIOKafkaConsumer(
            BUILDS_COMMANDS.name,
            AGENTS_COMMANDS.name,
            bootstrap_servers=servers,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=50,  # the embedded broker costs CPU with each fetch
        )
        self._decide = decide
        self._serving: asyncio.Task[None] | None = None
        self.seen: list[CloudEvent] = []
        self.arrived = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self._bus.start()
        await self._consumer.start()
        self._serving = asyncio.create_task(self._serve())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._serving:
            self._serving.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)
        with contextlib.suppress(asyncio.CancelledError):  # with its broker gone, of aiokafka's own tasks
            await self._consumer.stop()
        await self._bus.stop()

    async def _serve(self) -> None:
        async with asyncio.TaskGroup() as replying:  # as owners do: no answer waits for the broker's word on another
            await self._read(replying)

    async def _read(self, replying: asyncio.TaskGroup) -> None:
        async for record in self._consumer:
            event = read_event(record.value, record.headers)
            known = {str(one.data["command_id"]) for one in self.seen}
            self.seen.append(event)
            self.arrived.set()
            outcome = self._decide(event)
            if outcome is None:
                continue
            command_id = str(event.data["command_id"])
            reply = Reply(**dict(outcome), request_id=event.id, command_id=command_id, replayed=command_id in known)
            replying.create_task(self._replier.send(reply_partition(record.headers), reply))
