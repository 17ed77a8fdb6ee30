"""Deletions: what was marked as deleted is erased with all that belongs to it, again and again until nothing is left.

Every step may be repeated, by any process: an entry in the list of deletions stands until the last one is done.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

from nexus_agents.domain import agent as agents
from nexus_agents.domain import session as sessions
from nexus_agents.domain.agent import Agent
from nexus_agents.domain.backend import Backend
from nexus_agents.domain.invocation import cancelled
from nexus_agents.domain.session import Session
from nexus_agents.store import AgentStore
from nexus_agents.tables import INSTANCES, INVOCATIONS, LISTS, MESSAGES, SESSIONS
from nexus_agents.work.endings import Endings
from nexus_agents.writes import (
    DELETIONS,
    HISTORIES,
    UNDEPLOYED,
    deployment_item,
    drop_work,
    entry,
    invocation_list,
    move_session,
    no_entry,
    note_list,
    put_agent,
    put_session,
    sequence_list,
    session_list,
    set_gate,
)
from nexus_agents.writes import agent_lists as agent_list_changes
from nexus_contracts.identifiers import format_timestamp
from nexus_runtime.dynamo import Action, Check, Database, Delete, Where
from nexus_runtime.ledger.change import Change, Recorded
from nexus_runtime.ledger.history import History
from nexus_runtime.ledger.ledger import ChangedMeanwhile, Ledger
from nexus_runtime.ledger.outbox import Outbox

AT_ONCE = 16
AGENT_DELETED = "AGENT_DELETED"


def delete_agent_writes(agent: Agent, after: Agent) -> list[Action]:
    """`after` is the agent with its tombstone: out of every list, closed, and to be erased."""
    actions = [put_agent(after), *agent_list_changes(after), *set_gate(after), entry(DELETIONS, agent.agent_id)]
    if agent.pending is not None:
        actions.append(drop_work(agent.pending.runner, deployment_item(agent.agent_id)))
    return actions


def delete_session_writes(before: Session, after: Session) -> list[Action]:
    """Likewise of a session."""
    return [put_session(after), *move_session(before, after), entry(DELETIONS, after.session_id)]


class Cascade:
    def __init__(
        self,
        database: Database,
        store: AgentStore,
        ledger: Ledger,
        history: History,
        outbox: Outbox,
        backend: Backend,
        endings: Endings,
    ) -> None:
        self._database = database
        self._store = store
        self._ledger = ledger
        self._history = history
        self._outbox = outbox
        self._backend = backend
        self._endings = endings

    async def erase(self, name: str) -> None:
        """Goes on with the deletion of that agent or session, to its end."""
        if name.startswith("sess_"):
            await self._erase_session(name)
        else:
            await self._erase_agent(name)

    async def forget_histories(self, limit: int = 200) -> None:
        """Erases histories of what is gone, as soon as their last events are published."""
        async for item in self._store.entries(HISTORIES):
            aggregate = item["position"]
            if not await self._outbox.holds(aggregate):
                await self._history.erase(aggregate, item["through"])
                await self._ledger.commit(Change.of(no_entry(HISTORIES, aggregate)))
            limit -= 1
            if limit == 0:
                return

    async def _erase_session(self, session_id: str) -> None:
        session = await self._store.any_session(session_id)
        if session is not None:
            for invocation_id in sessions.turns_of(session):
                await self._cancel(invocation_id, session.deleted_because)
            async for keys in self._keys_of_messages(session_id):
                await self._database.delete_many(MESSAGES, keys)
            await self._leave_history(session_id, session.sequence)
            await self._database.delete_many(SESSIONS, [{"session_id": session_id}])
        await self._ledger.commit(Change.of(no_entry(DELETIONS, session_id)))

    async def _keys_of_messages(self, session_id: str) -> AsyncGenerator[list[dict[str, str | int]]]:
        keys: list[dict[str, str | int]] = []
        async for item in self._database.query(MESSAGES, session_id, only=("sequence",)):
            keys.append({"session_id": session_id, "sequence": item["sequence"]})
            if len(keys) == 500:
                yield keys
                keys = []
        yield keys

    async def _erase_agent(self, agent_id: str) -> None:
        await self._backend.undeploy(agent_id)
        agent = await self._store.any_agent(agent_id)
        if agent is None or agent.deleted_at is None:
            await self._ledger.commit(Change.of(no_entry(DELETIONS, agent_id)))
            return
        await self._each(session_list(agent_id), "session_id", self._delete_session_of_agent)
        for name in (invocation_list(agent_id), note_list(agent_id)):
            await self._each(name, "invocation_id", self._cancel_for_agent)
            await self._each(name, "invocation_id", self._erase_invocation, remove=True)
        await self._farewell(agent)

    async def _each(
        self, name: str, attribute: str, step: Callable[[str], Awaitable[None]], *, remove: bool = False
    ) -> None:
        """`step` for everything in a list, some at once; `remove` takes each off the list when its step is done."""
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(position: str, found: str) -> None:
            async with limit:
                await step(found)
                if remove:
                    await self._database.delete_many(LISTS, [{"list": name, "position": position}])

        chunk = [(item["position"], item[attribute]) async for item in self._store.entries(name)]
        await asyncio.gather(*(one(position, found) for position, found in chunk))

    async def _delete_session_of_agent(self, session_id: str) -> None:
        while True:
            session = await self._store.any_session(session_id)
            if session is None or session.deleted_at is not None:
                break
            after, events = sessions.tombstone(session, self._ledger.now(), AGENT_DELETED)
            recorded = Recorded(session_id, after.sequence - len(events), events)
            try:
                await self._ledger.commit(Change(tuple(delete_session_writes(session, after)), (recorded,)))
            except ChangedMeanwhile:
                continue
        await self._erase_session(session_id)

    async def _cancel_for_agent(self, invocation_id: str) -> None:
        await self._cancel(invocation_id, AGENT_DELETED)

    async def _cancel(self, invocation_id: str, because: str) -> None:
        while True:
            invocation = await self._store.invocation(invocation_id)
            if invocation is None or invocation.ended:
                return
            await self._endings.end(invocation, cancelled(because))

    async def _erase_invocation(self, invocation_id: str) -> None:
        invocation = await self._store.invocation(invocation_id)
        if invocation is not None:
            await self._leave_history(invocation_id, invocation.sequence)
            await self._database.delete_many(INVOCATIONS, [{"invocation_id": invocation_id}])

    async def _leave_history(self, aggregate: str, sequence: int) -> None:
        """Erased now, or later where its last events are not published yet."""
        if sequence == 0:
            return
        if await self._outbox.holds(aggregate):
            await self._ledger.commit(Change.of(entry(HISTORIES, aggregate, through=sequence)))
        else:
            await self._history.erase(aggregate, sequence)

    async def _farewell(self, before: Agent) -> None:
        """The agent itself, last, with the event that says so. Its sequence outlives it, unless its project went."""
        agent, events = agents.deleted(before)
        moment = format_timestamp(self._ledger.now())
        key = {"agent_id": agent.agent_id}
        actions: list[Action] = [
            Delete(INSTANCES, key, where=Where(equal={"version": before.version})),
            no_entry(DELETIONS, agent.agent_id),
            entry(HISTORIES, agent.agent_id, through=agent.sequence),
            entry(UNDEPLOYED, f"{moment}#{agent.agent_id}", agent_id=agent.agent_id),
        ]
        if not await self._store.project_deleted(agent.project_id):
            actions += [
                entry(sequence_list(agent.project_id), agent.agent_name, sequence=agent.sequence),
                Check(INSTANCES, {"agent_id": agent.project_id}, where=Where(absent="agent_id")),
            ]
        await self._ledger.commit(Change(tuple(actions), (Recorded(agent.agent_id, before.sequence, events),)))
