"""The gateway as a process of its own, with stand-ins for the owners."""

import json
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from tests.support.eventually import eventually
from tests.support.stand_in_owners import CommandOwner, HttpOwner

from nexus_contracts.envelope import CloudEvent
from nexus_contracts.replies import Outcome
from nexus_devstack.services import Service, program_of
from nexus_devstack.stack import Stack
from nexus_devstack.topics import provision_topics

GATEWAY = Service("gateway", (sys.executable, "-m", "nexus_gateway"), "GATEWAY_PORT")


@dataclass
class Platform:
    stack: Stack
    builds: HttpOwner
    commands: CommandOwner
    http: aiohttp.ClientSession

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(method, self.stack.gateway_url + path, json=body, headers=sent) as response:
            text = await response.text()
            return (
                response.status,
                {name.lower(): value for name, value in response.headers.items()},
                json.loads(text) if text else None,
            )

    async def readiness(self, status: int) -> None:
        """Returns when GET /health/ready answers `status`."""
        await eventually(lambda: self.call("GET", "/health/ready"), lambda answer: answer[0] == status, seconds=30)


@asynccontextmanager
async def started(
    folder: Path, decide: Callable[[CloudEvent], Outcome | None], **more: str
) -> AsyncGenerator[Platform]:
    """The gateway as a process of its own, on the broker of NEXUS_INFRA; `decide` answers for the owners."""
    async with Stack(data_dir=folder, ports="free", services=()) as stack:
        servers = stack.endpoints.kafka_bootstrap_servers
        await provision_topics(stack.endpoints.kafka)
        settings = {"REPLY_WAIT_SECONDS": "3", "READ_TIMEOUT_SECONDS": "1", "SHUTDOWN_SECONDS": "1"} | more
        program = program_of(GATEWAY, stack.ports["GATEWAY_PORT"], stack.environment("gateway") | settings)
        async with (
            HttpOwner(stack.ports["BUILDS_PORT"]) as builds,
            CommandOwner(servers, decide) as commands,
            aiohttp.ClientSession() as http,
        ):
            await stack.supervisor.start([program], 30)
            yield Platform(stack, builds, commands, http)
