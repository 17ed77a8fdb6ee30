"""What the gateway can be told, and what it does not accept."""

import pytest

from nexus_gateway.settings import GatewaySettings
from nexus_runtime.process.settings import load


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PORT": "8100", "BUILDS_URL": "http://builds:80", "REPLY_WAIT_SECONDS": "3"}.items():
        monkeypatch.setenv(name, value)
    settings = load(GatewaySettings)
    urls = settings.service_urls
    assert (settings.port, urls["builds"], settings.reply_wait_seconds) == (8100, "http://builds:80", 3)
    assert (urls["stats"], urls["worker"]) == ("http://127.0.0.1:8003", "http://127.0.0.1:8004")


def test_without_a_secret_every_process_has_its_own_and_shows_none() -> None:
    first, second = GatewaySettings(), GatewaySettings()
    assert first.cursor_secret != second.cursor_secret
    assert first.cursor_secret.get_secret_value() not in repr(first)


@pytest.mark.parametrize(
    ("name", "value"),
    [("AGENTS_URL", "agents:8002"), ("CURSOR_SECRET", "short"), ("INVOKE_WAIT_SECONDS", "0"), ("PORT", "x")],
)
def test_a_wrong_setting_stops_the_start_and_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as stopped:
        load(GatewaySettings)
    assert stopped.value.code == 2
    assert f"setting {name}:" in capsys.readouterr().err
