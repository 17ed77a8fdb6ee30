"""Builds by a model in this process: every step in its order, over one notebook that outlives workers."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import JsonValue
from tests.support.notebooks import KeepingNotebook
from tests.support.scripted_model import OFFER

from nexus_contracts.builds.builder import BuildRequest, StepResult
from nexus_contracts.stages import STAGES
from nexus_model_builder import ModelBuilder
from nexus_model_builder.assembly import Parts
from nexus_model_builder.settings import ModelSettings
from nexus_model_builder.trial import Trial
from nexus_verification.judge import Given


class QuickTrial(Trial):
    """Runs the tools of scripts, which are known, in this process: no sandbox has to start."""

    def __init__(self) -> None:
        super().__init__("none")

    async def held(self, parts: Parts, conversations: Sequence[Sequence[str]]) -> list[list[Given]]:
        tools: dict[str, dict[str, Any]] = {name: {} for name in parts.written}
        for name, tool in parts.written.items():
            exec(tool.code, tools[name])
        return [[_answered(tools, prompt) for prompt in prompts] for prompts in conversations]


def _answered(tools: dict[str, dict[str, Any]], prompt: str) -> Given:
    for name, module in tools.items():
        try:
            if (arguments := module["read"](prompt, [])) is not None:
                return Given(module["run"](arguments), (name,))
        except ValueError as error:
            return Given(str(error), ())
    return Given("I cannot do that.", ())


STEPS = [name for stage in STAGES for name in (*(sub.name for sub in stage.sub_stages), stage.name)]
REQUIREMENT = "an agent that counts the vowels of a text"


class ModelBuild:
    """`waited` are the seconds that were waited for between tries."""

    def __init__(self, player: Any, trial: Trial | None = None, **settings: Any) -> None:
        self.models = player
        self.trial = trial or QuickTrial()
        self.settings = ModelSettings.model_validate({"models": [OFFER], **settings})
        self.notebook = KeepingNotebook()
        self.outputs: dict[str, dict[str, JsonValue]] = {}
        self.waited: list[float] = []

    async def step(self, step: str, **request: Any) -> StepResult:
        """The step, by a worker that knows nothing but what was kept."""
        builder = ModelBuilder(self.settings, self.models, self.trial, self._sleep)
        self.notebook.step = step
        asked = replace(BuildRequest("proj_" + "0" * 32, 1, REQUIREMENT), **request)
        result = await builder.execute(step, asked, self.outputs, self.notebook)
        self.outputs[step] = result.output_data
        return result

    async def run(self, until: str = "agent_deployer", **request: Any) -> StepResult:
        """The result of the last step."""
        for step in STEPS[: STEPS.index(until)]:
            await self.step(step, **request)
        return await self.step(until, **request)

    async def _sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        await asyncio.sleep(0)
