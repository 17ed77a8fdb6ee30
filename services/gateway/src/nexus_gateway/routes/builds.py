"""What a project's build did so far: stages, their logs, attempts, history."""

from fastapi import APIRouter, Request, Response

from nexus_contracts.builds.views import AttemptView, StagesView, StageView
from nexus_contracts.history import EventView
from nexus_gateway.identities import require_id
from nexus_gateway.openapi import examples
from nexus_gateway.openapi import operations as ops
from nexus_gateway.openapi.envelopes import ListOf, LogLine, page_of
from nexus_gateway.openapi.operations import operation
from nexus_gateway.ports import gateway_of
from nexus_gateway.routes.parameters import DEFAULT_LIMIT, LastKey, Limit, ProjectPath, StagePath

router = APIRouter(tags=["projects"])
_PROJECT = "/api/v1/projects/{project_id}"
_PAGE_ERRORS = (*ops.LIST_ERRORS, *ops.ONE_ERRORS)


@router.get(
    _PROJECT + "/stages",
    **operation(
        "listStages",
        "Read the stages of a project",
        StagesView,
        examples.STAGES,
        errors=ops.ONE_ERRORS,
        parameters=[ops.IF_NONE_MATCH],
    ),
)
async def get_stages(project_id: ProjectPath, request: Request) -> Response:
    """All six in order, those to come included."""
    require_id("project", project_id)
    return await gateway_of(request).reads.one(request, "builds", f"/projects/{project_id}/stages")


@router.get(
    _PROJECT + "/stages/{stage_name}",
    **operation(
        "getStage",
        "Read one stage",
        StageView,
        examples.STAGE,
        errors=ops.ONE_ERRORS,
        parameters=[ops.IF_NONE_MATCH],
    ),
)
async def get_stage(project_id: ProjectPath, stage_name: StagePath, request: Request) -> Response:
    """With its sub-stages, its whole output, all artifacts and the end of its log."""
    require_id("project", project_id)
    require_id("stage", stage_name)
    return await gateway_of(request).reads.one(request, "builds", f"/projects/{project_id}/stages/{stage_name}")


@router.get(
    _PROJECT + "/stages/{stage_name}/logs",
    **operation(
        "listStageLogs",
        "Read the log of a stage",
        ListOf[LogLine],
        page_of(examples.LOG_LINE),
        errors=_PAGE_ERRORS,
    ),
)
async def list_stage_logs(
    project_id: ProjectPath,
    stage_name: StagePath,
    request: Request,
    limit: Limit = DEFAULT_LIMIT,
    last_key: LastKey = None,
) -> Response:
    """The full log of the latest attempt, oldest entry first."""
    require_id("project", project_id)
    require_id("stage", stage_name)
    path = f"/projects/{project_id}/stages/{stage_name}/logs"
    return await gateway_of(request).reads.page("builds", path, limit, last_key)


@router.get(
    _PROJECT + "/attempts",
    **operation(
        "listAttempts",
        "List the attempts to build a project",
        ListOf[AttemptView],
        page_of(examples.ATTEMPT),
        errors=_PAGE_ERRORS,
    ),
)
async def list_attempts(
    project_id: ProjectPath, request: Request, limit: Limit = DEFAULT_LIMIT, last_key: LastKey = None
) -> Response:
    """An attempt is one run of the pipeline; what earlier ones did stays readable."""
    require_id("project", project_id)
    return await gateway_of(request).reads.page("builds", f"/projects/{project_id}/attempts", limit, last_key)


@router.get(
    _PROJECT + "/events",
    **operation(
        "listProjectEvents",
        "Read the history of a project",
        ListOf[EventView],
        page_of(examples.EVENT),
        errors=_PAGE_ERRORS,
    ),
)
async def list_events(
    project_id: ProjectPath, request: Request, limit: Limit = DEFAULT_LIMIT, last_key: LastKey = None
) -> Response:
    """Oldest first; `sequence` counts from 1 without a gap."""
    require_id("project", project_id)
    return await gateway_of(request).reads.page("builds", f"/projects/{project_id}/events", limit, last_key)
