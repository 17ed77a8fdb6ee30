"""The commands about topics, tables, partitions, statistics and the installation as a whole."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from yarl import URL

from nexus_admin import backup
from nexus_admin.blobs import prune
from nexus_admin.doctor import examine
from nexus_admin.installation import database, endpoints, service_urls, trust
from nexus_admin.output import Output
from nexus_contracts.principal import PLATFORM
from nexus_contracts.topics import all_topics
from nexus_devstack.errors import StackError
from nexus_devstack.provision import OWNERS, provision_tables, tables_of
from nexus_devstack.settings import load_settings
from nexus_devstack.topic_settings import faults, oddities
from nexus_devstack.topics import described_topics, provision_topics

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of tables.")]

topics = typer.Typer(no_args_is_help=True, help="The topics of the registry.")
tables = typer.Typer(no_args_is_help=True, help="The tables of all services.")
partitions = typer.Typer(no_args_is_help=True, help="Let a service go on with a partition that it has halted.")
blobs = typer.Typer(no_args_is_help=True, help="The files of agents, sessions and builds.")
stats = typer.Typer(no_args_is_help=True, help="Count the statistics anew from the histories.")


@topics.command("list")
def list_topics(*, as_json: Json = False) -> None:
    """List every topic: whether it exists, and what is wrong with it."""
    found, replicas = asyncio.run(described_topics(endpoints(load_settings()).kafka, all_topics()))
    rows: list[dict[str, Any]] = []
    for topic in all_topics():
        seen = found.get(topic.name)
        wrong = list(faults(topic, seen)) if seen else ["is missing"]
        odd = list(oddities(topic, seen, replicas)) if seen else []
        rows.append(
            {
                "topic": topic.name,
                "partitions": seen.partitions if seen else 0,
                "replicas": seen.replicas if seen else 0,
                "retention_hours": topic.retention_hours,
                "state": "fault" if wrong else "warning" if odd else "ok",
                "remarks": "; ".join(wrong + odd),
            }
        )
    Output(as_json=as_json).rows(rows, ("topic", "partitions", "replicas", "retention_hours", "state", "remarks"), "")
    if any(row["state"] == "fault" for row in rows):
        raise typer.Exit(1)


@topics.command("create")
def create_topics(*, as_json: Json = False) -> None:
    """Create the topics that are missing; existing ones are not changed."""
    settings = load_settings()
    warnings: list[str] = []
    kafka = endpoints(settings).kafka

    async def created() -> list[str]:
        before, _ = await described_topics(kafka, all_topics())
        await provision_topics(kafka, warn=warnings.append)
        return [topic.name for topic in all_topics() if topic.name not in before]

    names = asyncio.run(created())
    lines = "\n".join([*warnings, f"created: {', '.join(names) or 'nothing, all exist'}"])
    Output(as_json=as_json).outcome(lines, created=list(names), warnings=list(warnings))


@asynccontextmanager
async def _database() -> AsyncGenerator[Any]:
    try:
        async with database(endpoints(load_settings())) as client:
            yield client
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"the database does not answer: {error}") from None


async def _described_tables() -> list[dict[str, Any]]:
    prefix = load_settings().table_prefix
    rows: list[dict[str, Any]] = []
    async with _database() as client:
        for owner, table in [(one, table) for one in OWNERS for table in tables_of(one)]:
            name = prefix + table.name
            try:
                seen = (await client.describe_table(TableName=name))["Table"]
            except client.exceptions.ResourceNotFoundException:
                seen = {"TableStatus": "MISSING"}
            rows.append(
                {
                    "table": name,
                    "owner": owner,
                    "status": str(seen["TableStatus"]).lower(),
                    "items": seen.get("ItemCount"),
                    "bytes": seen.get("TableSizeBytes"),
                }
            )
    return rows


@tables.command("list")
def list_tables(*, as_json: Json = False) -> None:
    """List every table: whether it exists, and its size (which AWS updates every six hours)."""
    rows = asyncio.run(_described_tables())
    Output(as_json=as_json).rows(rows, ("table", "owner", "status", "items", "bytes"), "")
    if any(row["status"] == "missing" for row in rows):
        raise typer.Exit(1)


@tables.command("migrate")
def migrate_tables(*, as_json: Json = False) -> None:
    """Create missing tables, and set the expiry of items; stored states are upgraded when they are read."""
    settings = load_settings()

    async def migrated() -> list[str]:
        before = {row["table"] for row in await _described_tables() if row["status"] == "missing"}
        for owner in OWNERS:
            await provision_tables(endpoints(settings), tables_of(owner), settings.table_prefix)
        return sorted(before)

    names = asyncio.run(migrated())
    Output(as_json=as_json).outcome(f"created: {', '.join(names) or 'nothing, all exist'}", created=list(names))


async def _told(url: str, verb: str, place: dict[str, Any]) -> int:
    """The offset at which the service continues. Raises StackError."""
    timeout, asked = aiohttp.ClientTimeout(total=30), URL(f"{url.rstrip('/')}/internal/{verb}")
    identity = trust().header(PLATFORM, "POST", asked.raw_path_qs)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.post(asked, json=place, headers=identity) as response,
        ):
            answer = await response.json()
    except (aiohttp.ClientError, OSError, TimeoutError, json.JSONDecodeError) as error:
        raise StackError(f"{url} does not answer: {error or type(error).__name__}") from None
    if response.status != 200:
        raise StackError(answer["error"]["message"])
    return answer["resumed_at"]


Service = Annotated[
    str, typer.Argument(help="builds, agents, stats or worker, or its address: the one that reports the halt")
]


def _go_on(service: str, verb: str, place: dict[str, Any], *, as_json: bool) -> None:
    url = service_urls(load_settings()).get(service, service)
    at = asyncio.run(_told(url, verb, place))
    Output(as_json=as_json).outcome(f"the service reads on at offset {at}", **place, resumed_at=at)


@partitions.command("skip")
def skip_batch(service: Service, topic: str, partition: int, offset: int, *, as_json: Json = False) -> None:
    """Continue after a batch that cannot be read; its records are lost to that group."""
    place = {"topic": topic, "partition": partition, "offset": offset}
    _go_on(service, "skip", place, as_json=as_json)


@partitions.command("resume")
def resume_partition(service: Service, topic: str, partition: int, *, as_json: Json = False) -> None:
    """Continue where the limit of dead letters was reached; nothing is lost."""
    _go_on(service, "resume", {"topic": topic, "partition": partition}, as_json=as_json)


def _recount(*, switch: bool, as_json: bool) -> None:
    # Here, as it imports the service: a command that only explains itself does not wait for that.
    from nexus_runtime.process.settings import load
    from nexus_stats.recount.cli import carried_out
    from nexus_stats.settings import StatsSettings

    found = endpoints(load_settings())
    urls = service_urls(load_settings())
    for name, value in {**found.environment(), "BUILDS_URL": urls["builds"], "AGENTS_URL": urls["agents"]}.items():
        os.environ.setdefault(name, value)
    raise typer.Exit(carried_out(switch, load(StatsSettings), Console(), as_json=as_json))


@stats.command("verify")
def verify_statistics(*, as_json: Json = False) -> None:
    """Recount into new tables and report differences. Exit status 0: none; 1: some; 2: it could not finish."""
    _recount(switch=False, as_json=as_json)


@stats.command("rebuild")
def rebuild_statistics(*, as_json: Json = False) -> None:
    """Recount as `verify` does, and serve the new figures from then on."""
    _recount(switch=True, as_json=as_json)


@blobs.command("prune")
def prune_blobs(
    *,
    unused_days: Annotated[int, typer.Option(min=1, max=3650, help="Keep what was stored within so many days.")] = 30,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Remove nothing: tell what would go.")] = False,
    as_json: Json = False,
) -> None:
    """Remove the files of deleted agents, sessions and projects: those that no table mentions any more."""
    output = Output(as_json=as_json)
    put_before = datetime.now(UTC) - timedelta(days=unused_days)
    with output.busy() as seen:
        outcomes = asyncio.run(prune(load_settings(), put_before, dry_run=dry_run, seen=seen))
    columns = ("store", "blobs", "bytes", "unused", "unused_bytes", "removed")
    output.rows([asdict(one) for one in outcomes], columns, "")


def doctor(*, as_json: Json = False) -> None:
    """Check everything and say what to do. Exit status 1 if something is wrong."""
    found = asyncio.run(examine(load_settings()))
    rows: list[dict[str, Any]] = [
        {"what": one.name, "outcome": one.outcome, "found": one.text, "remedy": one.remedy} for one in found
    ]
    Output(as_json=as_json).rows(rows, ("what", "outcome", "found", "remedy"), "")
    if any(one.outcome == "fault" for one in found):
        raise typer.Exit(1)


def back_up(archive: Annotated[Path, typer.Argument(help="such as backup.tar.gz")], *, as_json: Json = False) -> None:
    """Back up the embedded platform's folder (NEXUS_DATA_DIR), even while the platform is running."""
    made = backup.back_up(load_settings().data_dir, archive, datetime.now(UTC))
    text = f"{made.path}: {made.files} files, {made.bytes / 1e6:.1f} MB"
    Output(as_json=as_json).outcome(text, path=str(made.path), files=made.files, bytes=made.bytes)


def restore(archive: Path, *, as_json: Json = False) -> None:
    """Replace the folder by a backup while the platform is stopped; the former folder is kept beside it."""
    folder = load_settings().data_dir
    files, aside = backup.restore(archive, folder, datetime.now(UTC))
    kept = f"; the former folder is {aside}" if aside else ""
    Output(as_json=as_json).outcome(
        f"{files} files restored to {folder}{kept}",
        files=files,
        folder=str(folder),
        former=str(aside) if aside else None,
    )
