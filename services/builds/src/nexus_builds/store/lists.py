"""The lists in which projects are found, and the writes that keep them right."""

from nexus_builds.domain.state import RUNNING, Project
from nexus_builds.tables import LISTS
from nexus_contracts.builds.events import Builder
from nexus_contracts.identifiers import format_timestamp
from nexus_runtime.dynamo import Action, Delete, Put

ACTIVE, EXTERNAL, DELETING = "active", "external", "deleting"
"""Lists that the platform works through, of all tenants: builds of its own worker, builds of others, deletions."""


def listed(tenant: str, user_id: str | None) -> str:
    """The list of a tenant's projects, or of one user's."""
    return f"{tenant}#user#{user_id}" if user_id else f"{tenant}#all"


def list_changes(before: Project | None, after: Project) -> list[Action]:
    """What a change of status or a deletion comes to."""
    if before and before.status == after.status and before.deleted_at == after.deleted_at:
        return []
    position = f"{format_timestamp(after.created_at)}#{after.project_id}"
    lists = (listed(after.tenant, None), listed(after.tenant, after.user_id))
    if after.deleted_at:
        return [
            *(Delete(LISTS, {"list": name, "position": position}) for name in lists),
            *(Delete(LISTS, {"list": name, "position": after.project_id}) for name in (ACTIVE, EXTERNAL)),
            Put(LISTS, {"list": DELETING, "position": after.project_id}),
        ]
    entry = {"project_id": after.project_id, "status": str(after.status), "tags": after.tags}
    return [
        *(Put(LISTS, {"list": name, "position": position, **entry}) for name in lists),
        *(Delete(LISTS, {"list": name, "position": after.project_id}) for name in _runs(before) - _runs(after)),
        *(Put(LISTS, {"list": name, "position": after.project_id}) for name in _runs(after) - _runs(before)),
    ]


def _runs(project: Project | None) -> set[str]:
    """The list of running builds that the project is in: the worker sees to the one, others report on the other."""
    if project is None or project.attempt is None or project.status not in RUNNING:
        return set()
    return {ACTIVE if project.attempt.builder is Builder.PLATFORM else EXTERNAL}
