"""The health of the whole platform: the report of each service, and the open dead letters."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Protocol

from nexus_contracts.errors import PlatformError
from nexus_contracts.stats import OutboxHealth, ServiceHealth, SystemHealth
from nexus_gateway.owners import NAMES, WORKER, Owners

SERVICES = (*NAMES, WORKER)
ANSWER_SECONDS = 3.0
Details = Mapping[str, Any]


class OpenLetters(Protocol):
    async def open(self) -> dict[str, int]:
        """By topic. Raises PlatformError."""
        ...


class HealthOfSystem:
    """Never fails: what cannot be determined is shown as such."""

    def __init__(self, owners: Owners, letters: OpenLetters) -> None:
        self._owners = owners
        self._letters = letters

    async def look(self) -> SystemHealth:
        # All at once: a service that hangs then costs the caller its time limit only once.
        asked = asyncio.gather(*map(self._ask, SERVICES))
        answers, letters = await asyncio.gather(asked, self._dead_letters())
        told = dict(zip(SERVICES, answers, strict=True))
        services = {name: _service(answer) for name, answer in told.items()}
        well = letters is not None and not letters and all(one.status == "healthy" for one in services.values())
        checks = {name: answer.get("checks", {}) for name, answer in told.items() if not isinstance(answer, str)}
        return SystemHealth(
            status="healthy" if well else "degraded",
            services=services,
            consumer_lag={name: lag for name, one in checks.items() if (lag := _details(one, "consumers").get("lag"))},
            outbox={name: OutboxHealth(**seen) for name, one in checks.items() if (seen := _details(one, "outbox"))},
            dead_letters=letters,
        )

    async def _ask(self, service: str) -> Details | str:
        """Its detailed report, or why there is none."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return json.loads((await self._owners.get(service, "/health/detailed")).body)
        except TimeoutError:
            return "no answer in time"
        except PlatformError as error:
            return error.message
        except ValueError:
            return "the answer is not a health report"

    async def _dead_letters(self) -> dict[str, int] | None:
        try:
            return await self._letters.open()
        except PlatformError:
            return None


def _service(answer: Details | str) -> ServiceHealth:
    if isinstance(answer, str):
        return ServiceHealth(status="unavailable", error=answer)
    failing = {name: str(check["error"]) for name, check in answer.get("checks", {}).items() if check.get("error")}
    return ServiceHealth(status=str(answer.get("status", "unknown")), failing=failing)


def _details(checks: Details, name: str) -> dict[str, Any]:
    """The details of a check, empty if it failed."""
    return checks.get(name, {}).get("details") or {}
