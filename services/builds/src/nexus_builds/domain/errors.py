"""The domain's refusals."""

from nexus_contracts.errors import NotFound, ValidationFailed


class MethodUnavailable(ValidationFailed):
    """No worker of the platform has this build method. Only the owner knows, so it is the owner's decision."""

    decided = True


def project_not_found(project_id: str) -> NotFound:
    return NotFound(f"there is no project {project_id}", type="project", id=project_id)
