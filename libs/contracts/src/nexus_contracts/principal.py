"""Who asked for something: carried by every command, and by every event that it causes."""

from pydantic import Field

from nexus_contracts.model import Message

DEFAULT_TENANT = "default"


class Principal(Message):
    """`id` is unique within `tenant`; `scopes` say what they may do. Keys that list or count begin with the tenant."""

    id: str = Field(default="default", min_length=1, max_length=100)
    tenant: str = Field(default=DEFAULT_TENANT, pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    scopes: tuple[str, ...] = ()


PLATFORM = Principal(id="platform")
"""For what the platform does by itself."""
