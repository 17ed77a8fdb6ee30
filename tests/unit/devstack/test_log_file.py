"""The platform's log never grows without end."""

from pathlib import Path

import pytest

from nexus_devstack.errors import StackError
from nexus_devstack.log_file import LogFile


def test_a_full_file_is_put_aside_and_only_so_many_are_kept(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "logs" / "nexus.log", max_bytes=4, kept=2)
    for line in ("one\n", "two\n", "three\n", "four\n"):
        log.write(line)
    log.close()
    kept = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "logs").iterdir()}
    assert kept == {"nexus.log": "four\n", "nexus.log.1": "three\n", "nexus.log.2": "two\n"}


def test_a_log_goes_on_where_the_last_run_ended(tmp_path: Path) -> None:
    for line in ("one\n", "two\n"):
        log = LogFile(tmp_path / "nexus.log")
        log.write(line)
        log.close()
    assert (tmp_path / "nexus.log").read_text(encoding="utf-8") == "one\ntwo\n"


def test_a_log_that_cannot_be_written_names_its_setting(tmp_path: Path) -> None:
    (tmp_path / "logs").touch()
    with pytest.raises(StackError, match="NEXUS_LOG_FILE"):
        LogFile(tmp_path / "logs" / "nexus.log")
