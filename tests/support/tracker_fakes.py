"""A platform that takes what a tracker sends, as long as it is told to."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from nexus_contracts.builds.reports import REPORT, AnyReport
from nexus_contracts.envelope import CloudEvent
from nexus_tracker import Rejected, Unconfirmed
from nexus_tracker.errors import step_of

PROJECT = "proj_" + "7" * 32
OTHER_PROJECT = "proj_" + "8" * 32


class Desk:
    """Keeps what arrives; `away` confirms nothing, `unknown` projects are rejected."""

    def __init__(self) -> None:
        self.events: list[CloudEvent] = []
        self.tries: Counter[str] = Counter()
        self.unknown: set[str] = set()
        self.open = True
        self.away = False
        self._tried = asyncio.Event()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Returns when it holds; looked at with every report that arrives."""
        while not holds():
            self._tried.clear()
            await self._tried.wait()

    async def send(self, event: CloudEvent) -> None:
        self.tries[event.id] += 1
        self._tried.set()
        await asyncio.sleep(0)
        if self.away:
            raise Unconfirmed("the desk is empty")
        if event.subject in self.unknown:
            raise Rejected(f"there is no {event.subject}")
        self.events.append(event)
        self._tried.set()

    async def close(self) -> None:
        self.open = False

    @property
    def reports(self) -> list[AnyReport]:
        return [REPORT.validate_python({**event.data, "type": event.type}) for event in self.events]

    @property
    def told(self) -> list[str]:
        """Kind and step of each report, such as `started tool_developer`."""
        return [f"{kind_of(one)} {step_of(one).rpartition('/')[2]}" for one in self.reports]

    def only(self, kind: str) -> Any:
        """The one report of that kind."""
        [found] = [one for one in self.reports if kind_of(one) == kind]
        return found


def kind_of(report: AnyReport) -> str:
    return report.type.split(".")[2]
