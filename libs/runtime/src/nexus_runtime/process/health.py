"""Health for orchestrators: live checks progress, ready the dependencies, detailed everything."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import psutil
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from nexus_contracts.identifiers import format_timestamp
from nexus_runtime.process.clock import utc_now
from nexus_runtime.process.settings import VERSION

CHECK_SECONDS = 2.0
READY = "/health/ready"
Check = Callable[[], Awaitable[Mapping[str, Any] | None]]
"""Returns details, or raises if the dependency is down; the exception gives the reason."""


class HealthView(BaseModel):
    status: str = Field(examples=["healthy"])
    version: str = Field(examples=[VERSION])
    timestamp: str = Field(examples=["2026-01-01T00:00:00.000000Z"])


class SystemView(BaseModel):
    cpu_percent: float
    memory_percent: float
    process_memory_mb: float
    uptime_seconds: float


class CheckView(BaseModel):
    status: str = Field(examples=["healthy"])
    latency_ms: float
    details: dict[str, Any] = {}
    error: str | None = None


class ReadyView(HealthView):
    failing: list[str] = Field(description="names of the checks that fail")
    reasons: dict[str, str] = Field(description="why, by the name of the check")


class DetailedView(HealthView):
    checks: dict[str, CheckView]
    system: SystemView


class Unhealthy(Exception):
    """A check failed; the message says why."""


class Health:
    """`needed` checks decide readiness; `shown` ones only appear in the detailed answer and degrade it.

    `enough`: each of them is a part of the work that goes on without the others, so the service is ready with any one.
    """

    def __init__(
        self,
        needed: Mapping[str, Check],
        shown: Mapping[str, Check],
        alive: Callable[[], bool] = lambda: True,
        enough: Mapping[str, Check] | None = None,
        seconds: float = CHECK_SECONDS,
    ) -> None:
        """`seconds`: how long a check may take."""
        self._needed = dict(needed)
        self._shown = dict(shown)
        self._alive = alive
        self._enough = dict(enough or {})
        self._seconds = seconds
        self._started = time.monotonic()
        self._process = psutil.Process()
        self._process.cpu_percent()

    async def live(self) -> JSONResponse:
        alive = self._alive()
        return JSONResponse(_head("healthy" if alive else "unhealthy").model_dump(), 200 if alive else 503)

    async def ready(self) -> JSONResponse:
        reasons, unready = await self._lacking()
        head = _head("unhealthy" if unready else "degraded" if reasons else "healthy").model_dump()
        return JSONResponse(head | {"failing": list(reasons), "reasons": reasons}, 503 if unready else 200)

    async def serves(self) -> bool:
        """Ready, and able to write: the gateway counts as ready without that, too."""
        reasons, unready = await self._lacking()
        return not unready and "message_bus" not in reasons

    async def _lacking(self) -> tuple[dict[str, str], bool]:
        """Why which checks fail, and whether that makes the service unready."""
        needed, enough = await asyncio.gather(self._run(self._needed), self._run(self._enough))
        reasons = {name: result.error for name, result in sorted({**needed, **enough}.items()) if result.error}
        return reasons, bool(reasons) and (any(map(_failed, needed.values())) or all(map(_failed, enough.values())))

    async def detailed(self) -> DetailedView:
        needed, shown = await asyncio.gather(self._run(self._needed), self._run(self._shown))
        if any(map(_failed, needed.values())) or not self._alive():
            status = "unhealthy"
        else:
            status = "degraded" if any(map(_failed, shown.values())) else "healthy"
        return DetailedView(**_head(status).model_dump(), checks={**needed, **shown}, system=self._system())

    def _system(self) -> SystemView:
        return SystemView(
            cpu_percent=self._process.cpu_percent(),
            memory_percent=psutil.virtual_memory().percent,
            process_memory_mb=round(self._process.memory_info().rss / 1e6, 1),
            uptime_seconds=round(time.monotonic() - self._started, 1),
        )

    async def _run(self, checks: Mapping[str, Check]) -> dict[str, CheckView]:
        results = await asyncio.gather(*(_checked(check, self._seconds) for check in checks.values()))
        return dict(zip(checks, results, strict=True))


def _failed(result: CheckView) -> bool:
    return result.error is not None


async def _checked(check: Check, seconds: float) -> CheckView:
    began = time.perf_counter()
    details: dict[str, Any] = {}
    error = None
    try:
        async with asyncio.timeout(seconds):
            details = dict(await check() or {})
    except TimeoutError:
        error = f"no answer within {seconds:g} s"
    except Exception as fault:  # noqa: BLE001  # any failure is the answer to the question asked
        error = str(fault) or type(fault).__name__
    latency = round((time.perf_counter() - began) * 1000, 2)
    return CheckView(status="unhealthy" if error else "healthy", latency_ms=latency, details=details, error=error)


def _head(status: str) -> HealthView:
    return HealthView(status=status, version=VERSION, timestamp=format_timestamp(utc_now()))


def health_routes(health: Health, inside: Sequence[Any] = ()) -> APIRouter:
    """/health, /health/live, /health/ready; /health/detailed and /metrics, which depend on `inside`."""
    router = APIRouter(tags=["health"])

    @router.get("/health", operation_id="getHealth", summary="Whether the service answers")
    async def get_health() -> HealthView:  # pyright: ignore[reportUnusedFunction]  # a route
        """Always 200 if the service can answer at all."""
        return _head("healthy")

    @router.get(
        "/health/live",
        operation_id="getLiveness",
        summary="Whether the process makes progress",
        response_model=HealthView,
    )
    async def get_live() -> JSONResponse:  # pyright: ignore[reportUnusedFunction]  # a route
        """503 when it should be restarted; does not depend on Kafka or the database."""
        return await health.live()

    @router.get(
        READY,
        operation_id="getReadiness",
        summary="Whether the service can do its work",
        response_model=ReadyView,
        responses={503: {"model": ReadyView, "description": "it cannot work; `failing` names why"}},
    )
    async def get_ready() -> JSONResponse:  # pyright: ignore[reportUnusedFunction]  # a route
        """503 while a dependency is unavailable; for the gateway, while none of its routes work."""
        return await health.ready()

    @router.get(
        "/health/detailed",
        operation_id="getDetailedHealth",
        summary="Every check, and the process itself",
        dependencies=inside,
    )
    async def get_detailed() -> DetailedView:  # pyright: ignore[reportUnusedFunction]  # a route
        """Checks run concurrently, each for at most two seconds; the gateway's, which ask other services, for three."""
        return await health.detailed()

    @router.get(
        "/metrics",
        operation_id="getMetrics",
        summary="Metrics for Prometheus",
        response_class=Response,
        dependencies=inside,
    )
    async def get_metrics() -> Response:  # pyright: ignore[reportUnusedFunction]  # a route
        """Prometheus text format."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
