"""Conversations with an agent that the rule-based builder would make of a requirement."""

from collections.abc import Sequence

from nexus_offline_builder.package.agent.payload import Invocation, Turn
from nexus_offline_builder.package.agent.responder import Responder
from nexus_offline_builder.requirement import matching_rules

TODAY = (2026, 11, 30)


def asked(requirement: str, prompts: Sequence[str], today: tuple[int, int, int] = TODAY) -> tuple[str, bool]:
    """The last answer of the conversation, and whether anything was worked out for it."""
    tools = [{"name": rule.name} for rule in matching_rules(requirement)]
    agent = Responder.of_manifest({"tools": tools, "requirement": requirement})
    turns: list[Turn] = []
    for prompt in prompts[:-1]:
        turns.append(Turn(prompt, agent.reply(Invocation(prompt, tuple(turns)), today).text))
    reply = agent.reply(Invocation(prompts[-1], tuple(turns)), today)
    return reply.text, any("error" not in str(call["output"]) for call in reply.tool_calls)
