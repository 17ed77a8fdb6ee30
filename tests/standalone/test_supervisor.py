"""The supervisor with real processes: small stand-ins for the services."""

import asyncio
import io
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from itertools import pairwise

import psutil
import pytest
from tests.support.eventually import eventually

from nexus_devstack.console import Console
from nexus_devstack.errors import StackError
from nexus_devstack.listener import Listener
from nexus_devstack.ports import free_port
from nexus_devstack.program import Program, accepts_connections, reports_ready
from nexus_devstack.supervisor import Supervisor

WEB = """
import http.server, os, signal, socket, subprocess, sys, threading
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"{}")
    def log_message(self, *args): pass
class Public(http.server.ThreadingHTTPServer):
    daemon_threads = False
def leave(*_):
    if public is not None: # answers whom it has accepted
        public.shutdown(); public.server_close()
    print("left in order", flush=True); sys.exit(0)
public = None
port, manner = int(sys.argv[1]), sys.argv[2]
signal.signal(signal.SIGTERM, signal.SIG_IGN if manner == "stubborn" else leave)
if manner == "parent":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print("child", child.pid, flush=True)
if "PUBLIC_FD" in os.environ:
    public = Public(("", 0), Health, bind_and_activate=False)
    public.socket = socket.socket(fileno=int(os.environ["PUBLIC_FD"]))
    public.server_activate()
    threading.Thread(target=public.serve_forever, args=(0.02,), daemon=True).start()
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


async def test_a_killed_process_comes_back_alone(supervisor: Supervisor) -> None:
    await supervisor.start([web("builds"), web("agents")], 10)
    other, pid = supervisor["agents"].pid, supervisor["builds"].pid
    supervisor["builds"].kill()
    await supervisor["builds"].wait_ready(30)
    assert supervisor["builds"].pid != pid
    assert supervisor["agents"].pid == other


async def test_a_restarted_process_leaves_in_order_and_is_back(supervisor: Supervisor) -> None:
    await supervisor.start([web("builds")], 10)
    supervisor["builds"].restart()
    await supervisor["builds"].wait_ready(5)
    assert supervisor["builds"].starts == 2
    assert "left in order" in supervisor["builds"].tail


async def test_who_waits_for_one_that_is_no_longer_ready_waits_until_it_is_again(supervisor: Supervisor) -> None:
    missing: list[str] = []

    async def readiness() -> str | None:
        return missing[0] if missing else None

    argv = [sys.executable, "-c", "import time; time.sleep(600)"]
    await supervisor.start([Program("builds", lambda: argv, {}, readiness)], 10)
    missing.append("the broker is unavailable")
    with pytest.raises(StackError, match="builds is not ready after 0 s: the broker is unavailable"):
        await supervisor["builds"].wait_ready(0.3)
    missing.clear()
    await supervisor["builds"].wait_ready(5)


def served(name: str, listener: Listener, manner: str = "plain") -> Program:
    return replace(web(name, manner), listener=listener, finish_seconds=60.0)


async def asked(port: int, until: asyncio.Event) -> list[str]:
    """What a caller sees that connects again and again."""
    seen: list[str] = []
    while not until.is_set():
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            seen.append((await reader.readline()).decode().strip())
            writer.close()
        except OSError as error:
            seen.append(repr(error))
        await asyncio.sleep(0.002)
    return seen


async def test_one_is_replaced_without_a_connection_being_refused_or_lost(supervisor: Supervisor) -> None:
    port, over = free_port(), asyncio.Event()
    listener = Listener("127.0.0.1", port)
    await supervisor.start([served("builds", listener)], 10)
    former = supervisor["builds"]
    asking = [asyncio.create_task(asked(port, over)) for _ in range(4)]
    await supervisor.replace(served("builds", listener), {}, 10)
    assert supervisor["builds"] is not former
    await eventually(lambda: "left in order" in former.tail)
    over.set()
    seen = [line for lines in await asyncio.gather(*asking) for line in lines]
    assert set(seen) == {"HTTP/1.0 200 OK"}
    assert supervisor["builds"].starts == 2


async def test_one_whose_successor_fails_goes_on(supervisor: Supervisor) -> None:
    listener = Listener("127.0.0.1", free_port())
    await supervisor.start([served("builds", listener)], 10)
    former = supervisor["builds"]
    with pytest.raises(StackError, match="builds ended with exit status 3 during start"):
        await supervisor.replace(replace(script("builds", "raise SystemExit(3)"), listener=listener), {}, 10)
    assert (supervisor["builds"], former.ready.is_set()) == (former, True)


async def test_a_stop_ends_successor_and_predecessor_too(supervisor: Supervisor) -> None:
    listener, others = Listener("127.0.0.1", free_port()), set(psutil.Process().children())
    await supervisor.start([served("builds", listener, "stubborn")], 10)
    await supervisor.replace(served("builds", listener, "stubborn"), {}, 10)
    starting = asyncio.create_task(supervisor.replace(script("builds", "import time; time.sleep(600)"), {}, 60))
    await eventually(lambda: len(set(psutil.Process().children()) - others) == 3)
    pids = [child.pid for child in set(psutil.Process().children()) - others]
    await supervisor.stop(["builds"])
    with pytest.raises(StackError):
        await starting
    assert gone(pids)


async def test_where_nobody_listens_any_more_connections_are_refused(supervisor: Supervisor) -> None:
    port = free_port()
    await supervisor.start([served("builds", Listener("127.0.0.1", port))], 10)
    await supervisor.stop(["builds"])
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_one_that_keeps_dying_is_started_ever_more_slowly(supervisor: Supervisor) -> None:
    port, starts = free_port(), list[float]()
    healthy = [sys.executable, "-c", WEB, str(port), "plain"]

    def argv() -> list[str]:
        starts.append(time.monotonic())
        return [sys.executable, "-c", "raise SystemExit(3)"] if 2 <= len(starts) <= 3 else healthy

    await supervisor.start([Program("builds", argv, {}, reports_ready(port))], 10)
    supervisor["builds"].kill()
    await supervisor["builds"].wait_ready(10)
    _, second, third = (later - earlier for earlier, later in pairwise(starts))
    assert second >= 0.5
    assert third >= 1.0


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
    assert "agents did not stop within 1 s and was killed" in output.getvalue()


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
