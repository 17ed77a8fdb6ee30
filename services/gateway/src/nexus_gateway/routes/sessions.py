"""Sessions: conversations with an agent, one turn at a time."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from nexus_contracts.agents.bodies import CreateSessionBody, PostMessageBody
from nexus_contracts.agents.commands import CreateSession, DeleteSession, PostMessage
from nexus_contracts.agents.views import DeletedSession, MessageView, SessionView, TurnView
from nexus_contracts.answers import ListOf
from nexus_contracts.errors import AgentInvocationFailed, TenantQuotaExceeded
from nexus_gateway.dependencies import Intent, OperationRoute, bare_intent, gateway_of, intent_with
from nexus_gateway.live import answered_live
from nexus_gateway.openapi import dialog_examples, examples
from nexus_gateway.openapi import operations as ops
from nexus_gateway.openapi.operations import operation
from nexus_gateway.requests.accept import wants_stream
from nexus_gateway.routes.parameters import (
    DEFAULT_LIMIT,
    DEFAULT_MESSAGES,
    AgentPath,
    LastKey,
    Limit,
    MessageLimit,
    SessionPath,
)

router = APIRouter(tags=["sessions"], route_class=OperationRoute)
_OF_AGENT = "/api/v1/agents/{agent_id}/sessions"
_ROOT = "/api/v1/sessions"
_DECIDED_ERRORS = (*ops.BODY_ERRORS, *ops.ONE_ERRORS, *ops.STATE_ERRORS)


@router.post(
    _OF_AGENT,
    **operation(
        "createSession",
        "Start a conversation with an agent",
        SessionView,
        examples.SESSION,
        status=201,
        errors=_DECIDED_ERRORS,
        parameters=[ops.KEY, ops.PREFER],
        body=CreateSessionBody,
        body_example={"display_name": "Orders of March"},
        accepted={"session_id": examples.SESSION_ID},
    ),
)
async def create_session(
    agent_id: AgentPath, request: Request, intent: Annotated[Intent[CreateSessionBody], intent_with(CreateSessionBody)]
) -> Response:
    """All fields are optional."""
    command = intent.command(CreateSession, session_id=intent.created("sess_"), agent_id=agent_id)
    return await gateway_of(request).commands.carry_out(command, intent.waits)


@router.get(
    _OF_AGENT,
    **operation(
        "listSessions",
        "List the sessions of an agent",
        ListOf[SessionView],
        examples.page_of(examples.SESSION),
        errors=ops.ONE_ERRORS,
    ),
)
async def list_sessions(
    agent_id: AgentPath, request: Request, limit: Limit = DEFAULT_LIMIT, last_key: LastKey = None
) -> Response:
    """By last activity, newest first."""
    return await gateway_of(request).reads.page("agents", f"/agents/{agent_id}/sessions", limit, last_key)


@router.get(
    _ROOT + "/{session_id}",
    **operation(
        "getSession",
        "Read a session",
        SessionView,
        examples.SESSION,
        errors=ops.ONE_ERRORS,
        parameters=[ops.IF_NONE_MATCH],
    ),
)
async def get_session(session_id: SessionPath, request: Request) -> Response:
    """Without its messages, which are a separate list."""
    return await gateway_of(request).reads.one(request, "agents", f"/sessions/{session_id}")


@router.delete(
    _ROOT + "/{session_id}",
    **operation(
        "deleteSession",
        "Delete a session",
        DeletedSession,
        examples.DELETED_SESSION,
        errors=(*ops.CHANGE_ERRORS, *ops.STATE_ERRORS),
        parameters=[ops.IF_MATCH, ops.KEY, ops.PREFER],
        accepted={"session_id": examples.SESSION_ID},
    ),
)
async def delete_session(
    session_id: SessionPath, request: Request, intent: Annotated[Intent[None], bare_intent(heeds_if_match=True)]
) -> Response:
    """With all its messages."""
    command = intent.command(DeleteSession, session_id=session_id, if_match=intent.if_match)
    return await gateway_of(request).commands.carry_out(command, intent.waits)


@router.post(
    _ROOT + "/{session_id}/messages",
    **operation(
        "postMessage",
        "Send a message in a session",
        TurnView,
        examples.TURN,
        status=201,
        errors=(*_DECIDED_ERRORS, TenantQuotaExceeded, AgentInvocationFailed),
        parameters=[ops.KEY, ops.PREFER, ops.LAST_EVENT_ID],
        body=PostMessageBody,
        body_example={"content": "What is 12 * 7?"},
        stream=dialog_examples.SAID_STREAM,
        accepted={"session_id": examples.SESSION_ID, "invocation_id": examples.INVOCATION_ID},
    ),
)
async def post_message(
    session_id: SessionPath, request: Request, intent: Annotated[Intent[PostMessageBody], intent_with(PostMessageBody)]
) -> Response:
    """Answers with both messages of the turn. Turns run one after another; if the agent fails, the user's one stays.

    With `Accept: text/event-stream` it streams the agent's output in this turn, like the invocation of an agent.
    """
    invocation_id, stream = intent.created("inv_"), wants_stream(request) and intent.body.role == "user"
    command = intent.command(PostMessage, session_id=session_id, invocation_id=invocation_id, stream=stream)
    if stream and intent.waits:
        return await answered_live(request, command)
    return await gateway_of(request).commands.carry_out(command, intent.waits)


@router.get(
    _ROOT + "/{session_id}/messages",
    **operation(
        "listMessages",
        "Read the messages of a session",
        ListOf[MessageView],
        examples.page_of(examples.MESSAGE),
        errors=ops.ONE_ERRORS,
    ),
)
async def list_messages(
    session_id: SessionPath, request: Request, limit: MessageLimit = DEFAULT_MESSAGES, last_key: LastKey = None
) -> Response:
    """Oldest first; `sequence` counts from 1 without a gap."""
    return await gateway_of(request).reads.page("agents", f"/sessions/{session_id}/messages", limit, last_key)
