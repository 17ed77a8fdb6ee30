"""The rule-based builder: does the steps of a build without a language model."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from pydantic import JsonValue

from nexus_contracts.builds.builder import BuildRequest, Notebook, ProducedFile, StepFailed, StepResult
from nexus_contracts.builds.reports import Usage
from nexus_contracts.verification import CaseOutcome
from nexus_offline_builder.cases import cases_of
from nexus_offline_builder.checks import compile_errors, tried
from nexus_offline_builder.decision import AgentDesign, decide
from nexus_offline_builder.documents import (
    architecture_document,
    design_document,
    limitations,
    manifest_text,
    nothing_to_build,
    prompt_document,
    requirements_document,
)
from nexus_offline_builder.packaging import manifest_of, package_files, source, tool_modules, zipped

_Step = Callable[[AgentDesign, Notebook], Awaitable[StepResult]]
_BUILDER = "rule-based"


class RuleBasedBuilder:
    """A StageExecutor that chooses tools by the wording of the requirement. It uses no tokens and no network.

    What computes for long does so in a thread: a worker whose event loop stands still is taken for dead by the others.
    """

    async def execute(
        self, step: str, request: BuildRequest, outputs: Mapping[str, Mapping[str, JsonValue]], notebook: Notebook
    ) -> StepResult:
        """Does one step. Raises StepFailed for a step it does not know, or a package that fails its own checks."""
        work = _STEPS.get(step)
        if work is None:
            raise StepFailed("UNKNOWN_STEP", f"The rule-based builder has no step named {step!r}.")
        result = await work(decide(request, outputs), notebook)
        await notebook.progress(100.0)
        return result


async def _orchestrate(decision: AgentDesign, notebook: Notebook) -> StepResult:
    language = "Chinese" if decision.chinese else "English"
    await notebook.log("The rule-based builder takes this build; no language model is used.")
    await notebook.log(f"The agent will be called {decision.agent_name}.")
    return StepResult(
        {
            "builder": _BUILDER,
            "language_model": None,
            "agent_name": decision.agent_name,
            "requirement_language": language,
            "requirement_characters": len(decision.requirement),
            "steps": list(_STEPS),
        }
    )


async def _analyse(decision: AgentDesign, notebook: Notebook) -> StepResult:
    for rule in decision.rules:
        await notebook.log(f"The requirement calls for the tool {rule.name}: {rule.description}")
    if not decision.matched:
        raise StepFailed("NOTHING_TO_BUILD", nothing_to_build(decision))
    if decision.out_of_reach:
        beyond = "; ".join(decision.out_of_reach)
        await notebook.log(f"The agent will not cover this part of the requirement: {beyond}.", "warning")
    document = requirements_document(decision)
    return StepResult(
        {
            "builder": _BUILDER,
            "tools": list(decision.tool_names),
            "at_hand": list(decision.at_hand),
            "out_of_reach": list(decision.out_of_reach),
            "limitations": list(limitations(decision)),
        },
        (_markdown("requirements.md", document),),
    )


async def _architect(decision: AgentDesign, notebook: Notebook) -> StepResult:
    modules = tool_modules([*decision.tool_names, *decision.at_hand])
    await notebook.log(
        f"One agent, {len(decision.rules)} tools and {len(decision.at_hand)} at hand, {len(modules)} files under "
        "tools/, standard library only."
    )
    output: dict[str, JsonValue] = {
        "runtime": "python3.10+",
        "protocol": "AgentCore runtime contract",
        "dependencies": [],
        "modules": list(modules),
    }
    return StepResult(output, (_markdown("architecture.md", architecture_document(decision)),))


async def _design(decision: AgentDesign, notebook: Notebook) -> StepResult:
    manifest = manifest_of(decision)
    await notebook.log(f"Designed {decision.agent_name} {decision.version}, category {decision.category}.")
    return StepResult({"manifest": manifest}, (_markdown("agent_design.md", design_document(decision)),))


async def _develop_tools(decision: AgentDesign, notebook: Notebook) -> StepResult:
    paths = tool_modules([*decision.tool_names, *decision.at_hand])
    for rule in decision.rules:
        await notebook.log(f"Added tools/{rule.name}.py.")
    artifacts = tuple(_python(path) for path in paths if path != "tools/__init__.py")
    return StepResult({"tools": list(decision.tool_names), "files": list(paths)}, artifacts)


async def _write_prompt(decision: AgentDesign, notebook: Notebook) -> StepResult:
    document = prompt_document(decision)
    await notebook.log("Wrote prompt.md; the agent itself answers by rules and reads no prompt.")
    return StepResult({"prompt_characters": len(document)}, (_markdown("prompt.md", document),))


async def _write_agent_code(decision: AgentDesign, notebook: Notebook) -> StepResult:
    contents = package_files(decision)
    paths = sorted(path for path in contents if path == "main.py" or path.startswith("agent/"))
    await notebook.log(f"Added main.py and {len(paths) - 1} files under agent/.")
    artifacts = tuple(_python(path) for path in paths if not path.endswith("__init__.py"))
    return StepResult({"files": list(paths), "entrypoint": "main.py"}, artifacts)


async def _check(decision: AgentDesign, notebook: Notebook) -> StepResult:
    contents = package_files(decision)
    errors = await asyncio.to_thread(compile_errors, contents)
    if errors:
        raise StepFailed("PACKAGE_DOES_NOT_COMPILE", "The package does not compile: " + "; ".join(errors))
    python_files = sum(path.endswith(".py") for path in contents)
    await notebook.log(f"All {python_files} Python files compile.")
    await notebook.progress(50.0)
    cases = [case for case in cases_of(decision.tool_names, decision.requirement) if not case.held_back]
    results = await asyncio.to_thread(tried, cases, decision.tool_names, decision.requirement)
    await notebook.usage("trials", Usage(tool_calls=sum(len(case.turns) for case in cases)))
    for result in results:
        passed = result.outcome is CaseOutcome.PASSED
        said = f"{result.name} {'passed' if passed else f'failed, {result.problem}'}: {result.turns[-1].prompt[:80]!r}"
        await notebook.log(said, "info" if passed else "warning")
    passes = sum(result.outcome is CaseOutcome.PASSED for result in results)
    if not passes:
        raise StepFailed("SELF_TEST_FAILED", "The agent passed none of the cases that it was tried with; see the log.")
    return StepResult({"python_files": python_files, "cases_tried": len(results), "cases_passed": passes})


async def _ship(decision: AgentDesign, notebook: Notebook) -> StepResult:
    manifest = manifest_of(decision)
    package = await asyncio.to_thread(zipped, package_files(decision))
    await notebook.log(f"Packed {decision.agent_name} {decision.version}: {len(package)} bytes.")
    artifacts = (
        ProducedFile("manifest.json", "application/json", manifest_text(manifest).encode()),
        ProducedFile(f"{decision.agent_name}.zip", "application/zip", package),
    )
    output: dict[str, JsonValue] = {
        "agent_name": decision.agent_name,
        "version": decision.version,
        "manifest": manifest,
        "package_bytes": len(package),
    }
    return StepResult(output, artifacts, package=package, cases=cases_of(decision.tool_names, decision.requirement))


def _markdown(name: str, text: str) -> ProducedFile:
    return ProducedFile(name, "text/markdown; charset=utf-8", text.encode())


def _python(path: str) -> ProducedFile:
    """Named without slashes: the name is one segment of a stored address."""
    return ProducedFile(path.replace("/", "."), "text/x-python; charset=utf-8", source(path).encode())


_STEPS: dict[str, _Step] = {
    "orchestrator": _orchestrate,
    "requirements_analysis": _analyse,
    "system_architecture": _architect,
    "agent_design": _design,
    "tool_developer": _develop_tools,
    "prompt_engineer": _write_prompt,
    "agent_code_developer": _write_agent_code,
    "agent_developer_manager": _check,
    "agent_deployer": _ship,
}
