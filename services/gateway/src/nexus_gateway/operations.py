"""Operations: accepted commands whose outcome is read later. Nothing is stored: the signed id names the command."""

from typing import Any, NamedTuple

from itsdangerous import BadData, URLSafeSerializer

from nexus_contracts.errors import NotFound
from nexus_contracts.operations import OperationView, Outcomes
from nexus_contracts.principal import Principal
from nexus_contracts.replies import Outcome
from nexus_gateway.owners import Owners

PATH = "/api/v1/operations/"


class AcceptedCommand(NamedTuple):
    """A durable command. `resource` is the address of the resource that it concerns."""

    command_id: str
    fingerprint: str
    owner: str
    resource: str
    tenant: str
    user_id: str


class Operations:
    """Gateways with the same secret understand each other's ids."""

    def __init__(self, owners: Owners, secret: str) -> None:
        self._owners = owners
        self._sealer = URLSafeSerializer(secret, salt="operation")

    def seal(self, accepted: AcceptedCommand) -> str:
        # With its tenant and user: nothing is stored that could tell later whose operation it is.
        return str(self._sealer.dumps(accepted))

    async def read(self, operation_id: str, asker: Principal) -> OperationView:
        """Raises NotFound for what was never accepted, or from another caller; also as `Owners.get` does."""
        accepted = self._unsealed(operation_id)
        if accepted is None or not asker.sees(accepted.tenant, accepted.user_id):
            raise NotFound("there is no such operation", type="operation", id=operation_id[:200])
        query = {"fingerprint": accepted.fingerprint}
        answer = await self._owners.get(accepted.owner, f"/operations/{accepted.command_id}", query)
        return _view(operation_id, accepted, Outcomes.model_validate_json(answer.body).outcome)

    def _unsealed(self, operation_id: str) -> AcceptedCommand | None:
        try:
            said: Any = self._sealer.loads(operation_id)
        except BadData:
            return None
        return AcceptedCommand(*said)


def _view(operation_id: str, accepted: AcceptedCommand, outcome: Outcome | None) -> OperationView:
    status, error = "pending", outcome.error if outcome else None
    if outcome is not None:
        status = "done" if error is None else "refused" if outcome.status < 500 else "failed"
    return OperationView.model_validate(
        {"id": operation_id, "status": status, "resource": accepted.resource, "error": error}
    )
