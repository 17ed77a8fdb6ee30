"""The door of an agent, opened for tests, and an agent that goes through it."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from tests.support.model_wire import Wire
from yarl import URL

from nexus_agents.backends.door.door import CHAT, Door, Doors
from nexus_agents.backends.door.grants import Grants, HostGrant
from nexus_agents.domain.spending import Spending
from nexus_contracts.agents.spec import AgentLimits, AgentSpec
from nexus_contracts.builds.language_models import LanguageModel
from nexus_sandbox.sandbox import DOOR

MODEL = "openai:played"
KEY = "sk-played-and-secret"


def offer(wire: Wire) -> LanguageModel:
    return LanguageModel(
        name=MODEL,
        base_url=f"{wire.url}/v1",
        api_key_env="PLAYED_KEY",
        input_usd=1.0,
        output_usd=10.0,
        max_output_tokens=1000,
    )


def grants(wire: Wire, *hosts: HostGrant, seconds: float = 20.0) -> Grants:
    return Grants((offer(wire),), hosts, (), {"PLAYED_KEY": KEY, "WEATHER_KEY": "Bearer the-secret"}, seconds)


def asking(model: str | None = MODEL, calls: int = 10, **more: Any) -> AgentSpec:
    return AgentSpec(name="asker", model=model, limits=AgentLimits(model_calls=calls), **more)


@dataclass
class OpenDoor:
    """`http` is the agent's, which has its own ideas of who it is."""

    door: Door
    http: aiohttp.ClientSession
    path: Path

    async def ask(self, **body: Any) -> tuple[int, Any]:
        """Status and answer: JSON, or the values of a stream's events."""
        sent = {"model": MODEL, "messages": [{"role": "user", "content": "hello"}], **body}
        return await self.send("POST", CHAT, data=json.dumps(sent))

    async def send(self, method: str, path: str, **request: Any) -> tuple[int, Any]:
        async with self.http.request(method, URL(f"http://door{path}", encoded=True), **request) as response:
            text = await response.text()
            if response.content_type != "text/event-stream":
                return response.status, json.loads(text) if response.content_type == "application/json" else text
        lines = [line[6:] for line in text.splitlines() if line]
        return response.status, [line if line == "[DONE]" else json.loads(line) for line in lines]


@asynccontextmanager
async def open_door(
    run: Path, granted: Grants, spec: AgentSpec, spending: Spending | None = None
) -> AsyncGenerator[OpenDoor]:
    doors = Doors(granted, spending)
    door = await doors.door("proj_1:asker", spec, run)
    assert door is not None
    connector = aiohttp.UnixConnector(str(run / DOOR))
    try:
        async with aiohttp.ClientSession(connector=connector, headers={"Authorization": "Bearer mine"}) as http:
            yield OpenDoor(door, http, run / DOOR)
    finally:
        await door.close()
        await doors.close()


@asynccontextmanager
async def served_host(answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> AsyncGenerator[str]:
    """The address of a host that answers so."""
    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
