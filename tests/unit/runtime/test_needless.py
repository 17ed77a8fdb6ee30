"""What the rest of a batch makes superfluous is passed over, unread."""

import json
from collections.abc import Sequence
from typing import Any

from tests.support.bus_fakes import FakeBus, Record, no_pause

from nexus_contracts.builds.reports import REPORT
from nexus_contracts.topics import BUILDS_REPORTS
from nexus_runtime.kafka.delivery import Deliverer, Delivery, Subscription

BODY = {"project_id": "proj_" + "0" * 32, "attempt": 1, "stage_name": "orchestrator"}


def record(number: int, value: bytes = json.dumps(BODY).encode()) -> Record:
    named = {"ce_id": b"%d" % number, "ce_source": b"/ci", "ce_type": b"nexus.stage.started.v1", "ce_subject": b"p"}
    rest = {"ce_time": b"2026-01-01T00:00:00Z", "ce_specversion": b"1.0", "content-type": b"application/json"}
    return Record(BUILDS_REPORTS.name, b"k", value, list({**named, **rest}.items()), 0, number)


async def test_a_needless_record_is_neither_handled_nor_a_dead_letter() -> None:
    taken: list[str] = []

    async def take(group: Sequence[Delivery]) -> None:
        taken.extend(delivery.event.id for delivery in group)

    def all_but_the_last(records: Sequence[Any]) -> list[int]:
        return [id(one) for one in records[:-1]]

    bus = FakeBus()
    subscription = Subscription(BUILDS_REPORTS, "builds-reports", REPORT, take, needless=all_but_the_last)
    stops = await Deliverer(subscription, bus.as_bus(), pause=no_pause).deliver([record(1, b"{"), record(2), record(3)])
    assert (taken, bus.records, stops) == (["3"], [], {})
