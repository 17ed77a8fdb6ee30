"""The machine's Docker engine, or an error that says there is none; and what data folders have left on it."""

import contextlib
import platform
import socket
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from docker.errors import APIError, DockerException
from testcontainers.core.docker_client import DockerClient, get_docker_host

from nexus_devstack.errors import StackError
from nexus_devstack.providers.docker.spec import MARK

HOST = "nexus-ai.host"
OR_ELSE = "start it, or choose NEXUS_INFRA=embedded, which does not need one"
ANSWER_SECONDS = 10
UNIX = "unix://"
USUAL_ADDRESS = f"{UNIX}/var/run/docker.sock"


@contextlib.contextmanager
def engine(seconds: int = ANSWER_SECONDS) -> Generator[Any]:
    """A client of the engine that DOCKER_HOST or docker's context names; each answer may take `seconds`.

    Raises StackError when it does not answer.
    """
    address = get_docker_host() or USUAL_ADDRESS
    try:
        _require_listener(address)
        client: Any = DockerClient(timeout=seconds).client
    except (DockerException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise StackError(
            f"NEXUS_INFRA=docker needs a Docker engine and none answers at {address} ({reason}): {OR_ELSE}"
        ) from None
    with contextlib.closing(client):
        yield client


def _require_listener(address: str) -> None:
    # Docker's client would leave a socket open where nobody listens.
    if address.startswith(UNIX):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(address.removeprefix(UNIX))


def mark_in(folder: Path) -> Path:
    """The file that identifies what a data folder keeps on the engine; created if missing. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    known = next(folder.iterdir(), None)
    if known is None:
        known = folder / uuid4().hex[:12]
        known.touch()
    return known


def labels_of(mark: Path) -> dict[str, str]:
    return {HOST: platform.node(), MARK: str(mark.absolute())}


def prepare() -> None:
    """Removes containers of data folders that are no more; volumes never: a folder that is unavailable may come back.

    Raises StackError without an engine.
    """
    with engine() as client:
        for container in _forsaken(client.containers.list(all=True, filters=_ours(), ignore_removed=True)):
            _remove(container, force=True)


def _ours() -> dict[str, str]:
    return {"label": f"{HOST}={platform.node()}"}


def _forsaken(found: Any) -> Iterator[Any]:
    for each in found:
        with contextlib.suppress(OSError):  # a folder that may not be looked into is somebody's
            if not Path(each.labels[MARK]).exists():
                yield each


def _remove(what: Any, **options: bool) -> None:
    # Another run may be about it, or still use it: then it is the next one's.
    with contextlib.suppress(APIError):
        what.remove(**options)
