"""What runs agents in the double of AgentCore: what the test plays, or the packages themselves as processes."""

import asyncio
import io
import json
import shutil
import sys
import tempfile
import zipfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from tests.support.agentcore_double import Machine, Reaction

START_SECONDS = 20.0
STARTS_AT_ONCE = 4
"""A start holds the event loop up: of a crowd that starts at once, callers would see a host that cannot be reached."""
Play = Callable[[bytes, dict[str, str]], Awaitable[Reaction]]


async def pieces(*given: bytes | None) -> AsyncGenerator[bytes | None]:
    for piece in given:
        yield piece


def json_reaction(body: bytes, status: int = 200) -> Reaction:
    return Reaction(status, "application/json", pieces(body))


async def echo(payload: bytes, headers: dict[str, str]) -> Reaction:
    return json_reaction(json.dumps({"output": json.loads(payload)["prompt"], "headers": headers}).encode())


@dataclass
class PlayedMachines:
    """Agents that do what `play` says; `started` holds their code, entry point and environment."""

    play: Play = echo
    started: list[tuple[bytes, str, dict[str, str]]] = field(default_factory=list[tuple[bytes, str, dict[str, str]]])
    ended: int = 0

    async def start(self, code: bytes, entrypoint: str, env: dict[str, str]) -> Machine:
        self.started.append((code, entrypoint, env))
        return _Played(self)


@dataclass
class _Played:
    machines: PlayedMachines

    async def ask(self, payload: bytes, headers: dict[str, str]) -> Reaction:
        return await self.machines.play(payload, headers)

    async def end(self) -> None:
        self.machines.ended += 1


@dataclass
class ProcessMachines:
    """Each session is a process that runs the code it was deployed with, and has nothing installed where `bare`.

    `environment` is what the machine has of its own.
    """

    bare: bool = False
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    _starting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(STARTS_AT_ONCE))

    async def start(self, code: bytes, entrypoint: str, env: dict[str, str]) -> Machine:
        async with self._starting:
            return await self._started(code, entrypoint, env)

    async def _started(self, code: bytes, entrypoint: str, env: dict[str, str]) -> Machine:
        folder = Path(tempfile.mkdtemp(prefix="agentcore-"))
        with zipfile.ZipFile(io.BytesIO(code)) as archive:
            archive.extractall(folder)
        socket = folder / "agent.sock"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(["-S", "-E"] if self.bare else []),
            str(folder / entrypoint),
            env={**self.environment, **env, "AGENT_SOCKET": str(socket), "PATH": "/usr/bin:/bin"},
            cwd=folder,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        machine = AgentProcess(process, socket)
        try:
            async with asyncio.timeout(START_SECONDS):
                await machine.up()
        except BaseException:
            await machine.end()
            raise
        return machine


@dataclass
class AgentProcess:
    process: asyncio.subprocess.Process
    socket: Path

    async def up(self) -> None:
        while not await self._accepts():
            if self.process.returncode is not None:
                raise TimeoutError("the agent ended at its start")
            await asyncio.sleep(0.01)

    async def _accepts(self) -> bool:
        """The socket's file is there a moment before it listens."""
        try:
            _, writer = await asyncio.open_unix_connection(self.socket)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    async def ask(self, payload: bytes, headers: dict[str, str]) -> Reaction:
        async with AsyncExitStack() as held:
            connector = aiohttp.UnixConnector(str(self.socket))
            timeout = aiohttp.ClientTimeout(total=None)
            session = await held.enter_async_context(aiohttp.ClientSession(connector=connector, timeout=timeout))
            kind = {"Content-Type": "application/json"}
            posted = session.post("http://agent/invocations", data=payload, headers={**kind, **headers})
            try:
                response = await held.enter_async_context(posted)
            except aiohttp.ClientError as error:
                await self.end()
                raise ConnectionError("the agent ended without an answer") from error
            content_type = response.headers.get("Content-Type", "application/octet-stream")
            return Reaction(response.status, content_type, self._passed_on(response), held.pop_all())

    async def _passed_on(self, response: aiohttp.ClientResponse) -> AsyncGenerator[bytes | None]:
        try:
            async for piece in response.content.iter_any():
                yield piece
        except aiohttp.ClientError:
            await self.end()
            yield None
            return
        if "Content-Length" not in response.headers and await self._ended():
            yield None

    async def _ended(self) -> bool:
        """An answer without a length ends where the connection does: at its end, or with the agent."""
        try:
            async with asyncio.timeout(0.2):
                await self.process.wait()
        except TimeoutError:
            return False
        return True

    async def end(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        shutil.rmtree(self.socket.parent, ignore_errors=True)
