"""The AgentCore backend against its double."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from tests.support.agent_packages import talker
from tests.support.agentcore_double import BUCKET, REGION, ROLE, AgentCoreDouble, Machines, served
from tests.support.service_models import models

from nexus_agents.backends.agentcore.backend import AgentCoreBackend, open_agentcore_backend
from nexus_agents.backends.agentcore.settings import AgentCoreSettings
from nexus_agents.backends.door.grants import Grants
from nexus_agents.domain.backend import DeployedAgent, PackageRef
from nexus_agents.domain.spending import Spending
from nexus_runtime.blobs import DirectoryBlobStore

AGENT = "proj_0123456789abcdef0123456789abcdef:tester"


def aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials, and models that are read once for all tests."""
    loader = models()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")

    def shared(search_path: str | None = None) -> Any:
        return loader

    monkeypatch.setattr(botocore.session, "create_loader", shared)


@dataclass
class AgentCoreWorld:
    double: AgentCoreDouble
    backend: AgentCoreBackend
    blobs: DirectoryBlobStore

    async def stored(self, content: bytes | None = None) -> PackageRef:
        blob = await self.blobs.put(talker() if content is None else content)
        return PackageRef(blob.uri, blob.sha256)

    async def deployed(self, content: bytes | None = None, agent_id: str = AGENT) -> DeployedAgent:
        ref = await self.stored(content)
        deployment = await self.backend.deploy(agent_id, ref)
        return DeployedAgent(agent_id, ref, deployment.agent_arn, deployment.agent_alias_id, deployment.model)


def settings_for(double: AgentCoreDouble, **more: Any) -> AgentCoreSettings:
    usual: dict[str, Any] = {"poll_seconds": 0.005, "ready_seconds": 20.0}
    return AgentCoreSettings(
        installation="test",
        role_arn=ROLE,
        bucket=BUCKET,
        region=REGION,
        endpoint_url=double.url,
        s3_endpoint_url=double.url,
        **usual | more,
    )


@asynccontextmanager
async def agentcore(
    root: Path, machines: Machines, grants: Grants | None = None, spending: Spending | None = None, **settings: Any
) -> AsyncGenerator[AgentCoreWorld]:
    """Needs `aws_environment`."""
    blobs = DirectoryBlobStore(root / "blobs")
    async with served(AgentCoreDouble(machines)) as double:
        backend = await open_agentcore_backend(blobs, settings_for(double, **settings), grants, spending)
        try:
            yield AgentCoreWorld(double, backend, blobs)
        finally:
            await backend.stop()
