"""The commands about dead letters. Exit status 3: done, but some of what the broker keeps cannot be read."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from nexus_admin.commands import Json
from nexus_admin.installation import endpoints
from nexus_admin.letter_box import Contents, LetterBox
from nexus_admin.letters import Letter, LetterFilter, Unreadable
from nexus_admin.output import Output
from nexus_contracts.dead_letters import State
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
UNREADABLE = 3
COLUMNS = ("id", "state", "group", "code", "type", "key", "time", "error")


def _box() -> LetterBox:
    settings = load_settings()
    return LetterBox(endpoints(settings).kafka, idempotent=settings.infra != "embedded")


async def _contents(box: LetterBox, output: Output) -> Contents:
    """What the broker keeps. Warns of everything that cannot be read."""
    kept = await box.contents()
    for one in kept.unreadable:
        output.warn(f"passed over: {one}")
    return kept


def _end(unreadable: Sequence[Unreadable]) -> None:
    """Ends a command: with exit status 3 if something could not be read."""
    if unreadable:
        raise typer.Exit(UNREADABLE)


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
    """List the dead letters that are kept (14 days), oldest first."""
    wanted = LetterFilter(ids or (), group, topic, code, kind, key, since, until, state)
    output = Output(as_json=as_json)
    kept = asyncio.run(_contents(_box(), output))
    found = [one.summary() for one in kept.letters if wanted.fits(one)]
    output.rows(found, COLUMNS, "there are none")
    _end(kept.unreadable)


@letters.command("show")
def show_letter(
    letter: Annotated[str, typer.Argument(help="its id, or how it begins")], *, as_json: Json = False
) -> None:
    """Show one dead letter with its origin, headers and content."""
    output = Output(as_json=as_json)
    kept = asyncio.run(_contents(_box(), output))
    found = [one for one in kept.letters if one.id.startswith(letter)]
    if len(found) != 1:
        raise StackError(f"{len(found)} dead letters have ids that begin with {letter}")
    details = found[0].details()
    headers: Any = details["headers"]
    lines = [f"{name:<20} {value}" for name, value in details.items() if name not in ("headers", "value")]
    lines += [f"  {name:<18} {value}" for name, value in headers.items()]
    output.outcome("\n".join([*lines, str(details["value"])]), **details)
    _end(kept.unreadable)


async def _settled(
    box: LetterBox, wanted: LetterFilter, state: State, output: Output, *, dry_run: bool
) -> tuple[list[Letter], list[tuple[Letter, str]], list[Unreadable]]:
    """The letters that were settled, those that could not be, with the reason, and what cannot be read."""
    settled: list[Letter] = []
    left: list[tuple[Letter, str]] = []
    kept = await _contents(box, output)
    unknown = [one for one in wanted.ids if not any(letter.id.startswith(one) for letter in kept.letters)]
    if unknown:
        raise StackError(f"no dead letter has an id that begins with {unknown[0]}; nothing was {state.value}")
    chosen = [one for one in kept.letters if wanted.fits(one)]
    for letter in output.progress(chosen, f"{state.value}:"):
        if obstacle := letter.obstacle_to(state):
            left.append((letter, obstacle))
            continue
        if not dry_run:
            await box.settle(letter, state, datetime.now(UTC))
        settled.append(letter)
    return settled, left, kept.unreadable


def _settle(wanted: LetterFilter, state: State, *, everything: bool, dry_run: bool, as_json: bool) -> None:
    if wanted.empty and not everything:
        raise StackError("say which ones: pass ids, a filter, or --all")
    output = Output(as_json=as_json)
    settled, left, unreadable = asyncio.run(_settled(_box(), wanted, state, output, dry_run=dry_run))
    would = "would be " if dry_run else ""
    lines = [f"{one.id} {would}{state.value}: {one.type or one.source} for {one.group}" for one in settled]
    lines += [f"{one.id} left: {reason}" for one, reason in left]
    output.outcome(
        "\n".join([*lines, f"{len(settled)} {would}{state.value}, {len(left)} left"]),
        dry_run=dry_run,
        settled=[one.id for one in settled],
        left=[{"id": one.id, "reason": reason} for one, reason in left],
        unreadable=[one.details() for one in unreadable],
    )
    _end(unreadable)


def _settling(name: str, state: State, promise: str) -> None:
    """Adds the command that settles letters so; `promise` is its help."""

    def settle(
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
        wanted = LetterFilter(ids or (), group, topic, code, kind, key, since, until)
        _settle(wanted, state, everything=everything, dry_run=dry_run, as_json=as_json)

    letters.command(name, help=promise)(settle)


_settling(
    "redrive",
    State.REDRIVEN,
    "Publish letters again for the group that failed. One that was redriven or dropped is left alone.",
)
_settling("drop", State.DROPPED, "Mark letters as done: they are shown as dropped, and cannot be redriven.")
