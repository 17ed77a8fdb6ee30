"""`nexus-keys create`: the first API key of a tenant; its admins make all others over REST."""

import argparse
import asyncio
import hashlib
from collections.abc import Sequence

from pydantic import ValidationError

from nexus_contracts.errors import PlatformError
from nexus_contracts.keys import CreateKeyBody
from nexus_contracts.principal import Principal
from nexus_gateway.access.keys import Keys, Wish
from nexus_gateway.settings import GatewaySettings
from nexus_runtime.dynamo import Database
from nexus_runtime.process.clock import new_id, utc_now
from nexus_runtime.process.service import running
from nexus_runtime.process.settings import load


def main() -> None:
    """Prints the key, and nothing else. Exit status 2 where none was made."""
    chosen = _arguments().parse_args()
    try:
        made = created(chosen.tenant, chosen.user, chosen.name, chosen.scope, chosen.project)
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
    print(made)  # noqa: T201  # what the command is for


def created(tenant: str, user: str, name: str, scopes: Sequence[str], project: str | None = None) -> str:
    """The key, made with the settings of the environment. Raises ValueError."""
    settings = load(GatewaySettings)
    try:
        maker = Principal(id="nexus-keys", tenant=tenant)
        wished = {"name": name, "user_id": user, "scopes": tuple(scopes), "project_id": project or None}
        body = CreateKeyBody.model_validate(wished)
        return asyncio.run(_created(settings, maker, body))
    except ValidationError as error:
        fault = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from None
    except PlatformError as error:
        raise ValueError(str(error)) from None


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nexus-keys", description="API keys of the gateway.")
    create = parser.add_subparsers(dest="command", required=True).add_parser("create", help="make a key and print it")
    create.add_argument("--tenant", required=True)
    create.add_argument("--user", required=True, help="on whose behalf it acts")
    create.add_argument("--name", required=True, help="what it is for")
    create.add_argument("--scope", required=True, action="append", help="may be given several times")
    create.add_argument("--project", help="the only project that it is good for")
    return parser


async def _created(settings: GatewaySettings, maker: Principal, body: CreateKeyBody) -> str:
    if settings.identity_secret is None:
        raise ValueError("IDENTITY_SECRET is not set")
    database = Database(settings)
    async with running([database]):
        fingerprint = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
        wish = Wish(new_id("cmd_"), fingerprint, maker, body)
        return (await Keys(database, settings.identity_secret, utc_now).create(wish)).view.key
