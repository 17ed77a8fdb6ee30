"""What the builder decided about an agent; later steps read it from the outputs of the earlier ones."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from nexus_contracts.builds.builder import BuildRequest
from nexus_offline_builder.catalogue import CATALOGUE, RULES, ToolRule
from nexus_offline_builder.package.agent.at_hand import at_hand
from nexus_offline_builder.requirement import (
    agent_name_for,
    beyond_the_tools,
    cleaned,
    is_agent_name,
    is_chinese_requirement,
    matching_rules,
)

Outputs = Mapping[str, Mapping[str, JsonValue]]


@dataclass(frozen=True)
class AgentDesign:
    """The agent to build. Without rules there is nothing to build."""

    requirement: str
    agent_name: str
    rules: tuple[ToolRule, ...]
    chinese: bool
    version: str

    @property
    def tool_names(self) -> list[str]:
        return [rule.name for rule in self.rules]

    @property
    def at_hand(self) -> list[str]:
        """The tools that are asked where those that the requirement calls for cannot answer."""
        return at_hand(self.tool_names, self.requirement)

    @property
    def matched(self) -> bool:
        return bool(self.rules)

    @property
    def out_of_reach(self) -> list[str]:
        """What the requirement asks for besides and no tool does."""
        return beyond_the_tools(self.requirement)

    @property
    def category(self) -> str:
        return self.rules[0].category

    @property
    def capabilities(self) -> list[str]:
        return sorted({name for rule in self.rules for name in rule.capabilities})

    @property
    def description(self) -> str:
        described = "Rule-based agent. " + " ".join(rule.description for rule in self.rules)
        further = ", ".join(RULES[name].title for name in self.at_hand)
        return f"{described} At hand: {further}." if further else described


def decide(request: BuildRequest, outputs: Outputs) -> AgentDesign:
    """The decision: as recorded by the completed steps, and worked out from the request where nothing is recorded."""
    requirement = cleaned(request.requirement)
    recorded = outputs.get("requirements_analysis", {}).get("tools")
    rules = matching_rules(requirement)
    if isinstance(recorded, list):
        rules = tuple(rule for rule in CATALOGUE if rule.name in recorded)
    name = outputs.get("orchestrator", {}).get("agent_name")
    if not (isinstance(name, str) and is_agent_name(name)):
        name = agent_name_for(request.agent_name, requirement, rules)
    return AgentDesign(
        requirement, name, rules, is_chinese_requirement(requirement), f"1.{max(request.attempt, 1) - 1}.0"
    )
