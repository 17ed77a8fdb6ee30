"""Checks a package before it is shipped: its code compiles, and its tools answer the cases that are not held back."""

from collections.abc import Sequence

from nexus_contracts.verification import Case, CaseResult
from nexus_offline_builder.package.agent.payload import Invocation, Turn
from nexus_offline_builder.package.agent.responder import Responder
from nexus_verification.judge import Given, judged

_TODAY = (2024, 3, 1)


def compile_errors(contents: dict[str, str]) -> list[str]:
    """One line for each Python file that does not compile. Nothing is executed."""
    errors: list[str] = []
    for path, text in sorted(contents.items()):
        if not path.endswith(".py"):
            continue
        try:
            compile(text, path, "exec", dont_inherit=True)
        except SyntaxError as error:
            errors.append(f"{path}: {error.msg} (line {error.lineno})")
    return errors


def tried(cases: Sequence[Case], tools: Sequence[str], requirement: str) -> list[CaseResult]:
    """What an agent with all of `tools`, built from `requirement`, makes of the cases."""
    responder = Responder.of_manifest({"tools": [{"name": tool} for tool in tools], "requirement": requirement})
    return [judged(case, _held(responder, case)) for case in cases]


def _held(responder: Responder, case: Case) -> list[Given]:
    turns: list[Turn] = []
    given: list[Given] = []
    for turn in case.turns:
        reply = responder.reply(Invocation(turn.prompt, tuple(turns)), _TODAY)
        turns.append(Turn(turn.prompt, reply.text))
        given.append(Given(reply.text, tuple(str(call["name"]) for call in reply.tool_calls)))
    return given
