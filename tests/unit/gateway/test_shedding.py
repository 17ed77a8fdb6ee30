"""What the gateway takes, what it refuses, and that a refusal that is made cheaply looks like every other."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from nexus_contracts.errors import ServiceUnavailable
from nexus_gateway import answers, cross_origin, shedding
from nexus_gateway.shedding import MOST_WAITING, MOST_WAITING_LONG, LoadShedder

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def asked(method: str = "GET", path: str = "/api/v1/projects", **headers: str) -> dict[str, Any]:
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": method, "path": path, "headers": sent}


def took(shedder: LoadShedder, requests: int) -> int:
    return sum(shedder.refusal(asked()) is None for _ in range(requests))


def test_so_many_may_wait_for_their_turn_and_no_more() -> None:
    shedder = LoadShedder(2_000)
    assert took(shedder, MOST_WAITING) == MOST_WAITING
    assert took(shedder, 10) == 0
    for _ in range(5):
        shedder.begins()
    assert took(shedder, 10) == 5


def test_under_lasting_overload_fewer_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shedding, "CROWD_SECONDS", 0.0)
    shedder = LoadShedder(2_000)
    assert took(shedder, MOST_WAITING) == MOST_WAITING_LONG
    shedder.begins()
    assert took(shedder, MOST_WAITING) == 1
    monkeypatch.setattr(shedding, "CROWD_SECONDS", 60.0)
    assert took(shedder, MOST_WAITING) == MOST_WAITING - MOST_WAITING_LONG


def test_who_waits_after_a_pause_is_no_lasting_overload(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(shedding, "time", SimpleNamespace(monotonic=lambda: now, perf_counter=lambda: now))
    shedder = LoadShedder(2_000)
    assert took(shedder, 1) == 1
    shedder.begins()
    now += 60
    assert took(shedder, MOST_WAITING + 1) == MOST_WAITING
    now += 60
    for _ in range(MOST_WAITING - MOST_WAITING_LONG):
        shedder.begins()
    assert took(shedder, 1) == 0


def test_those_that_have_begun_do_not_wait_however_many_they_are() -> None:
    shedder = LoadShedder(2_000)
    shedder.under_way = 1_000
    assert took(shedder, MOST_WAITING) == MOST_WAITING


def test_those_that_wait_count_among_those_under_way() -> None:
    shedder = LoadShedder(10)
    shedder.under_way = 4
    assert took(shedder, 10) == 6
    for _ in range(6):
        shedder.begins()
    shedder.under_way = 10
    assert took(shedder, 10) == 0
    shedder.under_way = 9
    assert took(shedder, 10) == 1


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/metrics"])
async def test_health_is_always_told(path: str) -> None:
    shedder = LoadShedder(1)
    shedder.under_way = 1
    assert shedder.refusal(asked(path=path)) is None
    assert shedder.refusal(asked(path="/healthy")) is not None


async def test_a_preflight_of_a_page_that_may_call_is_always_answered() -> None:
    asks = {"access_control_request_method": "GET"}
    page, other = "https://page.example", "https://other.example"
    assert full().refusal(asked("OPTIONS", origin=page, **asks)) is None
    for scope in (
        asked("OPTIONS", origin=other, **asks),
        asked("OPTIONS", origin=page),
        asked("OPTIONS", **asks),
        asked("GET", origin=page, **asks),
    ):
        assert full().refusal(scope) is not None


def full() -> LoadShedder:
    shedder = LoadShedder(1, ["https://page.example"])
    shedder.under_way = 1
    return shedder


def refused(scope: dict[str, Any]) -> tuple[dict[str, str], bytes]:
    """The header fields, and the body."""
    refusal = full().refusal(scope)
    assert refusal is not None
    head, _, body = refusal.partition(b"\r\n\r\n")
    lines = [line.decode().partition(": ") for line in head.split(b"\r\n")]
    return {name: value for name, _, value in lines}, body


async def test_a_refusal_has_the_form_of_every_failure() -> None:
    headers, body = refused(asked(x_request_id="mine", traceparent=f"00-{TRACE}-00f067aa0ba902b7-01"))
    usual = answers.failure(ServiceUnavailable("the gateway has more requests than it can serve"))
    known, told = json.loads(bytes(usual.body)), json.loads(body)
    assert (told["request_id"], told["error"]["trace_id"]) == ("mine", TRACE)
    assert told.keys() == known.keys()
    assert told["error"] | {"trace_id": ""} == known["error"] | {"trace_id": ""}
    assert int(headers["content-length"]) == len(body)
    for name in ("content-type", "retry-after"):
        assert headers[name] == usual.headers[name]
    assert headers["x-request-id"] == "mine"
    assert 0 <= float(headers["x-response-time"]) < 1
    for name, value in (*answers.SAFE, answers.POLICY):
        assert headers[name.decode()] == value.decode()


def test_a_page_may_read_its_refusal_where_it_may_call() -> None:
    headers, _ = refused(asked(origin="https://page.example"))
    assert headers["access-control-allow-origin"] == "https://page.example"
    assert headers["vary"] == "Origin"
    assert "Retry-After" in headers["access-control-expose-headers"]
    for stranger in ({}, {"origin": "https://other.example"}, {"origin": "https://page.example,https://page.example"}):
        headers, _ = refused(asked(**stranger))
        assert not any(name.startswith("access-control") for name in headers)
    assert cross_origin.fields_for("https://any.example", ["*"])[0] == (b"access-control-allow-origin", b"*")


async def test_each_refusal_has_ids_of_its_own_and_leaves_none_behind() -> None:
    before = answers.request_id.get()
    first, second = (json.loads(refused(asked(x_request_id="not well formed"))[1]) for _ in range(2))
    assert first["request_id"].startswith("req_")
    assert first["request_id"] != second["request_id"]
    assert first["error"]["trace_id"] != second["error"]["trace_id"]
    assert answers.request_id.get() == before


async def test_a_refused_head_has_no_body() -> None:
    headers, body = refused(asked("HEAD"))
    assert (int(headers["content-length"]) > 0, body) == (True, b"")


async def test_refusals_are_counted_one_by_one_and_logged_together(monkeypatch: pytest.MonkeyPatch) -> None:
    def counted() -> float:
        labels = {"method": "other", "route": "none", "status": "503"}
        return REGISTRY.get_sample_value("nexus_http_request_seconds_count", labels) or 0

    before, shedder = counted(), full()
    with capture_logs() as lines:
        for _ in range(50):
            assert shedder.refusal(asked("BREW"))
        monkeypatch.setattr(shedding, "TOLD_SECONDS", 0)
        assert shedder.refusal(asked("BREW"))
    assert counted() - before == 51
    assert [line["refused"] for line in lines] == [1, 50]
