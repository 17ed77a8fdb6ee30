"""The model builder: carries out each step of a build, with structured calls to a language model where needed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from pydantic import JsonValue

from nexus_contracts.builds.builder import BuildRequest, Notebook, StepFailed, StepResult
from nexus_model_builder import stages
from nexus_model_builder.calls import Caller, Sleep
from nexus_model_builder.models import Models, ProviderModels
from nexus_model_builder.settings import ModelSettings
from nexus_model_builder.tools import Toolmaker
from nexus_model_builder.trial import Trial
from nexus_model_builder.workbench import Workbench

_Step = Callable[[Workbench], Awaitable[StepResult]]
_STEPS: dict[str, _Step] = {
    "orchestrator": stages.orchestrate,
    "requirements_analysis": stages.analyse,
    "system_architecture": stages.architect,
    "agent_design": stages.design,
    "tool_developer": stages.develop_tools,
    "prompt_engineer": stages.tune,
    "agent_code_developer": stages.assemble,
    "agent_developer_manager": stages.conclude,
    "agent_deployer": stages.ship,
}


class ModelBuilder:
    """A StageExecutor. Settings that are not given come from the environment."""

    def __init__(
        self,
        settings: ModelSettings | None = None,
        models: Models | None = None,
        trial: Trial | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Raises ValidationError if the settings are invalid."""
        self._settings = settings or ModelSettings()  # pyright: ignore[reportCallIssue]  # read from the environment
        self._models = models or ProviderModels(self._settings.model_timeout_seconds)
        self._trial = trial or Trial(self._settings.agent_isolation)
        self._sleep = sleep

    async def start(self) -> None:
        """Does nothing: a model is loaded when a build first calls it."""

    async def stop(self) -> None:
        await self._models.close()

    async def execute(
        self, step: str, request: BuildRequest, outputs: Mapping[str, Mapping[str, JsonValue]], notebook: Notebook
    ) -> StepResult:
        """Carries out one step; `outputs` are those of the steps before it. Raises StepFailed."""
        work = _STEPS.get(step)
        if work is None:
            raise StepFailed("UNKNOWN_STEP", f"the model builder has no step named {step!r}")
        caller = Caller(self._settings, self._models, notebook, step, self._sleep)
        maker = Toolmaker(caller, self._trial, notebook)
        share, model = self._settings.verification_share, self._settings.agent_model
        result = await work(Workbench(request, outputs, notebook, caller, maker, share, model))
        await notebook.progress(100.0)
        return result
