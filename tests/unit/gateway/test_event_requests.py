"""GET .../events as a page or as a stream: who gets which, and what is refused before a stream begins."""

import pytest
from tests.support.asgi import HttpCaller
from tests.support.gateway_fakes import FakePlatform
from tests.support.histories import History, ids, parsed

from nexus_gateway.openapi.examples import PROJECT_ID
from nexus_gateway.owners import Answer

EVENTS = f"/api/v1/projects/{PROJECT_ID}/events"
STREAM = ("Accept", "text/event-stream")


@pytest.fixture
def history(platform: FakePlatform) -> History:
    history = History(length=3, ended=True)
    platform.streams._owners = history  # pyright: ignore[reportPrivateUsage]
    return history


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("accept", "streamed"),
    [
        ("text/event-stream", True),
        ("TEXT/Event-Stream;charset=utf-8", True),
        ("application/json;q=0.5, text/event-stream ;q=0.9", True),
        ("application/json;q=0.9, text/event-stream ;q=0.5", False),
        ("application/json, text/event-stream", True),
        ("text/event-stream, */*;q=0.1", True),
        ("text/event-stream;q=0.5, */*", False),
        ("text/event-stream;q=0, */*;q=0", False),
        ("text/*", True),
        ("text/html, */*;q=0.8", False),
        ("text/event-stream;q=1.0001, application/json", False),
        ("text/event-stream;q=nonsense", False),
        ('x/y;z=", text/event-stream"', False),
        ("text/event-stream;Q=0", False),
        ("text/event-stream;q=0, application/json", False),
        ("text/event-stream; q=0.0", False),
        ("*/*", False),
        ("application/json", False),
        ("", False),
    ],
)
async def test_who_accepts_event_streams_gets_one(
    platform: FakePlatform, call: HttpCaller, accept: str, streamed: bool
) -> None:
    platform.owners.answers[f"builds/projects/{PROJECT_ID}/events"] = Answer(
        b'{"items":[],"count":0,"last_key":null}', None
    )
    answer = await call("GET", EVENTS, headers=[("Accept", accept)])
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/event-stream") == streamed
    if streamed:
        assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-store", "no")
        assert ids(parsed(answer.body.decode())) == [1, 2, 3]
        assert answer.headers["x-request-id"]


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(("known", "expected"), [("0", [1, 2, 3]), ("2", [3]), ("000000002", [3])])
async def test_a_stream_goes_on_after_the_last_event_that_is_known(
    call: HttpCaller, known: str, expected: list[int]
) -> None:
    answer = await call("GET", EVENTS, headers=[STREAM, ("Last-Event-ID", known)])
    assert ids(parsed(answer.body.decode())) == expected


async def test_who_knows_the_whole_of_what_has_ended_need_not_come_again(history: History, call: HttpCaller) -> None:
    answer = await call("GET", EVENTS, headers=[STREAM, ("Last-Event-ID", "3")])
    assert (answer.status, answer.body) == (204, b"")
    assert history.asked == [3]


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("known", ["4", "0005", "999999999999999"])
async def test_an_id_beyond_the_newest_event_is_refused(
    history: History, call: HttpCaller, known: str, ended: bool
) -> None:
    history.ended = ended
    answer = await call("GET", EVENTS, headers=[STREAM, ("Last-Event-ID", known)])
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
    assert "newest" in answer.error["details"]["errors"][0]["message"]


@pytest.mark.parametrize("known", ["", "x", "-1", "+1", "1.0", "1e3", "0x1", "٣", "1 2", "1" * 16])
async def test_a_bad_last_event_id_is_refused(history: History, call: HttpCaller, known: str) -> None:
    answer = await call("GET", EVENTS, headers=[STREAM, ("Last-Event-ID", known.encode().decode("latin-1"))])
    assert (answer.status, answer.error["code"]) == (400, "VALIDATION_ERROR")
    assert answer.error["details"]["errors"][0]["location"] == "header.last-event-id"
    assert history.asked == []


@pytest.mark.usefixtures("history")
async def test_two_ids_or_a_cursor_are_refused(call: HttpCaller) -> None:
    two = await call("GET", EVENTS, headers=[STREAM, ("Last-Event-ID", "1"), ("Last-Event-ID", "2")])
    cursor = await call("GET", f"{EVENTS}?last_key=abc", headers=[STREAM])
    assert [(answer.status, answer.error["code"]) for answer in (two, cursor)] == [(400, "VALIDATION_ERROR")] * 2


async def test_an_unknown_project_is_told_before_the_stream(call: HttpCaller) -> None:
    answer = await call("GET", EVENTS, headers=[STREAM])
    assert (answer.status, answer.error["code"]) == (404, "RESOURCE_NOT_FOUND")
    answer = await call("GET", "/api/v1/projects/nonsense/events", headers=[STREAM])
    assert (answer.status, answer.error["code"]) == (404, "RESOURCE_NOT_FOUND")


async def test_head_of_a_stream_ends_with_its_headers(history: History, call: HttpCaller) -> None:
    history.ended = False
    answer = await call("HEAD", EVENTS, headers=[STREAM])
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")
