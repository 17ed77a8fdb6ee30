"""The outcomes of accepted commands."""

from typing import Literal

from nexus_contracts.errors import ErrorBody
from nexus_contracts.model import Message
from nexus_contracts.replies import Outcome


class Outcomes(Message):
    """The outcome of a command; None: it is undecided, or its long work has not ended."""

    outcome: Outcome | None


class OperationView(Message):
    """`resource` is the address of the resource that it concerns; `error` says why it was refused or failed."""

    id: str
    status: Literal["pending", "done", "refused", "failed"]
    resource: str
    error: ErrorBody | None = None
