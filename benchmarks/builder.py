"""What the rule-based builder makes of requirements as people word them: solved, and answered wrongly.

A requirement is solved if its agent answers every prompt rightly and refuses those that have no right answer, or if
nothing is built where nothing can be.
"""

from benchmarks._requirements import CASES, Case
from benchmarks.runner.figures import Figure
from nexus_offline_builder.package.agent.payload import Invocation
from nexus_offline_builder.package.agent.responder import Responder
from nexus_offline_builder.requirement import matching_rules

TODAY = (2026, 11, 22)
LEAST_SOLVED_PERCENT = 90.0


async def measure() -> list[Figure]:
    outcomes = [outcome for case in CASES for outcome in _outcomes(case)]
    solved = sum(set(_outcomes(case)) == {"right"} for case in CASES)
    return [
        Figure("requirements", len(CASES), ""),
        Figure("solved", 100 * solved / len(CASES), "%", LEAST_SOLVED_PERCENT, at_least=True),
        Figure("prompts", len(outcomes), ""),
        Figure("right", 100 * outcomes.count("right") / len(outcomes), "%", LEAST_SOLVED_PERCENT, at_least=True),
        Figure("wrong answers", outcomes.count("wrong"), "", 1),
        Figure("refused though there is an answer", outcomes.count("refused"), ""),
    ]


def _outcomes(case: Case) -> list[str]:
    """`right`, `wrong` or `refused` for each prompt, or for the requirement that has none."""
    tools = [rule.name for rule in matching_rules(case.requirement)]
    if not case.prompts:
        return ["wrong" if tools else "right"]
    return [_outcome(tools, case.requirement, prompt, expected) for prompt, expected in case.prompts]


def _outcome(tools: list[str], requirement: str, prompt: str, expected: str | None) -> str:
    agent = Responder.of_manifest({"tools": [{"name": tool} for tool in tools], "requirement": requirement})
    reply = agent.reply(Invocation(prompt), TODAY)
    answered = any("error" not in str(call["output"]) for call in reply.tool_calls)
    if expected is None:
        return "wrong" if answered else "right"
    if expected in reply.text:
        return "right"
    return "wrong" if answered else "refused"
