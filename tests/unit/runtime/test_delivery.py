"""From records to handlers: what is skipped, dead-lettered, tried again or given back."""

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from pydantic import TypeAdapter
from tests.support.bus_fakes import FakeBus, Record, no_pause

from nexus_contracts.builds.commands import BUILDS_COMMAND
from nexus_contracts.builds.reports import REPORT, StageStarted
from nexus_contracts.envelope import CloudEvent, Headers
from nexus_contracts.errors import ServiceUnavailable
from nexus_contracts.replies import REPLY_PARTITION_HEADER, Outcome
from nexus_contracts.topics import BUILDS_COMMANDS, BUILDS_REPORTS, MAX_MESSAGE_BYTES, Topic
from nexus_runtime.kafka import delivery
from nexus_runtime.kafka.delivery import Deliverer, Delivery, Subscription
from nexus_runtime.kafka.limit import DeadLetterLimits
from nexus_runtime.kafka.replies import Replier
from nexus_runtime.ledger.commands import command_subscription

PROJECT = "proj_" + "0" * 32
BODY = {"project_id": PROJECT, "attempt": 1, "stage_name": "orchestrator"}
HEADERS: dict[str, bytes] = {
    "ce_id": b"1",
    "ce_source": b"/ci",
    "ce_type": b"nexus.stage.started.v1",
    "ce_subject": PROJECT.encode(),
    "ce_time": b"2026-01-01T00:00:00Z",
    "ce_specversion": b"1.0",
    "content-type": b"application/json",
}


def record(value: bytes | None = None, offset: int = 0, key: bytes = b"k", **headers: bytes | None) -> Record:
    names = [(name.replace("__", "-"), text) for name, text in {**HEADERS, **headers}.items()]
    body = json.dumps(BODY).encode() if value is None else value
    return Record("builds.reports.v1", key, body, names, 3, offset)


NULL = Record("builds.reports.v1", b"k", None, list(HEADERS.items()), 3)
POISON = {
    "no value": NULL,
    "neither key nor value": Record("builds.reports.v1", None, None, list(HEADERS.items()), 3),
    "no JSON": record(b"{"),
    "no object": record(b"[]"),
    "no UTF-8 in the value": record(b'{"a": "\xff"}'),
    "half a character": record(b'{"command_id": "\\ud800"}'),
    "half a character as a name": record(b'{"\\uDFff": 1}'),
    "no UTF-8 in a header": record(ce_id=b"\xff"),
    "no id": record(ce_id=b""),
    "an endless id": record(ce_id=b"x" * 1001),
    "another content type": Record("t", b"k", b"{}", [*HEADERS.items(), ("content-type", b"text/plain")]),
    "a batch": Record("t", b"k", b"[]", [("content-type", b"application/cloudevents-batch+json")], 3),
    "an attribute twice": Record("t", b"k", json.dumps(BODY).encode(), [*HEADERS.items(), ("CE_Id", b"2")], 3),
    "another version": record(ce_specversion=b"2.0"),
    "schema error": record(b'{"project_id": "x"}'),
    "not a number": record(json.dumps({**BODY, "x": float("nan")}).encode()),
    "very deep": record(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "an endless number": record(b'{"a":' + b"1" * 5000 + b"}"),
    "a time without a zone": record(ce_time=b"2026-01-01T00:00:00"),
    "too large": record(b'{"a":"' + b"x" * MAX_MESSAGE_BYTES + b'"}'),
    "headers too large": record(b"{", spam=b"x" * 600_000),
    "a key too large": record(b"{", key=b"x" * 600_000),
}


class Taken:
    """A handler that keeps what it got, and fails while it has faults to raise."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.faults: list[Exception] = []
        self.poison: set[str] = set()

    async def __call__(self, group: Sequence[Delivery]) -> None:
        ids = [delivery.event.id for delivery in group]
        if self.faults:
            raise self.faults.pop(0)
        if self.poison & set(ids):
            raise ValueError("cannot be handled")
        self.batches.append(ids)


@pytest.fixture
def bus() -> FakeBus:
    return FakeBus()


@pytest.fixture
def taken() -> Taken:
    return Taken()


def deliverer(taken: Taken, bus: FakeBus, messages: TypeAdapter[Any] = REPORT) -> Deliverer:
    return at_once(Subscription(BUILDS_REPORTS, "builds-reports", messages, taken), bus)


def size(one: Record) -> int:
    headers = sum(len(name) + len(value or b"") for name, value in one.headers)
    return len(one.key or b"") + len(one.value or b"") + headers


@pytest.mark.parametrize("bad", POISON.values(), ids=list(POISON))
async def test_a_poison_record_is_dead_lettered_with_its_origin_and_the_next_goes_on(
    bad: Record, taken: Taken, bus: FakeBus
) -> None:
    await deliverer(taken, bus).deliver([bad, record(ce_id=b"next")])
    assert taken.batches == [["next"]]
    (letter,) = bus.records
    assert letter.topic == "builds.reports.v1.builds-reports.dlq"
    origin = {name: value for name, value in letter.headers if name.startswith("dlq_")}
    assert origin["dlq_topic"] == bad.topic.encode()
    assert (origin["dlq_partition"], origin["dlq_offset"]) == (str(bad.partition).encode(), b"0")
    assert (origin["dlq_group"], origin["dlq_code"]) == (b"builds-reports", b"VALIDATION_ERROR")
    assert origin["dlq_error"]
    assert size(letter) < MAX_MESSAGE_BYTES


async def test_types_nobody_knows_are_skipped(taken: Taken, bus: FakeBus) -> None:
    await deliverer(taken, bus).deliver([record(b"{}", ce_type=b"nexus.stage.sang.v1"), record(ce_id=b"next")])
    assert (taken.batches, bus.records) == ([["next"]], [])


async def test_what_another_type_has_is_skipped_unread_unless_its_sender_is_told(taken: Taken, bus: FakeBus) -> None:
    sung = record(b"{", ce_type=b"nexus.stage.sang.v1")
    await deliverer(taken, bus).deliver([sung, record(ce_id=b"next")])
    assert (taken.batches, bus.records) == ([["next"]], [])

    async def admit(event: CloudEvent) -> CloudEvent:
        return event

    await at_once(Subscription(BUILDS_REPORTS, "builds-reports", REPORT, taken, admit=admit), bus).deliver([sung])
    assert len(bus.records) == 1


@pytest.mark.parametrize(
    "mode",
    [{"ce_type": None}, {"ce_type": b"nexus.stage.sang.v1", "content__type": b"application/cloudevents+json"}],
)
async def test_what_does_not_say_its_type_in_a_header_alone_is_read(taken: Taken, bus: FakeBus, mode: Any) -> None:
    await deliverer(taken, bus).deliver([record(b"{", **mode)])
    assert len(bus.records) == 1


async def test_what_was_redriven_for_another_group_is_skipped(taken: Taken, bus: FakeBus) -> None:
    others = record(ce_id=b"others", nexus_redriven_for=b"another")
    mine = record(ce_id=b"mine", nexus_redriven_for=b"builds-reports")
    await deliverer(taken, bus).deliver([others, mine])
    assert (taken.batches, bus.records) == ([["mine"]], [])


async def test_not_even_what_cannot_be_read_is_given_up_for_another_group(taken: Taken, bus: FakeBus) -> None:
    await deliverer(taken, bus).deliver([record(b"{", nexus_redriven_for=b"another")])
    assert bus.records == []


@pytest.mark.parametrize("kind", ["application/cloudevents+json; charset=utf-8", "Application/CloudEvents+JSON"])
async def test_a_structured_event_is_taken_too(kind: str, taken: Taken, bus: FakeBus) -> None:
    event = {name.removeprefix("ce_"): text.decode() for name, text in HEADERS.items() if name.startswith("ce_")}
    unset = {"subject": None, "time": None, "data": None, "data_base64": base64.b64encode(json.dumps(BODY).encode())}
    body = json.dumps({**event, **unset, "id": "structured"}, default=bytes.decode).encode()
    await deliverer(taken, bus).deliver([Record("t", b"k", body, [("Content-Type", kind.encode())])])
    assert taken.batches == [["structured"]]


@pytest.mark.parametrize("declared", [[], [("ce_datacontenttype", b"Application/JSON")]])
async def test_a_binary_event_need_not_name_its_content_type(declared: Headers, taken: Taken, bus: FakeBus) -> None:
    headers = [(name, text) for name, text in HEADERS.items() if name != "content-type"]
    await deliverer(taken, bus).deliver([Record("t", b"k", json.dumps(BODY).encode(), [*headers, *declared])])
    assert (taken.batches, bus.records) == ([["1"]], [])


async def test_what_is_no_trace_context_does_no_harm(taken: Taken, bus: FakeBus) -> None:
    await deliverer(taken, bus).deliver([record(traceparent=b"\xff" * 9), record(ce_id=b"2", traceparent=b"x" * 9999)])
    assert taken.batches == [["1", "2"]]


async def test_records_of_one_subject_stay_together_in_order(taken: Taken, bus: FakeBus) -> None:
    records = [record(ce_id=str(n).encode(), ce_subject=b"ab"[n % 2 : n % 2 + 1]) for n in range(6)]
    await deliverer(taken, bus).deliver(records)
    assert sorted(taken.batches) == [["0", "2", "4"], ["1", "3", "5"]]


async def test_one_that_cannot_be_handled_is_dead_lettered_alone(taken: Taken, bus: FakeBus) -> None:
    taken.poison = {"2"}
    await deliverer(taken, bus).deliver([record(ce_id=str(n).encode()) for n in range(1, 4)])
    assert taken.batches == [["1"], ["3"]]
    (letter,) = bus.records
    assert dict(letter.headers)["dlq_code"] == b"INTERNAL_ERROR"


async def test_a_passing_fault_is_tried_again(taken: Taken, bus: FakeBus) -> None:
    taken.faults = [ValueError("once"), ValueError("twice")]
    await deliverer(taken, bus).deliver([record()])
    assert (taken.batches, bus.records) == ([["1"]], [])


async def test_while_the_infrastructure_is_away_the_batch_is_given_back_whole(taken: Taken, bus: FakeBus) -> None:
    taken.faults = [ServiceUnavailable("away")] * 2
    with pytest.raises(ExceptionGroup):
        await deliverer(taken, bus).deliver([record(), record(b"{")])
    assert taken.batches == []


async def test_while_dead_letters_cannot_be_published_the_batch_is_given_back(taken: Taken, bus: FakeBus) -> None:
    bus.reachable = False
    with pytest.raises(ExceptionGroup):
        await deliverer(taken, bus).deliver([record(b"{"), record(ce_id=b"next")])
    bus.reachable = True
    await deliverer(taken, bus).deliver([record(b"{"), record(ce_id=b"next")])
    assert (taken.batches, len(bus.records)) == ([["next"], ["next"]], 1)


async def test_dead_letters_of_a_batch_are_sent_before_the_first_is_waited_for(taken: Taken, bus: FakeBus) -> None:
    sent_when_waited_for: list[int] = []

    async def acknowledged(_: str, sent: Any) -> Any:
        sent_when_waited_for.append(len(bus.records))
        return await sent

    bus.acknowledged = acknowledged  # pyright: ignore[reportAttributeAccessIssue]
    await deliverer(taken, bus).deliver([record(b"{", offset) for offset in range(3)])
    assert sent_when_waited_for == [3, 3, 3]
    assert [dict(letter.headers)["dlq_offset"] for letter in bus.records] == [b"0", b"1", b"2"]


async def test_a_single_message_type_is_known_by_its_name(taken: Taken, bus: FakeBus) -> None:
    await deliverer(taken, bus, TypeAdapter(StageStarted)).deliver([record()])
    assert taken.batches == [["1"]]


@pytest.mark.parametrize("command_id", ["c", "x" * 900_000, 7, None, {"a": 1}])
async def test_whoever_waits_for_a_command_that_is_given_up_gets_the_reason(command_id: object, bus: FakeBus) -> None:
    async def never(_command: object, _address: object) -> Any:
        raise AssertionError

    ledger = GivenUp()
    subscription = command_subscription(
        BUILDS_COMMANDS, "builds", BUILDS_COMMAND, never, cast(Any, ledger), Replier(bus.as_bus(), "/t")
    )
    bus.publish = _published(bus)  # pyright: ignore[reportAttributeAccessIssue]
    body = json.dumps({"command_id": command_id, "project_id": "wrong"}).encode()
    headers = {"ce_type": b"nexus.command.delete_project.v1", REPLY_PARTITION_HEADER: b"3"}
    await at_once(subscription, bus).deliver([record(body, 0, b"k", **headers)])
    reply, letter = bus.records
    answer = json.loads(reply.value or b"")
    assert letter.topic == "builds.commands.v1.builds.dlq"
    assert (reply.partition, answer["status"], answer["error"]["code"]) == (3, 400, "VALIDATION_ERROR")
    assert answer["request_id"] == "1"
    assert size(reply) < MAX_MESSAGE_BYTES
    assert ledger.commands == [(str(command_id or "1")[:300], 500)]


async def test_while_it_cannot_be_noted_that_a_command_is_given_up_it_is_no_dead_letter(bus: FakeBus) -> None:
    ledger: Any = GivenUp(ServiceUnavailable("no database"))
    replier, decide = Replier(bus.as_bus(), "/t"), cast(Any, None)
    subscription = command_subscription(BUILDS_COMMANDS, "builds", BUILDS_COMMAND, decide, ledger, replier)
    command = record(b"{}", 0, b"k", ce_type=b"nexus.command.delete_project.v1")
    with pytest.raises(ExceptionGroup):
        await at_once(subscription, bus).deliver([command])
    assert bus.records == []


@pytest.mark.parametrize("partition", [b"9" * 5000, b"-1", b"x", b"4", b"", b"\xff"])
async def test_a_reply_address_that_is_none_does_no_harm(partition: bytes, bus: FakeBus) -> None:
    async def decide(_command: object, _address: object) -> Any:
        raise AssertionError

    ledger: Any = GivenUp()
    subscription = command_subscription(
        BUILDS_COMMANDS, "builds", BUILDS_COMMAND, decide, ledger, Replier(bus.as_bus(), "/t")
    )
    headers = {"ce_type": b"nexus.command.delete_project.v1", REPLY_PARTITION_HEADER: partition}
    await at_once(subscription, bus).deliver([record(b"{}", 0, b"k", **headers)])
    assert [one.topic for one in bus.records] == ["builds.commands.v1.builds.dlq"]


class GivenUp:
    """A ledger that keeps which commands were given up, unless it fails."""

    def __init__(self, fault: Exception | None = None) -> None:
        self._fault = fault
        self.commands: list[tuple[str, int]] = []

    async def give_up(self, command_id: str, _fingerprint: str, reason: Outcome) -> None:
        if self._fault:
            raise self._fault
        self.commands.append((command_id, reason.status))


def _published(bus: FakeBus) -> Any:
    async def publish(topic: Any, event: Any, headers: Any = (), partition: int | None = None, **_: bool) -> None:
        await bus.send(topic.name, event.subject.encode(), event.body(), [*event.headers(), *headers], partition)

    return publish


def at_once(subscription: Subscription, bus: FakeBus) -> Deliverer:
    """A deliverer that neither waits for the infrastructure nor pauses."""
    return Deliverer(subscription, bus.as_bus(), patience_seconds=0.0, pause=no_pause)


COMMANDS_TOPIC = replace(BUILDS_REPORTS, producers=("gateway",))


def limited(taken: Taken, bus: FakeBus, topic: Topic = BUILDS_REPORTS, run: int = 2) -> Deliverer:
    subscription = Subscription(topic, "builds-reports", REPORT, taken)
    return Deliverer(subscription, bus.as_bus(), DeadLetterLimits(run), patience_seconds=0.0, pause=no_pause)


def numbered(*numbers: int, **headers: bytes) -> list[Record]:
    return [record(None, number, ce_id=str(number).encode(), **headers) for number in numbers]


PARTITION = TopicPartition("builds.reports.v1", 3)


async def test_the_record_at_the_limit_is_no_dead_letter_and_ends_what_is_consumed(taken: Taken, bus: FakeBus) -> None:
    taken.poison = {"0", "2", "3", "4", "5"}
    stops = await limited(taken, bus).deliver(numbered(*range(7)))
    assert (stops[PARTITION].offset, len(bus.records)) == (4, 3)
    assert "the last 2 records became dead letters" in str(stops[PARTITION].reason)


async def test_the_limit_holds_across_batches_until_it_is_set_anew(taken: Taken, bus: FakeBus) -> None:
    deliverer = limited(taken, bus)
    taken.poison = {"0", "1", "2"}
    assert await deliverer.deliver(numbered(0, 1)) == {}
    for _ in range(2):
        assert (await deliverer.deliver(numbered(2)))[PARTITION].offset == 2
    deliverer.allow_again(PARTITION)
    assert await deliverer.deliver(numbered(2)) == {}
    assert len(bus.records) == 3


async def test_another_partition_goes_on(taken: Taken, bus: FakeBus) -> None:
    taken.poison = {"0", "1", "2"}
    other = replace(record(ce_id=b"other"), partition=1)
    stops = await limited(taken, bus).deliver([*numbered(0, 1, 2), other])
    assert list(stops) == [PARTITION]
    assert taken.batches == [["other"]]


async def test_a_batch_given_back_counts_once(taken: Taken, bus: FakeBus) -> None:
    deliverer = limited(taken, bus)
    taken.poison = {"0", "1"}
    bus.reachable = False
    for _ in range(3):
        with pytest.raises(ExceptionGroup):
            await deliverer.deliver(numbered(0, 1))
    bus.reachable = True
    assert await deliverer.deliver(numbered(0, 1)) == {}


STRANGERS = [record(b"{"), record(b"{}"), record(ce_id=b"\xff")]


@pytest.mark.parametrize("bad", STRANGERS, ids=["no JSON", "no report", "no event"])
async def test_what_a_stranger_sends_does_not_count_where_anyone_may_publish(
    bad: Record, taken: Taken, bus: FakeBus
) -> None:
    assert await limited(taken, bus).deliver([bad] * 10) == {}
    assert len(bus.records) == 10


@pytest.mark.parametrize("bad", STRANGERS, ids=["no JSON", "no report", "no event"])
async def test_it_counts_where_only_the_platform_publishes(bad: Record, taken: Taken, bus: FakeBus) -> None:
    stops = await limited(taken, bus, COMMANDS_TOPIC).deliver([bad] * 10)
    assert (list(stops), len(bus.records)) == ([PARTITION], 2)


async def test_the_platforms_own_reports_count_when_they_do_not_validate(taken: Taken, bus: FakeBus) -> None:
    own = record(b"{}", ce_source=b"/nexus/builds-worker/1")
    stops = await limited(taken, bus).deliver([own] * 10)
    assert (list(stops), len(bus.records)) == ([PARTITION], 2)


async def test_a_group_that_fails_for_long_is_cut_and_taken_up_again(
    taken: Taken, bus: FakeBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "ISOLATION_SECONDS", -1.0)
    deliverer = limited(taken, bus)
    taken.poison = {"0"}
    stops = await deliverer.deliver(numbered(0, 1, 2))
    assert (stops[PARTITION].offset, stops[PARTITION].reason, len(bus.records)) == (1, None, 1)
    assert await deliverer.deliver(numbered(1, 2)) == {}
    assert taken.batches == [["1", "2"]]


async def test_a_dead_letter_keeps_headers_of_any_name_legible(taken: Taken, bus: FakeBus) -> None:
    headers = [("ce_\udcff", b"\xff"), ("\udcfe", b"1")]
    await limited(taken, bus).deliver([Record("builds.reports.v1", b"k", b"{", headers, 3)])
    (letter,) = bus.records
    assert list(letter.headers)[:2] == [("ce_\\udcff", b"\xff"), ("\\udcfe", b"1")]
    assert all(text is None or text.decode() for name, text in letter.headers if name.startswith("dlq_"))
