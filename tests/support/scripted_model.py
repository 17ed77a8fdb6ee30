"""A language model that plays a script: for each form of answer what it says, in turn."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, ToolCallPart, UserPromptPart
from pydantic_ai.models import Model
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import RequestUsage

from nexus_contracts.builds.language_models import LanguageModel

Answer = dict[str, JsonValue]
Said = Answer | str | ModelResponse | Exception
Script = Mapping[str, Said | Sequence[Said] | Callable[[str], Said]]
"""By the title of the form: the answer, the answers in turn (the last again and again), or what answers a prompt."""

OFFER = LanguageModel(name="openai:played-1", input_usd=1.0, output_usd=10.0)
SECOND = LanguageModel(name="openai:played-2", input_usd=1.0, output_usd=10.0)

VOWELS = """
def read(prompt, earlier):
    words = prompt.lower()
    if "vowel" not in words and "元音" not in words:
        return None
    text = prompt.split(":", 1)[1] if ":" in prompt else prompt.rsplit(" ", 1)[1]
    if not text.strip():
        raise ValueError("Please give me a text after a colon.")
    return {"text": text.strip()}

def run(arguments):
    found = sum(letter in "aeiou" for letter in arguments["text"].lower())
    return f"There are {found} vowels."
"""
BROKEN = VOWELS.replace('"aeiou"', '"aeio"')
HOSTILE = VOWELS.replace("def run(arguments):", "def run(arguments):\n    import os; os.fork()")


def written(code: str = VOWELS) -> Answer:
    return {
        "code": code,
        "tests": [
            {"prompts": ["count the vowels: queue"], "expects": "4 vowels"},
            {"prompts": ["vowels in: xyz"], "expects": "0 vowels"},
            {"prompts": ["hello there"], "expects": None},
        ],
        "ability": "count vowels",
        "ability_chinese": "数元音",
        "example": "count the vowels: queue",
        "example_chinese": "数元音: queue",
    }


def case(prompt: str, number: float) -> Answer:
    return {"name": prompt, "turns": [{"prompt": prompt, "expect": [{"kind": "number", "value": number}]}]}


PROMPTS = {
    **{"count the vowels in: queue": 4, "vowels: banana": 3, "vowels: sky": 0, "how many vowels: audio": 4},
    **{"vowels: onomatopoeia": 8, "count vowels: rhythm": 0, "vowels: tree": 2},
}
REFUSED: Answer = {
    "name": "poem",
    "turns": [{"prompt": "write me a poem", "expect": [{"kind": "refusal"}]}],
}


def vowels_script(**changes: Any) -> Script:
    """A build that succeeds at the first try."""
    cases: list[JsonValue] = [case(prompt, number) for prompt, number in PROMPTS.items()]
    blind: list[JsonValue] = [{"name": prompt, "answers": [str(number)]} for prompt, number in PROMPTS.items()]
    tool: Answer = {"name": "vowels", "description": "counts vowels", "parameters": {"type": "object"}}
    return {
        "Brief": {"feasible": True, "summary": "It counts vowels.", "agent_name": "vowel_counter"},
        "Analysis": {"specification": ["It counts the vowels of a text."], "cases": [*cases, REFUSED]},
        "BlindAnswers": {"cases": [*blind, {"name": "poem", "answers": ["I cannot write poems."]}]},
        "Architecture": {"tools": [tool], "coverage": [{"sentence": "It counts.", "tool": "vowels"}]},
        "Design": {"description": "Counts vowels.", "instructions": "Count vowels.", "examples": ["vowels: sky"]},
        "WrittenTool": written(),
        "RevisedTool": {"code": VOWELS},
        **changes,
    }


@dataclass
class ScriptedModels:
    """Models of any name that play the script. `calls` are the titles asked for, `prompts` what was said."""

    script: Script
    calls: list[str] = field(default_factory=list[str])
    prompts: list[str] = field(default_factory=list[str])
    asked: list[str] = field(default_factory=list[str])
    instructions: set[str | None] = field(default_factory=set[str | None])
    stuck: bool = False
    meanwhile: Callable[[str], Awaitable[None]] | None = None
    """What happens, by the title of the form, while it makes its answer."""
    _turns: Counter[str] = field(default_factory=Counter[str])

    def made(self, offer: LanguageModel) -> Model:
        async def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
            self.asked.append(offer.name)
            if self.stuck:
                await asyncio.Event().wait()
            if self.meanwhile is not None:
                await self.meanwhile(_title(info))
            return self._answer(messages, info)

        return FunctionModel(answer, model_name=offer.name)

    async def close(self) -> None:
        """There is nothing to close."""

    def _answer(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        (request,) = messages
        assert isinstance(request, ModelRequest)
        (part,) = request.parts
        assert isinstance(part, UserPromptPart)
        assert isinstance(part.content, str)
        title = _title(info)
        self.calls.append(title)
        self.prompts.append(part.content)
        self.instructions.add(request.instructions)
        said = self._said(title, part.content)
        if isinstance(said, Exception):
            raise said
        return response(said, info.output_tools[0].name)

    def _said(self, title: str, prompt: str) -> Said:
        said = self.script[title]
        if callable(said):
            return said(prompt)
        if isinstance(said, str | dict | ModelResponse | Exception):
            return said
        turn = self._turns[title]
        self._turns[title] += 1
        return said[min(turn, len(said) - 1)]


def _title(info: AgentInfo) -> str:
    return str(info.output_tools[0].parameters_json_schema["title"])


def response(said: Answer | str | ModelResponse, tool: str = "answer") -> ModelResponse:
    """1000 tokens in and 100 out; a text is what the model says instead of calling the tool."""
    if isinstance(said, ModelResponse):
        return said
    part = TextPart(said) if isinstance(said, str) else ToolCallPart(tool, said)
    return ModelResponse(parts=[part], usage=RequestUsage(input_tokens=1000, output_tokens=100))
