"""The forms of identifiers, names and times that every message and view uses."""

import hashlib
import os
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, PlainSerializer

_HEX = "[0-9a-f]{32}"
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
"""A missing zone is the parser's to tell."""
_LEAP_SECOND = re.compile(r"(.{17})60(\.\d+)?(\D.*)")

ProjectId = Annotated[str, Field(pattern=f"^proj_{_HEX}$")]
InvocationId = Annotated[str, Field(pattern=f"^inv_{_HEX}$")]
SessionId = Annotated[str, Field(pattern=f"^sess_{_HEX}$")]
MessageId = Annotated[str, Field(pattern=f"^msg_{_HEX}$")]
EventId = Annotated[str, Field(pattern=f"^evt_{_HEX}$")]
AGENT_NAME = "[a-zA-Z][a-zA-Z0-9_]{0,47}"
"""AgentCore's rule for a runtime's name."""
AgentName = Annotated[str, Field(pattern=f"^{AGENT_NAME}$")]
AgentId = Annotated[str, Field(pattern=f"^proj_{_HEX}:{AGENT_NAME}$")]
PackageId = Annotated[str, Field(pattern=f"^pkg_{_HEX}$")]
PackageUri = Annotated[str, Field(pattern="^blob:sha256:[0-9a-f]{64}$")]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def format_timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with microseconds and `Z`: always 27 characters, so that text sorts as time does."""
    # Not strftime: it writes the years before 1000 with fewer digits.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_timestamp(text: str) -> datetime:
    """The inverse of `format_timestamp`; raises ValueError for a time without a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a timestamp needs a zone")
    return _in_utc(moment)


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must be a time between the years 1 and 9999 in UTC") from None


def _as_text(value: object) -> object:
    """Pydantic would take numbers for seconds since 1970, also as text, other forms of ISO 8601, and no leap second."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("must be an RFC 3339 time, such as 2026-01-31T09:30:00Z")
    leap = _LEAP_SECOND.fullmatch(value)
    return _before_midnight(leap, value) if leap else value


def _before_midnight(leap: re.Match[str], text: str) -> str:
    """The last microsecond before the leap second, which is the last second of a month in UTC; else the text."""
    last = f"{leap[1]}59.999999{leap[3]}"
    try:
        after = (parse_timestamp(last.upper()) + timedelta(microseconds=1)).timetuple()
    except (ValueError, OverflowError):
        return text
    return last if after[2:6] == (1, 0, 0, 0) else text


Timestamp = Annotated[
    AwareDatetime,
    BeforeValidator(_as_text),
    AfterValidator(_in_utc),
    PlainSerializer(format_timestamp, return_type=str, when_used="json"),
]


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A time in a request's body, which is read in pydantic's strict mode: that takes no text after a validator."""


def agent_id_of(project_id: str, agent_name: str) -> str:
    """The id of a project's agent; one per project and name."""
    return f"{project_id}:{agent_name}"


def _uuid7_hex() -> str:
    """RFC 9562, section 5.7: 48 bits of Unix milliseconds, then random, so that ids sort by time."""
    number = int.from_bytes((time.time_ns() // 1_000_000).to_bytes(6) + os.urandom(10))
    return f"{_marked(number, version=7):032x}"


def _marked(number: int, version: int) -> int:
    number = number & ~(0xF << 76) | version << 76
    return number & ~(0x3 << 62) | 0x2 << 62


def new_id(prefix: str) -> str:
    """`prefix` + 32 hexadecimal digits; unique, and later ids sort after earlier ones (to the millisecond)."""
    return prefix + _uuid7_hex()


def derived_id(prefix: str, *parts: str) -> str:
    """The same id for the same parts, forever (RFC 9562, section 5.8: custom, from SHA-256)."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return f"{prefix}{_marked(int.from_bytes(digest[:16]), version=8):032x}"
