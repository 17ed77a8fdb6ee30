"""A build as long work of the platform's worker."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from nexus_builds.domain.verification import work_name
from nexus_builds.store.projects import BUILD
from nexus_builds.store.verifications import VERIFICATION
from nexus_builds.worker.build_run import BuildRun, Workshop
from nexus_contracts.builds.events import BuildAnswered, BuildResumed, BuildStarted, VerificationRequested
from nexus_runtime.kafka.delivery import Delivery
from nexus_runtime.process import log
from nexus_runtime.work.kind import Held, Repeatable

logger = log.get(__name__)
GOES_ON = (BuildStarted, BuildResumed, BuildAnswered)
"""After these somebody has to be at the build; other events are news for whoever is."""


@dataclass(frozen=True)
class Building(Repeatable):
    """Any worker may take it over: it resumes at the first unfinished step. The service ends it with the attempt."""

    workshop: Workshop
    name: str = BUILD

    async def run(self, name: str, held: Held) -> None:
        structlog.contextvars.bind_contextvars(project_id=name, epoch=held.epoch)
        logger.info("working on build")
        await BuildRun(self.workshop, name, held).run()


class Hinted(Protocol):
    def hint(self, kind: str, name: str, *, to_take: bool = True) -> None: ...


@dataclass(frozen=True)
class Hints:
    """Events of projects: they tell the run of just this project to look, or that there is work to take."""

    engine: Hinted

    async def hear(self, deliveries: Sequence[Delivery]) -> None:
        begun = {delivery.event.subject for delivery in deliveries if isinstance(delivery.message, GOES_ON)}
        for name in dict.fromkeys(delivery.event.subject for delivery in deliveries):
            self.engine.hint(BUILD, name, to_take=name in begun)
        for delivery in deliveries:
            if isinstance(asked := delivery.message, VerificationRequested):
                self.engine.hint(VERIFICATION, work_name(asked.agent_id, asked.verification_id))
