"""The output of `nexus-admin stats`: progress bars while it counts, then the differences."""

import asyncio
import json
import sys
import time
from collections.abc import Sequence

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from nexus_contracts.errors import PlatformError
from nexus_runtime.dynamo import Database
from nexus_runtime.process.caller import Trust
from nexus_runtime.process.clock import utc_now
from nexus_runtime.process.service import running
from nexus_stats.recount.compare import Difference
from nexus_stats.recount.recount import Recount
from nexus_stats.recount.source import HistoryPart, Source, over_http
from nexus_stats.settings import StatsSettings

SHOWN = 100
FAILED = 2
TOO_LATE_SECONDS = 60.0


def carried_out(switch: bool, settings: StatsSettings, console: Console, *, as_json: bool = False) -> int:
    """Exit status: verify 0 if nothing differs, else 1; rebuild 0; both 2 if they could not finish.

    With `as_json` the only output is one JSON document.
    """
    if as_json:
        console.quiet = True
    failed: list[Exception] = []
    found = set[Difference]()
    try:
        found = asyncio.run(_recounted(settings, switch=switch, console=console))
    except* PlatformError as group:
        failed += group.exceptions
    if failed:
        sys.stderr.write(f"error: {failed[0]}. Run the command again: it continues where it stopped.\n")
        return FAILED
    if as_json:
        sys.stdout.write(json.dumps({"switched": switch, "differences": [str(one) for one in sorted(found)]}) + "\n")
    _show(found, console, "The recounted figures are now in use." if switch else "")
    return 1 if found and not switch else 0


async def _recounted(settings: StatsSettings, *, switch: bool, console: Console) -> set[Difference]:
    database, timeout = Database(settings), aiohttp.ClientTimeout(total=TOO_LATE_SECONDS)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("items"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[events]} events"),
    )
    async with running([database]), aiohttp.ClientSession(timeout=timeout) as http:
        urls = {"builds": settings.builds_url, "agents": settings.agents_url}
        trust = Trust(settings.identity_secret)
        sources = [Source(owner, over_http(owner, url, http, trust)) for owner, url in urls.items()]
        with Progress(*columns, console=console) as bar:
            bars = _Bars(bar, [one.owner for one in sources])
            recount = Recount(database, sources, utc_now, bars.advance)
            found = await (recount.rebuild() if switch else recount.verify())
    console.print(f"counted {bars.events} events in {bars.seconds:.1f} s")
    return found


class _Bars:
    """A progress bar for each history; parts counted before a restart are not shown."""

    def __init__(self, bar: Progress, owners: Sequence[str]) -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {owner: bar.add_task(owner, total=None, events=0) for owner in owners}
        self._events = dict.fromkeys(owners, 0)
        self._began = time.monotonic()
        self.seconds = 0.0

    @property
    def events(self) -> int:
        return sum(self._events.values())

    def advance(self, owner: str, part: HistoryPart) -> None:
        task = self._tasks[owner]
        self._events[owner] += part.events
        self.seconds = time.monotonic() - self._began
        if part.total is not None:
            self._bar.update(task, total=max(part.total, part.items))
        self._bar.update(task, advance=part.items, events=self._events[owner])
        if part.after is None:
            self._bar.update(task, total=self._bar.tasks[task].completed)


def _show(found: set[Difference], console: Console, after: str) -> None:
    for one in sorted(found)[:SHOWN]:
        console.print(str(one), highlight=False, markup=False)
    if len(found) > SHOWN:
        console.print(f"and {len(found) - SHOWN} more")
    console.print(f"{len(found) or 'No'} figures differ from the recount. {after}".strip())
