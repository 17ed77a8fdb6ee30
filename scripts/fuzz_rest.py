"""Fuzzes the REST contract of the whole platform with schemathesis: every operation, all checks, stories of calls.

    python scripts/fuzz_rest.py [--max-examples N] [--max-time SECONDS]      further arguments go to schemathesis

Fails where an answer is a 500, or not as the OpenAPI document says. The report is in build/fuzz/.
"""

import asyncio
import secrets
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import jwt

from nexus_devstack.stack import Stack

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "build" / "fuzz"
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
SECRET = secrets.token_hex(32)
CLAIMS = {"iss": "fuzz", "aud": "fuzz", "sub": "ann", "tenant": "acme", "scope": "admin platform:read"}
HOURS = 6 * 3600
DOCUMENT_SECONDS = 120
MANY = "1000000/second"
GATEWAY = {
    "AUTHENTICATION": "on",
    "JWT_SECRET": SECRET,
    "JWT_ISSUER": "fuzz",
    "JWT_AUDIENCE": "fuzz",
    **{f"RATE_LIMIT_{name}": MANY for name in ("READ", "WRITE", "INVOKE", "UNAUTHENTICATED")},
    # Of most invocations that are made up nothing comes.
    "REPLY_WAIT_SECONDS": "2",
    "INVOKE_WAIT_SECONDS": "2",
}
USUAL = (
    *("--max-examples", "20", "--max-time", "600", "--workers", "2", "--no-color", "--checks", "all"),
    # Cursors, entity tags and the order of two dates are not a matter of form: what has it may be refused all the same.
    *("--exclude-checks", "positive_data_acceptance"),
)


async def fuzz(arguments: Sequence[str]) -> int:
    """The exit status of schemathesis."""
    shutil.rmtree(REPORT, ignore_errors=True)
    token = jwt.encode(CLAIMS | {"exp": int(time.time()) + HOURS}, SECRET, algorithm="HS256")
    env = {"*": {"IDENTITY_SECRET": SECRET}, "gateway": GATEWAY}
    with tempfile.TemporaryDirectory() as folder:
        async with Stack(data_dir=Path(folder), ports="free", env=env) as stack:
            told = ("--header", f"Authorization: Bearer {token}", "--report", "json", "--report-dir", str(REPORT))
            document = f"{stack.gateway_url}/openapi.json"
            # Made on first demand, which on a busy machine takes longer than schemathesis waits.
            await asyncio.to_thread(_fetch, document)
            running = await asyncio.create_subprocess_exec(SCHEMATHESIS, "run", document, *told, *USUAL, *arguments)
            return await running.wait()


def _fetch(url: str) -> None:
    with urllib.request.urlopen(url, timeout=DOCUMENT_SECONDS) as answer:
        answer.read()


if __name__ == "__main__":
    sys.exit(asyncio.run(fuzz(sys.argv[1:])))
