"""What an agent says, as a stream: which requests get one, what it brings along, and how it goes on elsewhere."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace

import pytest
from tests.support.asgi import HttpCaller
from tests.support.eventually import eventually
from tests.support.gateway_fakes import FakePlatform
from tests.support.histories import Sent, parsed

from nexus_contracts.agents.streams import EventName, StreamedEvent, StreamPart
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import InvalidState, ServiceUnavailable
from nexus_contracts.replies import REPLY_WHEN_HEADER, WHEN_ACCEPTED, Outcome
from nexus_gateway.openapi.examples import AGENT_ID, INVOCATION_ID, SESSION_ID
from nexus_gateway.owners import Answer

INVOKE = f"/api/v1/agents/{AGENT_ID}/invoke"
STREAM = ("Accept", "text/event-stream")
pytestmark = pytest.mark.timeout(20)


def part(after: int, *names: EventName, ended: bool = False) -> StreamPart:
    items = [
        StreamedEvent(sequence=after + 1 + place, name=name, data={"text": str(after + 1 + place)})
        for place, name in enumerate(names)
    ]
    return StreamPart(invocation_id=INVOCATION_ID, after=after, items=items, ended=ended)


def keep(platform: FakePlatform, kept: StreamPart, invocation_id: str = INVOCATION_ID) -> None:
    """What the owner answers whoever reads the stream from there on, or after it."""
    address = f"agents/invocations/{invocation_id}/stream"
    platform.owners.answers[address] = Answer(kept.model_dump_json().encode(), None)


class Kept:
    """The owner of one invocation, whose agent speaks."""

    def __init__(self, platform: FakePlatform) -> None:
        self.names: list[EventName] = ["connected"]
        self.asked = 0
        self.fault: Exception | None = None
        platform.said._owners = self  # pyright: ignore[reportPrivateUsage]

    def say(self, *names: EventName) -> None:
        self.names += names

    async def get(
        self, owner: str, path: str, query: Mapping[str, str] | None = None, known: str | None = None
    ) -> Answer:
        self.asked += 1
        if self.fault:
            raise self.fault
        after = int((query or {})["after"])
        told = part(after, *self.names[after:], ended=self.names[-1] == "done")
        return Answer(told.model_dump_json().encode(), None)


def shape(body: bytes) -> list[tuple[int, str]]:
    return [(event.id, event.event) for event in parsed(body.decode())]


def accept(platform: FakePlatform, kept: StreamPart | None) -> None:
    """The owner accepts every command, and keeps `kept` of the invocation that begins."""

    def decide(event: CloudEvent) -> Outcome:
        if kept:
            keep(platform, kept, str(event.data["invocation_id"]))
        return Outcome.accepted("invocation", "x")

    platform.bus.decide = decide


async def test_an_accepted_invocation_is_streamed_to_its_end(platform: FakePlatform, call: HttpCaller) -> None:
    accept(platform, part(0, "connected", "message", "done", ended=True))
    answer = await call("POST", INVOKE, headers=[STREAM], body={"input_text": "hi"})
    assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, STREAM[1])
    assert shape(answer.body) == [(1, "connected"), (2, "message"), (3, "done")]
    command = platform.bus.last.data
    assert command["stream"] is True
    assert answer.headers["location"] == f"/api/v1/invocations/{command['invocation_id']}"
    assert platform.bus.published[-1][2][REPLY_WHEN_HEADER] == WHEN_ACCEPTED


async def test_a_turn_is_streamed_and_a_system_message_is_not(platform: FakePlatform, call: HttpCaller) -> None:
    accept(platform, part(0, "connected", "done", ended=True))
    path = f"/api/v1/sessions/{SESSION_ID}/messages"
    answer = await call("POST", path, headers=[STREAM], body={"content": "hi"})
    assert shape(answer.body) == [(1, "connected"), (2, "done")]
    platform.bus.decide = lambda _event: Outcome(status=201, result={})
    answer = await call("POST", path, headers=[STREAM], body={"content": "hi", "role": "system"})
    assert (answer.status, answer.headers["content-type"]) == (201, "application/json")


async def test_a_refused_invocation_is_an_error_and_no_stream(platform: FakePlatform, call: HttpCaller) -> None:
    platform.bus.decide = lambda _event: Outcome(status=400, error=InvalidState("offline").body())
    answer = await call("POST", INVOKE, headers=[STREAM], body={"input_text": "hi"})
    assert (answer.status, answer.error["code"]) == (400, "INVALID_STATE")


@pytest.mark.parametrize("unreadable", [True, False])
async def test_who_cannot_be_given_the_stream_is_told_where_it_is(
    platform: FakePlatform, call: HttpCaller, unreadable: bool
) -> None:
    """Because the owner does not answer although it accepted, or has not said yet whether it accepts."""
    if unreadable:
        accept(platform, None)
    answer = await call("POST", INVOKE, headers=[STREAM], body={"input_text": "hi"})
    assert answer.status == 202
    assert answer.headers["location"] == f"/api/v1/operations/{answer.json['data']['operation_id']}"
    assert answer.json["data"]["invocation_id"].startswith("inv_")


async def test_a_stream_goes_on_after_the_last_event_on_any_gateway(platform: FakePlatform, call: HttpCaller) -> None:
    keep(platform, part(5, "metrics", "done", ended=True))
    path = f"/api/v1/invocations/{INVOCATION_ID}"
    answer = await call("GET", path, headers=[STREAM, ("Last-Event-ID", "5")])
    assert shape(answer.body) == [(6, "metrics"), (7, "done")]
    assert platform.owners.asked[-1][2] == {"after": "5"}
    keep(platform, part(7, ended=True))
    answer = await call("GET", path, headers=[STREAM, ("Last-Event-ID", "7")])
    assert (answer.status, answer.body) == (204, b"")


class Follower:
    """Reads one stream of the invocation in the background."""

    def __init__(self, platform: FakePlatform) -> None:
        self._said = platform.said
        self.body = b""
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        page = await self._said.open(INVOCATION_ID, 0)
        async for block in self._said.follow(INVOCATION_ID, page):
            self.body += block

    async def seen(self, number: int) -> list[Sent]:
        return await eventually(lambda: parsed(self.body.decode()), lambda events: len(events) >= number, seconds=5)


def notice(platform: FakePlatform, told: StreamPart) -> None:
    platform.said.notice(SimpleNamespace(key=INVOCATION_ID.encode(), value=told.model_dump_json().encode()))


async def test_what_news_bring_along_is_given_without_asking_the_owner(platform: FakePlatform) -> None:
    kept = Kept(platform)
    followers = [Follower(platform), Follower(platform)]
    for follower in followers:
        await follower.seen(1)
    await eventually(lambda: kept.asked, lambda asked: asked == 2, seconds=5)
    notice(platform, part(1, "message"))
    notice(platform, part(2, "tool_use", "message"))
    for follower in followers:
        assert [event.id for event in await follower.seen(4)] == [1, 2, 3, 4]
    assert kept.asked == 2
    kept.say("message", "tool_use", "message", "done")
    notice(platform, StreamPart(invocation_id=INVOCATION_ID, after=0))
    await asyncio.gather(*(follower.task for follower in followers))
    assert (await followers[0].seen(5))[-1].event == "done"


async def test_where_news_were_missed_the_owner_is_asked_until_it_answers(platform: FakePlatform) -> None:
    kept = Kept(platform)
    follower = Follower(platform)
    await follower.seen(1)
    kept.say("message", "message")
    kept.fault = ServiceUnavailable("gone")
    notice(platform, part(2, "message"))
    await eventually(lambda: kept.asked, lambda asked: asked > 3, seconds=5)
    kept.fault = None
    assert [event.id for event in await follower.seen(3)] == [1, 2, 3]
    kept.say("done")
    notice(platform, part(9, "message"))
    await follower.task
    assert (await follower.seen(4))[-1].event == "done"
