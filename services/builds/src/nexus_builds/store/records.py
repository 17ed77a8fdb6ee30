"""What is too large for a project's one item: full logs, artifacts, large outputs, answers, earlier attempts."""

import json
from collections.abc import AsyncIterator, Sequence

from pydantic import BaseModel, JsonValue, TypeAdapter

from nexus_builds.domain.state import INLINE_OUTPUT_BYTES, PastAttempt, Project, StepState
from nexus_builds.tables import RECORDS
from nexus_contracts.builds.events import BuildAnswered
from nexus_contracts.builds.reports import (
    OUTPUT,
    Artifact,
    LogEntry,
    StageArtifactPublished,
    StageCompleted,
    StageLogged,
    StageReport,
)
from nexus_runtime.dynamo import Action, Database, Put
from nexus_runtime.dynamo.form import Form

RECORD_BYTES = 300_000
"""Log lines and artifacts are packed into items of at most this size."""
PAGE = 5
"""Records fetched at once: each may be as large as that, and often the first few suffice."""
PAST_ATTEMPT = Form(PastAttempt)
_LOGS: TypeAdapter[list[LogEntry]] = TypeAdapter(list[LogEntry])
_ARTIFACTS: TypeAdapter[list[Artifact]] = TypeAdapter(list[Artifact])


class Records:
    """Where they are read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def logs(
        self, project_id: str, attempt: int, step: str, after: int = 0
    ) -> AsyncIterator[tuple[int, LogEntry]]:
        """What the step logged in that attempt after entry number `after`, oldest first, numbered from 1."""
        prefix = record_name(attempt, step, "logs")
        low, high = f"{prefix}{after + 1:09d}", f"{prefix}999999999"
        async for item in self._database.query(RECORDS, project_id, page=PAGE, low=low, high=high):
            entries = _LOGS.validate_json(item["content"])
            last = int(item["record"].rsplit("#", 1)[1])
            for number, entry in zip(range(last - len(entries) + 1, last + 1), entries, strict=True):
                if number > after:
                    yield number, entry

    async def artifacts(self, project_id: str, step: StepState, most: int) -> list[Artifact]:
        """The latest of a step's artifacts, in the order in which they were published."""
        if step.artifact_count == len(step.artifacts):
            return list(step.artifacts)
        prefix = record_name(step.attempt, step.name, "artifacts")
        low, high = f"{prefix}{max(0, step.artifact_count - most) + 1:09d}", f"{prefix}999999999"
        items = [item async for item in self._database.query(RECORDS, project_id, low=low, high=high)]
        return [artifact for item in items for artifact in _ARTIFACTS.validate_json(item["content"])][-most:]

    async def output(self, project_id: str, step: StepState) -> dict[str, object] | None:
        """What the step produced, however large."""
        if step.output is not None or step.output_bytes == 0:
            return dict(step.output) if step.output is not None else None
        key = {"project_id": project_id, "record": record_name(step.attempt, step.name, "output")}
        item = await self._database.get(RECORDS, key)
        return json.loads(item["content"]) if item else None

    async def answer(self, project_id: str, attempt: int, step: str, name: str) -> dict[str, JsonValue] | None:
        """What a person answered to the question of that name; {} for an approval, None as long as nobody did."""
        item = await self._database.get(RECORDS, {"project_id": project_id, "record": _answer(attempt, step, name)})
        return OUTPUT.validate_json(item["content"]) if item else None

    async def attempts(self, project_id: str, after: int = 0) -> AsyncIterator[PastAttempt]:
        """The attempts before the latest with a number above `after`, oldest first."""
        low, high = _attempt(after + 1), _attempt(99_999)
        async for item in self._database.query(RECORDS, project_id, page=PAGE, low=low, high=high):
            yield PAST_ATTEMPT.read(item)

    async def attempt(self, project_id: str, number: int) -> PastAttempt | None:
        """One of the attempts before the latest."""
        item = await self._database.get(RECORDS, {"project_id": project_id, "record": _attempt(number)})
        return PAST_ATTEMPT.read(item) if item else None


def record_writes(before: Project | None, after: Project, events: Sequence[BaseModel]) -> list[Action]:
    """What the events bring, and the attempt before when the next one begins."""
    actions: list[Action] = []
    past = before.latest() if before and after.attempt_number > before.attempt_number else None
    if past:
        key = {"project_id": after.project_id, "record": _attempt(past.attempt.number)}
        actions.append(Put(RECORDS, {**key, **PAST_ATTEMPT.written(past)}))
    logs: dict[str, list[LogEntry]] = {}
    artifacts: dict[str, list[Artifact]] = {}
    for event in events:
        name = (event.sub_stage_name or event.stage_name) if isinstance(event, StageReport) else ""
        match event:
            case StageLogged():
                logs.setdefault(name, []).extend(event.entries)
            case StageArtifactPublished():
                artifacts.setdefault(name, []).append(event.artifact)
            case StageCompleted(output_data=output) if output is not None:
                content = OUTPUT.dump_json(output)
                if len(content) > INLINE_OUTPUT_BYTES:
                    record = record_name(event.attempt, name, "output")
                    actions.append(_record(after, record, content.decode()))
            case BuildAnswered():
                record = _answer(event.attempt, event.sub_stage_name or event.stage_name, event.name)
                actions.append(_record(after, record, OUTPUT.dump_json(event.answers or {}).decode()))
            case _:
                pass
    steps = {step.name: step for step in after.steps()}
    for name, entries in logs.items():
        actions += _packed(after, steps[name], "logs", entries, steps[name].log_count)
    for name, entries in artifacts.items():
        actions += _packed(after, steps[name], "artifacts", entries, steps[name].artifact_count)
    return actions


def _packed(project: Project, step: StepState, kind: str, entries: Sequence[BaseModel], count: int) -> list[Put]:
    """Items named by the number of their last entry; `count` is the number of the last entry of all."""
    packs: list[list[str]] = []
    size = 0
    for text in (entry.model_dump_json() for entry in entries):
        weight = len(text.encode())
        if not packs or size + weight > RECORD_BYTES:
            packs.append([])
            size = 0
        packs[-1].append(text)
        size += weight
    actions: list[Put] = []
    last = count - len(entries)
    for pack in packs:
        last += len(pack)
        record = f"{record_name(step.attempt, step.name, kind)}{last:09d}"
        actions.append(_record(project, record, f"[{','.join(pack)}]"))
    return actions


def _record(project: Project, record: str, content: str) -> Put:
    return Put(RECORDS, {"project_id": project.project_id, "record": record, "content": content})


def _attempt(number: int) -> str:
    return f"attempt#{number:05d}"


def _answer(attempt: int, step: str, name: str) -> str:
    return record_name(attempt, step, "answer") + name


def record_name(attempt: int, step: str, kind: str) -> str:
    """Where the records of one kind of a step begin."""
    return f"{attempt:05d}#{step}#{kind}#"
