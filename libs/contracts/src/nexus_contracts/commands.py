"""What every command carries beside its own fields."""

from pydantic import Field

from nexus_contracts.aggregate import Aggregate
from nexus_contracts.errors import ErrorBody, PreconditionFailed
from nexus_contracts.model import Message
from nexus_contracts.principal import EVERYBODY, Principal

IfMatch = int | list[int] | None
"""The version of the resource that the caller has seen, or several of which one must be it; None: any will do."""


def require_match(if_match: IfMatch, present: Aggregate) -> None:
    """Raises PreconditionFailed where the resource is not as the caller has seen it."""
    accepted = if_match if isinstance(if_match, list) else [if_match]
    if if_match is not None and present.version not in accepted:
        message = "the resource has changed since the version that If-Match names"
        raise PreconditionFailed(message, current_etag=f'"{present.version}"')


class Command(Message):
    """A wish addressed to one owner.

    `command_id` identifies the wish (from the Idempotency-Key if there is one): a command seen again has no second
    effect and gets the same answer. `fingerprint` identifies the request behind it: the same command id with another
    fingerprint is an Idempotency-Key used twice. `principal` is who wishes it.

    `refusal`: why the gateway has found that it cannot be carried out, because something of another owner is gone. It
    is sent all the same, because it may repeat one that was carried out before, and then gets the answer of that one.
    """

    command_id: str = Field(min_length=1, max_length=300)
    fingerprint: str = ""
    principal: Principal = EVERYBODY
    refusal: ErrorBody | None = None
