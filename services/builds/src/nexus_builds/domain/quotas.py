"""How many projects a tenant may have, and how many builds at once."""

from dataclasses import dataclass

from nexus_builds.domain.state import Project, built_by
from nexus_contracts.builds.events import Builder
from nexus_contracts.errors import TenantQuotaExceeded

BUILD_ENDS_SECONDS = 30
"""A guess: when it is worth asking again whether one of the builds has ended."""


@dataclass(frozen=True)
class TenantTotals:
    """What a tenant has. `entries` counts what was let in on a count: a second one on the same count is not."""

    projects: int
    builds: int
    entries: int


@dataclass(frozen=True)
class ProjectQuotas:
    """Of one tenant; None: no limit. A build counts from its start to its end, pauses included."""

    projects: int | None = None
    builds: int | None = None

    def concern(self, before: Project | None, after: Project) -> bool:
        """Whether this change needs room."""
        return (self.projects is not None and before is None) or (self.builds is not None and _begins(before, after))

    def require_room(self, before: Project | None, after: Project, standing: TenantTotals) -> None:
        """Raises TenantQuotaExceeded."""
        if self.projects is not None and before is None and standing.projects >= self.projects:
            raise TenantQuotaExceeded(
                f"the tenant has {standing.projects} projects, and may have {self.projects}",
                suggestion="Delete a project that is not needed any more, or ask the operators for a higher quota.",
                quota="projects",
                limit=self.projects,
                used=standing.projects,
                retry_after_seconds=None,
            )
        if self.builds is not None and _begins(before, after) and standing.builds >= self.builds:
            raise TenantQuotaExceeded(
                f"{standing.builds} builds of the tenant go on, and {self.builds} may at once",
                suggestion="Send it again when one of them has ended, or stop one.",
                quota="builds",
                limit=self.builds,
                used=standing.builds,
                retry_after_seconds=BUILD_ENDS_SECONDS,
            )


def _begins(before: Project | None, after: Project) -> bool:
    """Whether the platform's worker has more to build after this change. What others build costs it nothing."""
    return built_by(Builder.PLATFORM, after) and not built_by(Builder.PLATFORM, before)
