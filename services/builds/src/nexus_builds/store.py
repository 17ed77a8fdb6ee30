"""Where projects are kept, and which writes a change of a project comes to."""

import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Protocol

from pydantic import BaseModel, TypeAdapter

from nexus_builds.domain.state import INLINE_OUTPUT_BYTES, RUNNING, Project, Step
from nexus_builds.domain.views import attempt_view
from nexus_builds.tables import BUILD_LEASE, LEASES, LEDGER, LISTS, PROJECTS, RECORDS
from nexus_contracts.builds.events import Builder
from nexus_contracts.builds.reports import (
    OUTPUT,
    Artifact,
    LogEntry,
    StageArtifactPublished,
    StageCompleted,
    StageLogged,
    StageReport,
)
from nexus_contracts.builds.views import AttemptView
from nexus_contracts.identifiers import format_timestamp
from nexus_runtime.dynamo import Action, Database, Delete, Filter, Item, Put, Where

RECORD_BYTES = 300_000
"""Log lines and artifacts are packed into items of at most this size."""
PAGE = 5
"""Records fetched at once: each may be as large as that, and often the first few suffice."""
ACTIVE, EXTERNAL, DELETING = "active", "external", "deleting"
_LOGS: TypeAdapter[list[LogEntry]] = TypeAdapter(list[LogEntry])
_ARTIFACTS: TypeAdapter[list[Artifact]] = TypeAdapter(list[Artifact])


class ProjectStore(Protocol):
    """Loads projects and says which writes make a change durable; the ledger carries them out."""

    async def load(self, project_id: str) -> Project | None: ...

    def changes(self, before: Project | None, after: Project, events: Sequence[BaseModel]) -> list[Action]: ...


class DynamoProjectStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, project_id: str) -> Project | None:
        """The project as it is now; None where there is none, or it is being deleted."""
        project = await self.load_any(project_id)
        return project if project and project.deleted_at is None else None

    async def load_any(self, project_id: str) -> Project | None:
        """The project, also while it is being deleted."""
        item = await self._database.get(PROJECTS, {"project_id": project_id}, only=("state",))
        return Project.model_validate_json(item["state"]) if item else None

    async def load_many(self, project_ids: Sequence[str]) -> dict[str, Project]:
        keys = [{"project_id": project_id} for project_id in project_ids]
        items = await self._database.get_many(PROJECTS, keys, only=("state",))
        projects = [Project.model_validate_json(item["state"]) for item in items]
        return {project.project_id: project for project in projects if project.deleted_at is None}

    def changes(self, before: Project | None, after: Project, events: Sequence[BaseModel]) -> list[Action]:
        """The state, on the condition that it is still `before`, and everything that follows from the change."""
        where = Where(equal={"version": before.version}) if before else Where(absent="project_id")
        item = {"project_id": after.project_id, "version": after.version, "state": after.model_dump_json()}
        return [
            Put(PROJECTS, item, where=where),
            *_list_changes(before, after),
            *_records(before, after, events),
        ]

    async def page(
        self, user_id: str | None, status: str | None, tag: str | None, limit: int, before: str | None
    ) -> tuple[list[Project], str | None]:
        """Newest first: up to `limit` matching projects, and the position to go on from (None: that was all)."""
        listed: list[Item] = []
        matching = Filter(equal={"status": status} if status else {}, contains={"tags": tag} if tag else {})
        query = self._database.query(
            LISTS,
            f"user#{user_id}" if user_id else "all",
            newest_first=True,
            matching=matching,
            page=limit + 1 if not (status or tag) else None,
            before=before,
        )
        async for entry in query:
            listed.append(entry)
            if len(listed) > limit:
                break
        shown = listed[:limit]
        loaded = await self.load_many([entry["project_id"] for entry in shown])
        projects = [loaded[entry["project_id"]] for entry in shown if entry["project_id"] in loaded]
        more = shown[-1]["position"] if len(listed) > limit else None
        # A project may have moved on since its entry was read: then it is no match any more.
        return [project for project in projects if status in (None, project.status)], more

    async def listed(self, name: str) -> list[str]:
        """The ids in the list `active`, `external` or `deleting`."""
        return [entry["position"] async for entry in self._database.query(LISTS, name, only=("position",))]

    async def logs(
        self, project_id: str, attempt: int, step: str, after: int = 0
    ) -> AsyncIterator[tuple[int, LogEntry]]:
        """What the step logged in that attempt after entry number `after`, oldest first, numbered from 1."""
        prefix = _prefix(attempt, step, "logs")
        low, high = f"{prefix}{after + 1:09d}", f"{prefix}999999999"
        async for item in self._database.query(RECORDS, project_id, page=PAGE, low=low, high=high):
            entries = _LOGS.validate_json(item["content"])
            last = int(item["record"].rsplit("#", 1)[1])
            for number, entry in zip(range(last - len(entries) + 1, last + 1), entries, strict=True):
                if number > after:
                    yield number, entry

    async def artifacts(self, project_id: str, step: Step, most: int) -> list[Artifact]:
        """The latest of a step's artifacts, in the order in which they were published."""
        if step.artifact_count == len(step.artifacts):
            return list(step.artifacts)
        prefix = _prefix(step.attempt, step.name, "artifacts")
        low, high = f"{prefix}{max(0, step.artifact_count - most) + 1:09d}", f"{prefix}999999999"
        items = [item async for item in self._database.query(RECORDS, project_id, low=low, high=high)]
        return [artifact for item in items for artifact in _ARTIFACTS.validate_json(item["content"])][-most:]

    async def output(self, project_id: str, step: Step) -> dict[str, object] | None:
        """What the step produced, however large."""
        if step.output is not None or step.output_bytes == 0:
            return dict(step.output) if step.output is not None else None
        key = {"project_id": project_id, "record": _prefix(step.attempt, step.name, "output")}
        item = await self._database.get(RECORDS, key)
        return json.loads(item["content"]) if item else None

    async def attempts(self, project_id: str, after: int = 0) -> AsyncIterator[AttemptView]:
        """The attempts before the latest with a number above `after`, oldest first."""
        low, high = _attempt(after + 1), _attempt(99_999)
        async for item in self._database.query(RECORDS, project_id, page=PAGE, low=low, high=high):
            yield AttemptView.model_validate_json(item["content"])

    async def attempt(self, project_id: str, number: int) -> AttemptView | None:
        """One of the attempts before the latest."""
        item = await self._database.get(RECORDS, {"project_id": project_id, "record": _attempt(number)})
        return AttemptView.model_validate_json(item["content"]) if item else None

    async def reports_seen(self, project_id: str) -> AsyncIterator[bytes]:
        """The digests of the reports taken so far."""
        async for item in self._database.query(LEDGER.inbox, project_id, begins="reports#"):
            digests = item["digests"]
            for place in range(0, len(digests), 16):
                yield bytes(digests[place : place + 16])

    async def erase(self, project: Project) -> None:
        """Everything kept of a deleted project but its history; the project itself last."""
        project_id = project.project_id
        await self._database.write(Delete(LEASES, {"kind": BUILD_LEASE, "name": project_id}))
        for table, partition in ((RECORDS, project_id), (LEDGER.inbox, project_id)):
            sort = table.sort_key or ""
            found = [item async for item in self._database.query(table, partition, only=(sort,))]
            keys = [{table.partition_key: partition, sort: item[sort]} for item in found]
            await self._database.delete_many(table, keys)
        await self._database.write(
            Delete(PROJECTS, {"project_id": project_id}),
            Delete(LISTS, {"list": DELETING, "position": project_id}),
        )


def report_digest(source: str, report_id: str) -> bytes:
    """16 bytes that stand for (source, id)."""
    return hashlib.sha256(f"{source}\x1f{report_id}".encode()).digest()[:16]


def remember_reports(project: Project, digests: Iterable[bytes]) -> Put:
    """The inbox entry of a batch of reports; `project` is the one after them."""
    item = {"owner": project.project_id, "entry": f"reports#{project.reports:012d}", "digests": b"".join(digests)}
    return Put(LEDGER.inbox, item, where=Where(absent="owner"))


def _list_changes(before: Project | None, after: Project) -> list[Action]:
    if before and before.status == after.status and before.deleted_at == after.deleted_at:
        return []
    position = f"{format_timestamp(after.created_at)}#{after.project_id}"
    lists = ("all", f"user#{after.user_id}")
    if after.deleted_at:
        return [
            *(Delete(LISTS, {"list": name, "position": position}) for name in lists),
            *(Delete(LISTS, {"list": name, "position": after.project_id}) for name in (ACTIVE, EXTERNAL)),
            Put(LISTS, {"list": DELETING, "position": after.project_id}),
        ]
    entry = {"project_id": after.project_id, "status": str(after.status), "tags": after.tags}
    return [
        *(Put(LISTS, {"list": name, "position": position, **entry}) for name in lists),
        *(Delete(LISTS, {"list": name, "position": after.project_id}) for name in _runs(before) - _runs(after)),
        *(Put(LISTS, {"list": name, "position": after.project_id}) for name in _runs(after) - _runs(before)),
    ]


def _runs(project: Project | None) -> set[str]:
    """The list of running builds that the project is in: the worker sees to the one, others report on the other."""
    if project is None or project.attempt is None or project.status not in RUNNING:
        return set()
    return {ACTIVE if project.attempt.builder is Builder.PLATFORM else EXTERNAL}


def _records(before: Project | None, after: Project, events: Sequence[BaseModel]) -> list[Action]:
    """What is too large for the project's one item: logs, artifacts, large outputs, the attempt before."""
    actions: list[Action] = []
    if before and before.attempt and after.attempt_number > before.attempt_number and (view := attempt_view(before)):
        actions.append(_record(after, _attempt(before.attempt_number), view.model_dump_json()))
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
                    record = _prefix(event.attempt, name, "output")
                    actions.append(_record(after, record, content.decode()))
            case _:
                pass
    steps = {step.name: step for step in after.steps()}
    for name, entries in logs.items():
        actions += _packed(after, steps[name], "logs", entries, steps[name].log_count)
    for name, entries in artifacts.items():
        actions += _packed(after, steps[name], "artifacts", entries, steps[name].artifact_count)
    return actions


def _packed(project: Project, step: Step, kind: str, entries: Sequence[BaseModel], count: int) -> list[Put]:
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
        record = f"{_prefix(step.attempt, step.name, kind)}{last:09d}"
        actions.append(_record(project, record, f"[{','.join(pack)}]"))
    return actions


def _record(project: Project, record: str, content: str) -> Put:
    return Put(RECORDS, {"project_id": project.project_id, "record": record, "content": content})


def _attempt(number: int) -> str:
    return f"attempt#{number:05d}"


def _prefix(attempt: int, step: str, kind: str) -> str:
    return f"{attempt:05d}#{step}#{kind}#"
