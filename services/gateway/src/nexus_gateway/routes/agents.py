"""Agents: what was built, and asking it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from nexus_contracts.agents.commands import DeleteAgent, InvokeAgent
from nexus_contracts.agents.events import AgentStatus
from nexus_contracts.agents.views import AgentView, DeletedAgent, InvocationResult, InvocationView
from nexus_contracts.errors import AgentInvocationFailed
from nexus_contracts.topics import AGENTS_COMMANDS
from nexus_gateway.bodies import InvokeAgentBody
from nexus_gateway.commands import Order
from nexus_gateway.identities import require_id
from nexus_gateway.openapi import examples
from nexus_gateway.openapi import operations as ops
from nexus_gateway.openapi.envelopes import ListOf, page_of
from nexus_gateway.openapi.operations import operation
from nexus_gateway.ports import bare_intent, gateway_of, intent_with
from nexus_gateway.preconditions import expected_version
from nexus_gateway.routes.parameters import (
    DEFAULT_LIMIT,
    AgentPath,
    FilterText,
    InvocationPath,
    LastKey,
    Limit,
    NameList,
)

router = APIRouter(tags=["agents-management"])
_ROOT = "/api/v1/agents"
_MARGIN_SECONDS = 5.0
"""What the way to the agent and back may take on top of the caller's own time limit."""


@router.get(
    _ROOT + "/{agent_id}",
    **operation(
        "getAgent",
        "Read an agent",
        AgentView,
        examples.AGENT,
        errors=ops.ONE_ERRORS,
        parameters=[ops.IF_NONE_MATCH],
    ),
)
async def get_agent(agent_id: AgentPath, request: Request) -> Response:
    """Its capabilities, its deployment and how it did so far."""
    require_id("agent", agent_id)
    return await gateway_of(request).reads.one(request, "agents", f"/agents/{agent_id}")


@router.get(
    _ROOT,
    **operation(
        "listAgents",
        "List agents",
        ListOf[AgentView],
        page_of(examples.AGENT),
    ),
)
async def list_agents(
    request: Request,
    project_id: FilterText = None,
    status: Annotated[AgentStatus | None, Query(description="only those in this status")] = None,
    category: FilterText = None,
    capabilities: NameList = None,
    limit: Limit = DEFAULT_LIMIT,
    last_key: LastKey = None,
) -> Response:
    """Newest first. Filters work in any combination, and apply before the page is cut."""
    filters = {"project_id": project_id, "status": status, "category": category, "capabilities": capabilities}
    return await gateway_of(request).reads.page("agents", "/agents", limit, last_key, filters)


@router.delete(
    _ROOT + "/{agent_id}",
    **operation(
        "deleteAgent",
        "Delete an agent",
        DeletedAgent,
        examples.DELETED_AGENT,
        errors=(*ops.CHANGE_ERRORS, *ops.STATE_ERRORS),
        parameters=[ops.IF_MATCH, ops.KEY, ops.PREFER],
        accepted={"agent_id": examples.AGENT_ID},
    ),
)
async def delete_agent(agent_id: AgentPath, request: Request) -> Response:
    """Undeploys it, and deletes its invocations, sessions and messages."""
    require_id("agent", agent_id)
    intent = bare_intent(request)
    command = DeleteAgent(
        command_id=intent.command_id,
        fingerprint=intent.fingerprint,
        agent_id=agent_id,
        if_match=expected_version(request),
    )
    gateway = gateway_of(request)
    return await gateway.commands.carry_out(
        Order(
            AGENTS_COMMANDS,
            command,
            subject=agent_id,
            location=f"{_ROOT}/{agent_id}",
            ids={"agent_id": agent_id},
            wait_seconds=gateway.wait(intent),
        )
    )


@router.post(
    _ROOT + "/{agent_id}/invoke",
    **operation(
        "invokeAgent",
        "Ask an agent",
        InvocationResult,
        examples.INVOCATION_RESULT,
        errors=(*ops.BODY_ERRORS, *ops.STATE_ERRORS, *ops.ONE_ERRORS, AgentInvocationFailed),
        parameters=[ops.KEY, ops.PREFER],
        body=InvokeAgentBody,
        body_example={"input_text": "What is 12 * 7?"},
        accepted={"invocation_id": examples.INVOCATION_ID},
    ),
)
async def invoke_agent(agent_id: AgentPath, request: Request) -> Response:
    """Answers when the agent has, or 202 when that takes too long. Never run twice without being told so."""
    require_id("agent", agent_id)
    intent = await intent_with(request, InvokeAgentBody)
    if intent.body.session_id is not None:
        require_id("session", intent.body.session_id)
    invocation_id = intent.created("inv_")
    command = InvokeAgent(
        command_id=intent.command_id,
        fingerprint=intent.fingerprint,
        agent_id=agent_id,
        invocation_id=invocation_id,
        **intent.body.model_dump(),
    )
    gateway = gateway_of(request)
    limit = intent.body.timeout_seconds
    return await gateway.commands.carry_out(
        Order(
            AGENTS_COMMANDS,
            command,
            subject=intent.body.session_id or invocation_id,
            location=f"/api/v1/invocations/{invocation_id}",
            ids={"invocation_id": invocation_id},
            wait_seconds=gateway.wait(
                intent, limit + _MARGIN_SECONDS if limit else gateway.settings.invoke_wait_seconds
            ),
        )
    )


@router.get(
    _ROOT + "/{agent_id}/invocations",
    **operation(
        "listInvocations",
        "List the invocations of an agent",
        ListOf[InvocationView],
        page_of(examples.INVOCATION),
        errors=ops.ONE_ERRORS,
    ),
)
async def list_invocations(
    agent_id: AgentPath, request: Request, limit: Limit = DEFAULT_LIMIT, last_key: LastKey = None
) -> Response:
    """Newest first, turns of sessions included."""
    require_id("agent", agent_id)
    return await gateway_of(request).reads.page("agents", f"/agents/{agent_id}/invocations", limit, last_key)


@router.get(
    "/api/v1/invocations/{invocation_id}",
    **operation(
        "getInvocation",
        "Read an invocation",
        InvocationView,
        examples.INVOCATION,
        errors=ops.ONE_ERRORS,
        parameters=[ops.IF_NONE_MATCH],
    ),
)
async def get_invocation(invocation_id: InvocationPath, request: Request) -> Response:
    """How it stands, and how it ended. Gone when its agent is deleted."""
    require_id("invocation", invocation_id)
    return await gateway_of(request).reads.one(request, "agents", f"/invocations/{invocation_id}")
