"""Agents that were built here: their cases run again, and their next version built from the present one."""

import json
from typing import Annotated, Any, cast

from fastapi import APIRouter, Request, Response

from nexus_contracts.builds.bodies import ChangeAgentBody
from nexus_contracts.builds.commands import ChangeAgent, VerifyAgent
from nexus_contracts.builds.views import ProjectView
from nexus_contracts.verification import VerificationReport
from nexus_gateway.dependencies import Intent, bare_intent, gateway_of, intent_with
from nexus_gateway.openapi import examples
from nexus_gateway.openapi import operations as ops
from nexus_gateway.openapi.operations import operation
from nexus_gateway.openapi.verification_example import VERIFICATION
from nexus_gateway.routes.parameters import AgentPath

router = APIRouter(tags=["agents-management"])
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
    """The cases that the build of the agent was verified by, asked by real invocations. Nothing else changes by it.

    Answers with the report, or 202 when that takes too long: the verification of the agent shows how far it is.
    """
    command = intent.command(VerifyAgent, agent_id=agent_id, **await _present(request, agent_id))
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
    """Its cases with their outcomes; while it is `running`, those decided so far.

    Where none was asked for, that of the build which made the agent; not found where nothing was ever verified.
    """
    await _present(request, agent_id)
    return await gateway_of(request).reads.one(request, "builds", f"/agents/{agent_id}/verification")


@router.post(
    _AGENT + "/changes",
    **operation(
        "changeAgent",
        "Build the next version of an agent",
        ProjectView,
        examples.PROJECT,
        status=201,
        errors=(*ops.BODY_ERRORS, *ops.ONE_ERRORS, *ops.STATE_ERRORS),
        parameters=[ops.KEY, ops.PREFER],
        body=ChangeAgentBody,
        body_example={"requirement": "It also converts units of length."},
        accepted={"project_id": examples.PROJECT_ID},
    ),
)
async def change_agent(
    agent_id: AgentPath, request: Request, intent: Annotated[Intent[ChangeAgentBody], intent_with(ChangeAgentBody)]
) -> Response:
    """Starts a build of its project from the present version: its specification, tools and cases, and the change.

    The new version serves once it passes the cases that the present one passes; else that one serves on, and the build
    fails. `GET /api/v1/projects/{project_id}/diff` shows what is different.
    """
    command = intent.command(ChangeAgent, agent_id=agent_id, **await _present(request, agent_id))
    return await gateway_of(request).commands.carry_out(command, intent.waits)


async def _present(request: Request, agent_id: str) -> dict[str, Any]:
    """Its project, and the package that it serves. Raises NotFound for an agent that the caller has not."""
    read = await gateway_of(request).owners.get("agents", f"/agents/{agent_id}")
    agent = cast("dict[str, Any]", json.loads(read.body))
    return {"project_id": agent["project_id"], "package_sha256": agent.get("active_package_sha256")}
