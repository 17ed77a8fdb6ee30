"""`python -m nexus_devstack.providers.docker.holder SPEC`: a container as a process, for the supervisor.

The container runs while this process does and prints here; SIGTERM stops it, SIGUSR1 pauses it, SIGUSR2 lets it go on.
However this process ends, the container ends too: a shell inside holds the other end of a connection to this process,
and when that is closed it kills everything around it. The engine then removes what is left.
"""

import logging
import signal
import sys
import threading
import time
from typing import Any

from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from nexus_devstack.errors import StackError
from nexus_devstack.ports import LOOPBACK
from nexus_devstack.providers.docker.engine import engine
from nexus_devstack.providers.docker.spec import ContainerSpec

TETHER = ["sh", "-c", "read -r _; kill -9 -1"]
STOP, PAUSE, CONTINUE, ENDED = signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP
WISHES = {STOP, PAUSE, CONTINUE, ENDED}
STOP_SECONDS = 10
ENGINE_SECONDS = 120
LOOK_SECONDS = 0.1
CONFLICT = 409


def hold(spec: ContainerSpec) -> int:
    """The exit status: 0 after SIGTERM, 1 if the container ended by itself. Raises StackError, DockerException."""
    with engine(ENGINE_SECONDS) as client:
        _pull(client, testcontainers_config.hub_image_name_prefix + spec.image)
        # From here on a wish to stop waits until there is something to stop.
        signal.pthread_sigmask(signal.SIG_BLOCK, WISHES)
        _clear(client, spec.name)
        _keep(client, spec)
    container = started(spec)
    tied = container.client.api.exec_create(container.id, TETHER, stdin=True)
    connection = container.client.api.exec_start(tied, socket=True)
    threading.Thread(target=_print, args=(container,), daemon=True).start()
    try:
        return _attend(container)
    finally:
        connection.close()


def started(spec: ContainerSpec) -> Any:
    """The container, running, reachable on the loopback address only."""
    wanted = DockerContainer(spec.image, docker_client_kw={"timeout": ENGINE_SECONDS})
    if spec.command is not None:
        wanted.with_command(spec.command)
    ports: dict[str, Any] = wanted.ports
    ports[str(spec.port)] = (LOOPBACK, spec.published)
    wanted.with_name(spec.name).with_envs(**spec.env).with_volume_mapping(spec.name, str(spec.folder), "rw")
    return (
        wanted.with_kwargs(
            auto_remove=True,
            init=True,  # a shell inside cannot kill the first process, and this one ends with its child
            labels=spec.labels,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            mem_limit=spec.memory,
        )
        .start()
        .get_wrapped_container()
    )


def _pull(client: Any, image: str) -> None:
    try:
        client.images.get(image)
    except ImageNotFound:
        print(f"pulling {image}, once", flush=True)  # noqa: T201
        client.images.pull(image)


def _clear(client: Any, name: str) -> None:
    """Removes the container that an earlier holder left, which may be about to disappear anyway."""
    while True:
        try:
            client.containers.get(name).remove(force=True, v=True)
        except NotFound:
            return
        except APIError as error:
            if error.status_code != CONFLICT:
                raise
        time.sleep(LOOK_SECONDS)


def _keep(client: Any, spec: ContainerSpec) -> None:
    """The volume, made writable: a new one belongs to root if the image has no such folder."""
    client.volumes.create(spec.name, labels=spec.labels)
    if spec.owner is not None:
        client.containers.run(
            testcontainers_config.hub_image_name_prefix + spec.image,
            entrypoint=["chown", spec.owner, str(spec.folder)],
            command=[],
            user="root",
            remove=True,
            network_disabled=True,
            volumes={spec.name: {"bind": str(spec.folder), "mode": "rw"}},
        )


def _print(container: Any) -> None:
    try:
        for piece in container.logs(stream=True, follow=True):
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
    finally:
        signal.pthread_kill(threading.main_thread().ident or 0, ENDED)


def _attend(container: Any) -> int:
    while True:
        wish = signal.sigwait(WISHES)
        if wish == ENDED:
            return 1
        if wish == STOP:
            container.stop(timeout=STOP_SECONDS)
            return 0
        (container.pause if wish == PAUSE else container.unpause)()


if __name__ == "__main__":
    logging.getLogger("testcontainers").setLevel(logging.WARNING)
    try:
        sys.exit(hold(ContainerSpec.model_validate_json(sys.argv[1])))
    except (StackError, DockerException, OSError) as error:
        sys.exit(f"error: {error}")
