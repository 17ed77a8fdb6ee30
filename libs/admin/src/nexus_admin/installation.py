"""The installation that commands work on: the one that the settings name, by default that of this machine."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from pydantic import SecretStr

from nexus_devstack.ports import LOOPBACK
from nexus_devstack.providers.embedded import CREDENTIAL
from nexus_devstack.providers.provider import Endpoints
from nexus_devstack.settings import SERVICE_PORTS, Settings
from nexus_kafka.options import KafkaOptions
from nexus_runtime.process.caller import Trust


def endpoints(settings: Settings) -> Endpoints:
    """The broker and database that the settings name; with NEXUS_INFRA=external AWS's; else those of this machine."""
    named = "kafka_bootstrap_servers" in settings.model_fields_set
    kafka = settings if named else KafkaOptions(kafka_bootstrap_servers=f"{LOOPBACK}:{settings.kafka_port}")
    if settings.dynamodb_endpoint_url or settings.infra == "external":
        return Endpoints(kafka, settings.dynamodb_endpoint_url, settings.aws_region)
    credentials = {"AWS_ACCESS_KEY_ID": CREDENTIAL, "AWS_SECRET_ACCESS_KEY": CREDENTIAL}
    return Endpoints(kafka, f"http://{LOOPBACK}:{settings.dynamodb_port}", settings.aws_region, credentials)


def service_urls(settings: Settings) -> dict[str, str]:
    """The URL of each service, by its name; <NAME>_URL overrides it, as it does for the gateway."""
    urls: dict[str, str] = {}
    for variable, port in settings.ports(SERVICE_PORTS).items():
        name = variable.removesuffix("_PORT")
        here = f"http://{settings.address_of(name.lower())}:{port}"
        urls[name.lower()] = os.environ.get(f"{name}_URL") or here
    return urls


def services_elsewhere() -> bool:
    """Whether the services run on other machines: so it is taken if any of their URLs is set."""
    return any(os.environ.get(f"{setting.removesuffix('_port').upper()}_URL") for setting in SERVICE_PORTS)


def trust() -> Trust:
    """Signs requests to the services, if they share an IDENTITY_SECRET."""
    secret = os.environ.get("IDENTITY_SECRET")
    return Trust(SecretStr(secret) if secret else None)


@asynccontextmanager
async def database(found: Endpoints) -> AsyncGenerator[Any]:
    """A client of the database."""
    session: Any = AioSession()
    async with session.create_client(
        "dynamodb",
        region_name=found.aws_region,
        endpoint_url=found.dynamodb_endpoint_url,
        aws_access_key_id=found.env.get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=found.env.get("AWS_SECRET_ACCESS_KEY"),
        config=AioConfig(
            proxies={} if found.dynamodb_endpoint_url else None,
            connect_timeout=3,
            read_timeout=10,
            retries={"max_attempts": 1},
        ),
    ) as client:
        yield client
