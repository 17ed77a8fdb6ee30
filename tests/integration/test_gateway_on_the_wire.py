"""Bytes sent to a gateway that runs as it does in production: what HTTP libraries would have put right."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
from tests.support.gateway_process import Platform, started

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.history import EventView, Tail
from nexus_contracts.replies import Outcome
from nexus_gateway.openapi.examples import EVENT, PROJECT, PROJECT_ID
from nexus_gateway.shedding import MOST_WAITING, MOST_WAITING_LONG

pytestmark = pytest.mark.asyncio(loop_scope="module")
BODY = json.dumps({"requirement": "an agent that adds numbers"})
TAIL = Tail(items=[EventView.model_validate({**EVENT, "sequence": 1})], through=1, more=False, ended=True)


def decide(event: CloudEvent) -> Outcome | None:
    return Outcome(status=201, result={**PROJECT, "project_id": event.data["project_id"]})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Platform]:
    async with started(tmp_path_factory.mktemp("stack"), decide) as platform:
        platform.builds.answers[f"/projects/{PROJECT_ID}"] = (200, {"ETag": '"3"'}, json.dumps(PROJECT))
        platform.builds.answers[f"/projects/{PROJECT_ID}/tail"] = (200, {}, TAIL.model_dump_json())
        yield platform


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def sent(platform: Platform, line: str, *headers: str, body: str = "", half: bool = True) -> tuple[str, str]:
    """Head and body of the answer to a caller who, with `half`, closes its way of speaking after the request."""
    return await answered(*await begun(platform, line, *headers, body=body, half=half))


async def begun(platform: Platform, line: str, *headers: str, body: str = "", half: bool = True) -> Stream:
    reader, writer = await asyncio.open_connection("127.0.0.1", platform.stack.ports["GATEWAY_PORT"])
    length = [f"Content-Length: {len(body)}"] if body else []
    writer.write("\r\n".join([line, "Host: x", *length, *headers, "", body]).encode("latin-1"))
    if half:
        writer.write_eof()
    return reader, writer


async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, str]:
    async with asyncio.timeout(20):
        received = (await reader.read()).decode("latin-1")
    writer.close()
    head, _, rest = received.partition("\r\n\r\n")
    return head, rest


async def created(platform: Platform, *keys: str) -> tuple[str, Any]:
    head, body = await sent(platform, "POST /api/v1/projects HTTP/1.1", *keys, body=BODY)
    return head.split()[1], json.loads(body)


async def test_a_key_with_blanks_around_it_is_the_same_key(platform: Platform) -> None:
    answers = [await created(platform, f"Idempotency-Key:{key}") for key in ("k2", " k2", " k2  ", "\tk2 \t")]
    assert [status for status, _ in answers] == ["201"] * 4
    assert len({answer["data"]["project_id"] for _, answer in answers}) == 1
    for lines in (["Idempotency-Key:  "], ["Idempotency-Key: k2", "Idempotency-Key: k2"]):
        status, answer = await created(platform, *lines)
        assert (status, answer["error"]["code"]) == ("400", "VALIDATION_ERROR")


async def test_blanks_are_none_of_other_values_either(platform: Platform) -> None:
    line = f"GET /api/v1/projects/{PROJECT_ID} HTTP/1.1"
    head, _ = await sent(platform, line, 'If-None-Match: "3" ', "X-Request-ID: mine \t")
    assert head.startswith("HTTP/1.1 304")
    assert "x-request-id: mine\r\n" in head + "\r\n"
    head, _ = await sent(platform, line, 'If-None-Match: "x"', 'If-None-Match: "3"')
    assert head.startswith("HTTP/1.1 304")
    head, _ = await sent(platform, "POST /api/v1/projects HTTP/1.1", "Prefer: respond-async ", body=BODY)
    assert head.startswith("HTTP/1.1 202")


@pytest.mark.parametrize("half", [True, False])
async def test_a_stream_in_http_1_0_has_no_chunks(platform: Platform, half: bool) -> None:
    line = f"GET /api/v1/projects/{PROJECT_ID}/events HTTP/1.0"
    head, body = await sent(platform, line, "Accept: text/event-stream ", half=half)
    assert head.startswith("HTTP/1.1 200")
    assert "chunked" not in head
    assert body.startswith("retry: 1000\n\nid: 1\nevent: ")
    assert body.endswith("}\n\n")


async def test_a_stream_comes_to_who_has_said_everything(platform: Platform) -> None:
    line = f"GET /api/v1/projects/{PROJECT_ID}/events HTTP/1.1"
    head, body = await sent(platform, line, "Accept: text/event-stream")
    assert "transfer-encoding: chunked" in head
    assert body.endswith("\r\n0\r\n\r\n")
    head, _ = await sent(platform, line, "Accept: text/event-stream", "Last-Event-ID: 2 ")
    assert head.startswith("HTTP/1.1 400")


async def test_slow_callers_leave_it_serving(platform: Platform) -> None:
    port = platform.stack.ports["GATEWAY_PORT"]
    slow = [(await asyncio.open_connection("127.0.0.1", port))[1] for _ in range(300)]
    for number, writer in enumerate(slow):
        body = "\r\nContent-Length: 1000\r\n\r\n{" if number % 2 else "\r\nA: "
        writer.write(f"POST /api/v1/projects HTTP/1.1\r\nHost: x{body}".encode())
        await writer.drain()
    async with asyncio.timeout(10):
        assert (await created(platform))[0] == "201"
        head, _ = await sent(platform, f"GET /api/v1/projects/{PROJECT_ID} HTTP/1.1")
    assert head.startswith("HTTP/1.1 200")
    for writer in slow:
        writer.close()


async def test_of_what_came_while_it_could_not_look_it_serves_some_and_refuses_the_others_at_once(
    tmp_path: Path,
) -> None:
    async with started(tmp_path, decide, READ_TIMEOUT_SECONDS="30") as platform:
        platform.builds.answers[f"/projects/{PROJECT_ID}"] = (200, {"ETag": '"3"'}, json.dumps(PROJECT))
        line = f"GET /api/v1/projects/{PROJECT_ID} HTTP/1.1"
        gateway = psutil.Process(platform.stack.pid("gateway"))
        gateway.suspend()
        try:
            # The kernel makes the connections and keeps what is sent on them.
            reads = [await begun(platform, line) for _ in range(4 * MOST_WAITING)]
            probe = await begun(platform, "GET /health HTTP/1.1")
        finally:
            gateway.resume()
        answers = [await answered(*one) for one in reads]
        statuses = Counter(head.split()[1] for head, _ in answers)
        assert (await answered(*probe))[0].startswith("HTTP/1.1 200")
        assert statuses.keys() == {"200", "503"}
        reached = [target for target, _ in platform.builds.requests if target.startswith("/projects")]
        # Fewer wait once the crowd has lasted, which on a busy machine it soon has.
        assert statuses["200"] == len(reached) >= MOST_WAITING_LONG
        head, body = next(one for one in answers if one[0].split()[1] == "503")
        assert "retry-after: 2\r\n" in head
        assert json.loads(body)["error"]["code"] == "SERVICE_UNAVAILABLE"
        assert (await sent(platform, line))[0].startswith("HTTP/1.1 200")
