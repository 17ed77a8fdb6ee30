"""Agent packages: uploaded before they are deployed."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from nexus_contracts.agents.views import PackageView
from nexus_gateway.dependencies import Intent, OperationRoute, gateway_of, package_intent
from nexus_gateway.openapi import examples
from nexus_gateway.openapi import operations as ops
from nexus_gateway.openapi.operations import file_form, operation
from nexus_gateway.requests.uploads import Upload

router = APIRouter(tags=["agents-management"], route_class=OperationRoute)
_FORM = file_form("application/zip", "order_calculator.zip")


@router.post(
    "/api/v1/packages",
    **operation(
        "uploadPackage",
        "Upload an agent package",
        PackageView,
        examples.PACKAGE,
        status=201,
        errors=ops.BODY_ERRORS,
        parameters=[ops.KEY],
        contents=_FORM,
    ),
)
async def upload_package(request: Request, intent: Annotated[Intent[Upload], package_intent()]) -> Response:
    """A zip file with a manifest.json, in the field `file`. `POST /api/v1/agents` deploys it.

    Its size, archive, paths and manifest are checked: `details.step` names the failed check, `details.reason` the
    cause. Uploading the same content again returns the same package.
    """
    return await gateway_of(request).uploads.package(intent.command_id, intent.fingerprint, intent.body.content)
