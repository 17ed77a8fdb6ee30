"""The AWS clients of a process, each with the retries that are safe for its calls."""

import contextlib
from dataclasses import dataclass
from typing import Any

import aioboto3
from aiobotocore.config import AioConfig

from nexus_agents.backends.agentcore.settings import AgentCoreSettings

_LONGEST_INVOCATION_SECONDS = 960
_MAX_CONNECTIONS = 1100
"""More than the maximum of concurrent invocations of a process."""


@dataclass(frozen=True)
class Clients:
    """`control` and `s3` repeat calls, which AWS knows again; `data` never does, as it would run an agent twice."""

    s3: Any
    control: Any
    data: Any
    opened: contextlib.AsyncExitStack

    async def close(self) -> None:
        await self.opened.aclose()


async def open_clients(settings: AgentCoreSettings) -> Clients:
    session: Any = aioboto3.Session(region_name=settings.region)
    async with contextlib.AsyncExitStack() as opening:

        async def client(service: str, url: str | None, config: AioConfig) -> Any:
            return await opening.enter_async_context(session.client(service, endpoint_url=url, config=config))

        return Clients(
            s3=await client("s3", settings.s3_endpoint_url, _s3(settings)),
            control=await client("bedrock-agentcore-control", settings.endpoint_url, _repeating()),
            data=await client("bedrock-agentcore", settings.endpoint_url, _calling_once()),
            opened=opening.pop_all(),
        )


def _repeating(**more: Any) -> AioConfig:
    retries: Any = {"mode": "standard", "total_max_attempts": 4}
    return AioConfig(connect_timeout=3, read_timeout=30, retries=retries, tcp_keepalive=True, **more)


def _s3(settings: AgentCoreSettings) -> AioConfig:
    # As for packages and artifacts: compatible stores do not support the checksums that botocore adds by default.
    return _repeating(
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path"} if settings.s3_endpoint_url else None,
    )


def _calling_once() -> AioConfig:
    return AioConfig(
        connect_timeout=3,
        read_timeout=_LONGEST_INVOCATION_SECONDS,
        max_pool_connections=_MAX_CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": 1},
        tcp_keepalive=True,
    )
