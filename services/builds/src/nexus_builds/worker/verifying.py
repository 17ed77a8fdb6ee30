"""Asks a deployed agent its cases, as people would: by commands, each conversation in a session of its own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from nexus_builds.worker.agents_client import AgentsClient
from nexus_contracts.agents.commands import CreateSession, InvokeAgent
from nexus_contracts.agents.views import InvocationView, SessionView
from nexus_contracts.principal import Principal
from nexus_contracts.verification import Case, CaseResult
from nexus_runtime.process.clock import derived_id
from nexus_verification.judge import Given, judged

AT_ONCE = 4
PATIENCE = 15.0
"""Seconds beyond the time that the agent has."""


@dataclass(frozen=True)
class Verifier:
    """`seconds` is what the agent has for one answer."""

    agents: AgentsClient
    seconds: float = 30.0

    async def results(self, agent_id: str, cases: Sequence[Case], asker: Principal, run: str) -> list[CaseResult]:
        """Of every case. Ids follow from `run`: asked again under it, nothing is invoked twice."""
        few = asyncio.Semaphore(AT_ONCE)

        async def result(number: int, case: Case) -> CaseResult:
            async with few:
                return judged(case, await self._held(agent_id, case, asker, (run, str(number))))

        return list(await asyncio.gather(*(result(number, case) for number, case in enumerate(cases))))

    async def _held(self, agent_id: str, case: Case, asker: Principal, run: tuple[str, ...]) -> list[Given]:
        """The answers of the conversation, up to the first that did not come."""
        session_id = None
        if len(case.turns) > 1:
            session_id = await self._session(agent_id, asker, run)
            if session_id is None:
                return [Given(unasked="no session was made")]
        given: list[Given] = []
        for number, turn in enumerate(case.turns):
            ids = (agent_id, *run, str(number))
            command = InvokeAgent(
                command_id=derived_id("cmd_", *ids),
                agent_id=agent_id,
                invocation_id=derived_id("inv_", *ids),
                input_text=turn.prompt,
                session_id=session_id,
                user_id=asker.id,
                enable_trace=True,
                timeout_seconds=self.seconds,
                principal=asker,
            )
            given.append(await self._given(command))
            if given[-1].error or given[-1].unasked:
                break
        return given

    async def _session(self, agent_id: str, asker: Principal, run: tuple[str, ...]) -> str | None:
        session_id = derived_id("sess_", agent_id, *run)
        command = CreateSession(
            command_id=derived_id("cmd_", "session", agent_id, *run),
            session_id=session_id,
            agent_id=agent_id,
            user_id=asker.id,
            display_name="verification",
            conversation_mode="eval",
            principal=asker,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                await self.agents.until(
                    command, session_id, lambda: self.agents.read(f"/sessions/{session_id}", asker, SessionView)
                )
        except TimeoutError:
            return None
        return session_id

    async def _given(self, command: InvokeAgent) -> Given:
        async def ended() -> InvocationView | None:
            path = f"/invocations/{command.invocation_id}"
            shown = await self.agents.read(path, command.principal, InvocationView)
            return shown if shown and shown.status != "running" else None

        try:
            async with asyncio.timeout(self.seconds + PATIENCE):
                shown = await self.agents.until(command, command.session_id or command.invocation_id, ended)
        except TimeoutError:
            return Given(unasked="the invocation did not end in time")
        return _given(shown)


def _given(shown: InvocationView) -> Given:
    if shown.status != "succeeded":
        code = shown.error.code if shown.error else shown.status
        return Given(error=code, invocation_id=shown.invocation_id)
    return Given(shown.output or "", _tools(shown), invocation_id=shown.invocation_id)


def _tools(shown: InvocationView) -> tuple[str, ...] | None:
    """The tools that were called without an error, where the agent tells of its calls in the form of our own."""
    if shown.trace is None:
        return None
    outputs = [(call.get("name"), call.get("output")) for call in shown.trace]
    return tuple(str(name) for name, output in outputs if name and not (isinstance(output, dict) and "error" in output))
