"""The answers of owners to commands."""

from pydantic import JsonValue

from nexus_contracts.errors import ErrorBody
from nexus_contracts.model import Message

REPLY_TYPE = "nexus.reply.v1"
REPLY_TOPIC_HEADER = "reply_topic"
REPLY_PARTITION_HEADER = "reply_partition"
REPLY_WHEN_HEADER = "reply_when"
REPLY_ALONE_HEADER = "reply_alone"
"""The sender waits for no other command: its reply need not keep together with others."""
WHEN_ACCEPTED = b"accepted"
"""The sender of a command waits only for its acceptance: it follows the work by other means."""


class Outcome(Message):
    """A decided answer: a result or an error. Kept in the inbox and given again to a repeat of the command.

    A result that is too large for a message is read from its owner, at `read_at`.
    """

    status: int
    result: dict[str, JsonValue] | None = None
    error: ErrorBody | None = None
    read_at: str | None = None

    @classmethod
    def of(cls, status: int, view: Message) -> "Outcome":
        """The result, as JSON that needs no validation."""
        return Outcome.known({"status": status, "result": view.model_dump(mode="json"), "error": None, "read_at": None})

    def reply(self, request_id: str, command_id: str, *, replayed: bool = False) -> "Reply":
        """This as the answer to one message."""
        to = {"request_id": request_id, "command_id": command_id, "replayed": replayed}
        told = {"status": self.status, "result": self.result, "error": self.error, "read_at": self.read_at}
        return Reply.known({**told, **to})

    @classmethod
    def accepted(cls, kind: str, name: str) -> "Accepted":
        """The answer will come when this long work ends."""
        return Accepted(work=f"{kind}#{name}")


class Accepted(Outcome):
    """No answer yet: the end of `work` (`<kind>#<name>`) answers. It is kept, and never sent."""

    status: int = 202
    work: str


class KeyTaken(Message):
    """The Idempotency-Key of a write that is not decided by an answer. `replayed`: an equal request had taken it."""

    replayed: bool


class Reply(Outcome):
    """`request_id` is the id of the message answered; `replayed` is true when an earlier message had the effect."""

    request_id: str
    command_id: str
    replayed: bool = False
