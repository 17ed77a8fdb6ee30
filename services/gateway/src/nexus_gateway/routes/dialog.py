"""Conversations under the paths of the former interface: thin adapters over agents and sessions."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from nexus_contracts.agents.bodies import DialogBody
from nexus_contracts.agents.commands import PostMessage
from nexus_contracts.agents.views import AgentView, MessageView, RuntimeHealth, SessionUploadView, TurnView
from nexus_contracts.answers import ListOf
from nexus_contracts.errors import NotFound, TenantQuotaExceeded
from nexus_gateway.answers import success
from nexus_gateway.dependencies import Intent, gateway_of, intent_with, upload_intent
from nexus_gateway.live import answered_live
from nexus_gateway.openapi import dialog_examples, examples
from nexus_gateway.openapi import operations as ops
from nexus_gateway.requests.uploads import Upload
from nexus_gateway.routes.deprecated import FormerRoute, former
from nexus_gateway.routes.parameters import DEFAULT_MESSAGES, AgentPath, LastKey, MessageLimit, SessionPath

router = APIRouter(tags=["agents"], route_class=FormerRoute)
_AGENT = "/api/v1/agents/{agent_id}"
_SESSION = _AGENT + "/sessions/{session_id}"


@router.get(
    _SESSION + "/messages",
    **former(
        "listDialogMessages",
        "Read the messages of a session",
        ListOf[MessageView],
        examples.page_of(examples.MESSAGE),
        errors=ops.ONE_ERRORS,
    ),
)
async def list_dialog_messages(
    agent_id: AgentPath,
    session_id: SessionPath,
    request: Request,
    limit: MessageLimit = DEFAULT_MESSAGES,
    last_key: LastKey = None,
) -> Response:
    """Use `GET /api/v1/sessions/{session_id}/messages`."""
    await _require_session(request, agent_id, session_id)
    return await gateway_of(request).reads.page("agents", f"/sessions/{session_id}/messages", limit, last_key)


@router.post(
    _SESSION + "/stream",
    **former(
        "streamDialog",
        "Send a message in a session, and read the answer as a stream",
        TurnView,
        examples.TURN,
        status=201,
        errors=(*ops.BODY_ERRORS, *ops.ONE_ERRORS, *ops.STATE_ERRORS, TenantQuotaExceeded),
        parameters=[ops.KEY, ops.LAST_EVENT_ID],
        body=DialogBody,
        body_example={"message": "What is 12 * 7?"},
        accepted={"session_id": examples.SESSION_ID, "invocation_id": examples.INVOCATION_ID},
        stream=dialog_examples.SAID_STREAM,
    ),
)
async def stream_dialog(
    agent_id: AgentPath,
    session_id: SessionPath,
    request: Request,
    intent: Annotated[Intent[DialogBody], intent_with(DialogBody)],
) -> Response:
    """Use `POST /api/v1/sessions/{session_id}/messages` with `Accept: text/event-stream`. This one always streams."""
    said = {
        "session_id": session_id,
        "agent_id": agent_id,
        "invocation_id": intent.created("inv_"),
        "content": intent.body.message,
    }
    return await answered_live(request, intent.command(PostMessage, **said, stream=True))


@router.post(
    _SESSION + "/upload",
    **former(
        "uploadIntoSession",
        "Upload a file into a session",
        SessionUploadView,
        dialog_examples.UPLOAD,
        status=201,
        errors=(*ops.BODY_ERRORS, *ops.ONE_ERRORS, *ops.STATE_ERRORS),
        parameters=[ops.KEY],
        contents=ops.file_form("application/octet-stream", "orders.csv"),
    ),
)
async def upload_into_session(
    agent_id: AgentPath, session_id: SessionPath, request: Request, intent: Annotated[Intent[Upload], upload_intent()]
) -> Response:
    """One file in the field `file`, up to 25 MB; at most 100 per session. It is deleted with the session."""
    uploads = gateway_of(request).uploads
    return await uploads.into_session(session_id, agent_id, intent.command_id, intent.fingerprint, intent.body)


@router.get(
    _AGENT + "/context",
    **former(
        "getAgentContext",
        "Read an agent",
        AgentView,
        examples.AGENT,
        errors=ops.ONE_ERRORS,
        parameters=[ops.IF_NONE_MATCH],
    ),
)
async def get_agent_context(agent_id: AgentPath, request: Request) -> Response:
    """Use `GET /api/v1/agents/{agent_id}`, which has the same answer."""
    return await gateway_of(request).reads.one(request, "agents", f"/agents/{agent_id}")


@router.get(
    _AGENT + "/runtime/health",
    **former(
        "getRuntimeHealth",
        "Read whether an agent can be invoked",
        RuntimeHealth,
        dialog_examples.RUNTIME_HEALTH,
        errors=ops.ONE_ERRORS,
    ),
)
async def get_runtime_health(agent_id: AgentPath, request: Request) -> Response:
    """Use `GET /api/v1/agents/{agent_id}`: its status and its deployment."""
    agent = AgentView.model_validate_json((await gateway_of(request).owners.get("agents", f"/agents/{agent_id}")).body)
    health = RuntimeHealth(
        agent_id=agent_id, healthy=agent.status == "running", status=agent.status, deployment=agent.deployment
    )
    return success(health.model_dump_json().encode())


async def _require_session(request: Request, agent_id: str, session_id: str) -> None:
    """Raises NotFound if the session belongs to another agent."""
    session: Any = json.loads((await gateway_of(request).owners.get("agents", f"/sessions/{session_id}")).body)
    if session["agent_id"] != agent_id:
        raise NotFound(f"the agent has no session {session_id}", type="session", id=session_id)
