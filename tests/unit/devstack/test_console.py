"""One stream out of many."""

import io
import json

import pytest

from nexus_devstack.console import Console, named_record


def test_a_json_line_passes_with_the_name_of_its_process() -> None:
    record = json.loads(named_record("builds", '{"event": "开始", "level": "info"}'))
    assert record == {"event": "开始", "level": "info", "process": "builds"}


@pytest.mark.parametrize("text", ["Traceback (most recent call last):", "[1, 2]", "12", ""])
def test_what_is_no_json_object_becomes_a_message(text: str) -> None:
    record = json.loads(named_record("stats", text))
    assert (record["process"], record["message"]) == ("stats", text)
    assert "timestamp" in record


def test_every_process_keeps_its_own_colour() -> None:
    stream = io.StringIO()
    console = Console(stream, colour=True)
    for name in ("builds", "agents", "builds"):
        console.line(name, "x")
    first, second, third = stream.getvalue().splitlines()
    assert first == third
    assert first.split("m")[0] != second.split("m")[0]


def test_without_colour_there_are_no_escapes() -> None:
    stream = io.StringIO()
    Console(stream).line("builds", "ready")
    assert stream.getvalue() == "builds  | ready\n"


class _Closed(io.StringIO):
    def write(self, s: str, /) -> int:
        raise BrokenPipeError


def test_a_closed_output_is_told_once_it_is_written_to() -> None:
    told: list[bool] = []
    Console(_Closed(), on_closed=lambda: told.append(True)).say("anyone?")
    assert told == [True]
