"""Projects: creating them and controlling their builds."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from nexus_contracts.answers import ListOf
from nexus_contracts.builds.bodies import ControlProjectBody, CreateProjectBody
from nexus_contracts.builds.commands import ControlProject, CreateProject, DeleteProject
from nexus_contracts.builds.views import DeletedProject, ProjectStatus, ProjectSummary, ProjectView
from nexus_gateway.dependencies import Intent, OperationRoute, bare_intent, gateway_of, intent_with
from nexus_gateway.openapi import examples
from nexus_gateway.openapi import operations as ops
from nexus_gateway.openapi.operations import operation
from nexus_gateway.routes.parameters import DEFAULT_LIMIT, FilterText, LastKey, Limit, ProjectPath

router = APIRouter(tags=["projects"], route_class=OperationRoute)
_ROOT = "/api/v1/projects"
_ACCEPTED = {"project_id": examples.PROJECT_ID}


@router.get(
    _ROOT + "/{project_id}",
    **operation(
        "getProject",
        "Read a project",
        ProjectView,
        examples.PROJECT,
        errors=ops.ONE_ERRORS,
        parameters=[ops.IF_NONE_MATCH],
    ),
)
async def get_project(project_id: ProjectPath, request: Request) -> Response:
    """Everything about the project, with a snapshot of its stages."""
    return await gateway_of(request).reads.one(request, "builds", f"/projects/{project_id}")


@router.post(
    _ROOT,
    **operation(
        "createProject",
        "Create a project and start its build",
        ProjectView,
        examples.PROJECT,
        status=201,
        errors=(*ops.BODY_ERRORS, *ops.BUILD_ERRORS),
        parameters=[ops.KEY, ops.PREFER],
        body=CreateProjectBody,
        body_example={"requirement": examples.REQUIREMENT, "tags": ["orders"]},
        accepted=_ACCEPTED,
    ),
)
async def create_project(
    request: Request, intent: Annotated[Intent[CreateProjectBody], intent_with(CreateProjectBody)]
) -> Response:
    """The build starts at once, unless `auto_start` is false. `Location` is the new project's address."""
    command = intent.command(CreateProject, project_id=intent.created("proj_"))
    return await gateway_of(request).commands.carry_out(command, intent.waits)


@router.get(
    _ROOT,
    **operation(
        "listProjects",
        "List projects",
        ListOf[ProjectSummary],
        examples.page_of(examples.SUMMARY),
    ),
)
async def list_projects(
    request: Request,
    user_id: FilterText = None,
    status: Annotated[ProjectStatus | None, Query(description="only those with this status")] = None,
    tag: FilterText = None,
    limit: Limit = DEFAULT_LIMIT,
    last_key: LastKey = None,
) -> Response:
    """Newest first. Filters can be combined, and apply before the list is cut into pages."""
    filters = {"user_id": user_id, "status": status, "tag": tag}
    return await gateway_of(request).reads.page("builds", "/projects", limit, last_key, filters)


@router.put(
    _ROOT + "/{project_id}/control",
    **operation(
        "controlProject",
        "Start, pause, resume, stop or restart a build, or end its wait for a person",
        ProjectView,
        examples.PROJECT,
        errors=(*ops.CHANGE_ERRORS, *ops.BODY_ERRORS, *ops.BUILD_ERRORS),
        parameters=[ops.IF_MATCH, ops.KEY, ops.PREFER],
        body=ControlProjectBody,
        body_example={"action": "pause", "reason": "waiting for a decision"},
        accepted=_ACCEPTED,
    ),
)
async def control_project(
    project_id: ProjectPath,
    request: Request,
    intent: Annotated[Intent[ControlProjectBody], intent_with(ControlProjectBody, heeds_if_match=True)],
) -> Response:
    """Answers with the changed project. INVALID_STATE names the current status and the allowed actions.

    A build that waits for a person (`waiting_for`) continues with `answer` or `approve`; `reject` fails it as REJECTED.
    """
    command = intent.command(ControlProject, project_id=project_id, if_match=intent.if_match)
    return await gateway_of(request).commands.carry_out(command, intent.waits)


@router.delete(
    _ROOT + "/{project_id}",
    **operation(
        "deleteProject",
        "Delete a project",
        DeletedProject,
        examples.DELETED_PROJECT,
        errors=(*ops.CHANGE_ERRORS, *ops.STATE_ERRORS),
        parameters=[ops.IF_MATCH, ops.KEY, ops.PREFER],
        accepted=_ACCEPTED,
    ),
)
async def delete_project(
    project_id: ProjectPath, request: Request, intent: Annotated[Intent[None], bare_intent(heeds_if_match=True)]
) -> Response:
    """With everything that belongs to it: stages, history, agents. A running build is stopped first."""
    command = intent.command(DeleteProject, project_id=project_id, if_match=intent.if_match)
    return await gateway_of(request).commands.carry_out(command, intent.waits)
