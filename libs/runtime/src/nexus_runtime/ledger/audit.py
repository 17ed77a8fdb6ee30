"""The audit trail: one item for each write that a caller requested, in the transaction that carries it out."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from nexus_contracts.audit import Audited, AuditEntry
from nexus_contracts.commands import Command
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.identifiers import format_timestamp
from nexus_contracts.replies import Outcome
from nexus_runtime.dynamo import Database, Item, Put, Table
from nexus_runtime.dynamo.model import Filter

KEEP = timedelta(days=400)
_ABOUT = ("agent_id", "session_id", "invocation_id", "project_id", "package_id")


@dataclass(frozen=True)
class Wanted:
    """Entries of these days, both included; `before` is the position of the last entry of the previous page."""

    start_date: date
    end_date: date
    before: str | None = None
    principal: str | None = None
    resource: str | None = None

    @property
    def months(self) -> list[str]:
        """Newest first."""
        first, last = (day.year * 12 + day.month - 1 for day in (self.start_date, self.end_date))
        return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(last, first - 1, -1)]


class Audit:
    """In a table of two text keys, whose other items have other partitions: a tenant's entries of a month in one."""

    def __init__(self, database: Database, table: Table) -> None:
        self._database = database
        self._table = table

    def record(self, tenant: str, write_id: str, entry: AuditEntry) -> Put:
        """`write_id` distinguishes writes with the same time."""
        time = format_timestamp(entry.time)
        return Put(
            self._table,
            {
                **self._key(tenant, time[:7], f"{time}#{write_id}"),
                "principal": entry.principal,
                "resource": entry.resource,
                "audit": entry.model_dump_json(),
                "ttl": int((entry.time + KEEP).timestamp()),
            },
        )

    async def page(self, tenant: str, wanted: Wanted, limit: int) -> list[Audited]:
        """At most `limit` entries, newest first."""
        found: list[Audited] = []
        async for entry in self._entries(tenant, wanted, limit):
            found.append(entry)
            if len(found) == limit:
                break
        return found

    async def _entries(self, tenant: str, wanted: Wanted, page: int) -> AsyncIterator[Audited]:
        chosen = {"principal": wanted.principal, "resource": wanted.resource}
        matching = Filter(equal={name: value for name, value in chosen.items() if value is not None})
        low, high = wanted.start_date.isoformat(), f"{wanted.end_date.isoformat()}~"
        high = high if wanted.before is None else min(high, wanted.before)
        for month in wanted.months:
            partition = self._key(tenant, month, "")[self._table.partition_key]
            items = self._database.query(
                self._table, partition, matching=matching, newest_first=True, page=page, low=low, high=high
            )
            async for item in items:
                if (entry := self._read(item)).position != wanted.before:
                    yield entry

    def _read(self, item: Item) -> Audited:
        entry = AuditEntry.model_validate_json(item["audit"])
        return Audited(**dict(entry), position=item[self._table.sort_key or ""])

    def _key(self, tenant: str, month: str, position: str) -> dict[str, str]:
        return {self._table.partition_key: f"audit#{tenant}#{month}", self._table.sort_key or "": position}


def entry_of(command: Command, outcome: Outcome, time: datetime, request_id: str | None) -> AuditEntry:
    """The entry of a completed command, such as `invoke_agent` or `control_project.pause`."""
    name = str(getattr(command, "type", "")).removeprefix("nexus.command.").removesuffix(".v1")
    wish = getattr(command, "action", None)
    return AuditEntry(
        time=time,
        principal=command.principal.id,
        action=f"{name}.{wish}" if wish else name,
        resource=_named(vars(command)) or _named(outcome.result or {}) or "",
        request_id=request_id,
    )


def entry_of_report(event: CloudEvent, resource: str, time: datetime) -> AuditEntry | None:
    """The entry of a report that a known caller has sent, such as `report_stage.completed`; None for other reports."""
    if event.nexusprincipal is None:
        return None
    return AuditEntry(
        time=time,
        principal=event.nexusprincipal,
        action=f"report_{event.type.removeprefix('nexus.').removesuffix('.v1')}",
        resource=resource,
        request_id=event.correlationid,
    )


def _named(fields: Mapping[str, object]) -> str | None:
    return next((str(fields[name]) for name in _ABOUT if fields.get(name)), None)
