"""Who the gateway asks for: the principal of the request that is being answered."""

from collections.abc import Mapping
from contextvars import ContextVar

from nexus_contracts.principal import Principal

ID_HEADER, TENANT_HEADER = "nexus-principal", "nexus-tenant"
_DEFAULT = Principal()
principal: ContextVar[Principal] = ContextVar("principal", default=_DEFAULT)


def begin(headers: Mapping[bytes, bytes]) -> None:
    """Take the principal from an internal request; without one it is the default user of the default tenant."""
    principal.set(
        Principal(
            id=headers.get(ID_HEADER.encode(), _DEFAULT.id.encode()).decode("latin-1"),
            tenant=headers.get(TENANT_HEADER.encode(), _DEFAULT.tenant.encode()).decode("latin-1"),
        )
    )


def headers_of(asker: Principal) -> dict[str, str]:
    """The headers of an internal request on behalf of `asker`."""
    return {ID_HEADER: asker.id, TENANT_HEADER: asker.tenant}
