"""The outcomes of commands that were answered with 202."""

from fastapi import APIRouter, Request, Response

from nexus_contracts.operations import OperationView
from nexus_gateway.answers import success
from nexus_gateway.dependencies import OperationRoute, gateway_of
from nexus_gateway.openapi import administration
from nexus_gateway.openapi import operations as ops
from nexus_gateway.openapi.operations import operation
from nexus_gateway.routes.parameters import OperationPath
from nexus_runtime.process import caller

router = APIRouter(tags=["operations"], route_class=OperationRoute)


@router.get(
    "/api/v1/operations/{operation_id}",
    **operation(
        "getOperation",
        "Read the outcome of an accepted command",
        OperationView,
        administration.OPERATION,
        errors=ops.ONE_ERRORS,
    ),
)
async def get_operation(operation_id: OperationPath, request: Request) -> Response:
    """Pending until the command is decided and any agent involved has answered. Kept for eight days.

    `refused`: nothing has changed, for the reason in `error`; `failed`: it was started and has failed.
    """
    view = await gateway_of(request).operations.read(operation_id, caller.principal.get())
    return success(view.model_dump_json().encode())
