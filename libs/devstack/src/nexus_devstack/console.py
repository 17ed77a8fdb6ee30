"""One readable stream out of the output of many processes."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, Protocol, cast

OWN_NAME = "nexus"
NAME_WIDTH = 8
PALETTE = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)


class Stream(Protocol):
    def write(self, text: str, /) -> int: ...

    def flush(self) -> None: ...


def named_record(name: str, line: str) -> str:
    """`line` as a JSON object with the name of its process; plain text becomes its message."""
    try:
        parsed: object = json.loads(line)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        record = cast("dict[str, object]", parsed)
    else:
        record = {"timestamp": datetime.now(UTC).isoformat(), "message": line}
    return json.dumps({**record, "process": name}, ensure_ascii=False)


class Console:
    """Writes whole lines, each with the name of its process; `on_closed` is called once the reader has gone."""

    def __init__(
        self,
        stream: Stream = sys.stdout,
        style: Literal["console", "json"] = "console",
        *,
        colour: bool = False,
        on_closed: Callable[[], None] | None = None,
    ) -> None:
        self._stream = stream
        self._style = style
        self._colour = colour
        self._colours: dict[str, int] = {}
        self.on_closed = on_closed

    def line(self, name: str, text: str) -> None:
        self._write(named_record(name, text) if self._style == "json" else f"{self._label(name)} {text}")

    def say(self, text: str) -> None:
        """Writes a line of the supervisor's own; an empty line separates, and is only for people."""
        if text or self._style == "console":
            self.line(OWN_NAME, text)

    def _label(self, name: str) -> str:
        label = f"{name:<{NAME_WIDTH}}|"
        if not self._colour:
            return label
        colour = self._colours.setdefault(name, PALETTE[len(self._colours) % len(PALETTE)])
        return f"\x1b[{colour}m{label}\x1b[0m"

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except OSError:
            if self.on_closed is not None:
                self.on_closed()
