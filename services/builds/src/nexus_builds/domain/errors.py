"""How a project that is not there is answered."""

from nexus_contracts.errors import NotFound


def project_not_found(project_id: str) -> NotFound:
    return NotFound(f"there is no project {project_id}", type="project", id=project_id)
