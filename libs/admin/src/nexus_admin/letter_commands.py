"""The commands about dead letters."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from nexus_admin.commands import Json
from nexus_admin.installation import endpoints
from nexus_admin.letter_box import LetterBox
from nexus_admin.letters import Letter, LetterFilter, State
from nexus_admin.output import Output
from nexus_devstack.errors import StackError
from nexus_devstack.settings import load_settings

letters = typer.Typer(no_args_is_help=True, help="Dead letters: what could not be handled, and was put aside.")

Ids = Annotated[list[str] | None, typer.Argument(help="ids of letters, or how they begin")]
Group = Annotated[str | None, typer.Option(help="the consumer group that failed")]
TopicName = Annotated[str | None, typer.Option("--topic", help="where it came from")]
Code = Annotated[str | None, typer.Option(help="such as VALIDATION_ERROR")]
Type = Annotated[str | None, typer.Option("--type", help="of the message")]
Key = Annotated[str | None, typer.Option(help="of the record, such as a project's id")]
Since = Annotated[datetime | None, typer.Option(help="given up at this time (UTC) or later")]
Until = Annotated[datetime | None, typer.Option(help="given up before this time (UTC)")]
All = Annotated[bool, typer.Option("--all", help="with no other filter: all open ones")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="only tell which ones are meant")]
COLUMNS = ("id", "state", "group", "code", "type", "key", "time", "error")


def _box() -> LetterBox:
    settings = load_settings()
    return LetterBox(endpoints(settings).kafka, idempotent=settings.infra != "embedded")


@letters.command("list")
def list_letters(
    ids: Ids = None,
    *,
    group: Group = None,
    topic: TopicName = None,
    code: Code = None,
    kind: Type = None,
    key: Key = None,
    since: Since = None,
    until: Until = None,
    state: Annotated[State | None, typer.Option(help="by default all")] = None,
    as_json: Json = False,
) -> None:
    """Those that are kept (14 days), oldest first."""
    wanted = LetterFilter(ids or (), group, topic, code, kind, key, since, until, state)
    found = [one.summary() for one in asyncio.run(_box().letters()) if wanted.fits(one)]
    Output(as_json=as_json).rows(found, COLUMNS, "there are none")


@letters.command("show")
def show_letter(
    letter: Annotated[str, typer.Argument(help="its id, or how it begins")], *, as_json: Json = False
) -> None:
    """One with its origin, headers and content."""
    found = [one for one in asyncio.run(_box().letters()) if one.id.startswith(letter)]
    if len(found) != 1:
        raise StackError(f"{len(found)} dead letters have an id that begins with {letter}")
    details = found[0].details()
    headers: Any = details["headers"]
    lines = [f"{name:<20} {value}" for name, value in details.items() if name not in ("headers", "value")]
    lines += [f"  {name:<18} {value}" for name, value in headers.items()]
    Output(as_json=as_json).outcome("\n".join([*lines, str(details["value"])]), **details)


async def _settled(
    box: LetterBox, wanted: LetterFilter, state: State, output: Output, *, dry_run: bool
) -> tuple[list[Letter], list[tuple[Letter, str]]]:
    """Those that were settled, and those that could not be, with the reason."""
    settled: list[Letter] = []
    left: list[tuple[Letter, str]] = []
    chosen = [one for one in await box.letters() if wanted.fits(one)]
    for letter in output.progress(chosen, f"{state.value}:"):
        if obstacle := letter.obstacle_to(state):
            left.append((letter, obstacle))
            continue
        if not dry_run:
            await box.settle(letter, state, datetime.now(UTC))
        settled.append(letter)
    return settled, left


def _settle(wanted: LetterFilter, state: State, *, everything: bool, dry_run: bool, as_json: bool) -> None:
    if wanted.empty and not everything:
        raise StackError("say which ones: ids, a filter, or --all")
    output = Output(as_json=as_json)
    settled, left = asyncio.run(_settled(_box(), wanted, state, output, dry_run=dry_run))
    would = "would be " if dry_run else ""
    lines = [f"{one.id} {would}{state.value}: {one.type} for {one.group}" for one in settled]
    lines += [f"{one.id} left: {reason}" for one, reason in left]
    output.outcome(
        "\n".join([*lines, f"{len(settled)} {would}{state.value}, {len(left)} left"]),
        dry_run=dry_run,
        settled=[one.id for one in settled],
        left=[{"id": one.id, "reason": reason} for one, reason in left],
    )


@letters.command("redrive")
def redrive(
    ids: Ids = None,
    *,
    group: Group = None,
    topic: TopicName = None,
    code: Code = None,
    kind: Type = None,
    key: Key = None,
    since: Since = None,
    until: Until = None,
    everything: All = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Publish them again for the group that failed. One that was redriven or dropped is left alone."""
    wanted = LetterFilter(ids or (), group, topic, code, kind, key, since, until)
    _settle(wanted, State.REDRIVEN, everything=everything, dry_run=dry_run, as_json=as_json)


@letters.command("drop")
def drop(
    ids: Ids = None,
    *,
    group: Group = None,
    topic: TopicName = None,
    code: Code = None,
    kind: Type = None,
    key: Key = None,
    since: Since = None,
    until: Until = None,
    everything: All = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Mark them as done: they are shown as dropped, and cannot be redriven."""
    wanted = LetterFilter(ids or (), group, topic, code, kind, key, since, until)
    _settle(wanted, State.DROPPED, everything=everything, dry_run=dry_run, as_json=as_json)
