"""The events that callers see of an invocation: how it began, what its agent says, how it ended."""

from collections.abc import Iterable, Iterator, Sequence

from pydantic import JsonValue

from nexus_agents.domain.invocation import Invocation, InvocationStatus
from nexus_agents.domain.stream import AgentEvent, TextPiece, ToolAnswered, ToolUsed, UsageSoFar
from nexus_agents.domain.views import invocation_failure
from nexus_contracts.agents.streams import EventName, StreamedEvent
from nexus_contracts.text import json_bytes

PIECE_CHARACTERS = 16_000
"""Of text in one event."""
MAX_EVENT_BYTES = 64_000
CONNECTED = 1
"""The sequence of the first event."""
Said = tuple[EventName, dict[str, JsonValue]]
"""Name and data of an event that has no sequence yet."""


def merged(events: Sequence[AgentEvent]) -> list[AgentEvent]:
    """The same with pieces of text that follow one another put together."""
    found: list[AgentEvent] = []
    texts: list[str] = []
    for event in (*events, None):
        if isinstance(event, TextPiece):
            texts.append(event.text)
            continue
        if texts:
            found.append(TextPiece("".join(texts)))
            texts = []
        if event is not None:
            found.append(event)
    return found


def said(event: AgentEvent) -> Iterator[Said]:
    """As callers see it; text in pieces, what is too large left out."""
    match event:
        case TextPiece(text):
            yield from message(text)
        case ToolUsed(call):
            yield "tool_use", _bounded(call)
        case ToolAnswered(result):
            yield "tool_result", _bounded(result)
        case UsageSoFar(usage):
            yield "metrics", {"usage": usage.model_dump(mode="json")}


def message(text: str, *, whole: bool = False) -> Iterator[Said]:
    """`whole`: the output from its beginning, in place of all text before."""
    for at in range(0, len(text), PIECE_CHARACTERS):
        begins: dict[str, JsonValue] = {"whole": True} if whole and at == 0 else {}
        yield "message", {"text": text[at : at + PIECE_CHARACTERS], **begins}


def output_in(events: Sequence[StreamedEvent]) -> str:
    """The text that callers have put together from these."""
    texts: list[str] = []
    for event in events:
        if event.name == "message":
            texts = [] if event.data.get("whole") else texts
            texts.append(str(event.data["text"]))
    return "".join(texts)


def connected(invocation: Invocation) -> StreamedEvent:
    """The first of every stream; what the agent says comes after it."""
    data: dict[str, JsonValue] = {
        "invocation_id": invocation.invocation_id,
        "agent_id": invocation.agent_id,
        "session_id": invocation.session_id,
    }
    return StreamedEvent(sequence=CONNECTED, name="connected", data=data)


def closing(invocation: Invocation, through: int) -> list[StreamedEvent]:
    """How the stream of an invocation that has ended ends, after what its agent said up to `through`.

    The same whoever asks, and whenever: a reader goes on with them wherever it was cut off.
    """
    events: list[Said] = []
    if invocation.output is not None and not invocation.output_streamed:
        events += message(invocation.output, whole=through > CONNECTED)
    usage = invocation.usage.model_dump(mode="json")
    events.append(("metrics", {"usage": usage, "duration_ms": invocation.duration_ms}))
    if invocation.status is not InvocationStatus.SUCCEEDED:
        events.append(("error", invocation_failure(invocation).body().model_dump(mode="json")))
    events.append(("done", _done(invocation)))
    return list(numbered(events, through))


def numbered(events: Iterable[Said], after: int) -> Iterator[StreamedEvent]:
    for sequence, (name, data) in enumerate(events, after + 1):
        yield StreamedEvent(sequence=sequence, name=name, data=data)


def _done(invocation: Invocation) -> dict[str, JsonValue]:
    question, answer = invocation.question, invocation.answer
    return {
        "invocation_id": invocation.invocation_id,
        "session_id": invocation.session_id,
        "status": str(invocation.status),
        "user_message_id": question.message_id if question else None,
        "assistant_message_id": answer.message_id if answer else None,
    }


def _bounded(described: dict[str, JsonValue]) -> dict[str, JsonValue]:
    size = json_bytes(described)
    if size <= MAX_EVENT_BYTES:
        return described
    named = described.get("name")
    return {"name": named if isinstance(named, str) and len(named) < 200 else None, "omitted_bytes": size}
