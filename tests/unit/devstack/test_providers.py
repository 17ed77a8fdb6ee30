"""The ways to have infrastructure, and what they refuse."""

from pathlib import Path

import pytest

from nexus_devstack.errors import StackError
from nexus_devstack.ports import LOOPBACK, free_port
from nexus_devstack.providers.choice import PROVIDERS
from nexus_devstack.services import SERVICES, shared_environment
from nexus_devstack.settings import Settings
from nexus_devstack.stack import Stack


def settings(**values: object) -> Settings:
    return Settings.model_validate(values)


def test_an_unknown_way_names_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(StackError) as raised:
        Stack(settings=settings(infra="cloud"), data_dir=tmp_path)
    assert all(name in str(raised.value) for name in ("NEXUS_INFRA=cloud", *PROVIDERS))


async def test_external_needs_the_broker_s_address(tmp_path: Path) -> None:
    stack = Stack(settings=settings(), data_dir=tmp_path, infra="external", services=())
    with pytest.raises(StackError, match="KAFKA_BOOTSTRAP_SERVERS"):
        await stack.start()


async def test_external_says_which_address_cannot_be_reached(tmp_path: Path) -> None:
    address = f"{LOOPBACK}:{free_port()}"
    chosen = settings(kafka_bootstrap_servers=address)
    stack = Stack(settings=chosen, data_dir=tmp_path, infra="external", services=())
    with pytest.raises(StackError, match=f"KAFKA_BOOTSTRAP_SERVERS={address} .*{address} cannot be reached"):
        await stack.start()


def test_services_learn_each_other_s_addresses_and_no_foreign_account(tmp_path: Path) -> None:
    ports = {service.port_setting: 7000 + number for number, service in enumerate(SERVICES)}
    inherited = {"NEXUS_ENVIRONMENT": "production", "AWS_PROFILE": "work", "PATH": "/bin", "NO_PROXY": "intranet"}
    env = shared_environment(inherited, ports, tmp_path)
    assert env["BUILDS_URL"] == f"http://{LOOPBACK}:{ports['BUILDS_PORT']}"
    assert env["PATH"] == "/bin"
    assert env["NO_PROXY"].startswith("intranet,127.0.0.1")
    assert not {"NEXUS_ENVIRONMENT", "AWS_PROFILE"} & env.keys()
