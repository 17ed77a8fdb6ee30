"""Query strings, taken strictly: what an operation does not know is a mistake, and so is a parameter twice."""

import re
from collections.abc import Collection, Iterator
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import JsonValue

from nexus_contracts.errors import ValidationFailed

_MAX_FAULTS = 50
_HALVES = re.compile("[\ud800-\udfff]")


def require_known_query(request: Request) -> None:
    """Raises ValidationFailed unless each parameter is one of the operation's, in UTF-8, and given once."""
    text = request.scope["query_string"].decode("latin-1")
    # Bytes that are not UTF-8 become lone surrogates, which `_faults` finds; the default would replace them silently.
    given = parse_qsl(text, keep_blank_values=True, errors="surrogateescape")
    known = {field.alias for field in request.scope["route"].dependant.query_params}
    faults = list(_faults(given, known))
    if faults:
        raise ValidationFailed("the query is not valid", errors=faults[:_MAX_FAULTS])


def _faults(given: list[tuple[str, str]], known: Collection[str]) -> Iterator[JsonValue]:
    seen: set[str] = set()
    for name, value in given:
        if name not in known:
            yield _fault(name, "is not a parameter of this operation", "unknown_parameter")
        elif name in seen:
            yield _fault(name, "is given more than once", "repeated")
        elif _HALVES.search(value):
            yield _fault(name, "must be UTF-8, percent-encoded", "string_unicode")
        seen.add(name)


def _fault(name: str, message: str, kind: str) -> JsonValue:
    return {"location": f"query.{name[:100]}", "message": message, "type": kind}
