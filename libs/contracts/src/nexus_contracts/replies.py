"""What an owner answers to a command."""

from pydantic import JsonValue

from nexus_contracts.errors import ErrorBody
from nexus_contracts.model import Message

REPLY_TYPE = "nexus.reply.v1"
REPLY_TOPIC_HEADER = "reply_topic"
REPLY_PARTITION_HEADER = "reply_partition"


class Outcome(Message):
    """A decided answer: a result or an error. Kept in the inbox and given again to a repeat of the command.

    A status of 202 is no answer yet: the end of `work` (`<kind>#<name>`) answers. It is kept, and never sent.
    """

    status: int
    result: dict[str, JsonValue] | None = None
    error: ErrorBody | None = None
    work: str | None = None

    @classmethod
    def accepted(cls, kind: str, name: str) -> "Outcome":
        return cls(status=202, work=f"{kind}#{name}")


class Reply(Outcome):
    """`request_id` is the id of the message answered; `replayed` is true when an earlier message had the effect."""

    request_id: str
    command_id: str
    replayed: bool = False
