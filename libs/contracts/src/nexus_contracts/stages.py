"""The six stages of a build and the three sub-stages of the fifth: names, order, weights."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import JsonValue


@dataclass(frozen=True)
class SubStageSpec:
    name: str
    display_name: str
    weight: float


@dataclass(frozen=True)
class StageSpec:
    """`weight` is the stage's part of the project's 100 per cent."""

    number: int
    name: str
    display_name: str
    weight: float
    sub_stages: tuple[SubStageSpec, ...] = ()


DEVELOPER = "agent_developer_manager"
DEPLOYER = "agent_deployer"
TOOL_DEVELOPER = "tool_developer"

STAGES = (
    StageSpec(1, "orchestrator", "Orchestrator", 5),
    StageSpec(2, "requirements_analysis", "Requirements Analysis", 10),
    StageSpec(3, "system_architecture", "System Architecture", 15),
    StageSpec(4, "agent_design", "Agent Design", 15),
    StageSpec(
        5,
        DEVELOPER,
        "Agent Developer Manager",
        45,
        (
            SubStageSpec(TOOL_DEVELOPER, "Tool Developer", 0.40),
            SubStageSpec("prompt_engineer", "Prompt Engineer", 0.30),
            SubStageSpec("agent_code_developer", "Agent Code Developer", 0.30),
        ),
    ),
    StageSpec(6, DEPLOYER, "Agent Deployer", 10),
)
STAGE_BY_NAME = {stage.name: stage for stage in STAGES}


class StageName(StrEnum):
    ORCHESTRATOR = "orchestrator"
    REQUIREMENTS_ANALYSIS = "requirements_analysis"
    SYSTEM_ARCHITECTURE = "system_architecture"
    AGENT_DESIGN = "agent_design"
    AGENT_DEVELOPER_MANAGER = "agent_developer_manager"
    AGENT_DEPLOYER = "agent_deployer"


class StepStatus(StrEnum):
    """Of a stage or sub-stage. `skipped`: kept from an earlier attempt, counts as completed."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"


def stages_table() -> list[dict[str, JsonValue]]:
    """The table of stages as GET /stages/info shows it."""
    return [
        {
            "stage_number": stage.number,
            "stage_name": stage.name,
            "display_name": stage.display_name,
            "weight": stage.weight,
            "sub_stages": [
                {"stage_name": sub.name, "display_name": sub.display_name, "weight": sub.weight}
                for sub in stage.sub_stages
            ],
        }
        for stage in STAGES
    ]
