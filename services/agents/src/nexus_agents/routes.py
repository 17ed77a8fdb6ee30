"""The query routes for the gateway: plain JSON, errors as {"error": ErrorBody}. `last_key` is a plain position."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response

from nexus_agents.domain.agent import Agent
from nexus_agents.domain.errors import agent_not_found, invocation_not_found, session_not_found
from nexus_agents.domain.invocation import Invocation, InvocationStatus, Kind
from nexus_agents.domain.session import Session
from nexus_agents.domain.streamed import CONNECTED, closing, connected
from nexus_agents.domain.views import invocation_answer, invocation_view, message_view, session_view, version_view
from nexus_agents.store.agents import AgentStore, is_agent_id
from nexus_agents.store.lists import AgentQuery
from nexus_agents.store.logs import LogStore
from nexus_agents.store.turns import TurnStore
from nexus_agents.store.versions import VersionStore
from nexus_contracts.agents.events import AgentStatus
from nexus_contracts.agents.streams import StreamPart
from nexus_runtime.process import caller
from nexus_runtime.process.queries import json_answer, page_answer, query_router

ProjectId = Annotated[str | None, Query(max_length=300)]
Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=500)]
MessageLimit = Annotated[int, Query(ge=1, le=200)]
Position = Annotated[int, Query(ge=0)]


@dataclass(frozen=True)
class AgentQueries:
    """All reads of agents, invocations and sessions; those of deleted agents or of others are not found."""

    agents: AgentStore
    versions: VersionStore
    logs: LogStore
    turns: TurnStore

    async def list_agents(
        self,
        project_id: ProjectId = None,
        status: AgentStatus | None = None,
        category: str | None = None,
        capabilities: str | None = None,
        limit: Limit = 20,
        last_key: Cursor = None,
    ) -> Response:
        wanted = frozenset(name.strip() for name in (capabilities or "").split(",") if name.strip())
        query = AgentQuery(project_id, status, category, wanted, _only_user())
        views, more = await self.agents.page(_tenant(), query, limit, last_key)
        return page_answer(views, more)

    async def get_agent(self, agent_id: str) -> Response:
        views = await self.agents.views([agent_id], _tenant(), _only_user()) if is_agent_id(agent_id) else []
        if not views:
            raise agent_not_found(agent_id)
        return json_answer(views[0], etag=views[0].etag)

    async def list_versions(self, agent_id: str, limit: Limit = 20, last_key: Position | None = None) -> Response:
        agent = await self._agent(agent_id)
        found, more = await self.versions.page(agent_id, limit, last_key)
        return page_answer([version_view(one, agent) for one in found], more)

    async def list_logs(self, agent_id: str, limit: Limit = 20, last_key: Cursor = None) -> Response:
        await self._agent(agent_id)
        found, more = await self.logs.page(agent_id, limit, last_key)
        return page_answer(found, more)

    async def list_invocations(self, agent_id: str, limit: Limit = 20, last_key: Cursor = None) -> Response:
        await self._agent(agent_id)
        found, more = await self.turns.invocations.page(_tenant(), agent_id, limit, last_key)
        return page_answer([invocation_view(one) for one in found], more)

    async def get_invocation(self, invocation_id: str) -> Response:
        invocation = await self._invocation(invocation_id)
        return json_answer(invocation_view(await self.turns.whole(invocation)))

    async def get_answer(self, invocation_id: str) -> Response:
        """The answer for its caller, if it was too large for a message."""
        invocation = await self._invocation(invocation_id)
        if invocation.status is not InvocationStatus.SUCCEEDED:
            raise invocation_not_found(invocation_id)
        return json_answer(invocation_answer(await self.turns.whole(invocation)))

    async def read_stream(self, invocation_id: str, after: Position = 0) -> Response:
        """Reads the state first: an invocation found to have ended has no more output after that."""
        invocation = await self._invocation(invocation_id)
        if invocation.kind is Kind.NOTE:
            raise invocation_not_found(invocation_id)
        begins = [] if after else [connected(invocation)]
        found, more = await self.turns.streams.read(invocation_id, after) if invocation.has_parts else ([], False)
        ended = invocation.ended and not more
        if ended:
            last = found[-1].sequence if found else await self._last_said(invocation)
            found += [one for one in closing(invocation, last) if one.sequence > after]
        part = StreamPart(invocation_id=invocation_id, after=after, items=[*begins, *found], more=more, ended=ended)
        return json_answer(part)

    async def _last_said(self, invocation: Invocation) -> int:
        """The sequence of the last event before those that close the stream."""
        if not invocation.has_parts:
            return CONNECTED
        return max(CONNECTED, await self.turns.streams.last(invocation.invocation_id))

    async def list_sessions(self, agent_id: str, limit: Limit = 20, last_key: Cursor = None) -> Response:
        await self._agent(agent_id)
        found, more = await self.turns.sessions.page(_tenant(), agent_id, limit, last_key)
        return page_answer([session_view(one) for one in found], more)

    async def get_session(self, session_id: str) -> Response:
        session = await self._session(session_id)
        return json_answer(session_view(session), etag=session.version)

    async def list_messages(self, session_id: str, limit: MessageLimit = 100, last_key: Position = 0) -> Response:
        await self._session(session_id)
        found = await self.turns.messages.read(session_id, last_key + 1, limit + 1)
        more = str(found[limit - 1].sequence) if len(found) > limit else None
        return page_answer([message_view(one) for one in found[:limit]], more)

    async def _agent(self, agent_id: str) -> Agent:
        return await self.agents.own(agent_id, caller.principal.get())

    async def _invocation(self, invocation_id: str) -> Invocation:
        invocation = await self.turns.invocations.load(invocation_id)
        if invocation is None or await self._own_agent(invocation.agent_id) is None:
            raise invocation_not_found(invocation_id)
        return invocation

    async def _session(self, session_id: str) -> Session:
        session = await self.turns.sessions.load(session_id)
        if session is None or await self._own_agent(session.agent_id) is None:
            raise session_not_found(session_id)
        return session

    async def _own_agent(self, agent_id: str) -> Agent | None:
        return await self.agents.seen(agent_id, caller.principal.get())


def query_routes(queries: AgentQueries) -> APIRouter:
    return query_router(
        ("/agents", queries.list_agents, "listAgents"),
        ("/agents/{agent_id}", queries.get_agent, "getAgent"),
        ("/agents/{agent_id}/versions", queries.list_versions, "listVersions"),
        ("/agents/{agent_id}/logs", queries.list_logs, "listAgentLogs"),
        ("/agents/{agent_id}/invocations", queries.list_invocations, "listInvocations"),
        ("/invocations/{invocation_id}", queries.get_invocation, "getInvocation"),
        ("/invocations/{invocation_id}/answer", queries.get_answer, "getAnswer"),
        ("/invocations/{invocation_id}/stream", queries.read_stream, "readStream"),
        ("/agents/{agent_id}/sessions", queries.list_sessions, "listSessions"),
        ("/sessions/{session_id}", queries.get_session, "getSession"),
        ("/sessions/{session_id}/messages", queries.list_messages, "listMessages"),
    )


def _tenant() -> str:
    return caller.principal.get().tenant


def _only_user() -> str | None:
    """The user whose agents the caller can see; None: all users of the tenant."""
    asker = caller.principal.get()
    return None if asker.is_admin else asker.id
