"""The forms of HTTP answers: success, error, and pages of lists."""

from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, Field, JsonValue

T = TypeVar("T")
EXAMPLE_TIME = "2026-03-01T09:30:00.000000Z"
EXAMPLE_REQUEST = "req_0195500a7c1e7b0f8a4f4f1d2c3b4a59"


class Success(BaseModel, Generic[T]):
    """The form of every successful answer."""

    success: Literal[True]
    data: T
    message: str | None = None
    timestamp: str = Field(examples=[EXAMPLE_TIME])
    request_id: str = Field(examples=[EXAMPLE_REQUEST])


class ListOf(BaseModel, Generic[T]):
    """One page. `last_key` leads to the next one; null on the last page."""

    items: list[T]
    count: int = Field(description="of this page")
    last_key: str | None


class ErrorView(BaseModel):
    code: str
    message: str
    details: dict[str, JsonValue]
    suggestion: str
    trace_id: str


class Failure(BaseModel):
    """The form of every error."""

    success: Literal[False]
    error: ErrorView
    timestamp: str
    request_id: str
