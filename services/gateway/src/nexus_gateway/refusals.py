"""An owner's error, given on to the caller as it is."""

from pydantic import ValidationError

from nexus_contracts.errors import ErrorBody, InternalError, PlatformError
from nexus_contracts.model import Message


class RefusedByOwner(PlatformError):
    """What an owner answered instead of a result. `replayed`: it had answered so to an earlier, equal request."""

    def __init__(self, answer: ErrorBody, status: int, *, replayed: bool = False) -> None:
        super().__init__(answer.message)
        self.answer = answer
        self.status = status
        self.replayed = replayed

    def body(self) -> ErrorBody:
        return self.answer


class _OwnerError(Message):
    error: ErrorBody


def refusal_of(status: int, body: bytes) -> PlatformError:
    """The error in an owner's HTTP answer; whatever has not the agreed form is nobody's business outside."""
    try:
        return RefusedByOwner(_OwnerError.model_validate_json(body).error, status)
    except ValidationError:
        return InternalError("a service of the platform gave an answer that is not understood")
