"""Which broker and database the tests run on: those that NEXUS_INFRA names, by default the embedded ones."""

import asyncio
import os
import sys

import pytest

from nexus_devstack.errors import StackError
from nexus_devstack.providers.docker.engine import engine
from nexus_devstack.providers.jvm.jars import fetch_jars, has_jars, jars_folder
from nexus_devstack.providers.jvm.java import maven_program
from nexus_devstack.providers.jvm.provider import require_jvm
from nexus_devstack.settings import load_settings


def jvm_is_chosen() -> bool:
    return os.environ.get("NEXUS_INFRA") == "jvm"


def docker_is_chosen() -> bool:
    return os.environ.get("NEXUS_INFRA") == "docker"


needs_volatile_broker = pytest.mark.skipif(
    os.environ.get("NEXUS_INFRA", "embedded") not in ("", "embedded"),
    reason="only the embedded broker comes back empty from a restart",
)


def prepare_jvm() -> None:
    """Java is there and the jars are fetched. Raises StackError that says what to install."""
    settings = load_settings()
    require_jvm(settings)
    folder = jars_folder(settings.cache_dir)
    if not has_jars(folder):
        asyncio.run(fetch_jars(maven_program(), folder, lambda line: print(line, file=sys.stderr)))  # noqa: T201


def require_jvm_or_skip() -> None:
    """Skips, saying why, where Kafka and DynamoDB Local cannot run; fails where NEXUS_INFRA=jvm or CI asks for them."""
    try:
        prepare_jvm()
    except StackError as error:
        if jvm_is_chosen() or os.environ.get("CI") == "true":
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


def require_engine_or_skip() -> None:
    """Skips, saying why, where no Docker engine answers; fails where NEXUS_INFRA=docker asks for it."""
    try:
        with engine():
            return
    except StackError as error:
        if docker_is_chosen():
            pytest.fail(str(error), pytrace=False)
        pytest.skip(f"no Docker engine answers: {error}")
