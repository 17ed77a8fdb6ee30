"""The gateway's document of the REST contract. To make it costs a second of a core or more: once for all tests."""

from typing import Any

from tests.support.gateway_fakes import FakePlatform

DOCUMENT: dict[str, Any] = FakePlatform().app.openapi()
