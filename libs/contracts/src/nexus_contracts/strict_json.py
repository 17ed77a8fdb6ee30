"""JSON, taken strictly: UTF-8, no NaN, no half characters, no name twice in an object, no endless nesting."""

import codecs
import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from pydantic import JsonValue

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
INVALID = "json_invalid"


class UnreadableJson(ValueError):
    """Text that programs would not all read alike, or not at all. `kind` is for programs, the message for people."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class NotJson(UnreadableJson):
    """It is not JSON by anybody's reading."""

    def __init__(self, message: str) -> None:
        super().__init__(INVALID, message)


class JsonReader:
    """Reads JSON nested up to `max_depth` levels. `number` makes a number of one with a fraction or an exponent."""

    def __init__(self, max_depth: int, number: Callable[[str], Any] = float) -> None:
        self._max_depth = max_depth
        self._decoder = json.JSONDecoder(
            parse_constant=_constant, parse_float=lambda text: _finite(number(text)), object_pairs_hook=_object
        )

    def read(self, raw: bytes) -> JsonValue:
        """Raises UnreadableJson."""
        try:
            value: JsonValue = self._decoder.decode(raw.decode())
            if _SURROGATE.search(raw):
                json.dumps(value, ensure_ascii=False).encode()
        except UnicodeDecodeError:
            raise UnreadableJson("json_encoding", "must be UTF-8") from None
        except UnicodeEncodeError:
            raise UnreadableJson("string_unicode", "half of a surrogate pair is not valid UTF-8 text") from None
        except json.JSONDecodeError as error:
            if raw.startswith(codecs.BOM_UTF8):
                raise UnreadableJson(INVALID, "it begins with a byte order mark") from None
            raise NotJson(str(error)) from None
        except UnreadableJson:
            raise
        except RecursionError:
            raise self._too_deep() from None
        except ValueError:
            raise UnreadableJson("json_number", "a number has too many digits") from None
        if raw.count(b"[") + raw.count(b"{") > self._max_depth and _is_deeper(self._max_depth, value):
            raise self._too_deep()
        return value

    def _too_deep(self) -> UnreadableJson:
        return UnreadableJson("json_depth", f"must not be nested deeper than {self._max_depth}")


def _constant(name: str) -> Any:
    raise UnreadableJson(INVALID, f"it holds {name}")


def _finite(number: Any) -> Any:
    if number in (float("inf"), float("-inf")):
        raise UnreadableJson(INVALID, "a number is too large")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Which of two values of one name counts, programs disagree about (RFC 8259, section 4)."""
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise UnreadableJson("json_duplicate", f"an object has a duplicate name: {twice[:100]!a}")
    return made


def _is_deeper(levels: int, value: JsonValue) -> bool:
    layer = [value]
    for _ in range(levels + 1):
        inner = [one for one in layer if isinstance(one, dict | list)]
        if not inner:
            return False
        layer = [child for one in inner for child in (one.values() if isinstance(one, dict) else one)]
    return True
