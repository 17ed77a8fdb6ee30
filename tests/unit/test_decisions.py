"""The numbers that decision records quote are those of the code."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from nexus_agents import app, packages
from nexus_agents.backends.local import pool
from nexus_agents.domain import invocation
from nexus_agents.work import saying
from nexus_builds.domain import changing
from nexus_builds.handlers.reports import COMMIT_REPORTS
from nexus_builds.settings import WorkerSettings
from nexus_contracts.topics import (
    AGENTS_EVENTS,
    BUILDS_COMMANDS,
    BUILDS_EVENTS,
    GATEWAY_REPLIES,
    MAX_MESSAGE_BYTES,
    dead_letter_topics,
)
from nexus_contracts.verification import MAX_CASES
from nexus_gateway import app as gateway
from nexus_gateway import streams
from nexus_gateway.access import credentials
from nexus_runtime.dynamo import model, wire
from nexus_runtime.kafka import commits, pace
from nexus_runtime.ledger import audit, inbox, ledger, outbox
from nexus_runtime.ledger.relay import Pace
from nexus_runtime.process import caller, slices
from nexus_stats import consumers
from nexus_stats.domain import counting, marks, rows

RECORDS = Path(__file__).parents[2] / "docs" / "adr"
NAMES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
WORDS = {name: number for number, name in enumerate(NAMES, 1)} | {"sixteen": 16}
LEASE = WorkerSettings.model_fields["worker_lease_seconds"].default
DAY = 24 * 3600
MEGABYTE = 10**6


class Quotation(NamedTuple):
    """A number in a record: `text` finds it, in its group, as digits or as a word."""

    record: int
    text: str
    constant: float


QUOTATIONS = (
    Quotation(1, r"(\w+) reply partitions", GATEWAY_REPLIES.partitions),
    Quotation(2, r"at most (\d+) times", ledger.TRIES),
    Quotation(2, r"cut at (\d+) reports", COMMIT_REPORTS),
    Quotation(2, r"live (\w+) days", inbox.KEEP_SECONDS / DAY),
    Quotation(2, r"(a) day longer than commands", inbox.KEEP_SECONDS / DAY - BUILDS_COMMANDS.retention_hours / 24),
    Quotation(3, r"publishes (\d+) ms later", Pace().gather_seconds * 1000),
    Quotation(3, r"settles the item\s+([\d.]+|\w+) s", Pace().settle_seconds),
    Quotation(3, r"sweeps the (\w+) shards", outbox.SHARDS),
    Quotation(3, r"waited for longer than\s+(\w+) seconds", Pace().left_behind_seconds),
    Quotation(5, r"\(up to (\d+) ms for events\)", pace.CALM[1] * 1000),
    Quotation(24, r"(\d+) ms while records arrive", pace.PROMPT[0] * 1000),
    Quotation(24, r"grow to (\d+) ms", pace.PROMPT[1] * 1000),
    Quotation(24, r"(\d+) to \d+ ms where nobody", pace.CALM[0] * 1000),
    Quotation(24, r"\d+ to (\d+) ms where nobody", pace.CALM[1] * 1000),
    Quotation(24, r"(\d+) to \d+ ms where it is only", pace.COLLECTING[0] * 1000),
    Quotation(7, r"up to (\d+) s for builds", LEASE),
    Quotation(8, r"reaches back (\w+) days", BUILDS_EVENTS.retention_hours / 24),
    Quotation(26, r"marks and .* for (\d+) days", counting.KEPT.days),
    Quotation(26, r"over (\d+)\s+days old", counting.HORIZON.days),
    Quotation(26, r"(\d+) bytes of a hash", marks.MARK_BYTES),
    Quotation(26, r"partitioner modulo (\d+)", consumers.PAGES),
    Quotation(26, r"agents are (\d+) series", rows.AGENT_GROUPS),
    Quotation(26, r"transaction has at most (\d+) actions", model.MAX_ACTIONS),
    Quotation(26, r"topics keep records (\d+) days", AGENTS_EVENTS.retention_hours / 24),
    Quotation(26, r"dead letters (\d+)\.", dead_letter_topics()[0].retention_hours / 24),
    Quotation(11, r"checked every (\w+) seconds", streams.LOOKS_APART * streams.LOOK_SECONDS),
    Quotation(11, r"hint takes up to (\d+) ms", pace.CALM[1] * 1000),
    Quotation(25, r"up to (\w+) attempts", wire.TRIES),
    Quotation(27, r"within (\w+) minutes", app.ORPHANS_SECONDS / 60),
    Quotation(28, r"package may have (\d+) MB", packages.MAX_PACKAGE_BYTES / MEGABYTE),
    Quotation(28, r"record in a topic only (\d+) MB", MAX_MESSAGE_BYTES / MEGABYTE),
    Quotation(29, r"(\d+) ms(?:, with| of text)", saying.GATHER_SECONDS * 1000),
    Quotation(29, r"at most (\d+) events", saying.AT_ONCE),
    Quotation(29, r"for (\d+) ms at a time", slices.SLICE_SECONDS * 1000),
    Quotation(14, r"(\d+) ms to \d+ s,", pool.PATIENCE_SECONDS * 1000),
    Quotation(14, r"\d+ ms to (\d+) s,", pool.MOST_PATIENCE_SECONDS),
    Quotation(29, r"every (\w+) seconds in case", gateway.HEARD_LOOK_SECONDS * streams.LOOKS_APART),
    Quotation(29, r"Outputs up to (\d+) MB", invocation.MAX_OUTPUT_BYTES / 2**20),
    Quotation(29, r"the first (\d+) KB", invocation.MAX_INLINE_BYTES / 1000),
    Quotation(30, r"valid for (a) minute", caller.VALID_SECONDS / 60),
    Quotation(30, r"up to (\w+) seconds more", credentials.KNOWN_SECONDS),
    Quotation(34, r"at most (\d+) cases", MAX_CASES),
    Quotation(34, r"at most ([\d,]+) characters", changing.LONGEST),
    Quotation(38, r"committed ([\d.]+) s after", commits.COMMIT_SECONDS),
    Quotation(38, r"(\d+) to \d+ times a second", 1 / pace.PROMPT.longest),
    Quotation(38, r"\d+ to (\d+) times a second", 1 / pace.PROMPT.shortest),
    Quotation(38, r"may take (\d+) ms", pace.RUNG_HOLD_MS),
    Quotation(43, r"a transaction: (\d+) actions", model.MAX_ACTIONS),
    Quotation(35, r"expire after (\d+) days", audit.KEEP.days),
)


def number(text: str) -> float:
    return 1 if text == "a" else WORDS.get(text.lower()) or float(text.replace(",", ""))


@pytest.mark.parametrize("quoted", QUOTATIONS, ids=lambda quoted: f"{quoted.record} {quoted.text}")
def test_a_record_quotes_what_the_code_says(quoted: Quotation) -> None:
    (record,) = RECORDS.glob(f"{quoted.record:04}-*.md")
    found = re.findall(quoted.text, record.read_text(encoding="utf-8"))
    assert found, f"{record.name} no longer says {quoted.text!r}"
    assert {number(text) for text in found} == {quoted.constant}, record.name
