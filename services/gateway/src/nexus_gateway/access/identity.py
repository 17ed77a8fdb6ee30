"""Who is calling, according to the credentials."""

from dataclasses import dataclass
from typing import Protocol

from fastapi import Request

from nexus_contracts.errors import NotFound, PermissionDenied
from nexus_contracts.principal import EVERYBODY, Principal


@dataclass(frozen=True)
class Identity:
    """`project_id`: the credentials are valid only for this project."""

    principal: Principal
    project_id: str | None = None

    def require(self, scope: str | None, project_id: str | None) -> None:
        """Checks that they may do what requires `scope`, with that project. Raises PermissionDenied, NotFound."""
        if scope and not self.principal.may(scope):
            raise PermissionDenied(f"this requires the scope {scope}", required_scope=scope)
        if self.project_id in (None, project_id):
            return
        if project_id is None:
            raise PermissionDenied("the key is bound to one project, and this request concerns others as well")
        raise NotFound(f"there is no project {project_id}", type="project", id=project_id)


ANYBODY = Identity(EVERYBODY)
"""Without authentication."""


class Authenticating(Protocol):
    async def identify(self, request: Request) -> Identity:
        """Who is calling. Raises Unauthenticated, ServiceUnavailable."""
        ...


class NoAuthentication:
    """Everyone is the default user of the default tenant, and its admin."""

    async def identify(self, request: Request) -> Identity:
        return ANYBODY
