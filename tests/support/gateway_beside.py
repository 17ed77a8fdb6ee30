"""A real gateway in the test's own process, beside the builds service."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr
from tests.support.access import SECRET, SETTINGS
from tests.support.asgi import HttpCaller
from tests.support.builds_stack import BuildsStack
from tests.support.eventually import eventually

from nexus_gateway.app import create_app
from nexus_gateway.settings import GatewaySettings


@asynccontextmanager
async def gateway_of(builds: BuildsStack, **more: Any) -> AsyncGenerator[HttpCaller]:
    """With authentication; `more` are settings. Keys need its tables, and credentials for them in the environment."""
    settings = GatewaySettings(
        kafka_bootstrap_servers=builds.stack.endpoints.kafka_bootstrap_servers,
        kafka_volatile=builds.stack.endpoints.environment()["KAFKA_VOLATILE"] == "true",
        dynamodb_endpoint_url=builds.stack.endpoints.dynamodb_endpoint_url,
        builds_url=builds.stack.url("builds"),
        cursor_secret=SecretStr(SECRET),
        **SETTINGS | more,
    )
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        call = HttpCaller(app)
        await eventually(lambda: call("GET", "/health/ready"), lambda answer: answer.status == 200)
        yield call
