"""What docker-compose.yml promises, read without an engine."""

import re
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from nexus_agents.settings import AgentsSettings
from nexus_builds.settings import BuildsSettings, WorkerSettings
from nexus_devstack.providers.docker.spec import (
    DATABASE_IMAGE,
    KAFKA_FOLDER,
    KAFKA_IMAGE,
    broker_on,
    database_container,
    kafka_env,
)
from nexus_devstack.settings import Settings
from nexus_gateway.settings import GatewaySettings
from nexus_kafka.options import KafkaOptions
from nexus_stats.settings import StatsSettings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {
    "gateway": ("nexus_gateway", GatewaySettings),
    "builds": ("nexus_builds", BuildsSettings),
    "worker": ("nexus_builds.worker", WorkerSettings),
    "agents": ("nexus_agents", AgentsSettings),
    "stats": ("nexus_stats", StatsSettings),
    "provision": ("nexus_devstack", Settings),
}
JOBS = {"provision", "dynamodb-volume"}
WATCHING = {"prometheus", "grafana", "jaeger"}
TOOLS = {"admin"}
SCALABLE = {"builds", "worker", "agents", "stats"}
OF_LIBRARIES = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "NO_PROXY"}
OF_TWO_LISTENERS = {
    "KAFKA_LISTENERS",
    "KAFKA_ADVERTISED_LISTENERS",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
    "KAFKA_INTER_BROKER_LISTENER_NAME",
}


def test_the_platform_has_these_containers_and_no_others() -> None:
    assert set(SERVICES) == {*OURS, *WATCHING, *TOOLS, "kafka", "dynamodb", "dynamodb-volume"}
    assert {name for name, service in SERVICES.items() if service.get("profiles") == ["observability"]} == WATCHING
    assert {name for name, service in SERVICES.items() if service.get("profiles") == ["admin"]} == TOOLS


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_no_privileges_and_bounded_memory(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["pids_limit"] > 0
    assert "max-size" in service["logging"]["options"]
    assert not {"privileged", "container_name"} & service.keys()


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - JOBS - TOOLS))
def test_what_stays_up_is_watched_and_started_again(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", sorted(JOBS))
def test_a_job_runs_once_and_is_waited_for(name: str) -> None:
    assert SERVICES[name]["restart"] == "no"
    awaited = [each["depends_on"][name] for each in SERVICES.values() if name in each.get("depends_on", {})]
    assert {each["condition"] for each in awaited} == {"service_completed_successfully"}


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_runs_its_module_on_a_read_only_image(name: str) -> None:
    module, _ = OURS[name]
    assert SERVICES[name]["image"] == SERVICES["provision"]["image"]
    assert SERVICES[name]["command"][:3] == ["python", "-m", module]
    assert SERVICES[name]["read_only"] is True


@pytest.mark.parametrize("name", OURS)
def test_every_variable_of_a_service_is_a_setting_of_its_own(name: str) -> None:
    _, kind = OURS[name]
    known = {str(field.validation_alias or name).upper() for name, field in kind.model_fields.items()}
    assert SERVICES[name]["environment"].keys() - OF_LIBRARIES <= known


@pytest.mark.parametrize("name", sorted(OURS.keys() - {"provision"}))
def test_a_service_of_ours_accepts_what_it_is_given(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, kind = OURS[name]
    for variable, value in SERVICES[name]["environment"].items():
        monkeypatch.setenv(variable, value)
    settings: Any = kind()
    assert (settings.host, settings.port, settings.kafka_volatile) == ("0.0.0.0", 8000, False)


@pytest.mark.parametrize("name", OURS)
def test_what_is_told_of_another_kafka_reaches_no_container(name: str) -> None:
    fixed = SERVICES[name]["environment"].keys()
    assert {option.upper() for option in KafkaOptions.model_fields} - fixed == {"KAFKA_CLIENT_ID_PREFIX"}


def test_the_operator_s_tool_finds_every_service_in_its_container() -> None:
    given = SERVICES["admin"]["environment"]
    assert {name: given[f"{name.upper()}_URL"] for name in OURS.keys() - {"provision"}} == {
        name: f"http://{name}:8000" for name in OURS.keys() - {"provision"}
    }
    assert given.items() >= SERVICES["provision"]["environment"].items()
    assert SERVICES["admin"]["read_only"] is True


def test_ports_are_published_on_the_loopback_address_only_and_none_of_what_scales() -> None:
    published = list(chain.from_iterable(service.get("ports", []) for service in SERVICES.values()))
    assert len(published) == 2 + len(WATCHING)
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert not [name for name in SCALABLE if "ports" in SERVICES[name]]


def test_services_start_behind_what_they_need() -> None:
    needed = {name: {of: how["condition"] for of, how in SERVICES[name]["depends_on"].items()} for name in OURS}
    assert needed["provision"] == {"kafka": "service_healthy", "dynamodb": "service_healthy"}
    assert needed["gateway"] == dict.fromkeys(("builds", "agents", "stats"), "service_healthy")
    for name in SCALABLE:
        assert needed[name] == {"provision": "service_completed_successfully"}


def test_worker_and_agents_share_the_packages() -> None:
    packages = [SERVICES[name]["environment"]["PACKAGES_URL"] for name in ("worker", "agents")]
    assert packages == ["file:///data/packages"] * 2
    assert "packages:/data/packages" in SERVICES["worker"]["volumes"]
    assert "packages:/data/packages:ro" in SERVICES["agents"]["volumes"]
    artifacts = SERVICES["worker"]["environment"]["ARTIFACTS_URL"]
    assert artifacts == "file:///data/artifacts"
    assert "artifacts:/data/artifacts" in SERVICES["worker"]["volumes"]


def test_broker_and_database_are_those_that_the_stack_starts_in_containers() -> None:
    database = database_container("nexus", 8010, {})
    assert SERVICES["kafka"]["image"] == KAFKA_IMAGE
    assert SERVICES["dynamodb"]["image"] == SERVICES["dynamodb-volume"]["image"] == DATABASE_IMAGE
    assert SERVICES["dynamodb"]["command"] == database.command
    assert SERVICES["dynamodb"]["environment"] == database.env
    assert SERVICES["dynamodb-volume"]["entrypoint"] == ["chown", database.owner, str(database.folder)]
    assert SERVICES["kafka"]["volumes"] == [f"kafka:{KAFKA_FOLDER}"]


def test_the_broker_is_set_up_as_the_one_that_the_stack_starts() -> None:
    expected = kafka_env(broker_on(9092))
    given = SERVICES["kafka"]["environment"]
    different = {name for name in expected.keys() | given.keys() if expected.get(name) != given.get(name)}
    assert different == OF_TWO_LISTENERS
    assert given["KAFKA_ADVERTISED_LISTENERS"].endswith("HOST://127.0.0.1:${KAFKA_PORT:-9092}")


def test_everything_kept_is_in_named_volumes() -> None:
    mounted = chain.from_iterable(service.get("volumes", []) for service in SERVICES.values())
    named = {volume.partition(":")[0] for volume in mounted if not volume.startswith("./")}
    assert named == set(COMPOSE["volumes"])


def test_what_is_read_of_the_repository_is_there_and_read_only() -> None:
    mounted = chain.from_iterable(service.get("volumes", []) for service in SERVICES.values())
    own = [volume.split(":") for volume in mounted if volume.startswith("./")]
    assert [where for where, *_ in own if not (ROOT / where).is_dir()] == []
    assert {mode for *_, mode in own} == {"ro"}


def test_the_image_takes_other_people_s_packages_before_our_own_and_runs_as_nobody() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    packages = lines[lines.index("FROM python AS packages") : lines.index("FROM python AS platform")]
    assert [line for line in packages if line.startswith("COPY")] == ["COPY requirements.lock ./"]
    assert any("--require-hashes -r requirements.lock" in line for line in packages)
    assert lines[-1] == "USER 10001:10001"


def test_the_image_is_made_of_nothing_but_code_and_locks() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == {
        "bootstrap.lock",
        "requirements.lock",
        "pyproject.toml",
        "libs",
        "services",
    }
