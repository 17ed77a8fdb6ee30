"""The platform's processes and the settings that each gets."""

import pkgutil
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError

from nexus_devstack.errors import StackError
from nexus_devstack.listener import Listener
from nexus_devstack.ports import LOOPBACK, free_port
from nexus_devstack.program import Program, reports_ready
from nexus_kafka.options import KafkaOptions
from nexus_runtime.process.settings import ServiceSettings, faults
from nexus_runtime.process.succession import FINISH_SECONDS, SIGNAL

FOREIGN = (
    *("NEXUS_ENVIRONMENT", "PUBLIC_ADDRESS", "PUBLIC_FD", "PREDECESSOR_URL"),
    *("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"),
    *(name.upper() for name in KafkaOptions.model_fields),
)
"""Variables of the user's shell that would turn a development process into something else; the provider tells which
Kafka it is."""
DEFAULT_SHUTDOWN_SECONDS = 10.0
GRACE_SECONDS = 2.0
UNPROXIED = f"{LOOPBACK},localhost"


@dataclass(frozen=True)
class Service:
    """`port_setting` is the environment variable of its port."""

    name: str
    command: tuple[str, ...]
    port_setting: str


def _service(name: str, module: str) -> Service:
    return Service(name, (sys.executable, "-m", module), f"{name.upper()}_PORT")


SERVICES = (
    _service("gateway", "nexus_gateway"),
    _service("builds", "nexus_builds"),
    _service("worker", "nexus_builds.worker"),
    _service("agents", "nexus_agents"),
    _service("stats", "nexus_stats"),
)
SETTINGS = {
    "gateway": "nexus_gateway.settings:GatewaySettings",
    "builds": "nexus_builds.settings:BuildsSettings",
    "worker": "nexus_builds.settings:WorkerSettings",
    "agents": "nexus_agents.settings:AgentsSettings",
    "stats": "nexus_stats.settings:StatsSettings",
}
"""By service what it reads its settings with; imported by name, as no library depends on a service."""
MODEL_SETTINGS = "nexus_model_builder.settings:ModelSettings"
"""What the worker reads as well when there are models."""
STOP_WAVES: tuple[Sequence[str], ...] = (("gateway",), ("worker", "agents"), ("builds", "stats"))
"""Services that accept requests stop first, those that keep state last."""
REPLACED = ("stats", "agents", "builds", "worker", "gateway")
"""Who reads messages is replaced before who writes them, so that new ones are understood."""


def own_folders(data_dir: Path) -> dict[str, Path]:
    """The default folders of the services' files, by the setting that may name another store."""
    return {"PACKAGES_URL": data_dir / "packages", "ARTIFACTS_URL": data_dir / "artifacts"}


def _unproxied(inherited: Mapping[str, str]) -> dict[str, str]:
    known = inherited.get("NO_PROXY") or inherited.get("no_proxy") or ""
    hosts = f"{known},{UNPROXIED}" if known else UNPROXIED
    return {"NO_PROXY": hosts, "no_proxy": hosts}


def shared_environment(inherited: Mapping[str, str], ports: Mapping[str, int], data_dir: Path) -> dict[str, str]:
    """The environment that all processes share. `ports` are by setting."""
    return {
        **{name: value for name, value in inherited.items() if name not in FOREIGN},
        **_unproxied(inherited),
        "HOST": LOOPBACK,
        "BUILDS_URL": f"http://{LOOPBACK}:{ports['BUILDS_PORT']}",
        "AGENTS_URL": f"http://{LOOPBACK}:{ports['AGENTS_PORT']}",
        "STATS_URL": f"http://{LOOPBACK}:{ports['STATS_PORT']}",
        "WORKER_URL": f"http://{LOOPBACK}:{ports['WORKER_PORT']}",
        **{name: inherited.get(name) or folder.as_uri() for name, folder in own_folders(data_dir).items()},
        "PYTHONUNBUFFERED": "1",
    }


def require_usable_settings() -> None:
    """Raises StackError for a setting that every service would refuse, so that nothing is started in vain."""
    try:
        ServiceSettings(host=LOOPBACK, port=1, kafka_bootstrap_servers=LOOPBACK)
    except ValidationError as error:
        raise StackError(f"setting {faults(error)[0]}") from None


def refused_settings() -> dict[str, list[str]]:
    """What services would refuse of the environment: each fault, and the services that would not start for it."""
    urls = {f"{name}_url": f"http://{LOOPBACK}:1" for name in SETTINGS}
    given = {"host": LOOPBACK, "port": 1, "public_address": None, "kafka_group_instance_id": None, **urls}
    refused = defaultdict[str, list[str]](list)
    for service, named in SETTINGS.items():
        kind: Any = pkgutil.resolve_name(named)
        try:
            chosen = kind(**given)
            if service == "worker" and chosen.models:
                pkgutil.resolve_name(MODEL_SETTINGS)()
        except (ValidationError, SettingsError) as error:
            for fault in faults(error):
                refused[fault].append(service)
    return refused


def _seconds_to_stop(env: Mapping[str, str]) -> float:
    try:
        return float(env.get("SHUTDOWN_SECONDS", DEFAULT_SHUTDOWN_SECONDS)) + GRACE_SECONDS
    except ValueError:  # the service itself will name the fault
        return DEFAULT_SHUTDOWN_SECONDS + GRACE_SECONDS


def program_of(service: Service, at: int | Listener, env: Mapping[str, str], name: str | None = None) -> Program:
    """The supervised process of a service. `at`: where it is reached; its health is asked for at a port of its own."""
    listener = Listener(LOOPBACK, at) if isinstance(at, int) else at
    own = free_port()
    return Program(
        name=name or service.name,
        argv=lambda: service.command,
        env={
            **env,
            "PORT": str(own),
            "PUBLIC_ADDRESS": listener.address,
            "KAFKA_GROUP_INSTANCE_ID": name or service.name,
        },
        readiness=reports_ready(own),
        stop_seconds=_seconds_to_stop(env),
        succeeded_signal=SIGNAL,
        finish_seconds=FINISH_SECONDS,
        listener=listener,
    )


def predecessor_of(program: Program) -> dict[str, str]:
    """What a process must know that takes over from one of this program."""
    return {"PREDECESSOR_URL": f"http://{LOOPBACK}:{program.env['PORT']}"}
