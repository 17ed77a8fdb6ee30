"""Events that can be counted on their own: each is counted unless its mark exists, and only the mark is stored.

Marks are stored on pages, by the second in which their subject began. So a batch touches few pages, and a page can
be deleted once events of its second are no longer accepted.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from nexus_contracts.agents.events import (
    InvocationCancelled,
    InvocationEnded,
    InvocationFailed,
    InvocationStarted,
    InvocationSucceeded,
)
from nexus_contracts.builds.reports import StageUsageRecorded, Usage
from nexus_stats.domain.rows import MODELS, Counts, Delta, Row, agent_group, agents_metric, under
from nexus_stats.domain.sketch import bin_of

InvocationEvent = InvocationStarted | InvocationSucceeded | InvocationFailed | InvocationCancelled
MARK_BYTES = 12
"""Among the thousands of marks on a page, two are equal by chance once in 10^22 pages."""
_OUTCOMES = {InvocationSucceeded: "successful", InvocationFailed: "failed", InvocationCancelled: "cancelled"}


@dataclass(frozen=True)
class Tally:
    """What events add to the counters, by their marks on the page `key`. `begun`: the second of the page."""

    key: str
    begun: int
    deltas: Mapping[bytes, Delta]

    def joined(self, other: "Tally") -> "Tally":
        # An event that is in a batch twice has the same mark both times, and so counts once.
        return Tally(self.key, self.begun, {**self.deltas, **other.deltas})


def invocation_tally(event: InvocationEvent, tenant: str, shard: int) -> Tally:
    """One mark for the invocation, and one for its end: whichever event comes first counts the invocation."""
    day = event.started_at.date().isoformat()
    row = Row(tenant, "invocations", day)
    agents = Row(tenant, agents_metric(agent_group(event.agent_id)), day)
    seen: Delta = {row: {"total": 1}, agents: under(event.agent_id, {"total": 1})}
    deltas = {_mark(event.invocation_id): seen}
    if isinstance(event, InvocationEnded):
        ended, used = {_OUTCOMES[type(event)]: 1, "duration_ms": event.duration_ms}, _used(event.usage)
        deltas[_mark(event.invocation_id, "ended")] = {
            row: {**ended, bin_of(event.duration_ms): 1, **used},
            agents: under(event.agent_id, {**ended, **used}),
            Row(tenant, MODELS, day): under(event.usage.model or "", used),
        }
    return _tally("invocations", tenant, event.started_at, shard, deltas)


def usage_tally(event: StageUsageRecorded, tenant: str, event_id: str, time: datetime, shard: int) -> Tally:
    """The usage of a build counts on the day on which it occurred: that of `time`."""
    used, day = _used(event.usage), time.date().isoformat()
    delta = {Row(tenant, "usage", day): used, Row(tenant, MODELS, day): under(event.model or "", used)}
    return _tally("usage", tenant, time, shard, {_mark(event_id): delta})


def _tally(kind: str, tenant: str, time: datetime, shard: int, deltas: Mapping[bytes, Delta]) -> Tally:
    second = int(time.timestamp())
    return Tally(f"{kind}#{tenant}#{second}#{shard}", second, deltas)


def _mark(*parts: str) -> bytes:
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=MARK_BYTES).digest()


def _used(usage: Usage) -> Counts:
    counts = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "tool_calls": usage.tool_calls,
        "cost_nano_usd": round(usage.cost_usd * 10**9),
    }
    return {name: number for name, number in counts.items() if number}


def marks_on(page: bytes) -> frozenset[bytes]:
    """The marks on a stored page."""
    return frozenset(page[at : at + MARK_BYTES] for at in range(0, len(page), MARK_BYTES))
