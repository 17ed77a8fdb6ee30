"""What agents spend on language models at run time."""

import math
from dataclasses import dataclass
from datetime import date
from typing import Protocol


class BudgetExceeded(Exception):
    """The call would cost more than is left; the message says of what."""


class BudgetUnknown(Exception):
    """What was spent cannot be read now."""


@dataclass(frozen=True)
class Reserved:
    """An amount that counts as spent until it is settled, and if it never is."""

    id: str
    agent_id: str
    day: date
    usd: float


class Spending(Protocol):
    """Sums what each agent spends on a day (UTC), over all processes of the service."""

    async def reserve(self, agent_id: str, usd: float) -> Reserved:
        """Raises BudgetExceeded where that is more than is left, and BudgetUnknown."""
        ...

    async def reserve_share(self, agent_id: str, call_usd: float) -> Reserved:
        """For several calls, of which the first costs `call_usd` at most: that much at least, and no more than is left.

        Raises as `reserve` does.
        """
        ...

    async def settle(self, reserved: Reserved, usd: float) -> None:
        """It has cost this much. Called once at most; raises nothing: what cannot be settled stays reserved."""
        ...


class Unlimited:
    """Sums nothing."""

    async def reserve(self, agent_id: str, usd: float) -> Reserved:
        return Reserved("", agent_id, date.min, usd)

    async def reserve_share(self, agent_id: str, call_usd: float) -> Reserved:
        return Reserved("", agent_id, date.min, math.inf)

    async def settle(self, reserved: Reserved, usd: float) -> None:
        return
