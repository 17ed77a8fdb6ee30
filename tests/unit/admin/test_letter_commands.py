"""What the commands about dead letters say where the broker keeps something that cannot be read."""

import json
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from nexus_admin import letter_commands
from nexus_admin.__main__ import app
from nexus_admin.letter_box import Contents
from nexus_admin.letters import Letter, Unreadable, letters_of
from nexus_contracts.dead_letters import State
from nexus_contracts.topics import BUILDS_REPORTS
from nexus_devstack.errors import StackError

GROUP = "builds-reports"
LOST = Unreadable("agents.commands.v1.agents.dlq", 0, 12, "cannot be read: no zstd")
WHOLE = SimpleNamespace(
    topic=BUILDS_REPORTS.dead_letter(GROUP),
    partition=0,
    offset=3,
    key=b"proj_1",
    value=b"{}",
    headers=[("dlq_topic", BUILDS_REPORTS.name.encode()), ("dlq_group", GROUP.encode()), ("dlq_value_bytes", b"2")],
)


class Box:
    """Keeps one letter, and beside it what cannot be read."""

    def __init__(self, *unreadable: Unreadable) -> None:
        self.kept = Contents(letters_of([WHOLE], {}), list(unreadable))
        self.settled: list[tuple[str, State]] = []

    async def contents(self) -> Contents:
        return self.kept

    async def settle(self, letter: Letter, state: State, at: datetime) -> None:
        self.settled.append((letter.id, state))


def invoke(monkeypatch: pytest.MonkeyPatch, box: Box, *arguments: str) -> Any:
    monkeypatch.setattr(letter_commands, "_box", lambda: box)
    return CliRunner().invoke(app, ["letters", *arguments])


def test_letters_beside_an_unreadable_batch_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    done = invoke(monkeypatch, Box(LOST), "list", "--group", GROUP, "--json")
    assert [one["key"] for one in json.loads(done.stdout)] == ["proj_1"]
    assert "agents.commands.v1.agents.dlq partition 0 offset 12: cannot be read: no zstd" in done.stderr
    assert done.exit_code == 3


def test_letters_beside_an_unreadable_batch_are_redriven(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box(LOST)
    done = invoke(monkeypatch, box, "redrive", "--all", "--json")
    [letter] = box.kept.letters
    assert box.settled == [(letter.id, State.REDRIVEN)]
    told = json.loads(done.stdout)
    assert (told["settled"], told["unreadable"]) == ([letter.id], [LOST.details()])
    assert done.exit_code == 3


@pytest.mark.parametrize("verb", [["list"], ["show", ""], ["drop", "--all"]])
def test_where_all_can_be_read_nothing_is_said_of_it(monkeypatch: pytest.MonkeyPatch, verb: list[str]) -> None:
    done = invoke(monkeypatch, Box(), *verb)
    assert (done.exit_code, done.stderr) == (0, "")


@pytest.mark.parametrize("verb", ["redrive", "drop"])
def test_an_id_that_no_letter_has_is_a_mistake_and_settles_nothing(monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    box = Box()
    [letter] = box.kept.letters
    done = invoke(monkeypatch, box, verb, letter.id, "typo")
    assert isinstance(done.exception, StackError)
    assert "begins with typo" in str(done.exception)
    assert box.settled == []
