"""What the completed steps decided, read back from their outputs; and the decisions that need no model."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue, TypeAdapter

from nexus_contracts.agents.spec import AgentSpec, ToolSpec
from nexus_contracts.builds.builder import BuildRequest
from nexus_contracts.verification import Case
from nexus_model_builder.answers import DraftCase, WrittenTool
from nexus_model_builder.assembly import Parts
from nexus_offline_builder.requirement import agent_name_for, is_agent_name
from nexus_verification.judge import Given, judged

Outputs = Mapping[str, Mapping[str, JsonValue]]
CASES = TypeAdapter(list[Case])
TOOLS = TypeAdapter(list[ToolSpec])
WRITTEN = TypeAdapter(dict[str, WrittenTool])


def agent_name(request: BuildRequest, proposed: str) -> str:
    """The user's choice; else the proposal, if it is a valid name; else one made from the requirement."""
    if request.agent_name is None and is_agent_name(proposed):
        return proposed
    return agent_name_for(request.agent_name, request.requirement, ())


def agreed(drafts: Sequence[DraftCase], blind: Mapping[str, Sequence[str]]) -> list[Case]:
    """The cases whose expectations are met by answers that were given blind, without knowledge of them.

    Blind answers cannot show which tool is called: that expectation is not compared. Two cases in five are held back.
    """
    kept = [draft for draft in drafts if _agrees(draft, blind.get(draft.name, ()))]
    return [
        Case(name=draft.name, turns=draft.turns, held_back=number * 2 % 5 in (3, 4))
        for number, draft in enumerate(kept, 1)
    ]


def _agrees(draft: DraftCase, answers: Sequence[str]) -> bool:
    turns = [
        turn.model_copy(update={"expect": [one for one in turn.expect if one.kind != "tool_called"]})
        for turn in draft.turns
    ]
    if not any(turn.expect for turn in draft.turns) or len(answers) != len(turns):
        return False
    return judged(Case(name=draft.name, turns=turns), [Given(text=answer) for answer in answers]).outcome == "passed"


def specification(outputs: Outputs) -> list[str]:
    lines = outputs["requirements_analysis"]["specification"]
    return [str(line) for line in lines] if isinstance(lines, list) else []


def cases(outputs: Outputs) -> list[Case]:
    return CASES.validate_python(outputs["requirements_analysis"]["cases"])


def visible(outputs: Outputs) -> list[Case]:
    """The cases that steps which write code may see: those not held back."""
    return [case for case in cases(outputs) if not case.held_back]


def tools(outputs: Outputs) -> list[ToolSpec]:
    return TOOLS.validate_python(outputs["system_architecture"]["tools"])


def written(outputs: Outputs) -> dict[str, WrittenTool]:
    """The tools as the latest step left them, by name."""
    steps = ("agent_deployer", "prompt_engineer", "tool_developer")
    latest = next(outputs[step]["written"] for step in steps if "written" in outputs.get(step, {}))
    return WRITTEN.validate_python(latest)


def present_tools(request: BuildRequest) -> dict[str, tuple[ToolSpec, WrittenTool]]:
    """The tools of the agent that is being changed, by name; none if a new agent is built."""
    if request.present is None:
        return {}
    made = written(request.present.outputs)
    return {spec.name: (spec, made[spec.name]) for spec in tools(request.present.outputs)}


def parts(request: BuildRequest, outputs: Outputs) -> Parts:
    """The agent as the completed steps have made it."""
    design = outputs["agent_design"]
    spec = AgentSpec.model_validate(
        {
            "name": outputs["orchestrator"]["agent_name"],
            "description": design["description"],
            "instructions": design["instructions"],
            "examples": design["examples"],
            "tools": tools(outputs),
            "model": outputs["system_architecture"].get("model"),
        }
    )
    version = f"1.{max(request.attempt, 1) - 1}.0"
    return Parts(spec, written(outputs), version, str(design["category"]))


def plain(models: Sequence[Any]) -> list[dict[str, JsonValue]]:
    return [model.model_dump(mode="json") for model in models]
