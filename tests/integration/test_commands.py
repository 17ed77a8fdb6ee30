"""The commands from outside: what they refuse, in one line, and how they end."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from nexus_devstack.ports import LOOPBACK, free_port


def gone(pids: list[int]) -> bool:
    """Whether none of them runs any more, within five seconds."""
    known = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    _, alive = psutil.wait_procs(known, timeout=5)
    return not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


def environment(tmp_path: Path, **settings: object) -> dict[str, str]:
    names = ("GATEWAY", "BUILDS", "AGENTS", "STATS", "WORKER", "KAFKA", "DYNAMODB")
    ports = {f"{name}_PORT": str(free_port()) for name in names}
    return {"NEXUS_DATA_DIR": str(tmp_path / "data"), **ports, **{name: str(value) for name, value in settings.items()}}


def refusal(command: str, env: dict[str, str], folder: Path) -> str:
    """The one line that a command leaves on stderr when it refuses to start."""
    argv = [sys.executable, "-m", "nexus_devstack", command]
    ended = subprocess.run(argv, env=env, cwd=folder, capture_output=True, text=True, timeout=20, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    return ended.stderr


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"GATEWAY_PORT": "0"}, "GATEWAY_PORT=0"),
        ({"NEXUS_INFRA": "cloud"}, "choose one of: embedded, external"),
        ({"NEXUS_INFRA": "external"}, "KAFKA_BOOTSTRAP_SERVERS"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT=xml"),
    ],
)
def test_a_bad_setting_is_one_clear_line(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    assert said in refusal("run", environment(tmp_path, **settings), tmp_path)


def test_an_unknown_command_is_one_clear_line(tmp_path: Path) -> None:
    assert "choose one of: run, develop, demo, infra" in refusal("walk", environment(tmp_path), tmp_path)


@pytest.mark.parametrize("setting", ["GATEWAY_PORT", "KAFKA_PORT"])
def test_a_port_in_use_is_named_before_anything_starts(tmp_path: Path, setting: str) -> None:
    port = free_port()
    with socket.create_server((LOOPBACK, port)):
        said = refusal("run", environment(tmp_path, **{setting: port}), tmp_path)
    assert f"port {port} ({setting}) is in use" in said
    assert not (tmp_path / "data" / "database").exists()


def test_a_setting_in_the_file_counts_unless_the_environment_has_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("NEXUS_INFRA=cloud\nGATEWAY_PORT=0\n", encoding="utf-8")
    assert "NEXUS_INFRA=cloud" in refusal("run", environment(tmp_path), tmp_path)


@pytest.fixture
def infra(tmp_path: Path) -> Callable[[], subprocess.Popen[str]]:
    env = environment(tmp_path)

    def start() -> subprocess.Popen[str]:
        argv = [sys.executable, "-m", "nexus_devstack", "infra"]
        return subprocess.Popen(
            argv, env=env, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    return start


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_infra_prints_its_settings_and_a_signal_ends_all_of_it(
    infra: Callable[[], subprocess.Popen[str]], ending: signal.Signals
) -> None:
    with infra() as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith("export KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:")
        children = [child.pid for child in psutil.Process(running.pid).children(recursive=True)]
        running.send_signal(ending)
        running.communicate(timeout=10)
    assert running.returncode == 0
    assert len(children) == 2
    assert gone(children)


def test_infra_that_is_killed_leaves_nothing_and_starts_again_at_once(
    infra: Callable[[], subprocess.Popen[str]], tmp_path: Path
) -> None:
    with infra() as first:
        assert first.stdout is not None
        first.stdout.readline()
        children = [child.pid for child in psutil.Process(first.pid).children(recursive=True)]
        first.send_signal(signal.SIGKILL)
    with infra() as second:
        assert second.stdout is not None
        assert second.stdout.readline().startswith("export ")
        assert gone(children)
        refused = refusal("infra", environment(tmp_path), tmp_path)
        second.send_signal(signal.SIGTERM)
        second.communicate(timeout=10)
    assert f"in use by another run (process {second.pid})" in refused
