"""Builds under the paths of the former interface, in which a task is a project: thin adapters."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from nexus_contracts.builds.bodies import CreateAgentBody
from nexus_contracts.builds.commands import ControlAction, ControlProject, CreateProject
from nexus_contracts.builds.views import CreatedTask, ProjectView, StagesView
from nexus_gateway.answers import REPLAYED, success
from nexus_gateway.dependencies import Intent, bare_intent, gateway_of, intent_with
from nexus_gateway.openapi import dialog_examples, examples
from nexus_gateway.openapi import operations as ops
from nexus_gateway.routes.deprecated import FormerRoute, former
from nexus_gateway.routes.parameters import ProjectPath, TaskPath

router = APIRouter(tags=["agents"], route_class=FormerRoute)
_ROOT = "/api/v1/agents"
_PROJECTS = "/api/v1/projects"


@router.post(
    _ROOT + "/create",
    **former(
        "createAgentBuild",
        "Build an agent",
        CreatedTask,
        dialog_examples.CREATED_TASK,
        status=202,
        errors=(*ops.BODY_ERRORS, *ops.BUILD_ERRORS),
        parameters=[ops.KEY],
        body=CreateAgentBody,
        body_example={"requirement": examples.REQUIREMENT, "user_id": "maria"},
    ),
)
async def create_agent_build(
    request: Request, intent: Annotated[Intent[CreateAgentBody], intent_with(CreateAgentBody)]
) -> Response:
    """Use `POST /api/v1/projects`. The task and its session are the project."""
    command = intent.command(CreateProject, project_id=intent.created("proj_"))
    created = await gateway_of(request).commands.carry_out(command, intent.waits)
    project: Any = json.loads(bytes(created.body))["data"]
    task = CreatedTask(
        task_id=command.project_id,
        session_id=command.project_id,
        project_id=command.project_id,
        agent_name=project.get("agent_name"),
        message=f"the build was accepted; it can be followed at {_PROJECTS}/{command.project_id}",
    )
    replayed = {name: value for name, value in created.headers.items() if name == REPLAYED.lower()}
    headers = {"Location": f"{_ROOT}/{command.project_id}/status", **replayed}
    return success(task.model_dump_json().encode(), 202, headers=headers)


@router.get(
    _ROOT + "/{task_id}/status",
    **former(
        "getTaskStatus",
        "Read the status of an agent's build",
        ProjectView,
        examples.PROJECT,
        errors=ops.ONE_ERRORS,
        parameters=[ops.IF_NONE_MATCH],
    ),
)
async def get_task_status(task_id: TaskPath, request: Request) -> Response:
    """Use `GET /api/v1/projects/{project_id}`, which has the same answer."""
    return await gateway_of(request).reads.one(request, "builds", f"/projects/{task_id}")


@router.get(
    _ROOT + "/{project_id}/stages",
    **former(
        "getAgentStages",
        "Read the stages of an agent's build",
        StagesView,
        examples.STAGES,
        errors=ops.ONE_ERRORS,
        parameters=[ops.IF_NONE_MATCH],
    ),
)
async def get_agent_stages(project_id: ProjectPath, request: Request) -> Response:
    """Use `GET /api/v1/projects/{project_id}/stages`, which has the same answer."""
    return await gateway_of(request).reads.one(request, "builds", f"/projects/{project_id}/stages")


def _add_control(action: ControlAction) -> None:
    @router.post(
        f"{_ROOT}/{{project_id}}/{action}",
        **former(
            f"{action}AgentBuild",
            f"{action.capitalize()} the build of an agent",
            ProjectView,
            examples.PROJECT,
            errors=(*ops.WRITE_ERRORS, *ops.ONE_ERRORS, *ops.BUILD_ERRORS),
            parameters=[ops.KEY, ops.PREFER],
            accepted={"project_id": examples.PROJECT_ID},
        ),
    )
    async def control(  # pyright: ignore[reportUnusedFunction]  # a route
        project_id: ProjectPath, request: Request, intent: Annotated[Intent[None], bare_intent()]
    ) -> Response:
        """Use `PUT /api/v1/projects/{project_id}/control`, which has the same answer."""
        command = intent.command(ControlProject, project_id=project_id, action=action)
        return await gateway_of(request).commands.carry_out(command, intent.waits)


for _action in (ControlAction.PAUSE, ControlAction.RESUME, ControlAction.STOP, ControlAction.RESTART):
    _add_control(_action)
