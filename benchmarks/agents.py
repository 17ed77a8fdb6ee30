"""What the platform adds to an agent: invocations, turns, streams, many agents, their start and memory.

The agent answers at once, so that what is measured is the platform's. `overhead` is the time over HTTP less that of the
same agent asked over its socket, p50 of each. CPU time is that of the
services and the agent, above what they use at rest. `beside a flood`: while another agent streams tool events as fast
as they are taken. Budgets are of a machine that does nothing else.
"""

import asyncio
import contextlib
import io
import json
import random
import tempfile
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from benchmarks.runner.figures import Figure, percentile
from benchmarks.runner.load import Request, load
from benchmarks.runner.meter import LOAD_SECONDS, Meter
from benchmarks.runner.platform import platform
from benchmarks.runner.yardstick import Yardstick
from nexus_agents.backends.local.backend import open_local_backend
from nexus_agents.domain.backend import DeployedAgent, InvokeRequest, PackageRef
from nexus_devstack.stack import Stack
from nexus_runtime.blobs import DirectoryBlobStore

AGENT_PROCESSES = "agent processes"
SERVICES = ("gateway", "agents", "stats")
MANY, ALONE, TOGETHER = 16, 100, 320
SPREAD, IDLE, STARTED = 50, 100, 10
PIECES, PIECE_SECONDS = 100, 0.02
FLOOD, BESIDE = 20_000, 60
OVERHEAD_MS, CPU_MS, SPREAD_MS, LAG_MS = 25.0, 8.0, 60.0, 50.0
IDLE_MB, START_SECONDS = 2048.0, 2.0

AGENT = """
import json, os, socketserver, time
from http.server import BaseHTTPRequestHandler

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(b'{"status": "Healthy", "time_of_last_update": 0}')

    def do_POST(self):
        prompt = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["prompt"]
        if not prompt.startswith(("say ", "flood ")):
            return self.answer(json.dumps({"output": prompt}).encode())
        said, number, *seconds = prompt.split()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for place in range(int(number)):
            if said == "flood":
                kind = ("tool_use", "tool_result")[place % 2]
                self.say({kind: {"name": "look", "output": "nothing on page %d" % place}} if place else "Well. ")
            else:
                self.say("%.6f " % time.time())
                time.sleep(float(seconds[0]))

    def say(self, event):
        self.wfile.write(b"data: %s\\n\\n" % json.dumps(event).encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

Server(os.environ["AGENT_SOCKET"], Handler).serve_forever()
"""


def package() -> bytes:
    manifest = {"name": "measured", "version": "1.0.0", "entrypoint": "main.py"}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        archive.writestr("main.py", AGENT)
    return buffer.getvalue()


class Api:
    """Requests as a user's program sends them, to the agents that were deployed."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http
        self.agents: list[str] = []
        self.sessions: list[str] = []
        self._chance = random.Random(7)

    async def upload(self) -> str:
        form = aiohttp.FormData()
        form.add_field("file", package(), filename="measured.zip", content_type="application/zip")
        return (await self.call("POST", "/packages", data=form))["package_id"]

    async def deploy(self, package_id: str, number: int) -> None:
        async def one(place: int) -> None:
            body = {"agent_name": f"measured{place}", "package_id": package_id}
            self.agents.append((await self.call("POST", "/agents", json=body))["agent_id"])

        await load(one, clients=4, count=number, seconds=20 * LOAD_SECONDS, first=len(self.agents))

    async def invoke(self, number: int) -> None:
        await self._invoke(self.agents[0], str(number))

    async def invoke_each(self, number: int) -> None:
        await self._invoke(self.agents[number % SPREAD], str(number))

    async def invoke_any(self, number: int) -> None:
        await self._invoke(self._chance.choice(self.agents[:SPREAD]), str(number))

    async def turn(self, number: int) -> None:
        session = self.sessions[number % len(self.sessions)]
        answer = await self.call("POST", f"/sessions/{session}/messages", json={"content": str(number)})
        assert answer["assistant_message"]["content"] == str(number)

    async def open_sessions(self, number: int) -> None:
        for _ in range(number):
            session = await self.call("POST", f"/agents/{self.agents[0]}/sessions", json={})
            self.sessions.append(session["session_id"])

    async def lags(self) -> list[float]:
        """Milliseconds between what the agent said and its arrival here, piece by piece."""
        found: list[float] = []
        body = {"input_text": f"say {PIECES} {PIECE_SECONDS}"}
        path = f"/api/v1/agents/{self.agents[0]}/invoke"
        async with self._http.post(path, json=body, headers={"Accept": "text/event-stream"}) as response:
            async for line in response.content:
                if line.startswith(b'data: {"text"'):
                    now = time.time()
                    said: str = json.loads(line[6:])["text"]
                    found += [(now - float(moment)) * 1000 for moment in said.split()]
        return found

    async def flood(self) -> None:
        body = {"input_text": f"flood {FLOOD}"}
        path = f"/api/v1/agents/{self.agents[1]}/invoke"
        async with self._http.post(path, json=body, headers={"Accept": "text/event-stream"}) as response:
            while await response.content.readany():
                pass

    async def call(self, method: str, path: str, **sent: Any) -> Any:
        async with self._http.request(method, f"/api/v1{path}", **sent) as response:
            answer = await response.json()
            if response.status not in (200, 201):
                raise ValueError(f"{method} {path} answered {response.status}: {answer}")
            return answer["data"]

    async def _invoke(self, agent_id: str, text: str) -> None:
        answer = await self.call("POST", f"/agents/{agent_id}/invoke", json={"input_text": text})
        assert answer["output"] == text


async def measure() -> list[Figure]:
    async with platform("agents") as stack, aiohttp.ClientSession(stack.gateway_url) as http:
        api = Api(http)
        package_id = await api.upload()
        await api.deploy(package_id, 1)
        await api.open_sessions(MANY)
        for request in (api.invoke, api.turn):
            await load(request, clients=MANY, count=4 * MANY, seconds=LOAD_SECONDS)
        pids = {name: stack.pid(name) for name in stack.supervisor.names}
        meter = await Meter.at_rest(pids, AGENT_PROCESSES)
        y = Yardstick(stack.endpoints).y()
        figures = [Figure("y", y, "ms"), *await _requests(api, meter, y)]
        figures += _lags(await api.lags())
        await api.deploy(package_id, 1)
        figures += await _beside_a_flood(api)
        await api.deploy(package_id, IDLE - len(api.agents))
        figures += [await _memory(stack), await _start(stack, api)]
        return [*figures, *await _spread(stack, api, meter)]


async def _requests(api: Api, meter: Meter, y: float) -> list[Figure]:
    direct = await _direct()
    alone, cpu = await meter.over(api.invoke, clients=1, count=ALONE)
    figures = [
        Figure("direct p50", direct, "ms"),
        Figure("invoke 1 overhead p50", percentile(alone.latencies, 50) - direct, "ms", OVERHEAD_MS),
        Figure("invoke 1 overhead p99", percentile(alone.latencies, 99) - direct, "ms"),
        *_cpu("invoke 1", cpu.used, cpu.idle),
    ]
    wanted: list[tuple[str, Request, int]] = [("invoke", api.invoke, MANY), ("turn", api.turn, 1)]
    for name, request, clients in [*wanted, ("turn", api.turn, MANY)]:
        done, cpu = await meter.over(request, clients=clients, count=ALONE if clients == 1 else TOGETHER)
        named = f"{name} {clients}"
        figures += [Figure(f"{named} p{one}", percentile(done.latencies, one), "ms") for one in (50, 99)]
        figures += _cpu(named, cpu.used, cpu.idle)
        figures.append(Figure(f"{named} cpu above idle in y", (_sum(cpu.used) - _sum(cpu.idle)) / y, "y"))
    return figures


def _cpu(named: str, used: Mapping[str, float], idle: Mapping[str, float]) -> list[Figure]:
    """Of the services with the agent itself, then by process: above what each uses at rest, for one request."""
    budget = CPU_MS if named == f"invoke {MANY}" else None
    each = [Figure(f"{named} cpu {name} above idle", used[name] - idle[name], "ms") for name in used]
    return [Figure(f"{named} cpu above idle", _sum(used) - _sum(idle), "ms", budget), *each]


def _sum(cpu: Mapping[str, float]) -> float:
    return sum(cpu[name] for name in (*SERVICES, AGENT_PROCESSES))


async def _direct() -> float:
    """p50 of the agent asked over its socket, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        blobs = DirectoryBlobStore(Path(folder))
        blob = await blobs.put(package())
        agent = DeployedAgent("measured", PackageRef(blob.uri, blob.sha256), "", "")
        backend = await open_local_backend(blobs)
        try:

            async def invoke(number: int) -> None:
                await backend.invoke(agent, InvokeRequest(str(number)))

            await invoke(0)
            return percentile((await load(invoke, clients=1, count=ALONE, seconds=LOAD_SECONDS)).latencies, 50)
        finally:
            await backend.stop()


def _lags(lags: list[float]) -> list[Figure]:
    first = Figure("stream first piece", lags[0], "ms", LAG_MS)
    return [first, *(Figure(f"stream lag p{one}", percentile(lags, one), "ms") for one in (50, 99))]


async def _beside_a_flood(api: Api) -> list[Figure]:
    """The p50 of one client's invocations, and what it is while the other agent floods its caller."""

    async def flooding() -> None:
        while True:
            await api.flood()

    figures: list[Figure] = []
    for named in ("before a flood", "beside a flood"):
        flood = asyncio.create_task(flooding()) if named == "beside a flood" else None
        done = await load(api.invoke, clients=1, count=BESIDE, seconds=2 * LOAD_SECONDS)
        if flood is not None:
            flood.cancel()
            await asyncio.gather(flood, return_exceptions=True)
        figures += [Figure(f"invoke 1 {named} p{one}", percentile(done.latencies, one), "ms") for one in (50, 99)]
    return figures


async def _memory(stack: Stack) -> Figure:
    """Proportional set size: what is shared counts once."""
    running = psutil.Process(stack.pid("agents")).children(recursive=True)
    size = sum(await asyncio.to_thread(lambda: [child.memory_full_info().pss for child in running]))
    return Figure(f"memory of {IDLE} idle agents", size / 2**20, "MB", IDLE_MB)


async def _start(stack: Stack, api: Api) -> Figure:
    """Agents without a process, invoked at once: until the last has answered."""
    running = psutil.Process(stack.pid("agents")).children(recursive=True)
    for child in running:
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended with its parent
            child.kill()
    await asyncio.to_thread(psutil.wait_procs, running, 10)
    done = await load(api.invoke_each, clients=STARTED, count=STARTED, seconds=LOAD_SECONDS)
    return Figure(f"start of {STARTED} agents", done.seconds, "s", START_SECONDS)


async def _spread(stack: Stack, api: Api, meter: Meter) -> list[Figure]:
    await load(api.invoke_each, clients=MANY, count=SPREAD, seconds=4 * LOAD_SECONDS)
    before = await _starts(stack)
    done, cpu = await meter.over(api.invoke_any, clients=MANY, count=2 * TOGETHER)
    named = f"{SPREAD} agents, {MANY} clients"
    return [
        Figure(f"{named} p50", percentile(done.latencies, 50), "ms", SPREAD_MS),
        Figure(f"{named} p99", percentile(done.latencies, 99), "ms"),
        Figure(f"{named} cpu above idle", _sum(cpu.used) - _sum(cpu.idle), "ms"),
        Figure(f"{named} starts", await _starts(stack) - before, ""),
    ]


async def _starts(stack: Stack) -> float:
    """Of agents' processes, so far."""
    async with aiohttp.ClientSession() as http, http.get(stack.url("agents") + "/metrics") as response:
        lines = (await response.text()).splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("nexus_agent_starts_total{"))
