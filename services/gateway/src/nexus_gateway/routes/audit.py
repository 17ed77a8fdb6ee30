"""Who has changed what, for admins of the tenant."""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from nexus_contracts.answers import ListOf
from nexus_contracts.audit import AuditEntry
from nexus_gateway.dependencies import OperationRoute, gateway_of
from nexus_gateway.openapi import administration, examples
from nexus_gateway.openapi.operations import operation
from nexus_gateway.requests.dates import date_range
from nexus_gateway.routes.parameters import DEFAULT_LIMIT, EndDate, FilterText, LastKey, Limit, StartDate
from nexus_runtime.process import caller
from nexus_runtime.process.clock import utc_now

router = APIRouter(tags=["admin"], route_class=OperationRoute)
_ROOT = "/api/v1/audit"


@router.get(
    _ROOT,
    **operation(
        "listAudit",
        "List who has changed what",
        ListOf[AuditEntry],
        examples.page_of(administration.AUDIT),
    ),
)
async def list_audit(
    request: Request,
    principal: FilterText = None,
    resource: FilterText = None,
    start_date: StartDate = None,
    end_date: EndDate = None,
    limit: Limit = DEFAULT_LIMIT,
    last_key: LastKey = None,
) -> Response:
    """Newest first: each write of the tenant that was completed, or accepted as long work. Kept for 400 days.

    Filters can be combined. `resource` is the id of a project, agent, session, invocation, package or key.
    """
    chosen = {"principal": principal, "resource": resource, "start_date": start_date, "end_date": end_date}
    filters = {name: value for name, value in chosen.items() if value is not None}
    gateway, asker = gateway_of(request), caller.principal.get()

    async def look(before: str | None) -> tuple[Sequence[AuditEntry], str | None]:
        wanted = filters | date_range(start_date, end_date, utc_now().date())
        return await gateway.audit.page(asker, wanted, limit, before)

    return await gateway.reads.own_page(_ROOT, last_key, filters, look)
