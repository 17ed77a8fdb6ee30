"""What an agent says before its answer is whole; with an answer or an error the invocation ends as it always does."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import JsonValue

from nexus_contracts.agents.events import AgentUsage


@dataclass(frozen=True)
class TextPiece:
    """The next piece of the text; all together are the output, unless the agent sends a whole one at its end."""

    text: str


@dataclass(frozen=True)
class ToolUsed:
    """A call of a tool has begun; as the agent describes it."""

    call: dict[str, JsonValue]


@dataclass(frozen=True)
class ToolAnswered:
    """A tool has answered; as the agent describes it."""

    result: dict[str, JsonValue]


@dataclass(frozen=True)
class UsageSoFar:
    usage: AgentUsage


AgentEvent = TextPiece | ToolUsed | ToolAnswered | UsageSoFar
Observer = Callable[[AgentEvent], Awaitable[None]]
