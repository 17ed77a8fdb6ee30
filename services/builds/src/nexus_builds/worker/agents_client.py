"""The worker's way to `agents`: commands like anybody's, and looks at what came of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError
from yarl import URL

from nexus_contracts.agents.commands import AgentsCommand
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import ErrorBody, ServiceUnavailable
from nexus_contracts.operations import Outcomes
from nexus_contracts.principal import Principal
from nexus_contracts.topics import AGENTS_COMMANDS
from nexus_runtime.kafka.bus import Bus
from nexus_runtime.process import log, tracing
from nexus_runtime.process.caller import Trust
from nexus_runtime.process.clock import new_id, utc_now

logger = log.get(__name__)
LOOK_SECONDS, LOOKS_APART = 0.1, 5
"""The first pause between two looks; pauses grow to so many times that: on a busy machine looking itself costs time."""
AGAIN_SECONDS = 5.0
M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


class AgentsClient:
    """A command that is sent again has no second effect: so it is sent until its outcome is shown."""

    def __init__(self, bus: Bus, url: str, trust: Trust) -> None:
        self._bus = bus
        self._url = url
        self._trust = trust
        self._http: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Opens the client, which has to be made inside the event loop."""
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))

    async def stop(self) -> None:
        if self._http:
            await self._http.close()

    async def until(self, command: AgentsCommand, key: str, shown: Callable[[], Awaitable[T | None]]) -> T:
        """What `shown` finds, once it finds something; the command is sent until then."""
        loop = asyncio.get_running_loop()
        again, pause = loop.time(), LOOK_SECONDS
        while True:
            if loop.time() >= again:
                await self._send(command, key)
                again = loop.time() + AGAIN_SECONDS
            if (found := await shown()) is not None:
                return found
            await asyncio.sleep(pause)
            pause = min(1.5 * pause, LOOKS_APART * LOOK_SECONDS)

    async def read(self, path: str, asker: Principal, kind: type[M]) -> M | None:
        """What `agents` shows there; None where it shows nothing, or does not answer."""
        if self._http is None:
            return None
        try:
            url = URL(f"{self._url}{path}")
            async with self._http.get(url, headers=self._trust.header(asker, "GET", url.raw_path_qs)) as response:
                return kind.model_validate_json(await response.read()) if response.status == 200 else None
        except (aiohttp.ClientError, OSError, TimeoutError, ValidationError):
            return None

    async def refusal(self, command: AgentsCommand) -> ErrorBody | None:
        """Why `agents` has refused the command, for good; None where it has not, or not yet."""
        path = f"/operations/{command.command_id}?fingerprint={command.fingerprint}"
        known = await self.read(path, command.principal, Outcomes)
        return known.outcome.error if known and known.outcome else None

    async def _send(self, command: AgentsCommand, key: str) -> None:
        event = CloudEvent(
            id=new_id("evt_"),
            source="/nexus/builds-worker",
            type=command.type,
            subject=key,
            time=utc_now(),
            data=command.model_dump(mode="json", exclude={"type"}),
            traceparent=tracing.traceparent.get(),
            nexusprincipal=command.principal.id,
            nexustenant=command.principal.tenant,
        )
        try:
            await self._bus.publish(AGENTS_COMMANDS, self._trust.sign(event))
        except ServiceUnavailable as error:
            logger.warning("command to agents not sent yet, trying again", type=command.type, reason=error.message)
