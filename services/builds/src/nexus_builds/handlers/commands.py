"""One method for each command: load the project, decide on it as it is now, save."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nexus_builds.domain import control
from nexus_builds.domain.control import Methods
from nexus_builds.domain.errors import project_not_found
from nexus_builds.domain.state import Project, project_view
from nexus_builds.store.projects import ProjectStore
from nexus_contracts.builds.commands import BuildsCommand, ControlProject, CreateProject, DeleteProject
from nexus_contracts.builds.views import DeletedProject
from nexus_contracts.commands import require_match
from nexus_contracts.errors import Conflict
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.ledger import Decision


@dataclass(frozen=True)
class CommandHandlers:
    store: ProjectStore
    now: Callable[[], datetime]
    methods: Methods

    async def decide(self, command: BuildsCommand, _reply_to: ReplyAddress | None) -> Decision:
        """Raises PlatformError for what is refused."""
        match command:
            case CreateProject():
                return await self.create_project(command)
            case ControlProject():
                return await self.control_project(command)
            case DeleteProject():
                return await self.delete_project(command)

    async def create_project(self, command: CreateProject) -> Decision:
        # Not looked for: the condition of the write tells whether it exists, and a creation costs no read.
        after, events = control.create(command, self.now(), self.methods)
        saved = self.store.save(None, after, events)
        exists = Conflict(f"project {command.project_id} exists already", type="project", id=command.project_id)
        return Decision.answer(201, project_view(saved.state), saved.change, exists)

    async def control_project(self, command: ControlProject) -> Decision:
        before = await self._present(command)
        after, events = control.control(before, command, self.now(), self.methods)
        saved = self.store.save(before, after, events)
        return Decision.answer(200, project_view(saved.state), saved.change)

    async def delete_project(self, command: DeleteProject) -> Decision:
        before = await self._present(command)
        after, events = control.delete(before, self.now())
        saved = self.store.save(before, after, events)
        view = DeletedProject(project_id=after.project_id, deleted_at=after.updated_at)
        return Decision.answer(200, view, saved.change)

    async def _present(self, command: ControlProject | DeleteProject) -> Project:
        project = await self.store.load(command.project_id)
        if project is None or not command.principal.sees(project.tenant, project.user_id):
            raise project_not_found(command.project_id)
        require_match(command.if_match, project)
        return project
