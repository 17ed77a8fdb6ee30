"""The two kinds of model: messages, tolerant of what a newer publisher adds, and request bodies, which are not."""

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """Read by programs that may be older than its writer: unknown fields are ignored. Immutable."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null", allow_inf_nan=False)


class RequestBody(BaseModel):
    """Written by people: an unknown field is a mistake and is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
