"""Time and identifiers, in one place so that tests can replace them."""

import hashlib
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


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
    """The same id for the same parts, for ever (RFC 9562, section 5.8: custom, from SHA-256)."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return f"{prefix}{_marked(int.from_bytes(digest[:16]), version=8):032x}"
