"""Backup and restore of the folder in which the embedded platform keeps everything.

A backup may be made while the platform runs: the database is copied as of one moment, and then the packages and
artifacts, which are written before the database names them and never change.
"""

import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest
from pathlib import Path

from nexus_contracts.identifiers import format_timestamp
from nexus_devstack.data_folder import DataFolder, is_held
from nexus_devstack.errors import StackError
from nexus_runtime.process.settings import VERSION

DATABASE, FILES, MANIFEST = "database", ("packages", "artifacts"), "manifest.json"
LOG_SUFFIXES = (".db-wal", ".db-shm")
Advance = Callable[[str], None]


@dataclass(frozen=True)
class Backup:
    """`bytes` is the size of the archive."""

    path: Path
    files: int
    bytes: int


def _copied_database(source: Path, target: Path, advance: Advance) -> None:
    target.mkdir()
    for path in sorted(source.rglob("*")):
        kept = target / path.relative_to(source)
        if path.is_dir():
            kept.mkdir(parents=True, exist_ok=True)
        elif path.suffix == ".db":
            with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(kept)) as copy:
                live.backup(copy)
            advance(path.name)
        elif not path.name.endswith(LOG_SUFFIXES):
            shutil.copy2(path, kept)


def _copied_files(source: Path, target: Path, advance: Advance) -> None:
    if not source.is_dir():
        return
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        kept = target / path.relative_to(source)
        kept.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(path, kept)
        except FileNotFoundError:  # deleted, or renamed to its final name, in the meantime
            continue
        advance(path.name)


def _digests(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST):
        with path.open("rb") as stream:
            yield str(path.relative_to(folder)), file_digest(stream, "sha256").hexdigest()


def back_up(data_dir: Path, archive: Path, at: datetime, advance: Advance = lambda _name: None) -> Backup:
    """Writes the archive. Raises StackError if there is nothing to back up, or it exists, or it cannot be written."""
    if not (data_dir / DATABASE).is_dir():
        raise StackError(f"{data_dir} has no embedded database (NEXUS_DATA_DIR)")
    if archive.exists():
        raise StackError(f"{archive} already exists")
    try:
        archive.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".backup-") as work:
            folder = Path(work) / "nexus"
            folder.mkdir()
            _copied_database(data_dir / DATABASE, folder / DATABASE, advance)
            for name in FILES:
                _copied_files(data_dir / name, folder / name, advance)
            digests = dict(_digests(folder))
            manifest = {"version": VERSION, "created_at": format_timestamp(at), "sha256": digests}
            (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
            packed = Path(work) / "archive"
            with tarfile.open(packed, "w:gz", compresslevel=1) as tar:
                tar.add(folder, arcname=".")
            os.replace(packed, archive)
    except (OSError, sqlite3.Error) as error:
        raise StackError(f"no backup was made: {error}") from None
    return Backup(archive, len(digests), archive.stat().st_size)


def _verified(folder: Path, archive: Path) -> dict[str, str]:
    """The digests of the manifest. Raises StackError if something is missing or damaged."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        expected: dict[str, str] = manifest["sha256"]
    except (OSError, ValueError, KeyError):
        raise StackError(f"{archive} is not a backup of this platform") from None
    if dict(_digests(folder)) != expected:
        raise StackError(f"{archive} is damaged: its files do not match its manifest")
    for path in (folder / DATABASE).glob("*.db"):
        with closing(sqlite3.connect(path)) as copy:
            (answer,) = copy.execute("PRAGMA integrity_check").fetchone()
        if answer != "ok":
            raise StackError(f"{archive} is damaged: {path.name}: {answer}")
    return expected


def unpack(archive: Path, folder: Path) -> None:
    """Its files and folders, and no links, into a new folder. Raises StackError for a member outside of it."""
    # By hand: Python before 3.11.4, as in Debian 12, has no filter of what an archive may contain.
    folder.mkdir()
    with tarfile.open(archive) as tar:
        for member in tar:
            path = folder / member.name
            if ".." in path.parts or not path.is_relative_to(folder):
                raise StackError(f"{archive} is not a backup of this platform: it has {member.name}")
            if member.isdir():
                path.mkdir(parents=True, exist_ok=True)
            elif member.isfile() and (content := tar.extractfile(member)) is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                with content, path.open("xb") as kept:
                    shutil.copyfileobj(content, kept)
                path.chmod(member.mode & 0o755 | 0o600)


def restore(archive: Path, data_dir: Path, at: datetime) -> tuple[int, Path | None]:
    """The number of files restored, and where the former folder was put aside, if there was one.

    Raises StackError, and leaves the folder as it is, when the platform runs or the archive is damaged.
    """
    if is_held(data_dir):
        raise StackError(f"the platform is running on {data_dir}: stop it first")
    target = data_dir.absolute()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".restore-") as work:
            folder = Path(work) / "nexus"
            unpack(archive, folder)
            digests = _verified(folder, archive)
            (folder / MANIFEST).unlink()
            return len(digests), _exchanged(folder, target, at)
    except (OSError, tarfile.TarError, sqlite3.Error) as error:
        raise StackError(f"nothing was restored: {error}") from None


def _exchanged(folder: Path, target: Path, at: datetime) -> Path | None:
    if not target.exists():
        os.replace(folder, target)
        return None
    aside = target.with_name(f"{target.name}.before-{at:%Y%m%dT%H%M%SZ}")
    with DataFolder(target):  # nobody starts on it meanwhile
        os.replace(target, aside)
        os.replace(folder, target)
    return aside
