"""Bedrock's Converse on loopback: a language model that plays a script, held to botocore's model of the service."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from tests.support.doors import served_host
from tests.support.model_wire import form_of
from tests.support.scripted_model import Answer
from tests.support.service_models import Refusal, Service, Values

MODEL = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
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

    `calls` are the forms asked for, and `requests` what was sent.
    """

    script: Mapping[str, Answer]
    faults: deque[Refusal | float] = field(default_factory=deque[Refusal | float])
    calls: list[str] = field(default_factory=list[str])
    requests: list[Values] = field(default_factory=list[Values])
    url: str = ""
    _service: Service = field(default_factory=lambda: Service("bedrock-runtime", ("Converse",)))

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        found = self._service.operation_at(request.method, request.rel_url.raw_path)
        assert found is not None, request.path
        assert "/bedrock/aws4_request" in request.headers["Authorization"]
        call = self._service.read(*found, request, await request.read())
        (tool,) = [one["toolSpec"] for one in call.values["toolConfig"]["tools"] if "toolSpec" in one]
        form = form_of(tool["inputSchema"]["json"])
        self.calls.append(form)
        self.requests.append(call.values)
        match self.faults.popleft() if self.faults else 0.0:
            case Refusal() as refusal:
                return self._service.refusal("Converse", refusal)
            case seconds:
                await asyncio.sleep(seconds)
        return self._service.answer("Converse", _said(tool["name"], self.script[form]))


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
