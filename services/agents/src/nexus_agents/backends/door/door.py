"""The door of an agent's process: a Unix socket in its sandbox that leads to what the agent may reach."""

import asyncio
import contextlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web

from nexus_agents.backends.door.account import Account
from nexus_agents.backends.door.chat import Chat
from nexus_agents.backends.door.grants import Grants, Rights
from nexus_agents.backends.door.hosts import PREFIX, fetched
from nexus_agents.backends.door.mcp import MCP, McpServers
from nexus_agents.backends.door.outside import Outside
from nexus_agents.backends.door.refusals import DoorRefusal
from nexus_agents.domain.spending import Spending, Unlimited
from nexus_contracts.agents.spec import AgentSpec
from nexus_runtime.process import log
from nexus_sandbox.sandbox import DOOR

logger = log.get(__name__)
CHAT = "/v1/chat/completions"
MOST_CONNECTIONS, MOST_CALLS = 32, 4
"""Of one process of an agent, at once. Calls beyond wait unread; connections beyond are closed."""


class Doors:
    """Makes the doors of a backend's agents."""

    def __init__(self, grants: Grants | None = None, spending: Spending | None = None) -> None:
        self._grants = grants or Grants()
        self._outside = Outside(frozenset(grant.host for grant in self._grants.hosts if grant.url is None))
        self._chat = Chat(self._grants, spending or Unlimited(), self._outside)
        self._mcp = McpServers(self._grants, self._outside)

    async def door(self, agent_id: str, spec: AgentSpec | None, run: Path) -> "Door | None":
        """In the run directory of a process; None for an agent that asks for nothing outside."""
        if spec is None or not (spec.model or spec.allowed_hosts or spec.mcp_tools):
            return None
        door = Door(self, self._grants.rights(agent_id, spec))
        await door.open(run / DOOR)
        return door

    async def close(self) -> None:
        await self._chat.close()
        await self._outside.close()

    async def passed(self, request: web.BaseRequest, rights: Rights, account: Account) -> web.StreamResponse:
        """Raises DoorRefusal."""
        try:
            async with asyncio.timeout(self._grants.seconds) as clock:
                if request.path == CHAT and request.method == "POST":
                    return await self._chat.answer(request, rights, account, clock)
                if request.path.startswith(PREFIX):
                    return await fetched(self._grants, self._outside, request, rights, account)
                if request.path.startswith(MCP) and request.method == "POST":
                    return await self._mcp.called(request, rights, account)
        except TimeoutError:
            raise DoorRefusal(504, "TIMED_OUT", f"no answer within {self._grants.seconds:g} s") from None
        raise DoorRefusal(404, "NOT_FOUND", f"the door has POST {CHAT}, {PREFIX}<host>/<path> and {MCP}")


class Door:
    """Open while its process lives; it lets something through only during an invocation."""

    def __init__(self, doors: Doors, rights: Rights) -> None:
        self._doors = doors
        self._rights = rights
        self._account: Account | None = None
        self._passing: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(MOST_CALLS)
        self._listener: asyncio.Server | None = None
        self._server = web.Server(
            self._handle, handler_cancellation=True, access_log=None, keepalive_timeout=30.0, lingering_time=1.0
        )

    async def open(self, path: Path) -> None:
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_unix_server(self._protocol, path, backlog=MOST_CONNECTIONS)

    @contextmanager
    def invocation(self) -> Generator[Account]:
        """What the agent does through the door meanwhile is on the account; at its end all of it ends."""
        self._account = account = Account(self._rights.spec.limits.model_calls)
        try:
            yield account
        finally:
            self._account = None
            for task in self._passing:
                task.cancel()

    async def close(self) -> None:
        """With all connections. May be repeated."""
        if self._listener is None:
            return
        self._listener.close()
        self._listener = None
        await self._server.shutdown(0.1)

    @property
    def connections(self) -> int:
        return len(self._server.connections)

    def _protocol(self) -> asyncio.Protocol:
        return self._server() if self.connections < MOST_CONNECTIONS else _Closed()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            async with self._room:
                return await self._passed(request)
        except DoorRefusal as refusal:
            return refusal.response()
        except ConnectionError:
            raise
        except Exception:
            logger.exception("the door of an agent failed", agent_id=self._rights.agent_id)
            return DoorRefusal(500, "PLATFORM_ERROR", "the platform could not do this").response()

    async def _passed(self, request: web.BaseRequest) -> web.StreamResponse:
        if (account := self._account) is None:
            raise DoorRefusal(403, "NO_INVOCATION", "the agent has no invocation to do this for")
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        try:
            return await self._doors.passed(request, self._rights, account)
        finally:
            self._passing.discard(task)


class _Closed(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        with contextlib.suppress(OSError):
            transport.close()
