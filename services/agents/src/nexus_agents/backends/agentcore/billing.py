"""What agents on AgentCore spend on models: they call them themselves, so the platform knows when they tell."""

import json
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace

from nexus_agents.backends.agentcore.outside import PROVIDER
from nexus_agents.backends.door.grants import Grants
from nexus_agents.backends.payload import payload_of
from nexus_agents.backends.settling import Settling
from nexus_agents.domain.backend import AgentAnswer, DeployedAgent, InvokeRequest, ModelBudget
from nexus_agents.domain.backend_errors import AgentFailed, BackendError, BackendRefused
from nexus_agents.domain.spending import BudgetExceeded, BudgetUnknown, Reserved, Spending
from nexus_contracts.agents.events import AgentUsage
from nexus_contracts.builds.language_models import LanguageModel


class Billing:
    """Of the agent's day an amount is set aside for an invocation, which is told it: its host makes no call beyond it.

    It is settled at what the agent says it has used. Where that says nothing (a crash, a time limit) it stays counted.
    """

    def __init__(self, grants: Grants, spending: Spending) -> None:
        self._grants = grants
        self._spending = spending
        self._settling = Settling(spending)

    async def close(self) -> None:
        await self._settling.close()

    async def billed(
        self, agent: DeployedAgent, request: InvokeRequest, asked: Callable[[InvokeRequest], Awaitable[AgentAnswer]]
    ) -> AgentAnswer:
        """The answer, with what it has cost. Raises AgentFailed where it may cost nothing more, and as `asked` does."""
        if agent.model is None:
            return await asked(request)
        model, usd = self._granted(agent.model), None
        reserved = await self._reserved(agent.agent_id, model, request)
        budget = ModelBudget(reserved.usd, model.prices) if math.isfinite(reserved.usd) else None
        try:
            answer = await asked(replace(request, model_budget=budget))
            usage, usd = _priced(answer.usage, model)
            return replace(answer, usage=usage)
        except BackendError as error:
            error.usage, usd = _priced(error.usage, model)
            if error.may_retry or isinstance(error, BackendRefused):
                usd = 0.0
            raise
        finally:
            if usd is not None:
                await self._settling.settle(reserved, usd)

    def _granted(self, name: str) -> LanguageModel:
        """As it is now: the grant may have been taken back since the deployment."""
        if (model := self._grants.model(name, PROVIDER)) is None:
            raise AgentFailed("MODEL_NOT_ALLOWED", f"the agent's specification names {name}: it is not granted")
        return model

    async def _reserved(self, agent_id: str, model: LanguageModel, request: InvokeRequest) -> Reserved:
        sent = len(json.dumps(payload_of(request), ensure_ascii=False).encode())
        try:
            return await self._spending.reserve_share(agent_id, model.dearest(sent, model.max_output_tokens).cost_usd)
        except BudgetExceeded as error:
            raise AgentFailed("BUDGET_EXCEEDED", str(error)) from None
        except BudgetUnknown:
            raise AgentFailed("BUDGET_UNKNOWN", "what the agent may spend cannot be read now") from None


def _priced(told: AgentUsage, model: LanguageModel) -> tuple[AgentUsage, float | None]:
    """At the prices of the platform; without a cost where the agent tells nothing."""
    if told.model is None and not (told.input_tokens or told.output_tokens):
        return told, None
    used = model.usage(told.input_tokens, told.output_tokens, told.cached_tokens, told.cache_write_tokens)
    figures = used.model_dump(exclude={"tool_calls"})
    return AgentUsage(**figures, tool_calls=told.tool_calls, model=model.name), used.cost_usd
