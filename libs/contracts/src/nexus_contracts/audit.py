"""Who has changed what."""

from nexus_contracts.identifiers import Timestamp
from nexus_contracts.model import Message


class AuditEntry(Message):
    """`resource` is the id of what was changed; `request_id` is the request's X-Request-ID, where there was one."""

    time: Timestamp
    principal: str
    action: str
    resource: str
    request_id: str | None = None


class Audited(AuditEntry):
    """`position` orders the entries of all owners."""

    position: str


class AuditPage(Message):
    """Newest first."""

    items: list[Audited]
