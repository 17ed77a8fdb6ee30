"""The provider `docker` without an engine: what it says, keeps in mind and configures."""

import shutil
from pathlib import Path

import pytest

from nexus_devstack.errors import StackError
from nexus_devstack.providers.docker.engine import engine, mark_in
from nexus_devstack.providers.docker.spec import broker_on, kafka_container, kafka_env
from nexus_devstack.stack import Stack


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    address = f"unix://{tmp_path}/none.sock"
    monkeypatch.setenv("DOCKER_HOST", address)
    return address


def test_no_engine_is_one_line_that_says_what_to_do(no_engine: str) -> None:
    with (
        pytest.raises(StackError, match=r"needs a Docker engine and none answers at .*NEXUS_INFRA=embedded") as raised,
        engine(),
    ):
        pass
    assert no_engine in str(raised.value)
    assert "\n" not in str(raised.value)


async def test_nothing_is_started_and_kept_without_an_engine(no_engine: str, tmp_path: Path) -> None:
    stack = Stack(data_dir=tmp_path / "data", infra="docker", ports="free", services=())
    with pytest.raises(StackError, match="needs a Docker engine"):
        await stack.start()
    assert stack.supervisor.names == ()
    assert not (tmp_path / "data" / "docker").exists()


def test_a_data_folder_keeps_its_mark_and_a_new_one_gets_another(tmp_path: Path) -> None:
    first = mark_in(tmp_path / "docker")
    assert mark_in(tmp_path / "docker") == first
    shutil.rmtree(tmp_path / "docker")
    assert mark_in(tmp_path / "docker").name != first.name


@pytest.mark.parametrize("port", [9092, 9093])
def test_the_broker_calls_itself_by_the_address_that_others_use(port: int) -> None:
    env = kafka_env(broker_on(port))
    assert env["KAFKA_ADVERTISED_LISTENERS"] == f"PLAINTEXT://127.0.0.1:{port}"
    listeners = env["KAFKA_LISTENERS"].split(",")
    assert listeners[0] == f"PLAINTEXT://:{port}"
    assert not listeners[1].endswith(f":{port}")


def test_a_container_s_description_survives_its_command_line() -> None:
    spec = kafka_container("nexus-1", 9092, {"a": "b"})
    assert type(spec).model_validate_json(spec.model_dump_json()) == spec
