"""The store of projects: the only place that composes the writes of a project's change."""

import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Sequence

from pydantic import BaseModel, JsonValue, TypeAdapter

from nexus_builds.domain.listing import Stored
from nexus_builds.domain.quotas import TenantTotals
from nexus_builds.domain.state import INLINE_OUTPUT_BYTES, RUNNING, PastAttempt, Project, StepState, built_by
from nexus_builds.tables import LEDGER, LISTS, PROJECTS, RECORDS
from nexus_contracts.builds.events import BuildAnswered, Builder
from nexus_contracts.builds.reports import (
    OUTPUT,
    Artifact,
    LogEntry,
    StageArtifactPublished,
    StageCompleted,
    StageLogged,
    StageReport,
)
from nexus_contracts.identifiers import format_timestamp
from nexus_contracts.replies import Outcome
from nexus_runtime.dynamo import Action, Database, Delete, Filter, Item, Put, Update, Value, Where
from nexus_runtime.dynamo.first_pages import FirstPages, some
from nexus_runtime.dynamo.form import Form
from nexus_runtime.ledger.change import Begin, Change, End, Reader, Saved, States

PROJECT = Form(Project)
STATE = ("state", "schema")
EXTERNAL = "external"
"""The list of running external builds, of all tenants. Builds of the platform's worker are long work."""
BUILD, ERASURE = "build", "erasure"
DONE = Outcome(status=200)
"""The outcome of both kinds of work: nobody waits for it."""


class ProjectStore:
    """`loader`: what single projects are read with, where that is not the database itself."""

    def __init__(self, database: Database, loader: Reader | None = None) -> None:
        self._database = database
        self._loader = loader or database
        self._states = States(PROJECTS, PROJECT)
        self.records = Records(database)
        self._first_pages = FirstPages(database, LISTS)

    async def load(self, project_id: str) -> Project | None:
        """The project; None if it does not exist or is being deleted."""
        project = await self.load_any(project_id)
        return project if project and project.deleted_at is None else None

    async def load_any(self, project_id: str) -> Project | None:
        """The project, even while it is being deleted."""
        item = await self._loader.get(PROJECTS, {"project_id": project_id}, only=STATE)
        return self._states.read(item) if item else None

    async def load_many(self, project_ids: Sequence[str]) -> dict[str, Project]:
        projects = [self._states.read(item) for item in await self._items(project_ids)]
        return {project.project_id: project for project in projects if project.deleted_at is None}

    async def standing(self, tenant: str) -> TenantTotals:
        """What the tenant has now: costs a read of all entries of its list."""
        # The number of entries first: what is let in after it has been read lets nothing else in on this count.
        known = await self._database.get(LISTS, _entries_key(tenant))
        projects, builds = 0, 0
        async for entry in self._database.query(LISTS, _listed(tenant), only=("status", EXTERNAL)):
            projects += 1
            builds += entry["status"] in RUNNING and EXTERNAL not in entry
        return TenantTotals(projects, builds, int(known["entries"]) if known else 0)

    def entry(self, tenant: str, standing: TenantTotals) -> Update:
        """Commits only if nothing else was let in since then."""
        where = Where(equal={"entries": standing.entries}) if standing.entries else Where(absent="list")
        return Update(LISTS, _entries_key(tenant), add={"entries": 1}, where=where)

    def save(
        self, before: Project | None, after: Project, events: Sequence[BaseModel], also: Sequence[Action] = ()
    ) -> Saved[Project]:
        """The state, on condition that it is still `before`, with all consequences of the change."""
        follows = [*_list_changes(before, after), *record_writes(before, after, events), *also]
        saved = self._states.save(after.project_id, before, after, events, follows)
        return Saved(saved.state, saved.change + work_of(before, after))

    async def page(
        self, tenant: str, user_id: str | None, status: str | None, tag: str | None, limit: int, before: str | None
    ) -> tuple[list[Stored], str | None]:
        """Newest first: up to `limit` matching projects, and the position to continue from (None: no more)."""
        if before is None and not (status or tag):
            entries = await self._first_pages.newest(_listed(tenant, user_id), limit + 1)
        else:
            entries = await some(self._entries(tenant, user_id, status, tag, limit + 1, before), limit + 1)
        shown = entries[:limit]
        items = await self._items([entry["project_id"] for entry in shown])
        loaded = {state["project_id"]: state for state in map(PROJECT.stored, items)}
        projects = [loaded[entry["project_id"]] for entry in shown if entry["project_id"] in loaded]
        more = shown[-1]["position"] if len(entries) > limit else None
        # A project may have changed since its entry was read, and no longer match.
        return [one for one in projects if one.get("deleted_at") is None and status in (None, one["status"])], more

    async def _items(self, project_ids: Sequence[str]) -> list[Item]:
        """The projects that exist."""
        return await self._database.get_many(PROJECTS, [{"project_id": one} for one in project_ids], only=STATE)

    def _entries(
        self, tenant: str, user_id: str | None, status: str | None, tag: str | None, page: int, before: str | None
    ) -> AsyncIterator[Item]:
        if not (status or tag):
            return self._database.query(LISTS, _listed(tenant, user_id), newest_first=True, page=page, before=before)
        equal = {name: value for name, value in (("user_id", user_id), ("status", status)) if value}
        matching = Filter(equal=equal, contains={"tags": tag} if tag else {})
        return self._database.query(LISTS, _listed(tenant), newest_first=True, matching=matching, before=before)

    async def external(self) -> list[str]:
        """The ids of the running external builds."""
        return [entry["position"] async for entry in self._database.query(LISTS, EXTERNAL, only=("position",))]

    async def reports_seen(self, project_id: str) -> AsyncIterator[bytes]:
        """The digests of the reports so far."""
        async for item in self._database.query(LEDGER.inbox, project_id, begins="reports#"):
            digests = item["digests"]
            for place in range(0, len(digests), 16):
                yield bytes(digests[place : place + 16])

    async def erase(self, project: Project) -> Change:
        """Erases everything of a deleted project but its history; the returned change erases the project itself."""
        project_id = project.project_id
        for table, partition in ((RECORDS, project_id), (LEDGER.inbox, project_id)):
            sort = table.sort_key or ""
            found = [item async for item in self._database.query(table, partition, only=(sort,))]
            keys = [{table.partition_key: partition, sort: item[sort]} for item in found]
            await self._database.delete_many(table, keys)
        return Change.of(Delete(PROJECTS, {"project_id": project_id}))


def report_digest(source: str, report_id: str) -> bytes:
    """A digest of 16 bytes for (source, id)."""
    return hashlib.sha256(f"{source}\x1f{report_id}".encode()).digest()[:16]


def remember_reports(project: Project, digests: Iterable[bytes]) -> Put:
    """The inbox entry of a batch of reports; `project` is the one after them."""
    item = {"owner": project.project_id, "entry": f"reports#{project.reports:012d}", "digests": b"".join(digests)}
    return Put(LEDGER.inbox, item, where=Where(absent="owner"))


def work_of(before: Project | None, after: Project) -> Change:
    """A build is work from the start of its attempt to its end, pauses included: a running step outlives a pause."""
    was, runs = built_by(Builder.PLATFORM, before), built_by(Builder.PLATFORM, after)
    name, again = after.project_id, was and runs and _attempt(before) != _attempt(after)
    erased = after.deleted_at is not None and (before is None or before.deleted_at is None)
    return Change(
        begins=(
            *((Begin(BUILD, name),) if runs and (again or not was) else ()),
            *((Begin(ERASURE, name),) if erased else ()),
        ),
        ends=(End(BUILD, name, DONE),) if was and (again or not runs) else (),
    )


def _attempt(project: Project | None) -> int:
    return project.attempt_number if project else 0


def _entries_key(tenant: str) -> dict[str, str]:
    """Where it is counted what quotas have let in."""
    return {"list": f"{tenant}#quotas", "position": "entries"}


def _listed(tenant: str, user_id: str | None = None) -> str:
    """The list of a tenant's projects, which has what they are filtered by; or of one user's, by time alone."""
    return f"{tenant}#user#{user_id}" if user_id else f"{tenant}#all"


def _list_changes(before: Project | None, after: Project) -> list[Action]:
    """What a creation, a change of status or a deletion results in.

    A user's own list never changes while the project is there: it would cost every change a write, and saves only
    requests for a user's projects in a status or with a tag a look at other users' entries.
    """
    if before and before.status == after.status and before.deleted_at == after.deleted_at:
        return []
    position = f"{format_timestamp(after.created_at)}#{after.project_id}"
    tenants, users = (
        {"list": _listed(after.tenant, user_id), "position": position} for user_id in (None, after.user_id)
    )
    moved = _external_changes(before, after)
    if after.deleted_at:
        return [*moved, Delete(LISTS, tenants), Delete(LISTS, users)]
    filtered: dict[str, Value] = {"user_id": after.user_id, "status": str(after.status), "tags": after.tags}
    if built_by(Builder.EXTERNAL, after):
        filtered[EXTERNAL] = True
    moved.append(Put(LISTS, {**tenants, "project_id": after.project_id, **filtered}))
    if before is None:
        moved.append(Put(LISTS, {**users, "project_id": after.project_id}))
    return moved


def _external_changes(before: Project | None, after: Project) -> list[Action]:
    key = {"list": EXTERNAL, "position": after.project_id}
    match (built_by(Builder.EXTERNAL, before), built_by(Builder.EXTERNAL, after)):
        case (True, False):
            return [Delete(LISTS, key)]
        case (False, True):
            return [Put(LISTS, key)]
        case _:
            return []


RECORD_BYTES = 300_000
"""Maximum size of the items into which log lines and artifacts are packed."""
PAGE = 5
"""Records per fetch: each may be that large, and often the first few suffice."""
PAST_ATTEMPT = Form(PastAttempt)
_LOGS: TypeAdapter[list[LogEntry]] = TypeAdapter(list[LogEntry])
_ARTIFACTS: TypeAdapter[list[Artifact]] = TypeAdapter(list[Artifact])


class Records:
    """The tables they are read from."""

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
        """The output of the step, however large."""
        if step.output is not None or step.output_bytes == 0:
            return dict(step.output) if step.output is not None else None
        key = {"project_id": project_id, "record": record_name(step.attempt, step.name, "output")}
        item = await self._database.get(RECORDS, key)
        return json.loads(item["content"]) if item else None

    async def answer(self, project_id: str, attempt: int, step: str, name: str) -> dict[str, JsonValue] | None:
        """A person's answer to the question with that name; {} for an approval, None while there is none."""
        item = await self._database.get(RECORDS, {"project_id": project_id, "record": _answer(attempt, step, name)})
        return OUTPUT.validate_json(item["content"]) if item else None

    async def attempts(self, project_id: str, after: int = 0) -> AsyncIterator[PastAttempt]:
        """The attempts before the latest with a number above `after`, oldest first."""
        low, high = _past(after + 1), _past(99_999)
        async for item in self._database.query(RECORDS, project_id, page=PAGE, low=low, high=high):
            yield PAST_ATTEMPT.read(item)

    async def attempt(self, project_id: str, number: int) -> PastAttempt | None:
        """One of the attempts before the latest."""
        item = await self._database.get(RECORDS, {"project_id": project_id, "record": _past(number)})
        return PAST_ATTEMPT.read(item) if item else None


def record_writes(before: Project | None, after: Project, events: Sequence[BaseModel]) -> list[Action]:
    """The records of the events, and the previous attempt when the next one begins."""
    actions: list[Action] = []
    past = before.latest() if before and after.attempt_number > before.attempt_number else None
    if past:
        key = {"project_id": after.project_id, "record": _past(past.attempt.number)}
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


def _past(number: int) -> str:
    return f"attempt#{number:05d}"


def _answer(attempt: int, step: str, name: str) -> str:
    return record_name(attempt, step, "answer") + name


def record_name(attempt: int, step: str, kind: str) -> str:
    """The key prefix of one kind of a step's records."""
    return f"{attempt:05d}#{step}#{kind}#"
