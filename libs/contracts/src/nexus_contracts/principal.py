"""Who asked for something: carried by every command, and by every event that it causes."""

from pydantic import Field

from nexus_contracts.model import Message

DEFAULT_TENANT = "default"
ADMIN = "admin"
"""The scope that includes all others of a tenant, and shows what belongs to anyone of it."""
PLATFORM_READ = "platform:read"
"""Health and metrics, which are of all tenants: no admin of one has it by that."""


class Principal(Message):
    """`id` is unique within `tenant`; `scopes` say what they may do. Keys that list or count begin with the tenant."""

    id: str = Field(default="default", min_length=1, max_length=100)
    tenant: str = Field(default=DEFAULT_TENANT, pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    scopes: tuple[str, ...] = ()

    @property
    def is_admin(self) -> bool:
        return ADMIN in self.scopes

    def may(self, scope: str) -> bool:
        return scope in self.scopes or (self.is_admin and scope != PLATFORM_READ)

    def sees(self, tenant: str, user_id: str) -> bool:
        """Whether what belongs to that user of that tenant exists for them."""
        return tenant == self.tenant and (self.is_admin or user_id == self.id)


EVERYBODY = Principal(scopes=(ADMIN, PLATFORM_READ))
"""Whoever asks where authentication is off."""
PLATFORM = Principal(id="platform")
"""For what the platform does by itself."""
