"""The whole platform on one machine: what `make run` keeps up and what tests drive."""

import asyncio
import os
import secrets
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from nexus_devstack.console import Console
from nexus_devstack.data_folder import DataFolder
from nexus_devstack.errors import StackError
from nexus_devstack.listener import Listener
from nexus_devstack.ports import free_port, require_free
from nexus_devstack.program import Program
from nexus_devstack.providers.choice import chosen_provider
from nexus_devstack.providers.provider import Endpoints, Site
from nexus_devstack.services import (
    REPLACED,
    SERVICES,
    STOP_WAVES,
    Service,
    own_folders,
    predecessor_of,
    program_of,
    require_usable_settings,
    shared_environment,
)
from nexus_devstack.settings import INFRA_PORTS, SERVICE_PORTS, Settings, load_settings
from nexus_devstack.supervisor import Supervisor
from nexus_devstack.topics import provision_topics
from nexus_runtime.process.tether import tethered

START_SECONDS = 60.0


class Stack:
    """An async context manager: entered, everything is up and ready; left, nothing of it runs any more.

    `ports="free"` takes any free ports instead of the settings'. `env` adds settings by process name ("*" for all).
    `services` are the processes to start; none of them for the infrastructure alone.
    """

    def __init__(
        self,
        *,
        data_dir: Path | None = None,
        infra: str | None = None,
        ports: Literal["fixed", "free"] = "fixed",
        env: Mapping[str, Mapping[str, str]] | None = None,
        services: Sequence[Service] = SERVICES,
        console: Console | None = None,
        settings: Settings | None = None,
    ) -> None:
        """Raises StackError if a setting cannot be used."""
        chosen = settings or load_settings()
        overrides = {"data_dir": data_dir, "infra": infra}
        self.settings = chosen.model_copy(update={key: value for key, value in overrides.items() if value is not None})
        self.data_dir = self.settings.data_dir.absolute()
        fixed = self.settings.ports(SERVICE_PORTS + INFRA_PORTS)
        self.ports = fixed if ports == "fixed" else {setting: free_port() for setting in fixed}
        self.supervisor = Supervisor(console or Console(style=self.settings.log_format))
        self._services = {service.name: service for service in services}
        self._extra_env = env or {}
        self._endpoints: Endpoints | None = None
        self._held = ExitStack()
        # Of all gateways, and the same when one of them is started again.
        self._cursor_secret = os.environ.get("CURSOR_SECRET") or secrets.token_hex(32)
        self._provider = chosen_provider(self.settings, self._site())

    def _site(self) -> Site:
        return Site(
            data_dir=self.data_dir,
            kafka_port=self.ports["KAFKA_PORT"],
            dynamodb_port=self.ports["DYNAMODB_PORT"],
            supervisor=self.supervisor,
            restored=self._restore_topics,
        )

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Returns when all are ready. Raises StackError; then nothing is left running."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        require_usable_settings()
        self._held.enter_context(DataFolder(self.data_dir, own_folders(self.data_dir).values()))
        own = (*self._provider.ports, *(service.port_setting for service in self._services.values()))
        require_free({setting: self.ports[setting] for setting in own})
        self._endpoints = await self._provider.start()
        if self._services:
            await self._provision(self._endpoints)
        await self.supervisor.start(self._programs(), START_SECONDS)

    def _programs(self) -> list[Program]:
        programs = [
            self._program(service, self.ports[service.port_setting])
            for name, service in self._services.items()
            if name != "gateway"
        ]
        if gateway := self._services.get("gateway"):
            names = ["gateway", *(f"gateway-{number}" for number in range(2, self.settings.gateways + 1))]
            programs += [self._program(gateway, self._public_listener(), name) for name in names]
        return programs

    def _public_listener(self) -> Listener:
        """All gateways listen there."""
        port, shared = self.ports["GATEWAY_PORT"], self.settings.gateways > 1
        return Listener(self.settings.gateway_host, port, shared=shared)

    async def _provision(self, endpoints: Endpoints) -> None:
        # Imported late: the AWS client costs half a second, and the infrastructure alone does without.
        from nexus_devstack.provision import provision

        await provision(endpoints, self.settings.table_prefix, self.supervisor.console.say)

    async def _provision_anew(self) -> None:
        """What the code that is installed by now needs, which need not be the code of this process."""
        env = {**self.environment("builds"), "NEXUS_INFRA": "external"}
        command = (sys.executable, "-m", "nexus_devstack", "provision")
        child = await asyncio.create_subprocess_exec(*tethered(command), env=env, stdout=DEVNULL, stderr=PIPE)
        _, said = await child.communicate()
        if child.returncode:
            raise StackError(f"nothing was replaced: {said.decode(errors='replace').strip()}")

    async def stop(self) -> None:
        """Stops the services in order, then the infrastructure, in bounded time. Harmless if nothing runs."""
        known = {name for wave in STOP_WAVES for name in wave}
        added = [name for name in self.supervisor.names if name.partition("-")[0] in known and name not in known]
        await self.supervisor.stop(added, *STOP_WAVES)
        await self._provider.stop()
        self._held.close()

    @property
    def endpoints(self) -> Endpoints:
        """Raises StackError before the start."""
        if self._endpoints is None:
            raise StackError("the platform has not been started")
        return self._endpoints

    @property
    def gateway_url(self) -> str:
        return self.url("gateway")

    def url(self, name: str) -> str:
        return f"http://{self.settings.address_of(name)}:{self.ports[f'{name.upper()}_PORT']}"

    def environment(self, name: str) -> dict[str, str]:
        """The settings with which the process of that name is started, apart from its port."""
        return {
            **shared_environment(os.environ, self.ports, self.data_dir),
            **self.endpoints.environment(),
            "TABLE_PREFIX": self.settings.table_prefix,
            "LOG_FORMAT": self.settings.log_format,
            "LOG_LEVEL": self.settings.log_level,
            **({"CURSOR_SECRET": self._cursor_secret} if name == "gateway" else {}),
            **self._extra_env.get("*", {}),
            **self._extra_env.get(name, {}),
        }

    def pid(self, name: str) -> int:
        """Raises StackError while it is not running."""
        return self.supervisor[name].pid

    def starts(self, name: str) -> int:
        """How many times it has been started."""
        return self.supervisor[name].starts

    def logs(self, name: str) -> list[str]:
        """The last lines that it printed."""
        return list(self.supervisor[name].tail)

    def kill(self, name: str) -> None:
        """SIGKILL; the supervisor starts it again. Not ready from now until it is."""
        self.supervisor[name].kill()

    def restart(self, name: str) -> None:
        """Asks it to stop; the supervisor starts it again. Not ready from now until it is."""
        self.supervisor[name].restart()

    async def replace(self, name: str) -> None:
        """Starts one more process of the service, which takes over from the present one; nobody goes without.

        Raises StackError if it does not become ready; then the present one goes on.
        """
        former = self.supervisor[name].program
        if former.listener is None:
            raise StackError(f"{name} cannot be replaced while it runs")
        successor = self._program(self._services[name.partition("-")[0]], former.listener, name)
        try:
            await self.supervisor.replace(successor, predecessor_of(former), START_SECONDS)
        except StackError:
            # It may have let go of its partitions already, for a successor that then failed.
            if name in self.supervisor.names and await former.readiness() is not None:
                self.restart(name)
            raise

    async def replace_all(self) -> None:
        """Replaces every process of a service, one after another. Raises StackError at the first that fails."""
        await self._provision_anew()
        for kind in REPLACED:
            for name in [name for name in self.supervisor.names if name.partition("-")[0] == kind]:
                self.supervisor.console.say(f"{name} is replaced")
                await self.replace(name)

    def pause(self, name: str) -> None:
        """Suspends it until `cont`: alive, but making no progress."""
        self.supervisor[name].pause()

    def cont(self, name: str) -> None:
        self.supervisor[name].cont()

    async def wait_ready(self, *names: str, timeout_seconds: float = START_SECONDS) -> None:
        """Returns when the named processes, by default all, are ready. Raises StackError if one is not in time."""
        waiting = names or self.supervisor.names
        await asyncio.gather(*(self.supervisor[name].wait_ready(timeout_seconds) for name in waiting))

    async def add_replica(self, name: str) -> str:
        """Starts one more process of a service, on a free port; returns its name, such as `builds-2`."""
        number = 2 + sum(1 for other in self.supervisor.names if other.startswith(f"{name}-"))
        replica = f"{name}-{number}"
        self.ports[f"{replica.upper()}_PORT"] = port = free_port()
        await self.supervisor.start([self._program(self._services[name], port, replica)], START_SECONDS)
        return replica

    async def remove(self, name: str) -> None:
        """Stops one process gracefully; it is not started again."""
        await self.supervisor.stop([name])

    def _program(self, service: Service, at: int | Listener, name: str | None = None) -> Program:
        return program_of(service, at, self.environment(service.name), name)

    async def _restore_topics(self) -> None:
        if self._endpoints is not None:
            await provision_topics(self._endpoints.kafka, warn=self.supervisor.console.say)
