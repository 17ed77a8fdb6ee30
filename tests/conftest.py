"""What holds for all tests."""

import pytest
from tests.support.infra import docker_is_chosen, jvm_is_chosen, prepare_jvm

from nexus_devstack.errors import StackError
from nexus_devstack.providers.docker.engine import engine


def pytest_sessionstart() -> None:
    """Fetching Kafka is no part of any test's time; without Java, or an engine, there is nothing to run tests on."""
    try:
        if jvm_is_chosen():
            prepare_jvm()
        if docker_is_chosen():
            with engine():
                return
    except StackError as error:
        pytest.exit(f"error: {error}", returncode=1)
