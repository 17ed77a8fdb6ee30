"""What holds for all tests."""

import pytest
from tests.support.infra import jvm_is_chosen, prepare_jvm

from nexus_devstack.errors import StackError


def pytest_sessionstart() -> None:
    """Fetching Kafka is no part of any test's time; without Java there is nothing to run the tests on."""
    if jvm_is_chosen():
        try:
            prepare_jvm()
        except StackError as error:
            pytest.exit(f"error: {error}", returncode=1)
