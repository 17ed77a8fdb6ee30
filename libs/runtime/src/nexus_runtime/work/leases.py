"""Leases: who works on what, with an epoch that fences off former holders.

A lease is kept by a heartbeat: its `beat` grows. It is lost when an observer has seen no new beat for some time *by
the observer's own monotonic clock*, while the database answered: clocks need not agree, and an outage of the
database ends no lease.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nexus_runtime.dynamo import ConditionFailed, Database, Delete, Put, Table, Where

_FIELDS = ("kind", "name", "owner", "epoch", "beat")


def lease_table(name: str) -> Table:
    return Table(name, "kind", "name")


class LeaseLost(Exception):
    """Another holder has the lease now: stop, and write nothing more."""


@dataclass(frozen=True)
class Lease:
    """`epoch` grows with every new holder of the same name."""

    kind: str
    name: str
    owner: str
    epoch: int
    beat: int = 0


@dataclass(frozen=True)
class Observed:
    """A lease as seen by an observer; `silent`: without a new beat for long enough."""

    lease: Lease
    silent: bool


class Leases:
    """The leases of one kind. After `seconds` without a beat a lease is free for others."""

    def __init__(
        self,
        database: Database,
        table: Table,
        kind: str,
        seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._table = table
        self._kind = kind
        self.seconds = seconds
        self._monotonic = monotonic
        self._seen: dict[str, tuple[tuple[int, int], float]] = {}

    async def acquire(self, name: str, owner: str) -> Lease | None:
        """The lease, if nobody has it or its holder has been seen without a beat for long enough; else None."""
        item = await self._database.get(self._table, {"kind": self._kind, "name": name})
        if item is None:
            lease, where = Lease(self._kind, name, owner, epoch=1), Where(absent="kind")
        elif not self._silent(name, (item["epoch"], item["beat"])):
            return None
        else:
            lease = Lease(self._kind, name, owner, epoch=item["epoch"] + 1)
            # The beat, too: its owner may have renewed it since it was read.
            where = Where(equal={"epoch": item["epoch"], "beat": item["beat"]})
        return lease if await self._written(lease, where) else None

    async def renew(self, lease: Lease) -> Lease:
        """The lease with its next beat. Raises LeaseLost."""
        renewed = Lease(lease.kind, lease.name, lease.owner, lease.epoch, lease.beat + 1)
        # Not the beat: a renewal whose answer was lost may have been written all the same.
        if not await self._written(renewed, Where(equal={"epoch": lease.epoch, "owner": lease.owner})):
            raise LeaseLost(lease.name)
        return renewed

    async def forget(self, name: str) -> None:
        """Removes the lease and its epoch: for names that are never used again."""
        self._seen.pop(name, None)
        await self._database.write(Delete(self._table, {"kind": self._kind, "name": name}))

    async def observe(self) -> list[Observed]:
        """All leases. Silence is only noticed by repeated calls."""
        found: list[Observed] = []
        async for item in self._database.query(self._table, self._kind):
            silent = self._silent(item["name"], (item["epoch"], item["beat"]))
            lease = Lease(**{name: item[name] for name in _FIELDS})
            found.append(Observed(lease, silent))
        for name in self._seen.keys() - {one.lease.name for one in found}:
            del self._seen[name]
        return found

    async def fence(self, lease: Lease) -> bool:
        """Removes the lease of a silent holder, so that it can never renew it. False if it has changed since."""
        where = Where(equal={"epoch": lease.epoch, "beat": lease.beat})
        try:
            await self._database.write(Delete(self._table, {"kind": lease.kind, "name": lease.name}, where=where))
        except ConditionFailed:
            return False
        return True

    def _silent(self, name: str, state: tuple[int, int]) -> bool:
        now = self._monotonic()
        known, since = self._seen.get(name, (None, now))
        # However old a beat is, its silence counts only from when this observer first saw it.
        if known != state:
            self._seen[name] = (state, now)
            return False
        return now - since >= self.seconds

    async def _written(self, lease: Lease, where: Where) -> bool:
        item: Mapping[str, str | int] = vars(lease)
        try:
            await self._database.write(Put(self._table, dict(item), where=where))
        except ConditionFailed:
            return False
        return True
