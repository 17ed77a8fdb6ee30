"""What routes depend on: the parts of the gateway, who asks, and the write that a request asks for."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from pydantic import ValidationError

from nexus_contracts.commands import Command, IfMatch
from nexus_contracts.errors import ErrorBody, NotFound, PlatformError, Unauthenticated
from nexus_contracts.model import RequestBody
from nexus_contracts.principal import Principal
from nexus_gateway.access.concurrency import Concurrency
from nexus_gateway.access.identity import Authenticating, Identity
from nexus_gateway.access.keys import Keys
from nexus_gateway.access.rates import Rate, Rates, RouteClass, exceeded
from nexus_gateway.access.scopes import OPERATIONS
from nexus_gateway.answers import body_failure, size_failure
from nexus_gateway.audit import AuditTrail
from nexus_gateway.commands import Commands
from nexus_gateway.operations import Operations
from nexus_gateway.owners import Answer, Owners
from nexus_gateway.reads import Reads
from nexus_gateway.requests.idempotency import command_id_of, fingerprint, idempotency_key, prefers_async
from nexus_gateway.requests.json_body import canonical, parse_object, read_body, require_few, require_no_body
from nexus_gateway.requests.paths import require_possible_ids
from nexus_gateway.requests.preconditions import expected_version
from nexus_gateway.requests.queries import require_known_query
from nexus_gateway.requests.reports import SentReport, read_report
from nexus_gateway.requests.uploads import Upload, read_upload
from nexus_gateway.settings import GatewaySettings
from nexus_gateway.streams import Streams
from nexus_gateway.system_health import HealthOfSystem
from nexus_gateway.uploads import Uploads
from nexus_runtime.process import caller
from nexus_runtime.process.clock import derived_id, new_id

B = TypeVar("B", bound=RequestBody)
B_co = TypeVar("B_co", covariant=True)
C = TypeVar("C", bound=Command)


@dataclass(frozen=True)
class Gateway:
    """`keys`: None without authentication. `streams` are those of projects, `said` those of invocations."""

    authentication: Authenticating
    rates: Rates
    concurrency: Concurrency
    keys: Keys | None
    commands: Commands
    reads: Reads
    owners: Owners
    streams: Streams
    said: Streams
    health: HealthOfSystem
    uploads: Uploads
    operations: Operations
    audit: AuditTrail
    settings: GatewaySettings

    def end_streams(self) -> None:
        """All of them, at once: the service stops."""
        self.streams.end()
        self.said.end()


def gateway_of(request: Request) -> Gateway:
    return cast("Gateway", request.app.state.gateway)


def identified(scope: str | None) -> Callable[[Request], Awaitable[None]]:
    """`caller.principal` is who asks, may do what needs `scope`, and does not ask too often or too much at once.

    Raises Unauthenticated, PermissionDenied, RateLimitExceeded.
    """

    async def identify(request: Request) -> None:
        identity = await _identity(request)
        named = request.path_params
        identity.require(scope, named.get("project_id") or named.get("task_id"))  # a task is a project, too
        caller.principal.set(identity.principal)
        request.state.caller = identity.principal
        request.state.ended = gateway_of(request).concurrency.begin(identity.principal)
        _require(request, await gateway_of(request).rates.count(_route_class(request, scope), identity.principal))

    return identify


async def _identity(request: Request) -> Identity:
    """Whoever shows wrong credentials too often is not even asked for right ones."""
    gateway, address = gateway_of(request), request.client.host if request.client else ""
    rate = await gateway.rates.of_address(address)
    if rate and rate.remaining < 0:
        _require(request, rate)
    try:
        return await gateway.authentication.identify(request)
    except Unauthenticated:
        await gateway.rates.count_unauthenticated(address)
        raise


async def still_known(request: Request) -> bool:
    """Whether the credentials still count: streams outlive deleted keys and expired tokens otherwise."""
    try:
        await gateway_of(request).authentication.identify(request)
    except Unauthenticated:
        return False
    except PlatformError:
        # A database or an identity provider that is away is no reason to end streams.
        return True
    return True


def _require(request: Request, rate: Rate | None) -> None:
    request.state.rate = rate
    if rate and rate.remaining < 0:
        raise exceeded(rate)


def _route_class(request: Request, scope: str | None) -> RouteClass:
    if request.method == "GET":
        return "read"
    return "invoke" if scope == "agents:invoke" else "write"


class OperationRoute(APIRoute):
    """What every operation begins with: who asks may do it (`identified`), and the request is well formed.

    Not a dependency: FastAPI would solve it anew each time, a seventh of what the application does for a read.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        identify = identified(OPERATIONS[self.operation_id or ""].scope)

        async def admitted(request: Request) -> Response:
            # The caller first: to a stranger the errors below would tell which parameters and ids exist.
            await identify(request)
            require_known_query(request)
            require_possible_ids(request.path_params)
            return await handle(request)

        return admitted


@dataclass(frozen=True)
class Intent(Generic[B_co]):
    """A write as its caller means it.

    `known`: who asks is authenticated, and nobody else is written for. `keyed`: an Idempotency-Key was given; `waits`:
    the caller wants the outcome; `if_match`: the versions, of which one must be the resource's, where the operation
    heeds If-Match.
    """

    body: B_co
    principal: Principal
    known: bool
    command_id: str
    fingerprint: str
    keyed: bool
    waits: bool
    if_match: IfMatch

    def created(self, prefix: str) -> str:
        """The id of what this write creates; with a key the same each time."""
        return derived_id(prefix, self.command_id) if self.keyed else new_id(prefix)

    async def found(self, reading: Awaitable[Answer]) -> Answer | ErrorBody:
        """What another owner has of what the write concerns. If there is nothing: the refusal for a command with a key,
        which may be a repeat of one that was carried out when it was still there. Raises as `Owners.get` does.
        """
        try:
            return await reading
        except PlatformError as error:
            if not self.keyed or error.body().code != NotFound.code:
                raise
            return error.body()

    def command(self, kind: type[C], **fields: Any) -> C:
        """The command that says so, with the fields of the body and these, which go before the body's.

        Its `user_id` is the caller, where callers are known.
        """
        body = self.body.model_dump() if isinstance(self.body, RequestBody) else {}
        wish: dict[str, Any] = {
            "command_id": self.command_id,
            "fingerprint": self.fingerprint,
            "principal": self.principal,
        }
        own: dict[str, Any] = {"user_id": self.principal.id} if self.known and "user_id" in kind.model_fields else {}
        return kind(**wish | body | fields | own)


def intent_with(model: type[B], *, heeds_if_match: bool = False) -> Any:
    """A dependency on the write that the request asks for. No body counts as an empty object."""

    async def intent(request: Request) -> Intent[B]:
        raw = await read_body(request, gateway_of(request).settings.max_body_bytes) or b"{}"
        value = parse_object(raw)
        require_few(value, model)
        sent = canonical(value)
        try:
            body = model.model_validate_json(raw, strict=True)
        except ValidationError as error:
            raise size_failure(error) or body_failure(error) from None
        return _intent(request, body, sent, heeds_if_match)

    return Depends(intent)


def bare_intent(*, heeds_if_match: bool = False) -> Any:
    """The same for a request without a body."""

    async def intent(request: Request) -> Intent[None]:
        await require_no_body(request)
        return _intent(request, None, b"", heeds_if_match)

    return Depends(intent)


def package_intent() -> Any:
    """The same for a package that is uploaded, under whatever name; it is closed with the request."""
    return _file_intent(lambda settings: settings.max_package_bytes, lambda upload: upload.sha256.encode())


def upload_intent() -> Any:
    """The same for a file that is uploaded into a session."""
    return _file_intent(
        lambda settings: settings.max_upload_bytes,
        lambda upload: canonical([upload.sha256, upload.name, upload.media_type]),
    )


def _file_intent(limit: Callable[[GatewaySettings], int], sent: Callable[[Upload], bytes]) -> Any:
    async def intent(request: Request) -> AsyncGenerator[Intent[Upload]]:
        upload = await read_upload(request, limit(gateway_of(request).settings))
        with upload.content:
            yield _intent(request, upload, sent(upload), heeds_if_match=False)

    return Depends(intent)


def report_intent() -> Any:
    """The same for a report, which is the body together with its attributes."""

    async def intent(request: Request) -> Intent[SentReport]:
        limit = gateway_of(request).settings.max_body_bytes
        report = await read_report(request, request.path_params["project_id"], limit)
        return _intent(request, report, report.content, heeds_if_match=False)

    return Depends(intent)


def _intent(request: Request, body: B_co, sent: bytes, heeds_if_match: bool) -> Intent[B_co]:
    asker, key = caller.principal.get(), idempotency_key(request)
    return Intent(
        body,
        asker,
        gateway_of(request).keys is not None,
        command_id_of(request, asker, key),
        fingerprint(sent, request.scope["query_string"]),
        keyed=key is not None,
        waits=not prefers_async(request),
        if_match=expected_version(request) if heeds_if_match else None,
    )
