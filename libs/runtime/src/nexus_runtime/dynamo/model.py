"""Tables, the actions on them, and the database's errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from nexus_contracts.errors import ServiceUnavailable

Value = str | int | bytes | bool | Sequence["Value"] | Mapping[str, "Value"]
Item = dict[str, Any]
MAX_ACTIONS = 100
"""DynamoDB's limit for one transaction."""


@dataclass(frozen=True)
class Table:
    """A table's keys. With `ttl` the attribute `ttl` (Unix seconds) marks garbage; readers still have to filter."""

    name: str
    partition_key: str
    sort_key: str | None = None
    sort_key_type: Literal["S", "N"] = "S"
    ttl: bool = False


@dataclass(frozen=True)
class Where:
    """A condition: each attribute of `equal` has this value, `absent` does not exist.

    Each of `at_most` is no more than that, or does not exist.
    """

    equal: Mapping[str, Value] = field(default_factory=dict[str, Value])
    absent: str | None = None
    at_most: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class Put:
    table: Table
    item: Mapping[str, Value | None]
    where: Where | None = None


@dataclass(frozen=True)
class Delete:
    table: Table
    key: Mapping[str, Value]
    where: Where | None = None


@dataclass(frozen=True)
class Check:
    table: Table
    key: Mapping[str, Value]
    where: Where


@dataclass(frozen=True)
class Update:
    """`assign` sets, `default` sets what is not there yet, `add` counts, `append` extends lists."""

    table: Table
    key: Mapping[str, Value]
    assign: Mapping[str, Value] = field(default_factory=dict[str, Value])
    default: Mapping[str, Value] = field(default_factory=dict[str, Value])
    add: Mapping[str, int] = field(default_factory=dict[str, int])
    append: Mapping[str, Sequence[Value]] = field(default_factory=dict[str, Sequence[Value]])
    where: Where | None = None


Action = Put | Delete | Check | Update


@dataclass(frozen=True)
class Filter:
    """On attributes that are not keys: each of `equal` has the value; each of `contains` is in the list or text."""

    equal: Mapping[str, Value] = field(default_factory=dict[str, Value])
    contains: Mapping[str, Value] = field(default_factory=dict[str, Value])


class DatabaseUnavailable(ServiceUnavailable):
    """The database did not answer, or throttled the request: worth retrying."""

    def __init__(self, message: str) -> None:
        super().__init__(message, service="database")


class WritesCollide(DatabaseUnavailable):
    """Other transactions keep using the same items."""


class TableMissing(DatabaseUnavailable):
    """The table does not exist yet, or was replaced."""


class ConditionFailed(Exception):
    """A concurrent write was faster. `failed`: the positions of the actions whose conditions did not hold."""

    def __init__(self, failed: frozenset[int]) -> None:
        super().__init__(f"conditions failed at {sorted(failed)}")
        self.failed = failed
