"""Header fields that are lists, as RFC 9110 writes them (section 5.6): what stands between the commas."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\]|\\.)*+\\?(?:"|\Z)'
"""One that is not closed takes in all the rest, so that reading takes no longer than the text is long."""
_MEMBER = re.compile(rf"(?:{_QUOTED}|[^,\"])+")
_PIECE = re.compile(rf"(?:{_QUOTED}|[^;\"])+")
_PARAMETER = re.compile(rf"({_TOKEN})[ \t]*(?:=[ \t]*({_TOKEN}|{_QUOTED})?)?")


def joined(request: Request, name: str) -> str | None:
    """The field's lines as the one value that they stand for; None without the field."""
    lines = request.headers.getlist(name)
    return ", ".join(lines) if lines else None


@dataclass(frozen=True)
class Member:
    """One member of a list: its value and its parameters, names in lower case; a parameter without a value is empty."""

    value: str
    parameters: Mapping[str, str]


def members(text: str) -> list[Member]:
    """What a list has, in its order; commas and semicolons within quotes divide nothing, empty members do not count."""
    return [member(found.strip(" \t")) for found in _MEMBER.findall(text) if found.strip(" \t")]


def member(text: str) -> Member:
    """A value with parameters, such as a media type; of a parameter given twice the first, as nobody sends two."""
    value, *rest = _PIECE.findall(text) or [""]
    parameters: dict[str, str] = {}
    for piece in rest:
        if found := _PARAMETER.fullmatch(piece.strip(" \t")):
            parameters.setdefault(found[1].lower(), _unquoted(found[2] or ""))
    return Member(value.strip(" \t"), parameters)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
