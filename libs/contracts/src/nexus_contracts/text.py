"""Limited texts and values as people write them: stored as sent, and measured after trimming where stated."""

import json
import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue

MAX_PADDED = 10_000
"""A requirement is kept as sent, the white space around it included, in one item of the database."""

MAX_OBJECT_BYTES = 30_000
"""A caller's own JSON is kept beside a text in one item of the database."""
_UNSEEN = frozenset(("Cc", "Cf", "Zs", "Zl", "Zp"))
_VARIATION = r"\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_NO_INK = re.compile(
    rf"[{_VARIATION}\u034f\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""Letters, symbols and marks of no width or no ink, and what Unicode keeps free for more of them."""
_INK = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
"""Signs above or below numbers: of the format characters, these are seen."""
_PART_OF_A_SIGN = re.compile(rf"(?<=[^\x00-\x7f])[{_VARIATION}]|(?<=\U0001f3f4)[\U000e0020-\U000e007f]+")
"""What makes a heart red, an ideograph somebody's name, and a black flag that of Wales."""


def _unseen(character: str) -> bool:
    if unicodedata.category(character) in _UNSEEN:
        return character not in _INK
    return _NO_INK.match(character) is not None


def is_visible(text: str) -> bool:
    """Whether it has any visible character. Fast even with megabytes of invisible ones."""
    return not all(map(_unseen, set(text)))


def trimmed(text: str) -> str:
    """The text without invisible characters at its ends; empty if nothing is visible."""
    start, end = 0, len(text)
    while start < end and _unseen(text[start]):
        start += 1
    while start < end and _unseen(text[end - 1]):
        end -= 1
    part = _PART_OF_A_SIGN.match(text, end)
    return text[start : part.end() if part else end]


def first_line(text: str) -> str:
    """The first line with a visible character, trimmed."""
    return trimmed(trimmed(text).splitlines()[0])


def json_bytes(value: object) -> int:
    """The size of a value as JSON, in bytes."""
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
        raise ValueError(
            f"must have at most {MAX_PADDED} characters including surrounding white space, not {len(text)}"
        )
    length = len(trimmed(text))
    if not 10 <= length <= 5000:
        raise ValueError(f"must have 10 to 5000 characters after trimming, not {length}")
    return text


def _not_blank(text: str) -> str:
    if not is_visible(text):
        raise ValueError("must not be blank")
    return text


Requirement = Annotated[str, AfterValidator(_requirement)]
UserId = Annotated[str, Field(min_length=1, max_length=100)]
Reason = Annotated[str, Field(max_length=1000)]
Tag = Annotated[str, Field(min_length=1, max_length=50)]
Tags = Annotated[list[Tag], Field(max_length=20)]
InputText = Annotated[str, Field(min_length=1, max_length=50_000), AfterValidator(_not_blank)]
ModelName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_not_blank)]
JsonObject = Annotated[dict[str, JsonValue], AfterValidator(_bounded)]
