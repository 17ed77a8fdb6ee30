"""One prompt in its conversation: chooses the tool, and resolves follow-ups against the turns before."""

import re
from collections.abc import Sequence
from datetime import date
from functools import cached_property

from ..tools import figures
from ..tools.contract import CERTAIN, LIKELY, JsonValue, Question, Refusal, Task, Value
from ..tools.patterns import lazy_pattern
from ..tools.spelling import in_full_words
from ..tools.stated_prices import by_the_price
from ..tools.wording import has_chinese, is_chinese
from .additions import extended
from .claims import Claims
from .data_before import asked_of_data, asked_of_result, in_its_place
from .dates_before import moved, same_dates, weekday_of_one
from .handed_on import OF_TEXTS, is_handed_on, text_of
from .left_out import left_out
from .operations import is_supposed, names_result, operation_in, works_on
from .payload import Turn
from .references import named_value, resolutions, value_in
from .replies import Claim, Reply, done, gist, is_failed, is_percentage, one_by_one, refusing
from .second_try import reworded
from .showable import showable_call, showable_text
from .small_talk import cannot, small_talk
from .standing import asked_always
from .substitution import substituted
from .two_requests import two_requests
from .worked_on import in_hours, main_value, operated, share_in

_LONGEST_FOLLOW_UP = 300
_MOST_EARLIER = 20
_MOST_CHANGED = 3
_SYMBOL = lazy_pattern(r"(?<=\d)\s*[A-Za-z]{1,4}(?![A-Za-z])")
_OF_RESULT = lazy_pattern(
    r"\b(?:that|it|this|those|them|off|minus|less|take|knock|subtract|reduce|deduct|result|total)\b|[减扣让]",
    re.IGNORECASE,
)
"""Says that the result is meant, and no further quantity of the kind that is told."""
_SHARED = lazy_pattern(r"\b(?:split|shared?)\b|[平均]分|分摊", re.IGNORECASE)
_FIGURES = lazy_pattern(r"\d[\d.,]*")


class Conversation:
    """The turns so far. Earlier turns are answered again to know their exact results, each at most once."""

    def __init__(self, claims: Claims, turns: Sequence[Turn], today: date, requirement: str = "") -> None:
        self._claims = claims
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
        second = self._with(turns).reply(two[1])
        if is_failed(second) or not second.tool_calls or second.text == first.text:
            whole = self._whole(prompt, position)
            shown = not is_failed(whole) and set(_FIGURES.findall(first.text)) <= set(_FIGURES.findall(whole.text))
            return whole if shown else one_by_one(first, self._question(prompt, position).chinese)
        calls, values = (*first.tool_calls, *second.tool_calls), (*first.values, *second.values)
        return Reply(f"{first.text}\n{second.text}", calls, values)

    def _whole(self, prompt: str, position: int) -> Reply:
        """The reply, or a refusal that names what it leaves out of `prompt`: no answer is said without that."""
        reply = self._found(prompt, position)
        if is_failed(reply) or not reply.tool_calls:
            return reply
        tool = str(reply.tool_calls[-1]["name"])
        said = gist(reply)

        def is_same(text: str) -> bool | None:
            other = self._found(text, position)
            return None if is_failed(other) else gist(other) == said

        piece = left_out(prompt, reply.text, tool, is_same, later=position > 0 and reply.read is not None)
        if piece is None:
            return reply
        refusal = Refusal(
            f"I do not know what to do with '{piece}': my answer would be the same without it. Please say it in "
            f"another way, or leave it out.",
            f"我不知道怎样处理“{piece}”：有没有它，我的答案都一样。请换个说法，或者去掉它。",
        )
        claimed = next(one for one in self._claims.tools if one.name == tool)
        question = self._question(prompt, position)
        return done(Claim(claimed, question, Task(CERTAIN, refusing(refusal))))._replace(final=True)

    def _found(self, prompt: str, position: int) -> Reply:
        question, turns = self._question(in_full_words(prompt), position), self._turns[:position]
        said = small_talk(prompt, self._claims.named, turns, question.chinese)
        if said is not None:
            return Reply(said)
        reply = self._best(question, position)
        for text in reworded(question.text) if is_failed(reply) and not reply.final else ():
            again = self._best(question._replace(text=text), position)
            if not is_failed(again):
                return again._replace(read=again.read or text)
        return reply

    def _best(self, question: Question, position: int) -> Reply:
        if position and (later := self._works_on(question, position)) is not None:
            return later
        claim, followed = self._claims.surest(question), None
        if (whole := self._in_full(question, claim)) is not None:
            return whole
        if claim is None or claim.task.confidence < CERTAIN:
            followed = self._exchanged(question, position) or self._follow_up(question, position)
            if followed is not None and not is_failed(followed):
                return followed
            followed = self._worked_on(question, position) or followed
            if followed is not None and not is_failed(followed):
                return followed
        reply = done(claim) if claim is not None else followed
        if reply is None or (is_failed(reply) and not reply.final):
            reply = self._worked_on(question, position) or self._of_data(question, position) or reply
        if (claim is None or claim.task.confidence < LIKELY) and (on := self._handed_on(question, position)):
            return on
        return reply or Reply(cannot(question.text, self._claims.named, question.chinese))

    def _with(self, turns: Sequence[Turn]) -> "Conversation":
        return Conversation(self._claims, turns, self._today, self._requirement)

    @cached_property
    def _unaided(self) -> "Conversation":
        """What was refused was said before further tools were at hand."""
        return Conversation(Claims(self._claims.named), self._turns, self._today, self._requirement)

    def _works_on(self, question: Question, position: int) -> Reply | None:
        """The reply to a prompt that says that it works on with the turn before, or what to suppose instead."""
        supposed = is_supposed(question.text)
        if supposed and operation_in(question.text) and (reply := self._exchanged(question, position)) is not None:
            return reply
        before = self._replay(position - 1).tool_calls
        claim = self._claims.surest(question)
        of_result = None
        if claim is None or not before or claim.tool.name != before[0]["name"] or claim.tool.name == "text_changes":
            of_result = self._of_result(question, position)
        moved_on = self._moved(question, position) if not supposed else None
        worked = self._worked_on(question, position) if works_on(question.text) else None
        return moved_on or worked or of_result

    def _in_full(self, question: Question, claim: Claim | None) -> Reply | None:
        """The reply to a prompt that asks nothing itself, read with what the requirement asks."""
        if not self._standing:
            return None
        tools = [claim.tool] if claim is not None else self._claims.tools
        sums = [tool for tool in self._claims.named if tool.name == "arithmetic"]
        for tool in sums if sums and by_the_price(question, self._standing) else tools:
            try:
                text = tool.in_full(question, self._standing)
                whole = question._replace(text=text or "", earlier=())
                task = tool.understand(whole) if text is not None else None
            except Refusal as refusal:
                return done(Claim(tool, question, Task(CERTAIN, refusing(refusal))))
            if task is not None:
                return done(Claim(tool, question, task))._replace(read=text)
        return None

    def _worked_on(self, question: Question, position: int) -> Reply | None:
        """The reply to a prompt that works on with the result before it."""
        operation = operation_in(question.text) if position else None
        if position and (part := self._share_of_it(question, position)) is not None:
            return part
        values = self._values_before(position) if operation is not None else ()
        value = main_value(values, operation.per) if operation is not None and values else None
        if operation is None or value is None:
            return None
        before = self._replay(position - 1)
        if not before.tool_calls:
            return None
        read = self._read(position - 1)
        if operation.sign in "+-" and extended(question.text, read) is not None:
            return None
        plain = operation.sign in "+-" and not (operation.unit or operation.share or names_result(question.text))
        if plain and (re.search(r"[^\W\d]", value.spoken) or is_percentage(before)):
            return None  # of which of the two units is not said, or of which amount
        each = read.startswith("each: ")
        if operation.sign == "/" and (each or (not names_result(question.text) and substituted(question.text, read))):
            return None
        if operation.sign == "*" and not operation.per and before.tool_calls[0]["name"] == "date_arithmetic":
            return None
        lines = operated(value, operation, before.text, question.text)
        if not lines:
            return None
        texts = [f"{said} {figures.equals(result)}" for said, result, _ in lines]
        shown = [
            re.sub(r"(?= \(|$)", f" {unit}", text, count=1) + in_hours(result, unit) if unit else text
            for text, (_, result, unit) in zip(texts, lines, strict=True)
        ]
        call: dict[str, JsonValue] = {
            "name": before.tool_calls[0]["name"],
            "input": {"expression": "; ".join(said for said, _, _ in lines)},
            "output": {"result": figures.for_json(lines[0].result)},
        }
        spoken = [f"{figures.carried(result)} {unit}".strip() for _, result, unit in lines]
        results = tuple(Value(text, line.result, line.said) for text, line in zip(spoken, lines, strict=True))
        return Reply("\n".join(shown), (call,), results, read=spoken[0] if lines[0].unit else lines[0].said)

    def _share_of_it(self, question: Question, position: int) -> Reply | None:
        call = next(iter(self._replay(position - 1).tool_calls), None)
        said = call["input"] if call is not None else None
        expression = said.get("expression") if isinstance(said, dict) else None
        text = share_in(question.text, expression) if isinstance(expression, str) else None
        return self._sure(question, text, CERTAIN) if text is not None else None

    def _moved(self, question: Question, position: int) -> Reply | None:
        """The reply to a prompt that moves the date before, or asks for the weekday of one of two."""
        values = self._values_before(position)
        day = values[0].spoken if len(values) == 1 and values[0].number is None else ""
        before = (self._read(at) for at in range(position - 1, max(-1, position - 1 - _MOST_CHANGED), -1))
        text = moved(question.text, day) or weekday_of_one(question.text, before)
        text = text or same_dates(question.text, self._read(position - 1), self._today)
        claim = self._claims.surest(question._replace(text=text, earlier=())) if text is not None else None
        return done(claim)._replace(read=text if day else None) if claim is not None else None

    def _of_result(self, question: Question, position: int) -> Reply | None:
        """The reply to a prompt that is asked of the text or the list that the turn before gave."""
        call = next(iter(self._replay(position - 1).tool_calls), None) if position else None
        text = asked_of_result(question.text, call["output"], str(call["name"])) if call is not None else None
        return self._sure(question, text, CERTAIN) if text is not None else None

    def _of_data(self, question: Question, position: int) -> Reply | None:
        """The reply to a prompt that is asked of the data of an earlier turn."""
        for at in range(position - 1, max(-1, position - 1 - _MOST_CHANGED), -1):
            before, said = self._read(at), gist(self._replay(at))
            if (changed := in_its_place(question.text, before)) is not None:
                return self._sure(question, changed, self._confidence_in(before, question))
            text = asked_of_data(question.text, before)
            reply = self._sure(question, text, CERTAIN) if text is not None else None
            if reply is not None:
                return reply if gist(reply) != said else None
        return None

    def _sure(self, question: Question, text: str, least: int) -> Reply | None:
        claim = self._claims.surest(question._replace(text=text, earlier=()))
        reply = done(claim) if claim is not None and claim.task.confidence >= least else None
        return reply._replace(read=text) if reply is not None and not is_failed(reply) else None

    def _handed_on(self, question: Question, position: int) -> Reply | None:
        """The reply to a request that is about the text of the turn before."""
        if not position or not is_handed_on(question.text):
            return None
        before = self._replay(position - 1)
        if is_failed(before):
            return None
        text = text_of(self._turns[position - 1].prompt, before.text, before.tool_calls[-1])
        whole = question._replace(text=f"{question.text.rstrip(' ?？.!。')}:\n{text}", earlier=())
        for tool in self._claims.tools if text else ():
            takes = tool.name in OF_TEXTS and (tool.name != "list_cleanup" or "\n" in str(text))
            task = tool.understand(whole._replace(alone=False)) if takes else None
            if task is not None and task.confidence == CERTAIN:
                reply = done(Claim(tool, whole, task))
                if not is_failed(reply):
                    return reply._replace(read=whole.text)
        return None

    def _question(self, prompt: str, position: int) -> Question:
        earlier = [self._asked(at) for at in range(position - 1, max(0, position - _MOST_EARLIER) - 1, -1)]
        said = [prompt, *(turn.prompt for turn in reversed(self._turns[:position]))]
        wordy = next((text for text in said[: _MOST_EARLIER + 1] if self._has_words(text)), None)
        chinese = is_chinese(wordy) if wordy is not None else self._chinese
        return Question(prompt, self._today, chinese, tuple(earlier), len(self._claims.named) == 1, self._requirement)

    def _asked(self, position: int) -> str:
        """The prompt of a turn, with what the requirement asked of it."""
        if position not in self._wholes:
            prompt = in_full_words(self._turns[position].prompt)
            question = Question(prompt, self._today, self._chinese, (), len(self._claims.named) == 1, self._requirement)
            whole = self._in_full(question, self._claims.surest(question)) if self._standing else None
            self._wholes[position] = (whole and whole.read) or (position and self._replay(position).read) or prompt
        return self._wholes[position]

    def _has_words(self, text: str) -> bool:
        """Whether `text` shows its language: symbols of units behind numbers belong to any, where Chinese is asked."""
        plain = _SYMBOL.sub(" ", text) if self._chinese else text
        return re.search("[A-Za-z]{2}", plain) is not None or has_chinese(text)

    def _exchanged(self, question: Question, position: int) -> Reply | None:
        """The reply to a prompt that says only what is different from a prompt before, or comes on top of it.

        What was done to the result of that prompt since is done again.
        """
        for at in range(position - 1, max(-1, position - 1 - _MOST_CHANGED), -1):
            before = self._read(at)
            text = (extended(question.text, before) if at == position - 1 else None) or substituted(
                question.text, before
            )
            if text is not None:
                return self._changed(question, text, before, at, position)
            if self._replay(at).tool_calls and operation_in(self._turns[at].prompt) is None:
                return None
        return None

    def _changed(self, question: Question, text: str, before: str, at: int, position: int) -> Reply | None:
        changed = question._replace(text=text, earlier=())
        claim = self._claims.surest(changed)
        reply = self._in_full(changed, claim)
        if is_failed(self._replay(at)):
            reply = self._with(())._whole(text, 0)._replace(read=text)
        elif reply is None:
            if claim is None or claim.task.confidence < self._confidence_in(before, question):
                return None
            reply = done(claim)._replace(read=text)
        turns = [*self._turns[:at], Turn(text, None)]
        for turn in self._turns[at + 1 : position]:
            if is_failed(reply):
                return None
            reply = self._with(turns).reply(turn.prompt)
            turns.append(Turn(turn.prompt, None))
        return reply

    def _read(self, position: int) -> str:
        """What the prompt of a turn was taken to say in full."""
        return self._replay(position).read or in_full_words(self._turns[position].prompt)

    def _confidence_in(self, before: str, question: Question) -> int:
        """What is different is read with no more doubt than the whole was."""
        claim = self._claims.surest(question._replace(text=before, earlier=()))
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
            claim = self._claims.surest(question._replace(text=text, earlier=(), requirement=""))
            changes = claim is not None and claim.tool.name == "text_changes" and value.number is not None
            if claim is not None and claim.task.confidence == CERTAIN and not changes:
                return done(claim)
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
        if said is not None and self._claims.further and is_failed(replayed):
            replayed = self._unaided._replay(position)
        if said is None or said.strip() == replayed.text.strip():
            return replayed.values
        return value_in(said) if not replayed.values or replayed.values[0].spoken not in said else replayed.values

    def _replay(self, position: int) -> Reply:
        if position not in self._replayed:
            self._replayed[position] = self._reply(self._turns[position].prompt, position)
        return self._replayed[position]
