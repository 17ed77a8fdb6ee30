"""A broker and a database that run elsewhere: nothing is started here."""

import asyncio

from nexus_devstack.errors import StackError
from nexus_devstack.providers.provider import Endpoints, Site
from nexus_devstack.settings import Settings

CONNECT_SECONDS = 5.0


async def _require_reachable(setting: str, address: str) -> None:
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except (OSError, TimeoutError, ValueError) as error:
        raise StackError(f"{setting}={address} cannot be reached: {error or 'no answer'}") from None
    writer.close()


async def external_endpoints(settings: Settings) -> Endpoints:
    """Raises StackError when a setting is missing or the broker cannot be reached."""
    servers = settings.kafka_bootstrap_servers
    if servers is None:
        raise StackError("KAFKA_BOOTSTRAP_SERVERS (host:port, comma separated) is needed for infrastructure elsewhere")
    await _require_reachable("KAFKA_BOOTSTRAP_SERVERS", servers.split(",")[0].strip())
    return Endpoints(servers, settings.dynamodb_endpoint_url, settings.aws_region)


class ExternalProvider:
    """KAFKA_BOOTSTRAP_SERVERS is required; without DYNAMODB_ENDPOINT_URL the database is AWS's own."""

    ports: tuple[str, ...] = ()

    def __init__(self, settings: Settings, site: Site) -> None:
        del site
        self._settings = settings

    async def start(self) -> Endpoints:
        return await external_endpoints(self._settings)

    async def stop(self) -> None:
        pass
