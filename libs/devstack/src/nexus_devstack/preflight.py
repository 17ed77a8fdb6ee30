"""What a start needs of this machine, checked before anything is started."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from botocore.exceptions import BotoCoreError

from nexus_devstack.errors import StackError
from nexus_devstack.ports import require_free
from nexus_devstack.providers.choice import PROVIDERS
from nexus_devstack.providers.embedded import require_region
from nexus_devstack.services import refused_settings
from nexus_devstack.settings import SERVICE_PORTS, Settings
from nexus_runtime.process.settings import is_loopback

LEAST_DISK_BYTES = 500_000_000
LEAST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """What was checked and what was found; with a `remedy` if something is to be done."""

    name: str
    outcome: Literal["ok", "warning", "fault"]
    text: str
    remedy: str = ""


def _python(_settings: Settings) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < LEAST_PYTHON:
        yield Finding("python", "fault", f"this is Python {version}", "install Python 3.11 or newer")
    yield Finding("python", "ok", version)


def _settings(settings: Settings) -> Iterator[Finding]:
    if settings.infra not in PROVIDERS:
        choices = ", ".join(PROVIDERS)
        yield Finding("settings", "fault", f"NEXUS_INFRA={settings.infra} does not exist", f"choose one of: {choices}")
    if settings.infra == "external" and "kafka_bootstrap_servers" not in settings.model_fields_set:
        yield Finding("settings", "fault", "NEXUS_INFRA=external without a broker", "set KAFKA_BOOTSTRAP_SERVERS")
    if settings.environment == "production" and settings.infra != "external":
        text = f"production on the {settings.infra} broker and database: one machine, nothing replicated"
        yield Finding(
            "infrastructure", "warning", text, "set NEXUS_INFRA=external, KAFKA_BOOTSTRAP_SERVERS and a database"
        )
    else:
        yield Finding("settings", "ok", f"{settings.environment}, infrastructure {settings.infra}")


def _service_settings(_settings: Settings) -> Iterator[Finding]:
    for fault, services in refused_settings().items():
        text = f"{fault} (of {', '.join(services)})"
        yield Finding("service settings", "fault", text, "correct it in .env or in the environment")


def _exposure(settings: Settings) -> Iterator[Finding]:
    if is_loopback(settings.gateway_host) or settings.authentication == "on":
        return
    meant = settings.listen_without_authentication
    text = f"the gateway listens on {settings.gateway_host} without authentication: who reaches it may do everything"
    remedy = "set AUTHENTICATION=on and IDENTITY_SECRET"
    if not meant:
        remedy += ", or LISTEN_WITHOUT_AUTHENTICATION=true if that is intended"
    yield Finding("exposure", "warning" if meant else "fault", text, remedy)


def needs_aws(settings: Settings) -> list[str]:
    """The settings by which the platform uses AWS itself, as people read them."""
    reasons: list[str] = []
    if settings.infra == "external" and not settings.dynamodb_endpoint_url:
        reasons.append("DynamoDB (no DYNAMODB_ENDPOINT_URL)")
    if settings.kafka_sasl_mechanism == "AWS_MSK_IAM":
        reasons.append("Kafka (AWS_MSK_IAM)")
    if os.environ.get("AGENT_BACKEND") == "agentcore":
        reasons.append("agents (AGENT_BACKEND=agentcore)")
    reasons += [name for name in ("PACKAGES_URL", "ARTIFACTS_URL") if os.environ.get(name, "").startswith("s3://")]
    return reasons


def _credentials(settings: Settings) -> Iterator[Finding]:
    reasons = needs_aws(settings)
    if not reasons:
        return
    from botocore.session import Session

    try:
        found = Session().get_credentials()
    except BotoCoreError as error:
        yield Finding("aws", "fault", f"credentials: {error}", "correct the AWS profile or environment")
        return
    if found is None:
        remedy = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the host a role"
        yield Finding("aws", "fault", f"no credentials, and needed for {', '.join(reasons)}", remedy)
    else:
        yield Finding("aws", "ok", f"credentials by {found.method}, for {', '.join(reasons)}")


def _ports(settings: Settings) -> Iterator[Finding]:
    provider = PROVIDERS.get(settings.infra)
    own: tuple[str, ...] = getattr(provider, "ports", ())
    names = (*SERVICE_PORTS, *(name.lower() for name in own))
    try:
        require_free(settings.ports(names))
    except StackError as error:
        yield Finding("ports", "fault", str(error), "see above")
    else:
        yield Finding("ports", "ok", ", ".join(str(port) for port in settings.ports(names).values()))


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir.absolute()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(existing, os.W_OK | os.X_OK) or not existing.is_dir():
        yield Finding("disk", "fault", f"{existing} cannot be written", "set NEXUS_DATA_DIR to a folder of this user")
        return
    free = shutil.disk_usage(existing).free
    if free < LEAST_DISK_BYTES:
        text = f"{free / 1e6:.0f} MB are free in {existing}, {LEAST_DISK_BYTES / 1e6:.0f} are needed"
        yield Finding("disk", "fault", text, "make room, or set NEXUS_DATA_DIR")
    else:
        yield Finding("disk", "ok", f"{free / 1e9:.1f} GB free in {existing}")


def _region(settings: Settings) -> Iterator[Finding]:
    if settings.infra != "embedded":
        return
    try:
        require_region(settings.data_dir.absolute(), settings.aws_region)
    except StackError as error:
        yield Finding("region", "fault", str(error))


def _sandbox(_settings: Settings) -> Iterator[Finding]:
    wanted = os.environ.get("AGENT_ISOLATION") or "auto"
    if wanted == "none" or os.environ.get("AGENT_BACKEND") == "agentcore":
        return
    found = shutil.which("bwrap")
    if found:
        yield Finding("sandbox", "ok", found)
    else:
        outcome = "fault" if wanted in ("bubblewrap", "required") else "warning"
        text = "bwrap is not installed: agents run with resource limits only"
        yield Finding("sandbox", outcome, text, "install bubblewrap")


HOST_CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    *(_python, _settings, _service_settings, _exposure),
    *(_credentials, _disk, _region, _sandbox),
)
"""The checks that can also be made while the platform runs."""


def host_findings(settings: Settings) -> list[Finding]:
    """Of all checks except the ports, which the platform itself uses while it runs."""
    return [finding for check in HOST_CHECKS for finding in check(settings)]


def findings(settings: Settings) -> list[Finding]:
    """The findings of all checks."""
    return [*host_findings(settings), *_ports(settings)]


def log_path(settings: Settings) -> Path:
    """The log file of the platform that runs detached."""
    return settings.log_file or settings.data_dir.absolute() / "logs" / "nexus.log"
