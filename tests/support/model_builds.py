"""Builds by a model in this process: every step in its order, over one notebook that outlives workers."""

import asyncio
from typing import Any

from pydantic import JsonValue
from tests.support.notebooks import KeepingNotebook
from tests.support.scripted_model import OFFER, ScriptedModels

from nexus_contracts.builds.builder import BuildRequest, StepResult
from nexus_contracts.stages import STAGES
from nexus_model_builder import ModelBuilder
from nexus_model_builder.settings import ModelSettings
from nexus_model_builder.trial import Trial

STEPS = [name for stage in STAGES for name in (*(sub.name for sub in stage.sub_stages), stage.name)]
REQUIREMENT = "an agent that counts the vowels of a text"


class ModelBuild:
    """`waited` are the seconds that were waited for between tries."""

    def __init__(self, models: ScriptedModels, trial: Trial, **settings: Any) -> None:
        self.models = models
        self.trial = trial
        self.settings = ModelSettings(**{"models": [OFFER], **settings})
        self.notebook = KeepingNotebook()
        self.outputs: dict[str, dict[str, JsonValue]] = {}
        self.waited: list[float] = []

    async def step(self, step: str, **request: Any) -> StepResult:
        """The step, by a worker that knows nothing but what was kept."""
        builder = ModelBuilder(self.settings, self.models, self.trial, self._sleep)
        self.notebook.step = step
        asked = BuildRequest("proj_" + "0" * 32, 1, **{"requirement": REQUIREMENT, **request})
        result = await builder.execute(step, asked, self.outputs, self.notebook)
        self.outputs[step] = result.output_data
        return result

    async def run(self, until: str = "agent_deployer", **request: Any) -> StepResult:
        """The result of the last step."""
        for step in STEPS[: STEPS.index(until) + 1]:
            result = await self.step(step, **request)
        return result

    async def _sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        await asyncio.sleep(0)
