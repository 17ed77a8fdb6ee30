"""Sessions: conversations with an agent, one turn at a time."""

from fastapi import APIRouter, Request, Response

from nexus_contracts.agents.commands import CreateSession, DeleteSession, PostMessage
from nexus_contracts.agents.views import DeletedSession, MessageView, SessionView, TurnView
from nexus_contracts.errors import AgentInvocationFailed
from nexus_contracts.topics import AGENTS_COMMANDS
from nexus_gateway.bodies import CreateSessionBody, PostMessageBody
from nexus_gateway.commands import Order
from nexus_gateway.identities import require_id
from nexus_gateway.openapi import examples
from nexus_gateway.openapi import operations as ops
from nexus_gateway.openapi.envelopes import ListOf, page_of
from nexus_gateway.openapi.operations import operation
from nexus_gateway.ports import bare_intent, gateway_of, intent_with
from nexus_gateway.routes.parameters import (
    DEFAULT_LIMIT,
    DEFAULT_MESSAGES,
    AgentPath,
    LastKey,
    Limit,
    MessageLimit,
    SessionPath,
)

router = APIRouter(tags=["sessions"])
_OF_AGENT = "/api/v1/agents/{agent_id}/sessions"
_ROOT = "/api/v1/sessions"
_DECIDED_ERRORS = (*ops.BODY_ERRORS, *ops.ONE_ERRORS, *ops.STATE_ERRORS)


@router.post(
    _OF_AGENT,
    **operation(
        "createSession",
        "Begin a conversation with an agent",
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
async def create_session(agent_id: AgentPath, request: Request) -> Response:
    """All fields may be left out."""
    require_id("agent", agent_id)
    intent = await intent_with(request, CreateSessionBody)
    session_id = intent.created("sess_")
    command = CreateSession(
        command_id=intent.command_id,
        fingerprint=intent.fingerprint,
        session_id=session_id,
        agent_id=agent_id,
        **intent.body.model_dump(),
    )
    gateway = gateway_of(request)
    return await gateway.commands.carry_out(
        Order(
            AGENTS_COMMANDS,
            command,
            subject=session_id,
            location=f"{_ROOT}/{session_id}",
            ids={"session_id": session_id},
            wait_seconds=gateway.wait(intent),
            status=201,
        )
    )


@router.get(
    _OF_AGENT,
    **operation(
        "listSessions",
        "List the sessions of an agent",
        ListOf[SessionView],
        page_of(examples.SESSION),
        errors=ops.ONE_ERRORS,
    ),
)
async def list_sessions(
    agent_id: AgentPath, request: Request, limit: Limit = DEFAULT_LIMIT, last_key: LastKey = None
) -> Response:
    """By last activity, newest first."""
    require_id("agent", agent_id)
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
    """Without its messages, which are a list of their own."""
    require_id("session", session_id)
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
async def delete_session(session_id: SessionPath, request: Request) -> Response:
    """With all its messages."""
    require_id("session", session_id)
    intent = bare_intent(request)
    gateway = gateway_of(request)
    await gateway.reads.require_unchanged(request, "agents", f"/sessions/{session_id}")
    command = DeleteSession(command_id=intent.command_id, fingerprint=intent.fingerprint, session_id=session_id)
    return await gateway.commands.carry_out(
        Order(
            AGENTS_COMMANDS,
            command,
            subject=session_id,
            location=f"{_ROOT}/{session_id}",
            ids={"session_id": session_id},
            wait_seconds=gateway.wait(intent),
        )
    )


@router.post(
    _ROOT + "/{session_id}/messages",
    **operation(
        "postMessage",
        "Say something in a session",
        TurnView,
        examples.TURN,
        status=201,
        errors=(*_DECIDED_ERRORS, AgentInvocationFailed),
        parameters=[ops.KEY, ops.PREFER],
        body=PostMessageBody,
        body_example={"content": "What is 12 * 7?"},
        accepted={"session_id": examples.SESSION_ID, "invocation_id": examples.INVOCATION_ID},
    ),
)
async def post_message(session_id: SessionPath, request: Request) -> Response:
    """Answers with both messages of the turn. Turns run one after another; a failed agent leaves the user's message."""
    require_id("session", session_id)
    intent = await intent_with(request, PostMessageBody)
    invocation_id = intent.created("inv_")
    command = PostMessage(
        command_id=intent.command_id,
        fingerprint=intent.fingerprint,
        session_id=session_id,
        invocation_id=invocation_id,
        **intent.body.model_dump(),
    )
    ids = {"session_id": session_id}
    location = f"{_ROOT}/{session_id}/messages"
    if intent.body.role == "user":
        ids["invocation_id"] = invocation_id
        location = f"/api/v1/invocations/{invocation_id}"
    gateway = gateway_of(request)
    wait_seconds = gateway.wait(intent, gateway.settings.invoke_wait_seconds)
    return await gateway.commands.carry_out(
        Order(AGENTS_COMMANDS, command, session_id, location, ids, wait_seconds, status=201)
    )


@router.get(
    _ROOT + "/{session_id}/messages",
    **operation(
        "listMessages",
        "Read the messages of a session",
        ListOf[MessageView],
        page_of(examples.MESSAGE),
        errors=ops.ONE_ERRORS,
    ),
)
async def list_messages(
    session_id: SessionPath, request: Request, limit: MessageLimit = DEFAULT_MESSAGES, last_key: LastKey = None
) -> Response:
    """Oldest first; `sequence` counts from 1 without a gap."""
    require_id("session", session_id)
    return await gateway_of(request).reads.page("agents", f"/sessions/{session_id}/messages", limit, last_key)
