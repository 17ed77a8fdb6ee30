"""Asks a deployed agent its cases, as people would: by commands, each conversation in a session of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from nexus_builds.worker.agents_client import AgentsClient
from nexus_contracts.agents.commands import CreateSession, InvokeAgent
from nexus_contracts.agents.views import InvocationView, SessionView
from nexus_contracts.errors import ErrorBody
from nexus_contracts.principal import Principal
from nexus_contracts.verification import Case, CaseResult
from nexus_runtime.process.clock import derived_id
from nexus_verification.judge import Given, judged

AT_ONCE = 4
PATIENCE = 15.0
"""Seconds beyond the time that the agent has."""
TRIES = 3
_NOT_THE_AGENTS = frozenset(
    {
        *("INTERRUPTED", "PLATFORM_ERROR", "AGENT_UNREACHABLE", "BACKEND_THROTTLED", "PACKAGE_UNAVAILABLE"),
        *("MODEL_UNAVAILABLE", "BUDGET_UNKNOWN"),
    }
)
"""Failures of what is around the agent: a conversation that met one is held again, and proves nothing."""


async def _untold(_result: CaseResult) -> None:
    return


@dataclass(frozen=True)
class Verifier:
    """`seconds` is what the agent has for one answer."""

    agents: AgentsClient
    seconds: float = 30.0

    async def results(
        self,
        agent_id: str,
        cases: Sequence[Case],
        asker: Principal,
        run: str,
        known: Mapping[str, CaseResult] | None = None,
        tell: Callable[[CaseResult], Awaitable[None]] = _untold,
        *,
        version: int | None = None,
    ) -> list[CaseResult]:
        """Of every case, asked of the version that serves or of another one. Raises what `tell` raises.

        `tell` is told each result that is not `known`, by name. Ids follow from `run`: asked again under it, nothing is
        invoked twice.
        """
        few, before = asyncio.Semaphore(AT_ONCE), dict(known or {})

        async def result(number: int, case: Case) -> CaseResult:
            if case.name in before:
                return before[case.name]
            async with few:
                found = judged(case, await self._heard(agent_id, case, asker, (run, str(number)), version))
            await tell(found)
            return found

        tasks = [asyncio.create_task(result(number, case)) for number, case in enumerate(cases)]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _heard(
        self, agent_id: str, case: Case, asker: Principal, run: tuple[str, ...], version: int | None
    ) -> list[Given]:
        """The answers; of a conversation that is disturbed again and again, what disturbed it."""
        held = await self._held(agent_id, case, asker, run, version)
        for again in range(1, TRIES):
            if held[-1].error not in _NOT_THE_AGENTS:
                return held
            held = await self._held(agent_id, case, asker, (*run, f"again {again}"), version)
        if held[-1].error in _NOT_THE_AGENTS:
            held[-1] = replace(held[-1], error=None, unasked=f"{held[-1].error}, {TRIES} times")
        return held

    async def _held(
        self, agent_id: str, case: Case, asker: Principal, run: tuple[str, ...], version: int | None
    ) -> list[Given]:
        """The answers of the conversation, up to the first that did not come."""
        session_id = None
        if len(case.turns) > 1:
            made = await self._session(agent_id, asker, run)
            if isinstance(made, Given):
                return [made]
            session_id = made
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
                version=version,
                principal=asker,
            )
            given.append(await self._given(command))
            if given[-1].error or given[-1].unasked:
                break
        return given

    async def _session(self, agent_id: str, asker: Principal, run: tuple[str, ...]) -> str | Given:
        """The id of a session, or why there is none."""
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

        async def made() -> SessionView | ErrorBody | None:
            shown = await self.agents.read(f"/sessions/{session_id}", asker, SessionView)
            return shown or await self.agents.refusal(command)

        try:
            async with asyncio.timeout(PATIENCE):
                found = await self.agents.until(command, session_id, made)
        except TimeoutError:
            return Given(unasked="no session was made in time")
        return _refused(found) if isinstance(found, ErrorBody) else session_id

    async def _given(self, command: InvokeAgent) -> Given:
        async def ended() -> InvocationView | ErrorBody | None:
            path = f"/invocations/{command.invocation_id}"
            shown = await self.agents.read(path, command.principal, InvocationView)
            if shown is None:
                return await self.agents.refusal(command)
            return shown if shown.status != "running" else None

        try:
            async with asyncio.timeout(self.seconds + PATIENCE):
                shown = await self.agents.until(command, command.session_id or command.invocation_id, ended)
        except TimeoutError:
            return Given(unasked="the invocation did not end in time")
        return _refused(shown) if isinstance(shown, ErrorBody) else _given(shown)


def _refused(error: ErrorBody) -> Given:
    """Asked again, it would be refused again."""
    return Given(unasked=f"{error.code}: {error.message}"[:500])


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
