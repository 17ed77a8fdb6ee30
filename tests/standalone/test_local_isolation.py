"""How far a local agent reaches, and that none outlives a service that is killed."""

import asyncio
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import cast

import psutil
import pytest
from tests.support.agent_packages import script, talker
from tests.support.eventually import eventually
from tests.support.local_backends import BUBBLEWRAP_WORKS, MODES, Bench, lives, processes_at, raw_of, told

from nexus_agents import metrics
from nexus_agents.backends.local import pool
from nexus_agents.domain.backend_errors import (
    AgentCrashed,
    AgentFailed,
    AgentNotStarted,
    AgentOverLimit,
    AgentTimedOut,
    AnswerRefused,
    BackendError,
    BackendRefused,
)
from nexus_sandbox.sandbox import Limits, choose_sandbox

PLATFORM = {"AGENT_SOCKET", "HOME", "LANG", "LC_CTYPE", "MALLOC_ARENA_MAX", "PATH", "PWD", "TMPDIR", "TZ"}
PROBED = [
    "none",
    pytest.param(
        "bubblewrap",
        marks=pytest.mark.skipif(not BUBBLEWRAP_WORKS, reason="bubblewrap is not installed or does not work here"),
    ),
]


@pytest.mark.parametrize("mode", PROBED)
async def test_what_an_agent_can_reach_is_what_its_deployment_says(
    bench: Bench, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-service")
    backend = await bench.backend(mode)
    agent = await bench.agent(talker(env={"GREETING": "hi"}))
    deployment = await backend.deploy(agent.agent_id, agent.package)
    isolated = mode == "bubblewrap"
    assert deployment.isolated == isolated
    environment = cast(dict[str, str], raw_of(await told(backend, agent, "environment"))["environment"])
    assert set(environment) <= {
        "AGENT_SOCKET",
        "GREETING",
        "HOME",
        "LANG",
        "LC_CTYPE",
        "MALLOC_ARENA_MAX",
        "PATH",
        "PWD",
        "TMPDIR",
        "TZ",
    }
    assert environment["GREETING"] == "hi"
    listener = socket.create_server(("127.0.0.1", 0))
    reached = (await told(backend, agent, f"network {listener.getsockname()[1]}")).output
    listener.close()
    assert (reached != "connected") == isolated
    assert (await told(backend, agent, "file /etc/passwd")).output.startswith("FileNotFound") == isolated
    assert (await told(backend, agent, f"file {bench.root}/blobs")).output.startswith("FileNotFound") == isolated
    assert (await told(backend, agent, "memory 3000000000")).output == "MemoryError"
    if isolated:
        assert (await told(backend, agent, "neighbours a-secret-of-the-service")).output == "0"
        assert (await told(backend, agent, "write /package/main.py")).output != "written"
        assert (await told(backend, agent, "write /usr/lib/x")).output != "written"
        assert (await told(backend, agent, "write /tmp/x")).output == "written"


async def test_an_agent_cannot_point_its_socket_elsewhere(bench: Bench) -> None:
    backend = await bench.backend()
    agent = await bench.agent()
    answer = await told(backend, agent, "swap_socket /somewhere/else")
    assert answer.output == "swapped"
    assert (await told(backend, agent, "echo the same agent")).output == "the same agent"


async def test_without_bubblewrap_the_deployment_says_that_it_is_not_isolated() -> None:
    sandbox = await choose_sandbox(executable="bubblewrap-that-is-not-there")
    assert (sandbox.isolated, sandbox.description) == (False, "not isolated: bubblewrap is not installed")
    with pytest.raises(RuntimeError, match="bubblewrap is not installed"):
        await choose_sandbox("bubblewrap", executable="bubblewrap-that-is-not-there")


async def test_where_isolation_is_required_no_agent_starts_without_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    backend = await bench.backend("required")
    await backend.try_out(talker())
    agent = await bench.agent()
    with pytest.raises(BackendRefused, match="unless they are isolated: not isolated: bubblewrap is not installed"):
        await backend.deploy(agent.agent_id, agent.package)
    with pytest.raises(BackendRefused):
        await told(backend, agent, "echo x")


async def test_a_bubblewrap_that_does_not_work_is_not_relied_on() -> None:
    sandbox = await choose_sandbox(executable=sys.executable)
    assert not sandbox.isolated
    assert sandbox.description.startswith("not isolated: bubblewrap does not work here")


async def test_limits_are_the_agents_own(bench: Bench) -> None:
    backend = await bench.backend(limits=Limits(memory_bytes=512 << 20))
    assert (await told(backend, await bench.agent(), "memory 600000000")).output == "MemoryError"


HOSTILE: dict[str, type[BackendError] | str] = {
    "forks 300": AgentOverLimit,
    "hoard 6 80000000": AgentOverLimit,
    "memory 8000000000": "MemoryError",
    "file /etc/shadow": "FileNotFoundError",
    "fill /tmp": "No space left on device",
    "fill /run/agent": AgentOverLimit,
    "nameless 20": AgentOverLimit,
    "litter 100": AgentOverLimit,
    "share 6 80000000": AgentOverLimit,
    "shout": AgentTimedOut,
    "spin": AgentTimedOut,
    "value {not json": AgentFailed,
    "half": AgentCrashed,
    "hang_up": AgentCrashed,
    "line 100": AnswerRefused,
}
CLEAR = "|".join(
    (
        "more than 32 processes",
        "more than 256 MB",
        "files of more than 64 MB",
        "more than 50 files",
        "MemoryError",
        "FileNotFound",
        "No space",
        "No answer within",
        "not JSON",
        "while it answered",
        "more than 8000000 bytes",
        "closed the connection",
    )
)
NEEDS_ISOLATION = ("file /etc/shadow", "fill /tmp", "fill /run/agent")


async def test_hostile_agents_harm_nobody_and_each_gets_an_error_of_its_own(bench: Bench) -> None:
    backend = await bench.backend("auto", limits=Limits(memory_bytes=256 << 20, files=50))
    wanted = {one: result for one, result in HOSTILE.items() if BUBBLEWRAP_WORKS or one not in NEEDS_ISOLATION}
    hostile = [await bench.agent(agent_id=f"hostile{number}") for number, _ in enumerate(wanted)]
    good = await bench.agent(agent_id="good")
    asked = [told(backend, agent, prompt, seconds=5) for agent, prompt in zip(hostile, wanted, strict=True)]
    attack = asyncio.gather(*asked, return_exceptions=True)
    for number in range(20):
        assert (await told(backend, good, f"echo {number}")).output == str(number)
    for outcome, (prompt, result) in zip(await attack, wanted.items(), strict=True):
        said = outcome.message if isinstance(outcome, BackendError) else getattr(outcome, "output", outcome)
        assert isinstance(outcome, result) if isinstance(result, type) else said == result, (prompt, outcome)
        assert re.search(CLEAR, str(said)), (prompt, said)
    answers = await asyncio.gather(*(told(backend, agent, "echo still here") for agent in [*hostile, good]))
    assert {answer.output for answer in answers} == {"still here"}
    assert not any(processes_at(prompt) for prompt in ("forks 300", "hoard 6 80000000", "shout", "spin", "line 100"))


@pytest.mark.parametrize("mode", MODES)
async def test_directories_deeper_than_paths_and_recursion_reach_are_removed(bench: Bench, mode: str) -> None:
    work_dir = Path("/tmp") / f"nx{os.getpid()}"
    backend = await bench.backend(mode, work_dir=work_dir)
    agent = await bench.agent()
    assert (await told(backend, agent, "nest 1900")).output == "nested"
    with pytest.raises(AgentCrashed):
        await told(backend, agent, "crash")
    assert (await told(backend, agent, "echo another process")).output == "another process"
    await backend.stop()
    assert list(work_dir.iterdir()) == []
    work_dir.rmdir()


def over_limit() -> float:
    samples = (sample for metric in metrics.OVER_LIMIT.collect() for sample in metric.samples)
    return next(sample.value for sample in samples if "total" in sample.name)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
async def test_an_agent_that_forks_once_it_has_answered_is_ended_soon(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "WATCH_IDLE_EVERY", sys.maxsize)
    backend = await bench.backend("auto")
    agent = await bench.agent()
    ended_before = over_limit()
    assert (await told(backend, agent, "fork_later 300")).output == "soon"
    await eventually(over_limit, lambda ended: ended > ended_before, seconds=5, what="it is ended")
    await eventually(lambda: not processes_at("fork_later 300"), what="its processes are gone")
    assert (await told(backend, agent, "echo another process")).output == "another process"


async def test_an_agent_that_forks_without_end_at_its_start_is_not_started(bench: Bench) -> None:
    bomb = "import os, time\nwhile True:\n    if os.fork() == 0: time.sleep(60)\n    time.sleep(0.001)\n"
    backend = await bench.backend("auto")
    with pytest.raises(AgentNotStarted, match="more than 32 processes"):
        await told(backend, await bench.agent(script(bomb)), "echo x")


HOST = """
import asyncio, sys
from pathlib import Path
from nexus_agents.backends.local.backend import LocalSettings, open_local_backend
from nexus_agents.domain.backend import DeployedAgent, InvokeRequest, PackageRef
from nexus_runtime.blobs import DirectoryBlobStore

async def main(root, mode, uri, digest):
    settings = LocalSettings(isolation=mode, work_dir=Path(root), start_seconds=20.0)
    backend = await open_local_backend(DirectoryBlobStore(Path(sys.argv[5])), settings)
    agent = DeployedAgent("agent", PackageRef(uri, digest), "arn", "DEFAULT")
    await backend.invoke(agent, InvokeRequest("fork 60"))
    print("working", flush=True)
    await backend.invoke(agent, InvokeRequest("slow 60", timeout_seconds=90))

asyncio.run(main(*sys.argv[1:5]))
"""


@pytest.mark.parametrize("mode", MODES)
async def test_when_the_host_is_killed_no_agent_survives_and_the_next_host_tidies_up(bench: Bench, mode: str) -> None:
    agent = await bench.agent()
    work_dir = Path("/tmp") / f"nx{os.getpid()}"
    arguments = [str(work_dir), mode, agent.package.uri, agent.package.sha256, str(bench.root / "blobs")]
    host = await asyncio.create_subprocess_exec(sys.executable, "-c", HOST, *arguments, stdout=subprocess.PIPE)
    assert host.stdout is not None
    async with asyncio.timeout(60):
        while await host.stdout.readline() not in (b"working\n", b""):
            continue  # a line of its log
    family = psutil.Process(host.pid).children(recursive=True)
    assert len(family) >= 3
    host.kill()
    await host.communicate()
    await eventually(lambda: not any(lives(member) for member in family), what="all agents are gone")
    assert len(list(work_dir.iterdir())) == 1
    await (await bench.backend(work_dir=work_dir)).stop()
    assert list(work_dir.iterdir()) == []
    work_dir.rmdir()
