"""Which of several forms of an answer a caller would rather have (RFC 9110, section 12.5.1)."""

import re
from typing import NamedTuple

from fastapi import Request

from nexus_gateway.requests.header_fields import Member, joined, members

EVENT_STREAM = "text/event-stream"
JSON = "application/json"
_RANGE = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'*+.^_`|~0-9a-z-]+")
_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


class _Rank(NamedTuple):
    """How much a form is wanted. `named` counts how closely Accept names it: 2 itself, 1 its kind, 0 anything."""

    quality: float
    named: int


def wants_stream(request: Request) -> bool:
    """Whether Accept prefers a stream of events to JSON.

    The higher quality wins, then what is named more closely; where both are named alike it is the stream, which nobody
    names by accident. Members that are not media ranges are passed over: old clients send such (`*; q=.2`).
    """
    accept = joined(request, "accept")
    if accept is None:
        return False
    asked = members(accept)
    stream, json = _rank(asked, EVENT_STREAM), _rank(asked, JSON)
    return stream.quality > 0 and (stream > json or (stream == json and stream.named == 2))


def _rank(asked: list[Member], offered: str) -> _Rank:
    """What the range that names it most closely says of it; of several such, the best."""
    kind = offered.partition("/")[0] + "/*"
    by_closeness = {offered: 2, kind: 1, "*/*": 0}
    found = [
        _Rank(quality, by_closeness[name])
        for one in asked
        if (name := one.value.lower()) in by_closeness and (quality := _quality(one)) is not None
    ]
    return max(found, key=lambda rank: (rank.named, rank.quality), default=_Rank(0.0, 0))


def _quality(one: Member) -> float | None:
    """None where the member is not a media range with a quality."""
    quality = one.parameters.get("q", "1")
    if _RANGE.fullmatch(one.value.lower()) and _QUALITY.fullmatch(quality):
        return float(quality)
    return None
