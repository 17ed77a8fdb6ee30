"""DynamoDB Local, on the loopback address only and without its telemetry."""

from collections.abc import Sequence
from pathlib import Path

import aiohttp

from nexus_devstack.ports import LOOPBACK
from nexus_devstack.program import PROBE_SECONDS, Readiness
from nexus_devstack.providers.jvm.java import RESOURCES

CREDENTIAL = "local"
_SIGNED = "SignedHeaders=host, Signature=none"


def call(folder: Path, port: int) -> Sequence[str]:
    """Java options, the main class and its argument; the tables are kept in `folder`."""
    return [
        *(f"-Dnexus.port={port}", f"-Dnexus.folder={folder}"),
        *("org.eclipse.jetty.xml.XmlConfiguration", str(RESOURCES / "dynamodb.xml")),
    ]


def lists_tables(port: int, region: str) -> Readiness:
    """Ready when the database on `port` answers a request for its tables."""
    url = f"http://{LOOPBACK}:{port}/"
    scope = f"{CREDENTIAL}/20260101/{region}/dynamodb/aws4_request"
    headers = {
        "X-Amz-Target": "DynamoDB_20120810.ListTables",
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, {_SIGNED}",
    }
    timeout = aiohttp.ClientTimeout(total=PROBE_SECONDS)

    async def probe() -> str | None:
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
                session.post(url, data=b'{"Limit": 1}') as answer,
            ):
                return None if answer.status == 200 else f"DynamoDB Local answers {answer.status}"
        except (aiohttp.ClientError, OSError, TimeoutError):
            return f"DynamoDB Local does not answer on port {port} yet"

    return probe
