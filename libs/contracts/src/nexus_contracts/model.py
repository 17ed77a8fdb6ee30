"""The two kinds of model: messages, tolerant of what a newer publisher adds, and request bodies, which are not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """Read by programs that may be older than its writer: unknown fields are ignored. Immutable."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null", allow_inf_nan=False)

    @classmethod
    def known(cls, values: Mapping[str, Any]) -> Self:
        """Of values that fit, one for every field: nothing is checked, copied or filled in.

        pydantic's own `model_construct` takes ten times as long, as long as a check does.
        """
        made = cls.__new__(cls)
        object.__setattr__(made, "__dict__", dict(values))
        object.__setattr__(made, "__pydantic_fields_set__", set(values))
        object.__setattr__(made, "__pydantic_extra__", None)
        object.__setattr__(made, "__pydantic_private__", None)
        return made


def type_of(message: type[BaseModel]) -> str:
    """The CloudEvents type of these messages: what their field `type` always says."""
    return str(message.model_fields["type"].default)


@dataclass(frozen=True)
class AtMost:
    """Of a field of a request body: more entries are refused before any is looked at.

    pydantic has a fault for each entry, which takes seconds for a hundred thousand; of a list it stops at `max_length`.
    """

    entries: int


class RequestBody(BaseModel):
    """Written by people: an unknown field is a mistake and is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
