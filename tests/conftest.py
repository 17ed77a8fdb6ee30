"""What holds for all tests."""

import gc
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, Phase, settings
from tests.support.infra import docker_is_chosen, jvm_is_chosen, prepare_jvm
from tests.support.scheduling import ByWhatIsShared

from nexus_devstack.errors import StackError
from nexus_devstack.providers.docker.engine import engine
from nexus_devstack.providers.jvm.provider import START_SECONDS

gc.disable()  # while everything is imported, as in the services: what is imported stays


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files of a folder come first: at the end one process would work alone."""
    folders = {folder: place for place, folder in enumerate(dict.fromkeys(item.path.parent for item in items))}
    items.sort(key=lambda item: (folders[item.path.parent], item.get_closest_marker("long") is None))
    if jvm_is_chosen():
        for item in items:
            allow_for_start(item)


def allow_for_start(item: pytest.Item) -> None:
    """The test that comes first waits for Kafka, too, and on a crowded machine that takes its time."""
    own = item.get_closest_marker("timeout")
    seconds = own.args[0] if own else float(item.config.getini("timeout"))
    item.add_marker(pytest.mark.timeout(seconds + START_SECONDS), append=False)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByWhatIsShared:
    return ByWhatIsShared(config, log)


def pytest_sessionstart() -> None:
    """Fetching Kafka is not part of any test's time; without Java, or an engine, there is nothing to run tests on."""
    try:
        if jvm_is_chosen():
            prepare_jvm()
        if docker_is_chosen():
            with engine():
                return
    except StackError as error:
        pytest.exit(f"error: {error}", returncode=1)


# As the services do: structlog's own way draws the locals of every frame, which takes seconds on a busy machine.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)

# How long a generated example takes depends on who else uses the machine: no verdict on the code.
settings.register_profile("platform", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
# For `make test-mutation`: all that is asked is whether an example fails, and a survivor costs every test that sees it.
settings.register_profile(
    "mutation",
    settings.get_profile("platform"),
    max_examples=20,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
)
settings.load_profile("platform")
