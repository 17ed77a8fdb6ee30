"""The progress of a project's build: stages, logs, attempts, history."""

from functools import partial

from fastapi import APIRouter, Request, Response

from nexus_contracts.answers import ListOf
from nexus_contracts.builds.dashboard import BuildDashboard
from nexus_contracts.builds.views import AgentDiff, AttemptView, LogLine, StagesView, StageView
from nexus_contracts.errors import ValidationFailed
from nexus_contracts.history import EventView
from nexus_contracts.verification import VerificationReport
from nexus_gateway.dependencies import OperationRoute, gateway_of, still_known
from nexus_gateway.openapi import examples
from nexus_gateway.openapi import operations as ops
from nexus_gateway.openapi.operations import operation
from nexus_gateway.openapi.verification_example import AGENT_DIFF, VERIFICATION
from nexus_gateway.requests.accept import wants_stream
from nexus_gateway.routes.parameters import (
    DEFAULT_LIMIT,
    AttemptNumber,
    LastKey,
    Limit,
    ProjectPath,
    StagePath,
)
from nexus_gateway.sse import EventStream, last_event_id, no_event, paced

router = APIRouter(tags=["projects"], route_class=OperationRoute)
_PROJECT = "/api/v1/projects/{project_id}"


@router.get(
    _PROJECT + "/build",
    **operation(
        "getBuild",
        "Read the build dashboard",
        BuildDashboard,
        examples.BUILD,
        errors=ops.ONE_ERRORS,
        parameters=[ops.IF_NONE_MATCH],
    ),
)
async def get_build(project_id: ProjectPath, request: Request) -> Response:
    """Stages with durations, usage and errors; totals, alerts, the latest attempt, and the graph of stages."""
    return await gateway_of(request).reads.one(request, "builds", f"/projects/{project_id}/build")


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
    """All six in order, including those not started yet."""
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
    return await gateway_of(request).reads.one(request, "builds", f"/projects/{project_id}/stages/{stage_name}")


@router.get(
    _PROJECT + "/stages/{stage_name}/logs",
    **operation(
        "listStageLogs",
        "Read the log of a stage",
        ListOf[LogLine],
        examples.page_of(examples.LOG_LINE),
        errors=ops.ONE_ERRORS,
    ),
)
async def list_stage_logs(
    project_id: ProjectPath,
    stage_name: StagePath,
    request: Request,
    attempt: AttemptNumber = None,
    limit: Limit = DEFAULT_LIMIT,
    last_key: LastKey = None,
) -> Response:
    """The full log of the latest attempt or of another one, oldest entry first."""
    path = f"/projects/{project_id}/stages/{stage_name}/logs"
    chosen = {"attempt": None if attempt is None else str(attempt)}
    return await gateway_of(request).reads.page("builds", path, limit, last_key, chosen)


@router.get(
    _PROJECT + "/verification",
    **operation(
        "getVerification",
        "Read the verification of the agent",
        VerificationReport,
        VERIFICATION,
        errors=ops.ONE_ERRORS,
        parameters=[ops.IF_NONE_MATCH],
    ),
)
async def get_verification(project_id: ProjectPath, request: Request) -> Response:
    """The cases of the latest attempt, each with its outcome; 404 if the attempt has verified nothing."""
    return await gateway_of(request).reads.one(request, "builds", f"/projects/{project_id}/verification")


@router.get(
    _PROJECT + "/diff",
    **operation(
        "getDiff",
        "Read what a change request has changed",
        AgentDiff,
        AGENT_DIFF,
        errors=ops.ONE_ERRORS,
        parameters=[ops.IF_NONE_MATCH],
    ),
)
async def get_diff(project_id: ProjectPath, request: Request) -> Response:
    """For the agent built by the latest attempt, whether active or not; 404 if the attempt is not a change."""
    return await gateway_of(request).reads.one(request, "builds", f"/projects/{project_id}/diff")


@router.get(
    _PROJECT + "/attempts",
    **operation(
        "listAttempts",
        "List the attempts to build a project",
        ListOf[AttemptView],
        examples.page_of(examples.ATTEMPT),
        errors=ops.ONE_ERRORS,
    ),
)
async def list_attempts(
    project_id: ProjectPath, request: Request, limit: Limit = DEFAULT_LIMIT, last_key: LastKey = None
) -> Response:
    """An attempt is one run of the pipeline; earlier ones stay readable."""
    return await gateway_of(request).reads.page("builds", f"/projects/{project_id}/attempts", limit, last_key)


@router.get(
    _PROJECT + "/events",
    **operation(
        "listProjectEvents",
        "Read the history of a project",
        ListOf[EventView],
        examples.page_of(examples.EVENT),
        errors=ops.ONE_ERRORS,
        parameters=[ops.LAST_EVENT_ID],
        stream=examples.EVENT_STREAM,
    ),
)
async def list_events(
    project_id: ProjectPath, request: Request, limit: Limit = DEFAULT_LIMIT, last_key: LastKey = None
) -> Response:
    """Oldest first; `sequence` counts from 1 without gaps. A page may be shorter if events are large.

    With `Accept: text/event-stream` the history is streamed, from the first event or after `Last-Event-ID`, and then
    live until the latest attempt has ended or the project is deleted. An id beyond the newest event is refused.
    `id` is the sequence, `event` the type, `data` an item of the page.
    """
    if wants_stream(request):
        return await _stream(project_id, request, last_key)
    return await gateway_of(request).reads.page("builds", f"/projects/{project_id}/events", limit, last_key)


async def _stream(project_id: str, request: Request, last_key: str | None) -> Response:
    if last_key is not None:
        raise ValidationFailed(
            "a stream resumes after Last-Event-ID, not after last_key",
            errors=[{"location": "query.last_key", "message": "a stream has no pages", "type": "cursor"}],
        )
    known, streams = last_event_id(request), gateway_of(request).streams
    page = await streams.open(project_id, known or 0)
    if page.beyond:
        raise no_event("must not be beyond the newest event")
    if known is not None and page.ended and not page.block:
        return Response(status_code=204)  # tells a browser not to reconnect
    return EventStream(paced(streams.follow(project_id, page), streams.ending, partial(still_known, request)))
