"""Spans are kept where somebody keeps them, in the trace of who asked, each under the span that it was done for."""

from collections.abc import Generator

import pytest
from fastapi import APIRouter
from tests.support.asgi import HttpCaller
from tests.support.gateway_fakes import FakePlatform

from nexus_gateway.owners import Answer
from nexus_runtime.process import tracing
from nexus_runtime.process.health import Health
from nexus_runtime.process.service import application
from nexus_runtime.process.tracing import EndedSpan

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
RECEIVED = f"00-{TRACE}-{SPAN}-01"


@pytest.fixture
def spans() -> Generator[list[EndedSpan]]:
    found: list[EndedSpan] = []
    tracing.keep(found.append)
    yield found
    tracing.keep(None)


def test_a_part_belongs_to_the_span_that_is_current(spans: list[EndedSpan]) -> None:
    tracing.begin(RECEIVED)
    tracing.took("PutItem", "client", 0.25, {})
    tracing.end("GET /", "server", 0.5, RECEIVED, {}, failed=True)
    part, whole = spans
    assert (part.trace_id, part.parent) == (TRACE, whole.span_id)
    assert (whole.trace_id, whole.parent, whole.failed) == (TRACE, SPAN, True)
    assert part.ended - part.began == 250_000_000
    assert f"00-{TRACE}-{whole.span_id}-01" == tracing.traceparent.get()


def test_a_span_that_nobody_asked_for_has_no_parent(spans: list[EndedSpan]) -> None:
    tracing.begin("nonsense")
    tracing.end("GET /", "server", 0.5, "nonsense", {})
    assert spans[0].parent is None


def test_where_nobody_keeps_them_there_are_none(spans: list[EndedSpan]) -> None:
    tracing.keep(None)
    tracing.begin(RECEIVED)
    tracing.took("PutItem", "client", 0.25, {})
    tracing.end("GET /", "server", 0.5, RECEIVED, {})
    assert spans == []
    assert not tracing.kept()


async def test_a_request_is_a_span_of_the_gateway_and_one_of_its_owner(spans: list[EndedSpan]) -> None:
    platform = FakePlatform()
    platform.owners.answers["builds/projects"] = Answer(b'{"items": [], "count": 0, "last_key": null}', None)
    await HttpCaller(platform.app)("GET", "/api/v1/projects", headers=[("traceparent", RECEIVED)])
    router = APIRouter()

    @router.get("/projects")
    async def projects() -> None:  # pyright: ignore[reportUnusedFunction]  # a route
        return

    owner = HttpCaller(application("owner", [], Health({}, {}), router))
    await owner("GET", "/projects", headers=[("traceparent", RECEIVED)])
    await owner("GET", "/health/live")
    assert [(span.name, span.kind, span.trace_id, span.parent) for span in spans] == [
        ("GET /api/v1/projects", "server", TRACE, SPAN),
        ("GET /projects", "server", TRACE, SPAN),
    ]
    assert [span.attributes["http.response.status_code"] for span in spans] == [200, 200]
