"""Answers prompts with the tools of the package; no language model takes part."""

from collections.abc import Iterable, Mapping
from datetime import date
from importlib import import_module
from typing import cast

from ..tools.contract import Tool
from .conversation import Conversation, Reply
from .payload import Invocation


class Responder:
    """An agent with its tools. Keeps nothing between prompts: a follow-up is resolved from the history."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools = tuple(tools)

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, object]) -> "Responder":
        """The responder with the tools that `manifest` lists. Raises ImportError if one is missing."""
        listed = cast("list[dict[str, str]]", manifest["tools"])
        package = __name__.rsplit(".", 2)[0]
        return cls(cast(Tool, import_module(f"{package}.tools.{tool['name']}").TOOL) for tool in listed)

    def reply(self, invocation: Invocation, today: tuple[int, int, int]) -> Reply:
        """The answer to the prompt; `today` is year, month, day in UTC."""
        return Conversation(self._tools, invocation.turns, date(*today)).reply(invocation.prompt)
