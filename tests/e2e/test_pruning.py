"""What `nexus-admin blobs prune` removes of a running platform's files, and what it leaves alone."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.support.agent_packages import talker
from tests.support.client import Client

from nexus_devstack.stack import Stack
from nexus_runtime.blobs import DirectoryBlobStore

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]
LONG_AGO = (0, 0)


def form(content: bytes, name: str, kind: str) -> aiohttp.FormData:
    made = aiohttp.FormData()
    made.add_field("file", content, filename=name, content_type=kind)
    return made


async def pruned(stack: Stack, *options: str) -> dict[str, Any]:
    """What it says of the packages' store, in which uploads are, too."""
    env = {**os.environ, **stack.endpoints.environment(), "NEXUS_DATA_DIR": str(stack.data_dir)}
    command = (sys.executable, "-m", "nexus_admin", "blobs", "prune", "--json", *options)
    process = await asyncio.create_subprocess_exec(*command, env=env, stdout=-1, stderr=-1)
    out, err = await process.communicate()
    assert process.returncode == 0, err
    [packages] = [row for row in json.loads(out) if row["store"].endswith("/packages")]
    return packages


def aged(stack: Stack) -> list[Path]:
    files = [path for path in (stack.data_dir / "packages").rglob("*") if path.is_file()]
    for path in files:
        os.utime(path, LONG_AGO)
    return files


async def test_only_what_no_table_mentions_goes(stack: Stack, client: Client) -> None:
    await stack.wait_ready()
    package = (await client.call("POST", "/api/v1/packages", data=form(talker(), "talker.zip", "application/zip"))).data
    agent = (await client.post("/api/v1/agents", {"agent_name": "keeper", "package_id": package["package_id"]})).data
    sessions = f"/api/v1/agents/{agent['agent_id']}/sessions"
    session = (await client.post(sessions, {})).data["session_id"]
    uploaded = await client.call("POST", f"{sessions}/{session}/upload", data=form(b"a file", "a.txt", "text/plain"))
    assert uploaded.status == 201
    store = DirectoryBlobStore(stack.data_dir / "packages")
    orphan = await store.put(b"what an upload left behind when its process was killed")
    assert (await pruned(stack))["unused"] == 0, "nothing is old"
    files = aged(stack)
    planned = await pruned(stack, "--dry-run")
    assert (planned["unused"], planned["unused_bytes"], planned["removed"]) == (1, orphan.size_bytes, False)
    assert (await pruned(stack))["unused"] == 1
    assert {path for path in files if not path.exists()} == {path for path in files if path.name == orphan.sha256}
    said = await client.post(f"/api/v1/agents/{agent['agent_id']}/invoke", {"input_text": "echo hi"})
    assert said.data["output"] == "hi"
