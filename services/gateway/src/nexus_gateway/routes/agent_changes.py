"""Agents built by this platform: running their cases again, and building the next version from the present one."""

import json
from typing import Annotated, Any, cast

from fastapi import APIRouter, Request, Response

from nexus_contracts.builds.bodies import ChangeAgentBody
from nexus_contracts.builds.commands import ChangeAgent, VerifyAgent
from nexus_contracts.builds.views import ProjectView
from nexus_contracts.errors import ErrorBody
from nexus_contracts.verification import VerificationReport
from nexus_gateway.dependencies import Intent, OperationRoute, bare_intent, gateway_of, intent_with
from nexus_gateway.openapi import examples
from nexus_gateway.openapi import operations as ops
from nexus_gateway.openapi.operations import operation
from nexus_gateway.openapi.verification_example import VERIFICATION
from nexus_gateway.routes.parameters import AgentPath

router = APIRouter(tags=["agents-management"], route_class=OperationRoute)
_AGENT = "/api/v1/agents/{agent_id}"


@router.post(
    _AGENT + "/verify",
    **operation(
        "verifyAgent",
        "Run the cases of an agent again",
        VerificationReport,
        VERIFICATION,
        errors=(*ops.WRITE_ERRORS, *ops.ONE_ERRORS, *ops.STATE_ERRORS),
        parameters=[ops.KEY, ops.PREFER],
        accepted={"agent_id": examples.AGENT_ID},
    ),
)
async def verify_agent(
    agent_id: AgentPath, request: Request, intent: Annotated[Intent[None], bare_intent()]
) -> Response:
    """Runs the cases that verified the agent's build, as real invocations. It changes nothing else.

    Answers with the report, or 202 if that takes too long: the verification of the agent shows the progress.
    """
    command = intent.command(VerifyAgent, agent_id=agent_id, **await _present(request, agent_id, intent))
    return await gateway_of(request).commands.carry_out(command, intent.waits)


@router.get(
    _AGENT + "/verification",
    **operation(
        "getAgentVerification",
        "Read the latest verification of an agent",
        VerificationReport,
        VERIFICATION,
        errors=ops.ONE_ERRORS,
        parameters=[ops.IF_NONE_MATCH],
    ),
)
async def get_agent_verification(agent_id: AgentPath, request: Request) -> Response:
    """The cases with their outcomes; while it is `running`, those decided so far.

    If none was requested, that of the build that made the agent; 404 if nothing was ever verified.
    """
    await gateway_of(request).owners.get("agents", f"/agents/{agent_id}")
    return await gateway_of(request).reads.one(request, "builds", f"/agents/{agent_id}/verification")


@router.post(
    _AGENT + "/changes",
    **operation(
        "changeAgent",
        "Build the next version of an agent",
        ProjectView,
        examples.PROJECT,
        status=201,
        errors=(*ops.BODY_ERRORS, *ops.ONE_ERRORS, *ops.BUILD_ERRORS),
        parameters=[ops.KEY, ops.PREFER],
        body=ChangeAgentBody,
        body_example={"requirement": "It also converts units of length."},
        accepted={"project_id": examples.PROJECT_ID},
    ),
)
async def change_agent(
    agent_id: AgentPath, request: Request, intent: Annotated[Intent[ChangeAgentBody], intent_with(ChangeAgentBody)]
) -> Response:
    """Starts a build of the agent's project, based on the active version with its specification, tools and cases.

    The new version becomes active if it passes the cases that the active one passes; otherwise that one stays active,
    and the build fails. `GET /api/v1/projects/{project_id}/diff` shows the differences.
    """
    command = intent.command(ChangeAgent, agent_id=agent_id, **await _present(request, agent_id, intent))
    return await gateway_of(request).commands.carry_out(command, intent.waits)


async def _present(request: Request, agent_id: str, intent: Intent[Any]) -> dict[str, Any]:
    """Its project and its active package, or the refusal of a command for an agent that the caller cannot see."""
    read = await intent.found(gateway_of(request).owners.get("agents", f"/agents/{agent_id}"))
    if isinstance(read, ErrorBody):
        return {"project_id": agent_id.partition(":")[0], "refusal": read}
    agent = cast("dict[str, Any]", json.loads(read.body))
    return {"project_id": agent["project_id"], "package_sha256": agent.get("active_package_sha256")}
