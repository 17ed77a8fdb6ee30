"""What an agent streams is told as it comes, however its bytes are cut."""

import asyncio
import json

import pytest
from pydantic import JsonValue

from nexus_agents.backends.streams import read_events
from nexus_agents.backends.watching import StreamWatch
from nexus_agents.domain.stream import AgentEvent, TextPiece, ToolAnswered, ToolUsed, UsageSoFar
from nexus_contracts.agents.events import AgentUsage
from nexus_runtime.process import slices

STREAM = "text/event-stream"


async def seen(pieces: list[bytes], content_type: str = STREAM) -> list[AgentEvent]:
    found: list[AgentEvent] = []

    async def observe(event: AgentEvent) -> None:
        found.append(event)

    watch = StreamWatch(content_type, observe)
    for piece in pieces:
        await watch.see(piece)
    return found


def streamed(*values: JsonValue, end: str = "\n") -> bytes:
    return "".join(f"data: {json.dumps(value, ensure_ascii=False)}{end}{end}" for value in values).encode()


async def test_each_form_of_event_has_its_type() -> None:
    call: dict[str, JsonValue] = {"name": "add", "input": {"a": 1}}
    typed: dict[str, JsonValue] = {"type": "tool_result", "output": 3}
    used: dict[str, JsonValue] = {"input_tokens": 3, "model": "m:1"}
    given = streamed("a", {"data": "b"}, {"tool_use": call}, typed, {"usage": used}, {"output": "ab"})
    assert await seen([given]) == [
        TextPiece("a"),
        TextPiece("b"),
        ToolUsed(call),
        ToolAnswered(typed),
        UsageSoFar(AgentUsage(input_tokens=3, model="m:1")),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_bytes_may_be_cut_anywhere(end: str, size: int) -> None:
    given = streamed("hällo", {"data": "wörld"}, "!", end=end)
    cut = [given[at : at + size] for at in range(0, len(given), size)]
    # A lone \r at the very end may be the half of \r\n: the last event waits for what follows it.
    assert (await seen([*cut, b":\n"]))[:3] == [TextPiece("hällo"), TextPiece("wörld"), TextPiece("!")]


@pytest.mark.timeout(20)
async def test_megabytes_of_one_event_may_come_in_pieces_of_a_few_bytes() -> None:
    line = b"data: x\n"
    (told,) = await seen([line * 500_000, *[line] * 30_000, b"\n"])
    assert isinstance(told, TextPiece)
    assert told.text.count("x") == 530_000


async def test_an_event_is_told_before_the_next_one_comes() -> None:
    assert await seen([streamed("first"), b'data: "sec']) == [TextPiece("first")]


async def test_of_usage_that_is_ignored_nobody_is_told() -> None:
    assert await seen([streamed({"usage": {"input_tokens": "3"}}, {"usage": [3]}, "a")]) == [TextPiece("a")]


async def test_of_what_cannot_be_read_nobody_is_told() -> None:
    for unreadable in (b'data: {"a": NaN}\n\n', b"data: \xff\n\n"):
        assert await seen([streamed("a"), unreadable, streamed("b")]) == [TextPiece("a")]


async def test_an_answer_that_is_no_stream_is_not_told() -> None:
    assert await seen([b'{"output": "x"}'], "application/json") == []


READABLE = [
    streamed("a", {"tool_use": {"name": "x"}}, {"output": "ab"}),
    b"\xef\xbb\xbf" + streamed("a", "b"),
    b":\n\n\xef\xbb\xbfdata: lost\n\ndata: kept\n\n",
    b": nothing\n\nid: 3\ndata: 1\ndata: 2\n\n\n\n" + "data: hällo\r\n\r\n".encode() + b"data: x\r\r",
    b"",
]
BROKEN = [
    b'data: "a"\n',
    b'data: "a"\n\ndata: "b',
    streamed("a") + b'data: {"a": NaN}\n\n',
    streamed("a") + b"data: \xff\n\n" + streamed("b"),
]


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize("body", READABLE)
async def test_read_as_it_comes_a_stream_says_what_it_says_as_a_whole(body: bytes, size: int) -> None:
    watch = StreamWatch(STREAM)
    for at in range(0, len(body), size):
        await watch.see(body[at : at + size])
    assert watch.events in (read_events(body.decode()), None)
    assert watch.events is not None or body.endswith(b"\r"), "only what may go on is left to be read as a whole"


@pytest.mark.parametrize("body", BROKEN)
async def test_what_is_broken_is_left_to_who_reads_the_whole(body: bytes) -> None:
    watch = StreamWatch(STREAM)
    await watch.see(body)
    assert watch.events is None


async def test_while_an_agent_floods_its_stream_others_have_their_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE_SECONDS", 0.0)  # of a machine that is slow enough for each event
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    at_it = asyncio.create_task(others())
    await seen([streamed(*["x"] * 1_000)])
    at_it.cancel()
    assert turns > 1_000
