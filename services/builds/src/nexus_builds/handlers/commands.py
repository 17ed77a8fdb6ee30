"""One method per command: load the project, decide on its present state, save."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from nexus_builds.domain import changing, control, verification
from nexus_builds.domain.control import Methods
from nexus_builds.domain.errors import project_not_found
from nexus_builds.domain.quotas import ProjectQuotas
from nexus_builds.domain.state import Attempt, Project, project_view
from nexus_builds.domain.verification import Suite, no_cases
from nexus_builds.store.projects import ProjectStore
from nexus_builds.store.verifications import VERIFICATION, Verifications
from nexus_contracts.builds.commands import (
    BuildsCommand,
    ChangeAgent,
    ControlProject,
    CreateProject,
    DeleteProject,
    VerifyAgent,
)
from nexus_contracts.builds.views import DeletedProject
from nexus_contracts.commands import require_match
from nexus_contracts.errors import Conflict, NotFound
from nexus_contracts.replies import Outcome
from nexus_runtime.dynamo import Action
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.change import Begin, Change
from nexus_runtime.ledger.ledger import Decision
from nexus_runtime.process.clock import new_id


@dataclass(frozen=True)
class CommandHandlers:
    store: ProjectStore
    verifications: Verifications
    now: Callable[[], datetime]
    methods: Methods
    quotas_of: Callable[[str], ProjectQuotas] | None = None
    """By tenant; None where no tenant has any."""

    async def decide(self, command: BuildsCommand, address: ReplyAddress | None) -> Decision:
        """Raises PlatformError for refusals."""
        match command:
            case CreateProject():
                return await self.create_project(command)
            case ControlProject():
                return await self.control_project(command)
            case DeleteProject():
                return await self.delete_project(command)
            case VerifyAgent():
                return await self.verify_agent(command, address)
            case ChangeAgent():
                return await self.change_agent(command)

    async def create_project(self, command: CreateProject) -> Decision:
        after, events = control.create(command, self.now(), self.methods)
        if self.quotas_of is None or not self.quotas_of(after.tenant).concern(None, after):
            # Not read beforehand: the condition of the write shows whether it exists, and a creation costs no read.
            saved = self.store.save(None, after, events)
            return Decision.answer(201, project_view(saved.state), saved.change, partial(_exists, command.project_id))
        if await self.store.load_any(command.project_id) is not None:
            return await _exists(command.project_id)
        saved = self.store.save(None, after, events, await self._entry(None, after))
        return Decision.answer(201, project_view(saved.state), saved.change)

    async def control_project(self, command: ControlProject) -> Decision:
        before = await self._present(command)
        after, events = control.control(before, command, self.now(), self.methods)
        saved = self.store.save(before, after, events, await self._entry(before, after))
        return Decision.answer(200, project_view(saved.state), saved.change)

    async def delete_project(self, command: DeleteProject) -> Decision:
        before = await self._present(command)
        after, events = control.delete(before, self.now())
        saved = self.store.save(before, after, events)
        view = DeletedProject(project_id=after.project_id, deleted_at=after.updated_at)
        return Decision.answer(200, view, saved.change)

    async def verify_agent(self, command: VerifyAgent, address: ReplyAddress | None) -> Decision:
        """Answered with the report by the worker that completes it."""
        project, suite = await self._verified(command, "verify")
        run, event = verification.requested(project, suite, command.package_sha256, new_id("ver_"), self.now())
        change = self.store.save(project, project, [event], [self.verifications.put(run)]).change
        begin = Change(begins=(Begin(VERIFICATION, run.name, address),))
        return Decision(Outcome.accepted(VERIFICATION, run.name), change + begin)

    async def change_agent(self, command: ChangeAgent) -> Decision:
        before, suite = await self._verified(command, "change")
        built = await self._attempt(before, suite.attempt)
        after, events = changing.change(before, command, suite, built, self.now(), self.methods)
        saved = self.store.save(before, after, events, await self._entry(before, after))
        return Decision.answer(201, project_view(saved.state), saved.change)

    async def _entry(self, before: Project | None, after: Project) -> list[Action]:
        """What lets the change in, where it needs room. Raises TenantQuotaExceeded."""
        if self.quotas_of is None or not (quotas := self.quotas_of(after.tenant)).concern(before, after):
            return []
        standing = await self.store.standing(after.tenant)
        quotas.require_room(before, after, standing)
        return [self.store.entry(after.tenant, standing)]

    async def _attempt(self, project: Project, number: int) -> Attempt:
        latest = project.attempt
        if latest is not None and latest.number == number:
            return latest
        past = await self.store.records.attempt(project.project_id, number)
        if past is None:
            raise NotFound(f"there is no attempt {number}", type="attempt", id=str(number))
        return past.attempt

    async def _present(self, command: ControlProject | DeleteProject) -> Project:
        project = await self._seen(command)
        require_match(command.if_match, project)
        return project

    async def _seen(self, command: BuildsCommand) -> Project:
        project = await self.store.load(command.project_id)
        if project is None or not command.principal.sees(project.tenant, project.user_id):
            raise project_not_found(command.project_id)
        return project

    async def _verified(self, command: VerifyAgent | ChangeAgent, action: str) -> tuple[Project, Suite]:
        """Raises NotFound; InvalidState for an agent without cases."""
        project = await self._seen(command)
        suite = await self.verifications.suite_of(project, command.agent_id, command.package_sha256)
        if suite is None:
            raise no_cases(command.agent_id, action)
        return project, suite


async def _exists(project_id: str) -> Decision:
    raise Conflict(f"project {project_id} already exists", type="project", id=project_id)
