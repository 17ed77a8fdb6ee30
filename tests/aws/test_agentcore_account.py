"""An agent on the real AgentCore, from deployment to deletion. Needs an AWS account; costs a few US cents at most.

Run by `make test-aws` alone, with AGENTCORE_ROLE_ARN, AGENTCORE_BUCKET, AWS_REGION and credentials; see
docs/agentcore.md. It makes one runtime and one object, and removes the runtime.
"""

import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from tests.support.agent_packages import package

from nexus_agents.backends.agentcore.backend import AgentCoreBackend, open_agentcore_backend
from nexus_agents.backends.agentcore.settings import AgentCoreSettings
from nexus_agents.domain.backend import DeployedAgent, InvokeRequest, PackageRef
from nexus_agents.domain.backend_errors import AgentFailed
from nexus_runtime.blobs import DirectoryBlobStore

AGENT = "proj_0123456789abcdef0123456789abcdef:livetest"
SESSION = "sess_0123456789abcdef0123456789abcdef"
NEEDED = ("AGENTCORE_ROLE_ARN", "AGENTCORE_BUCKET", "AWS_REGION")
AGENT_CODE = """
import json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({"status": "Healthy", "time_of_last_update": 0})

    def do_POST(self):
        prompt = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["prompt"]
        if prompt == "fail":
            self.answer({"error": "NO_INK"}, 500)
        elif prompt == "stream":
            events = "".join(f"data: {json.dumps(text)}\\n\\n" for text in ("one ", "two"))
            self.send(events.encode(), 200, "text/event-stream")
        else:
            self.answer({"output": prompt, "pid": os.getpid()})

    def answer(self, value, status=200):
        self.send(json.dumps(value).encode(), status, "application/json")

    def send(self, body, status, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncGenerator[AgentCoreBackend]:
    missing = [name for name in NEEDED if not os.environ.get(name)]
    assert not missing, f"needs an AWS account, and these variables: {', '.join(missing)}"
    settings = AgentCoreSettings(
        installation="livetest",
        role_arn=os.environ["AGENTCORE_ROLE_ARN"],
        bucket=os.environ["AGENTCORE_BUCKET"],
        region=os.environ["AWS_REGION"],
        idle_seconds=60,
        ready_seconds=600,
    )
    backend = await open_agentcore_backend(DirectoryBlobStore(tmp_path), settings)
    try:
        yield backend
    finally:
        await backend.undeploy(AGENT)
        await backend.stop()


@pytest.mark.timeout(1500)
async def test_an_agent_is_deployed_asked_replaced_and_removed(backend: AgentCoreBackend, tmp_path: Path) -> None:
    blobs = DirectoryBlobStore(tmp_path)

    async def deployed(version: str) -> DeployedAgent:
        blob = await blobs.put(package({"main.py": AGENT_CODE}, name="livetest", version=version))
        ref = PackageRef(blob.uri, blob.sha256)
        made = await backend.deploy(AGENT, ref)
        return DeployedAgent(AGENT, ref, made.agent_arn, made.agent_alias_id)

    agent = await deployed("1")
    assert await deployed("1") == agent
    assert (await backend.check(agent)).status == "healthy"
    assert (await backend.invoke(agent, InvokeRequest("hello"))).output == "hello"
    assert (await backend.invoke(agent, InvokeRequest("stream"))).output == "one two"
    with pytest.raises(AgentFailed):
        await backend.invoke(agent, InvokeRequest("fail"))
    assert (await backend.invoke(agent, InvokeRequest("turn", session_id=SESSION))).output == "turn"
    await backend.end_session(agent, SESSION)
    newer = await deployed("2")
    assert newer.agent_arn == agent.agent_arn
    assert (await backend.invoke(newer, InvokeRequest("again"))).output == "again"
    assert await backend.deployed() == [AGENT]
