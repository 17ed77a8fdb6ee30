"""The output of commands: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from pydantic import JsonValue
from rich.console import Console
from rich.progress import track
from rich.table import Table

T = TypeVar("T")
Row = Mapping[str, JsonValue]
WIDTH = 160
"""In characters, if the output is not a terminal."""


class Output:
    """The output of one command. With `as_json` exactly one JSON document goes to stdout, and nothing else."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)

    def rows(self, rows: Sequence[Row], columns: Sequence[str], none: str) -> None:
        """Prints a list; people see these `columns`, or the text `none` if the list is empty."""
        if self.as_json:
            self._document([dict(row) for row in rows])
        elif not rows:
            self._console.print(none, markup=False)
        else:
            table = Table(*columns, box=None, pad_edge=False)
            for row in rows:
                table.add_row(*(_cell(row.get(column)) for column in columns))
            self._console.print(table)

    def outcome(self, text: str, **values: JsonValue) -> None:
        """Prints what was done: the text for people, the values for programs."""
        if self.as_json:
            self._document(values)
        else:
            self._console.print(text, markup=False, soft_wrap=True)

    def warn(self, line: str) -> None:
        """Prints a warning to stderr, in any form of output."""
        sys.stderr.write(f"warning: {line}\n")

    def progress(self, things: Sequence[T], what: str) -> Iterator[T]:
        """The things one by one, with a progress bar for people."""
        seen: Iterable[T] = things if self.as_json else track(things, what, console=self._console, transient=True)
        yield from seen

    @contextmanager
    def busy(self) -> Generator[Callable[[str], None]]:
        """For work of unknown length: what it is told is shown to people while it goes on."""
        if self.as_json or not self._console.is_terminal:
            yield lambda what: None
        else:
            with self._console.status("") as status:
                yield lambda what: status.update(what)

    def _document(self, value: JsonValue) -> None:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def _cell(value: JsonValue) -> str:
    return "" if value is None else str(value).replace("[", r"\[")
