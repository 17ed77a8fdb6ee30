"""What other systems report of a build."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from nexus_gateway.envelope import success
from nexus_gateway.idempotency import idempotency_key
from nexus_gateway.identities import require_id
from nexus_gateway.openapi import operations as ops
from nexus_gateway.openapi import reports as forms
from nexus_gateway.openapi.operations import operation
from nexus_gateway.ports import gateway_of
from nexus_gateway.reports import SentReport, sent_report
from nexus_gateway.routes.parameters import ProjectPath

router = APIRouter(tags=["projects"])


class ReportPlace(BaseModel):
    """The report that an event is, or comes to."""

    type: str
    attempt: int
    stage_name: str | None = None
    sub_stage_name: str | None = None


class TakenReport(BaseModel):
    """`source` and `id` identify what was taken, `type` is as sent. `report` is null where it comes to none."""

    project_id: str
    source: str
    id: str
    type: str
    report: ReportPlace | None


@router.post(
    "/api/v1/projects/{project_id}/reports",
    **operation(
        "reportStage",
        "Report on a build",
        TakenReport,
        forms.TAKEN,
        status=202,
        errors=ops.REPORT_ERRORS,
        parameters=forms.ATTRIBUTES,
        contents=forms.CONTENTS,
    ),
)
async def report_stage(project_id: ProjectPath, request: Request) -> Response:
    """One CloudEvent per request: a stage report, or a CDEvent of a pipelineRun or taskRun. 202 once it is durable.

    Whether it was applied, or refused and why, stands in the events of the project, at `Location`. `source` and `id`
    are what makes a repeat harmless, so an `Idempotency-Key` adds nothing here.
    """
    require_id("project", project_id)
    idempotency_key(request)
    gateway = gateway_of(request)
    told = await sent_report(request, project_id, gateway.settings.max_body_bytes)
    await gateway.reads.require_present("builds", f"/projects/{project_id}")
    if told.event is not None:
        await gateway.commands.report(told.event)
    return _taken(project_id, told)


def _taken(project_id: str, told: SentReport) -> Response:
    place = ReportPlace.model_validate(told.report, from_attributes=True) if told.report else None
    sent = told.sent
    taken = TakenReport(project_id=project_id, source=sent.source, id=sent.id, type=sent.type, report=place)
    location = f"/api/v1/projects/{project_id}/events"
    message = f"accepted; the outcome can be read at {location}" if place else "accepted; it comes to no report"
    return success(taken.model_dump_json().encode(), 202, message=message, headers={"Location": location})
