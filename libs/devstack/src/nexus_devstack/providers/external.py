"""A broker and a database that run elsewhere: nothing is started here."""

from nexus_devstack.errors import StackError
from nexus_devstack.providers.provider import Endpoints, Site
from nexus_devstack.settings import Settings
from nexus_devstack.topics import quiet_client
from nexus_kafka.admission import refusal


async def external_endpoints(settings: Settings) -> Endpoints:
    """The endpoints that the settings name. Raises StackError if one is missing or the broker refuses the client."""
    if "kafka_bootstrap_servers" not in settings.model_fields_set:
        raise StackError("KAFKA_BOOTSTRAP_SERVERS (host:port, comma separated) is required with NEXUS_INFRA=external")
    quiet_client()
    if (why := await refusal(settings)) is not None:
        raise StackError(f"KAFKA_BOOTSTRAP_SERVERS={settings.kafka_bootstrap_servers} cannot be used: {why}")
    return Endpoints(settings, settings.dynamodb_endpoint_url, settings.aws_region)


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
