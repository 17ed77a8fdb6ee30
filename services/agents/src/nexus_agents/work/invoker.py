"""Runs invocations in this process's pool."""

import asyncio

from pydantic import JsonValue

from nexus_agents.domain import invocation as invocations
from nexus_agents.domain.agent import target
from nexus_agents.domain.backend import AgentAnswer, Backend, InvokeRequest
from nexus_agents.domain.backend_errors import BackendError
from nexus_agents.domain.invocation import (
    MAX_OUTPUT_BYTES,
    MAX_TRACE_BYTES,
    Ending,
    Invocation,
    InvocationStatus,
    Kind,
    Waiter,
    cancelled,
    failed,
)
from nexus_agents.domain.session import KEPT
from nexus_agents.domain.views import invocation_not_found, refusal
from nexus_agents.store import AgentStore
from nexus_agents.work.answers import Answerer
from nexus_agents.work.endings import Endings
from nexus_agents.work.pool import Pool
from nexus_agents.work.runner import Runner
from nexus_agents.writes import (
    UNOWNED,
    drop_work,
    invocation_item,
    put_invocation,
    take_work,
    written,
)
from nexus_contracts.replies import Outcome
from nexus_contracts.text import json_bytes
from nexus_runtime.kafka.replies import ReplyAddress
from nexus_runtime.ledger.change import Change
from nexus_runtime.ledger.ledger import ChangedMeanwhile, Ledger
from nexus_runtime.process import log, tracing

logger = log.get(__name__)
INTERRUPTED = "INTERRUPTED"


class Invoker:
    def __init__(
        self,
        store: AgentStore,
        ledger: Ledger,
        backend: Backend,
        pool: Pool,
        runner: Runner,
        answerer: Answerer,
        timeout_seconds: float,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._backend = backend
        self._pool = pool
        self._runner = runner
        self._answerer = answerer
        self._timeout = timeout_seconds
        self.endings = Endings(store, ledger, runner, pool, answerer)

    def begin(self, invocation: Invocation) -> None:
        """Works on what is committed as in this process's hands; `invocation` is the state as it was written."""
        self._pool.add(invocation_item(invocation.invocation_id), lambda: self._run(invocation))

    async def follow(self, outcome: Outcome, address: ReplyAddress) -> None:
        """One more waits for an invocation, unless it is known that they do; answered at once where it has ended."""
        invocation_id = str((outcome.result or {}).get("invocation_id"))
        while True:
            invocation = await self._store.invocation(invocation_id)
            waiter = Waiter.model_validate(dict(address))
            if invocation is None:
                self._answerer.tell([waiter], refusal(invocation_not_found(invocation_id)))
                return
            known = any(one.request_id == waiter.request_id for one in invocation.waiters)
            waiter = waiter.model_copy(update={"replayed": not known})
            if invocation.ended:
                self._answerer.tell([waiter], await self._answerer.outcome(invocation))
                return
            if known:
                return
            try:
                await self._ledger.commit(Change.of(put_invocation(invocations.awaited(invocation, waiter))))
            except ChangedMeanwhile:
                continue
            return

    async def interrupt(self, invocation_id: str, owner: str) -> None:
        """Ends what a dead process had in hand: whether its agent was asked cannot be known. A note is kept."""
        invocation = await self._store.invocation(invocation_id)
        if invocation is None or invocation.ended or invocation.owner != owner:
            await self._ledger.commit(Change.of(drop_work(owner, invocation_item(invocation_id))))
            return
        ending = failed(INTERRUPTED, "the process that ran the invocation has ended; the agent may have done its work")
        await self._conclude(invocation, KEPT if invocation.kind is Kind.NOTE else ending)

    async def adopt(self, invocation_id: str, owner: str) -> None:
        """Takes over what no agent has seen yet: handed over by `owner` ("": nobody's), or this process's own."""
        item = invocation_item(invocation_id)
        invocation = await self._store.invocation(invocation_id)
        if invocation is None or invocation.ended or invocation.owner != owner:
            await self._ledger.commit(Change.of(drop_work(owner or UNOWNED, item)))
            return
        if owner == self._runner.name:
            self.begin(invocation)
            return
        taken = invocations.taken_over(invocation, self._runner.name)
        moved = [drop_work(owner or UNOWNED, item), take_work(taken.owner, item)]
        try:
            await self._ledger.commit(Change.of(put_invocation(taken), *moved))
        except ChangedMeanwhile:
            return
        self.begin(written(taken))

    async def _run(self, invocation: Invocation) -> None:
        tracing.begin(invocation.traceparent)
        if invocation.kind is Kind.NOTE:
            await self._conclude(invocation, KEPT)
            return
        try:
            ending = await self._ask(invocation)
        except asyncio.CancelledError:
            if not self._runner.stopping:
                raise
            ending = failed(INTERRUPTED, "the service was stopped before the agent had answered")
        await self._conclude(invocation, ending)

    async def _conclude(self, invocation: Invocation, ending: Ending) -> None:
        following = await self.endings.end(invocation, ending)
        if following is not None and following.owner:
            self.begin(written(following))

    async def _ask(self, invocation: Invocation) -> Ending:
        agent = await self._store.agent(invocation.agent_id)
        if agent is None:
            return cancelled("AGENT_DELETED")
        history = ()
        if invocation.session_id and invocation.question:
            history = await self._store.conversation(invocation.session_id, invocation.question)
        request = InvokeRequest(
            prompt=invocation.input,
            history=history,
            session_id=invocation.session_id,
            session_state=invocation.session_state,
            enable_trace=invocation.enable_trace,
            timeout_seconds=invocation.timeout_seconds or self._timeout,
            traceparent=tracing.traceparent.get(),
        )
        try:
            return _ending_of(await self._backend.invoke(target(agent), request), invocation.enable_trace)
        except BackendError as error:
            return failed(error.code, error.message[:2000])
        except Exception:
            logger.exception("invocation failed in the platform", invocation_id=invocation.invocation_id)
            return failed("PLATFORM_ERROR", "the platform could not run the agent")


def _ending_of(answer: AgentAnswer, enable_trace: bool) -> Ending:
    size = len(answer.output.encode())
    if size > MAX_OUTPUT_BYTES:
        return failed("ANSWER_TOO_LARGE", f"the answer has {size} bytes, at most {MAX_OUTPUT_BYTES} are kept")
    trace = _bounded(answer.tool_calls) if enable_trace else None
    return Ending(InvocationStatus.SUCCEEDED, output=answer.output, usage=answer.usage, trace=trace)


def _bounded(calls: tuple[dict[str, JsonValue], ...]) -> list[dict[str, JsonValue]]:
    """The first of the calls, as many as there is room for, and a mark where some are left out."""
    kept: list[dict[str, JsonValue]] = []
    size = 0
    for call in calls:
        size += json_bytes(call)
        if size > MAX_TRACE_BYTES:
            return [*kept, {"omitted": len(calls) - len(kept)}]
        kept.append(call)
    return kept
