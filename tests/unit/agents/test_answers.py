"""What agents of anybody's making answer: taken as it is, or refused with what was wrong."""

import json
from typing import Any

import pytest
from pydantic import JsonValue

from nexus_agents.backends.answers import answer_in
from nexus_agents.domain.answers import ending_of
from nexus_agents.domain.backend import AgentAnswer, InvokeRequest, PastMessage
from nexus_agents.domain.backend_errors import AgentFailed
from nexus_agents.domain.invocation import MAX_OUTPUT_BYTES, MAX_TRACE_BYTES, end, invoked, start
from nexus_contracts.agents.commands import InvokeAgent
from nexus_contracts.agents.events import AgentUsage, InvocationSucceeded
from nexus_contracts.builds.reports import MOST, MOST_USD
from nexus_contracts.text import MAX_OBJECT_BYTES, json_bytes
from nexus_runtime.process.clock import new_id, utc_now

JSON, TEXT, STREAM = "application/json", "text/plain", "text/event-stream"
REFUSED = [
    (JSON, b"", "is empty"),
    (JSON, b" \n", "is empty"),
    (JSON, b"null", "is null"),
    (JSON, b'""', "is empty"),
    (JSON, b'{"output": null}', "is null"),
    (JSON, b'{"output": null, "response": null}', "is null"),
    (JSON, b'{"output": ""}', "is empty"),
    (JSON, b'{"result": " \\n\\t"}', "is empty"),
    (JSON, b"NaN", "not JSON: it holds NaN"),
    (JSON, b'{"output": "x", "score": NaN}', "it holds NaN"),
    (JSON, b'{"output": [1, -Infinity]}', "it holds -Infinity"),
    (JSON, b'{"output": 1e400}', "a number is too large"),
    (JSON, b'{"output": "x", "session_state": {"n": [-1e999]}}', "a number is too large"),
    (JSON, b'{"output": "\\ud800"}', "half of a surrogate pair"),
    (JSON, b'{"output": "\\udc00\\ud800 x"}', "half of a surrogate pair"),
    (JSON, b'{"output": "x", "\\ud800": 1}', "half of a surrogate pair"),
    (JSON, b'{"output": "caf\xe9"}', "not UTF-8: invalid continuation byte at byte 15"),
    (JSON, b'{"output": "\xed\xa0\x80"}', "not UTF-8"),
    (JSON, b'\xef\xbb\xbf{"output": "x"}', "byte order mark"),
    (JSON, b'{"output": ' + b"1" * 5000 + b"}", "too many digits"),
    (JSON, b"[" * 91 + b"]" * 91, "nested deeper than 90"),
    (JSON, b'{"output": "a", "output": "b"}', "a duplicate name"),
    (JSON, b'{"output": "x"', "is not JSON: Expecting"),
    (JSON, '"\u200b"'.encode(), "nothing that can be seen"),
    (JSON, b'{"output": "\\u0000\\u0007"}', "nothing that can be seen"),
    (JSON, b'{"response": {"content": [{"text": "\\u2060 \\ufe0f"}]}}', "nothing that can be seen"),
    (TEXT, b"", "is empty"),
    (TEXT, "\u200b\n\u2800".encode(), "nothing that can be seen"),
    (TEXT, b"\x00" * 8_000_000, "nothing that can be seen"),
    (TEXT, b" \r\n", "is empty"),
    (TEXT, b"caf\xe9", "not UTF-8"),
    (STREAM, b"", "is empty"),
    (STREAM, b'data: ""\n\n', "is empty"),
    (STREAM, b"data: null\n\n", "is null"),
    (STREAM, b'data: " "\n\ndata: "\\n"\n\n', "is empty"),
    (STREAM, 'data: "\u200b"\n\ndata: "\u200d"\n\n'.encode(), "nothing that can be seen"),
    (STREAM, b'data: "hm"\n\ndata: {"output": "\\u200b"}\n\n', "nothing that can be seen"),
    (STREAM, b'data: {"output": "\\ud800"}\n\n', "half of a surrogate pair"),
    (STREAM, b'data: {"output": NaN}\n\n', "it holds NaN"),
    (STREAM, b"data: caf\xe9\n\n", "not UTF-8"),
]


@pytest.mark.parametrize(("content_type", "body", "reason"), REFUSED)
def test_an_answer_that_cannot_be_shown_fails_with_what_was_wrong(content_type: str, body: bytes, reason: str) -> None:
    with pytest.raises(AgentFailed) as caught:
        answer_in(200, content_type, body)
    assert caught.value.code == "INVALID_ANSWER"
    assert reason in caught.value.message


@pytest.mark.parametrize(
    ("content_type", "body", "output"),
    [
        (JSON, b'{"output": null, "result": "r"}', "r"),
        (JSON, b'{"output": {}}', "{}"),
        (JSON, b'{"output": "\\ud83d\\ude00"}', "\U0001f600"),
        (JSON, b"0", "0"),
        (JSON, b"false", "false"),
        (TEXT, "café".encode(), "café"),
        (TEXT, "\u200b\u0000.".encode(), "\u200b\u0000."),
        (STREAM, b"data: NaN\n\n", "NaN"),
        (STREAM, b"data: {half\n\n", "{half"),
    ],
)
def test_an_answer_that_can_be_shown_is_taken(content_type: str, body: bytes, output: str) -> None:
    assert answer_in(200, content_type, body).output == output


def test_a_failure_whose_message_cannot_be_seen_has_one_that_can() -> None:
    with pytest.raises(AgentFailed) as caught:
        answer_in(200, JSON, b'{"error": "OUT_OF_REACH", "message": "\\u200b"}')
    assert caught.value.message == "The agent reported an error without a message."


def with_usage(usage: JsonValue) -> bytes:
    return json.dumps({"output": "x", "tool_calls": [{"name": "pen"}], "usage": usage}).encode()


@pytest.mark.parametrize(
    ("usage", "reason"),
    [
        ({"input_tokens": 1e30}, "input_tokens"),
        ({"input_tokens": MOST + 1}, f"input_tokens must be at most {MOST}"),
        ({"output_tokens": -5}, "output_tokens"),
        ({"output_tokens": "7"}, "output_tokens"),
        ({"tool_calls": True}, "tool_calls"),
        ({"tool_calls": 1.5}, "tool_calls"),
        ({"input_tokens": 3, "cost_usd": MOST_USD * 1000}, f"cost_usd must be at most {MOST_USD}"),
        ({"cost_usd": -0.1}, "cost_usd"),
        ({"input_tokens": 3, "model": 7}, "model"),
        ({"input_tokens": 3, "model": " "}, "model"),
        ({"input_tokens": 3, "model": "m" * 201}, "model"),
        ([3, 4], "usage"),
    ],
)
def test_usage_with_a_figure_that_is_none_is_ignored_as_a_whole_and_the_trace_says_why(
    usage: JsonValue, reason: str
) -> None:
    answer = answer_in(200, JSON, with_usage(usage))
    assert answer.usage == AgentUsage(tool_calls=1)
    assert reason in (answer.usage_ignored or "")
    trace = ending_of(answer, InvokeRequest("?", enable_trace=True), 1).trace or []
    assert trace[0]["usage_ignored"] == answer.usage_ignored


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        (None, AgentUsage(tool_calls=1)),
        ({}, AgentUsage(tool_calls=1)),
        ({"input_tokens": 3.0, "output_tokens": None, "cached": "no"}, AgentUsage(input_tokens=3, tool_calls=1)),
        ({"input_tokens": MOST, "tool_calls": 5}, AgentUsage(input_tokens=MOST, tool_calls=5)),
        ({"cost_usd": MOST_USD}, AgentUsage(cost_usd=MOST_USD, tool_calls=1)),
        ({"output_tokens": 2, "model": "m:1"}, AgentUsage(output_tokens=2, model="m:1", tool_calls=1)),
        ({"tool_calls": 5, "model": "m:1"}, AgentUsage(tool_calls=5, model="m:1")),
        ({"model": None}, AgentUsage(tool_calls=1)),
    ],
)
def test_usage_is_counted_as_it_is_given(usage: JsonValue, counted: AgentUsage) -> None:
    answer = answer_in(200, JSON, with_usage(usage))
    assert (answer.usage, answer.usage_ignored) == (counted, None)
    trace = ending_of(answer, InvokeRequest("?", enable_trace=True), 1).trace or []
    assert "usage_ignored" not in trace[0]


def test_what_an_agent_has_used_counts_although_it_failed() -> None:
    told = {"error": "NO_INK", "message": "dry", "usage": {"input_tokens": 3, "model": "m"}}
    with pytest.raises(AgentFailed, match="dry") as failed:
        answer_in(200, JSON, json.dumps(told).encode())
    assert failed.value.usage == AgentUsage(input_tokens=3, model="m")


def usage_in_stream(*events: JsonValue) -> AgentUsage:
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode()
    return answer_in(200, STREAM, body).usage


def test_of_a_stream_the_latest_usage_counts() -> None:
    first: JsonValue = {"usage": {"input_tokens": 3, "model": "m:1"}}
    last: JsonValue = {"usage": {"input_tokens": 5, "model": "m:2"}}
    assert usage_in_stream("a", first, "b", last) == AgentUsage(input_tokens=5, model="m:2")
    assert usage_in_stream(first, {"output": "ab", "tool_calls": [{}]}) == AgentUsage(
        input_tokens=3, model="m:1", tool_calls=1
    )
    assert usage_in_stream(first, {"output": "ab", **last}) == AgentUsage(input_tokens=5, model="m:2")
    assert usage_in_stream("a") == AgentUsage()


def test_the_model_of_an_answer_comes_to_the_event_of_its_invocation() -> None:
    now = utc_now()
    command = InvokeAgent(command_id="c", invocation_id=new_id("inv_"), agent_id="p:a", input_text="?")
    running, _ = start(invoked(command, None, now), now)
    answer = answer_in(200, JSON, with_usage({"input_tokens": 3, "model": "m:1"}))
    ended, [event] = end(running, ending_of(answer, InvokeRequest("?"), 1), now)
    assert isinstance(event, InvocationSucceeded)
    assert ended.usage == event.usage == AgentUsage(input_tokens=3, tool_calls=1, model="m:1")


def traced(**fields: Any) -> list[dict[str, JsonValue]]:
    """The trace of a turn that has taken 7 ms."""
    history = (PastMessage("user", "U1"), PastMessage("assistant", "A1"))
    request = InvokeRequest("?", history=history, history_left_out=3, enable_trace=True)
    ending = ending_of(AgentAnswer("x", **fields), request, 7)
    assert ending.trace is not None
    return ending.trace


def test_a_trace_tells_the_turn_then_the_calls_of_models_then_those_of_tools() -> None:
    turn = {"span": "turn", "duration_ms": 7, "history": {"messages": 2, "left_out": 3}}
    assert traced() == [turn]
    assert traced(tool_calls=({"name": "pen"}, {"name": "ink"}), model_calls=({"model": "m:1"},)) == [
        turn,
        {"span": "model", "model": "m:1"},
        {"span": "tool", "name": "pen"},
        {"span": "tool", "name": "ink"},
    ]
    assert ending_of(AgentAnswer("x"), InvokeRequest("?"), 7).trace is None, "nobody asked for one"


def test_a_trace_holds_the_first_calls_of_tools_that_fit_and_counts_the_others() -> None:
    half = {"text": "x" * (MAX_TRACE_BYTES // 2 - json_bytes({"text": ""}))}
    assert 2 * json_bytes(half) == MAX_TRACE_BYTES
    first, second = ({"span": "tool", **half} for _ in range(2))
    assert traced(tool_calls=(half, half))[1:] == [first, second]
    assert traced(tool_calls=(half, half, {}, {}))[1:] == [first, second, {"omitted": 2}]
    assert traced(tool_calls=({"text": "x" * MAX_TRACE_BYTES}, {}))[1:] == [{"omitted": 2}]


def test_an_answer_of_the_largest_size_is_taken_and_a_larger_one_fails() -> None:
    largest = "ä" * (MAX_OUTPUT_BYTES // 2)
    usage = AgentUsage(input_tokens=3)
    taken = ending_of(AgentAnswer(largest, usage=usage, session_state={"n": 1}), InvokeRequest("?"), 7)
    assert (taken.status, taken.output, taken.usage, taken.session_state) == ("succeeded", largest, usage, {"n": 1})
    refused = ending_of(AgentAnswer(largest + "."), InvokeRequest("?"), 7)
    assert refused.reason is not None
    assert (refused.status, refused.output, refused.reason.code) == ("failed", None, "ANSWER_TOO_LARGE")
    assert refused.reason.message == f"the answer has {MAX_OUTPUT_BYTES + 1} bytes; the limit is {MAX_OUTPUT_BYTES}"


def test_a_session_state_of_the_largest_size_is_taken_and_a_larger_one_fails() -> None:
    largest: dict[str, JsonValue] = {"text": "x" * (MAX_OBJECT_BYTES - json_bytes({"text": ""}))}
    assert json_bytes(largest) == MAX_OBJECT_BYTES
    assert ending_of(AgentAnswer("x", session_state=largest), InvokeRequest("?"), 7).session_state == largest
    larger: dict[str, JsonValue] = {"text": f"{largest['text']}x"}
    refused = ending_of(AgentAnswer("x", session_state=larger), InvokeRequest("?"), 7)
    assert refused.reason is not None
    assert (refused.status, refused.reason.code) == ("failed", "SESSION_STATE_TOO_LARGE")
    assert f"has {MAX_OBJECT_BYTES + 1} bytes; the limit is {MAX_OBJECT_BYTES}" in refused.reason.message
