"""What is refused, and how."""

from nexus_contracts.errors import NotFound, ValidationFailed


class MethodUnavailable(ValidationFailed):
    """No worker of the platform builds so: decided by the owner, who alone knows."""

    decided = True


def project_not_found(project_id: str) -> NotFound:
    return NotFound(f"there is no project {project_id}", type="project", id=project_id)
