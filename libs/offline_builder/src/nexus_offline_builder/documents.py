"""The documents that the builder writes, in markdown."""

import json

from nexus_offline_builder.catalogue import CATALOGUE, RULES
from nexus_offline_builder.decision import AgentDesign

_HONESTY = "Written by the rule-based builder: tools were chosen by wording rules, no language model was used."


def quoted(text: str) -> str:
    """`text` as a block quote of literal lines: markup and HTML in it stay text."""
    return "\n".join(f">     {line}" for line in text.splitlines()) or ">     (empty)"


def limitations(decision: AgentDesign) -> list[str]:
    """What a reader must not expect from the agent."""
    found = [
        "The agent answers by rules. It has no general knowledge and cannot reason about free text.",
        "It answers English and Chinese prompts; wording that no rule knows gets a list of what it can do.",
    ]
    found.insert(0, "Only the tools listed here were built; any other part of the requirement was not covered.")
    if decision.at_hand:
        titles = ", ".join(RULES[name].title for name in decision.at_hand)
        found.append(f"Tools that are at hand answer only where those listed cannot and are certain: {titles}.")
    if decision.out_of_reach:
        found.insert(1, f"Out of reach, and not built: {'; '.join(decision.out_of_reach)}.")
    return found


def nothing_to_build(decision: AgentDesign) -> str:
    """Why nothing is built, and what can be."""
    asked = "; ".join(decision.out_of_reach)
    why = f"It asks for what no tool does: {asked}." if asked else "Nothing in it names anything that a tool does."
    known = " ".join(f"{rule.title}: {rule.description}" for rule in CATALOGUE)
    return (
        f"This requirement gives the rule-based builder nothing to build. {why} "
        f"Say in the requirement which of these the agent shall do. {known}"
    )


def _bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def requirements_document(decision: AgentDesign) -> str:
    tools = [f"**{rule.title}** (`{rule.name}`): {rule.description}" for rule in decision.rules]
    return (
        f"# Requirements of {decision.agent_name}\n\n{_HONESTY}\n\n"
        f"## Requirement as given\n\n{quoted(decision.requirement)}\n\n"
        f"## Tools that it calls for\n\n{_bullets(tools)}\n\n"
        f"## Limitations\n\n{_bullets(limitations(decision))}\n"
    )


def architecture_document(decision: AgentDesign) -> str:
    tools = [f"`tools/{rule.name}.py`: {rule.description}" for rule in decision.rules]
    tools += [f"`tools/{name}.py`: at hand, where the tools above cannot answer" for name in decision.at_hand]
    return (
        f"# Architecture of {decision.agent_name}\n\n{_HONESTY}\n\n"
        "```\ncaller -> main.py -> agent/server.py (a process for each caller)\n"
        "       -> agent/handling.py (routes) -> agent/confined.py (time and memory limits)\n"
        "       -> agent/conversation.py (choice of tool, follow-ups) -> tools/\n```\n\n"
        "- Protocol: POST /invocations and GET /ping, the AgentCore runtime contract.\n"
        "- State: none between invocations; follow-ups are resolved from the history in the payload.\n"
        "- Dependencies: the Python standard library (3.10 or later).\n"
        "- Limits per invocation: 10 s, 256 MB, request body 2 MB.\n\n"
        f"## Tools\n\n{_bullets(tools)}\n"
    )


def design_document(decision: AgentDesign) -> str:
    return (
        f"# Design of {decision.agent_name}\n\n{_HONESTY}\n\n"
        f"- Version: {decision.version}\n- Category: {decision.category}\n"
        f"- Capabilities: {', '.join(decision.capabilities)}\n"
        f"- Tools: {', '.join(decision.tool_names)}\n"
        f"- Tools at hand: {', '.join(decision.at_hand) or 'none'}\n\n"
        "## Conversation\n\n"
        "1. Each tool says how sure it is that a prompt is meant for it; the surest one answers.\n"
        "   A reading that leaves a number, date, unit or column of the prompt unread is none: it asks instead.\n"
        "2. A prompt that no tool is sure of is tried as a follow-up: an earlier result takes the place of words\n"
        "   such as `that` or `the result`. Where several results could be meant, the agent asks which.\n"
        "3. Where no tool can answer, those at hand are asked; only a reading that is certain counts.\n"
        "4. Otherwise the agent says that it cannot, and what it can do.\n"
        "5. Answers come in the language of the prompt, English or Chinese.\n"
    )


def prompt_document(decision: AgentDesign) -> str:
    tools = [f"`{rule.name}`: {rule.description}" for rule in decision.rules]
    return (
        f"# {decision.agent_name}\n\n"
        "The agent is rule-based: no language model reads this text. It states for people what the agent is for,\n"
        "and may serve as a system prompt should a model be put in front of the tools one day.\n\n"
        f"## Purpose\n\n{quoted(decision.requirement)}\n\n## Tools\n\n{_bullets(tools)}\n\n"
        "## Rules\n\n- Answer with the tools only, in the language of the prompt.\n"
        "- Where no tool fits, say so and say what you can do.\n- Never guess a number.\n"
    )


def manifest_text(manifest: object) -> str:
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
