"""Reads JSON of agents strictly: what this platform could not store and show again is refused, with the reason."""

import json
import re
from math import isfinite
from typing import cast

from pydantic import JsonValue
from pydantic_core import from_json

_HALF_PAIR = re.compile("[\ud800-\udfff]")


class NotStrictJson(ValueError):
    """Says what is wrong, as in "is not JSON: it holds NaN"."""


class NotJson(NotStrictJson):
    """It is no JSON by anybody's reading."""


def read_strictly(text: str) -> JsonValue:
    """The value of `text`. Raises NotJson; NotStrictJson for what only a lenient reader takes."""
    if not text.strip():
        raise NotJson("is empty")
    try:
        value = cast(JsonValue, from_json(text, allow_inf_nan=False))
    except ValueError as error:
        raise _complaint(text, str(error)) from None
    if _overflows(value):
        raise NotStrictJson("holds a number beyond the range of a double")
    return value


def _complaint(text: str, error: str) -> NotStrictJson:
    """Python's own reader takes more than JSON: what it finds tells more than the strict reader's error."""
    if text.startswith("\ufeff"):
        return NotStrictJson("is not JSON: it begins with a byte order mark")
    constants = list[str]()
    try:
        value = json.loads(text, parse_constant=constants.append, parse_int=float)
        if constants:
            return NotStrictJson(f"is not JSON: it holds {constants[0]}")
        if _HALF_PAIR.search(json.dumps(value, ensure_ascii=False)):
            return NotStrictJson("holds half of a surrogate pair, which is not Unicode text")
    except (ValueError, RecursionError):
        return NotJson(f"is not JSON: {error}")
    return NotStrictJson(f"cannot be read: {error}")


def _overflows(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return any(_overflows(one) for one in value.values())
    if isinstance(value, list):
        return any(_overflows(one) for one in value)
    return isinstance(value, float) and not isfinite(value)
