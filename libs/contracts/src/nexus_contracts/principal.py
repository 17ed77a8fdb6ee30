"""The caller of a command, carried by the command and by every event that it causes."""

from typing import Annotated

from pydantic import Field

from nexus_contracts.model import Message

DEFAULT_TENANT = "default"
Tenant = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
ADMIN = "admin"
"""The scope that includes all others of a tenant, and shows what belongs to anyone of it."""
PLATFORM_READ = "platform:read"
"""Health and metrics, which concern all tenants: the admin scope of a tenant does not include it."""


class Principal(Message):
    """`id` is unique within `tenant`; `scopes` are what they may do. Keys of lists and counters begin with `tenant`."""

    id: str = Field(default="default", min_length=1, max_length=100)
    tenant: Tenant = DEFAULT_TENANT
    scopes: tuple[str, ...] = ()

    @property
    def is_admin(self) -> bool:
        return ADMIN in self.scopes

    def may(self, scope: str) -> bool:
        return scope in self.scopes or (self.is_admin and scope != PLATFORM_READ)

    def sees(self, tenant: str, user_id: str) -> bool:
        """Whether resources of that user of that tenant are visible to them."""
        return tenant == self.tenant and (self.is_admin or user_id == self.id)


EVERYBODY = Principal(scopes=(ADMIN, PLATFORM_READ))
"""The caller when authentication is off."""
PLATFORM = Principal(id="platform")
"""The platform itself."""
