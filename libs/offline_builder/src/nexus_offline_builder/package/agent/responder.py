"""Answers prompts with the tools of the package; no language model takes part."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from importlib import import_module
from typing import cast

from ..tools.contract import CERTAIN, POSSIBLE, JsonValue, Tool
from ..tools.traditional import simplified, way_back
from ..tools.wording import is_chinese
from .at_hand import at_hand, fit_for
from .claims import Claims
from .conversation import Conversation
from .laid_down import WORKED_OUT, not_by_the_rule, unused_rule
from .payload import Invocation, Turn
from .replies import Reply, is_failed


class Responder:
    """An agent with its tools. Keeps nothing between prompts: a follow-up is resolved from the history.

    `requirement` is what the agent was built from; it says what is asked of a prompt that asks nothing itself.
    `at_hand` names further tools; one is loaded when a prompt hands over something to it.
    """

    def __init__(self, tools: Iterable[Tool], requirement: str = "", at_hand: Sequence[str] = ()) -> None:
        self._tools = tuple(tools)
        self._requirement = requirement
        self.at_hand = tuple(at_hand)
        self._unrehearsed = [text for tool in self._tools for text in (tool.example, tool.example_chinese)]

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, object]) -> "Responder":
        """The responder with the tools that `manifest` lists. Raises ImportError if one is missing."""
        named = [tool["name"] for tool in cast("list[dict[str, str]]", manifest["tools"])]
        requirement = str(manifest.get("requirement", ""))
        further = cast("list[str]", manifest.get("at_hand", at_hand(named, requirement)))
        return cls(map(_loaded, named), requirement, further)

    def rehearse(self) -> bool:
        """Answers an example, for what stays of it: patterns, what the requirement says. False: none is left."""
        if not self._unrehearsed:
            return False
        with suppress(Exception):  # whoever really asks is told
            self.reply(Invocation(self._unrehearsed.pop()), (2000, 1, 1))
        return True

    def reply(self, invocation: Invocation, today: tuple[int, int, int]) -> Reply:
        """The answer to the prompt; `today` is year, month, day in UTC."""
        turns = [Turn(simplified(turn.prompt), turn.answer and simplified(turn.answer)) for turn in invocation.turns]
        reply = self._reply(simplified(invocation.prompt), turns, date(*today))
        back = way_back([*(turn.prompt for turn in invocation.turns), invocation.prompt, self._requirement])
        if not back:
            return reply
        calls = tuple({name: _written(value, back) for name, value in call.items()} for call in reply.tool_calls)
        return reply._replace(text=reply.text.translate(back), tool_calls=calls)

    def _reply(self, prompt: str, turns: list[Turn], today: date) -> Reply:
        requirement = simplified(self._requirement)
        reply = self._answer(prompt, turns, today, requirement)
        if is_failed(reply) or not reply.tool_calls or reply.tool_calls[-1]["name"] not in WORKED_OUT:
            return reply

        def is_same(other: str) -> bool:
            return self._answer(prompt, turns, today, other).text == reply.text

        rule = unused_rule(requirement, [*(turn.prompt for turn in turns), prompt], is_same)
        return reply if rule is None else not_by_the_rule(reply, rule, is_chinese(prompt))

    def _answer(self, prompt: str, turns: list[Turn], today: date, requirement: str) -> Reply:
        reply = Conversation(Claims(self._tools), turns, today, requirement).reply(prompt)
        if reply.final or (not is_failed(reply) and reply.confidence > POSSIBLE):
            return reply
        fit = fit_for(prompt, turns, self.at_hand)
        if not fit:
            return reply
        claims = Claims(self._tools, [*map(_loaded, fit)])
        again = Conversation(claims, turns, today, requirement).reply(prompt)
        surer = not is_failed(again) and (is_failed(reply) or again.confidence == CERTAIN)
        return again if surer else reply


def _loaded(name: str) -> Tool:
    return cast(Tool, import_module(f"{__name__.rsplit('.', 2)[0]}.tools.{name}").TOOL)


def _written(value: JsonValue, back: dict[int, int]) -> JsonValue:
    if isinstance(value, str):
        return value.translate(back)
    if isinstance(value, dict):
        return {name.translate(back): _written(one, back) for name, one in value.items()}
    return [_written(one, back) for one in value] if isinstance(value, list) else value
