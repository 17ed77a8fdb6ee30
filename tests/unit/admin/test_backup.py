"""A backup made while the database is written to, and its way back."""

import sqlite3
import tarfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nexus_admin.backup import back_up, restore, unpack
from nexus_devstack.data_folder import DataFolder
from nexus_devstack.errors import StackError

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    for name in ("database", "packages/ab", "artifacts"):
        (data / name).mkdir(parents=True)
    (data / "packages/ab/abc").write_bytes(b"package")
    with closing(sqlite3.connect(data / "database/dynamodb.db")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE items (name TEXT)")
        database.execute("INSERT INTO items VALUES ('confirmed')")
        database.commit()
    return data


def items(data: Path) -> list[str]:
    with closing(sqlite3.connect(data / "database/dynamodb.db")) as database:
        return [name for (name,) in database.execute("SELECT name FROM items")]


def test_a_backup_has_what_was_committed_while_somebody_writes(folder: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(folder / "database/dynamodb.db")) as writer:
        writer.execute("INSERT INTO items VALUES ('under way')")
        made = back_up(folder, tmp_path / "backup.tar.gz", NOW)
        writer.commit()
    files, former = restore(made.path, tmp_path / "other", NOW)
    assert (files, made.files, former) == (2, 2, None)
    assert items(tmp_path / "other") == ["confirmed"]
    assert (tmp_path / "other/packages/ab/abc").read_bytes() == b"package"


def test_the_former_folder_is_kept(folder: Path, tmp_path: Path) -> None:
    made = back_up(folder, tmp_path / "backup.tar.gz", NOW)
    with closing(sqlite3.connect(folder / "database/dynamodb.db")) as database:
        database.execute("INSERT INTO items VALUES ('later')")
        database.commit()
    _, former = restore(made.path, folder, NOW)
    assert former is not None
    assert (items(folder), items(former)) == (["confirmed"], ["confirmed", "later"])


def test_nothing_is_restored_under_a_running_platform(folder: Path, tmp_path: Path) -> None:
    made = back_up(folder, tmp_path / "backup.tar.gz", NOW)
    with DataFolder(folder), pytest.raises(StackError, match="stop it first"):
        restore(made.path, folder, NOW)


def test_a_damaged_archive_changes_nothing(folder: Path, tmp_path: Path) -> None:
    made = back_up(folder, tmp_path / "backup.tar.gz", NOW)
    opened = tmp_path / "opened"
    unpack(made.path, opened)
    (opened / "packages/ab/abc").write_bytes(b"damaged")
    with tarfile.open(tmp_path / "damaged.tar.gz", "w:gz") as tar:
        tar.add(opened, arcname=".")
    with pytest.raises(StackError, match="is damaged"):
        restore(tmp_path / "damaged.tar.gz", folder, NOW)
    assert items(folder) == ["confirmed"]
    assert not list(tmp_path.glob(".restore-*"))


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "packages/../../outside"])
def test_an_archive_writes_nothing_outside_the_folder(name: str, folder: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "strange.tar.gz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo(name))
    with pytest.raises(StackError, match="not a backup"):
        restore(tmp_path / "strange.tar.gz", folder, NOW)


def test_a_link_in_an_archive_is_left_out(folder: Path, tmp_path: Path) -> None:
    link = tarfile.TarInfo("packages/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(tmp_path / "strange.tar.gz", "w:gz") as tar:
        tar.addfile(link)
    with pytest.raises(StackError, match="not a backup"):
        restore(tmp_path / "strange.tar.gz", folder, NOW)


def test_an_archive_is_not_written_over(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "backup.tar.gz").touch()
    with pytest.raises(StackError, match="already exists"):
        back_up(folder, tmp_path / "backup.tar.gz", NOW)
