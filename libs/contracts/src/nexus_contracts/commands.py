"""What every command carries beside its own fields."""

from pydantic import Field

from nexus_contracts.model import Message
from nexus_contracts.principal import Principal


class Command(Message):
    """A wish addressed to one owner.

    `command_id` identifies the wish (from the Idempotency-Key where there is one): a command seen again has no second
    effect and gets the same answer. `fingerprint` identifies the request behind it: the same command id with another
    fingerprint is an Idempotency-Key used twice. `principal` is who wishes it.
    """

    command_id: str = Field(min_length=1, max_length=300)
    fingerprint: str = ""
    principal: Principal = Principal()
