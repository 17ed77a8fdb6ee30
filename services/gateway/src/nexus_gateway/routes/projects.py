"""Projects: what is to be built, and control of the build."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from nexus_contracts.builds.commands import ControlProject, CreateProject, DeleteProject
from nexus_contracts.builds.views import DeletedProject, ProjectStatus, ProjectSummary, ProjectView
from nexus_contracts.topics import BUILDS_COMMANDS
from nexus_gateway.bodies import ControlProjectBody, CreateProjectBody
from nexus_gateway.commands import Order
from nexus_gateway.identities import require_id
from nexus_gateway.openapi import examples
from nexus_gateway.openapi import operations as ops
from nexus_gateway.openapi.envelopes import ListOf, page_of
from nexus_gateway.openapi.operations import operation
from nexus_gateway.ports import bare_intent, gateway_of, intent_with
from nexus_gateway.preconditions import expected_version
from nexus_gateway.routes.parameters import DEFAULT_LIMIT, FilterText, LastKey, Limit, ProjectPath

router = APIRouter(tags=["projects"])
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
    require_id("project", project_id)
    return await gateway_of(request).reads.one(request, "builds", f"/projects/{project_id}")


@router.post(
    _ROOT,
    **operation(
        "createProject",
        "Create a project and start its build",
        ProjectView,
        examples.PROJECT,
        status=201,
        errors=(*ops.BODY_ERRORS, *ops.STATE_ERRORS),
        parameters=[ops.KEY, ops.PREFER],
        body=CreateProjectBody,
        body_example={"requirement": examples.REQUIREMENT, "tags": ["orders"]},
        accepted=_ACCEPTED,
    ),
)
async def create_project(request: Request) -> Response:
    """The build starts at once, unless `auto_start` is false. `Location` is the new project's address."""
    intent = await intent_with(request, CreateProjectBody)
    project_id = intent.created("proj_")
    command = CreateProject(
        command_id=intent.command_id,
        fingerprint=intent.fingerprint,
        project_id=project_id,
        **intent.body.model_dump(),
    )
    gateway = gateway_of(request)
    return await gateway.commands.carry_out(
        Order(
            BUILDS_COMMANDS,
            command,
            subject=project_id,
            location=f"{_ROOT}/{project_id}",
            ids={"project_id": project_id},
            wait_seconds=gateway.wait(intent),
            status=201,
        )
    )


@router.get(
    _ROOT,
    **operation(
        "listProjects",
        "List projects",
        ListOf[ProjectSummary],
        page_of(examples.SUMMARY),
    ),
)
async def list_projects(
    request: Request,
    user_id: FilterText = None,
    status: Annotated[ProjectStatus | None, Query(description="only those in this status")] = None,
    tag: FilterText = None,
    limit: Limit = DEFAULT_LIMIT,
    last_key: LastKey = None,
) -> Response:
    """Newest first. Filters work together, and apply before the page is cut."""
    filters = {"user_id": user_id, "status": status, "tag": tag}
    return await gateway_of(request).reads.page("builds", "/projects", limit, last_key, filters)


@router.put(
    _ROOT + "/{project_id}/control",
    **operation(
        "controlProject",
        "Start, pause, resume, stop or restart a build",
        ProjectView,
        examples.PROJECT,
        errors=(*ops.CHANGE_ERRORS, *ops.BODY_ERRORS, *ops.STATE_ERRORS),
        parameters=[ops.IF_MATCH, ops.KEY, ops.PREFER],
        body=ControlProjectBody,
        body_example={"action": "pause", "reason": "waiting for a decision"},
        accepted=_ACCEPTED,
    ),
)
async def control_project(project_id: ProjectPath, request: Request) -> Response:
    """Answers the project after the change. INVALID_STATE names the present status and what it allows."""
    require_id("project", project_id)
    intent = await intent_with(request, ControlProjectBody)
    command = ControlProject(
        command_id=intent.command_id,
        fingerprint=intent.fingerprint,
        project_id=project_id,
        if_match=expected_version(request),
        **intent.body.model_dump(),
    )
    gateway = gateway_of(request)
    return await gateway.commands.carry_out(
        Order(
            BUILDS_COMMANDS,
            command,
            subject=project_id,
            location=f"{_ROOT}/{project_id}",
            ids={"project_id": project_id},
            wait_seconds=gateway.wait(intent),
        )
    )


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
async def delete_project(project_id: ProjectPath, request: Request) -> Response:
    """With all that belongs to it: stages, history, agents. A running build is stopped first."""
    require_id("project", project_id)
    intent = bare_intent(request)
    command = DeleteProject(
        command_id=intent.command_id,
        fingerprint=intent.fingerprint,
        project_id=project_id,
        if_match=expected_version(request),
    )
    gateway = gateway_of(request)
    return await gateway.commands.carry_out(
        Order(
            BUILDS_COMMANDS,
            command,
            subject=project_id,
            location=f"{_ROOT}/{project_id}",
            ids={"project_id": project_id},
            wait_seconds=gateway.wait(intent),
        )
    )
