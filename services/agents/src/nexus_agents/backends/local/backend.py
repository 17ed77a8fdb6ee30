"""Runs agents as processes of this machine: started when they are asked, ended when others need their place."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nexus_agents import packages
from nexus_agents.backends.door.door import Doors
from nexus_agents.backends.local.channel import BUSY
from nexus_agents.backends.local.guard import Guard, start_guard
from nexus_agents.backends.local.live import LiveAgent, start_agent
from nexus_agents.backends.local.pool import AgentPool, Bounds
from nexus_agents.backends.local.speech import Keep, Speech
from nexus_agents.backends.local.workspace import Unpacked, Workspace, remove
from nexus_agents.domain.backend import (
    AgentAnswer,
    AgentHealth,
    DeployedAgent,
    Deployment,
    InvokeRequest,
    PackageRef,
)
from nexus_agents.domain.backend_errors import (
    AgentBusy,
    AgentFailed,
    AgentNotStarted,
    AgentTimedOut,
    AgentUnreachable,
    AnswerRefused,
    BackendError,
    BackendRefused,
    PackageRejected,
)
from nexus_runtime.blobs import BlobStore
from nexus_runtime.process import log
from nexus_sandbox.interpreter import interpreter
from nexus_sandbox.sandbox import Isolation, Limits, Room, Sandbox, choose_sandbox

logger = log.get(__name__)
ALIAS = "DEFAULT"
REGION = "local"


@dataclass(frozen=True)
class LocalSettings:
    """`work_dir` None: the system's directory for temporary files; a path of at most 60 bytes otherwise.

    A process takes one invocation at a time, so `processes_per_agent` bounds those of one agent.
    """

    work_dir: Path | None = None
    isolation: Isolation = "auto"
    processes: int = 256
    processes_per_agent: int = 16
    memory_bytes: int = 2 << 30
    spare_seconds: float = 60.0
    idle_seconds: float = 3600.0
    start_seconds: float = 10.0
    limits: Limits = field(default_factory=Limits)


class LocalBackend:
    """See the port. Knows the deployed agents by what each call says of them, hence survives its own restart."""

    side_by_side = True

    def __init__(
        self,
        blobs: BlobStore,
        sandbox: Sandbox,
        workspace: Workspace,
        guard: Guard | None,
        settings: LocalSettings,
        speech: Speech,
        doors: Doors,
    ) -> None:
        self._speech = speech
        self._doors = doors
        self._sandbox = sandbox
        self._guard = guard
        self._settings = settings
        self._workspace = workspace
        self._unpacked = Unpacked(workspace, blobs)
        bounds = Bounds(
            settings.processes,
            settings.processes_per_agent,
            settings.spare_seconds,
            settings.memory_bytes,
            settings.idle_seconds,
        )
        self._pool = AgentPool(self._start, self._gone, bounds)
        self._digests: dict[str, str] = {}

    async def try_out(self, content: bytes) -> None:
        run = self._workspace.new_run()
        package = run / "package"
        try:
            manifest = await asyncio.to_thread(packages.unpack, content, package)
            await asyncio.to_thread(packages.spec_of, package)
            if manifest.image is None and self._may_start:
                await self._started_once(Room(package, self._workspace.new_run(), manifest.entrypoint, manifest.env))
        finally:
            await asyncio.to_thread(remove, run)

    async def _started_once(self, room: Room) -> None:
        try:
            live = await start_agent(self._sandbox, room, self._settings.start_seconds, self._guard)
        except AgentNotStarted as error:
            raise PackageRejected("IMPORT_FAILED" if error.ended else "PING_FAILED", error.message) from error
        live.kill("it was only tried out")
        await live.ended()

    @property
    def _may_start(self) -> bool:
        return self._sandbox.isolated or self._settings.isolation != "required"

    async def deploy(self, agent_id: str, package: PackageRef) -> Deployment:
        directory, manifest = await self._unpacked.open(package)
        spec = await asyncio.to_thread(packages.spec_of, directory)
        self._pool.forgive(agent_id, package)
        if not self._pool.serves(agent_id, package):
            async with self._pool.lease(agent_id, package, _now() + 2 * self._settings.start_seconds):
                pass
        arn = f"local:agent/{agent_id}"
        return Deployment(
            status="deployed",
            isolated=self._sandbox.isolated,
            isolation=self._sandbox.description,
            agent_arn=arn,
            agent_alias_id=ALIAS,
            agent_alias_arn=f"{arn}/runtime-endpoint/{ALIAS}",
            region=REGION,
            manifest=manifest,
            model=spec.model if spec else None,
        )

    async def invoke(self, agent: DeployedAgent, request: InvokeRequest) -> AgentAnswer:
        deadline = _now() + request.timeout_seconds
        while True:
            async with self._pool.lease(agent.agent_id, agent.package, deadline) as process:
                try:
                    answer = await _billed(process.live, request, deadline)
                except AgentUnreachable:
                    # One that worked before has died since, and not a byte was sent: another one is asked.
                    if process.fresh or process.dismissed:
                        raise
                    continue
            if answer.usage_ignored:
                self._speech.of(agent.agent_id)(f"[usage ignored: {answer.usage_ignored}]\n".encode())
            return answer

    async def check(self, agent: DeployedAgent) -> AgentHealth:
        deadline = _now() + 2 * self._settings.start_seconds
        try:
            async with self._pool.lease(agent.agent_id, agent.package, deadline) as process:
                status = await _pinged(process.live)
        except AgentBusy as error:
            return AgentHealth("busy", error.message)
        except BackendError as error:
            return AgentHealth("unhealthy", error.message)
        return AgentHealth("busy" if status == BUSY else "healthy")

    async def end_session(self, agent: DeployedAgent, session_id: str) -> None:
        """Nothing: no process belongs to a session."""

    async def undeploy(self, agent_id: str) -> None:
        self._digests.pop(agent_id, None)
        await self._pool.end(agent_id, "it was undeployed")

    async def deployed(self) -> list[str]:
        return list(self._digests)

    async def awake(self) -> list[str]:
        return self._pool.awake()

    async def stop(self) -> None:
        await self._pool.stop()
        await self._speech.stop()
        await self._doors.close()
        if self._guard is not None:
            await self._guard.stop()
        await asyncio.to_thread(self._workspace.close)

    async def _start(self, agent_id: str, package: PackageRef) -> LiveAgent:
        if not self._may_start:
            raise BackendRefused(f"Agents are not started here unless they are isolated: {self._sandbox.description}.")
        self._digests[agent_id] = package.sha256
        directory, manifest = await self._unpacked.open(package)
        room = Room(directory, self._workspace.new_run(), manifest.entrypoint, manifest.env, self._speech.of(agent_id))
        door = await self._doors.door(agent_id, await asyncio.to_thread(packages.spec_of, directory), room.run)
        return await start_agent(self._sandbox, room, self._settings.start_seconds, self._guard, door)

    async def _gone(self, digest: str) -> None:
        if digest not in self._digests.values():
            await self._unpacked.forget(digest)


async def _not_kept(_agent_id: str, _lines: Sequence[str]) -> None:
    return


async def open_local_backend(
    blobs: BlobStore, settings: LocalSettings | None = None, keep: Keep = _not_kept, doors: Doors | None = None
) -> LocalBackend:
    """Tries out the sandbox, once. `keep` is given what agents write; without `doors` nothing is granted to them.

    Raises RuntimeError where `isolation` is bubblewrap and that does not work, ValueError where `work_dir` is too long.
    """
    chosen = settings or LocalSettings()
    mode = "auto" if chosen.isolation == "required" else chosen.isolation
    sandbox = await choose_sandbox(mode, chosen.limits)
    if not sandbox.isolated:
        logger.warning("agents are not isolated", reason=sandbox.description)
    workspace = Workspace(chosen.work_dir)
    guard = None if sandbox.isolated else await start_guard(interpreter())
    return LocalBackend(blobs, sandbox, workspace, guard, chosen, Speech(keep), doors or Doors())


async def _billed(live: LiveAgent, request: InvokeRequest, deadline: float) -> AgentAnswer:
    """With what models have cost meanwhile, however it ends."""
    with live.account() as account:
        try:
            return account.billed(await _asked(live, request, deadline))
        except BackendError as error:
            error.usage = account.usage
            raise


async def _asked(live: LiveAgent, request: InvokeRequest, deadline: float) -> AgentAnswer:
    """Ends the process wherever it may still be at the invocation: nobody else is asking it anything."""
    whole = False
    try:
        async with asyncio.timeout_at(deadline):
            answer = await live.invoke(request)
        whole = True
        return answer
    except AgentFailed as error:
        whole = not isinstance(error, AnswerRefused)
        raise
    except TimeoutError:
        raise AgentTimedOut(f"No answer within {request.timeout_seconds:g} s; the invocation was ended.") from None
    finally:
        if not whole:
            live.kill("its invocation ended without a complete answer")


async def _pinged(live: LiveAgent) -> str:
    try:
        return await live.ping()
    except BackendError:
        live.kill("its /ping failed")
        raise


def _now() -> float:
    return asyncio.get_running_loop().time()
