"""Bedrock's Converse on loopback: a language model that plays a script, held to botocore's model of the service."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from tests.support.doors import served_host
from tests.support.event_stream_wire import MEDIA_TYPE, event_frame, exception_frame
from tests.support.model_wire import Turn, form_of
from tests.support.scripted_model import Answer
from tests.support.service_models import Refusal, Service, Values

MODEL = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
STREAM = "ConverseStream"
USED = {
    "inputTokens": 400,
    "outputTokens": 100,
    "totalTokens": 1100,
    "cacheReadInputTokens": 400,
    "cacheWriteInputTokens": 200,
}
"""Of every call: a thousand tokens in."""


@dataclass
class BedrockDouble:
    """`faults` come first, each a refusal or seconds to wait; then every form gets its answer of the script.

    Who asks for a stream gets the next of `turns`: a refusal among them comes after the stream has begun, None cuts it
    off. `calls` are the forms asked for, and `requests` what was sent.
    """

    script: Mapping[str, Answer]
    faults: deque[Refusal | float] = field(default_factory=deque[Refusal | float])
    turns: deque[Turn | Refusal | None] = field(default_factory=deque[Turn | Refusal | None])
    calls: list[str] = field(default_factory=list[str])
    requests: list[Values] = field(default_factory=list[Values])
    url: str = ""
    _service: Service = field(default_factory=lambda: Service("bedrock-runtime", ("Converse", STREAM)))

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        found = self._service.operation_at(request.method, request.rel_url.raw_path)
        assert found is not None, request.path
        assert "/bedrock/aws4_request" in request.headers["Authorization"]
        try:
            call = self._service.read(*found, request, await request.read())
            self.requests.append(call.values)
            if found[0] == "Converse":
                self.calls.append(_form(call.values)[0])
            match self.faults.popleft() if self.faults else 0.0:
                case Refusal() as refusal:
                    raise refusal
                case seconds:
                    await asyncio.sleep(seconds)
        except Refusal as refusal:
            return self._service.refusal(found[0], refusal)
        return await self._streamed(request) if found[0] == STREAM else self._answered(call.values)

    def _answered(self, asked: Values) -> web.StreamResponse:
        form, tool = _form(asked)
        return self._service.answer("Converse", _said(tool, self.script[form]))

    async def _streamed(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": MEDIA_TYPE})
        await response.prepare(request)
        turn = self.turns.popleft()
        for name, values in _events(turn if isinstance(turn, Turn) else Turn("Well, ")):
            if turn is None and name == "messageStop":
                assert request.transport is not None
                request.transport.close()
                return response
            if isinstance(turn, Refusal) and name == "messageStop":
                await response.write(exception_frame(turn.code, turn.message))
                break
            self._service.hold(STREAM, {"stream": {name: values}})
            await response.write(event_frame(name, values))
        await response.write_eof()
        return response


def _form(asked: Values) -> tuple[str, str]:
    """What is asked for, and the name of the tool that is to give it."""
    (tool,) = [one["toolSpec"] for one in asked["toolConfig"]["tools"] if "toolSpec" in one]
    return form_of(tool["inputSchema"]["json"]), tool["name"]


def _events(turn: Turn) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each word, and each half of a tool's arguments, is an event of its own."""
    yield "messageStart", {"role": "assistant"}
    index = 0
    for word in re.findall(r"\S+\s*", turn.text):
        yield "contentBlockDelta", {"contentBlockIndex": index, "delta": {"text": word}}
    if turn.text:
        yield "contentBlockStop", {"contentBlockIndex": index}
        index += 1
    for name, arguments in turn.calls:
        begun = {"toolUse": {"toolUseId": f"tooluse_{index}", "name": name}}
        yield "contentBlockStart", {"contentBlockIndex": index, "start": begun}
        half = len(arguments) // 2
        for piece in (arguments[:half], arguments[half:]):
            yield "contentBlockDelta", {"contentBlockIndex": index, "delta": {"toolUse": {"input": piece}}}
        yield "contentBlockStop", {"contentBlockIndex": index}
        index += 1
    yield "messageStop", {"stopReason": "tool_use" if turn.calls else "end_turn"}
    if turn.figures:
        yield "metadata", {"usage": USED, "metrics": {"latencyMs": 1}}


def _said(tool: str, arguments: Answer) -> dict[str, Any]:
    used = {"toolUseId": "tooluse_1", "name": tool, "input": arguments}
    return {
        "output": {"message": {"role": "assistant", "content": [{"toolUse": used}]}},
        "stopReason": "tool_use",
        "usage": USED,
        "metrics": {"latencyMs": 1},
    }


@asynccontextmanager
async def bedrock_double(script: Mapping[str, Any]) -> AsyncGenerator[BedrockDouble]:
    """Served until left."""
    double = BedrockDouble(script)
    async with served_host(double.handle) as double.url:
        yield double
