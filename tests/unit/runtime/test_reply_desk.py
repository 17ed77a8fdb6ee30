"""A reply reaches whoever waits for it once, whichever way it comes first."""

from types import SimpleNamespace
from typing import Any, cast

from tests.support.bus_fakes import FakeBus

from nexus_contracts.replies import Reply
from nexus_runtime.kafka.replies import ReplyDesk
from nexus_runtime.process.settings import ServiceSettings

SETTINGS = ServiceSettings(host="127.0.0.1", port=1, kafka_bootstrap_servers="127.0.0.1:1", kafka_volatile=True)


def desk() -> ReplyDesk:
    return ReplyDesk(SETTINGS, FakeBus().as_bus())


def value(request_id: str, command_id: str = "cmd_1") -> bytes:
    return Reply(status=200, result={}, request_id=request_id, command_id=command_id).model_dump_json().encode()


def record(request_id: str, content: bytes, **headers: str) -> Any:
    named = {"ce_causationid": request_id, **headers}
    return SimpleNamespace(value=content, headers=tuple((name, text.encode()) for name, text in named.items()))


async def test_a_reply_that_is_handed_over_is_not_awaited_from_the_broker() -> None:
    waits = desk()
    with waits.expect("evt_1") as expected:
        given(waits, value("evt_1"))
        assert expected.result().command_id == "cmd_1"
        read(waits, record("evt_1", value("evt_1", "cmd_again")))
        assert expected.result().command_id == "cmd_1"


async def test_a_reply_that_is_not_handed_over_comes_from_the_broker() -> None:
    waits = desk()
    with waits.expect("evt_1") as expected:
        given(waits, value("evt_2"))
        assert not expected.done()
        read(waits, record("evt_1", value("evt_1")))
        assert expected.result().request_id == "evt_1"


async def test_a_record_that_names_no_request_is_read_all_the_same() -> None:
    waits = desk()
    with waits.expect("evt_1") as expected:
        read(waits, SimpleNamespace(value=value("evt_1"), headers=()))
        assert expected.done()


async def test_what_cannot_be_read_concerns_nobody() -> None:
    waits = desk()
    with waits.expect("evt_1") as expected:
        for broken in (b"", b"{", b"\xff"):
            given(waits, broken)
            read(waits, record("evt_1", broken))
        assert not expected.done()


def given(waits: ReplyDesk, content: bytes) -> None:
    cast("Any", waits)._tap._given(waits.partition, content)


def read(waits: ReplyDesk, one: Any) -> None:
    cast("Any", waits)._read(one)
