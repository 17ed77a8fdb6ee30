"""Folds the reports of one project into one commit; caching projects saves a read for each."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from prometheus_client import Counter
from pydantic import BaseModel

from nexus_builds.domain import reports
from nexus_builds.domain.reports import Reporter
from nexus_builds.domain.state import Project
from nexus_builds.store.projects import ProjectStore, remember_reports, report_digest
from nexus_contracts.builds.events import RefusalCode, ReportRefused
from nexus_runtime.dynamo import Put
from nexus_runtime.kafka.delivery import Delivery
from nexus_runtime.ledger.audit import entry_of_report
from nexus_runtime.ledger.ledger import Ledger, retried
from nexus_runtime.process import log

logger = log.get(__name__)
COMMIT_BYTES = 400_000
"""Limit for the reports of one commit: each is in the history and in a record, and a transaction holds 4 MB."""
COMMIT_REPORTS = 200
COMMIT_AUDITED = 40
"""The same for those that leave an entry in the audit trail each: a transaction has at most 100 items."""
REFUSED = Counter("nexus_reports_refused_total", "Reports refused, by the code of the reason", ["code"])


class Reported(Protocol):
    async def load(self, project_id: str) -> Project | None: ...

    def reports_seen(self, project_id: str) -> AsyncIterator[bytes]: ...


@dataclass
class Known:
    """A project as last seen by this process, and its reports so far. `project` None: it must be read again."""

    project: Project | None
    seen: set[bytes]


@dataclass
class ReportMemory:
    """A cache of recently reported projects. If one has changed elsewhere, its version reveals that at the write."""

    store: Reported
    projects: int = 1_000
    digests: int = 200_000
    _known: OrderedDict[str, Known] = field(default_factory=OrderedDict[str, Known])
    _held: int = 0

    async def recall(self, project_id: str) -> tuple[Project, set[bytes]] | None:
        """The project and the digests of its reports; None if it does not exist."""
        known = self._known.get(project_id)
        if known is None or known.project is None:
            project = await self.store.load(project_id)
            if project is None:
                self._forget(project_id)
                return None
            seen = known.seen if known else set[bytes]()
            # The project counts its reports: if the number differs, another process has applied some.
            if len(seen) != project.reports:
                seen = {digest async for digest in self.store.reports_seen(project_id)}
            return project, seen
        self._known.move_to_end(project_id)
        return known.project, known.seen

    def keep(self, project: Project, seen: set[bytes], fresh: Collection[bytes]) -> None:
        """Stores the project as it was just written, with `fresh` reports added to those seen before."""
        self._forget(project.project_id)
        seen.update(fresh)
        self._known[project.project_id] = Known(project, seen)
        self._held += len(seen)
        while len(self._known) > 1 and (len(self._known) > self.projects or self._held > self.digests):
            self._forget(next(iter(self._known)))

    def doubt(self, project_id: str) -> None:
        """The project may have been changed elsewhere: it will be read again."""
        if known := self._known.get(project_id):
            known.project = None

    def _forget(self, project_id: str) -> None:
        if known := self._known.pop(project_id, None):
            self._held -= len(known.seen)


@dataclass(frozen=True)
class ReportHandlers:
    store: ProjectStore
    memory: ReportMemory
    ledger: Ledger
    now: Callable[[], datetime]

    async def apply_reports(self, deliveries: Sequence[Delivery]) -> None:
        """`deliveries` belong to one project, in order. A repeat changes nothing; a refused report blocks no other."""
        for chunk in _chunks(deliveries):
            await retried(lambda chunk=chunk: self._apply(chunk))

    async def _apply(self, deliveries: Sequence[Delivery]) -> None:
        project_id = deliveries[0].message.project_id
        known = await self.memory.recall(project_id)
        if known is None:
            logger.warning("refused reports of an unknown project", project_id=project_id, reports=len(deliveries))
            REFUSED.labels(RefusalCode.UNKNOWN_PROJECT).inc(len(deliveries))
            return
        before, seen = known
        if not (fresh := _unseen(deliveries, seen)):
            return
        after, events, applied = self._folded(before, list(fresh.values()))
        audited = self._audited(after, applied)
        saved = self.store.save(before, after, events, [remember_reports(after, fresh), *audited])
        try:
            await self.ledger.commit(saved.change, cause=deliveries[0].event)
        except BaseException:
            # Whatever has failed: another process may have written, or this write may still take effect.
            self.memory.doubt(project_id)
            raise
        self.memory.keep(saved.state, seen, fresh)
        _count_refusals(events)

    def _folded(
        self, before: Project, deliveries: Sequence[Delivery]
    ) -> tuple[Project, list[BaseModel], list[Delivery]]:
        """The project after them, its new events, and the reports that were not refused."""
        project, events, applied = before, list[BaseModel](), list[Delivery]()
        for delivery in deliveries:
            reporter = Reporter(delivery.event.source, delivery.event.id)
            project, more = reports.apply(project, delivery.message, reporter, self.now())
            events += more
            if not any(isinstance(event, ReportRefused) for event in more):
                applied.append(delivery)
        return project.model_copy(update={"reports": before.reports + len(deliveries)}), events, applied

    def _audited(self, project: Project, deliveries: Iterable[Delivery]) -> Iterator[Put]:
        """One entry for each that a caller has sent: it commits with the effect, so it is there exactly once."""
        for delivery in deliveries:
            event = delivery.event
            if (entry := entry_of_report(event, project.project_id, self.now())) is not None:
                write_id = report_digest(event.source, event.id).hex()
                yield self.ledger.inbox.audit.record(project.tenant, write_id, entry)


def _unseen(deliveries: Sequence[Delivery], seen: set[bytes]) -> Mapping[bytes, Delivery]:
    """Each new report once, by its digest."""
    fresh: dict[bytes, Delivery] = {}
    for delivery in deliveries:
        digest = report_digest(delivery.event.source, delivery.event.id)
        if digest not in seen:
            fresh.setdefault(digest, delivery)
    return fresh


def _chunks(deliveries: Sequence[Delivery]) -> Iterator[Sequence[Delivery]]:
    """What is committed together is caused by one caller."""
    chunk: list[Delivery] = []
    size = 0
    for delivery in deliveries:
        weight, sender = len(delivery.record.value or b""), delivery.event.nexusprincipal
        most = COMMIT_REPORTS if sender is None else COMMIT_AUDITED
        if chunk and (size + weight > COMMIT_BYTES or len(chunk) >= most or chunk[0].event.nexusprincipal != sender):
            yield chunk
            chunk, size = [], 0
        chunk.append(delivery)
        size += weight
    if chunk:
        yield chunk


def _count_refusals(events: Iterable[BaseModel]) -> None:
    for event in events:
        if isinstance(event, ReportRefused):
            REFUSED.labels(event.code or "").inc()
