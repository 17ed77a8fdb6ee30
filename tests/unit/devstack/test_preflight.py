"""What a start looks at before anything is started, and the settings it goes by."""

import os
import socket
from pathlib import Path

import pytest

from nexus_devstack.errors import StackError
from nexus_devstack.ports import free_port
from nexus_devstack.preflight import Finding, findings, needs_aws
from nexus_devstack.reload import concerned
from nexus_devstack.settings import Settings, load_environment, load_settings

ORIGINAL_ENV = """
ENVIRONMENT=production
API_HOST=0.0.0.0
API_PORT=9100
AWS_REGION=eu-west-1
LOG_LEVEL=INFO
ALLOWED_ORIGINS=http://localhost:3000
"""


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "environ", {"PATH": os.environ["PATH"], "NEXUS_DATA_DIR": str(tmp_path / "data")})
    for name in ("GATEWAY", "BUILDS", "AGENTS", "STATS", "WORKER", "KAFKA", "DYNAMODB"):
        monkeypatch.setenv(f"{name}_PORT", str(free_port()))


def faults(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings(settings) if finding.outcome == "fault"}


def test_a_machine_that_has_all_has_no_faults() -> None:
    assert faults(load_settings()) == {}


def test_the_first_editions_settings_file_works_as_it_stands(tmp_path: Path) -> None:
    del os.environ["GATEWAY_PORT"]
    (tmp_path / ".env").write_text(ORIGINAL_ENV, encoding="utf-8")
    load_environment(tmp_path / ".env")
    settings = load_settings()
    assert (settings.environment, settings.gateway_host, settings.gateway_port) == ("production", "0.0.0.0", 9100)
    assert (settings.aws_region, settings.log_level, settings.gateways) == ("eu-west-1", "info", 2)
    assert faults(settings) == {}
    (exposed,) = [finding for finding in findings(settings) if finding.name == "exposure"]
    assert (exposed.outcome, "AUTHENTICATION=on" in exposed.remedy) == ("warning", True)


def test_a_gateway_that_others_reach_is_a_fault_unless_it_is_protected_or_meant() -> None:
    os.environ["GATEWAY_HOST"] = "0.0.0.0"
    load_environment(Path("no file"))
    assert "LISTEN_WITHOUT_AUTHENTICATION" in faults(load_settings())["exposure"].remedy
    os.environ["LISTEN_WITHOUT_AUTHENTICATION"] = "y"
    assert "exposure" not in faults(load_settings())
    os.environ["AUTHENTICATION"] = "on"
    assert "exposure" not in {finding.name for finding in findings(load_settings())}


@pytest.mark.parametrize(
    ("host", "asked"), [("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("192.0.2.7", "192.0.2.7")]
)
def test_the_gateway_is_asked_where_it_listens(host: str, asked: str) -> None:
    os.environ["GATEWAY_HOST"] = host
    assert load_settings().address_of("gateway") == asked


def test_a_taken_port_is_a_fault_that_names_its_setting() -> None:
    settings = load_settings()
    with socket.create_server(("127.0.0.1", settings.builds_port)):
        assert f"{settings.builds_port} (BUILDS_PORT)" in faults(settings)["ports"].text


def test_a_setting_that_every_service_would_refuse_is_one_fault() -> None:
    os.environ["SHUTDOWN_SECONDS"] = "never"
    refused = faults(load_settings())["service settings"].text
    assert refused.startswith("SHUTDOWN_SECONDS: ")
    assert refused.endswith("(of gateway, builds, worker, agents, stats)")


@pytest.mark.parametrize(
    ("name", "value", "services"),
    [
        ("WORKER_CONCURRENCY", "lots", "worker"),
        ("BUILD_EXECUTORS", '{"rules": "nexus_offline_builder:Nobody"}', "worker"),
        ("MODELS", "gpt-5", "builds, worker, agents"),
        ("AUTHENTICATION", "on", "gateway"),
        ("AGENT_MEMORY_MB", "2", "agents"),
        ("WATCH_SECONDS", "0", "builds"),
    ],
)
def test_a_setting_that_one_service_would_refuse_is_a_fault(name: str, value: str, services: str) -> None:
    os.environ[name] = value
    assert faults(load_settings())["service settings"].text.endswith(f"(of {services})")


def test_a_step_for_a_model_is_a_setting_of_the_worker_where_there_are_models() -> None:
    os.environ["MODELS_BY_STEP"] = '{"no_step": ["openai:m"]}'
    assert "service settings" not in faults(load_settings())
    os.environ["MODELS"] = '[{"name": "openai:m", "input_usd": 0, "output_usd": 0}]'
    assert "MODELS_BY_STEP" in faults(load_settings())["service settings"].text


def test_a_folder_that_is_a_file_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    assert "cannot be written" in faults(load_settings())["disk"].text


def test_tables_of_another_region_are_a_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    note = tmp_path / "data" / "database" / "region"
    note.parent.mkdir(parents=True)
    note.write_text("us-east-1\n", encoding="utf-8")
    assert faults(load_settings()) == {}
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert "set AWS_REGION=us-east-1" in faults(load_settings())["region"].text


def test_aws_is_asked_for_credentials_only_where_it_is_used() -> None:
    os.environ |= {"NEXUS_INFRA": "external", "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}
    assert needs_aws(load_settings()) == ["DynamoDB (no DYNAMODB_ENDPOINT_URL)"]
    os.environ["DYNAMODB_ENDPOINT_URL"] = "http://database:8000"
    assert needs_aws(load_settings()) == []


def test_missing_credentials_are_a_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    os.environ |= {"NEXUS_INFRA": "external", "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092", "HOME": str(tmp_path)}
    os.environ |= {"AWS_EC2_METADATA_DISABLED": "true"}
    assert "no credentials" in faults(load_settings())["aws"].text


def test_an_unknown_environment_is_named() -> None:
    os.environ["ENVIRONMENT"] = "staging"
    with pytest.raises(StackError, match="ENVIRONMENT=staging"):
        load_settings()


def test_changed_code_restarts_who_runs_it() -> None:
    where = {name: Path("/src") / name for name in ("gateway", "builds", "runtime")}
    processes = ("kafka", "gateway", "gateway-2", "builds", "worker")
    assert concerned([Path("/src/builds/app.py")], where, processes) == ["builds", "worker"]
    assert concerned([Path("/src/gateway/app.py")], where, processes) == ["gateway", "gateway-2"]
    assert concerned([Path("/src/runtime/log.py")], where, processes) == ["gateway", "gateway-2", "builds", "worker"]
    assert concerned([Path("/elsewhere/x.py")], where, processes) == []
