"""What an executor can do while it works on a step: the platform's side of the builder port."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import JsonValue

from nexus_builds.store.checkpoints import Checkpoint, Checkpoints
from nexus_builds.store.purses import Purse, SetAside, reservation_record
from nexus_builds.worker.reporting import AGAIN_SECONDS, LOOK_SECONDS, AttemptOver, StepReports, outlasting
from nexus_contracts.builds.builder import Budget
from nexus_contracts.builds.reports import LogLevel, Usage, WaitKind
from nexus_runtime.dynamo import ConditionFailed
from nexus_runtime.process.clock import utc_now
from nexus_runtime.work.items import WorkItem

LOST = "another worker has the build, or it was deleted"
Answer = Callable[[str, int, str, str], Awaitable[dict[str, JsonValue] | None]]


@dataclass(frozen=True)
class StepNotebook:
    """A Notebook. `item` is the hold on the build; `wait_seconds` is how long a person may take."""

    reports: StepReports
    item: WorkItem
    checkpoints: Checkpoints
    answer: Answer
    wait_seconds: float
    _reserved: dict[str, SetAside] = field(default_factory=dict[str, SetAside])

    async def log(self, message: str, level: LogLevel = "info") -> None:
        await self.reports.step.log(message, level)

    async def progress(self, percent: float) -> None:
        await self.reports.step.progress(min(100.0, max(0.0, percent)))

    async def usage(self, name: str, usage: Usage, model: str | None = None) -> None:
        await self.reports.named(name).usage(**usage.model_dump(), model=model)

    async def checkpoint(
        self, name: str, value: JsonValue, usage: Usage | None = None, model: str | None = None
    ) -> None:
        reports, made = self.reports, Checkpoint(value=value, usage=usage, model=model)
        purse, place = self._purse(), (reports.attempt, reports.name)
        reserved = self._reserved.get(name)
        try:
            await outlasting(lambda: self.checkpoints.save(self.item, purse, *place, name, made, reserved))
        except ConditionFailed as error:
            raise AttemptOver(LOST) from error
        self._reserved.pop(name, None)
        await self._told(name, made)

    async def saved(self, name: str) -> JsonValue:
        reports = self.reports
        place = (reports.project_id, reports.attempt, reports.name)
        found = await outlasting(lambda: self.checkpoints.find(*place, name))
        if found is None:
            return None
        # Its writer may have died before it told; told twice it counts once.
        await self._told(name, found)
        return found.value

    async def reserve(self, name: str, usd: float, budget: Budget) -> None:
        record = reservation_record(self.reports.attempt, self.reports.name, name)
        purses, purse = self.checkpoints.purses, self._purse()
        try:
            self._reserved[name] = await outlasting(lambda: purses.reserve(self.item, purse, record, usd, budget))
        except ConditionFailed as error:
            raise AttemptOver(LOST) from error

    async def release(self, name: str) -> None:
        if (reserved := self._reserved.pop(name, None)) is not None:
            purse = self._purse()
            await outlasting(lambda: self.checkpoints.purses.release(self.item, purse, reserved))

    async def ask(
        self, name: str, kind: WaitKind, prompt: str, estimate_usd: float | None = None
    ) -> dict[str, JsonValue]:
        reports, loop = self.reports, asyncio.get_running_loop()
        place = (reports.project_id, reports.attempt, reports.name)
        expires = utc_now() + timedelta(seconds=self.wait_seconds)
        if (answered := await outlasting(lambda: self.answer(*place, name))) is not None:
            return answered
        await reports.waiting(name, kind=kind, prompt=prompt, estimate_usd=estimate_usd, expires_at=expires)
        again = loop.time() + AGAIN_SECONDS
        # The step is cancelled here once the project shows that it waits. An answer may be faster than that.
        while (answered := await outlasting(lambda: self.answer(*place, name))) is None:
            await asyncio.sleep(LOOK_SECONDS)
            if loop.time() > again:
                await reports.repeat()
                again = loop.time() + AGAIN_SECONDS
        return answered

    def _purse(self) -> Purse:
        return Purse(self.reports.project_id, self.reports.tenant, utc_now().date())

    async def _told(self, name: str, made: Checkpoint) -> None:
        if made.usage is not None:
            await self.usage(name, made.usage, made.model)
