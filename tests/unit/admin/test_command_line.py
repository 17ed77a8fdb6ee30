"""The tool as a whole, without a platform: what it refuses, and in which form it speaks."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nexus_admin.__main__ import app
from nexus_devstack.errors import StackError
from nexus_devstack.ports import free_port


@pytest.fixture(autouse=True)
def no_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "environ", {"PATH": os.environ["PATH"], "NEXUS_DATA_DIR": str(tmp_path)})
    for name in ("GATEWAY", "BUILDS", "AGENTS", "STATS", "WORKER", "KAFKA", "DYNAMODB"):
        monkeypatch.setenv(f"{name}_PORT", str(free_port()))


def test_the_doctor_names_every_fault_with_its_remedy() -> None:
    done = CliRunner().invoke(app, ["doctor", "--json"])
    found = json.loads(done.stdout)
    faults = {one["what"]: one for one in found if one["outcome"] == "fault"}
    assert done.exit_code == 1
    assert set(faults) == {"broker", "database", "gateway", "builds", "agents", "stats", "worker"}
    assert all(one["remedy"] for one in faults.values())


@pytest.mark.parametrize("verb", ["redrive", "drop"])
def test_not_all_letters_are_meant_by_accident(verb: str) -> None:
    done = CliRunner().invoke(app, ["letters", verb])
    assert isinstance(done.exception, StackError)
    assert "--all" in str(done.exception)


def test_a_platform_that_does_not_run_is_one_clear_line() -> None:
    done = CliRunner().invoke(app, ["letters", "list"])
    assert isinstance(done.exception, StackError)
    assert "cannot be reached" in str(done.exception)


def test_there_is_nothing_to_back_up_in_an_empty_folder(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["backup", str(tmp_path / "x.tar.gz")])
    assert "no embedded database" in str(done.exception)


@pytest.mark.parametrize(
    ("secret", "scope", "said"),
    [
        (None, "admin", "IDENTITY_SECRET is not set"),
        ("s" * 32, "admin", "does not answer"),
        ("s" * 32, "typo", "scopes.0: Input should be 'projects:read'"),
    ],
)
def test_a_key_is_made_in_the_installation_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, secret: str | None, scope: str, said: str
) -> None:
    if secret:
        monkeypatch.setenv("IDENTITY_SECRET", secret)
    wanted = ["--tenant", "default", "--user", "me", "--name", "first", "--scope", scope]
    done = CliRunner().invoke(app, ["keys", "create", *wanted])
    assert isinstance(done.exception, StackError)
    assert said in str(done.exception)
    assert os.environ["DYNAMODB_ENDPOINT_URL"] == f"http://127.0.0.1:{os.environ['DYNAMODB_PORT']}"
