"""Answers prompts with the tools of the package; no language model takes part."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from importlib import import_module
from typing import cast

from ..tools.contract import JsonValue, Tool
from ..tools.traditional import simplified, way_back
from .conversation import Conversation, Reply
from .payload import Invocation, Turn


class Responder:
    """An agent with its tools. Keeps nothing between prompts: a follow-up is resolved from the history.

    `requirement` is what the agent was built from; it says what is asked of a prompt that asks nothing itself.
    """

    def __init__(self, tools: Iterable[Tool], requirement: str = "") -> None:
        self._tools = tuple(tools)
        self._requirement = requirement
        self._unrehearsed = [text for tool in self._tools for text in (tool.example, tool.example_chinese)]

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, object]) -> "Responder":
        """The responder with the tools that `manifest` lists. Raises ImportError if one is missing."""
        listed = cast("list[dict[str, str]]", manifest["tools"])
        package = __name__.rsplit(".", 2)[0]
        tools = (cast(Tool, import_module(f"{package}.tools.{tool['name']}").TOOL) for tool in listed)
        return cls(tools, str(manifest.get("requirement", "")))

    def rehearse(self) -> bool:
        """Answers an example, for what stays of it: patterns, what the requirement says. False: none is left."""
        if not self._unrehearsed:
            return False
        with suppress(Exception):  # whoever really asks is told
            self.reply(Invocation(self._unrehearsed.pop()), (2000, 1, 1))
        return True

    def reply(self, invocation: Invocation, today: tuple[int, int, int]) -> Reply:
        """The answer to the prompt; `today` is year, month, day in UTC."""
        turns = [Turn(simplified(turn.prompt), turn.answer and simplified(turn.answer)) for turn in invocation.turns]
        conversation = Conversation(self._tools, turns, date(*today), simplified(self._requirement))
        reply = conversation.reply(simplified(invocation.prompt))
        back = way_back([*(turn.prompt for turn in invocation.turns), invocation.prompt, self._requirement])
        if not back:
            return reply
        calls = tuple({name: _written(value, back) for name, value in call.items()} for call in reply.tool_calls)
        return reply._replace(text=reply.text.translate(back), tool_calls=calls)


def _written(value: JsonValue, back: dict[int, int]) -> JsonValue:
    if isinstance(value, str):
        return value.translate(back)
    if isinstance(value, dict):
        return {name.translate(back): _written(one, back) for name, one in value.items()}
    return [_written(one, back) for one in value] if isinstance(value, list) else value
