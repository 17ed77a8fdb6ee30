"""What becomes of a request to an agent that ends at any moment of it."""

import asyncio
import socket
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from nexus_agents.backends import answers
from nexus_agents.backends.local import channel
from nexus_agents.domain.backend import AgentAnswer, InvokeRequest
from nexus_agents.domain.backend_errors import AgentCrashed, AnswerRefused
from nexus_agents.domain.stream import AgentEvent

BODY = b'{"output": "hi"}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
MEASURED = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(BODY) + BODY + b"\r\n0\r\n\r\n"
TO_THE_END = HEAD + b"Connection: close\r\n\r\n" + BODY


class _GoneAtOnce(channel.AnswerHandler):
    """A connection that the other side has ended before the request is written."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        transport.close()


async def test_an_agent_that_ends_before_it_is_asked_has_crashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "AnswerHandler", _GoneAtOnce)
    path = tmp_path / "agent.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        with closing(channel.Channel(path)) as asked, pytest.raises(AgentCrashed):
            await asked.ping()


class CutOffAgent:
    """Answers an invocation with these bytes and closes; with `ping` None it has ended then."""

    def __init__(self, answer: bytes, ping: bytes | None = None) -> None:
        self._answer = answer
        self._ping = ping
        self._server: asyncio.Server | None = None

    @asynccontextmanager
    async def served(self, path: Path) -> AsyncGenerator[channel.Channel]:
        self._server = await asyncio.start_unix_server(self._serve, path)
        async with self._server:
            with closing(channel.Channel(path)) as asked:
                yield asked

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET"):
            writer.write(self._ping or b"")
        else:
            if self._ping is None and self._server is not None:
                self._server.close()
            writer.write(self._answer)
        writer.close()


@pytest.mark.parametrize("answer", [MEASURED, CHUNKED, TO_THE_END], ids=["measured", "chunked", "to the end"])
async def test_wherever_its_answer_is_cut_off_an_agent_has_crashed(tmp_path: Path, answer: bytes) -> None:
    for length in range(0, len(answer), 3):
        async with CutOffAgent(answer[:length]).served(tmp_path / f"{length}.sock") as asked:
            with pytest.raises(AgentCrashed):
                await asked.invoke(InvokeRequest("hello"))


@pytest.mark.parametrize("answer", [MEASURED, CHUNKED], ids=["measured", "chunked"])
async def test_a_whole_answer_counts_whatever_becomes_of_the_agent(tmp_path: Path, answer: bytes) -> None:
    async with CutOffAgent(answer).served(tmp_path / "agent.sock") as asked:
        assert (await asked.invoke(InvokeRequest("hello"))).output == "hi"


@pytest.mark.parametrize("status", [b"200 OK", b"500 Busy"])
async def test_an_answer_up_to_the_end_of_its_connection_counts_of_an_agent_that_lives(
    tmp_path: Path, status: bytes
) -> None:
    """Whatever it says of itself."""
    ping = b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n"
    async with CutOffAgent(TO_THE_END, ping).served(tmp_path / "agent.sock") as asked:
        assert (await asked.invoke(InvokeRequest("hello"))).output == "hi"


async def test_a_stream_that_turns_into_garbage_ends_its_invocation_at_once(tmp_path: Path) -> None:
    heard = asyncio.Event()

    async def observe(_event: AgentEvent) -> None:
        heard.set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b'b\r\ndata: "a"\n\n\r\n')
        await heard.wait()
        writer.write(b"no length\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_unix_server(serve, tmp_path / "agent.sock")
    async with server, asyncio.timeout(10):
        with (
            closing(channel.Channel(tmp_path / "agent.sock")) as asked,
            pytest.raises(AnswerRefused, match="not speak HTTP"),
        ):
            await asked.invoke(InvokeRequest("hello", observe=observe))


async def test_while_a_large_answer_is_read_others_are_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served = threading.Event()
    read = answers.answer_in

    def slowly(status: int, content_type: str, body: bytes) -> AgentAnswer:
        assert served.wait(10), "nobody was served"
        return read(status, content_type, body)

    monkeypatch.setattr(answers, "answer_in", slowly)
    whole = HEAD + b"Content-Length: 100002\r\n\r\n" + b'"%s"' % (b"x" * 100_000)
    async with CutOffAgent(whole).served(tmp_path / "agent.sock") as asked:
        asking = asyncio.create_task(asked.invoke(InvokeRequest("hello")))
        asyncio.get_running_loop().call_later(0.5, served.set)
        assert len((await asking).output) == 100_000
