"""Tools of MCP servers through the door of an agent: whose, by which protocol, and what comes back."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.doors import OpenDoor, asking, open_door
from tests.support.mcp_double import GREETING, McpDouble, mcp_double

from nexus_agents.backends.door.account import MOST_FETCHES
from nexus_agents.backends.door.bodies import MOST_RECEIVED
from nexus_agents.backends.door.grants import Grants, McpGrant

TOOL = {"name": "greet", "description": "greets", "server": "people", "tool": "say.hello"}
SPEC = asking(None, mcp_tools=[TOOL], secrets=["PEOPLE_KEY"])
PATH = "/mcp/people/say.hello"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def granted(double: McpDouble, tools: list[str] | None = None, seconds: float = 20.0) -> Grants:
    grant = McpGrant(server="people", url=f"{double.url}/mcp", tools=tools, secret="PEOPLE_KEY", header="X-Key")
    return Grants((), (), (grant,), {"PEOPLE_KEY": "the-secret"}, seconds)


async def call(agent: OpenDoor, path: str = PATH, **arguments: Any) -> tuple[int, Any]:
    return await agent.send("POST", path, data=json.dumps(arguments))


@pytest.mark.parametrize("streamed", [False, True], ids=["json", "events"])
async def test_a_tool_is_called_with_the_secret_that_the_agent_never_sees(tmp_path: Path, streamed: bool) -> None:
    async with mcp_double(streamed=streamed) as double, open_door(tmp_path, granted(double), SPEC) as agent:
        double.results.append({**GREETING, "content": [{"type": "text", "text": "Hello. Your key is the-secret."}]})
        with agent.door.invocation():
            status, said = await call(agent, name="Ada")
    assert (status, said) == (200, {"text": "Hello. Your key is ***.", "is_error": False})
    ((method, params, headers),) = double.seen
    assert (method, params["name"], params["arguments"]) == ("tools/call", "say.hello", {"name": "Ada"})
    assert headers["X-Key"] == "the-secret"


@pytest.mark.parametrize("streamed", [False, True], ids=["json", "events"])
async def test_a_server_of_2025_gets_a_session_for_each_call_and_no_more_questions(
    tmp_path: Path, streamed: bool
) -> None:
    async with (
        mcp_double(with_sessions=True, streamed=streamed) as double,
        open_door(tmp_path, granted(double), SPEC) as agent,
    ):
        double.results.extend([GREETING, GREETING])
        with agent.door.invocation():
            answers = [await call(agent), await call(agent)]
    assert answers == [(200, {"text": "Hello, Ada.", "is_error": False})] * 2
    session = ["initialize", "notifications/initialized", "tools/call", "DELETE"]
    assert double.methods == ["tools/call", *session, *session]
    assert double.sessions == set()


RESULTS: dict[str, tuple[Any, str, bool]] = {
    "a tool's own failure": ({"content": [{"type": "text", "text": "nobody"}], "isError": True}, "nobody", True),
    "a wrong name": ({"error": {"code": -32602, "message": "Unknown tool"}}, "Unknown tool", True),
    "what is no text": ({"content": [{"type": "image", "data": "eA==", "mimeType": "image/png"}]}, "[image]", False),
    "data alone": ({"content": [], "structuredContent": {"n": 1}}, '{"n": 1}', False),
    "a question back": (
        {"resultType": "input_required", "inputRequests": {}},
        "The tool wants to be told more than its arguments, which agents cannot.",
        True,
    ),
}


@pytest.mark.parametrize("what", RESULTS)
async def test_what_a_tool_answers_is_told_as_text(tmp_path: Path, what: str) -> None:
    result, text, failed = RESULTS[what]
    async with mcp_double() as double, open_door(tmp_path, granted(double), SPEC) as agent:
        double.results.append(result)
        with agent.door.invocation():
            answer = await call(agent)
    assert answer == (200, {"text": text, "is_error": failed})


FAULTS: dict[str, tuple[Any, int, str]] = {
    "overload": (503, 503, "HOST_UNAVAILABLE"),
    "a refused key": (401, 502, "HOST_REJECTED"),
    "a redirect": (307, 503, "HOST_UNAVAILABLE"),
    "no answer in the stream": ("data: {}\n\n", 503, "HOST_UNAVAILABLE"),
    "no JSON": ("data: {\n\n", 503, "HOST_UNAVAILABLE"),
    "a giant": (": " + "x" * 1000 + "\n", 502, "TOO_LARGE"),
}


@pytest.mark.parametrize("what", FAULTS)
async def test_what_a_server_does_wrong_is_a_refusal_of_the_door(tmp_path: Path, what: str) -> None:
    result, status, code = FAULTS[what]
    times = MOST_RECEIVED // 1000 if what == "a giant" else 1
    async with mcp_double() as double, open_door(tmp_path, granted(double), SPEC) as agent:
        double.results.append(result * times if isinstance(result, str) else result)
        with agent.door.invocation():
            answered, body = await call(agent)
    assert (answered, body["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("path", "tools"), [("/mcp/people/erase", None), ("/mcp/others/say.hello", None), (PATH, ["erase"]), (PATH, [])]
)
async def test_a_tool_has_to_be_granted_and_asked_for(tmp_path: Path, path: str, tools: list[str] | None) -> None:
    async with mcp_double() as double, open_door(tmp_path, granted(double, tools), SPEC) as agent:
        with agent.door.invocation():
            status, answer = await call(agent, path)
    assert (status, answer["error"]["code"]) == (403, "TOOL_NOT_ALLOWED")
    assert double.seen == []


async def test_arguments_have_to_be_an_object_and_calls_are_bounded(tmp_path: Path) -> None:
    async with mcp_double() as double, open_door(tmp_path, granted(double), SPEC) as agent:
        double.results.extend([GREETING] * MOST_FETCHES)
        with agent.door.invocation():
            wrong, _ = await agent.send("POST", PATH, data="[1]")
            statuses = [(await call(agent))[0] for _ in range(MOST_FETCHES)]
    assert wrong == 400
    assert statuses == [200] * (MOST_FETCHES - 1) + [402]
