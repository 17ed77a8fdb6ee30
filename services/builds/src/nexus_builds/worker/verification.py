"""The cases of a deployed agent, run again: long work of the build worker."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from nexus_builds.domain.state import Project
from nexus_builds.domain.verification import Suite, Verification, project_of
from nexus_builds.store.verifications import VERIFICATION, Verifications
from nexus_builds.worker.verifying import Verifier
from nexus_contracts.principal import Principal
from nexus_contracts.verification import CaseResult
from nexus_runtime.process import log
from nexus_runtime.process.clock import utc_now
from nexus_runtime.work.kind import Held, Repeatable
from nexus_verification.report import report_of

logger = log.get(__name__)


@dataclass(frozen=True)
class AgentVerification(Repeatable):
    """Any worker may take it over: what is decided is kept case by case, and nothing is invoked twice."""

    load: Callable[[str], Awaitable[Project | None]]
    store: Verifications
    verifier: Verifier
    name: str = VERIFICATION

    async def run(self, name: str, held: Held) -> None:
        structlog.contextvars.bind_contextvars(verification=name, epoch=held.epoch)
        run = await self.store.load(name)
        project = await self.load(project_of(name))
        suite = await self.store.suite(project.project_id, run.attempt) if project and run else None
        if project is None or run is None or suite is None:
            await held.conclude(lambda: self.store.give_up(name))
            return
        await _Run(self, held, run, suite).asked(Principal(id=project.user_id, tenant=project.tenant))


class _Run:
    """One verification in this worker's hands."""

    def __init__(self, kind: AgentVerification, held: Held, run: Verification, suite: Suite) -> None:
        self._kind = kind
        self._held = held
        self._run = run
        self._suite = suite
        self._decided = {result.name: result for result in run.report.cases}
        self._writing = asyncio.Lock()

    async def asked(self, asker: Principal) -> None:
        """In the name of the agent's owner, for whom its sessions and invocations exist."""
        run = self._run
        await self._kind.verifier.results(
            run.agent_id, self._suite.cases, asker, run.verification_id, self._decided, self._decide
        )
        await self._held.conclude(self._end)

    async def _decide(self, result: CaseResult) -> None:
        self._decided[result.name] = result
        async with self._writing:
            await self._held.conclude(self._keep)

    async def _keep(self) -> None:
        run = self._so_far()
        project = await self._kind.load(project_of(run.agent_id))
        if project is not None and run.report.status == "running":
            await self._kind.store.keep(self._held.item, project, run)

    async def _end(self) -> None:
        run = self._so_far()
        project = await self._kind.load(project_of(run.agent_id))
        if project is None:
            await self._kind.store.give_up(run.name)
            return
        await self._kind.store.end(project, run)
        logger.info("agent verified", statement=run.report.statement)

    def _so_far(self) -> Verification:
        before, cases = self._run.report, self._suite.cases
        report = report_of(
            before.agent_id,
            [self._decided[case.name] for case in cases if case.name in self._decided],
            utc_now(),
            attempt=before.attempt,
            package_sha256=before.package_sha256,
            total=len(cases),
        )
        return self._run.model_copy(update={"report": report})
