"""Agents: reading, deploying, changing and invoking them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from nexus_contracts.agents.bodies import InvokeAgentBody, RegisterAgentBody, SetAgentStatusBody, UpdateAgentBody
from nexus_contracts.agents.commands import (
    ActivateVersion,
    CancelInvocation,
    DeleteAgent,
    InvokeAgent,
    RegisterAgent,
    SetAgentStatus,
    UpdateAgent,
)
from nexus_contracts.agents.events import AgentStatus
from nexus_contracts.agents.views import (
    AgentLogLine,
    AgentView,
    DeletedAgent,
    InvocationResult,
    InvocationView,
    VersionView,
)
from nexus_contracts.answers import ListOf
from nexus_contracts.errors import AgentInvocationFailed, ErrorBody, NotFound, TenantQuotaExceeded
from nexus_contracts.identifiers import agent_id_of
from nexus_gateway.dependencies import Intent, OperationRoute, bare_intent, gateway_of, intent_with
from nexus_gateway.live import answered_live, read_live
from nexus_gateway.openapi import dialog_examples, examples
from nexus_gateway.openapi import operations as ops
from nexus_gateway.openapi.operations import operation
from nexus_gateway.requests.accept import wants_stream
from nexus_gateway.requests.paths import require_possible_ids
from nexus_gateway.routes.parameters import (
    DEFAULT_LIMIT,
    AgentPath,
    FilterText,
    InvocationPath,
    LastKey,
    Limit,
    NameList,
    VersionPath,
)

router = APIRouter(tags=["agents-management"], route_class=OperationRoute)
_ROOT = "/api/v1/agents"
_CHANGE_ERRORS = (*ops.CHANGE_ERRORS, *ops.STATE_ERRORS)
_ACCEPTED = {"agent_id": examples.AGENT_ID}


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
    """With its capabilities, its latest deployment and its figures so far."""
    return await gateway_of(request).reads.one(request, "agents", f"/agents/{agent_id}")


@router.get(
    _ROOT,
    **operation(
        "listAgents",
        "List agents",
        ListOf[AgentView],
        examples.page_of(examples.AGENT),
    ),
)
async def list_agents(
    request: Request,
    project_id: FilterText = None,
    status: Annotated[AgentStatus | None, Query(description="only those with this status")] = None,
    category: FilterText = None,
    capabilities: NameList = None,
    limit: Limit = DEFAULT_LIMIT,
    last_key: LastKey = None,
) -> Response:
    """Newest first. Filters can be combined, and apply before the list is cut into pages."""
    filters = {"project_id": project_id, "status": status, "category": category, "capabilities": capabilities}
    return await gateway_of(request).reads.page("agents", "/agents", limit, last_key, filters)


@router.post(
    _ROOT,
    **operation(
        "registerAgent",
        "Deploy an agent from a package",
        AgentView,
        examples.AGENT,
        status=201,
        errors=(*ops.BODY_ERRORS, *ops.STATE_ERRORS, NotFound),
        parameters=[ops.KEY, ops.PREFER],
        body=RegisterAgentBody,
        body_example={"agent_name": "order_calculator", "package_id": examples.PACKAGE_ID},
        accepted=_ACCEPTED,
    ),
)
async def register_agent(
    request: Request, intent: Annotated[Intent[RegisterAgentBody], intent_with(RegisterAgentBody)]
) -> Response:
    """For an existing agent this is its next version. Answered when the deployment has ended; see `deployment`."""
    project_id = intent.body.project_id or intent.created("proj_")
    refusal: ErrorBody | None = None
    if intent.known and intent.body.project_id:  # nobody deploys into another user's
        found = await intent.found(gateway_of(request).owners.get("builds", f"/projects/{project_id}"))
        refusal = found if isinstance(found, ErrorBody) else None
    agent_id = agent_id_of(project_id, intent.body.agent_name)
    command = intent.command(RegisterAgent, agent_id=agent_id, project_id=project_id, refusal=refusal)
    return await gateway_of(request).commands.carry_out(command, intent.waits)


@router.put(
    _ROOT + "/{agent_id}",
    **operation(
        "updateAgent",
        "Change the description of an agent",
        AgentView,
        examples.AGENT,
        errors=(*_CHANGE_ERRORS, *ops.BODY_ERRORS),
        parameters=[ops.IF_MATCH, ops.KEY, ops.PREFER],
        body=UpdateAgentBody,
        body_example={"description": "Adds up orders.", "tags": ["orders"], "category": None},
        accepted=_ACCEPTED,
    ),
)
async def update_agent(
    agent_id: AgentPath,
    request: Request,
    intent: Annotated[Intent[UpdateAgentBody], intent_with(UpdateAgentBody, heeds_if_match=True)],
) -> Response:
    """Omitted fields stay as they are, null clears. The next version takes all but the tags from its own manifest."""
    given = sorted(intent.body.model_fields_set)
    command = intent.command(UpdateAgent, agent_id=agent_id, given=given, if_match=intent.if_match)
    return await gateway_of(request).commands.carry_out(command, intent.waits)


@router.put(
    _ROOT + "/{agent_id}/status",
    **operation(
        "setAgentStatus",
        "Take an agent offline, or run it again",
        AgentView,
        examples.AGENT,
        errors=(*_CHANGE_ERRORS, *ops.BODY_ERRORS),
        parameters=[ops.IF_MATCH, ops.KEY, ops.PREFER],
        body=SetAgentStatusBody,
        body_example={"status": "offline", "error_message": "wrong totals since this morning"},
        accepted=_ACCEPTED,
    ),
)
async def set_agent_status(
    agent_id: AgentPath,
    request: Request,
    intent: Annotated[Intent[SetAgentStatusBody], intent_with(SetAgentStatusBody, heeds_if_match=True)],
) -> Response:
    """An offline agent refuses new invocations; running ones may end. `running` deploys again what ran last.

    It is answered when that deployment has ended: if it failed, the agent is offline, and `deployment` says why.
    """
    command = intent.command(SetAgentStatus, agent_id=agent_id, if_match=intent.if_match)
    return await gateway_of(request).commands.carry_out(command, intent.waits)


@router.get(
    _ROOT + "/{agent_id}/versions",
    **operation(
        "listVersions",
        "List the versions of an agent",
        ListOf[VersionView],
        examples.page_of(examples.VERSION),
        errors=ops.ONE_ERRORS,
    ),
)
async def list_versions(
    agent_id: AgentPath, request: Request, limit: Limit = DEFAULT_LIMIT, last_key: LastKey = None
) -> Response:
    """Newest first: each with its package, its creator and origin, and the result of its deployment."""
    return await gateway_of(request).reads.page("agents", f"/agents/{agent_id}/versions", limit, last_key)


@router.put(
    _ROOT + "/{agent_id}/versions/{version}/activate",
    **operation(
        "activateVersion",
        "Roll an agent forward or back to a version",
        AgentView,
        examples.AGENT,
        errors=_CHANGE_ERRORS,
        parameters=[ops.IF_MATCH, ops.KEY, ops.PREFER],
        accepted=_ACCEPTED,
    ),
)
async def activate_version(
    agent_id: AgentPath,
    version: VersionPath,
    request: Request,
    intent: Annotated[Intent[None], bare_intent(heeds_if_match=True)],
) -> Response:
    """The running version keeps running until the other one is ready, so no invocation is refused.

    It is answered when the deployment has ended: if it failed, only `deployment` has changed, which says why.
    """
    command = intent.command(ActivateVersion, agent_id=agent_id, version=version, if_match=intent.if_match)
    return await gateway_of(request).commands.carry_out(command, intent.waits)


@router.delete(
    _ROOT + "/{agent_id}",
    **operation(
        "deleteAgent",
        "Delete an agent",
        DeletedAgent,
        examples.DELETED_AGENT,
        errors=_CHANGE_ERRORS,
        parameters=[ops.IF_MATCH, ops.KEY, ops.PREFER],
        accepted=_ACCEPTED,
    ),
)
async def delete_agent(
    agent_id: AgentPath, request: Request, intent: Annotated[Intent[None], bare_intent(heeds_if_match=True)]
) -> Response:
    """Undeploys it, and deletes its invocations, sessions and messages."""
    command = intent.command(DeleteAgent, agent_id=agent_id, if_match=intent.if_match)
    return await gateway_of(request).commands.carry_out(command, intent.waits)


@router.post(
    _ROOT + "/{agent_id}/invoke",
    **operation(
        "invokeAgent",
        "Invoke an agent",
        InvocationResult,
        examples.INVOCATION_RESULT,
        errors=(*ops.BODY_ERRORS, *ops.STATE_ERRORS, *ops.ONE_ERRORS, TenantQuotaExceeded, AgentInvocationFailed),
        parameters=[ops.KEY, ops.PREFER, ops.LAST_EVENT_ID],
        body=InvokeAgentBody,
        body_example={"input_text": "What is 12 * 7?"},
        stream=dialog_examples.SAID_STREAM,
        accepted={"invocation_id": examples.INVOCATION_ID},
    ),
)
async def invoke_agent(
    agent_id: AgentPath, request: Request, intent: Annotated[Intent[InvokeAgentBody], intent_with(InvokeAgentBody)]
) -> Response:
    """Answers when the agent has answered, or 202 if that takes too long. The agent is never run twice by itself.

    With `Accept: text/event-stream` it streams the agent's output: connected, message, tool_use, tool_result, metrics,
    error, done. Disconnecting does not end it: read the invocation as a stream after `Last-Event-ID` to continue.
    """
    if intent.body.session_id is not None:
        require_possible_ids({"session_id": intent.body.session_id})
    invocation_id, stream = intent.created("inv_"), wants_stream(request)
    command = intent.command(InvokeAgent, agent_id=agent_id, invocation_id=invocation_id, stream=stream)
    if stream and intent.waits:
        return await answered_live(request, command)
    return await gateway_of(request).commands.carry_out(command, intent.waits)


@router.get(
    _ROOT + "/{agent_id}/logs",
    **operation(
        "listAgentLogs",
        "Read the log of an agent",
        ListOf[AgentLogLine],
        examples.page_of(examples.AGENT_LOG_LINE),
        errors=ops.ONE_ERRORS,
    ),
)
async def list_agent_logs(
    agent_id: AgentPath, request: Request, limit: Limit = DEFAULT_LIMIT, last_key: LastKey = None
) -> Response:
    """The output of the agent's processes, newest last: the last 1.6 MB or so, for 30 days.

    If an agent writes too fast, lines are left out, and a line says so. Agents on AgentCore log to CloudWatch.
    """
    return await gateway_of(request).reads.page("agents", f"/agents/{agent_id}/logs", limit, last_key)


@router.get(
    _ROOT + "/{agent_id}/invocations",
    **operation(
        "listInvocations",
        "List the invocations of an agent",
        ListOf[InvocationView],
        examples.page_of(examples.INVOCATION),
        errors=ops.ONE_ERRORS,
    ),
)
async def list_invocations(
    agent_id: AgentPath, request: Request, limit: Limit = DEFAULT_LIMIT, last_key: LastKey = None
) -> Response:
    """Newest first, including turns of sessions."""
    return await gateway_of(request).reads.page("agents", f"/agents/{agent_id}/invocations", limit, last_key)


@router.get(
    "/api/v1/invocations/{invocation_id}",
    **operation(
        "getInvocation",
        "Read an invocation",
        InvocationView,
        examples.INVOCATION,
        errors=ops.ONE_ERRORS,
        parameters=[ops.IF_NONE_MATCH, ops.LAST_EVENT_ID],
        stream=dialog_examples.SAID_STREAM,
    ),
)
async def get_invocation(invocation_id: InvocationPath, request: Request) -> Response:
    """Its status and, once it has ended, its result. It is deleted with its agent.

    With `Accept: text/event-stream` a streamed invocation is read as a stream, from its beginning or after
    `Last-Event-ID`. The stream of any other invocation has only its end.
    """
    if wants_stream(request):
        return await read_live(request, invocation_id)
    return await gateway_of(request).reads.one(request, "agents", f"/invocations/{invocation_id}")


@router.post(
    "/api/v1/invocations/{invocation_id}/cancel",
    **operation(
        "cancelInvocation",
        "Cancel an invocation",
        InvocationView,
        examples.CANCELLED_INVOCATION,
        errors=(*ops.WRITE_ERRORS, *ops.ONE_ERRORS, *ops.STATE_ERRORS),
        parameters=[ops.KEY, ops.PREFER],
        accepted={"invocation_id": examples.INVOCATION_ID},
    ),
)
async def cancel_invocation(
    invocation_id: InvocationPath, request: Request, intent: Annotated[Intent[None], bare_intent()]
) -> Response:
    """Ends it at once, and stops the agent; a waiting turn is withdrawn. INVALID_STATE if it has already ended.

    Callers who wait for the invocation get AGENT_INVOCATION_FAILED, reason CANCELLED.
    """
    command = intent.command(CancelInvocation, invocation_id=invocation_id)
    return await gateway_of(request).commands.carry_out(command, intent.waits)
