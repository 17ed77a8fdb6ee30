"""The demo's output: live on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from nexus_contracts.builds.views import ProjectView, StageView
from nexus_devstack.demo.figures import TITLES, Figures

MARKS = {"pending": "·", "running": "…", "completed": "✓", "skipped": "✓", "failed": "✗"}
STYLES = {"pending": "dim", "running": "yellow", "completed": "green", "skipped": "green", "failed": "red"}
BAR_WIDTH = 40


def steps_of(project: ProjectView) -> Iterator[tuple[str, StageView]]:
    """The stages and sub-stages in order, each with its number or indentation."""
    for stage in project.stages_snapshot.stages:
        yield f"{stage.stage_number}", stage
        for sub_stage in stage.sub_stages:
            yield " ", sub_stage


def _seconds(stage: StageView) -> str:
    return "" if stage.duration_seconds is None else f"{stage.duration_seconds:.1f} s"


def _drawn(project: ProjectView | None) -> Group:
    if project is None:
        return Group(Text("waiting for the build"))
    table = Table.grid(padding=(0, 1))
    for number, stage in steps_of(project):
        name = f"{number} {stage.display_name}" if number.strip() else f"    {stage.display_name}"
        style = STYLES[stage.status]
        table.add_row(Text(MARKS[stage.status], style), Text(name, style), Text(_seconds(stage), "dim"))
    line = Table.grid(padding=(0, 1))
    line.add_row(ProgressBar(100.0, project.progress, width=BAR_WIDTH), f"{project.progress:5.1f} %", project.status)
    return Group(table, line)


class BuildView:
    """Shows a project whenever it has changed."""

    def __init__(self, console: Console, live: Live | None) -> None:
        self._console = console
        self._live = live
        self._shown: dict[str, str] = {}

    def show(self, project: ProjectView) -> None:
        if self._live is not None:
            self._live.update(_drawn(project), refresh=True)
            return
        for number, stage in steps_of(project):
            if self._shown.get(stage.stage_name, "pending") != stage.status:
                self._shown[stage.stage_name] = stage.status
                line = f"  [{project.progress:5.1f} %] {number} {stage.display_name}: {stage.status} {_seconds(stage)}"
                self._console.print(Text(line.rstrip()))


class Screen:
    """Shows all text literally: what users and agents wrote is never read as markup."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stdout, highlight=False, soft_wrap=True)

    def headline(self, text: str) -> None:
        self._console.print(Text(f"\n{text}", "bold"))

    def line(self, text: str) -> None:
        self._console.print(Text(f"  {text}"))

    def dialogue(self, prompt: str, answer: str) -> None:
        for mark, said, style in (("you  ", prompt, "cyan"), ("agent", answer, "green")):
            first, *rest = said.splitlines() or [""]
            self._console.print(Text(f"  {mark}  {first}", style))
            for line in rest:
                self._console.print(Text(f"         {line}", style))

    @contextmanager
    def build(self) -> Generator[BuildView, None, None]:
        """A view of the build; on a terminal it is live while entered."""
        if not self._console.is_terminal:
            yield BuildView(self._console, None)
            return
        with Live(_drawn(None), console=self._console, auto_refresh=False) as live:
            yield BuildView(self._console, live)

    def figures(self, before: Figures, after: Figures) -> None:
        table = Table(box=None, padding=(0, 2))
        for title in ("", "before", "now", "difference"):
            table.add_column(title, justify="right" if title else "left")
        earlier, later = asdict(before), asdict(after)
        for name, title in TITLES.items():
            row: Sequence[str] = (title, str(earlier[name]), str(later[name]), f"{later[name] - earlier[name]:+d}")
            table.add_row(*row)
        self._console.print(table)
