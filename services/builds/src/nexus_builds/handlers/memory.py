"""What this process remembers of the projects reported on, so that a batch of reports needs no read."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from typing import Protocol

from nexus_builds.domain.state import Project


class Reported(Protocol):
    async def load(self, project_id: str) -> Project | None: ...

    def reports_seen(self, project_id: str) -> AsyncIterator[bytes]: ...


@dataclass
class Known:
    """A project as this process saw it last, and which reports it has taken. `project` None: to be read again."""

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
        """The project and the digests of its reports; None if there is none."""
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
