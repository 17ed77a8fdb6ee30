"""`run` as a whole: the real command, broker and database, with stand-ins in the services' places."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from nexus_devstack.ports import free_port

SERVICE = """
import http.server, json, os, signal, socket, sys, threading
name = __package__
if os.environ.get("BROKEN") == name:
    sys.stderr.write("error: setting SIGNING_KEY: field required\\n"); sys.exit(2)
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(json.dumps(dict(os.environ)).encode())
    def log_message(self, *args): pass
def leave(*_):
    print(json.dumps({"event": "left in order"}), flush=True); sys.exit(0)
signal.signal(signal.SIGTERM, leave)
signal.signal(signal.SIGUSR1, leave)
print(json.dumps({"event": "开始", "level": "info"}), flush=True)
public = http.server.ThreadingHTTPServer(("", 0), Health, bind_and_activate=False)
public.socket = socket.socket(fileno=int(os.environ["PUBLIC_FD"]))
public.server_activate()
threading.Thread(target=public.serve_forever, daemon=True).start()
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Health).serve_forever()
"""
SETTINGS = """
from nexus_runtime.process.settings import ServiceSettings
class WorkerSettings(ServiceSettings):
    models: list[str] = []
    worker_concurrency: int = 4
GatewaySettings = BuildsSettings = AgentsSettings = StatsSettings = ServiceSettings
"""
SERVICES = ("gateway", "builds", "worker", "agents", "stats")
Line = dict[str, str]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    for package in ("nexus_gateway", "nexus_builds", "nexus_builds/worker", "nexus_agents", "nexus_stats"):
        folder = tmp_path / "services" / package
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "__main__.py").write_text(SERVICE, encoding="utf-8")
        (folder / "settings.py").write_text(SETTINGS, encoding="utf-8")
        (folder / "tables.py").write_text("TABLES = ()\n", encoding="utf-8")
    ports = {f"{name.upper()}_PORT": str(free_port()) for name in (*SERVICES, "kafka", "dynamodb")}
    own = {"NEXUS_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(tmp_path / "services")}
    return {**own, **ports, "LOG_FORMAT": "json", "PATH": "/usr/bin:/bin"}


@contextmanager
def running(env: dict[str, str], folder: Path) -> Generator[subprocess.Popen[str], None, None]:
    argv = [sys.executable, "-m", "nexus_devstack", "run"]
    with subprocess.Popen(
        argv, env=env, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def lines_until(started: subprocess.Popen[str], wanted: Callable[[Line], bool]) -> list[Line]:
    """What it prints up to the wanted line; fails at the end of the output."""
    seen: list[Line] = []
    assert started.stdout is not None
    for text in started.stdout:
        seen.append(json.loads(text))
        if wanted(seen[-1]):
            return seen
    raise AssertionError(f"not among {seen}")


def said(text: str) -> Callable[[Line], bool]:
    return lambda line: text in line.get("message", "")


def descendants(started: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(started.pid).children(recursive=True)


def services(supervisor: psutil.Process) -> list[psutil.Process]:
    named = {"nexus_gateway", "nexus_builds", "nexus_builds.worker", "nexus_agents", "nexus_stats"}
    return [each for each in supervisor.children(recursive=True) if named & set(each.cmdline())]


def gone(known: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(known, timeout=5)
    return not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


def test_it_comes_up_says_what_next_and_leaves_in_order(env: dict[str, str], tmp_path: Path) -> None:
    with running(env, tmp_path) as started:
        before = lines_until(started, said("stop        Ctrl-C"))
        assert {line["process"] for line in before} >= {*SERVICES, "kafka", "nexus"}
        assert sum(line.get("event") == "开始" for line in before) == len(SERVICES)
        assert any(f"http://127.0.0.1:{env['GATEWAY_PORT']}" in line.get("message", "") for line in before)
        known = descendants(started)
        assert len(known) == len(SERVICES) + 2
        started.send_signal(signal.SIGINT)
        output, errors = started.communicate(timeout=20)
    assert (started.returncode, errors) == (0, "")
    left = [json.loads(line)["process"] for line in output.splitlines() if "left in order" in line]
    assert left[0] == "gateway"
    assert sorted(left) == sorted(SERVICES)
    assert gone(known)


def test_every_process_gets_its_settings(env: dict[str, str], tmp_path: Path) -> None:
    with running(env | {"NEXUS_ENVIRONMENT": "production"}, tmp_path) as started:
        lines_until(started, said("the platform is ready"))
        with urlopen(f"http://127.0.0.1:{env['WORKER_PORT']}/") as response:
            given = json.loads(response.read())
        started.send_signal(signal.SIGTERM)
        started.communicate(timeout=20)
    assert given["KAFKA_BOOTSTRAP_SERVERS"] == f"127.0.0.1:{env['KAFKA_PORT']}"
    assert given["DYNAMODB_ENDPOINT_URL"] == f"http://127.0.0.1:{env['DYNAMODB_PORT']}"
    assert given["AGENTS_URL"] == f"http://127.0.0.1:{env['AGENTS_PORT']}"
    assert (given["KAFKA_VOLATILE"], given["LOG_FORMAT"]) == ("true", "json")
    assert given["PUBLIC_ADDRESS"] == f"127.0.0.1:{env['WORKER_PORT']}"
    assert Path(given["PACKAGES_URL"].removeprefix("file://")).is_dir()
    assert "NEXUS_ENVIRONMENT" not in given


def test_a_killed_service_is_started_again(env: dict[str, str], tmp_path: Path) -> None:
    with running(env, tmp_path) as started:
        lines_until(started, said("the platform is ready"))
        victim = next(each for each in descendants(started) if "nexus_builds.worker" in each.cmdline())
        victim.kill()
        seen = lines_until(started, lambda line: line["process"] == "worker" and line.get("event") == "开始")
        assert any("worker was killed by SIGKILL; it is started again now" in line.get("message", "") for line in seen)
        known = descendants(started)
        started.kill()
    assert gone(known)


def test_a_service_with_a_bad_setting_stops_all_of_it(env: dict[str, str], tmp_path: Path) -> None:
    with running(env | {"BROKEN": "nexus_stats"}, tmp_path) as started:
        _, errors = started.communicate(timeout=20)
    assert started.returncode == 1
    assert errors == "error: stats ended with exit status 2 during start: error: setting SIGNING_KEY: field required\n"


def test_a_signal_during_start_stops_all_of_it(env: dict[str, str], tmp_path: Path) -> None:
    with running(env, tmp_path) as started:
        lines_until(started, lambda line: line["process"] == "kafka")
        known = descendants(started)
        started.send_signal(signal.SIGTERM)
        started.communicate(timeout=20)
    assert started.returncode == 0
    assert gone(known)


def deployed(env: dict[str, str], folder: Path, *verb: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "nexus_devstack.deploy", *verb]
    more = {"ENVIRONMENT": "production", "GATEWAY_PROCESSES": "1"}
    return subprocess.run(argv, env={**more, **env}, cwd=folder, capture_output=True, text=True, timeout=90)


def test_deployed_it_outlives_its_shell_and_a_killed_child_and_stops_when_told(
    env: dict[str, str], tmp_path: Path
) -> None:
    try:
        assert deployed(env, tmp_path, "status").returncode == 3
        started = deployed(env, tmp_path, "start")
        assert (started.returncode, "the platform is ready" in started.stdout) == (0, True), started
        assert "running already" in deployed(env, tmp_path, "start").stdout
        supervisor = psutil.Process(int((tmp_path / "data" / "lock").read_text(encoding="utf-8")))
        known = supervisor.children(recursive=True)
        next(each for each in known if "nexus_agents" in each.cmdline()).kill()
        follow = [sys.executable, "-m", "nexus_devstack.deploy", "logs"]
        with subprocess.Popen(follow, env=env, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as reading:
            lines_until(reading, said("agents was killed by SIGKILL"))
            lines_until(reading, lambda line: line["process"] == "agents" and line.get("event") == "开始")
            reading.kill()
        refused = deployed(env | {"WORKER_CONCURRENCY": "lots"}, tmp_path, "restart")
        assert (refused.returncode, "WORKER_CONCURRENCY" in refused.stderr) == (1, True), refused
        assert supervisor.is_running()
        before = {each.pid for each in services(supervisor)}
        assert deployed(env, tmp_path, "reload").stdout == "all services were replaced\n"
        known += supervisor.children(recursive=True)
        assert before.isdisjoint(each.pid for each in services(supervisor))
    finally:
        stopped = deployed(env, tmp_path, "stop")
    assert (stopped.returncode, stopped.stdout) == (0, "the platform is stopped\n")
    assert gone([supervisor, *known])


def test_a_deployment_that_fails_leaves_nothing_running(env: dict[str, str], tmp_path: Path) -> None:
    failed = deployed(env | {"BROKEN": "nexus_stats"}, tmp_path, "start")
    assert failed.returncode == 1
    assert "setting SIGNING_KEY: field required" in failed.stderr
    assert deployed(env, tmp_path, "status").returncode == 3
