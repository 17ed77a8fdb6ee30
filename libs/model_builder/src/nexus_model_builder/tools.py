"""Has tools written, and revised until they pass their own tests, or until the agent passes its cases."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from nexus_contracts.agents.spec import AgentSpec, ToolSpec
from nexus_contracts.builds.builder import Notebook, StepFailed
from nexus_contracts.verification import Case, CaseOutcome, CaseResult
from nexus_model_builder import wording
from nexus_model_builder.answers import RevisedTool, ToolTest, WrittenTool
from nexus_model_builder.assembly import Parts
from nexus_model_builder.calls import Caller
from nexus_model_builder.inspection import faults
from nexus_model_builder.linting import defects
from nexus_model_builder.trial import Trial

T = TypeVar("T")
REPAIRS = 3
"""Of a tool that fails its own tests."""
ROUNDS = 2
"""Of revising tools whose agent fails its cases."""
_SHOWN_FAILURES = 8


@dataclass(frozen=True)
class Toolmaker:
    caller: Caller
    trial: Trial
    notebook: Notebook

    async def written(self, wanted: Sequence[tuple[ToolSpec, str]]) -> dict[str, WrittenTool]:
        """The tools, written concurrently, each from its prompt; by name. Raises StepFailed if one never passes."""
        made = await _together([self._written(spec, prompt) for spec, prompt in wanted])
        return {spec.name: tool for (spec, _), tool in zip(wanted, made, strict=True)}

    async def _written(self, spec: ToolSpec, prompt: str) -> WrittenTool:
        tool = await self.caller.ask(f"write {spec.name}", prompt, WrittenTool, lambda answer: _unsound(answer.code))
        for repair in range(REPAIRS + 1):
            failures = await self._failures(spec, tool)
            if not failures:
                await self.notebook.log(f"{spec.name} passes its {len(tool.tests)} tests.")
                return tool
            if repair < REPAIRS:
                tool = await self._revised(f"repair {spec.name} {repair + 1}", spec, tool, failures)
        raise StepFailed(
            "TOOL_FAILED",
            f"the tool {spec.name} still fails its tests after {REPAIRS} repairs; word the requirement more simply",
        )

    async def _failures(self, spec: ToolSpec, tool: WrittenTool) -> list[str]:
        if found := await defects(tool.code):
            return found
        alone = Parts(AgentSpec(name="trial", tools=[spec]), {spec.name: tool}, "0")
        held = await self.trial.held(alone, [test.prompts for test in tool.tests])
        failures: list[str] = []
        for test, given in zip(tool.tests, held, strict=True):
            last = given[-1]
            said = last.error or last.text
            fits = _unused(last.tools, spec.name) if test.expects is None else _says(test.expects, last.text)
            if last.error or not fits:
                failures.append(f"{test.prompts!r}: expected {_expected(test)}, got {said[:500]!r}")
        return failures[:_SHOWN_FAILURES]

    async def _revised(self, name: str, spec: ToolSpec, tool: WrittenTool, failures: Sequence[str]) -> WrittenTool:
        prompt = wording.repair(spec.model_dump(mode="json"), tool.code, failures)
        revised = await self.caller.ask(name, prompt, RevisedTool, lambda answer: _unsound(answer.code))
        return tool.model_copy(update={"code": revised.code})

    async def _improved(self, name: str, spec: ToolSpec, tool: WrittenTool, failures: Sequence[str]) -> WrittenTool:
        """Revised; as it was, if the revision has defects."""
        revised = await self._revised(name, spec, tool, failures)
        return tool if await defects(revised.code) else revised

    async def tuned(self, name: str, parts: Parts, cases: Sequence[Case]) -> tuple[Parts, list[CaseResult]]:
        """The agent, revised for up to ROUNDS rounds by the cases that fail, and its results.

        A revision is kept only if fewer cases fail.
        """
        best, results = parts, await self.trial.judged(parts, cases)
        for number in range(1, ROUNDS + 1):
            failed = [one for one in results if one.outcome is CaseOutcome.FAILED]
            if not failed:
                break
            revised = await self._revised_all(f"{name} {number}", best, failed)
            tried = await self.trial.judged(revised, cases)
            still = _failures(tried)
            await self.notebook.log(f"{name} {number}: {len(failed)} cases failed, {still} after the revision.")
            if still < len(failed):
                best, results = revised, tried
        return best, results

    async def hinted(self, name: str, parts: Parts, visible: Sequence[Case], results: Sequence[CaseResult]) -> Parts:
        """The agent, revised by the cases that fail; unchanged if the revision fails more of the visible ones.

        Of held-back cases the model learns only how many fail: a model that is shown a case learns that case, not its
        kind.
        """
        hidden = [one for one in results if one.held_back]
        missed = [one for one in hidden if one.outcome is CaseOutcome.FAILED]
        failed = [one for one in results if one.outcome is CaseOutcome.FAILED and not one.held_back]
        hint = f"{len(missed)} of {len(hidden)} cases that are not shown to you fail: read prompts more generally"
        revised = await self._revised_all(name, parts, failed, hint)
        before, after = await self.trial.judged(parts, visible), await self.trial.judged(revised, visible)
        return revised if _failures(after) <= _failures(before) else parts

    async def _revised_all(
        self, name: str, parts: Parts, failed: Sequence[CaseResult], hint: str | None = None
    ) -> Parts:
        failures = [*([hint] if hint else []), *(_failure(one) for one in failed)][:_SHOWN_FAILURES]
        specs = [tool for tool in parts.spec.tools if _concerned(tool.name, failed)] or parts.spec.tools
        made = await _together(
            [self._improved(f"{name} {spec.name}", spec, parts.written[spec.name], failures) for spec in specs]
        )
        return replace(parts, written=parts.written | {spec.name: tool for spec, tool in zip(specs, made, strict=True)})


async def _together(calls: Sequence[Coroutine[None, None, T]]) -> list[T]:
    """The results of all calls, in order. Raises the error of the first that fails, and cancels the others."""
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _unsound(code: str) -> str | None:
    found = faults(code)
    return f"the module is not allowed: {'; '.join(found)}" if found else None


def _unused(tools: tuple[str, ...] | None, name: str) -> bool:
    return name not in (tools or ())


def _says(expected: str, text: str) -> bool:
    return expected.casefold() in text.casefold()


def _expected(test: ToolTest) -> str:
    return "not to use the tool" if test.expects is None else repr(test.expects)


def _failures(results: Sequence[CaseResult]) -> int:
    return sum(one.outcome is CaseOutcome.FAILED for one in results)


def _failure(result: CaseResult) -> str:
    said = "; ".join(f"{turn.prompt!r} -> {turn.answer!r}" for turn in result.turns)
    return f"{said[:1500]}: {result.problem}"


def _concerned(tool: str, failed: Sequence[CaseResult]) -> bool:
    """Whether a failed case called the tool, or none at all."""
    return any(tool in (turn.tools or [tool]) for one in failed for turn in one.turns)
