"""Invocations that another process has cancelled while this one runs them."""

from typing import Any

from nexus_agents.tables import INVOCATION
from nexus_contracts.agents.events import InvocationCancelled
from nexus_contracts.model import type_of
from nexus_runtime.work.engine import Engine

_CANCELLED = ("ce_type", type_of(InvocationCancelled).encode())


class Cancellations:
    """Learns of them by the event, long before the sweeper would look."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def awaited(self) -> bool:
        """Whether another process may cancel what this one runs."""
        return self._engine.at_work(INVOCATION) and len(self._engine.roster.living) > 1

    def notice(self, record: Any) -> None:
        """Takes a record of the agents' events as a hint; the database decides."""
        if record.key and _CANCELLED in record.headers:
            self._engine.doubt(INVOCATION, record.key.decode(errors="replace"))
