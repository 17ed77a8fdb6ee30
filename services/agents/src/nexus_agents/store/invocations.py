"""The store of invocations: the only place that composes the writes of an invocation's change."""

from collections.abc import Sequence

from pydantic import BaseModel

from nexus_agents.domain.agent import Agent
from nexus_agents.domain.invocation import Invocation, Kind
from nexus_agents.store.agents import MAX_ID, count_ended, require_open_gate
from nexus_agents.store.lists import Lists
from nexus_agents.store.usage import QuotasOf, UsageStore
from nexus_agents.tables import INVOCATIONS, LISTS
from nexus_contracts.identifiers import format_timestamp
from nexus_runtime.dynamo import Action, Database, Delete, Put
from nexus_runtime.dynamo.form import Form
from nexus_runtime.ledger.change import Change, Reader, Saved, States

INVOCATION_FORM = Form(Invocation, beside=frozenset({"input", "output"}))


class InvocationStore:
    """`loader` reads single invocations."""

    def __init__(self, database: Database, loader: Reader, quotas_of: QuotasOf | None) -> None:
        self._database = database
        self._loader = loader
        self.usage = UsageStore(database, quotas_of) if quotas_of else None
        self._lists = Lists(database)
        self._states = States(INVOCATIONS, INVOCATION_FORM)

    async def load(self, invocation_id: str) -> Invocation | None:
        if len(invocation_id) > MAX_ID:
            return None
        item = await self._loader.get(INVOCATIONS, {"invocation_id": invocation_id})
        return self._states.read(item) if item else None

    def save(
        self,
        before: Invocation | None,
        after: Invocation,
        events: Sequence[BaseModel],
        *,
        counted: bool = True,
        agent: Agent | None = None,
    ) -> Saved[Invocation]:
        """The state, on the condition that it is still `before`, its list and its agent's figures.

        One that starts outside of a session does so on the condition that its agent runs, as `agent` if that was not
        read for it. `counted`: an end is added to the figures, on the condition that the agent still has any.
        """
        follows: list[Action] = _list_moves(before, after)
        if before is None and after.session_id is None:
            follows.append(require_open_gate(after.agent_id, after.invocation_id, agent))
        if counted and after.ended and after.started_at and after.kind is not Kind.NOTE:
            follows.append(count_ended(after))
        if after.ended and self.usage:
            follows += self.usage.ended(after)
        return self._states.save(after.invocation_id, before, after, events, follows)

    async def page(
        self, tenant: str, agent_id: str, limit: int, before: str | None
    ) -> tuple[list[Invocation], str | None]:
        """Newest first, up to `limit`, and the position to continue from."""
        entries, more = await self._lists.page(listed_invocations(tenant, agent_id), limit, before)
        keys = [{"invocation_id": one["invocation_id"]} for one in entries]
        items = await self._database.get_many(INVOCATIONS, keys)
        found = {item["invocation_id"]: self._states.read(item) for item in items}
        return [found[key["invocation_id"]] for key in keys if key["invocation_id"] in found], more

    def erase(self, invocation: Invocation) -> Change:
        key = {"invocation_id": invocation.invocation_id}
        return Change.of(Delete(INVOCATIONS, key), Delete(LISTS, _list_key(invocation)))


def listed_invocations(tenant: str, agent_id: str) -> str:
    return f"{tenant}#agent-invocations#{agent_id}"


def listed_notes(tenant: str, agent_id: str) -> str:
    """Notes are listed, too, for their deletion; but they are not shown as invocations."""
    return f"{tenant}#agent-notes#{agent_id}"


def _list_moves(before: Invocation | None, after: Invocation) -> list[Action]:
    """Its entry stands from its first write until it is erased."""
    return [] if before else [Put(LISTS, {**_list_key(after), "invocation_id": after.invocation_id})]


def _list_key(invocation: Invocation) -> dict[str, str]:
    name = listed_notes if invocation.kind is Kind.NOTE else listed_invocations
    position = f"{format_timestamp(invocation.created_at)}#{invocation.invocation_id}"
    return {"list": name(invocation.tenant, invocation.agent_id), "position": position}
