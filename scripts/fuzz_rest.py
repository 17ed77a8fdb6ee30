"""Fuzzes the REST contract of the whole platform with schemathesis: every operation, all checks, stories of calls.

    python scripts/fuzz_rest.py [--max-examples N] [--max-time SECONDS]      further arguments go to schemathesis

Fails where an answer is a 500 or not as the OpenAPI document says. The report is build/fuzz/.
"""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from nexus_devstack.stack import Stack

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "build" / "fuzz"
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
USUAL = ("--max-examples", "20", "--max-time", "600", "--workers", "2", "--no-color", "--checks", "all")
LIMITS = {"REPLY_WAIT_SECONDS": "2", "INVOKE_WAIT_SECONDS": "2"}
"""Short ones: of most invocations that are made up nothing comes."""


async def fuzz(arguments: Sequence[str]) -> int:
    """The exit status of schemathesis."""
    shutil.rmtree(REPORT, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        async with Stack(data_dir=Path(folder), ports="free", env={"gateway": LIMITS}) as stack:
            told = (f"{stack.gateway_url}/openapi.json", "--report", "json", "--report-dir", str(REPORT))
            running = await asyncio.create_subprocess_exec(SCHEMATHESIS, "run", *told, *USUAL, *arguments)
            return await running.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(fuzz(sys.argv[1:])))
