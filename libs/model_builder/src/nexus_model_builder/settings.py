"""The settings of the model builder, from the environment of its worker."""

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from nexus_contracts.builds.language_models import LanguageModel
from nexus_sandbox.sandbox import Isolation

ModelStep = Literal[
    "orchestrator",
    "requirements_analysis",
    "system_architecture",
    "agent_design",
    "tool_developer",
    "prompt_engineer",
    "agent_deployer",
]
"""The steps that call a model."""


class ModelSettings(BaseSettings):
    """`models` are tried in the order given. Raises ValidationError."""

    model_config = SettingsConfigDict(env_prefix="", extra="ignore", frozen=True, env_ignore_empty=True)

    models: list[LanguageModel] = Field(min_length=1)
    models_by_step: dict[ModelStep, list[str]] = Field(
        default={}, description="names of models, in their order, for steps that want others than all of them"
    )
    model_timeout_seconds: float = Field(default=180.0, gt=0, le=3_600, description="of one call")
    model_budget_project_usd: float | None = Field(default=None, gt=0, description="of all builds of a project")
    model_budget_day_usd: float | None = Field(default=None, gt=0, description="of a tenant's builds on a day (UTC)")
    agent_models: list[str] = Field(
        default=[], description="that agents may use at run time; they are built for the first"
    )
    verification_share: float = Field(
        default=0.8, ge=0, le=1, description="of the held-back cases: fewer that pass fail a build by a model"
    )
    agent_isolation: Isolation = "auto"

    @model_validator(mode="after")
    def _known_models(self) -> Self:
        known = {model.name for model in self.models}
        named = [*self.agent_models, *(name for names in self.models_by_step.values() for name in names)]
        if unknown := sorted(set(named) - known):
            raise ValueError(f"MODELS has no model named {unknown[0]}")
        return self

    @property
    def agent_model(self) -> str | None:
        """The model that new agents use at run time; None if agents are built without one."""
        return next(iter(self.agent_models), None)

    def offered(self, step: str) -> list[LanguageModel]:
        """The models for the step, in the order in which they are tried."""
        by_name = {model.name: model for model in self.models}
        named = next((names for known, names in self.models_by_step.items() if known == step), None)
        return [by_name[name] for name in named] if named else self.models
