"""Bounded texts and values, as people write them: kept as sent, measured after trimming where it says so."""

import json
import re
from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue

MAX_PADDED = 10_000
"""A requirement is kept as sent, the white space around it included, in one item of the database."""

MAX_OBJECT_BYTES = 30_000
"""A caller's own JSON is kept beside a text in one item of the database."""
_BLANK = r"\s\x00-\x1f\x7f-\x9f\xad\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0"
"""White space, control characters, and what has no width or no ink."""
_BLANK_ENDS = re.compile(rf"\A[{_BLANK}]+|[{_BLANK}]+\Z")


def trimmed(text: str) -> str:
    """Without what cannot be seen at its ends; empty where nothing can be seen at all."""
    return _BLANK_ENDS.sub("", text)


def first_line(text: str) -> str:
    """The first line in which something can be seen, trimmed."""
    return trimmed(trimmed(text).splitlines()[0])


def json_bytes(value: object) -> int:
    """The size of a value as JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


class TooLarge(ValueError):
    """Nothing is wrong with a value but its size. `limit` is in bytes."""

    def __init__(self, size: int, limit: int, advice: str = "") -> None:
        super().__init__(f"must be at most {limit} bytes as JSON, not {size}{advice}")
        self.limit = limit


def _bounded(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    size = json_bytes(value)
    if size > MAX_OBJECT_BYTES:
        raise TooLarge(size, MAX_OBJECT_BYTES)
    return value


def _requirement(text: str) -> str:
    if len(text) > MAX_PADDED:
        raise ValueError(f"must have at most {MAX_PADDED} characters with the white space around it, not {len(text)}")
    length = len(trimmed(text))
    if not 10 <= length <= 5000:
        raise ValueError(f"must have 10 to 5000 characters after trimming, not {length}")
    return text


def _not_blank(text: str) -> str:
    if not trimmed(text):
        raise ValueError("must not be blank")
    return text


Requirement = Annotated[str, AfterValidator(_requirement)]
UserId = Annotated[str, Field(min_length=1, max_length=100)]
Reason = Annotated[str, Field(max_length=1000)]
Tag = Annotated[str, Field(min_length=1, max_length=50)]
Tags = Annotated[list[Tag], Field(max_length=20)]
InputText = Annotated[str, Field(min_length=1, max_length=50_000), AfterValidator(_not_blank)]
JsonObject = Annotated[dict[str, JsonValue], AfterValidator(_bounded)]
