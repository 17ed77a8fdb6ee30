"""How far a local agent reaches, and that none outlives a service that is killed."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import cast

import psutil
import pytest
from tests.support.agent_packages import talker
from tests.support.eventually import eventually
from tests.support.local_backends import BUBBLEWRAP_WORKS, MODES, Bench, lives, raw_of, told

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


async def test_a_bubblewrap_that_does_not_work_is_not_relied_on() -> None:
    sandbox = await choose_sandbox(executable=sys.executable)
    assert not sandbox.isolated
    assert sandbox.description.startswith("not isolated: bubblewrap does not work here")


async def test_limits_are_the_agents_own(bench: Bench) -> None:
    backend = await bench.backend(limits=Limits(memory_bytes=512 << 20))
    assert (await told(backend, await bench.agent(), "memory 600000000")).output == "MemoryError"


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
    assert await host.stdout.readline() == b"working\n"
    family = psutil.Process(host.pid).children(recursive=True)
    assert len(family) >= 3
    host.kill()
    await host.communicate()
    await eventually(lambda: not any(lives(member) for member in family), what="all agents are gone")
    assert len(list(work_dir.iterdir())) == 1
    await (await bench.backend(work_dir=work_dir)).stop()
    assert list(work_dir.iterdir()) == []
    work_dir.rmdir()
