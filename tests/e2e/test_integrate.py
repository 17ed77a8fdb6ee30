"""The documents for other systems, carried out as they are printed."""

import asyncio
import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.support.client import Client

from nexus_devstack.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")
ROOT = Path(__file__).parents[2]
GATEWAY, BROKER = "http://127.0.0.1:8000", "127.0.0.1:9092"
FENCE = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUNNERS = {"sh": ("bash", "-euo", "pipefail", "-c"), "python": (sys.executable, "-c")}


def blocks(document: str) -> dict[str, tuple[str, str]]:
    """Language and text of each section's block, by heading; that before the first heading by ''."""
    found: dict[str, tuple[str, str]] = {}
    for section in re.split(r"^## ", (ROOT / document).read_text(encoding="utf-8"), flags=re.MULTILINE):
        heading = "" if section.startswith("# ") else section.partition("\n")[0]
        for language, text in FENCE.findall(section):
            assert heading not in found, f"a second block under {heading!r}"
            found[heading] = (language, text)
    return found


INTEGRATE = blocks("docs/integrate.md")
CREATE, LOOK = INTEGRATE.pop(""), INTEGRATE.pop("The result")


async def run(stack: Stack, block: tuple[str, str], *arguments: str, **environment: str) -> str:
    """What the block prints; a block that fails fails the test."""
    language, text = block
    servers = stack.endpoints.kafka_bootstrap_servers
    env = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "NO_PROXY": "127.0.0.1",
        "NEXUS_URL": stack.gateway_url,
        "KAFKA_BOOTSTRAP_SERVERS": servers,
        **environment,
    }
    printed = text.replace(GATEWAY, stack.gateway_url).replace(BROKER, servers)
    pipes: dict[str, Any] = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.STDOUT}
    child = await asyncio.create_subprocess_exec(*RUNNERS[language], printed, *arguments, env=env, **pipes)
    said = (await child.communicate())[0].decode()
    assert child.returncode == 0, said
    return said


async def created(stack: Stack) -> str:
    language, text = CREATE
    return (await run(stack, (language, f'{text}echo "$PROJECT"'))).strip()


@pytest.mark.parametrize("way", INTEGRATE)
async def test_a_build_is_published(way: str, stack: Stack, client: Client) -> None:
    project_id = await created(stack)
    await run(stack, INTEGRATE[way], PROJECT=project_id)
    project = await client.built(project_id)
    assert (project["status"], project["progress"]) == ("completed", 100.0)
    kinds = Counter(event["type"] for event in await client.events(project_id))
    assert (kinds["nexus.stage.started.v1"], kinds["nexus.stage.completed.v1"]) == (9, 9)
    assert kinds["nexus.report.refused.v1"] == 0
    assert kinds["nexus.build.completed.v1"] == 1
    assert "none refused" in await run(stack, LOOK, PROJECT=project_id)


async def test_the_example_of_the_tracker_reports_its_stage(stack: Stack, client: Client, tmp_path: Path) -> None:
    [(_, example)] = blocks("libs/tracker/README.md").values()
    assert sum(bool(line) for line in example.splitlines()) <= 15
    script = tmp_path / "example.py"
    script.write_text(example.replace(BROKER, stack.endpoints.kafka_bootstrap_servers))
    project_id = await created(stack)
    call = f"import runpy, sys; sys.argv[0] = {str(script)!r}; runpy.run_path(sys.argv[0], run_name='__main__')"
    await run(stack, ("python", call), project_id)
    path = f"/api/v1/projects/{project_id}/stages/orchestrator"
    stage = await client.until(path, lambda data: data["status"] == "completed")
    assert (stage["agent_name"], stage["output_data"]) == ("planner", {"plan": ["tools", "prompt", "code"]})
    assert [entry["message"] for entry in stage["logs"]] == ["planning"]
    assert [artifact["name"] for artifact in stage["artifacts"]] == ["example.py"]
    assert stage["duration_seconds"] >= 0
