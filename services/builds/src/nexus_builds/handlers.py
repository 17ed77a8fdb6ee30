"""Load, decide, save: what each command and each batch of reports comes to."""

import asyncio
import random
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from pydantic import BaseModel

from nexus_builds.domain import control, reports
from nexus_builds.domain.control import Decided
from nexus_builds.domain.reports import Reporter
from nexus_builds.domain.state import Project
from nexus_builds.domain.views import project_view
from nexus_builds.metrics import REFUSED, count_refusals
from nexus_builds.store import DynamoProjectStore, ProjectStore, remember_reports, report_digest
from nexus_contracts.builds.commands import BuildsCommand, ControlProject, CreateProject, DeleteProject
from nexus_contracts.builds.reports import AnyReport
from nexus_contracts.builds.views import DeletedProject
from nexus_contracts.commands import IfMatch, matches
from nexus_contracts.errors import Conflict, NotFound, PreconditionFailed
from nexus_contracts.replies import Outcome
from nexus_runtime.kafka.delivery import Delivery
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.change import Change, Recorded
from nexus_runtime.ledger.ledger import ChangedMeanwhile, Contention, Decision, Ledger
from nexus_runtime.process import log

logger = log.get(__name__)
COMMIT_BYTES = 400_000
"""Reports of one commit: each stands in the history and in a record, and a transaction holds at most 4 MB."""
COMMIT_REPORTS = 200


@dataclass(frozen=True)
class CommandHandlers:
    """One method for each command; each decides on the project as it is now and returns what is to be written."""

    store: ProjectStore
    now: Callable[[], datetime]

    async def decide(self, command: BuildsCommand, _reply_to: ReplyAddress | None) -> Decision:
        match command:
            case CreateProject():
                return await self.create_project(command)
            case ControlProject():
                return await self.control_project(command)
            case DeleteProject():
                return await self.delete_project(command)

    async def create_project(self, command: CreateProject) -> Decision:
        after, decision = self._decision(None, control.create(command, self.now()), 201)
        exists = Conflict(f"project {command.project_id} exists already", type="project", id=command.project_id)
        return replace(decision(project_view(after)), exists=exists)

    async def control_project(self, command: ControlProject) -> Decision:
        before = await self._present(command.project_id, command.if_match)
        decided = control.control(before, command.action, self.now(), command.reason, command.from_stage)
        after, decision = self._decision(before, decided, 200)
        return decision(project_view(after))

    async def delete_project(self, command: DeleteProject) -> Decision:
        before = await self._present(command.project_id, command.if_match)
        after, decision = self._decision(before, control.delete(before, self.now()), 200)
        return decision(DeletedProject(project_id=after.project_id, deleted_at=after.updated_at))

    async def _present(self, project_id: str, if_match: IfMatch) -> Project:
        project = await self.store.load(project_id)
        if project is None:
            raise project_not_found(project_id)
        if not matches(if_match, project.version):
            raise PreconditionFailed(f"project {project_id} has changed", current_etag=f'"{project.version}"')
        return project

    def _decision(
        self, before: Project | None, decided: Decided, status: int
    ) -> tuple[Project, Callable[[BaseModel], Decision]]:
        after, events = numbered(before, decided)
        recorded = Recorded(after.project_id, before.sequence if before else 0, events)

        def shown(view: BaseModel) -> Decision:
            outcome = Outcome(status=status, result=view.model_dump(mode="json"))
            return Decision(outcome, Change(tuple(self.store.changes(before, after, events)), (recorded,)))

        return after, shown


def project_not_found(project_id: str) -> NotFound:
    return NotFound(f"there is no project {project_id}", type="project", id=project_id)


def numbered(before: Project | None, decided: Decided) -> tuple[Project, list[BaseModel]]:
    """The decided project with its next version and the sequence of its last event."""
    after, events = decided
    version, sequence = (before.version, before.sequence) if before else (0, 0)
    return after.model_copy(update={"version": version + 1, "sequence": sequence + len(events)}), events


class Reported(Protocol):
    async def load(self, project_id: str) -> Project | None: ...

    def reports_seen(self, project_id: str) -> AsyncIterator[bytes]: ...


@dataclass
class Known:
    """A project as this process saw it last, and which reports it has taken. `project` None: to be read anew."""

    project: Project | None
    seen: set[bytes]


@dataclass
class ReportMemory:
    """The projects reported on latest. One that changed elsewhere is found out by the version, when it is written."""

    store: Reported
    projects: int = 1_000
    digests: int = 200_000
    _known: OrderedDict[str, Known] = field(default_factory=OrderedDict[str, Known])
    _held: int = 0

    async def recall(self, project_id: str) -> tuple[Project, set[bytes]] | None:
        """The project and the digests of its reports; None where there is none."""
        known = self._known.get(project_id)
        if known is None or known.project is None:
            project = await self.store.load(project_id)
            if project is None:
                self._forget(project_id)
                return None
            seen = known.seen if known else set[bytes]()
            if len(seen) != project.reports:
                seen = {digest async for digest in self.store.reports_seen(project_id)}
            return project, seen
        self._known.move_to_end(project_id)
        return known.project, known.seen

    def keep(self, project: Project, seen: set[bytes], fresh: Collection[bytes]) -> None:
        """The project as it was just written, with `fresh` reports more than were seen before."""
        self._forget(project.project_id)
        seen.update(fresh)
        self._known[project.project_id] = Known(project, seen)
        self._held += len(seen)
        while len(self._known) > 1 and (len(self._known) > self.projects or self._held > self.digests):
            self._forget(next(iter(self._known)))

    def doubt(self, project_id: str) -> None:
        """It was changed by somebody else."""
        if known := self._known.get(project_id):
            known.project = None

    def _forget(self, project_id: str) -> None:
        if known := self._known.pop(project_id, None):
            self._held -= len(known.seen)


@dataclass(frozen=True)
class ReportHandlers:
    """Folds the reports of one project into one commit."""

    store: DynamoProjectStore
    memory: ReportMemory
    ledger: Ledger
    now: Callable[[], datetime]

    async def apply_reports(self, deliveries: Sequence[Delivery]) -> None:
        """`deliveries` are of one project, in order. A repeat changes nothing; a refused one blocks no other."""
        for chunk in _chunks(deliveries):
            for attempt in range(30):
                try:
                    await self._apply(chunk)
                    break
                except ChangedMeanwhile:
                    await asyncio.sleep(random.uniform(0, 0.005 * (attempt + 1)))
            else:
                raise Contention("the project changes too fast")

    async def _apply(self, deliveries: Sequence[Delivery]) -> None:
        project_id = deliveries[0].message.project_id
        known = await self.memory.recall(project_id)
        if known is None:
            logger.warning("reports of an unknown project refused", project_id=project_id, reports=len(deliveries))
            REFUSED.labels("UNKNOWN_PROJECT").inc(len(deliveries))
            return
        before, seen = known
        fresh: dict[bytes, Delivery] = {}
        for delivery in deliveries:
            digest = report_digest(delivery.event.source, delivery.event.id)
            if digest not in seen:
                fresh.setdefault(digest, delivery)
        if not fresh:
            return
        after, events = self._folded(before, list(fresh.values()))
        actions = [*self.store.changes(before, after, events), remember_reports(after, fresh)]
        recorded = Recorded(project_id, before.sequence, events)
        try:
            await self.ledger.commit(Change(tuple(actions), (recorded,)), cause=deliveries[0].event)
        except BaseException:
            self.memory.doubt(project_id)
            raise
        self.memory.keep(after, seen, fresh)
        count_refusals(events)

    def _folded(self, before: Project, deliveries: Sequence[Delivery]) -> tuple[Project, list[BaseModel]]:
        project, events = before, list[BaseModel]()
        for delivery in deliveries:
            report: AnyReport = delivery.message
            reporter = Reporter(delivery.event.source, delivery.event.id)
            project, more = reports.apply(project, report, reporter, self.now())
            events += more
        project = project.model_copy(update={"reports": before.reports + len(deliveries)})
        return numbered(before, (project, events))


def _chunks(deliveries: Sequence[Delivery]) -> Iterator[Sequence[Delivery]]:
    chunk: list[Delivery] = []
    size = 0
    for delivery in deliveries:
        weight = len(delivery.record.value or b"")
        if chunk and (size + weight > COMMIT_BYTES or len(chunk) >= COMMIT_REPORTS):
            yield chunk
            chunk, size = [], 0
        chunk.append(delivery)
        size += weight
    if chunk:
        yield chunk
