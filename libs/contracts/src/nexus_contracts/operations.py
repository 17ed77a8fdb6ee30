"""What became of accepted commands."""

from typing import Literal

from nexus_contracts.errors import ErrorBody
from nexus_contracts.model import Message
from nexus_contracts.replies import Outcome


class Outcomes(Message):
    """What an owner knows of a command; None: it is not decided, or its long work has not ended."""

    outcome: Outcome | None


class OperationView(Message):
    """`resource` is the address of what it is about; `error` says why it was refused or failed."""

    id: str
    status: Literal["pending", "done", "refused", "failed"]
    resource: str
    error: ErrorBody | None = None
