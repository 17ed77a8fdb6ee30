"""Tools of MCP servers as the host calls them where there is no door: by the same protocol, with the same answers."""

import asyncio
from typing import Any

import pytest
from tests.support.mcp_double import GREETING, McpDouble, mcp_double

from nexus_model_builder.template.agent.mcp import called
from nexus_model_builder.template.agent.outside import NotAnswered


async def say(double: McpDouble) -> str:
    return await asyncio.to_thread(called, "people", double.url, "say-hello", {"name": "Ada"})


@pytest.mark.parametrize("with_sessions", [False, True])
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_tool_is_called_by_either_protocol(with_sessions: bool, streamed: bool) -> None:
    async with mcp_double(with_sessions=with_sessions, streamed=streamed) as double:
        double.results.append(GREETING)
        assert await say(double) == "Hello, Ada."
    session = ["initialize", "notifications/initialized", "tools/call", "DELETE"]
    assert double.methods == ["tools/call", *(session if with_sessions else [])]
    assert double.sessions == set()


ANSWERS: dict[str, tuple[Any, str]] = {
    "its own error": ({"error": {"code": -32602, "message": "no such name"}}, "no such name"),
    "a question back": ({"resultType": "input_required", "content": []}, "which agents cannot"),
    "no text": ({"content": [], "structuredContent": {"n": 1}}, '{"n": 1}'),
    "an image": ({"content": [{"type": "image", "data": "x"}]}, "[image]"),
}


@pytest.mark.parametrize("what", ANSWERS)
async def test_what_a_server_says_is_a_text(what: str) -> None:
    result, text = ANSWERS[what]
    async with mcp_double() as double:
        double.results.append(result)
        assert text in await say(double)


@pytest.mark.parametrize(
    ("result", "code"),
    [(401, "HOST_REJECTED"), (302, "HOST_UNAVAILABLE"), (500, "HOST_UNAVAILABLE"), ("data: {\n\n", "HOST_UNAVAILABLE")],
)
async def test_a_server_that_does_not_answer_is_named(result: Any, code: str) -> None:
    async with mcp_double() as double:
        double.results.append(result)
        with pytest.raises(NotAnswered, match="people") as failed:
            await say(double)
    assert failed.value.code == code
