"""The port through which the build worker has a step executed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from nexus_contracts.builds.reports import LogLevel, Usage, WaitKind
from nexus_contracts.verification import Case

MAX_CHECKPOINT_BYTES = 300_000
"""A checkpoint is one item in the database, and an item holds at most 400 KB."""


@dataclass(frozen=True)
class PresentAgent:
    """The agent that is to be changed: by `change`, which the requirement of the build includes.

    `outputs` are those of the steps that built it, by their names, and `cases` what it is verified by. With
    `cases_may_fail` the new version need not pass them.
    """

    change: str
    outputs: Mapping[str, Mapping[str, JsonValue]]
    cases: tuple[Case, ...] = ()
    cases_may_fail: bool = False


@dataclass(frozen=True)
class BuildRequest:
    """What the user asked for. `agent_name` is None where the builder is to choose one, `ask` lets it ask them."""

    project_id: str
    attempt: int
    requirement: str
    agent_name: str | None = None
    project_name: str | None = None
    ask: bool = False
    present: PresentAgent | None = None
    """What is built is its next version; None: a new agent."""


@dataclass(frozen=True)
class ProducedFile:
    """A file produced by a step; the worker stores it and reports its digest and size."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class StepResult:
    """The result of a step. `output_data` is JSON of at most 300 KB; later steps read it by step name."""

    output_data: dict[str, JsonValue]
    artifacts: tuple[ProducedFile, ...] = ()
    package: bytes | None = field(default=None, repr=False)
    """The agent package (zip), from the step `agent_deployer` only: the worker deploys it."""
    cases: tuple[Case, ...] = ()
    """With the package: what the deployed agent is verified by. The report stands in the project."""
    required_share: float = 0.0
    """Of the held-back cases, or of all where none is held back: fewer that pass fail the build."""
    estimate_usd: float | None = None
    """What the rest of the build may cost, for whoever is to approve this result; None: unknown."""


@dataclass(frozen=True)
class Budget:
    """For calls of language models: of a project in all, of its tenant's builds on a day (UTC). None: no limit."""

    project_usd: float | None = None
    tenant_day_usd: float | None = None


class OverBudget(Exception):
    """There is not enough left; the message says of what."""


class Notebook(Protocol):
    """Where a running step tells how it gets on; the worker publishes the entries as stage reports.

    Names of usage, checkpoints and questions have 1 to 100 characters. Each names one thing of this step in this
    attempt: whichever worker says it again, it counts once. Another attempt knows nothing of them.
    """

    async def log(self, message: str, level: LogLevel = "info") -> None: ...

    async def progress(self, percent: float) -> None:
        """`percent` of this step, 0 to 100."""
        ...

    async def usage(self, name: str, usage: Usage, model: str | None = None) -> None:
        """Reports usage, and the language model that was used."""
        ...

    async def checkpoint(
        self, name: str, value: JsonValue, usage: Usage | None = None, model: str | None = None
    ) -> None:
        """Keeps a value of at most MAX_CHECKPOINT_BYTES as JSON: durable on return. Raises ValueError.

        What it took to get it is kept with it and reported as `usage` does, by the worker that finds the checkpoint
        where the one that wrote it did not live to report.
        """
        ...

    async def saved(self, name: str) -> JsonValue:
        """The value of the checkpoint, whichever worker wrote it; None if there is none."""
        ...

    async def reserve(self, name: str, usd: float, budget: Budget) -> None:
        """Sets aside the most that a call may cost, until its usage is kept as the checkpoint `name`. May be repeated.

        It counts as spent for all builds of the project and the tenant. Raises OverBudget. What a worker that died had
        set aside goes over to the one that makes the call again.
        """
        ...

    async def release(self, name: str) -> None:
        """Gives it back: the call has cost nothing."""
        ...

    async def ask(
        self, name: str, kind: WaitKind, prompt: str, estimate_usd: float | None = None
    ) -> dict[str, JsonValue]:
        """The answers of a person; {} for an approval. A rejection ends the attempt instead.

        `prompt` has up to 4000 characters; for an approval it sums up what is to be approved.
        Until there is an answer the step is given up: it is cancelled here, and started again when the answer has come.
        """
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
    state between steps: all that a step needs is in the request, in the outputs of the completed steps before it
    (`outputs[step_name]`) and in its own checkpoints, so that another worker can continue after a crash. Running a step
    again is harmless. It is cancelled when its attempt is stopped or deleted, or waits for a person.
    """

    async def execute(
        self,
        step: str,
        request: BuildRequest,
        outputs: Mapping[str, Mapping[str, JsonValue]],
        notebook: Notebook,
    ) -> StepResult: ...
