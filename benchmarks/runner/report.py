"""A benchmark's result as a table for people and as JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.runner.figures import Figure
from benchmarks.runner.machine import commit, machine

MARKS = {None: "", True: "holds", False: "MISSED"}


def document(figures: Sequence[Figure], machine: Mapping[str, object], commit: str) -> dict[str, object]:
    """{"machine", "commit", "figures": {name: {"value", "unit", "budget"?, "holds"?}}}"""
    return {"machine": dict(machine), "commit": commit, "figures": {one.name: one.as_json() for one in figures}}


def write(name: str, figures: Sequence[Figure], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    text = json.dumps(document(figures, machine(), commit()), indent=2)
    path.write_text(f"{text}\n", encoding="utf-8")
    return path


def show(name: str, figures: Sequence[Figure]) -> None:
    table = Table(title=name, box=None, padding=(0, 2), title_justify="left")
    table.add_column("figure", no_wrap=True)
    for title in ("value", "unit", "budget", ""):
        table.add_column(title, justify="right" if title in ("value", "budget") else "left")
    for one in figures:
        budget = "" if one.budget is None else f"{'>=' if one.at_least else '<'} {one.budget:g}"
        table.add_row(one.name, f"{one.value:.2f}", one.unit, budget, MARKS[one.holds])
    Console().print(table)
