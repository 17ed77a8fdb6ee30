"""One worker's work on one attempt: step by step, until it has ended, is paused, or the lease is lost."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from nexus_builds.domain.state import Project, Step
from nexus_builds.worker.deployment import Deployer
from nexus_builds.worker.plan import next_steps
from nexus_builds.worker.reporting import AttemptOver, Confirmation, StepReporter
from nexus_contracts.builds.builder import BuildRequest, StageExecutor, StepFailed, StepResult
from nexus_contracts.builds.events import Builder
from nexus_contracts.builds.reports import Artifact, Usage
from nexus_contracts.builds.views import ProjectStatus
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.stages import DEPLOYER, StepStatus
from nexus_runtime.blobs import BlobStore, BlobTooLarge
from nexus_runtime.process import log
from nexus_runtime.work.kind import Held
from nexus_tracker import Tracker

logger = log.get(__name__)
PAUSED_LOOK_SECONDS = 60.0
"""Between looks at a paused build; the event of its resumption is a hint to look at once."""


@dataclass(frozen=True)
class Workshop:
    """What every build of a worker shares."""

    load: Callable[[str], Awaitable[Project | None]]
    output: Callable[[str, Step], Awaitable[dict[str, object] | None]]
    executor: StageExecutor
    tracker: Tracker
    deployer: Deployer
    packages: BlobStore
    artifacts: BlobStore
    step_seconds: float
    step_timeout_seconds: float


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
            if project is None or not project.runs(Builder.PLATFORM):
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
            except AttemptOver as over:
                logger.info("attempt over", reason=str(over))
                return

    async def _begin(self, project: Project, stage_name: str, sub_stage_name: str | None) -> None:
        """A stage whose work is that of its sub-stages: it only begins here."""
        reporter = self._reporter(project, stage_name, sub_stage_name)
        await reporter.started(project.agent_name_map.get(stage_name))
        await self._confirmation.until(reporter, lambda step: step.status is not StepStatus.PENDING)

    async def _step(self, project: Project, stage_name: str, sub_stage_name: str | None) -> None:
        reporter = self._reporter(project, stage_name, sub_stage_name)
        await reporter.started(project.agent_name_map.get(reporter.name))
        await self._confirmation.until(reporter, lambda step: step.status is not StepStatus.PENDING)
        try:
            async with asyncio.timeout(self._shop.step_timeout_seconds):
                await self._unless_over(self._work(project, reporter), reporter)
        except StepFailed as failure:
            await reporter.failed(failure.code, failure.message)
        except BlobTooLarge as error:
            await reporter.failed("OUTPUT_TOO_LARGE", f"{reporter.name} made too large a file: {error}")
        except TimeoutError:
            limit = self._shop.step_timeout_seconds
            await reporter.failed("STEP_TIMED_OUT", f"{reporter.name} did not end within {limit:g} seconds")
        except (AttemptOver, ServiceUnavailable):
            raise  # no fault of the step: the build is taken up again
        except Exception as error:
            logger.exception("step crashed", step=reporter.name)
            await reporter.failed("STEP_CRASHED", f"{reporter.name} stopped with {type(error).__name__}")
        await self._confirmation.until(reporter, lambda step: step.done or step.status is StepStatus.FAILED)

    async def _unless_over(self, work: Coroutine[Any, Any, None], reporter: StepReporter) -> None:
        """The work, given up as soon as its attempt is stopped or deleted. Raises AttemptOver."""
        tasks = asyncio.create_task(work), asyncio.create_task(self._confirmation.over(reporter))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, project: Project, reporter: StepReporter) -> None:
        request = BuildRequest(
            project_id=project.project_id,
            attempt=project.attempt_number,
            requirement=project.requirement,
            agent_name=project.agent_name,
            project_name=project.project_name,
        )
        pace = asyncio.create_task(asyncio.sleep(self._shop.step_seconds))
        try:
            outputs = await self._outputs(project)
            result = await self._shop.executor.execute(reporter.name, request, outputs, reporter)
            output: dict[str, Any] = dict(result.output_data)
            for artifact in result.artifacts:
                blob = await self._shop.artifacts.put(artifact.content)
                await reporter.artifact(
                    Artifact(
                        name=artifact.name,
                        uri=blob.uri,
                        sha256=blob.sha256,
                        size_bytes=blob.size_bytes,
                        media_type=artifact.media_type,
                    )
                )
            if reporter.stage_name == DEPLOYER:
                output["agent_id"] = await self._deploy(project, reporter, result)
            if result.tool_calls:
                await reporter.usage(Usage(tool_calls=result.tool_calls))
            await pace
        finally:
            pace.cancel()
        await reporter.completed(output)

    async def _outputs(self, project: Project) -> Mapping[str, Mapping[str, Any]]:
        outputs = {step.name: await self._shop.output(project.project_id, step) for step in project.steps()}
        return {name: output for name, output in outputs.items() if output is not None}

    async def _deploy(self, project: Project, reporter: StepReporter, result: StepResult) -> str:
        name = result.output_data.get("agent_name")
        if result.package is None or not isinstance(name, str):
            raise StepFailed("NO_PACKAGE", "the builder produced no agent package to deploy")
        package = await self._shop.packages.put(result.package)
        await reporter.log(f"deploying {name}, package sha256 {package.sha256}")
        agent_id = await self._shop.deployer.deploy(
            project.project_id, project.attempt_number, project.user_id, name, package
        )
        await reporter.log(f"agent {agent_id} runs")
        return agent_id

    def _reporter(self, project: Project, stage_name: str, sub_stage_name: str | None) -> StepReporter:
        return StepReporter(
            self._shop.tracker, project.project_id, project.attempt_number, self._held.epoch, stage_name, sub_stage_name
        )
