"""The supervisor with real processes: small stand-ins for the services."""

import io
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import psutil
import pytest

from nexus_devstack.console import Console
from nexus_devstack.errors import StackError
from nexus_devstack.ports import free_port
from nexus_devstack.program import Program, accepts_connections, reports_ready
from nexus_devstack.supervisor import Supervisor

WEB = """
import http.server, signal, subprocess, sys
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"{}")
    def log_message(self, *args): pass
def leave(*_):
    print("left in order", flush=True); sys.exit(0)
port, manner = int(sys.argv[1]), sys.argv[2]
signal.signal(signal.SIGTERM, signal.SIG_IGN if manner == "stubborn" else leave)
if manner == "parent":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print("child", child.pid, flush=True)
http.server.ThreadingHTTPServer.allow_reuse_address = True
print("up", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", port), Health).serve_forever()
"""
NOISE = "import sys; sys.stdout.buffer.write(b'x' * 300_000 + b'\\xff\\n')"


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
async def supervisor(output: io.StringIO) -> AsyncGenerator[Supervisor, None]:
    started = Supervisor(Console(output))
    yield started
    await started.stop(started.names)


def web(name: str, manner: str = "plain", port: int | None = None) -> Program:
    chosen = port or free_port()
    argv = [sys.executable, "-c", WEB, str(chosen), manner]
    return Program(name, lambda: argv, {}, reports_ready(chosen), stop_seconds=1.0)


def script(name: str, code: str, port: int | None = None) -> Program:
    return Program(name, lambda: [sys.executable, "-c", code], {}, accepts_connections(port or free_port()))


def gone(pids: list[int]) -> bool:
    """Whether none of them runs any more, within five seconds."""
    known = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    _, alive = psutil.wait_procs(known, timeout=5)
    return not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


async def test_a_killed_process_is_back_within_two_seconds(supervisor: Supervisor) -> None:
    await supervisor.start([web("builds"), web("agents")], 10)
    other, pid = supervisor["agents"].pid, supervisor["builds"].pid
    began = time.monotonic()
    supervisor["builds"].kill()
    await supervisor["builds"].wait_ready(5)
    assert time.monotonic() - began < 2
    assert supervisor["builds"].pid != pid
    assert supervisor["agents"].pid == other


async def test_one_that_keeps_dying_is_started_ever_more_slowly(supervisor: Supervisor) -> None:
    port, starts = free_port(), list[float]()
    healthy = [sys.executable, "-c", WEB, str(port), "plain"]

    def argv() -> list[str]:
        starts.append(time.monotonic())
        return [sys.executable, "-c", "raise SystemExit(3)"] if 2 <= len(starts) <= 3 else healthy

    await supervisor.start([Program("builds", argv, {}, reports_ready(port))], 10)
    supervisor["builds"].kill()
    await supervisor["builds"].wait_ready(10)
    gaps = [later - earlier for earlier, later in zip(starts[1:], starts[2:], strict=False)]
    assert len(starts) == 4
    assert [gap >= least for gap, least in zip(gaps, (0.5, 1.0), strict=True)] == [True, True]


async def test_one_that_ends_by_itself_during_start_is_quoted(supervisor: Supervisor) -> None:
    code = "import sys; sys.stderr.write('error: setting PORT: too large\\n'); sys.exit(2)"
    with pytest.raises(StackError, match="stats ended with exit status 2 during start: error: setting PORT: too large"):
        await supervisor.start([web("builds"), script("stats", code)], 10)


async def test_one_that_never_gets_ready_is_named(supervisor: Supervisor) -> None:
    with pytest.raises(StackError, match="stats is not ready after 1 s: nothing listens on port"):
        await supervisor.start([script("stats", "import time; time.sleep(600)")], 1)


async def test_a_program_that_is_not_there_is_named(supervisor: Supervisor) -> None:
    missing = Program("kafka", lambda: ["/nowhere/broker"], {}, accepts_connections(free_port()))
    with pytest.raises(StackError, match="cannot run /nowhere/broker"):
        await supervisor.start([missing], 10)


async def test_a_stop_is_graceful_and_bounded(supervisor: Supervisor, output: io.StringIO) -> None:
    await supervisor.start([web("builds"), web("agents", "stubborn")], 10)
    pids = [supervisor[name].pid for name in supervisor.names]
    began = time.monotonic()
    await supervisor.stop(["builds"], ["agents"])
    assert time.monotonic() - began < 4
    assert gone(pids)
    assert "builds  | left in order" in output.getvalue()
    assert "agents did not stop within 1 s and is killed" in output.getvalue()


async def test_a_paused_process_is_stopped_too(supervisor: Supervisor) -> None:
    await supervisor.start([web("builds")], 10)
    supervisor["builds"].signal(signal.SIGSTOP)
    pid = supervisor["builds"].pid
    await supervisor.stop(["builds"])
    assert gone([pid])


async def test_what_a_process_started_goes_with_it(supervisor: Supervisor) -> None:
    await supervisor.start([web("builds", "parent")], 10)
    child = next(int(line.split()[1]) for line in supervisor["builds"].tail if line.startswith("child"))
    supervisor["builds"].kill()
    assert gone([child])


async def test_a_line_without_end_and_broken_text_are_shown(supervisor: Supervisor, output: io.StringIO) -> None:
    port = free_port()
    argv = [sys.executable, "-c", f"{NOISE}{WEB}", str(port), "plain"]
    await supervisor.start([Program("builds", lambda: argv, {}, reports_ready(port))], 10)
    await supervisor.stop(["builds"])
    assert output.getvalue().count("x") >= 300_000
    assert "�" in output.getvalue()


SUPERVISED = """
import asyncio, sys
from nexus_devstack.console import Console
from nexus_devstack.ports import free_port
from nexus_devstack.program import Program, reports_ready
from nexus_devstack.supervisor import Supervisor
async def main():
    supervisor = Supervisor(Console(sys.stderr))
    port = free_port()
    argv = [sys.executable, "-c", sys.argv[1], str(port), "plain"]
    await supervisor.start([Program("builds", lambda: argv, {}, reports_ready(port))], 10)
    print(supervisor["builds"].pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def test_nothing_survives_a_supervisor_that_is_killed() -> None:
    argv = [sys.executable, "-c", SUPERVISED, WEB]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout is not None
        pid = int(running.stdout.readline())
        assert psutil.pid_exists(pid)
        running.send_signal(signal.SIGKILL)
    assert gone([pid])


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
    assert "choose one of: run, demo, infra" in refusal("walk", environment(tmp_path), tmp_path)


@pytest.mark.parametrize("setting", ["GATEWAY_PORT", "KAFKA_PORT"])
async def test_a_port_in_use_is_named_before_anything_starts(
    tmp_path: Path, supervisor: Supervisor, setting: str
) -> None:
    port = free_port()
    await supervisor.start([web("other", port=port)], 10)
    said = refusal("run", environment(tmp_path, **{setting: port}), tmp_path)
    assert f"port {port} ({setting}) is in use" in said
    assert not (tmp_path / "data" / "database").exists()


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
