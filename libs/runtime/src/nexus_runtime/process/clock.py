"""Time and identifiers, in one place so that tests can replace them."""

from collections.abc import Callable
from datetime import UTC, datetime

from nexus_contracts.identifiers import derived_id, new_id

__all__ = ["Clock", "derived_id", "new_id", "utc_now"]
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)
