"""What becomes of a request to an agent that ends at the moment in which it is asked."""

import asyncio
import socket
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp.client_proto import ResponseHandler

from nexus_agents.backends.local import channel
from nexus_agents.domain.backend_errors import AgentCrashed


class _GoneAtOnce(ResponseHandler):
    """A connection that the other side has ended before the request is written."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        transport.close()


async def test_an_agent_that_ends_before_it_is_asked_has_crashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "ResponseHandler", _GoneAtOnce)
    path = tmp_path / "agent.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        with closing(channel.Channel(path)) as asked, pytest.raises(AgentCrashed):
            await asked.ping()
