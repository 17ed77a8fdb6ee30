"""The steps of a build: each a function from what is known to its result."""

import json
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from nexus_contracts.agents.spec import ToolSpec
from nexus_contracts.builds.builder import ProducedFile, StepFailed, StepResult
from nexus_contracts.builds.reports import WaitKind
from nexus_contracts.verification import CaseResult
from nexus_model_builder import plan, wording
from nexus_model_builder.answers import Analysis, Architecture, BlindAnswers, Brief, Design, WrittenTool
from nexus_model_builder.assembly import Parts, free_name, manifest_of, package_files
from nexus_model_builder.workbench import Workbench
from nexus_offline_builder.packaging import zipped
from nexus_verification.report import fulfilled
from nexus_verification.suite import with_earlier

_BUILDER = "model"
_FEW_CASES = 5
LEAST_CASES = 8
"""Of a new agent, before those are dropped whose answers differ."""
LOOPS = 2
"""How often the tools are revised because held-back cases fail."""


async def orchestrate(bench: Workbench) -> StepResult:
    """Decides whether the requirement can be built, and asks the user questions if the project wants that.

    Raises StepFailed with NOTHING_TO_BUILD.
    """
    brief = await bench.caller.ask(
        "brief", wording.brief(bench.request.requirement, bench.agent_model is not None), Brief
    )
    if not brief.feasible:
        raise StepFailed("NOTHING_TO_BUILD", f"no agent made of tools can do this: {brief.reason or brief.summary}")
    answers: dict[str, JsonValue] = {}
    if bench.request.ask and brief.questions:
        asked = "\n".join(f"{number}. {question}" for number, question in enumerate(brief.questions, 1))
        answers = await bench.notebook.ask("questions", WaitKind.QUESTION, asked[:4000])
    name = plan.agent_name(bench.request, brief.agent_name)
    await bench.notebook.log(f"The agent will be called {name}. {brief.summary}")
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


async def analyse(bench: Workbench) -> StepResult:
    """Writes the specification, and the cases on whose answers two calls agree, one of them blind."""
    answers = bench.outputs["orchestrator"].get("answers")
    present = bench.request.present
    prompt = bench.changing(
        wording.analysis(bench.request.requirement, answers if isinstance(answers, dict) else {}),
        "Specify the whole agent. Its present cases are kept: write cases of what the change concerns.",
        specification=plan.specification(present.outputs) if present else [],
    )
    analysis = await bench.caller.ask("analysis", prompt, Analysis, lambda made: _unfit(made, new=present is None))
    await bench.notebook.progress(50.0)
    shown: list[dict[str, JsonValue]] = [
        {"name": case.name, "prompts": [turn.prompt for turn in case.turns]} for case in analysis.cases
    ]
    blind = await bench.caller.ask("blind answers", wording.blind(analysis.specification, shown), BlindAnswers)
    cases = plan.agreed(analysis.cases, {case.name: case.answers for case in blind.cases})
    dropped = len(analysis.cases) - len(cases)
    await bench.notebook.log(f"{len(cases)} cases; {dropped} were dropped, as two answers to them differed.")
    if present and not present.cases_may_fail:
        cases = list(with_earlier(cases, present.cases))
    if len(cases) < _FEW_CASES:
        await bench.notebook.log("So few cases verify little: give examples in the requirement.", "warning")
    specification: list[JsonValue] = [*analysis.specification]
    plain: list[JsonValue] = [*plan.plain(cases)]
    output: dict[str, JsonValue] = {"specification": specification, "cases": plain, "dropped_cases": dropped}
    return StepResult(output, (_json_file("specification.json", output),))


def _unfit(made: Analysis, *, new: bool) -> str | None:
    """Of an agent that is changed, the earlier cases count, too."""
    if len({case.name for case in made.cases}) < len(made.cases):
        return "two cases have the same name"
    asked = {tuple(turn.prompt for turn in case.turns) for case in made.cases}
    if len(asked) < len(made.cases):
        return "two cases ask the same"
    return (
        f"there are {len(asked)} cases, at least {LEAST_CASES} are asked for"
        if new and len(asked) < LEAST_CASES
        else None
    )


async def architect(bench: Workbench) -> StepResult:
    """Chooses the tools. Raises StepFailed with NOTHING_TO_BUILD if none can serve the requirement."""
    prompt = bench.changing(
        wording.architecture(
            bench.request.requirement, plan.specification(bench.outputs), bench.agent_model is not None
        ),
        "Keep each tool that serves with its name, description and schema. One that must behave differently gets a "
        "description that says so.",
        tools=plan.plain([spec for spec, _ in plan.present_tools(bench.request).values()]),
    )
    sentences = len(plan.specification(bench.outputs))
    made = await bench.caller.ask("architecture", prompt, Architecture, lambda answer: _unplanned(answer, sentences))
    model = bench.agent_model if made.needs_model else None
    if not made.tools and model is None:
        reasons = "; ".join(sorted({one.reason for one in made.coverage if one.reason}))
        raise StepFailed("NOTHING_TO_BUILD", f"no tool can serve the requirement: {reasons[:2000]}")
    out_of_reach: list[JsonValue] = []
    for one in made.coverage:
        if one.tool is None and (one.reason or model is None):
            out_of_reach.append({"sentence": one.sentence, "reason": one.reason})
            await bench.notebook.log(f"Out of reach: {one.sentence} ({one.reason})", "warning")
    tools = [
        ToolSpec(name=free_name(tool.name), description=tool.description, parameters=tool.parameters)
        for tool in made.tools
    ]
    output: dict[str, JsonValue] = {
        "tools": [*plan.plain(tools)],
        "model": model,
        "coverage": [*plan.plain(made.coverage)],
        "out_of_reach": out_of_reach,
        "summary": "; ".join(f"{tool.name}: {tool.description}" for tool in tools)[:3500],
    }
    estimate = bench.caller.estimate({"agent_design": 1, "tool_developer": len(tools)})
    return StepResult(output, (_json_file("architecture.json", output),), estimate_usd=estimate)


def _unplanned(made: Architecture, sentences: int) -> str | None:
    names = [free_name(tool.name) for tool in made.tools]
    if len(set(names)) < len(names):
        return "two tools have the same name"
    if len(made.coverage) < sentences:
        return f"coverage speaks of {len(made.coverage)} of the {sentences} sentences of the specification"
    unknown = [one.tool for one in made.coverage if one.tool is not None and free_name(one.tool) not in names]
    return f"there is no tool {unknown[0]}" if unknown else None


async def design(bench: Workbench) -> StepResult:
    tools = plan.plain(plan.tools(bench.outputs))
    present = bench.request.present
    prompt = bench.changing(
        wording.design(bench.request.requirement, tools),
        "Keep what still holds.",
        design=dict(present.outputs["agent_design"]) if present else {},
    )
    made = await bench.caller.ask("design", prompt, Design)
    return StepResult(made.model_dump(mode="json"))


async def develop_tools(bench: Workbench) -> StepResult:
    """Has all tools written at once, a call for each; every one is tried in the sandbox and repaired."""
    sandbox = await bench.maker.trial.sandbox()
    if not sandbox.isolated:
        await bench.notebook.log(f"Tools are tried {sandbox.description}.", "warning")
    specs, present = plan.tools(bench.outputs), plan.present_tools(bench.request)
    kept = {name: tool for name, (spec, tool) in present.items() if spec in specs}
    for name in kept:
        await bench.notebook.log(f"{name} stays as it is.")
    wanted = [(spec, _tool_prompt(bench, spec, present)) for spec in specs if spec.name not in kept]
    known = kept | await bench.maker.written(wanted)
    written = {spec.name: known[spec.name] for spec in specs}
    names: list[JsonValue] = [spec.name for spec in specs]
    plain = plan.WRITTEN.dump_python(written, mode="json")
    files = tuple(_python(f"tools.{name}_module.py", tool.code) for name, tool in written.items())
    return StepResult({"tools": names, "written": plain}, files)


def _tool_prompt(bench: Workbench, spec: ToolSpec, present: Mapping[str, tuple[ToolSpec, WrittenTool]]) -> str:
    shown = plan.plain(plan.visible(bench.outputs))
    prompt = wording.tool(plan.specification(bench.outputs), spec.model_dump(mode="json"), shown)
    if spec.name not in present:
        return prompt
    return bench.changing(prompt, "Change as little of the module as serves.", module=present[spec.name][1].code)


async def tune(bench: Workbench) -> StepResult:
    """Tunes how the tools read prompts on the visible cases: without a model that is the agent's prompt engineering.

    An agent with a model reads prompts itself, and has no model in this sandbox to be tried with: it stays as it is.
    """
    parts = plan.parts(bench.request, bench.outputs)
    tuned, results = parts, list[CaseResult]()
    if parts.spec.model is None:
        tuned, results = await bench.maker.tuned("tune", parts, plan.visible(bench.outputs))
        await _log_results(bench, "visible", results)
    prompt = ProducedFile("prompt.md", "text/markdown; charset=utf-8", parts.spec.instructions.encode())
    written = plan.WRITTEN.dump_python(tuned.written, mode="json")
    return StepResult({"written": written, "passed": _passed(results), "cases": len(results)}, (prompt,))


async def assemble(bench: Workbench) -> StepResult:
    contents = package_files(plan.parts(bench.request, bench.outputs))
    paths: list[JsonValue] = [*sorted(contents)]
    await bench.notebook.log(f"Assembled {len(paths)} files from the template; no model is called for it.")
    return StepResult({"files": paths, "entrypoint": "main.py"})


async def conclude(bench: Workbench) -> StepResult:
    parts = plan.parts(bench.request, bench.outputs)
    return StepResult({"tools": [tool.name for tool in parts.spec.tools]})


async def ship(bench: Workbench) -> StepResult:
    """Makes the package, once the agent passes enough of all cases. Raises StepFailed with CASES_FAILED.

    An agent with a model is tried only after its deployment.
    """
    parts, cases = plan.parts(bench.request, bench.outputs), plan.cases(bench.outputs)
    if parts.spec.model is not None:
        return _shipped(bench, parts)
    results = await bench.maker.trial.judged(parts, cases)
    for loop in range(1, LOOPS + 1):
        if fulfilled(results, bench.required_share):
            break
        await _log_results(bench, "held-back and visible", results)
        parts = await bench.maker.hinted(f"loop {loop}", parts, plan.visible(bench.outputs), results)
        results = await bench.maker.trial.judged(parts, cases)
    await _log_results(bench, "held-back and visible", results)
    if not fulfilled(results, bench.required_share):
        await bench.notebook.checkpoint("trial", [*plan.plain(results)])
        raise StepFailed(
            "CASES_FAILED",
            f"the agent passes {_passed(results)} of {len(results)} cases, and too few of those that were held back: "
            "it is not deployed",
        )
    return _shipped(bench, parts)


def _shipped(bench: Workbench, parts: Parts) -> StepResult:
    manifest, package = manifest_of(parts), zipped(package_files(parts))
    spec = parts.spec.model_dump(mode="json")
    output: dict[str, JsonValue] = {
        "agent_name": parts.spec.name,
        "version": parts.version,
        "manifest": manifest,
        "agent_spec": spec,
        "package_bytes": len(package),
        "written": plan.WRITTEN.dump_python(parts.written, mode="json"),
    }
    files = (
        _json_file("manifest.json", manifest),
        _json_file("agent_spec.json", spec),
        ProducedFile(f"{parts.spec.name}.zip", "application/zip", package),
    )
    cases = tuple(plan.cases(bench.outputs))
    # No step comes after it, and what the deployed agent costs is the agent's.
    return StepResult(output, files, package, cases, bench.required_share, estimate_usd=0.0)


async def _log_results(bench: Workbench, which: str, results: Sequence[CaseResult]) -> None:
    await bench.notebook.log(f"{_passed(results)} of {len(results)} {which} cases pass in the sandbox.")
    for one in results:
        if one.problem and not one.held_back:
            await bench.notebook.log(f"{one.name}: {one.problem}"[:1000], "warning")


def _passed(results: Sequence[CaseResult]) -> int:
    return sum(one.outcome == "passed" for one in results)


def _json_file(name: str, value: object) -> ProducedFile:
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return ProducedFile(name, "application/json", text.encode())


def _python(name: str, text: str) -> ProducedFile:
    return ProducedFile(name, "text/x-python; charset=utf-8", text.encode())
