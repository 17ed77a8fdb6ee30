"""One prompt in its conversation: chooses the tool, and resolves follow-ups against the turns before."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from ..tools import figures
from ..tools.contract import (
    CERTAIN,
    LIKELY,
    POSSIBLE,
    Answer,
    Impossible,
    JsonValue,
    Question,
    Refusal,
    Task,
    Tool,
    Value,
)
from ..tools.patterns import lazy_pattern
from ..tools.spelling import in_full_words
from ..tools.wording import has_chinese, is_chinese
from .additions import extended
from .handed_on import OF_TEXTS, is_handed_on, text_of
from .left_out import left_out, two_requests
from .operations import operated, operation_in
from .payload import Turn
from .references import named_value, resolutions, value_in
from .second_try import reworded
from .showable import showable_call, showable_text
from .small_talk import cannot, small_talk
from .standing import asked_always
from .substitution import substituted

_LONGEST_FOLLOW_UP = 300
_MOST_EARLIER = 20
_SYMBOL = lazy_pattern(r"(?<=\d)\s*[A-Za-z]{1,4}(?![A-Za-z])")
_OF_RESULT = lazy_pattern(
    r"\b(?:that|it|this|those|them|off|minus|less|take|knock|subtract|reduce|deduct|result|total)\b|[减扣让]",
    re.IGNORECASE,
)
"""Says that the result is meant, and no further quantity of the kind that is told."""
_SHARED = lazy_pattern(r"\b(?:split|shared?)\b|[平均]分|分摊", re.IGNORECASE)
_FIGURES = lazy_pattern(r"\d[\d.,]*")
_TOO_DEEP = Refusal("That is nested too deeply for me.", "嵌套得太深了，我处理不了。")


class Reply(NamedTuple):
    """What is said, the tool calls behind it, and the results that a follow-up may refer to.

    `asking` is the prompt that a question back was about; `read` is what a prompt was taken to say in full; `final`:
    it was understood, and is refused. `confidence`: how sure the tool was that it is meant.
    """

    text: str
    tool_calls: tuple[dict[str, JsonValue], ...] = ()
    values: tuple[Value, ...] = ()
    asking: str | None = None
    read: str | None = None
    final: bool = False
    confidence: int = CERTAIN


class _Claim(NamedTuple):
    tool: Tool
    question: Question
    task: Task


class Conversation:
    """The turns so far. Earlier turns are answered again to know their exact results, each at most once."""

    def __init__(
        self,
        tools: Sequence[Tool],
        turns: Sequence[Turn],
        today: date,
        requirement: str = "",
        further: Sequence[Tool] = (),
    ) -> None:
        self._named, self._further = tools, further
        self._tools = (*tools, *further)
        self._turns = turns
        self._today = today
        self._chinese = has_chinese(requirement)
        self._requirement = requirement
        self._standing = asked_always(requirement)
        self._replayed: dict[int, Reply] = {}
        self._wholes: dict[int, str] = {}

    def reply(self, prompt: str) -> Reply:
        return self._reply(prompt, len(self._turns))

    def _reply(self, prompt: str, position: int) -> Reply:
        question = self._question(in_full_words(prompt), position)
        reply = self._each(prompt, position) or self._whole(prompt, position)
        calls = tuple(showable_call(call) for call in reply.tool_calls)
        return reply._replace(text=showable_text(reply.text, question.chinese), tool_calls=calls)

    def _each(self, prompt: str, position: int) -> Reply | None:
        """The replies to two requests in one prompt, the second asked after the first; None where one has none."""
        two = two_requests(prompt) if position < _MOST_EARLIER else None
        if two is None:
            return None
        first = self._whole(two[0], position)
        if is_failed(first) or not first.tool_calls:
            return None
        turns = [*self._turns[:position], Turn(two[0], first.text)]
        second = Conversation(self._named, turns, self._today, self._requirement, self._further).reply(two[1])
        if is_failed(second) or not second.tool_calls or second.text == first.text:
            whole = self._whole(prompt, position)
            shown = not is_failed(whole) and set(_FIGURES.findall(first.text)) <= set(_FIGURES.findall(whole.text))
            return whole if shown else _one_by_one(first, self._question(prompt, position).chinese)
        calls, values = (*first.tool_calls, *second.tool_calls), (*first.values, *second.values)
        return Reply(f"{first.text}\n{second.text}", calls, values)

    def _whole(self, prompt: str, position: int) -> Reply:
        """The reply, or a refusal that names what it leaves out of `prompt`: no answer is said without that."""
        reply = self._found(prompt, position)
        if is_failed(reply) or not reply.tool_calls:
            return reply
        tool = str(reply.tool_calls[-1]["name"])
        said = _gist(reply)

        def is_same(text: str) -> bool | None:
            other = self._found(text, position)
            return None if is_failed(other) else _gist(other) == said

        piece = left_out(prompt, reply.text, tool, is_same)
        if piece is None:
            return reply
        refusal = Refusal(
            f"I do not know what to do with '{piece}': my answer would be the same without it. Please say it in "
            f"another way, or leave it out.",
            f"我不知道怎样处理“{piece}”：有没有它，我的答案都一样。请换个说法，或者去掉它。",
        )
        claimed = next(one for one in self._tools if one.name == tool)
        question = self._question(prompt, position)
        return _done(_Claim(claimed, question, Task(CERTAIN, _refusing(refusal))))._replace(final=True)

    def _found(self, prompt: str, position: int) -> Reply:
        question, turns = self._question(in_full_words(prompt), position), self._turns[:position]
        said = small_talk(prompt, self._named, turns, question.chinese)
        if said is not None:
            return Reply(said)
        reply = self._best(question, position)
        for text in reworded(question.text) if is_failed(reply) and not reply.final else ():
            again = self._best(question._replace(text=text), position)
            if not is_failed(again):
                return again._replace(read=again.read or text)
        return reply

    def _best(self, question: Question, position: int) -> Reply:
        claim = self._claim(question)
        if (whole := self._in_full(question, claim)) is not None:
            return (self._worked_on(question, position) if _OF_RESULT.search(question.text) else None) or whole
        if claim is None or claim.task.confidence < CERTAIN:
            followed = self._exchanged(question, position) or self._follow_up(question, position)
            if followed is not None and not is_failed(followed):
                return followed
            if claim is None or _OF_RESULT.search(question.text):
                followed = self._worked_on(question, position) or followed
            if followed is not None:
                return followed
        if (claim is None or claim.task.confidence < LIKELY) and (on := self._handed_on(question, position)):
            return on
        if claim is None:
            return Reply(cannot(question.text, self._named, question.chinese))
        done = _done(claim)
        worked = self._worked_on(question, position) if is_failed(done) and not done.final else None
        return worked or done

    def _in_full(self, question: Question, claim: _Claim | None) -> Reply | None:
        """The reply to a prompt that asks nothing itself, read with what the requirement asks."""
        for tool in ([claim.tool] if claim is not None else self._tools) if self._standing else ():
            try:
                text = tool.in_full(question, self._standing)
                whole = question._replace(text=text or "", earlier=())
                task = tool.understand(whole) if text is not None else None
            except Refusal as refusal:
                return _done(_Claim(tool, question, Task(CERTAIN, _refusing(refusal))))
            if task is not None:
                return _done(_Claim(tool, question, task))._replace(read=text)
        return None

    def _worked_on(self, question: Question, position: int) -> Reply | None:
        """The reply to a prompt that does no more than work on with the result before it."""
        operation = operation_in(question.text) if position else None
        values = self._values_before(position) if operation is not None else ()
        if operation is None or not values:
            return None
        whole = _SHARED.search(question.text) or re.search("合计|总|total", question.text, re.IGNORECASE)
        value = values[-1] if len(values) == 1 or whole else None
        before = self._replay(position - 1)
        made = operated(value, operation, before.text) if value is not None else None
        if made is None or not before.tool_calls:
            return None
        said, result, unit = made
        spoken = f"{figures.carried(result)} {unit}".strip()
        sign = "=" if figures.is_exact(result) else "≈"
        call: dict[str, JsonValue] = {
            "name": before.tool_calls[0]["name"],
            "input": {"expression": said},
            "output": {"result": figures.for_json(result)},
        }
        text = f"{said} {sign} {figures.shown(result)} {unit}".rstrip() + figures.in_short(result)
        return Reply(text, (call,), (Value(spoken, result),))

    def _handed_on(self, question: Question, position: int) -> Reply | None:
        """The reply to a request that is about the text of the turn before."""
        if not position or not is_handed_on(question.text):
            return None
        before = self._replay(position - 1)
        if is_failed(before):
            return None
        text = text_of(self._turns[position - 1].prompt, before.text, before.tool_calls[-1])
        whole = question._replace(text=f"{question.text.rstrip(' ?？.!。')}:\n{text}", earlier=())
        for tool in self._tools if text else ():
            takes = tool.name in OF_TEXTS and (tool.name != "list_cleanup" or "\n" in str(text))
            task = tool.understand(whole._replace(alone=False)) if takes else None
            if task is not None and task.confidence == CERTAIN:
                done = _done(_Claim(tool, whole, task))
                if not is_failed(done):
                    return done._replace(read=whole.text)
        return None

    def _question(self, prompt: str, position: int) -> Question:
        earlier = [self._asked(at) for at in range(position - 1, max(0, position - _MOST_EARLIER) - 1, -1)]
        said = [prompt, *(turn.prompt for turn in reversed(self._turns[:position]))]
        wordy = next((text for text in said[: _MOST_EARLIER + 1] if self._has_words(text)), None)
        chinese = is_chinese(wordy) if wordy is not None else self._chinese
        return Question(prompt, self._today, chinese, tuple(earlier), len(self._named) == 1, self._requirement)

    def _asked(self, position: int) -> str:
        """The prompt of a turn, with what the requirement asked of it."""
        if position not in self._wholes:
            prompt = in_full_words(self._turns[position].prompt)
            question = Question(prompt, self._today, self._chinese, (), len(self._named) == 1, self._requirement)
            whole = self._in_full(question, self._claim(question)) if self._standing else None
            self._wholes[position] = (whole.read if whole is not None else None) or prompt
        return self._wholes[position]

    def _has_words(self, text: str) -> bool:
        """Whether `text` shows its language: symbols of units behind numbers belong to any, where Chinese is asked."""
        plain = _SYMBOL.sub(" ", text) if self._chinese else text
        return re.search("[A-Za-z]{2}", plain) is not None or has_chinese(text)

    def _claim(self, question: Question) -> _Claim | None:
        """The surest tool's claim on the question; among equals the first tool's that can do it."""
        claims: list[_Claim] = []
        for tool in self._tools:
            alone = len(self._named) == 1 and tool not in self._further
            try:
                task = tool.understand(question._replace(alone=alone))
            except Refusal as refusal:
                task = None if tool in self._further else Task(CERTAIN, _refusing(refusal))
            except RecursionError:
                task = Task(CERTAIN, _refusing(_TOO_DEEP))
            least = CERTAIN if tool in self._further else POSSIBLE
            if task is not None and task.confidence >= least:
                claims.append(_Claim(tool, question, task))
        certain = [claim for claim in claims if claim.task.confidence == CERTAIN]
        able = (one for one in certain if len(certain) > 1 and not is_failed(_done(one)))
        return next(able, max(claims, key=lambda claim: claim.task.confidence, default=None))

    def _exchanged(self, question: Question, position: int) -> Reply | None:
        """The reply to a prompt that says only what is different from the prompt before, or comes on top of it."""
        if position == 0:
            return None
        before = self._replay(position - 1).read or in_full_words(self._turns[position - 1].prompt)
        text = extended(question.text, before) or substituted(question.text, before)
        if text is None:
            return None
        changed = question._replace(text=text, earlier=())
        claim = self._claim(changed)
        if (whole := self._in_full(changed, claim)) is not None:
            return whole
        if claim is None or claim.task.confidence < self._confidence_in(before, question):
            return None
        return _done(claim)._replace(read=text)

    def _confidence_in(self, before: str, question: Question) -> int:
        """What is different is read with no more doubt than the whole was."""
        claim = self._claim(question._replace(text=before, earlier=()))
        return claim.task.confidence if claim is not None else CERTAIN

    def _follow_up(self, question: Question, position: int) -> Reply | None:
        """The reply to a prompt that only makes sense with an earlier result, if it is one."""
        if len(question.text) > _LONGEST_FOLLOW_UP or position == 0:
            return None
        asking = self._replay(position - 1).asking
        if asking is not None:
            chosen = named_value(question.text, self._values_before(position - 1))
            if chosen is not None:
                return self._resolved(question._replace(text=asking), chosen)
        values = self._values_before(position, named_in=question.text) or self._values_before(position)
        if not values:
            return None
        value = named_value(question.text, values) or (
            values[-1] if len(values) == 1 or _SHARED.search(question.text) else None
        )
        if value is not None:
            return self._resolved(question, value)
        return self._ask_which(question, values)

    def _resolved(self, question: Question, value: Value) -> Reply | None:
        for text in resolutions(question.text, value):
            claim = self._claim(question._replace(text=text, earlier=()))
            if claim is not None and claim.task.confidence == CERTAIN:
                return _done(claim)
        return None

    def _ask_which(self, question: Question, values: tuple[Value, ...]) -> Reply | None:
        if self._resolved(question, values[0]) is None:
            return None
        if question.chinese:
            options = "、".join(f"{value.label}（{value.spoken}）" for value in values)
            return Reply(f"你指的是哪一个：{options}？", asking=question.text)
        options = ", ".join(f"{value.label} ({value.spoken})" for value in values)
        return Reply(f"Which one do you mean: {options}?", asking=question.text)

    def _values_before(self, position: int, named_in: str | None = None) -> tuple[Value, ...]:
        """The results of the latest turn that had any, or had one that is named in the text `named_in`."""
        for at in range(position - 1, max(-1, position - 1 - _MOST_EARLIER), -1):
            values = self._values_of(at)
            if values and (named_in is None or named_value(named_in, values) is not None):
                return values
            if not values and _OF_RESULT.search(self._turns[at].prompt):
                return ()
        return ()

    def _values_of(self, position: int) -> tuple[Value, ...]:
        """What the user saw counts: the replayed results only if they give the very answer of that turn."""
        said = self._turns[position].answer
        replayed = self._replay(position)
        if said is None or said.strip() == replayed.text.strip():
            return replayed.values
        return value_in(said) if not replayed.values or replayed.values[0].spoken not in said else replayed.values

    def _replay(self, position: int) -> Reply:
        if position not in self._replayed:
            self._replayed[position] = self._reply(self._turns[position].prompt, position)
        return self._replayed[position]


def is_failed(reply: Reply) -> bool:
    """Whether nothing was worked out and nothing asked back."""
    failed = any(isinstance(call["output"], dict) and "error" in call["output"] for call in reply.tool_calls)
    return failed or not (reply.tool_calls or reply.asking)


def _one_by_one(first: Reply, chinese: bool) -> Reply:
    said = "这里问了两件事，请一件一件问。" if chinese else "That asks two things; please ask one after the other."
    return first._replace(text=said, tool_calls=({**first.tool_calls[0], "output": {"error": said}},), values=())


def _gist(reply: Reply) -> tuple[list[JsonValue], list[str]]:
    """What is answered, without the words around it."""
    return [call["output"] for call in reply.tool_calls], _FIGURES.findall(reply.text)


def _refusing(refusal: Refusal) -> Callable[[], Answer]:
    def refuse() -> Answer:
        raise refusal

    return refuse


def _done(claim: _Claim) -> Reply:
    """Runs the tool; a refusal is an answer too, without a result to refer to."""
    try:
        answer = claim.task.run()
    except (Refusal, RecursionError) as error:
        refusal = error if isinstance(error, Refusal) else _TOO_DEEP
        text = refusal.in_language(claim.question.chinese)
        failed: dict[str, JsonValue] = {"error": refusal.english}
        call: dict[str, JsonValue] = {
            "name": claim.tool.name,
            "input": {"prompt": claim.question.text[:200]},
            "output": failed,
        }
        return Reply(text, (call,), final=isinstance(error, Impossible), confidence=claim.task.confidence)
    call = {"name": claim.tool.name, "input": answer.tool_input, "output": answer.tool_output}
    return Reply(answer.text, (call,), answer.values, confidence=claim.task.confidence)
