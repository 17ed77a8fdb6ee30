"""The queries that the gateway asks: plain JSON, errors as {"error": ErrorBody}."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, JsonValue

from nexus_builds.domain.state import Project, Step
from nexus_builds.domain.views import attempt_view, project_summary, project_view, stage_view, stages_view
from nexus_builds.handlers import project_not_found
from nexus_builds.store import DynamoProjectStore
from nexus_contracts.errors import NotFound
from nexus_contracts.history import EventView, HistoryEntry, Page
from nexus_runtime.history import History

LOG_TAIL = 100
Limit = Annotated[int, Query(ge=1, le=100)]
Position = Annotated[int, Query(ge=0)]


@dataclass(frozen=True)
class Queries:
    """Every read of a project; `last_key` is a plain position here, the gateway signs it."""

    store: DynamoProjectStore
    history: History

    async def list_projects(
        self,
        user_id: str | None = None,
        status: str | None = None,
        tag: str | None = None,
        limit: Limit = 20,
        last_key: str | None = None,
    ) -> Response:
        projects, more = await self.store.page(user_id, status, tag, limit, last_key)
        items = [project_summary(project).model_dump(mode="json") for project in projects]
        return _json(Page(items=items, last_key=more))

    async def get_project(self, project_id: str) -> Response:
        project = await self._present(project_id)
        return _json(project_view(project), etag=project.version)

    async def list_stages(self, project_id: str) -> Response:
        project = await self._present(project_id)
        return _json(stages_view(project), etag=project.version)

    async def get_stage(self, project_id: str, stage_name: str) -> Response:
        project = await self._present(project_id)
        step = _step(project, stage_name)
        after = max(0, step.log_count - LOG_TAIL)
        subs = [stage_view(sub, **await self._whole(project_id, sub)) for sub in step.sub_steps]
        logs = [entry for _, entry in await self.store.logs(project_id, step, after, LOG_TAIL)]
        whole = await self._whole(project_id, step)
        return _json(stage_view(step, **whole, logs=logs, sub_stages=subs), etag=project.version)

    async def list_logs(self, project_id: str, stage_name: str, limit: Limit = 20, last_key: Position = 0) -> Response:
        step = _step(await self._present(project_id), stage_name)
        entries = await self.store.logs(project_id, step, last_key, limit)
        items = [{"number": number, **entry.model_dump(mode="json")} for number, entry in entries]
        more = entries and entries[-1][0] < step.log_count
        return _json(Page(items=items, last_key=str(entries[-1][0]) if more else None))

    async def list_attempts(self, project_id: str, limit: Limit = 20, last_key: Position = 0) -> Response:
        project = await self._present(project_id)
        latest = attempt_view(project)
        views = [*await self.store.attempts(project_id), *([latest] if latest else [])]
        wanted = [view for view in views if view.attempt > last_key]
        items = [view.model_dump(mode="json") for view in wanted[:limit]]
        return _json(Page(items=items, last_key=str(wanted[limit - 1].attempt) if len(wanted) > limit else None))

    async def list_events(self, project_id: str, limit: Limit = 20, last_key: Position = 0) -> Response:
        project = await self._present(project_id)
        items = [_event(entry) async for entry in self.history.read(project_id, last_key + 1, last_key + limit)]
        more = items and last_key + len(items) < project.sequence
        return _json(Page(items=items, last_key=str(last_key + len(items)) if more else None))

    async def _present(self, project_id: str) -> Project:
        project = await self.store.load(project_id)
        if project is None:
            raise project_not_found(project_id)
        return project

    async def _whole(self, project_id: str, step: Step) -> dict[str, object]:
        output = await self.store.output(project_id, step)
        return {"output_data": output, "artifacts": await self.store.artifacts(project_id, step)}


def query_routes(queries: Queries) -> APIRouter:
    router = APIRouter(tags=["queries"])
    for path, endpoint in (
        ("/projects", queries.list_projects),
        ("/projects/{project_id}", queries.get_project),
        ("/projects/{project_id}/stages", queries.list_stages),
        ("/projects/{project_id}/stages/{stage_name}", queries.get_stage),
        ("/projects/{project_id}/stages/{stage_name}/logs", queries.list_logs),
        ("/projects/{project_id}/attempts", queries.list_attempts),
        ("/projects/{project_id}/events", queries.list_events),
    ):
        router.add_api_route(path, endpoint, methods=["GET"])
    return router


def _step(project: Project, name: str) -> Step:
    step = next((one for one in project.steps() if one.name == name), None)
    if step is None:
        raise NotFound(f"there is no stage {name[:100]}", type="stage", id=name[:100])
    return step


def _event(entry: HistoryEntry) -> dict[str, JsonValue]:
    attempt = entry.data.get("attempt")
    view = EventView(
        sequence=entry.sequence,
        id=entry.id,
        type=entry.type,
        time=entry.time,
        attempt=attempt if isinstance(attempt, int) else None,
        data=entry.data,
    )
    return view.model_dump(mode="json")


def _json(view: BaseModel, etag: int | None = None) -> Response:
    headers = {"ETag": f'"{etag}"'} if etag is not None else None
    return Response(view.model_dump_json(), media_type="application/json", headers=headers)
