"""Every command of the operator's tool that a document shows is one that it has."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from nexus_admin.__main__ import app

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "docs/runbooks").glob("*.md"), ROOT / "SECURITY.md"])
QUOTED = re.compile(r"`nexus-admin ([^`]+)`")
PASTED = re.compile(r"^    (?:docker compose run --rm admin|.*?nexus-admin) ([a-z][^#\n]*)", re.MULTILINE)
WORDS = {"PARTITION": "1", "OFFSET": "1"}


def commands(text: str) -> list[list[str]]:
    found = [*QUOTED.findall(text), *PASTED.findall(text)]
    return [[WORDS.get(word, word) for word in shlex.split(one.split(" && ")[0])] for one in found]


SHOWN = [(path.name, words) for path in DOCUMENTS for words in commands(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("document", "words"), SHOWN, ids=[f"{name}: {' '.join(words)}" for name, words in SHOWN])
def test_a_documented_command_is_understood(document: str, words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    rest = list(words)
    while hasattr(command, "commands"):
        command = command.commands[rest.pop(0)]
    if command.name in ("redrive", "drop"):
        assert rest, f"{document}: without a filter it is refused"
    if rest:  # prose names a command without its arguments
        command.make_context(command.name, rest)


def test_every_runbook_shows_how_the_tool_is_called() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in DOCUMENTS if path.parent.name == "runbooks"}
    silent = [path.name for path, text in texts.items() if commands(text) and "(../operations.md)" not in text]
    assert silent == []
