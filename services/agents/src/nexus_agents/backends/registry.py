"""The backends of a process, opened at startup; each agent's record names the one that runs it."""

from collections.abc import Awaitable, Callable, Mapping

from nexus_agents.domain.backend import Backend
from nexus_agents.domain.backend_errors import BackendUnknown

Opening = Callable[[], Awaitable[Backend]]


class BackendRegistry:
    """`openings` are tried in their order; agents that are deployed for the first time get `for_new_agents`."""

    def __init__(self, openings: Mapping[str, Opening], for_new_agents: str) -> None:
        self._openings = openings
        self._opened: dict[str, Backend] = {}
        self.for_new_agents = for_new_agents

    async def start(self) -> None:
        for name, opening in self._openings.items():
            self._opened[name] = await opening()

    async def stop(self) -> None:
        for backend in self._opened.values():
            await backend.stop()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._openings)

    def of(self, name: str) -> Backend:
        """Raises BackendUnknown."""
        if (backend := self._opened.get(name)) is None:
            raise BackendUnknown(f"this process has no backend {name!r}")
        return backend
