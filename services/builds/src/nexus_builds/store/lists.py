"""The lists in which projects are found, and the writes that keep them right."""

from nexus_builds.domain.state import Project
from nexus_builds.tables import LISTS
from nexus_contracts.builds.events import Builder
from nexus_contracts.identifiers import format_timestamp
from nexus_runtime.dynamo import Action, Delete, Put

EXTERNAL = "external"
"""The list of running builds that others report on, of all tenants. Those of the platform's worker are long work."""


def listed(tenant: str, user_id: str | None) -> str:
    """The list of a tenant's projects, or of one user's."""
    return f"{tenant}#user#{user_id}" if user_id else f"{tenant}#all"


def list_changes(before: Project | None, after: Project) -> list[Action]:
    """What a change of status or a deletion comes to."""
    if before and before.status == after.status and before.deleted_at == after.deleted_at:
        return []
    position = f"{format_timestamp(after.created_at)}#{after.project_id}"
    lists = (listed(after.tenant, None), listed(after.tenant, after.user_id))
    position_of_external = {"list": EXTERNAL, "position": after.project_id}
    external = (_external(before), _external(after))
    moved: list[Action] = []
    if external == (True, False):
        moved.append(Delete(LISTS, position_of_external))
    if external == (False, True):
        moved.append(Put(LISTS, position_of_external))
    if after.deleted_at:
        return [*moved, *(Delete(LISTS, {"list": name, "position": position}) for name in lists)]
    entry = {"project_id": after.project_id, "status": str(after.status), "tags": after.tags}
    return [*moved, *(Put(LISTS, {"list": name, "position": position, **entry}) for name in lists)]


def _external(project: Project | None) -> bool:
    return project is not None and project.runs(Builder.EXTERNAL)
