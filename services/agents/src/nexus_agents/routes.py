"""The queries that the gateway asks: plain JSON, errors as {"error": ErrorBody}. `last_key` is a plain position."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from nexus_agents.domain.session import Session
from nexus_agents.domain.views import (
    agent_not_found,
    invocation_not_found,
    invocation_view,
    session_not_found,
    session_view,
)
from nexus_agents.store import AgentQuery, AgentStore, is_agent_id
from nexus_agents.writes import invocation_list, session_list
from nexus_contracts.agents.events import AgentStatus
from nexus_contracts.history import Page

Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=500)]


def query_routes(store: AgentStore) -> APIRouter:
    """Every read of agents, invocations and sessions; what belongs to a deleted agent is not found."""
    router = APIRouter(tags=["queries"])
    _agent_routes(router, store)
    _invocation_routes(router, store)
    _session_routes(router, store)
    return router


def _agent_routes(router: APIRouter, store: AgentStore) -> None:
    @router.get("/agents", operation_id="listAgents")
    async def list_agents(  # pyright: ignore[reportUnusedFunction]  # a route
        project_id: Annotated[str | None, Query(max_length=300)] = None,
        status: AgentStatus | None = None,
        category: str | None = None,
        capabilities: str | None = None,
        limit: Limit = 20,
        last_key: Cursor = None,
    ) -> Response:
        wanted = frozenset(name.strip() for name in (capabilities or "").split(",") if name.strip())
        views, more = await store.agents_page(AgentQuery(project_id, status, category, wanted), limit, last_key)
        return _json(Page(items=[view.model_dump(mode="json") for view in views], last_key=more))

    @router.get("/agents/{agent_id}", operation_id="getAgent")
    async def get_agent(agent_id: str) -> Response:  # pyright: ignore[reportUnusedFunction]  # a route
        views = await store.agent_views([agent_id]) if is_agent_id(agent_id) else []
        if not views:
            raise agent_not_found(agent_id)
        return _json(views[0], etag=views[0].etag)


def _invocation_routes(router: APIRouter, store: AgentStore) -> None:
    @router.get("/agents/{agent_id}/invocations", operation_id="listInvocations")
    async def list_invocations(  # pyright: ignore[reportUnusedFunction]  # a route
        agent_id: str, limit: Limit = 20, last_key: Cursor = None
    ) -> Response:
        await _require_agent(store, agent_id)
        found, more = await store.invocations_page(invocation_list(agent_id), limit, last_key)
        return _json(Page(items=[invocation_view(one).model_dump(mode="json") for one in found], last_key=more))

    @router.get("/invocations/{invocation_id}", operation_id="getInvocation")
    async def get_invocation(invocation_id: str) -> Response:  # pyright: ignore[reportUnusedFunction]  # a route
        invocation = await store.invocation(invocation_id)
        if invocation is None or await store.agent(invocation.agent_id) is None:
            raise invocation_not_found(invocation_id)
        return _json(invocation_view(invocation))


def _session_routes(router: APIRouter, store: AgentStore) -> None:
    async def present(session_id: str) -> Session:
        session = await store.session(session_id)
        if session is None or await store.agent(session.agent_id) is None:
            raise session_not_found(session_id)
        return session

    @router.get("/agents/{agent_id}/sessions", operation_id="listSessions")
    async def list_sessions(  # pyright: ignore[reportUnusedFunction]  # a route
        agent_id: str, limit: Limit = 20, last_key: Cursor = None
    ) -> Response:
        await _require_agent(store, agent_id)
        found, more = await store.sessions_page(session_list(agent_id), limit, last_key)
        return _json(Page(items=[session_view(one).model_dump(mode="json") for one in found], last_key=more))

    @router.get("/sessions/{session_id}", operation_id="getSession")
    async def get_session(session_id: str) -> Response:  # pyright: ignore[reportUnusedFunction]  # a route
        session = await present(session_id)
        return _json(session_view(session), etag=session.version)

    @router.get("/sessions/{session_id}/messages", operation_id="listMessages")
    async def list_messages(  # pyright: ignore[reportUnusedFunction]  # a route
        session_id: str,
        limit: Annotated[int, Query(ge=1, le=200)] = 100,
        last_key: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        await present(session_id)
        found = await store.messages(session_id, last_key + 1, limit + 1)
        shown = found[:limit]
        more = str(shown[-1].sequence) if len(found) > limit else None
        return _json(Page(items=[message.model_dump(mode="json") for message in shown], last_key=more))


async def _require_agent(store: AgentStore, agent_id: str) -> None:
    if await store.agent(agent_id) is None:
        raise agent_not_found(agent_id)


def _json(view: BaseModel, etag: int | None = None) -> Response:
    headers = {"ETag": f'"{etag}"'} if etag is not None else None
    return Response(view.model_dump_json(), media_type="application/json", headers=headers)
