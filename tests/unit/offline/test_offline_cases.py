"""Agents of the rule-based builder pass the cases that they are verified by."""

import pytest

from nexus_contracts.verification import CaseOutcome
from nexus_offline_builder.cases import cases_of
from nexus_offline_builder.catalogue import CATALOGUE
from nexus_offline_builder.package.agent.payload import Invocation, Turn
from nexus_offline_builder.package.agent.responder import Responder
from nexus_verification.judge import Given, judged

NAMES = [rule.name for rule in CATALOGUE]


FACTS = "FAQ bot. A day pass is 12 euros. We open at 7. Dogs are not allowed."


def given(prompts: list[str], tools: list[str]) -> list[Given]:
    listed, requirement = [{"name": tool} for tool in tools], FACTS if tools == ["fact_lookup"] else ""
    responder, turns = Responder.of_manifest({"tools": listed, "requirement": requirement}), list[Turn]()
    for prompt in prompts:
        turns.append(Turn(prompt, responder.reply(Invocation(prompt, tuple(turns)), (2031, 5, 17)).text))
    return [Given(turn.answer or "") for turn in turns]


@pytest.mark.parametrize("tools", [*([name] for name in NAMES), NAMES, []], ids=[*NAMES, "all", "none"])
def test_an_agent_passes_the_cases_of_its_tools(tools: list[str]) -> None:
    cases = cases_of(tools, FACTS)
    results = [judged(case, given([turn.prompt for turn in case.turns], tools)) for case in cases]
    assert [(one.name, one.problem) for one in results if one.outcome is not CaseOutcome.PASSED] == []
    assert len(cases) > len(set(tools) - {"fact_lookup"})
