"""The end of a build: the agent is deployed, asked its cases, and serves only if enough of them pass."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import JsonValue

from nexus_builds.domain.agent_change import AgentChange
from nexus_builds.domain.state import Project
from nexus_builds.domain.verification import CHECKPOINT, DIFF, SUITE, Suite
from nexus_builds.store.verifications import Verifications
from nexus_builds.worker.deployment import Deployer
from nexus_builds.worker.differences import different, summary
from nexus_builds.worker.reporting import StepReports
from nexus_builds.worker.verifying import Verifier
from nexus_contracts.builds.builder import Notebook, PresentAgent, ProducedFile, StepFailed, StepResult
from nexus_contracts.builds.reports import Artifact, LogLevel
from nexus_contracts.builds.views import AgentDiff
from nexus_contracts.identifiers import agent_id_of
from nexus_contracts.principal import Principal
from nexus_contracts.verification import MAX_CASES, Case, CaseOutcome, CaseResult, VerificationReport
from nexus_runtime.blobs import Blob, BlobStore
from nexus_runtime.process.clock import utc_now
from nexus_verification.report import report_of
from nexus_verification.suite import no_longer_passed, with_earlier

EARLIER, BESIDE = "earlier version", "version beside it"
MOST_SUITE_CHARACTERS = 70_000
"""They may have four bytes each, and a checkpoint is bounded."""


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

    @property
    def verifications(self) -> Verifications: ...


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
    present: PresentAgent | None = None

    @property
    def asker(self) -> Principal:
        return Principal(id=self.project.user_id, tenant=self.project.tenant)

    @property
    def change(self) -> AgentChange | None:
        return self.project.attempt.change if self.project.attempt else None

    async def deployed(self, result: StepResult) -> dict[str, Any]:
        """What the step puts out of it. Raises StepFailed: the earlier version, if any, serves."""
        name = result.output_data.get("agent_name")
        if result.package is None or not isinstance(name, str):
            raise StepFailed("NO_PACKAGE", "the builder produced no agent package to deploy")
        package = await self.shop.packages.put(result.package)
        cases = with_earlier(result.cases, self.present.cases if self.present else ())
        if self.change is not None:
            await self._differences(self.change, name, result.package)
        agent_id = agent_id_of(self.project.project_id, name)
        # Known before the deployment changes it, also to the worker that takes this step over.
        earlier = await self._number(EARLIER, lambda: self._serving(agent_id))
        beside = await self._number(BESIDE, lambda: self._running(name, package, activate=not (earlier and cases)))
        report = await self._verified(agent_id, package, cases, result.required_share, beside)
        broken = await self._broken(report, cases)
        if (broken or not report.fulfilled) and not (self.change and self.change.activate_if_cases_fail):
            if not beside:
                await self.shop.deployer.withdraw(agent_id, self.project.attempt_number, self.asker, earlier or None)
            raise StepFailed("VERIFICATION_FAILED", _refusal(report, broken, earlier))
        if beside:
            await self.shop.deployer.activate(agent_id, self.project.attempt_number, self.asker, beside)
            await self.reports.step.log(f"version {beside} serves")
        lost = {result.name for result in broken if result.outcome is CaseOutcome.FAILED}
        staying = [case for case in cases if case.name not in lost]
        if cases:
            await self._kept(SUITE, lambda: self._suite(agent_id, package, staying))
        counts = report.model_dump(include={"passed", "failed", "not_verifiable", "statement"})
        return {"agent_id": agent_id, "verification": counts}

    async def _running(self, name: str, package: Blob, *, activate: bool) -> int:
        """0 where the version serves; else its number: it can be invoked, and waits beside the one that serves."""
        project = self.project
        await self.reports.step.log(f"deploying {name}, package sha256 {package.sha256}")
        beside = await self.shop.deployer.deploy(
            project.project_id, project.attempt_number, self.asker, name, package, activate=activate
        )
        serves = f", as version {beside}, which does not serve yet" if beside else ""
        await self.reports.step.log(f"agent {name} runs{serves}")
        return beside

    async def _serving(self, agent_id: str) -> int:
        return await self.shop.deployer.serving(agent_id, self.asker) or 0

    async def _differences(self, change: AgentChange, name: str, package: bytes) -> None:
        """Told before anything is deployed. Raises StepFailed for what is no version of the agent to be changed."""
        project = self.project
        if agent_id_of(project.project_id, name) != change.agent_id:
            raise StepFailed("WRONG_AGENT", f"the builder built {name}, which is not the agent to be changed")

        async def found() -> JsonValue:
            suite = await self.shop.verifications.suite(project.project_id, change.against)
            before = await self.shop.packages.get(suite.package_uri) if suite else b""
            where = {"agent_id": change.agent_id, "attempt": project.attempt_number, "against": change.against}
            return AgentDiff.model_validate(where | different(before, package)).model_dump(mode="json")

        diff = AgentDiff.model_validate(await self._kept(DIFF, found))
        await self.reports.step.log(f"changes: {summary(diff.tools, diff.spec, diff.instructions)}"[:2000])

    async def _broken(self, report: VerificationReport, cases: Sequence[Case]) -> list[CaseResult]:
        """What the version that is changed passes, and this one does not."""
        if self.change is None or self.present is None:
            return []
        before = await self.shop.verifications.of_build(self.project.project_id, self.change.against)
        return no_longer_passed(before.cases if before else [], self.present.cases, report.cases, cases)

    async def _verified(
        self, agent_id: str, package: Blob, cases: Sequence[Case], required_share: float, beside: int
    ) -> VerificationReport:
        async def run() -> JsonValue:
            name = f"attempt {self.project.attempt_number} {package.sha256}"
            results = await self.shop.verifier.results(agent_id, cases, self.asker, name, version=beside or None)
            made = report_of(
                agent_id,
                results,
                utc_now(),
                required_share=required_share,
                attempt=self.project.attempt_number,
                package_sha256=package.sha256,
            )
            return made.model_dump(mode="json")

        report = VerificationReport.model_validate(await self._kept(CHECKPOINT, run))
        content = report.model_dump_json(indent=2).encode()
        file = ProducedFile("verification.json", "application/json", content)
        await self.reports.step.artifact(await stored(self.shop.artifacts, file))
        shown: LogLevel = "info" if report.passed or report.failed else "warning"
        await self.reports.step.log(f"verified: {report.statement}", shown if report.fulfilled else "error")
        for case in report.cases:
            if case.outcome is not CaseOutcome.PASSED:
                await self.reports.step.log(f"{case.name}: {case.outcome}: {case.problem}"[:1000], "warning")
        return report

    async def _suite(self, agent_id: str, package: Blob, cases: Sequence[Case]) -> JsonValue:
        """What stays with the agent: all cases, or as many as there is room for, the newest."""
        attempt, cases = self.project.attempt_number, cases[:MAX_CASES]
        while True:
            suite = Suite(
                agent_id=agent_id,
                attempt=attempt,
                package_uri=package.uri,
                package_sha256=package.sha256,
                cases=list(cases),
            )
            if len(suite.model_dump_json()) < MOST_SUITE_CHARACTERS:
                return suite.model_dump(mode="json")
            cases = cases[:-1]

    async def _number(self, name: str, find: Callable[[], Awaitable[int]]) -> int:
        known = await self._kept(name, find)
        return known if isinstance(known, int) else 0

    async def _kept(self, name: str, find: Callable[[], Awaitable[JsonValue]]) -> JsonValue:
        """Found out once in this attempt, whichever worker does it."""
        known = await self.notebook.saved(name)
        if known is None:
            known = await find()
            await self.notebook.checkpoint(name, known)
        return known


def _refusal(report: VerificationReport, broken: Sequence[CaseResult], before: int) -> str:
    lost = f" No longer passed: {', '.join(result.name for result in broken)[:500]}." if broken else ""
    serves = f"Version {before} serves on." if before else "The agent does not serve."
    return f"{report.statement}{lost} {serves}"
