"""The long work that a change of a project begins or ends."""

from nexus_builds.domain.state import Project
from nexus_contracts.builds.events import Builder
from nexus_contracts.replies import Outcome
from nexus_runtime.ledger.change import Begin, Change, End

BUILD, ERASURE = "build", "erasure"
DONE = Outcome(status=200)
"""Nobody waits for the end of either."""


def work_of(before: Project | None, after: Project) -> Change:
    """A build is work from the start of its attempt to its end, pauses included: a running step outlives a pause."""
    was, runs = _built(before), _built(after)
    name, again = after.project_id, was and runs and _attempt(before) != _attempt(after)
    erased = after.deleted_at is not None and (before is None or before.deleted_at is None)
    return Change(
        begins=(
            *((Begin(BUILD, name),) if runs and (again or not was) else ()),
            *((Begin(ERASURE, name),) if erased else ()),
        ),
        ends=(End(BUILD, name, DONE),) if was and (again or not runs) else (),
    )


def _built(project: Project | None) -> bool:
    """By the platform's worker."""
    return project is not None and project.runs(Builder.PLATFORM)


def _attempt(project: Project | None) -> int:
    return project.attempt_number if project else 0
