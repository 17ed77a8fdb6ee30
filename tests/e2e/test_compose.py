"""The platform in containers: started from nothing, used, stopped and started again. Needs an engine and compose."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from tests.support.infra import require_engine_or_skip

from nexus_devstack.ports import free_port

ROOT = Path(__file__).parents[2]
MINUTES = 60
pytestmark = pytest.mark.timeout(20 * MINUTES)


class Compose:
    """One installation with a name and ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.project = f"nexus-test-{self.port}"
        ports = {"GATEWAY_PORT": str(self.port), "KAFKA_PORT": str(free_port())}
        self.env = {**os.environ, **ports, "NEXUS_DATA_DIR": str(folder), "NO_PROXY": "127.0.0.1"}

    def run(self, *arguments: str) -> str:
        command = [str(ROOT / "scripts" / "compose"), "--project-name", self.project, *arguments]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=15 * MINUTES, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def items(self, what: str) -> list[dict[str, Any]]:
        with urlopen(f"http://127.0.0.1:{self.port}/api/v1/{what}", timeout=20) as answer:
            return json.load(answer)["data"]["items"]

    def demo(self) -> str:
        command = [sys.executable, "-m", "nexus_devstack", "demo"]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=5 * MINUTES, check=False)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
        return done.stdout


@pytest.fixture
def compose(tmp_path: Path) -> Generator[Compose]:
    require_engine_or_skip()
    if shutil.which("docker") is None:
        pytest.skip("no Docker engine answers to the command docker: it is not installed")
    installation = Compose(tmp_path)
    try:
        yield installation
    finally:
        installation.run("down", "--volumes", "--timeout", "5")


def test_the_platform_comes_up_serves_the_demo_scales_and_keeps_its_data(compose: Compose) -> None:
    compose.run("up", "--build", "--detach", "--wait", "--scale", "builds=2", "--scale", "worker=2")
    names = compose.run("ps", "--format", "{{.Service}}").split()
    assert (names.count("builds"), names.count("worker")) == (2, 2)
    assert f"the platform is already running at http://127.0.0.1:{compose.port}" in compose.demo()
    (agent,) = compose.items("agents")
    assert agent["deployment"]["isolated"] is False
    assert agent["deployment"]["isolation"].startswith("not isolated: ")
    compose.run("run", "--rm", "admin", "doctor")
    compose.run("down")
    compose.run("up", "--detach", "--wait")
    assert [each["agent_id"] for each in compose.items("agents")] == [agent["agent_id"]]
    compose.demo()
