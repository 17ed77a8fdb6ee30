"""Health of the gateway, its metrics, and the table of stages: plain JSON, without the envelope."""

from typing import Any

from fastapi import APIRouter, Depends

from nexus_contracts.principal import PLATFORM_READ
from nexus_contracts.stages import stages_table
from nexus_gateway.dependencies import identified
from nexus_runtime.process.health import Health, health_routes


def plain_routes(health: Health) -> APIRouter:
    """Checks and metrics of the whole platform need their scope; orchestrators' questions and the table do not."""
    router = health_routes(health, [Depends(identified(PLATFORM_READ))])
    table = stages_table()

    @router.get(
        "/stages/info",
        operation_id="getStagesInfo",
        summary="Read the table of stages",
        responses={200: {"content": {"application/json": {"example": table[:1]}}}},
    )
    async def get_stages_info() -> list[dict[str, Any]]:  # pyright: ignore[reportUnusedFunction]  # a route
        """The stages of a build in order, with their weights (per cent) and sub-stages (parts of their stage)."""
        return table

    return router
