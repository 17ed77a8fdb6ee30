"""The steps of a build."""

import json
from collections.abc import Sequence

from pydantic import JsonValue

from nexus_contracts.agents.spec import ToolSpec
from nexus_contracts.builds.builder import ProducedFile, StepFailed, StepResult
from nexus_contracts.builds.reports import WaitKind
from nexus_contracts.verification import CaseResult
from nexus_model_builder import plan, wording
from nexus_model_builder.answers import Analysis, Architecture, BlindAnswers, Brief, Design
from nexus_model_builder.assembly import Parts, free_name, manifest_of, package_files
from nexus_model_builder.desk import Desk
from nexus_offline_builder.packaging import zipped
from nexus_verification.report import fulfilled

_BUILDER = "model"
_FEW_CASES = 5
LOOPS = 2
"""Back from the held-back cases to the tools."""


async def orchestrate(desk: Desk) -> StepResult:
    """The brief; asks the person where that is wished. Raises StepFailed, NOTHING_TO_BUILD."""
    brief = await desk.caller.ask("brief", wording.brief(desk.request.requirement), Brief)
    if not brief.feasible:
        raise StepFailed("NOTHING_TO_BUILD", f"no agent made of tools can do this: {brief.reason or brief.summary}")
    answers: dict[str, JsonValue] = {}
    if desk.request.ask and brief.questions:
        asked = "\n".join(f"{number}. {question}" for number, question in enumerate(brief.questions, 1))
        answers = await desk.notebook.ask("questions", WaitKind.QUESTION, asked[:4000])
    name = plan.agent_name(desk.request, brief.agent_name)
    await desk.notebook.log(f"The agent will be called {name}. {brief.summary}")
    questions: list[JsonValue] = [*brief.questions]
    return StepResult(
        {
            "builder": _BUILDER,
            "agent_name": name,
            "summary": brief.summary,
            "questions": questions,
            "answers": answers,
        }
    )


async def analyse(desk: Desk) -> StepResult:
    """The specification, and the cases on which two calls agree, one of them blind."""
    answers = desk.outputs["orchestrator"].get("answers")
    prompt = wording.analysis(desk.request.requirement, answers if isinstance(answers, dict) else {})
    analysis = await desk.caller.ask("analysis", prompt, Analysis)
    await desk.notebook.progress(50.0)
    shown: list[dict[str, JsonValue]] = [
        {"name": case.name, "prompts": [turn.prompt for turn in case.turns]} for case in analysis.cases
    ]
    blind = await desk.caller.ask("blind answers", wording.blind(analysis.specification, shown), BlindAnswers)
    cases = plan.agreed(analysis.cases, {case.name: case.answers for case in blind.cases})
    dropped = len(analysis.cases) - len(cases)
    await desk.notebook.log(f"{len(cases)} cases; {dropped} were dropped, as two answers to them differed.")
    if len(cases) < _FEW_CASES:
        await desk.notebook.log("So few cases verify little: give examples in the requirement.", "warning")
    specification: list[JsonValue] = [*analysis.specification]
    plain: list[JsonValue] = [*plan.plain(cases)]
    output: dict[str, JsonValue] = {"specification": specification, "cases": plain, "dropped_cases": dropped}
    return StepResult(output, (_json_file("specification.json", output),))


async def architect(desk: Desk) -> StepResult:
    """The tools. Raises StepFailed, NOTHING_TO_BUILD, where none serves anything."""
    prompt = wording.architecture(desk.request.requirement, plan.specification(desk.outputs))
    made = await desk.caller.ask("architecture", prompt, Architecture, _unplanned)
    if not made.tools:
        reasons = "; ".join(sorted({one.reason for one in made.coverage if one.reason}))
        raise StepFailed("NOTHING_TO_BUILD", f"no tool can serve the requirement: {reasons[:2000]}")
    out_of_reach: list[JsonValue] = []
    for one in made.coverage:
        if one.tool is None:
            out_of_reach.append({"sentence": one.sentence, "reason": one.reason})
            await desk.notebook.log(f"Out of reach: {one.sentence} ({one.reason})", "warning")
    tools = [
        ToolSpec(name=free_name(tool.name), description=tool.description, parameters=tool.parameters)
        for tool in made.tools
    ]
    output: dict[str, JsonValue] = {
        "tools": [*plan.plain(tools)],
        "coverage": [*plan.plain(made.coverage)],
        "out_of_reach": out_of_reach,
        "summary": "; ".join(f"{tool.name}: {tool.description}" for tool in tools)[:3500],
    }
    return StepResult(output, (_json_file("architecture.json", output),))


def _unplanned(made: Architecture) -> str | None:
    names = [free_name(tool.name) for tool in made.tools]
    if len(set(names)) < len(names):
        return "two tools have the same name"
    unknown = [one.tool for one in made.coverage if one.tool is not None and free_name(one.tool) not in names]
    return f"there is no tool {unknown[0]}" if unknown else None


async def design(desk: Desk) -> StepResult:
    tools = plan.plain(plan.tools(desk.outputs))
    made = await desk.caller.ask("design", wording.design(desk.request.requirement, tools), Design)
    return StepResult(made.model_dump(mode="json"))


async def develop_tools(desk: Desk) -> StepResult:
    """A call for each tool, side by side; each is tried in the sandbox and repaired."""
    sandbox = await desk.maker.trial.sandbox()
    if not sandbox.isolated:
        await desk.notebook.log(f"Tools are tried {sandbox.description}.", "warning")
    specs = plan.tools(desk.outputs)
    written = await desk.maker.written(specs, plan.specification(desk.outputs), plan.visible(desk.outputs))
    names: list[JsonValue] = [spec.name for spec in specs]
    plain = plan.WRITTEN.dump_python(written, mode="json")
    files = tuple(_python(f"tools.{name}_module.py", tool.code) for name, tool in written.items())
    return StepResult({"tools": names, "written": plain}, files)


async def tune(desk: Desk) -> StepResult:
    """How the tools read prompts, tuned on the visible cases: for an agent without a model that is its prompt."""
    parts = plan.parts(desk.request, desk.outputs)
    tuned, results = await desk.maker.tuned("tune", parts, plan.visible(desk.outputs))
    await _log_results(desk, "visible", results)
    prompt = ProducedFile("prompt.md", "text/markdown; charset=utf-8", parts.spec.instructions.encode())
    written = plan.WRITTEN.dump_python(tuned.written, mode="json")
    return StepResult({"written": written, "passed": _passed(results), "cases": len(results)}, (prompt,))


async def assemble(desk: Desk) -> StepResult:
    contents = package_files(plan.parts(desk.request, desk.outputs))
    paths: list[JsonValue] = [*sorted(contents)]
    await desk.notebook.log(f"Assembled {len(paths)} files from the template; no model is called for it.")
    return StepResult({"files": paths, "entrypoint": "main.py"})


async def conclude(desk: Desk) -> StepResult:
    parts = plan.parts(desk.request, desk.outputs)
    return StepResult({"tools": [tool.name for tool in parts.spec.tools]})


async def ship(desk: Desk) -> StepResult:
    """The package, tried with all cases before it is deployed. Raises StepFailed, CASES_FAILED."""
    parts, cases = plan.parts(desk.request, desk.outputs), plan.cases(desk.outputs)
    results = await desk.maker.trial.judged(parts, cases)
    for loop in range(1, LOOPS + 1):
        if fulfilled(results, desk.required_share):
            break
        await _log_results(desk, "held-back and visible", results)
        parts = await desk.maker.hinted(f"loop {loop}", parts, plan.visible(desk.outputs), results)
        results = await desk.maker.trial.judged(parts, cases)
    await _log_results(desk, "held-back and visible", results)
    if not fulfilled(results, desk.required_share):
        await desk.notebook.checkpoint("trial", [*plan.plain(results)])
        raise StepFailed(
            "CASES_FAILED",
            f"the agent passes {_passed(results)} of {len(results)} cases, and too few of those that were held back: "
            "it is not deployed",
        )
    return _shipped(desk, parts)


def _shipped(desk: Desk, parts: Parts) -> StepResult:
    manifest, package = manifest_of(parts), zipped(package_files(parts))
    spec = parts.spec.model_dump(mode="json")
    output: dict[str, JsonValue] = {
        "agent_name": parts.spec.name,
        "version": parts.version,
        "manifest": manifest,
        "agent_spec": spec,
        "package_bytes": len(package),
    }
    files = (
        _json_file("manifest.json", manifest),
        _json_file("agent_spec.json", spec),
        ProducedFile(f"{parts.spec.name}.zip", "application/zip", package),
    )
    cases = tuple(plan.cases(desk.outputs))
    return StepResult(output, files, package, cases, desk.required_share)


async def _log_results(desk: Desk, which: str, results: Sequence[CaseResult]) -> None:
    await desk.notebook.log(f"{_passed(results)} of {len(results)} {which} cases pass in the sandbox.")
    for one in results:
        if one.problem and not one.held_back:
            await desk.notebook.log(f"{one.name}: {one.problem}"[:1000], "warning")


def _passed(results: Sequence[CaseResult]) -> int:
    return sum(one.outcome == "passed" for one in results)


def _json_file(name: str, value: object) -> ProducedFile:
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return ProducedFile(name, "application/json", text.encode())


def _python(name: str, text: str) -> ProducedFile:
    return ProducedFile(name, "text/x-python; charset=utf-8", text.encode())
