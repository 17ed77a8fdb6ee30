"""A build worker in memory: real runs, notebooks and leases; reports go straight to the service."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pydantic import JsonValue
from tests.support.builds_story import PROJECT, control_command
from tests.support.builds_world import LossyDatabase, Replica
from tests.support.eventually import eventually

from nexus_builds.domain.state import Project
from nexus_builds.store.checkpoints import Checkpoints
from nexus_builds.store.projects import BUILD
from nexus_builds.worker.build_run import BuildRun, Workshop
from nexus_builds.worker.reporting import SignedTransport
from nexus_contracts.builds.builder import BuildRequest, Notebook, StageExecutor, StepResult
from nexus_contracts.builds.commands import ControlAction
from nexus_contracts.builds.events import BuildMethod
from nexus_contracts.builds.reports import REPORT
from nexus_contracts.builds.views import ProjectStatus
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.verification import Case, CaseResult
from nexus_runtime.blobs import DirectoryBlobStore
from nexus_runtime.kafka.delivery import Delivery
from nexus_runtime.process.clock import new_id
from nexus_runtime.work.items import WorkItem
from nexus_runtime.work.kind import Held
from nexus_runtime.work.places import Capacity, Places
from nexus_tracker import Unconfirmed
from nexus_verification.judge import Given, judged

Script = Callable[[Notebook], Awaitable[Mapping[str, JsonValue] | None]]


class ScriptedExecutor:
    """Every step is what the script does with its notebook; `steps` were begun, `cancelled` did not end."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.steps: list[str] = []
        self.cancelled: list[str] = []

    async def execute(
        self, step: str, request: BuildRequest, outputs: Mapping[str, Mapping[str, JsonValue]], notebook: Notebook
    ) -> StepResult:
        self.steps.append(step)
        try:
            return StepResult(dict(await self.script(notebook) or {}))
        except asyncio.CancelledError:
            self.cancelled.append(step)
            raise


class WorkerWorld:
    """Of agents, version `serves` serves, those in `withdrawn` came back, and `answers` are what prompts get, but those
    in `unasked`.

    Where `side_by_side`, the next version waits beside that until it is in `activated`.

    `away` confirms no report; `seen` are the types of those that arrived; `on` acts when one of a type does."""

    def __init__(self, folder: Path, executor: StageExecutor) -> None:
        self.database = LossyDatabase()
        self.replica = Replica(self.database)
        self.changed = asyncio.Event()
        self.away = False
        self.seen: list[str] = []
        self.serves: int | None = None
        self.deployments = 0
        self.side_by_side = False
        self.activated: list[int] = []
        self.versions: list[int | None] = []
        self.hang_withdrawal: asyncio.Event | None = None
        self.withdrawn: list[int | None] = []
        self.answers: dict[str, str] = {}
        self.unasked: set[str] = set()
        self.runs: list[str] = []
        self.on: dict[str, Callable[[], Awaitable[Any]]] = {}
        deployer: Any = SimpleNamespace(
            deploy=self._deploy, serving=self._serving, withdraw=self._withdraw, activate=self._activate
        )
        verifier: Any = SimpleNamespace(results=self._results)
        self.workshop = Workshop(
            load=self.replica.store.load,
            output=self.replica.store.records.output,
            attempt=self.replica.store.records.attempt,
            verifications=self.replica.verifications,
            checkpoints=Checkpoints(self.database.as_database(), self.replica.work.items),
            answer=self.replica.store.records.answer,
            executors={BuildMethod.RULES: executor},
            reports=SignedTransport(self, self._sign),
            deployer=deployer,
            verifier=verifier,
            packages=DirectoryBlobStore(folder / "packages"),
            artifacts=DirectoryBlobStore(folder / "artifacts"),
            step_seconds=0.0,
            step_timeout_seconds=30.0,
            wait_seconds=60.0,
        )

    async def taken(self) -> WorkItem:
        """The build in the hands of another worker than before."""
        item = await self.replica.work.items.get(BUILD, PROJECT)
        assert item is not None
        return await self.replica.work.items.give(item, new_id("worker_"))

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[asyncio.Task[None]]:
        """A worker that takes the build up; left, it is dead, and the next one may take the build over."""
        held = Held(await self.taken(), asyncio.Event(), mine=True)
        held.places, held.placed, held.changed = Places(Capacity(1)), True, self.changed
        held.places.reserve()
        run = asyncio.create_task(BuildRun(self.workshop, PROJECT, held).run())
        try:
            yield run
        finally:
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)

    async def reaches(self, status: ProjectStatus) -> Project:
        """The project, when a worker has brought it there."""

        async def reached() -> bool:
            return (await self.replica.present()).status is status

        async with self.working():
            await eventually(reached)
        return await self.replica.present()

    async def worked(self) -> Project:
        """The project when a worker has nothing more to do on it."""
        async with asyncio.timeout(20), self.working() as run:
            await run
        return await self.replica.present()

    async def control(self, action: ControlAction, **fields: Any) -> int:
        command = control_command(action, **fields)
        reply = await self.replica.ask(command.model_copy(update={"command_id": new_id("cmd_")}))
        self.changed.set()
        return reply.status

    async def send(self, event: CloudEvent) -> None:
        if self.away:
            raise Unconfirmed("nobody is there")
        message: Any = REPORT.validate_python({**event.data, "type": event.type})
        await self.replica.tell(Delivery(event, message, SimpleNamespace(value=event.body(), headers=event.headers())))
        self.seen.append(event.type)
        if act := self.on.pop(event.type, None):
            await act()
        self.changed.set()

    async def close(self) -> None: ...

    async def _sign(self, event: CloudEvent) -> CloudEvent:
        return event

    async def _deploy(self, *_more: object, activate: bool) -> int:
        self.deployments += 1
        assert activate or self.serves
        return 0 if activate or not self.side_by_side else (self.serves or 0) + 1

    async def _activate(self, _agent_id: str, _attempt: int, _asker: object, version: int) -> None:
        self.activated.append(version)

    async def _serving(self, *_where: object) -> int | None:
        return self.serves

    async def _withdraw(self, _agent_id: str, _attempt: int, _asker: object, earlier: int | None) -> None:
        self.withdrawn.append(earlier)
        if self.hang_withdrawal:
            self.hang_withdrawal.set()
            await asyncio.Event().wait()

    async def _results(
        self, _agent_id: str, cases: Sequence[Case], _asker: object, run: str, *, version: int | None
    ) -> list[CaseResult]:
        self.runs.append(run)
        self.versions.append(version)
        return [judged(case, [self._given(turn.prompt) for turn in case.turns]) for case in cases]

    def _given(self, prompt: str) -> Given:
        away = prompt in self.unasked
        return Given(unasked="agents is away") if away else Given(self.answers.get(prompt, "?"))
