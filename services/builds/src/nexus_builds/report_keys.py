"""Idempotency-Keys of reports over HTTP, for the gateway. The reports are decided in the order of their topic."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response

from nexus_builds.domain.errors import project_not_found
from nexus_builds.store.projects import ProjectStore
from nexus_contracts.commands import Command
from nexus_contracts.replies import KeyTaken
from nexus_runtime.ledger.inbox import Handled
from nexus_runtime.ledger.ledger import Ledger
from nexus_runtime.process import caller
from nexus_runtime.process.clock import new_id
from nexus_runtime.process.queries import json_answer

Text = Annotated[str, Query(min_length=1, max_length=300)]


@dataclass(frozen=True)
class ReportKeys:
    store: ProjectStore
    ledger: Ledger

    async def take(self, project_id: str, command_id: str, fingerprint: Text) -> Response:
        """Kept like the answer to a command. Raises NotFound, IdempotencyKeyReused."""
        asker = caller.principal.get()
        handled = Handled(Command(command_id=command_id, fingerprint=fingerprint, principal=asker), new_id("evt_"))
        project = await self.store.load(project_id)
        if project is not None and asker.sees(project.tenant, project.user_id):
            return json_answer(await self.ledger.take_key(handled))
        # A repeat gets its first answer though the project has been deleted since.
        if await self.ledger.inbox.find(handled) is None:
            raise project_not_found(project_id)
        return json_answer(KeyTaken(replayed=True))


def report_key_routes(keys: ReportKeys) -> APIRouter:
    router = APIRouter(tags=["reports"])
    path = "/projects/{project_id}/report-keys/{command_id}"
    router.add_api_route(path, keys.take, methods=["PUT"], operation_id="takeReportKey")
    return router
