"""Whatever is asked, in whatever conversation, with whatever tools: an answer that can be shown."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.nasty_prompts import NASTY

from nexus_agents.backends.answers import answer_in
from nexus_offline_builder.catalogue import RULES
from nexus_offline_builder.package.agent.conversation import Reply
from nexus_offline_builder.package.agent.payload import Invocation, Turn
from nexus_offline_builder.package.agent.responder import Responder

SUNDAY = (2026, 11, 22)
TOOLS = list(RULES)
SETS = [[], TOOLS, list(reversed(TOOLS)), *([tool] for tool in TOOLS)]
PIECES = st.one_of(
    st.sampled_from(["get x from ", "total by ", "按", "count words in: ", " to ", "find /", "/ in: ", "and ", "is "]),
    st.sampled_from(['{"x": ', "NaN", "1e999", "Infinity", "}", "[", ",", "\n", "\\ud800", "\ud800", '"', "(", ")"]),
    st.sampled_from(["total ", "amount", "合计", "2024-02-30", " days", " km", "^", "!", "%", "that", "万", ";", "\t"]),
    st.text(max_size=8),
    st.characters(categories=["Cs", "Cc", "Nd", "So"]),
    st.floats().map(str),
)
PROMPTS = st.one_of(st.sampled_from(NASTY), st.lists(PIECES, min_size=1, max_size=14).map("".join))


def agent_with(tools: list[str]) -> Responder:
    return Responder.of_manifest({"tools": [{"name": tool} for tool in tools]})


def assert_showable(reply: Reply) -> None:
    body = json.dumps({"output": reply.text, "tool_calls": reply.tool_calls}, ensure_ascii=False, allow_nan=False)
    answer = answer_in(200, "application/json", body.encode())
    assert answer.output == reply.text
    assert len(answer.tool_calls) == len(reply.tool_calls)


@pytest.mark.parametrize("tools", SETS, ids=lambda tools: "+".join(tools)[:30] or "none")
def test_every_nasty_prompt_gets_an_answer_that_the_platform_takes(tools: list[str]) -> None:
    agent = agent_with(tools)
    for prompt in NASTY:
        assert_showable(agent.reply(Invocation(prompt), SUNDAY))


@settings(max_examples=40)  # of up to four turns each, and what cannot be read is tried in four ways
@given(st.sampled_from(SETS), st.lists(PROMPTS, min_size=1, max_size=4))
def test_any_conversation_gets_answers_that_the_platform_takes(tools: list[str], prompts: list[str]) -> None:
    agent, turns = agent_with(tools), list[Turn]()
    for prompt in prompts:
        reply = agent.reply(Invocation(prompt, tuple(turns)), SUNDAY)
        assert_showable(reply)
        turns.append(Turn(prompt, reply.text))
