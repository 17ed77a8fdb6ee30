"""The port through which the build worker has the work of a step done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from nexus_contracts.builds.reports import LogLevel


@dataclass(frozen=True)
class BuildRequest:
    """What the user asked for. `agent_name` is None where the builder is to choose one."""

    project_id: str
    attempt: int
    requirement: str
    agent_name: str | None = None
    project_name: str | None = None


@dataclass(frozen=True)
class ProducedFile:
    """A file that a step produced; the worker stores it and reports its digest and size."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class StepResult:
    """What a step produced. `output_data` is JSON of at most 300 KB; later steps read it by step name."""

    output_data: dict[str, JsonValue]
    artifacts: tuple[ProducedFile, ...] = ()
    tool_calls: int = 0
    package: bytes | None = field(default=None, repr=False)
    """The agent package (zip), from the step `agent_deployer` only: the worker deploys it."""


class Notebook(Protocol):
    """Where a running step tells how it gets on; the worker publishes the entries as stage reports."""

    async def log(self, message: str, level: LogLevel = "info") -> None: ...

    async def progress(self, percent: float) -> None:
        """`percent` of this step, 0 to 100."""
        ...


class StepFailed(Exception):
    """The step cannot succeed: `code` is UPPER_SNAKE, the message says what to change in the requirement."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class StageExecutor(Protocol):
    """Does the work of one step of a build.

    A step is a stage, or a sub-stage of `agent_developer_manager` (named by the sub-stage). An executor keeps no
    state between steps: all that a step needs is in the request and in the outputs of the completed steps before
    it (`outputs[step_name]`), so that another worker can go on after a crash. Running a step again is harmless.
    """

    async def execute(
        self,
        step: str,
        request: BuildRequest,
        outputs: Mapping[str, Mapping[str, JsonValue]],
        notebook: Notebook,
    ) -> StepResult: ...
