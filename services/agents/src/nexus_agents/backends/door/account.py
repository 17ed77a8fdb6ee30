"""What one invocation of an agent has had from the door."""

from dataclasses import dataclass, replace

from pydantic import JsonValue

from nexus_agents.backends.door.refusals import DoorRefusal
from nexus_agents.domain.backend import AgentAnswer
from nexus_contracts.agents.events import AgentUsage
from nexus_contracts.builds.reports import Usage

MOST_FETCHES = 100
"""Requests to hosts."""


@dataclass
class Charge:
    """A call of a model. `used`: at its dearest, until the answer tells, or it is certain that there is none."""

    model: str
    used: Usage
    milliseconds: int = 0

    @property
    def shown(self) -> dict[str, JsonValue]:
        figures = self.used.model_dump(mode="json", exclude={"tool_calls"})
        return {"model": self.model, "duration_ms": self.milliseconds, **figures}


class Account:
    """Calls that are under way when it is read count, too."""

    def __init__(self, most_calls: int = 0) -> None:
        self._most_calls = most_calls
        self._calls = 0
        self._fetches = 0
        self._charges: list[Charge] = []

    @property
    def usage(self) -> AgentUsage:
        total, model = Usage(), None
        for charge in self._charges:
            total, model = total.plus(charge.used), charge.model
        return AgentUsage(model=model, **total.model_dump())

    def begin_call(self) -> None:
        """Raises DoorRefusal."""
        if self._calls >= self._most_calls:
            message = f"the agent's limit of {self._most_calls} calls of its model in one invocation is reached"
            raise DoorRefusal(402, "BUDGET_EXCEEDED", message)
        self._calls += 1

    def begin_fetch(self) -> None:
        """Raises DoorRefusal."""
        if self._fetches >= MOST_FETCHES:
            message = f"the limit of {MOST_FETCHES} requests to hosts in one invocation is reached"
            raise DoorRefusal(402, "BUDGET_EXCEEDED", message)
        self._fetches += 1

    def add(self, charge: Charge) -> None:
        self._charges.append(charge)

    def billed(self, answer: AgentAnswer) -> AgentAnswer:
        """With what was used in place of what the agent says of it."""
        if not self._charges:
            return answer
        usage = self.usage.model_copy(update={"tool_calls": answer.usage.tool_calls})
        return replace(answer, usage=usage, model_calls=tuple(charge.shown for charge in self._charges))
