"""Replaces services whose code has changed: for development."""

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

from watchfiles import PythonFilter, awatch  # pyright: ignore[reportUnknownVariableType]  # anyio's, not annotated

from nexus_devstack.console import Console
from nexus_devstack.errors import StackError
from nexus_devstack.stack import Stack

SHARED = ("contracts", "kafka", "runtime", "tracker", "offline_builder")
OWNER_OF_PROCESS = {"worker": "builds"}


def folders() -> dict[str, Path]:
    """The source folders of the installed parts, by the name of the part."""
    owners = ("gateway", "builds", "agents", "stats", *SHARED)
    specs = {owner: find_spec(f"nexus_{owner}") for owner in owners}
    return {owner: Path(spec.origin).parent for owner, spec in specs.items() if spec is not None and spec.origin}


def concerned(changed: Iterable[Path], where: dict[str, Path], processes: Sequence[str]) -> list[str]:
    """The processes that run the changed code: all of them if it is shared."""
    owners = {owner for path in changed for owner, folder in where.items() if path.is_relative_to(folder)}
    services = [
        name for name in processes if name.partition("-")[0] in {"gateway", "builds", "worker", "agents", "stats"}
    ]
    if owners & set(SHARED):
        return services
    return [name for name in services if OWNER_OF_PROCESS.get(kind := name.partition("-")[0], kind) in owners]


async def replace_changed(stack: Stack, console: Console) -> None:
    """Replaces the processes that a change concerns, until cancelled."""
    where = folders()
    async for changes in awatch(*where.values(), watch_filter=PythonFilter()):
        names = concerned((Path(path) for _, path in changes), where, stack.supervisor.names)
        if names:
            console.say(f"code was changed, replacing: {', '.join(names)}")
        for name in names:
            try:
                await stack.replace(name)
            except StackError as error:
                console.say(f"{error}; the former process goes on")
