"""Settings of the stack: a bad one is named."""

from pathlib import Path

import pytest

from nexus_devstack.errors import StackError
from nexus_devstack.settings import load_settings


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NEXUS_INFRA", "NEXUS_DATA_DIR", "LOG_FORMAT", "LOG_LEVEL", "GATEWAY_PORT", "BUILDS_PORT"):
        monkeypatch.delenv(name, raising=False)


def test_the_defaults_need_no_environment() -> None:
    settings = load_settings()
    assert (settings.infra, settings.gateway_port, settings.kafka_port) == ("embedded", 8000, 9092)
    assert settings.data_dir == Path(".data")


@pytest.mark.parametrize(
    ("name", "value"),
    [("GATEWAY_PORT", "99999"), ("GATEWAY_PORT", "x"), ("LOG_FORMAT", "xml"), ("LOG_LEVEL", "loud")],
)
def test_a_bad_setting_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(StackError) as raised:
        load_settings()
    assert f"{name}={value}" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_two_processes_cannot_share_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "8001")
    with pytest.raises(StackError, match="GATEWAY_PORT and BUILDS_PORT are both 8001"):
        load_settings()


def test_an_empty_variable_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "")
    assert load_settings().gateway_port == 8000
