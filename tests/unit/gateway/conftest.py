"""A platform of stand-ins for each test."""

import pytest
from tests.support.asgi import HttpCaller
from tests.support.gateway_fakes import FakePlatform


@pytest.fixture
def platform() -> FakePlatform:
    return FakePlatform()


@pytest.fixture
def call(platform: FakePlatform) -> HttpCaller:
    return HttpCaller(platform.app)
