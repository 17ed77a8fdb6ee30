"""Invocations never run twice: an interrupted one has failed, unless it is a note, which involves no agent."""

import time
from dataclasses import dataclass, replace

from nexus_agents.domain.agent import Agent, target
from nexus_agents.domain.answers import ending_of
from nexus_agents.domain.backend import Backends, DeployedAgent, InvokeRequest
from nexus_agents.domain.backend_errors import BackendError
from nexus_agents.domain.errors import invocation_not_found, refusal
from nexus_agents.domain.invocation import (
    AGENT_DELETED,
    INTERRUPTED,
    KEPT,
    Ending,
    Handover,
    Invocation,
    Kind,
    cancelled,
    failed,
)
from nexus_agents.domain.version import AgentVersion
from nexus_agents.domain.views import invocation_outcome
from nexus_agents.store.agents import AgentStore
from nexus_agents.store.turns import TurnStore
from nexus_agents.store.versions import VersionStore
from nexus_agents.tables import INVOCATION
from nexus_agents.work.endings import Endings
from nexus_agents.work.lanes import Lanes
from nexus_agents.work.saying import Saying, Streaming
from nexus_contracts.agents.events import AgentStatus
from nexus_contracts.replies import Outcome
from nexus_runtime.process import log, tracing
from nexus_runtime.work.kind import Held

logger = log.get(__name__)
DIED = "the process that ran the invocation died; the agent may have finished"
STOPPED = "the service was stopped before the agent answered"
ASK_AGAIN = "If it matters, check what the agent has done, then send a new request."


@dataclass(frozen=True)
class InvocationWork:
    """`timeout_seconds` applies to invocations that set none."""

    agents: AgentStore
    versions: VersionStore
    turns: TurnStore
    backends: Backends
    endings: Endings
    streaming: Streaming
    lanes: Lanes
    timeout_seconds: float
    name = INVOCATION

    async def run(self, name: str, held: Held) -> None:
        # After an error the engine asks `adopt`, which cannot know whether the agent was asked, and so fails it. Before
        # the agent is asked that would be needless: these reads are repeated until the database answers.
        known = held.told()
        begun = known if isinstance(known, Handover) else None
        invocation = begun.invocation if begun else await held.conclude(lambda: self.turns.invocations.load(name))
        if invocation is None:
            return
        tracing.begin(invocation.traceparent)
        started = time.perf_counter()
        async with (
            self.lanes.entered(invocation.agent_id, held) as waited,
            self.streaming.of(held, invocation) as saying,
        ):
            agent = begun.agent if begun and not waited else None
            ending = await saying.finish(await self._ending(invocation, held, saying, agent))
            await self.endings.conclude(held, invocation, ending)
        told = {"nexus.agent.id": invocation.agent_id, "nexus.invocation.status": str(ending.status)}
        tracing.end("invoke agent", "internal", time.perf_counter() - started, invocation.traceparent, told)

    async def adopt(self, name: str) -> bool:
        """Nobody can know whether its agent was invoked, unless it was still waiting here for its turn."""
        return name in self.lanes.unasked

    async def interrupt(self, name: str, held: Held) -> None:
        invocation = await self.turns.invocations.load(name)
        if invocation is None or invocation.ended:
            return
        ending = failed(INTERRUPTED, STOPPED if held.stopping.is_set() else DIED, ASK_AGAIN)
        await self.endings.conclude(held, invocation, KEPT if invocation.kind is Kind.NOTE else ending)
        self.streaming.ended(invocation)

    async def outcome(self, name: str) -> Outcome | None:
        invocation = await self.turns.invocations.load(name)
        if invocation is None:
            return refusal(invocation_not_found(name))
        return invocation_outcome(invocation) if invocation.ended else None

    async def _ending(self, invocation: Invocation, held: Held, saying: Saying, agent: Agent | None) -> Ending:
        """`agent`: as it is known; None: it has to be read."""
        if invocation.kind is Kind.NOTE:
            return KEPT
        agent = agent or await held.conclude(lambda: self.agents.load(invocation.agent_id))
        if agent is None:
            return cancelled(AGENT_DELETED)
        if agent.status is AgentStatus.OFFLINE:
            message = "the agent went offline before the invocation had its turn"
            return failed("AGENT_OFFLINE", message, "Send it again once the agent's status is running.")
        version: AgentVersion | None = None
        if (number := invocation.version_asked) not in (None, agent.active_version):
            version = await held.conclude(lambda: self.versions.load(agent.agent_id, number or 0))
            if version is None or not self.backends.of(agent.backend).side_by_side:
                message = f"version {number} of the agent cannot be asked"
                return failed("VERSION_UNAVAILABLE", message, "Invoke the active version, or activate this one.")
        request = await held.conclude(lambda: self._request(invocation, saying))
        return await self._ask(agent, target(agent, version), request)

    async def _request(self, invocation: Invocation, saying: Saying) -> InvokeRequest:
        history, left_out = (), 0
        if invocation.session_id and invocation.question:
            before = invocation.question.sequence
            history = await self.turns.messages.conversation(invocation.session_id, before)
            left_out = before - 1 - len(history)
        return InvokeRequest(
            prompt=invocation.input,
            history=history,
            history_left_out=left_out,
            session_id=invocation.session_id,
            session_state=invocation.session_state,
            enable_trace=invocation.enable_trace,
            timeout_seconds=invocation.timeout_seconds or self.timeout_seconds,
            traceparent=tracing.traceparent.get(),
            observe=saying.observe if invocation.stream else None,
        )

    async def _ask(self, agent: Agent, deployed: DeployedAgent, request: InvokeRequest) -> Ending:
        began = time.monotonic()
        try:
            answer = await self.backends.of(agent.backend).invoke(deployed, request)
            return ending_of(answer, request, round((time.monotonic() - began) * 1000))
        except BackendError as error:
            return replace(failed(error.code, error.message[:2000], error.suggestion), usage=error.usage)
        except Exception:
            logger.exception("invocation failed in the platform", agent_id=agent.agent_id)
            return failed("PLATFORM_ERROR", "the platform could not run the agent", BackendError.suggestion)
