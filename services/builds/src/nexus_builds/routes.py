"""The query routes for the gateway: plain JSON, errors as {"error": ErrorBody}."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from nexus_builds.domain import verification
from nexus_builds.domain.dashboard import build_dashboard
from nexus_builds.domain.errors import project_not_found
from nexus_builds.domain.listing import listed
from nexus_builds.domain.state import (
    TERMINAL,
    Project,
    StepState,
    attempt_view,
    latest,
    project_view,
    stage_view,
    stages_view,
)
from nexus_builds.pages import first_of
from nexus_builds.store.projects import ProjectStore
from nexus_builds.store.verifications import Verifications
from nexus_contracts.errors import NotFound
from nexus_contracts.history import EventView, HistoryEntry
from nexus_runtime.ledger.history import History
from nexus_runtime.process import caller
from nexus_runtime.process.queries import json_answer, page_of, query_router

LOG_TAIL, LOG_BYTES = 100, 300_000
ARTIFACTS, ARTIFACT_BYTES = 500, 1_000_000
"""Limits for what a stage shows; the log has pages of its own, and the history has all artifacts."""
Limit = Annotated[int, Query(ge=1, le=100)]
Position = Annotated[int, Query(ge=0)]
LogPosition = Annotated[str | None, Query(pattern=r"^[0-9]{1,5}\.[0-9]{1,9}$")]
AttemptNumber = Annotated[int | None, Query(ge=1, le=99_999)]


@dataclass(frozen=True)
class ProjectQueries:
    """All reads of projects; `last_key` is a plain position here, which the gateway signs."""

    store: ProjectStore
    history: History
    now: Callable[[], datetime]
    verifications: Verifications

    async def list_projects(
        self,
        user_id: str | None = None,
        status: str | None = None,
        tag: str | None = None,
        limit: Limit = 20,
        last_key: str | None = None,
    ) -> Response:
        asker = caller.principal.get()
        if not asker.is_admin and user_id not in (None, asker.id):
            return page_of([], None)
        of_user = user_id if asker.is_admin else asker.id
        stored, more = await self.store.page(asker.tenant, of_user, status, tag, limit, last_key)
        return page_of([to_json(listed(state)).decode() for state in stored], more)

    async def get_project(self, project_id: str) -> Response:
        project = await self._present(project_id)
        return json_answer(project_view(project), etag=project.version)

    async def get_build(self, project_id: str) -> Response:
        """Without a version for an ETag, because alerts may become due without a change."""
        return json_answer(build_dashboard(await self._present(project_id), self.now()))

    async def list_stages(self, project_id: str) -> Response:
        project = await self._present(project_id)
        return json_answer(stages_view(project), etag=project.version)

    async def get_stage(self, project_id: str, stage_name: str) -> Response:
        project = await self._present(project_id)
        step = _step(project, stage_name)
        after = max(0, step.log_count - LOG_TAIL)
        subs = [stage_view(sub, **await self._whole(project_id, sub)) for sub in step.sub_steps]
        logs = [entry async for _, entry in self.store.records.logs(project_id, step.attempt, step.name, after)]
        shown = {"logs": list(latest(logs, LOG_TAIL, LOG_BYTES)), "sub_stages": subs}
        whole = await self._whole(project_id, step)
        return json_answer(stage_view(step, **whole, **shown), etag=project.version)

    async def list_logs(
        self,
        project_id: str,
        stage_name: str,
        attempt: AttemptNumber = None,
        limit: Limit = 20,
        last_key: LogPosition = None,
    ) -> Response:
        """Positions include the attempt, so that a reader does not move from one log into another after a restart."""
        project = await self._present(project_id)
        step = _step(project, stage_name)
        if last_key is None:
            ran_in, after = await self._ran_in(project, step, attempt), 0
        else:
            ran_in, after = map(int, last_key.split("."))

        async def lines() -> AsyncIterator[tuple[str, str]]:
            async for number, entry in self.store.records.logs(project_id, ran_in, step.name, after):
                yield f"{ran_in}.{number}", f'{{"number":{number},{entry.model_dump_json()[1:]}'

        return await _page(lines(), limit)

    async def list_attempts(self, project_id: str, limit: Limit = 20, last_key: Position = 0) -> Response:
        project = await self._present(project_id)

        async def views() -> AsyncIterator[tuple[str, str]]:
            async for past in self.store.records.attempts(project_id, last_key):
                if past.attempt.number < project.attempt_number:
                    yield str(past.attempt.number), attempt_view(past).model_dump_json()
            current = project.latest()
            if current and current.attempt.number > last_key:
                yield str(current.attempt.number), attempt_view(current).model_dump_json()

        return await _page(views(), limit)

    async def get_verification(self, project_id: str) -> Response:
        """The verification of the latest attempt, or of the one whose last stage was kept."""
        project = await self._present(project_id)
        step = _step(project, verification.STEP)
        report = await self.verifications.of_build(project_id, step.attempt)
        if report is None:
            raise NotFound("nothing was verified in the latest attempt", type="verification", id=project_id)
        return json_answer(report)

    async def get_diff(self, project_id: str) -> Response:
        project = await self._present(project_id)
        diff = await self.verifications.diff(project_id, _step(project, verification.STEP).attempt)
        if diff is None:
            raise NotFound("no agent was changed in the latest attempt", type="diff", id=project_id)
        return json_answer(diff)

    async def get_agent_verification(self, agent_id: str) -> Response:
        """The latest run of the agent's cases; if none was requested, that of the build that made it."""
        project = await self._present(verification.project_of(agent_id))
        run = await self.verifications.latest(agent_id)
        if run is not None:
            return json_answer(run.report)
        suite = await self.verifications.suite_of(project, agent_id, None)
        report = suite and await self.verifications.of_build(project.project_id, suite.attempt)
        if report is None:
            raise NotFound("the agent was not verified", type="verification", id=agent_id[:300])
        return json_answer(report)

    async def list_events(self, project_id: str, limit: Limit = 20, last_key: Position = 0) -> Response:
        project = await self._present(project_id)
        return await _page(self._events(project, last_key), limit)

    async def tail_events(self, project_id: str, after: Position = 0) -> Response:
        """The Tail of the history after a sequence; readable even while the project is being deleted."""
        project = _own(project_id, await self.store.load_any(project_id))
        found = await first_of(self._events(project, after), limit=100)
        through = int(found.last or min(after, project.sequence))
        more = through < project.sequence
        if more and not found.texts:  # erased in the meantime
            raise project_not_found(project_id)
        deleted = project.deleted_at is not None
        ended = not more and (deleted or project.status in TERMINAL)
        known = json.dumps({"through": through, "more": more, "ended": ended, "deleted": deleted})
        return Response(f'{{"items":{found.items},{known[1:]}', media_type="application/json")

    async def _events(self, project: Project, after: int) -> AsyncIterator[tuple[str, str]]:
        """Without gaps: while a history is being erased, nothing after what is already gone."""
        expected = after + 1
        async for entry in self.history.read(project.project_id, expected, project.sequence):
            if entry.sequence != expected:
                return
            yield str(entry.sequence), _event(entry).model_dump_json()
            expected += 1

    async def _present(self, project_id: str) -> Project:
        return _own(project_id, await self.store.load(project_id))

    async def _ran_in(self, project: Project, step: StepState, attempt: int | None) -> int:
        """The attempt in which the step shown by `attempt` ran: an earlier one if it was kept."""
        if attempt in (None, project.attempt_number):
            return step.attempt
        past = await self.store.records.attempt(project.project_id, attempt or 0)
        if past is None:
            raise NotFound(f"there is no attempt {attempt}", type="attempt", id=str(attempt))
        ran = past.step(step.name)
        return ran.attempt if ran else past.attempt.number

    async def _whole(self, project_id: str, step: StepState) -> dict[str, object]:
        output = await self.store.records.output(project_id, step)
        artifacts = await self.store.records.artifacts(project_id, step, ARTIFACTS)
        return {"output_data": output, "artifacts": list(latest(artifacts, ARTIFACTS, ARTIFACT_BYTES))}


def query_routes(queries: ProjectQueries) -> APIRouter:
    return query_router(
        ("/projects", queries.list_projects, "listProjects"),
        ("/projects/{project_id}", queries.get_project, "getProject"),
        ("/projects/{project_id}/build", queries.get_build, "getBuild"),
        ("/projects/{project_id}/stages", queries.list_stages, "listStages"),
        ("/projects/{project_id}/stages/{stage_name}", queries.get_stage, "getStage"),
        ("/projects/{project_id}/stages/{stage_name}/logs", queries.list_logs, "listLogs"),
        ("/projects/{project_id}/attempts", queries.list_attempts, "listAttempts"),
        ("/projects/{project_id}/verification", queries.get_verification, "getVerification"),
        ("/projects/{project_id}/diff", queries.get_diff, "getDiff"),
        ("/agents/{agent_id}/verification", queries.get_agent_verification, "getAgentVerification"),
        ("/projects/{project_id}/events", queries.list_events, "listEvents"),
        ("/projects/{project_id}/tail", queries.tail_events, "tailEvents"),
    )


def _own(project_id: str, project: Project | None) -> Project:
    """Raises NotFound for another user's project, unless the caller is an admin of its tenant."""
    if project is None or not caller.principal.get().sees(project.tenant, project.user_id):
        raise project_not_found(project_id)
    return project


def _step(project: Project, name: str) -> StepState:
    step = next((one for one in project.steps() if one.name == name), None)
    if step is None:
        raise NotFound(f"there is no stage {name[:100]}", type="stage", id=name[:100])
    return step


async def _page(entries: AsyncIterator[tuple[str, str]], limit: int) -> Response:
    found = await first_of(entries, limit)
    return page_of(found.texts, found.after)


def _event(entry: HistoryEntry) -> EventView:
    attempt = entry.data.get("attempt")
    return EventView(
        sequence=entry.sequence,
        id=entry.id,
        type=entry.type,
        time=entry.time,
        attempt=attempt if isinstance(attempt, int) else None,
        data=entry.data,
    )
