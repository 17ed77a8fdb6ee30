"""A data folder belongs to one run at a time."""

from pathlib import Path

import pytest

from nexus_devstack.data_folder import DataFolder, is_held
from nexus_devstack.errors import StackError


def test_the_second_run_is_refused_and_the_first_is_named(tmp_path: Path) -> None:
    with DataFolder(tmp_path / "data"):
        assert is_held(tmp_path / "data")
        with pytest.raises(StackError, match=r"in use by another run \(process \d+\)"), DataFolder(tmp_path / "data"):
            pass


def test_it_is_free_again_afterwards(tmp_path: Path) -> None:
    with DataFolder(tmp_path):
        pass
    assert not is_held(tmp_path)
    with DataFolder(tmp_path, [tmp_path / "packages"]):
        assert (tmp_path / "packages").is_dir()


def test_a_folder_that_never_was_is_not_held(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "none")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match=r"cannot use the data folder .*NEXUS_DATA_DIR"), DataFolder(tmp_path / "file"):
        pass
