"""Reports of other systems on a build."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from nexus_contracts.builds.views import TakenReport
from nexus_gateway.dependencies import Intent, OperationRoute, gateway_of, report_intent
from nexus_gateway.openapi import operations as ops
from nexus_gateway.openapi import reports as forms
from nexus_gateway.openapi.operations import operation
from nexus_gateway.requests.reports import SentReport
from nexus_gateway.routes.parameters import ProjectPath

router = APIRouter(tags=["projects"], route_class=OperationRoute)


@router.post(
    "/api/v1/projects/{project_id}/reports",
    **operation(
        "reportStage",
        "Report on a build",
        TakenReport,
        forms.TAKEN,
        status=202,
        errors=ops.REPORT_ERRORS,
        parameters=[ops.KEY, *forms.ATTRIBUTES],
        contents=forms.CONTENTS,
    ),
)
async def report_stage(
    project_id: ProjectPath, request: Request, intent: Annotated[Intent[SentReport], report_intent()]
) -> Response:
    """One CloudEvent per request: a stage report, or a CDEvent of a pipelineRun or taskRun. 202 once it is durable.

    The project's events, at `Location`, show whether it was applied, or refused and why. `source` and `id` make a
    repeat harmless even without an `Idempotency-Key`.
    """
    command_id = intent.command_id if intent.keyed else None
    return await gateway_of(request).commands.report(intent.body, command_id, intent.fingerprint)
