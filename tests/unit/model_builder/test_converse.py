"""The form of Bedrock's Converse, from and into that of the host: what Bedrock insists on, and what it may send."""

from typing import Any

import pytest

from nexus_model_builder.template.agent.converse import deltas, request_of
from nexus_model_builder.template.agent.outside import Heard


def asked(*messages: dict[str, Any]) -> list[Any]:
    return request_of({"messages": list(messages)}, "a-model", 100)["messages"]


def calling(arguments: str) -> dict[str, Any]:
    function = {"name": "vowels", "arguments": arguments}
    return {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "function": function}]}


def test_two_questions_in_a_row_are_one_message() -> None:
    said = asked({"role": "user", "content": "one"}, {"role": "user", "content": "two"})
    assert said == [{"role": "user", "content": [{"text": "one"}, {"text": "two"}]}]


def test_the_results_of_several_tools_are_one_message_and_none_is_blank() -> None:
    results = [{"role": "tool", "tool_call_id": f"c{n}", "content": text} for n, text in enumerate(("four", " "))]
    (message,) = asked(*results)
    assert message["role"] == "user"
    assert [one["toolResult"]["content"] for one in message["content"]] == [[{"text": "four"}], [{"text": "(nothing)"}]]


@pytest.mark.parametrize(("arguments", "given"), [('{"a": 1}', {"a": 1}), ("", {}), ("[1]", {}), ('{"a', {})])
def test_arguments_are_always_an_object(arguments: str, given: Any) -> None:
    (message,) = asked(calling(arguments))
    assert message["content"][0]["toolUse"]["input"] == given


def test_tools_are_offered_only_where_there_are_any() -> None:
    function = {"name": "vowels", "description": "counts", "parameters": {"type": "object"}}
    body = {"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": function}]}
    (tool,) = request_of(body, "a-model", 100)["toolConfig"]["tools"]
    assert tool["toolSpec"]["inputSchema"] == {"json": {"type": "object"}}
    assert "toolConfig" not in request_of({"messages": body["messages"]}, "a-model", 100)


def begun(index: int, name: str) -> dict[str, Any]:
    use = {"toolUse": {"toolUseId": f"id-{name}", "name": name}}
    return {"contentBlockStart": {"contentBlockIndex": index, "start": use}}


def more(index: int, **delta: Any) -> dict[str, Any]:
    return {"contentBlockDelta": {"contentBlockIndex": index, "delta": delta}}


def test_pieces_of_several_tools_come_to_the_right_one() -> None:
    events = [
        more(0, reasoningContent={"text": "hm"}),
        more(1, text="Both. "),
        begun(2, "first"),
        begun(3, "second"),
        more(3, toolUse={"input": "{}"}),
        more(2, toolUse={"input": '{"a"'}),
        more(2, toolUse={"input": ": 1}"}),
        {"messageStop": {"stopReason": "tool_use"}},
        {"metadata": {"usage": {"inputTokens": 5, "outputTokens": 2, "totalTokens": 10, "cacheReadInputTokens": 3}}},
    ]
    heard, charge = Heard(), dict[str, Any]()
    for delta in deltas(events, charge):
        heard.add(delta)
    assert heard.text == "Both. "
    assert [(one.id, one.name, one.arguments) for one in heard.calls] == [
        ("id-first", "first", '{"a": 1}'),
        ("id-second", "second", "{}"),
    ]
    assert charge == {"input_tokens": 8, "cached_tokens": 3, "cache_write_tokens": 0, "output_tokens": 2}


def test_a_stream_without_its_end_is_none() -> None:
    with pytest.raises(ValueError, match="no end"):
        list(deltas([more(0, text="Well, ")], {}))
