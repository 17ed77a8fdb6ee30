"""The audit trail across months."""

from datetime import UTC, date, datetime

from tests.support.memory_database import MemoryDatabase

from nexus_contracts.audit import AuditEntry
from nexus_runtime.ledger.audit import Audit, Wanted
from nexus_runtime.ledger.inbox import inbox_table

DAYS = [date(2025, 11, 30), date(2025, 12, 1), date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2)]


async def trail() -> Audit:
    database = MemoryDatabase()
    audit = Audit(database.as_database(), inbox_table("Inbox"))
    for day in DAYS:
        time = datetime(day.year, day.month, day.day, 23, 59, 59, 999_999, UTC)
        for tenant in ("acme", "acme2"):
            entry = AuditEntry(time=time, principal="ann", action="pause", resource=f"{tenant} {day}")
            await database.write(audit.record(tenant, "c", entry))
    return audit


async def test_days_are_included_at_both_ends_and_months_are_no_limit() -> None:
    found = await (await trail()).page("acme", Wanted(DAYS[1], DAYS[3]), 10)
    assert [entry.resource for entry in found] == [f"acme {day}" for day in reversed(DAYS[1:4])]


async def test_a_page_goes_on_where_the_last_one_ended() -> None:
    audit, before, found = await trail(), None, list[str]()
    while page := await audit.page("acme", Wanted(DAYS[0], DAYS[4], before), 2):
        found += [entry.resource for entry in page]
        before = page[-1].position
    assert found == [f"acme {day}" for day in reversed(DAYS)]
