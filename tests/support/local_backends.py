"""Local backends for tests, and what runs because of them."""

import asyncio
import shutil
import signal
import subprocess
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import cast

import psutil
from pydantic import JsonValue
from tests.support.agent_packages import talker
from tests.support.eventually import eventually

from nexus_agents.backends.door.door import Doors
from nexus_agents.backends.local.backend import LocalBackend, LocalSettings, open_local_backend
from nexus_agents.domain.backend import AgentAnswer, Backend, DeployedAgent, InvokeRequest, PackageRef
from nexus_runtime.blobs import DirectoryBlobStore


def _bubblewrap_works() -> bool:
    command = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]
    return shutil.which("bwrap") is not None and subprocess.run(command, capture_output=True).returncode == 0


BUBBLEWRAP_WORKS = _bubblewrap_works()
MODES = ["none", "bubblewrap"] if BUBBLEWRAP_WORKS else ["none"]
"""The isolations that this machine can show."""


class Bench:
    """Backends over one store of packages; all are stopped at the end of the test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.blobs = DirectoryBlobStore(root / "blobs")
        self._backends: list[LocalBackend] = []

    async def backend(self, isolation: str = "none", doors: Doors | None = None, **settings: object) -> LocalBackend:
        chosen = {"isolation": isolation, "start_seconds": 20.0, **settings}
        local = LocalSettings(**chosen)  # pyright: ignore[reportArgumentType]
        backend = await open_local_backend(self.blobs, local, doors=doors)
        self._backends.append(backend)
        return backend

    async def agent(self, content: bytes | None = None, agent_id: str = "agent") -> DeployedAgent:
        """An agent as the service knows it; nothing runs yet."""
        blob = await self.blobs.put(talker() if content is None else content)
        return DeployedAgent(agent_id, PackageRef(blob.uri, blob.sha256), f"local:agent/{agent_id}", "DEFAULT")

    async def stop(self) -> None:
        for backend in self._backends:
            await backend.stop()


@asynccontextmanager
async def opened_bench(root: Path) -> AsyncGenerator[Bench]:
    """Stops all at its end, and fails if a process of a backend is still there then."""
    bench = Bench(root)
    before = _children()
    yield bench
    await bench.stop()
    assert _children() - before == set(), "a process outlived its backend"


async def told(backend: Backend, agent: DeployedAgent, prompt: str, seconds: float = 20) -> AgentAnswer:
    return await backend.invoke(agent, InvokeRequest(prompt, timeout_seconds=seconds))


async def begun(backend: Backend, agent: DeployedAgent, prompt: str) -> "asyncio.Task[AgentAnswer]":
    """An invocation that the agent is working on. `prompt` is one that no other invocation had."""
    task = asyncio.create_task(told(backend, agent, prompt))
    await eventually(lambda: bool(processes_at(prompt)), what=f"the agent works at {prompt}")
    return task


def processes_at(prompt: str) -> list[psutil.Process]:
    """The processes of agents whose last prompt this is: an agent for tests names its process after it."""
    return _descendants(lambda child: child.name() == prompt[:15])


def let_go(prompt: str) -> None:
    """Agents that work at this prompt, `held` and whatever follows, answer now; until then they are at it for sure."""
    for process in processes_at(prompt):
        process.send_signal(signal.SIGUSR1)


def agent_processes(of: int | None = None) -> list[psutil.Process]:
    """Those in which agents run, not the sandboxes around them: of one service, or of all that tests started."""
    return _descendants(_is_agent, of)


def _descendants(wanted: Callable[[psutil.Process], bool], of: int | None = None) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for child in psutil.Process(of).children(recursive=True):
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            if lives(child) and wanted(child):
                found.append(child)
    return found


def _is_agent(child: psutil.Process) -> bool:
    command = child.cmdline()
    return command[-1:] != [] and command[-1].endswith("/main.py") and "bwrap" not in command[0]


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def raw_of(answer: AgentAnswer) -> dict[str, JsonValue]:
    return cast(dict[str, JsonValue], answer.raw)


def lives(member: psutil.Process) -> bool:
    try:
        return member.is_running() and member.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
