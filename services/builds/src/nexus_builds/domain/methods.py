"""By which methods the platform's worker can build, and which one it is."""

from dataclasses import dataclass

from pydantic import JsonValue

from nexus_builds.domain.errors import MethodUnavailable
from nexus_contracts.builds.events import BuildMethod


@dataclass(frozen=True)
class Methods:
    """`available` are those that the worker has an executor for; `default` is that of a project that chooses none."""

    available: frozenset[BuildMethod] = frozenset({BuildMethod.RULES})
    default: BuildMethod = BuildMethod.AUTO

    def resolved(self, chosen: BuildMethod) -> BuildMethod:
        """The method of an attempt. Raises MethodUnavailable."""
        if chosen is BuildMethod.AUTO:
            return BuildMethod.MODEL if BuildMethod.MODEL in self.available else BuildMethod.RULES
        if chosen not in self.available:
            known = ", ".join(sorted({*self.available, BuildMethod.AUTO}))
            message = f"this platform has no build method {chosen}; it has {known}"
            fault: dict[str, JsonValue] = {"location": "body.build_method", "message": message, "type": "unavailable"}
            raise MethodUnavailable(message, errors=[fault])
        return chosen
