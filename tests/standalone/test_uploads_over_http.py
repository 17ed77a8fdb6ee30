"""A file on its way from the gateway to its owner, over a socket."""

import tempfile

import pytest
from tests.support.stand_in_owners import HttpOwner

from nexus_contracts.errors import ServiceUnavailable
from nexus_devstack.ports import free_port
from nexus_gateway.owners import HttpOwners
from nexus_gateway.settings import GatewaySettings


@pytest.mark.parametrize("size", [0, 10, 3_000_000])
async def test_a_file_arrives_as_it_is_from_memory_or_from_disk(size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    port = free_port()
    owners = HttpOwners(GatewaySettings(agents_url=f"http://127.0.0.1:{port}"))
    await owners.start()
    async with HttpOwner(port) as owner:
        owner.answers["/packages"] = (200, {}, "{}")
        with tempfile.SpooledTemporaryFile(max_size=1_000_000) as file:
            file.write(content)
            file.seek(0)
            answer = await owners.upload("agents", "/packages", {"command_id": "c"}, file)
    assert (answer.body, owner.bodies) == (b"{}", [content])
    with pytest.raises(ServiceUnavailable), tempfile.SpooledTemporaryFile() as file:
        await owners.upload("agents", "/packages", {}, file)
    await owners.stop()
