"""A benchmark's results, engine beside engine, as a table for people and as JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.runner.figures import Figure
from benchmarks.runner.machine import commit, machine

MARKS = {None: "", True: "holds", False: "MISSED"}
Results = Mapping[str, Sequence[Figure]]
"""By engine: embedded, jvm, docker, external."""


def document(results: Results, machine: Mapping[str, object], commit: str) -> dict[str, object]:
    """{"machine", "commit", "engines": {engine: {figure: {"value", "unit", "budget"?, "holds"?}}}}"""
    engines = {engine: {one.name: one.as_json() for one in figures} for engine, figures in results.items()}
    return {"machine": dict(machine), "commit": commit, "engines": engines}


def write(name: str, results: Results, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    text = json.dumps(document(results, machine(), commit()), indent=2)
    path.write_text(f"{text}\n", encoding="utf-8")
    return path


def show(name: str, results: Results) -> None:
    """A column for each engine; budgets hold on the first of them."""
    table = Table(title=name, box=None, padding=(0, 2), title_justify="left")
    table.add_column("figure", no_wrap=True)
    for engine in results:
        table.add_column(engine, justify="right")
    for title in ("unit", "budget", ""):
        table.add_column(title, justify="right" if title == "budget" else "left")
    first, *others = (list(figures) for figures in results.values())
    beside = [{one.name: f"{one.value:.2f}" for one in figures} for figures in others]
    for one in first:
        budget = "" if one.budget is None else f"{'>=' if one.at_least else '<'} {one.budget:g}"
        values = [f"{one.value:.2f}", *(column.get(one.name, "") for column in beside)]
        table.add_row(one.name, *values, one.unit, budget, MARKS[one.holds])
    Console().print(table)
