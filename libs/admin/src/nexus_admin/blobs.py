"""Removes files that no row of the database mentions any more: mark and sweep.

A row is written after its file, by a command that another process may repeat for days. So only what has been put long
ago is removed; a put of content that is stored already counts, as then its row is still to come.
"""

import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from nexus_admin.installation import endpoints
from nexus_devstack.errors import StackError
from nexus_devstack.provision import OWNERS, opened_database, tables_of
from nexus_devstack.services import own_folders
from nexus_devstack.settings import Settings
from nexus_runtime.blobs import BlobsUnavailable, BlobsUrl, BlobUpkeep, blob_store, directory_url
from nexus_runtime.dynamo.client import Database
from nexus_runtime.dynamo.model import DatabaseUnavailable, Item, Table
from nexus_runtime.process.settings import OwnerSettings

_PAGE = 500
_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


@dataclass(frozen=True)
class Pruned:
    """What was found in one store, and what of it nothing mentions. `removed` says whether that is gone now."""

    store: str
    blobs: int = 0
    bytes: int = 0
    unused: int = 0
    unused_bytes: int = 0
    removed: bool = False


async def prune(
    settings: Settings, put_before: datetime, *, dry_run: bool, seen: Callable[[str], None]
) -> list[Pruned]:
    """Removes blobs that were last put before that time and that no table mentions; `seen` is told what is looked at.

    Safe to repeat, to interrupt, and beside a running platform. Raises StackError: then nothing that is mentioned was
    removed.
    """
    try:
        async with _stores(settings) as stores, opened_database(endpoints(settings), settings.table_prefix) as database:
            mentioned = await _mentioned(database, seen)
            if not mentioned:
                raise StackError("no table mentions any file: is this the database that belongs to these files?")
            return [await _pruned(url, stores[url], mentioned, put_before, dry_run, seen) for url in stores]
    except (BlobsUnavailable, DatabaseUnavailable) as error:
        raise StackError(f"{error.__cause__ or error}") from None


@asynccontextmanager
async def _stores(settings: Settings) -> AsyncGenerator[dict[str, BlobUpkeep]]:
    """By address: two settings may name the same one."""
    own = own_folders(settings.data_dir)
    urls = {os.environ.get(name) or directory_url(str(folder)) for name, folder in own.items()}
    async with AsyncExitStack() as started:
        stores = {url: blob_store(_usable(url), OwnerSettings()) for url in sorted(urls)}
        for store in stores.values():
            await store.start()
            started.push_async_callback(store.stop)
        yield stores


def _usable(url: str) -> str:
    try:
        return TypeAdapter(BlobsUrl).validate_python(url)
    except ValidationError as error:
        raise StackError(f"PACKAGES_URL and ARTIFACTS_URL: {url!r} {error.errors()[0]['msg']}") from None


async def _mentioned(database: Database, seen: Callable[[str], None]) -> set[bytes]:
    """Every digest in any item of any table, whatever it stands for: what is not known to be unused stays."""
    found: set[bytes] = set()
    for table in [table for owner in OWNERS for table in tables_of(owner)]:
        seen(database.prefix + table.name)
        async for item in _items(database, table):
            found.update(_DIGEST.findall(repr(item).encode()))
    return found


async def _items(database: Database, table: Table) -> AsyncIterator[Item]:
    start = None
    while True:
        items, start = await database.scan(table, _PAGE, start)
        for item in items:
            yield item
        if start is None:
            return


async def _pruned(
    url: str,
    store: BlobUpkeep,
    mentioned: set[bytes],
    put_before: datetime,
    dry_run: bool,
    seen: Callable[[str], None],
) -> Pruned:
    seen(url)
    outcome = Pruned(url, removed=not dry_run)
    async for one in store.stored():
        outcome = replace(outcome, blobs=outcome.blobs + 1, bytes=outcome.bytes + one.size_bytes)
        if one.put_at >= put_before or one.uri.rpartition(":")[2].encode() in mentioned:
            continue
        if dry_run or await store.remove(one.uri, put_before):
            outcome = replace(outcome, unused=outcome.unused + 1, unused_bytes=outcome.unused_bytes + one.size_bytes)
    return outcome
