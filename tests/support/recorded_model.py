"""Builds by a real model, recorded by somebody with a key and replayed by anybody: prompts and answers, no secrets."""

import json
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, UserPromptPart
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from nexus_agents.backends.door.grants import redacted
from nexus_contracts.builds.language_models import LanguageModel
from nexus_contracts.model import Message
from nexus_model_builder.models import Models

RESPONSE = TypeAdapter(ModelResponse)
_KEPT = ("parts", "usage", "finish_reason", "kind")
"""Of a response. Its provider, ids and times say who recorded it and when, and replay nothing."""
_KEYS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL")


class Exchange(Message):
    """`form` is the title of the answer that was asked for."""

    model: str
    form: str
    prompt: str
    response: dict[str, Any]


class Recording(Message):
    requirement: str
    exchanges: list[Exchange]


@dataclass
class RecordingModels:
    """Passes every request on, and notes it. What `environment` has of secrets stands in no note."""

    models: Models
    requirement: str
    environment: Mapping[str, str]
    exchanges: list[Exchange] = field(default_factory=list[Exchange])

    def made(self, offer: LanguageModel) -> Model:
        return _Recording(self.models.made(offer), offer.name, self.exchanges)

    async def close(self) -> None:
        await self.models.close()

    def text(self) -> str:
        """What is to be kept, as JSON."""
        recording = Recording(requirement=self.requirement, exchanges=self.exchanges)
        text = json.dumps(recording.model_dump(mode="json"), indent=1, ensure_ascii=False).encode()
        for name, value in self.environment.items():
            if any(word in name.upper() for word in _KEYS) and len(value) >= 8:
                text = redacted(text, value)
        return text.decode() + "\n"


class _Recording(WrapperModel):
    def __init__(self, wrapped: Model, name: str, exchanges: list[Exchange]) -> None:
        super().__init__(wrapped)
        self._name = name
        self._exchanges = exchanges

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        response = await super().request(messages, model_settings, model_request_parameters)
        dumped = RESPONSE.dump_python(response, mode="json")
        form = str(model_request_parameters.output_tools[0].parameters_json_schema["title"])
        kept = {name: dumped[name] for name in _KEPT}
        self._exchanges.append(Exchange(model=self._name, form=form, prompt=prompt_of(messages), response=kept))
        return response


class RecordedModels:
    """Plays a recording: to a prompt what it was answered then; to another, the next answer in the same form.

    So a recording stands changes of the wording, and fails where a build asks for what it was never asked for.
    """

    def __init__(self, recording: Recording) -> None:
        self._answers: defaultdict[str, deque[Exchange]] = defaultdict(deque)
        for exchange in recording.exchanges:
            self._answers[exchange.form].append(exchange)

    @property
    def left(self) -> int:
        """Answers that nobody asked for."""
        return sum(len(answers) for answers in self._answers.values())

    def made(self, offer: LanguageModel) -> Model:
        async def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
            answers = self._answers[str(info.output_tools[0].parameters_json_schema["title"])]
            said = prompt_of(messages)
            found = next((one for one in answers if one.prompt == said), None) or answers[0]
            answers.remove(found)
            return RESPONSE.validate_python(found.response)

        return FunctionModel(answer, model_name=offer.name)

    async def close(self) -> None:
        """There is nothing to close."""


def prompt_of(messages: list[ModelMessage]) -> str:
    (request,) = messages
    assert isinstance(request, ModelRequest)
    (part,) = request.parts
    assert isinstance(part, UserPromptPart)
    return str(part.content)


def read_recording(path: Path) -> Recording:
    return Recording.model_validate_json(path.read_bytes())
