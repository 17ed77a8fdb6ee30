"""API keys of the tenant, for its admins."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Request, Response

from nexus_contracts.answers import ListOf
from nexus_contracts.errors import Conflict, InvalidState, NotFound, PermissionDenied
from nexus_contracts.keys import CreateKeyBody, DeletedKey, KeyView, NewKeyView, RotateKeyBody
from nexus_gateway.access.keys import Keys, Made, Wish
from nexus_gateway.answers import REPLAYED, success
from nexus_gateway.dependencies import Intent, OperationRoute, bare_intent, gateway_of, intent_with
from nexus_gateway.openapi import administration, examples
from nexus_gateway.openapi import operations as ops
from nexus_gateway.openapi.operations import operation
from nexus_gateway.requests.json_body import malformed
from nexus_gateway.routes.parameters import DEFAULT_LIMIT, KeyPath, LastKey, Limit
from nexus_runtime.process import caller
from nexus_runtime.process.clock import utc_now

router = APIRouter(tags=["admin"], route_class=OperationRoute)
_ROOT = "/api/v1/keys"
_NO_STORE = {"Cache-Control": "no-store"}


@router.post(
    _ROOT,
    **operation(
        "createKey",
        "Create an API key",
        NewKeyView,
        administration.NEW_KEY,
        status=201,
        errors=(*ops.BODY_ERRORS, Conflict, InvalidState),
        parameters=[ops.KEY],
        body=CreateKeyBody,
        body_example={"name": "nightly build", "user_id": "ann", "scopes": ["reports:write"]},
    ),
)
async def create_key(
    request: Request, intent: Annotated[Intent[CreateKeyBody], intent_with(CreateKeyBody)]
) -> Response:
    """`key` is shown this once, and to a repeat with the same `Idempotency-Key`. Only scopes that one has are given."""
    return _made(await _keys(request).create(_wish(intent, intent.body)))


@router.get(_ROOT, **operation("listKeys", "List the API keys", ListOf[KeyView], examples.page_of(administration.KEY)))
async def list_keys(request: Request, limit: Limit = DEFAULT_LIMIT, last_key: LastKey = None) -> Response:
    """Newest first, including expired ones, without their secrets, which are not stored."""
    tenant = caller.principal.get().tenant
    return await gateway_of(request).reads.own_page(
        _ROOT, last_key, {}, lambda before: _keys(request).page(tenant, limit, before)
    )


@router.post(
    _ROOT + "/{key_id}/rotate",
    **operation(
        "rotateKey",
        "Replace an API key",
        NewKeyView,
        administration.NEW_KEY,
        status=201,
        errors=(*ops.BODY_ERRORS, NotFound, Conflict, InvalidState),
        parameters=[ops.KEY],
        body=RotateKeyBody,
        body_example={"grace_seconds": 86_400},
    ),
)
async def rotate_key(
    key_id: KeyPath, request: Request, intent: Annotated[Intent[RotateKeyBody], intent_with(RotateKeyBody)]
) -> Response:
    """A new key with the same rights. The old one expires after `grace_seconds`."""
    keys = _keys(request)
    try:
        old = await keys.own(key_id, intent.principal)
    except NotFound:
        # A repeat gets its first answer though the old key has been deleted since.
        if made := await keys.made_before(intent.command_id, intent.fingerprint):
            return _made(made)
        raise
    fields = {name: getattr(old, name) for name in ("name", "user_id", "scopes", "project_id")}
    body = CreateKeyBody(**fields, expires_at=intent.body.expires_at)
    return _made(await keys.rotate(key_id, _wish(intent, body), timedelta(seconds=intent.body.grace_seconds)))


@router.delete(
    _ROOT + "/{key_id}",
    **operation(
        "deleteKey", "Delete an API key", DeletedKey, administration.DELETED_KEY, errors=(*ops.ONE_ERRORS, Conflict)
    ),
)
async def delete_key(key_id: KeyPath, request: Request, intent: Annotated[Intent[None], bare_intent()]) -> Response:
    """It becomes invalid within five seconds."""
    gone = await _keys(request).delete(key_id, intent.principal)
    return success(DeletedKey.model_validate(dict(gone)).model_dump_json().encode())


def _keys(request: Request) -> Keys:
    keys = gateway_of(request).keys
    if keys is None:
        raise InvalidState("without authentication there are no keys", suggestion="Set AUTHENTICATION=on.")
    return keys


def _wish(intent: Intent[CreateKeyBody] | Intent[RotateKeyBody], body: CreateKeyBody) -> Wish:
    """Raises PermissionDenied for a scope that the caller lacks, ValidationFailed for a time in the past."""
    for scope in body.scopes:
        if not intent.principal.may(scope):
            raise PermissionDenied(f"the scope {scope} is not yours to give", required_scope=scope)
    if body.expires_at and body.expires_at <= utc_now():
        raise malformed("must be in the future", "time", "body.expires_at")
    return Wish(intent.command_id, intent.fingerprint, intent.principal, body)


def _made(made: Made) -> Response:
    headers = {**_NO_STORE, "Location": f"{_ROOT}/{made.view.key_id}"}
    return success(
        made.view.model_dump_json().encode(), 201, headers=headers | ({REPLAYED: "true"} if made.replayed else {})
    )
