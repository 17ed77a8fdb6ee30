"""The tracker without `await`: the same calls, carried out by an event loop in a thread."""

import asyncio
import os
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from nexus_contracts.builds.reports import AnyReport, Artifact
from nexus_kafka.options import KafkaOptions
from nexus_tracker.build import Build, Step
from nexus_tracker.tracker import Tracker
from nexus_tracker.transport import Transport

T = TypeVar("T")


class _Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), name="nexus-tracker", daemon=True)
        self._thread.start()
        self._started.wait()

    async def _live(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        self._started.set()
        await self._ended.wait()

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` returns or raises; interrupting the waiting thread cancels it."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        finally:
            future.cancel()

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()


class SyncTracker:
    """As Tracker, for programs without an event loop; builds and steps may be used from any thread.

    To be used as a context manager: reports can be made only inside it.
    """

    def __init__(
        self,
        address: str | KafkaOptions | Transport,
        *,
        source: str = "/nexus-tracker",
        timeout: float = 30.0,
        **kafka: Any,
    ) -> None:
        self._tracker = Tracker(address, source=source, timeout=timeout, **kafka)

    def build(self, project_id: str, attempt: int = 1, *, run: str | None = None) -> "SyncBuild":
        """As Tracker.build."""
        return SyncBuild(self._tracker.build(project_id, attempt, run=run), self._loop)

    def publish(self, report: AnyReport, *, report_id: str, source: str | None = None) -> None:
        """As Tracker.publish."""
        self._loop.wait_for(self._tracker.publish(report, report_id=report_id, source=source))

    def __enter__(self) -> Self:
        self._loop = _Loop()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._loop.wait_for(self._tracker.__aexit__(kind, error, trace))
        finally:
            self._loop.end()


class SyncBuild:
    """As Build."""

    def __init__(self, build: Build, loop: _Loop) -> None:
        self._build = build
        self._loop = loop

    def stage(self, name: str, *, agent_name: str | None = None) -> "SyncStep":
        """As Build.stage."""
        return SyncStep(self._build.stage(name, agent_name=agent_name), self._loop)

    def confirmed(self) -> None:
        """As Build.confirmed."""
        self._loop.wait_for(self._build.confirmed())

    def __enter__(self) -> Self:
        self._loop.wait_for(self._build.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.wait_for(self._build.__aexit__(kind, error, trace))


class SyncStep:
    """As Step."""

    def __init__(self, step: Step, loop: _Loop) -> None:
        self._step = step
        self._loop = loop

    def sub_stage(self, name: str, *, agent_name: str | None = None) -> "SyncStep":
        """As Step.sub_stage."""
        return SyncStep(self._step.sub_stage(name, agent_name=agent_name), self._loop)

    def start(self) -> None:
        """As Step.start."""
        self._loop.wait_for(self._step.start())

    def log(self, message: str, level: str = "info") -> None:
        """As Step.log."""
        self._loop.wait_for(self._step.log(message, level))

    def progress(self, percent: float) -> None:
        """As Step.progress."""
        self._loop.wait_for(self._step.progress(percent))

    def usage(
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
        """As Step.usage."""
        used = {"input_tokens": input_tokens, "output_tokens": output_tokens, "tool_calls": tool_calls}
        used |= {"cached_tokens": cached_tokens, "cache_write_tokens": cache_write_tokens}
        self._loop.wait_for(self._step.usage(**used, cost_usd=cost_usd, estimated_usd=estimated_usd, model=model))

    def artifact(
        self,
        artifact: Artifact | str | os.PathLike[str],
        *,
        name: str | None = None,
        uri: str | None = None,
        media_type: str | None = None,
    ) -> None:
        """As Step.artifact."""
        self._loop.wait_for(self._step.artifact(artifact, name=name, uri=uri, media_type=media_type))

    def output(self, data: dict[str, Any]) -> None:
        """As Step.output."""
        self._step.output(data)

    def complete(self) -> None:
        """As Step.complete."""
        self._loop.wait_for(self._step.complete())

    def fail(self, code: str, message: str) -> None:
        """As Step.fail."""
        self._loop.wait_for(self._step.fail(code, message))

    def __enter__(self) -> Self:
        self._loop.wait_for(self._step.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.wait_for(self._step.__aexit__(kind, error, trace))
