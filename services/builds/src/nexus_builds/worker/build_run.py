"""One worker's work on one attempt: step by step, until it has ended, is paused, or the lease is lost."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nexus_builds.domain.agent_change import AgentChange
from nexus_builds.domain.state import PastAttempt, Project, StepState, built_by, steps_of
from nexus_builds.store.checkpoints import Checkpoints
from nexus_builds.store.verifications import Verifications
from nexus_builds.worker.approving import approved
from nexus_builds.worker.deployment import Deployer
from nexus_builds.worker.notebook import Answer, StepNotebook
from nexus_builds.worker.plan import next_steps
from nexus_builds.worker.reporting import AttemptOver, Confirmation, PersonAwaited, SignedTransport, StepReports
from nexus_builds.worker.rollout import Rollout, stored
from nexus_builds.worker.verifying import Verifier
from nexus_contracts.builds.builder import BuildRequest, PresentAgent, StageExecutor, StepFailed
from nexus_contracts.builds.events import Builder, BuildMethod
from nexus_contracts.builds.views import ProjectStatus
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.stages import DEPLOYER, StepStatus
from nexus_runtime.blobs import BlobStore, BlobTooLarge
from nexus_runtime.process import log
from nexus_runtime.work.kind import Held
from nexus_tracker import ReportNotDelivered

logger = log.get(__name__)
PAUSED_LOOK_SECONDS = 60.0
"""Between looks at a paused build; the event of its resumption is a hint to look at once."""


@dataclass(frozen=True)
class Workshop:
    """What every build of a worker shares. `executors` are chosen by the method that an attempt names."""

    load: Callable[[str], Awaitable[Project | None]]
    output: Callable[[str, StepState], Awaitable[dict[str, object] | None]]
    attempt: Callable[[str, int], Awaitable[PastAttempt | None]]
    checkpoints: Checkpoints
    verifications: Verifications
    answer: Answer
    executors: Mapping[BuildMethod, StageExecutor]
    reports: SignedTransport
    deployer: Deployer
    verifier: Verifier
    packages: BlobStore
    artifacts: BlobStore
    step_seconds: float
    step_timeout_seconds: float
    wait_seconds: float


class BuildRun:
    """Reports carry the epoch under which the build is held: those of a worker that has lost it are refused."""

    def __init__(self, workshop: Workshop, project_id: str, held: Held) -> None:
        self._shop = workshop
        self._project_id = project_id
        self._held = held
        self._confirmation = Confirmation(workshop.load, held.changed)

    async def run(self) -> None:
        """Returns when there is nothing more to do: ended, stopped or deleted. A pause is waited out."""
        while True:
            project = await self._shop.load(self._project_id)
            if project is None or not built_by(Builder.PLATFORM, project):
                return
            if project.status is ProjectStatus.PAUSED:
                await self._held.rest(PAUSED_LOOK_SECONDS)
                continue
            steps = next_steps(project)
            if not steps:
                return
            try:
                for stage_name, sub_stage_name in steps[:-1]:
                    await self._begin(project, stage_name, sub_stage_name)
                await self._step(project, *steps[-1])
            except PersonAwaited:
                continue  # paused, it is waited out
            except AttemptOver as over:
                logger.info("attempt over", reason=str(over))
                return

    async def _begin(self, project: Project, stage_name: str, sub_stage_name: str | None) -> None:
        """A stage whose work is that of its sub-stages: it only begins here."""
        async with self._reports(project, stage_name, sub_stage_name) as reports:
            await self._started(project, reports)

    async def _started(self, project: Project, reports: StepReports) -> None:
        """Says so once for each hold of the build: a step that waited for a person is started again without."""
        step = project.step(reports.stage_name, reports.sub_stage_name)
        if step is None or step.status is not StepStatus.RUNNING or step.epoch != reports.epoch:
            await reports.step.start()
        await self._confirmation.until(reports, lambda step: step.status is not StepStatus.PENDING)

    async def _step(self, project: Project, stage_name: str, sub_stage_name: str | None) -> None:
        async with self._reports(project, stage_name, sub_stage_name) as reports:
            await self._started(project, reports)
            try:
                async with asyncio.timeout(self._shop.step_timeout_seconds):
                    await self._unless_over(self._work(project, reports), reports)
            except (AttemptOver, ServiceUnavailable, ReportNotDelivered):
                raise  # no fault of the step: the build is taken up again
            except Exception as error:  # noqa: BLE001  # whatever it is, the step has failed by it
                await reports.failed(*self._fault(error, reports.name))
            await self._confirmation.until(reports, lambda step: step.done or step.status is StepStatus.FAILED)

    def _fault(self, error: Exception, step: str) -> tuple[str, str]:
        """The code and the message under which the step fails."""
        match error:
            case StepFailed():
                return error.code, error.message
            case BlobTooLarge():
                return "OUTPUT_TOO_LARGE", f"{step} produced a file that is too large: {error}"
            case TimeoutError():
                return "STEP_TIMED_OUT", f"{step} did not end within {self._shop.step_timeout_seconds:g} seconds"
            case _:
                logger.error("step crashed", step=step, exc_info=error)
                return "STEP_CRASHED", f"{step} stopped with {type(error).__name__}"

    async def _unless_over(self, work: Coroutine[Any, Any, None], reports: StepReports) -> None:
        """The work, given up as soon as its attempt is stopped or deleted, or waits. Raises AttemptOver."""
        tasks = asyncio.create_task(work), asyncio.create_task(self._confirmation.over(reports))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, project: Project, reports: StepReports) -> None:
        request = await self._request(project)
        pace = asyncio.create_task(asyncio.sleep(self._shop.step_seconds))
        notebook = StepNotebook(
            reports, self._held.item, self._shop.checkpoints, self._shop.answer, self._shop.wait_seconds
        )
        try:
            outputs = await self._outputs(project.project_id, project.steps())
            result = await self._executor(project).execute(reports.name, request, outputs, notebook)
            await approved(project, reports.name, result, notebook)
            output: dict[str, Any] = dict(result.output_data)
            for produced in result.artifacts:
                await reports.step.artifact(await stored(self._shop.artifacts, produced))
            if reports.stage_name == DEPLOYER:
                rollout = Rollout(self._shop, project, reports, notebook, request.present)
                output |= await rollout.deployed(result)
            await pace
        finally:
            pace.cancel()
        await reports.completed(output)

    def _executor(self, project: Project) -> StageExecutor:
        method = project.attempt.build_method if project.attempt else None
        if method is None or method not in self._shop.executors:
            raise StepFailed(
                "METHOD_UNAVAILABLE",
                f"this worker has no build method {method}: give builds and workers the same BUILD_EXECUTORS",
            )
        return self._shop.executors[method]

    async def _request(self, project: Project) -> BuildRequest:
        change = project.attempt.change if project.attempt else None
        return BuildRequest(
            project_id=project.project_id,
            attempt=project.attempt_number,
            requirement=change.whole if change else project.requirement,
            agent_name=change.agent_id.rpartition(":")[2] if change else project.agent_name,
            project_name=project.project_name,
            ask=project.ask,
            present=await self._present(project, change) if change else None,
        )

    async def _present(self, project: Project, change: AgentChange) -> PresentAgent:
        """The agent that is changed, as the attempt that built it left it."""
        built = await self._shop.attempt(project.project_id, change.against)
        suite = await self._shop.verifications.suite(project.project_id, change.against)
        if built is None or suite is None:
            raise StepFailed("AGENT_GONE", f"nothing is left of attempt {change.against}, whose agent is to be changed")
        outputs = await self._outputs(project.project_id, steps_of(built.stages))
        return PresentAgent(change.requirement, outputs, tuple(suite.cases), change.activate_if_cases_fail)

    async def _outputs(self, project_id: str, steps: Iterable[StepState]) -> Mapping[str, Mapping[str, Any]]:
        outputs = {step.name: await self._shop.output(project_id, step) for step in steps}
        return {name: output for name, output in outputs.items() if output is not None}

    def _reports(self, project: Project, stage_name: str, sub_stage_name: str | None) -> StepReports:
        return StepReports(self._shop.reports, project, self._held.epoch, stage_name, sub_stage_name)
