"""Agents on the real AgentCore, from deployment to deletion. Needs an AWS account; costs a few US cents at most.

Run by `make test-aws` alone, with AGENTCORE_ROLE_ARN, AGENTCORE_BUCKET, AWS_REGION and credentials; see
docs/agentcore.md. Each test makes one runtime and one object, and removes the runtime. The one with a model wants
AGENTCORE_MODEL, too, and may spend MOST_USD on it.
"""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.agent_packages import package
from tests.support.doors import asking
from tests.support.memory_database import MemoryDatabase
from tests.support.scripted_model import written

from nexus_agents.backends.agentcore.backend import AgentCoreBackend, open_agentcore_backend
from nexus_agents.backends.agentcore.settings import AgentCoreSettings
from nexus_agents.backends.door.grants import Grants
from nexus_agents.domain.backend import DeployedAgent, InvokeRequest, PackageRef
from nexus_agents.domain.backend_errors import AgentFailed
from nexus_agents.domain.spending import Spending
from nexus_agents.store.spending import SpendingStore
from nexus_contracts.agents.spec import ToolSpec
from nexus_contracts.builds.language_models import LanguageModel
from nexus_model_builder.answers import WrittenTool
from nexus_model_builder.assembly import Parts, package_files
from nexus_offline_builder.packaging import zipped
from nexus_runtime.blobs import DirectoryBlobStore
from nexus_runtime.process.clock import utc_now

AGENT = "proj_0123456789abcdef0123456789abcdef:livetest"
SESSION = "sess_0123456789abcdef0123456789abcdef"
NEEDED = ("AGENTCORE_ROLE_ARN", "AGENTCORE_BUCKET", "AWS_REGION")
MOST_USD = 0.05
"""Of the agent's day, at 3 and 15 USD for a million tokens; two or three short calls take less than a cent of it."""
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


@asynccontextmanager
async def opened(
    root: Path, grants: Grants | None = None, spending: Spending | None = None
) -> AsyncGenerator[AgentCoreBackend]:
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
    backend = await open_agentcore_backend(DirectoryBlobStore(root), settings, grants, spending)
    try:
        yield backend
    finally:
        await backend.undeploy(AGENT)
        await backend.stop()


@pytest.fixture
async def backend(tmp_path: Path) -> AsyncGenerator[AgentCoreBackend]:
    async with opened(tmp_path) as backend:
        yield backend


async def deployed(backend: AgentCoreBackend, root: Path, content: bytes) -> DeployedAgent:
    blob = await DirectoryBlobStore(root).put(content)
    ref = PackageRef(blob.uri, blob.sha256)
    made = await backend.deploy(AGENT, ref)
    return DeployedAgent(AGENT, ref, made.agent_arn, made.agent_alias_id, made.model)


@pytest.mark.timeout(1500)
async def test_an_agent_is_deployed_asked_replaced_and_removed(backend: AgentCoreBackend, tmp_path: Path) -> None:
    async def version(number: str) -> DeployedAgent:
        content = package({"main.py": AGENT_CODE}, name="livetest", version=number)
        return await deployed(backend, tmp_path, content)

    agent = await version("1")
    assert await version("1") == agent
    assert (await backend.check(agent)).status == "healthy"
    assert (await backend.invoke(agent, InvokeRequest("hello"))).output == "hello"
    assert (await backend.invoke(agent, InvokeRequest("stream"))).output == "one two"
    with pytest.raises(AgentFailed):
        await backend.invoke(agent, InvokeRequest("fail"))
    assert (await backend.invoke(agent, InvokeRequest("turn", session_id=SESSION))).output == "turn"
    await backend.end_session(agent, SESSION)
    newer = await version("2")
    assert newer.agent_arn == agent.agent_arn
    assert (await backend.invoke(newer, InvokeRequest("again"))).output == "again"
    assert await backend.deployed() == [AGENT]


@pytest.mark.timeout(1500)
async def test_an_agent_asks_a_model_of_bedrock_with_its_own_role_and_says_what_it_used(tmp_path: Path) -> None:
    model_id = os.environ.get("AGENTCORE_MODEL")
    if not model_id:
        pytest.skip(f"set AGENTCORE_MODEL to a model or profile of Bedrock that calls tools: up to {MOST_USD} USD")
    model = LanguageModel(name=f"bedrock:{model_id}", max_output_tokens=500, input_usd=3.0, output_usd=15.0)
    spending = SpendingStore(MemoryDatabase().as_database(), utc_now, MOST_USD)
    tool = ToolSpec(
        name="vowels",
        description="Counts the vowels of a text.",
        parameters={"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    )
    spec = asking(model.name, calls=3, instructions="Always count with the tool.", tools=[tool])
    content = zipped(package_files(Parts(spec, {"vowels": WrittenTool.model_validate(written())}, "1.0.0")))
    async with opened(tmp_path, Grants((model,)), spending) as backend:
        agent = await deployed(backend, tmp_path, content)
        answer = await backend.invoke(agent, InvokeRequest("How many vowels are in the word queue?"))
    assert [call["name"] for call in answer.tool_calls] == ["vowels"]
    assert "4" in answer.output or "four" in answer.output
    assert answer.usage.model == model.name
    assert 0 < answer.usage.cost_usd < MOST_USD
