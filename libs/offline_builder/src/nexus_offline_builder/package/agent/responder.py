"""Answers prompts with the tools of the package; no language model takes part."""

from collections.abc import Iterable, Mapping
from datetime import date
from importlib import import_module
from typing import cast

from ..tools.contract import Tool
from .conversation import Conversation, Reply
from .payload import Invocation


class Responder:
    """An agent with its tools. Keeps nothing between prompts: a follow-up is resolved from the history.

    `requirement` is what the agent was built from; it says what is asked of a prompt that asks nothing itself.
    """

    def __init__(self, tools: Iterable[Tool], requirement: str = "") -> None:
        self._tools = tuple(tools)
        self._requirement = requirement

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, object]) -> "Responder":
        """The responder with the tools that `manifest` lists. Raises ImportError if one is missing."""
        listed = cast("list[dict[str, str]]", manifest["tools"])
        package = __name__.rsplit(".", 2)[0]
        tools = (cast(Tool, import_module(f"{package}.tools.{tool['name']}").TOOL) for tool in listed)
        return cls(tools, str(manifest.get("requirement", "")))

    def reply(self, invocation: Invocation, today: tuple[int, int, int]) -> Reply:
        """The answer to the prompt; `today` is year, month, day in UTC."""
        conversation = Conversation(self._tools, invocation.turns, date(*today), self._requirement)
        return conversation.reply(invocation.prompt)
