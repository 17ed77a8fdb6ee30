"""The gateway's questions to owners, over sockets: what is asked again, what is not, and for how long."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from tests.support.eventually import eventually
from tests.support.stand_in_owners import HttpOwner

from nexus_contracts.errors import GatewayTimeout, InternalError, ServiceUnavailable
from nexus_devstack.ports import free_port
from nexus_gateway import breaker
from nexus_gateway.owners import HttpOwners
from nexus_gateway.settings import GatewaySettings


@asynccontextmanager
async def asking(port: int, **settings: Any) -> AsyncGenerator[HttpOwners]:
    """A gateway's connections to the agents service on `port`."""
    owners = HttpOwners(GatewaySettings(agents_url=f"http://127.0.0.1:{port}", **settings))
    await owners.start()
    try:
        yield owners
    finally:
        await owners.stop()


@pytest.mark.parametrize("size", [0, 10, 3_000_000])
async def test_a_file_arrives_as_it_is_from_memory_or_from_disk(size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    port = free_port()
    async with asking(port) as owners:
        async with HttpOwner(port) as owner:
            owner.answers["/packages"] = (200, {}, "{}")
            with tempfile.SpooledTemporaryFile(max_size=1_000_000) as file:
                file.write(content)
                file.seek(0)
                answer = await owners.upload("agents", "/packages", {"command_id": "c"}, file)
        assert (answer.body, owner.bodies) == (b"{}", [content])
        with pytest.raises(ServiceUnavailable), tempfile.SpooledTemporaryFile() as file:
            await owners.upload("agents", "/packages", {}, file)


async def test_what_could_not_be_sent_is_sent_on_another_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    connect, tries = aiohttp.TCPConnector.connect, list[bool]()

    async def refused_once(self: aiohttp.TCPConnector, req: Any, **rest: Any) -> Any:
        tries.append(True)
        if len(tries) == 1:
            raise aiohttp.ClientConnectorError(req.connection_key, OSError("refused"))
        return await connect(self, req, **rest)

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", refused_once)
    async with asking(port) as owners, HttpOwner(port) as owner:
        owner.answers["/packages"] = owner.answers["/agents/a"] = (200, {}, "{}")
        assert (await owners.get("agents", "/agents/a")).body == b"{}"
        tries.clear()
        with tempfile.SpooledTemporaryFile() as file:
            file.write(b"content")
            file.seek(0)
            await owners.upload("agents", "/packages", {}, file)
    assert owner.bodies == [b"", b"content"]


async def test_a_read_survives_that_its_kept_connection_was_closed() -> None:
    answered = 0

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal answered
        await reader.readuntil(b"\r\n\r\n")
        answered += 1
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        await reader.read(1)  # the next request is not taken any more
        writer.close()

    server = await asyncio.start_server(answer_once, "127.0.0.1", 0)
    async with server, asking(server.sockets[0].getsockname()[1]) as owners:
        for _ in range(3):
            assert (await owners.get("agents", "/agents/a")).body == b"{}"
    assert answered == 3


async def test_conditions_are_passed_on_and_an_unchanged_resource_is_not_sent() -> None:
    port = free_port()
    async with asking(port) as owners, HttpOwner(port) as owner:
        owner.answers["/agents/a"] = (304, {"ETag": '"3"'}, "")
        assert await owners.get("agents", "/agents/a", known='"3", "2"') == (b"", '"3"', True)
    assert owner.requests[0][1]["if-none-match"] == '"3", "2"'


async def test_a_silent_owner_is_left_alone_until_it_answers_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "REST_SECONDS", 2.0)
    port = free_port()
    async with asking(port, read_timeout_seconds=0.2) as owners, HttpOwner(port) as owner:
        owner.answers["/agents/a"] = (200, {}, "{}")
        owner.hangs.add("/agents/a")
        for _ in range(breaker.MOST_UNANSWERED):
            with pytest.raises(GatewayTimeout):
                await owners.get("agents", "/agents/a")
        with pytest.raises(ServiceUnavailable) as refused:
            await owners.get("agents", "/agents/a")
        assert refused.value.details == {"service": "agents"}
        assert len(owner.requests) == breaker.MOST_UNANSWERED
        owner.hangs.clear()
        look = owners.get
        answer = await eventually(lambda: look("agents", "/agents/a"), despite=(ServiceUnavailable, GatewayTimeout))
        assert answer.body == b"{}"


async def test_health_is_asked_all_the_same_and_is_no_answer_to_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "REST_SECONDS", 60.0)
    port = free_port()
    async with asking(port, read_timeout_seconds=0.2) as owners, HttpOwner(port) as owner:
        head = '"status": "unhealthy", "version": "1", "timestamp": "t"'
        owner.answers["/health/ready"] = (
            503,
            {},
            f'{{{head}, "failing": ["database"], "reasons": {{"database": "hangs"}}}}',
        )
        owner.answers["/health/detailed"] = (200, {}, "{}")
        owner.hangs.add("/agents/a")
        for _ in range(breaker.MOST_UNANSWERED):
            with pytest.raises(GatewayTimeout):
                await owners.get("agents", "/agents/a")
            assert await owners.lacking("agents") == {"database": "hangs"}
        assert (await owners.get("agents", "/health/detailed")).body == b"{}"
        with pytest.raises(ServiceUnavailable):
            await owners.get("agents", "/agents/a")


async def test_who_answers_the_question_for_health_with_something_else_is_not_healthy() -> None:
    port = free_port()
    async with asking(port) as owners:
        with pytest.raises(ServiceUnavailable):
            await owners.lacking("agents")
        async with HttpOwner(port) as owner:
            owner.answers["/health/ready"] = (200, {}, "<html>")
            with pytest.raises(InternalError):
                await owners.lacking("agents")


async def test_an_owner_is_not_asked_for_more_than_it_can_answer_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nexus_gateway.owners.MOST_ASKED", 2)
    port = free_port()
    async with asking(port) as owners, HttpOwner(port) as owner:
        owner.answers["/agents/a"] = owner.answers["/health"] = (200, {}, "{}")
        owner.hangs.add("/agents/b")
        slow = [asyncio.create_task(owners.get("agents", "/agents/b")) for _ in range(2)]
        await eventually(lambda: len(owner.requests) == 2)
        with pytest.raises(ServiceUnavailable) as refused:
            await owners.get("agents", "/agents/a")
        assert refused.value.details == {"service": "agents"}
        assert (await owners.get("agents", "/health")).body == b"{}"
        slow[0].cancel()
        await asyncio.gather(slow[0], return_exceptions=True)
        assert (await owners.get("agents", "/agents/a")).body == b"{}"
        slow[1].cancel()
        await asyncio.gather(slow[1], return_exceptions=True)
