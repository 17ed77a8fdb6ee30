"""The guide to reports does what it says: its examples run, from top to bottom, against the platform."""

import asyncio
import os
import re
from pathlib import Path

import pytest

from nexus_devstack.stack import Stack

pytestmark = pytest.mark.asyncio(loop_scope="session")
GUIDE = Path(__file__).parents[2] / "docs" / "reports.md"
HISTORY = """\
1 nexus.project.created.v1
2 nexus.build.started.v1
3 nexus.stage.started.v1
4 nexus.stage.completed.v1
5 nexus.report.refused.v1 OUT_OF_ORDER: requirements_analysis is not completed
6 nexus.stage.started.v1
7 nexus.stage.completed.v1
8 nexus.attempt.failed.v1
9 nexus.build.failed.v1
"""


async def test_the_examples_of_the_guide_run_and_come_to_the_history_that_it_tells(stack: Stack) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 6
    script = await asyncio.create_subprocess_exec(
        "bash",
        "-euo",
        "pipefail",
        "-c",
        "\n".join(blocks),
        env={**os.environ, "API": f"{stack.gateway_url}/api/v1", "no_proxy": "*"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaints = await script.communicate()
    assert script.returncode == 0, complaints.decode()
    text = said.decode().replace(" \n", "\n")
    assert text[text.index("1 nexus.project.created.v1") :] == HISTORY
    assert text.count('"success":true') == 7
