"""What a model answers in each step: the forms of its structured answers."""

from typing import Annotated

from pydantic import Field, JsonValue

from nexus_contracts.agents.spec import ToolName
from nexus_contracts.model import Message
from nexus_contracts.verification import MAX_CASE_NAME, CaseTurn

_Line = Annotated[str, Field(min_length=1, max_length=500)]
_Short = Annotated[str, Field(min_length=1, max_length=200)]
MAX_TOOLS = 8


class Brief(Message):
    """Whether the requirement can be built as tools that compute, and what should be known before."""

    feasible: bool
    reason: str = Field(default="", max_length=1000, description="why it is out of reach, if it is")
    summary: str = Field(min_length=1, max_length=1000, description="what the agent does, in one or two sentences")
    agent_name: str = Field(default="", max_length=48, description="lower case, words joined by underscores")
    questions: list[_Line] = Field(default=[], max_length=3, description="only what would change the result")


class DraftCase(Message):
    """A conversation whose right answers are certain, whoever builds the agent and on whatever day it is run."""

    name: str = Field(min_length=1, max_length=MAX_CASE_NAME)
    turns: list[CaseTurn] = Field(min_length=1, max_length=5)


class Analysis(Message):
    """The requirement as sentences, and the cases that show whether they hold."""

    specification: list[_Line] = Field(min_length=1, max_length=20)
    cases: list[DraftCase] = Field(min_length=3, max_length=15)


class BlindAnswer(Message):
    """One answer for each prompt of the case, as the finished agent should give it."""

    name: str
    answers: list[str]


class BlindAnswers(Message):
    """The answers of somebody who was not told what is expected."""

    cases: list[BlindAnswer]


class PlannedTool(Message):
    """`parameters` is the JSON schema of an object."""

    name: ToolName
    description: str = Field(min_length=1, max_length=1000)
    parameters: dict[str, JsonValue]


class Coverage(Message):
    """Which tool serves a sentence of the specification; without one, `reason` says why it is out of reach."""

    sentence: str
    tool: str | None = None
    reason: str | None = None


class Architecture(Message):
    """The tools of the agent, and what each is for."""

    tools: list[PlannedTool] = Field(max_length=MAX_TOOLS)
    coverage: list[Coverage] = Field(min_length=1, max_length=20)
    needs_model: bool = Field(default=False, description="only where the task offers a language model at run time")


class Design(Message):
    """How the agent presents itself."""

    description: str = Field(min_length=1, max_length=1000)
    category: str = Field(default="general", max_length=100)
    instructions: str = Field(min_length=1, max_length=10_000)
    examples: list[_Line] = Field(min_length=1, max_length=5)


class ToolTest(Message):
    """`prompts` are said one after another; the last answer contains `expects`, or, if null, the tool is not used."""

    prompts: list[_Line] = Field(min_length=1, max_length=3)
    expects: str | None = None


class WrittenTool(Message):
    """A tool: its module, its tests, and what the agent says about it in English and Chinese."""

    code: str = Field(min_length=1, max_length=30_000)
    tests: list[ToolTest] = Field(min_length=2, max_length=12)
    ability: _Short
    ability_chinese: _Short
    example: _Short
    example_chinese: _Short


class RevisedTool(Message):
    """The whole module, revised."""

    code: str = Field(min_length=1, max_length=30_000)
