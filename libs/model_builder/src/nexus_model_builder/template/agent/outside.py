"""What an agent with a model reaches of the world, whichever way leads there: its model, and tools of MCP servers."""

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

_Object = dict[str, Any]


class NotAnswered(Exception):
    """The model was not asked, or did not answer; `code` and message are for whoever invoked the agent."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class WayOut:
    """A model is asked, and answers, in the form of OpenAI's chat completions, whatever its own is.

    `used` is what the agent itself has to report of its model's calls; `in_band`: an error status would hide why.
    """

    in_band = False

    @property
    def used(self) -> _Object:
        return {}

    def bound(self, budget: object) -> None:
        """What the invocation may spend, where its payload says so; the door, which counts by itself, needs none."""

    def chat(self, body: _Object) -> Iterator[_Object]:
        """The deltas of the model's answer, as they come. Raises NotAnswered."""
        raise NotImplementedError

    def call_remote(self, server: str, tool: str, arguments: _Object) -> str:
        """What a tool of an MCP server says. Raises NotAnswered."""
        raise NotImplementedError


class Call(NamedTuple):
    """A tool that the model calls; `arguments` is text, and JSON if the model is right."""

    id: str
    name: str
    arguments: str


class Heard:
    """An answer of the model, put together from its deltas."""

    def __init__(self) -> None:
        self.text = ""
        self._calls: list[Call] = []

    def add(self, delta: _Object) -> str:
        """The next piece of its text."""
        piece = str(delta.get("content") or "")
        self.text += piece
        for part in cast("list[_Object]", delta.get("tool_calls") or []):
            self._add_call(part)
        return piece

    def _add_call(self, part: _Object) -> None:
        said = cast("_Object", part.get("function") or {})
        index = int(part.get("index") or 0)
        if index >= len(self._calls):
            number = len(self._calls)
            self._calls.append(Call(str(part.get("id") or f"call_{number}"), str(said.get("name") or ""), ""))
        call = self._calls[min(index, len(self._calls) - 1)]
        text = call.arguments + str(said.get("arguments") or "")
        self._calls[min(index, len(self._calls) - 1)] = call._replace(arguments=text)

    @property
    def calls(self) -> "list[Call]":
        return self._calls

    @property
    def message(self) -> _Object:
        """As the model is shown it with the next step."""
        calls = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in self._calls
        ]
        return {"role": "assistant", "content": self.text or None, "tool_calls": calls}
