"""Reads server-sent events, as an agent that streams its answer sends them."""

from collections.abc import Iterable, Iterator

from pydantic import JsonValue

from nexus_contracts.strict_json import JsonReader, NotJson, UnreadableJson

MAX_DEPTH = 90
"""Replies and events nest parts of an answer a little deeper than the answer did, and messages stop at 100 levels."""
JSON = JsonReader(MAX_DEPTH)


class StreamBroken(ValueError):
    """The stream ends inside an event."""


def read_events(stream: str) -> list[JsonValue]:
    """The value of each event's data; text that is not JSON stays text.

    Raises StreamBroken, and UnreadableJson for an object, a list or a string that only a lenient reader takes.
    """
    return list(events_in(stream.lstrip("\ufeff")))


def events_in(stream: str) -> Iterator[JsonValue]:
    """The same, one after the other, of a stream or what follows its beginning up to the end of an event."""
    return map(_value, _texts(stream))


def _texts(stream: str) -> Iterator[str]:
    lines: list[str] = []
    ended = stream.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if ended.pop() != "":
        raise StreamBroken("the stream ends inside a line")
    for line in ended:
        if line.startswith("data:"):
            lines.append(line[5:].removeprefix(" "))
        elif line == "" and lines:
            yield "\n".join(lines)
            lines = []
    if lines:
        raise StreamBroken("the stream ends inside an event")


def _value(text: str) -> JsonValue:
    try:
        return JSON.read(text.encode())
    except UnreadableJson as error:
        if text[0:1] in ("{", "[", '"') and not isinstance(error, NotJson):
            raise
        return text


def joined_text(events: Iterable[JsonValue]) -> str:
    """The pieces of text in a stream, in their order."""
    return "".join(_piece(event) for event in events)


def _piece(event: JsonValue) -> str:
    if isinstance(event, str):
        return event
    if isinstance(event, dict):
        pieces = (event.get(name) for name in ("data", "text", "delta"))
        return next((piece for piece in pieces if isinstance(piece, str)), "")
    return ""
