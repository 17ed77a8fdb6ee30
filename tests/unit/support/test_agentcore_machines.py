"""The machines of AgentCore's double leave nothing open, however a call ends."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from tests.support.agentcore_machines import AgentProcess

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


@dataclass
class Agent:
    """Says no more than the head of its answer, and that only where it `answers`."""

    answers: bool
    socket: Path
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        self.asked.set()
        if self.answers:
            writer.write(HEAD)
        await reader.read()
        self.left.set()
        writer.close()


@pytest.fixture(params=[True, False], ids=["head", "nothing"])
async def agent(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Agent]:
    made = Agent(request.param, tmp_path / "agent.sock")
    async with await asyncio.start_unix_server(made.serve, made.socket):
        yield made


async def test_a_call_that_is_cancelled_leaves_no_session_open(agent: Agent) -> None:
    machine = AgentProcess(cast(Any, None), agent.socket)

    async def asked() -> None:
        reaction = await machine.ask(b"{}", {})
        async with reaction.held:  # and no piece of it is ever taken
            await asyncio.Event().wait()

    call = asyncio.create_task(asked())
    await agent.asked.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    async with asyncio.timeout(5):
        await agent.left.wait()
