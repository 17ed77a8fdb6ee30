"""A build attempt and its steps, as a publisher reports on them."""

import asyncio
import logging
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from nexus_contracts import stages
from nexus_contracts.builds.reports import (
    AnyReport,
    Artifact,
    AttemptFailed,
    LogEntry,
    StageArtifactPublished,
    StageCompleted,
    StageFailed,
    StageLogged,
    StageProgressed,
    StageStarted,
    StageUsageRecorded,
    Usage,
    log_level,
)
from nexus_contracts.identifiers import derived_id, new_id
from nexus_contracts.stages import STAGE_BY_NAME
from nexus_tracker.artifacts import describe
from nexus_tracker.delivery import ReportDelivery
from nexus_tracker.errors import AttemptEnded, ReportNotDelivered, failure_of, stage_error, step_of, valid_text
from nexus_tracker.parcel import Parcel

logger = logging.getLogger("nexus_tracker")
MAX_MESSAGE = 10_000


class Build:
    """One attempt of a project's build. Made by `Tracker.build`.

    As a context manager it makes sure that the attempt ends: if its body raises outside any stage, the attempt is
    reported as failed.
    """

    def __init__(self, delivery: ReportDelivery, source: str, project_id: str, attempt: int, run: str | None) -> None:
        self._delivery = delivery
        self._source = source
        self.project_id = project_id
        self.attempt = attempt
        self._run = run
        self._counts: Counter[tuple[str, ...]] = Counter()
        self.ended = False

    def stage(self, name: str, *, agent_name: str | None = None) -> "Step":
        """A stage, to be entered; `agent_name` is the agent that works on it. Raises ValueError for an unknown one."""
        if name not in STAGE_BY_NAME:
            raise ValueError(f"there is no stage {name!r}; the stages are {', '.join(STAGE_BY_NAME)}")
        return Step(self, name, None, agent_name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.confirmed()
        elif not self.ended:
            await _beside(error, self._give_up(error))

    async def confirmed(self) -> None:
        """Returns when everything reported so far is durable. Raises ReportNotDelivered."""
        await self._delivery.confirmed(self.project_id)

    async def say(self, report: AnyReport) -> None:
        """Queues the report; waits while the queue is full. Raises ReportNotDelivered.

        After the end of the attempt the platform would refuse it: it is dropped, with a warning in the log.
        """
        parcel = Parcel(report, self._source, self._new_id(report), isinstance(report, StageLogged) and not self._run)
        await self._delivery.room()
        if self.ended:
            logger.warning("the attempt has ended, not reported: %s of %s", report.type, step_of(report))
            return
        self._delivery.add(parcel)
        self._note(report)

    def _new_id(self, report: AnyReport) -> str:
        if self._run is None:
            return new_id("evt_")
        place = (report.project_id, str(report.attempt), step_of(report), report.type)
        self._counts[place] += 1
        return derived_id("evt_", self._run, *place, str(self._counts[place]))

    def _note(self, report: AnyReport) -> None:
        match report:
            case StageFailed() | AttemptFailed() | StageCompleted(stage_name=stages.DEPLOYER):
                self.ended = True
            case _:
                pass

    async def _give_up(self, error: BaseException) -> None:
        place = {"project_id": self.project_id, "attempt": self.attempt}
        await self.say(AttemptFailed.model_validate({**place, "error": failure_of(error)}))
        await self.confirmed()


class Step:
    """A stage or sub-stage: reported as started when entered, and when left as completed, or failed if its body raised.

    Leaving waits until everything is confirmed. Without `async with`, call `start`, and then `complete` or `fail`.
    Values that a report cannot hold raise ValueError. Every call waits while too many reports are unconfirmed, and may
    raise ReportNotDelivered.
    """

    def __init__(self, build: Build, stage_name: str, sub_stage_name: str | None, agent_name: str | None) -> None:
        self._build = build
        self.stage_name = stage_name
        self.sub_stage_name = sub_stage_name
        self._agent_name = agent_name
        self._output: dict[str, Any] | None = None
        self._ended = False

    def sub_stage(self, name: str, *, agent_name: str | None = None) -> "Step":
        """A sub-stage of this stage, to be entered inside it. Raises ValueError for an unknown one."""
        known = [] if self.sub_stage_name else [sub.name for sub in STAGE_BY_NAME[self.stage_name].sub_stages]
        if name not in known:
            raise ValueError(f"{self.stage_name} has no sub-stage {name!r}; it has {', '.join(known) or 'none'}")
        return Step(self._build, self.stage_name, name, agent_name)

    async def start(self) -> None:
        """Reports the start. Raises AttemptEnded if the attempt has ended."""
        if self._build.ended:
            raise AttemptEnded(f"attempt {self._build.attempt} has ended; {self.stage_name} cannot start any more")
        await self._build.say(StageStarted(**self._place(), agent_name=self._agent_name))

    async def log(self, message: str, level: str = "info") -> None:
        """Adds an entry to the step's log; a message of more than 10,000 characters becomes several.

        Up to 100 entries are sent as one report. `level` is debug, info, warning or error, or another system's name for
        one of them (trace, notice, warn, critical, fatal, alert, emergency), in any case. Raises ValueError for others.
        """
        text, known = valid_text(message), log_level(level)
        for at in range(0, max(1, len(text)), MAX_MESSAGE):
            entry = LogEntry(timestamp=datetime.now(UTC), level=known, message=text[at : at + MAX_MESSAGE])
            await self._build.say(StageLogged(**self._place(), entries=[entry]))

    async def progress(self, percent: float) -> None:
        """Reports how far the step has got, 0 to 100 per cent. It is shown; the project's progress ignores it."""
        await self._build.say(StageProgressed(**self._place(), progress=percent))

    async def usage(
        self,
        *,
        input_tokens: int = 0,
        output_tokens: int = 0,
        tool_calls: int = 0,
        cost_usd: float = 0.0,
        model: str | None = None,
        cached_tokens: int = 0,
        cache_write_tokens: int = 0,
        estimated_usd: float = 0.0,
    ) -> None:
        """Reports what was used since the last call, and by which language model. The platform adds it up.

        Of the input tokens, `cached_tokens` were read from a cache and `cache_write_tokens` written to one. Of the
        cost, `estimated_usd` is what nobody told.
        """
        usage = Usage(
            input_tokens=input_tokens,
            cached_tokens=cached_tokens,
            cache_write_tokens=cache_write_tokens,
            output_tokens=output_tokens,
            tool_calls=tool_calls,
            cost_usd=cost_usd,
            estimated_usd=estimated_usd,
        )
        await self._build.say(StageUsageRecorded(**self._place(), usage=usage, model=model))

    async def artifact(
        self,
        artifact: Artifact | str | os.PathLike[str],
        *,
        name: str | None = None,
        uri: str | None = None,
        media_type: str | None = None,
    ) -> None:
        """Reports something that the step produced: a description of it, or the path of a file.

        Name, uri (`file:`) and media type of a file are derived from its path unless they are given, its checksum and
        size (bytes) always; the file itself is not moved. Raises OSError if it cannot be read.
        """
        if not isinstance(artifact, Artifact):
            path = Path(artifact)
            artifact = await asyncio.to_thread(describe, path, name=name, uri=uri, media_type=media_type)
        await self._build.say(StageArtifactPublished(**self._place(), artifact=artifact))

    def output(self, data: dict[str, Any]) -> None:
        """Sets the result of the step, JSON of at most 300,000 bytes, to be reported when it completes.

        The last call counts. Raises ValueError.
        """
        self._output = StageCompleted(**self._place(), output_data=data).output_data

    async def complete(self) -> None:
        """Reports the completion and returns when it is confirmed. Raises ReportNotDelivered."""
        self._ended = True
        await self._build.say(StageCompleted(**self._place(), output_data=self._output))
        await self._build.confirmed()

    async def fail(self, code: str, message: str) -> None:
        """Reports the failure, which ends the attempt, and returns when it is confirmed. Raises ReportNotDelivered."""
        self._ended = True
        await self._build.say(StageFailed(**self._place(), error=stage_error(code, message)))
        await self._build.confirmed()

    async def fail_with(self, error: BaseException) -> None:
        """As `fail`, with the code and the message of the exception (StepFailure, or any other)."""
        failure = failure_of(error)
        await self.fail(failure.code, failure.message)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ended or self._build.ended:
            return
        if error is None:
            await self.complete()
        else:
            await _beside(error, self.fail_with(error))

    def _place(self) -> dict[str, Any]:
        place = {"project_id": self._build.project_id, "attempt": self._build.attempt, "stage_name": self.stage_name}
        return {**place, "sub_stage_name": self.sub_stage_name}


async def _beside(error: BaseException, work: Any) -> None:
    """Does `work` while `error` propagates: it stays the error raised, with a note of what could not be reported."""
    try:
        await work
    except ReportNotDelivered as undelivered:
        if not isinstance(error, ReportNotDelivered):
            error.add_note(f"not reported: {undelivered}")
