"""What a tool is asked and what it answers."""

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import NamedTuple, Union

JsonValue = Union[None, bool, int, float, str, list["JsonValue"], dict[str, "JsonValue"]]  # noqa: UP007 - lazy names

POSSIBLE = 1
LIKELY = 2
CERTAIN = 3


class Question(NamedTuple):
    """A prompt. `earlier` holds the user's earlier prompts, the latest first; `today` is the date in UTC.

    `alone`: the agent has no other tool, so that whatever it gets is most likely meant for this one. `requirement` is
    what the agent was built from, for a tool that answers with what is said there.
    """

    text: str
    today: date
    chinese: bool = False
    earlier: tuple[str, ...] = ()
    alone: bool = False
    requirement: str = ""


class Value(NamedTuple):
    """A result that a later prompt may refer to: `spoken` is how it is written there, with its unit if any."""

    spoken: str
    number: Fraction | None = None
    label: str = ""


class Answer(NamedTuple):
    """What a tool found out: the sentence for the user, and the call as it is shown in a trace."""

    text: str
    tool_input: dict[str, JsonValue]
    tool_output: dict[str, JsonValue]
    values: tuple[Value, ...] = ()


class Task(NamedTuple):
    """A tool's claim on a prompt: how sure it is that it is meant, and the work itself."""

    confidence: int
    run: Callable[[], Answer]


class Refusal(Exception):
    """The tool understood the prompt but cannot give a result; the message says why, in both languages."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english)
        self.english = english
        self.chinese = chinese

    def in_language(self, chinese: bool) -> str:
        return self.chinese if chinese else self.english


class Impossible(Refusal):
    """What was asked is clear and cannot be: no other reading of the prompt is tried."""


def is_refused(task: Task) -> bool:
    """Whether the work itself refuses; raises Impossible, as what was asked is clear then."""
    try:
        task.run()
    except Impossible:
        raise
    except Refusal:
        return True
    return False


def nothing_more(_question: Question, _requirement: str) -> str | None:
    """For a tool whose bare prompts say all that there is to say."""
    return None


class Tool(NamedTuple):
    """A tool with what it says about itself. `understand` is cheap and returns None for a prompt not meant for it.

    `in_full` puts what the requirement asks of every prompt into one that asks nothing itself; it returns None where
    either is not so, and raises Refusal where the requirement asks for what the tool cannot do with the prompt.
    """

    name: str
    ability: str
    ability_chinese: str
    example: str
    example_chinese: str
    understand: Callable[[Question], Task | None]
    in_full: Callable[[Question, str], str | None] = nothing_more
