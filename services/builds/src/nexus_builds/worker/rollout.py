"""The end of a build: the agent is deployed, asked its cases, and serves only if enough of them pass."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import JsonValue

from nexus_builds.domain.state import Project
from nexus_builds.domain.verification import CHECKPOINT
from nexus_builds.worker.deployment import Deployer
from nexus_builds.worker.reporting import StepReports
from nexus_builds.worker.verifying import Verifier
from nexus_contracts.builds.builder import Notebook, ProducedFile, StepFailed, StepResult
from nexus_contracts.builds.reports import Artifact
from nexus_contracts.identifiers import agent_id_of
from nexus_contracts.principal import Principal
from nexus_contracts.verification import CaseOutcome, VerificationReport
from nexus_runtime.blobs import Blob, BlobStore
from nexus_runtime.process.clock import utc_now
from nexus_verification.report import report_of

EARLIER = "earlier version"


class Shop(Protocol):
    """What it needs of the workshop."""

    @property
    def deployer(self) -> Deployer: ...

    @property
    def verifier(self) -> Verifier: ...

    @property
    def packages(self) -> BlobStore: ...

    @property
    def artifacts(self) -> BlobStore: ...


async def stored(artifacts: BlobStore, produced: ProducedFile) -> Artifact:
    blob = await artifacts.put(produced.content)
    return Artifact(
        name=produced.name,
        uri=blob.uri,
        sha256=blob.sha256,
        size_bytes=blob.size_bytes,
        media_type=produced.media_type,
    )


@dataclass(frozen=True)
class Rollout:
    shop: Shop
    project: Project
    reports: StepReports
    notebook: Notebook

    @property
    def asker(self) -> Principal:
        return Principal(id=self.project.user_id, tenant=self.project.tenant)

    async def deployed(self, result: StepResult) -> dict[str, Any]:
        """What the step puts out of it. Raises StepFailed: the earlier version, if any, serves again."""
        name = result.output_data.get("agent_name")
        if result.package is None or not isinstance(name, str):
            raise StepFailed("NO_PACKAGE", "the builder produced no agent package to deploy")
        package = await self.shop.packages.put(result.package)
        # Known before the deployment changes it, also to the worker that takes this step over.
        earlier = await self._kept(EARLIER, lambda: self._serving(name))
        agent_id = await self._running(name, package)
        if not result.cases:
            await self.reports.step.log("nothing is verified: the builder made no cases", "warning")
            return {"agent_id": agent_id}
        report = await self._verified(agent_id, package, result)
        if not report.fulfilled:
            before = earlier if isinstance(earlier, int) and earlier > 0 else None
            await self.shop.deployer.withdraw(agent_id, self.project.attempt_number, self.asker, before)
            raise StepFailed("VERIFICATION_FAILED", f"{report.statement} The agent does not serve.")
        counts = report.model_dump(include={"passed", "failed", "not_verifiable", "statement"})
        return {"agent_id": agent_id, "verification": counts}

    async def _running(self, name: str, package: Blob) -> str:
        """The agent's id. One that was verified ran: it may have been withdrawn since, and is not to come back."""
        project = self.project
        if await self.notebook.saved(CHECKPOINT) is not None:
            return agent_id_of(project.project_id, name)
        await self.reports.step.log(f"deploying {name}, package sha256 {package.sha256}")
        agent_id = await self.shop.deployer.deploy(
            project.project_id, project.attempt_number, self.asker, name, package
        )
        await self.reports.step.log(f"agent {agent_id} runs")
        return agent_id

    async def _serving(self, name: str) -> JsonValue:
        return await self.shop.deployer.serving(agent_id_of(self.project.project_id, name), self.asker) or 0

    async def _verified(self, agent_id: str, package: Blob, result: StepResult) -> VerificationReport:
        async def run() -> JsonValue:
            name = f"attempt {self.project.attempt_number} {package.sha256}"
            results = await self.shop.verifier.results(agent_id, result.cases, self.asker, name)
            made = report_of(
                agent_id,
                results,
                utc_now(),
                required_share=result.required_share,
                attempt=self.project.attempt_number,
                package_sha256=package.sha256,
            )
            return made.model_dump(mode="json")

        report = VerificationReport.model_validate(await self._kept(CHECKPOINT, run))
        content = report.model_dump_json(indent=2).encode()
        file = ProducedFile("verification.json", "application/json", content)
        await self.reports.step.artifact(await stored(self.shop.artifacts, file))
        await self.reports.step.log(f"verified: {report.statement}", "info" if report.fulfilled else "error")
        for case in report.cases:
            if case.outcome is not CaseOutcome.PASSED:
                await self.reports.step.log(f"{case.name}: {case.outcome}: {case.problem}"[:1000], "warning")
        return report

    async def _kept(self, name: str, find: Callable[[], Awaitable[JsonValue]]) -> JsonValue:
        """Found out once in this attempt, whichever worker does it."""
        known = await self.notebook.saved(name)
        if known is None:
            known = await find()
            await self.notebook.checkpoint(name, known)
        return known
