"""AgentCore on loopback: what a test needs of its control plane, its data plane and S3, with faults on demand.

Requests and answers are held to botocore's models of the services. What AWS does about them is as its documents and its
users say; a test against an account is `make test-aws`.
"""

import asyncio
import base64
import hashlib
import secrets
import string
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from aiohttp import web
from tests.support.service_models import Call, Refusal, Service, Values

REGION, ACCOUNT, BUCKET = "eu-west-1", "123456789012", "nexus-packages"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/nexus-agents"
_CONTROL = (
    "CreateAgentRuntime",
    "UpdateAgentRuntime",
    "GetAgentRuntime",
    "DeleteAgentRuntime",
    "ListAgentRuntimes",
    "GetAgentRuntimeEndpoint",
)
_DATA = ("InvokeAgentRuntime", "StopRuntimeSession")
_LETTERS = string.ascii_letters + string.digits
_SESSION = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id"


@dataclass(frozen=True)
class Reaction:
    """What an agent answers; `None` among the pieces: the connection to the agent is lost there.

    `held` is open for it, and is closed whether or not a piece was taken: a generator that never began closes nothing.
    """

    status: int
    content_type: str
    pieces: AsyncGenerator[bytes | None]
    held: AsyncExitStack = field(default_factory=AsyncExitStack)


class Machine(Protocol):
    """What runs an agent for one session."""

    async def ask(self, payload: bytes, headers: dict[str, str]) -> Reaction:
        """Raises ConnectionError where the agent cannot be asked, or ends without an answer."""
        ...

    async def end(self) -> None: ...


class Machines(Protocol):
    async def start(self, code: bytes, entrypoint: str, env: dict[str, str]) -> Machine:
        """Raises TimeoutError for an agent that does not come up."""
        ...


@dataclass
class Runtime:
    id: str
    name: str
    wanted: Values
    status: str = "CREATING"
    version: int = 1
    live: tuple[int, Values] | None = None
    reason: str | None = None
    looks: int = 0
    changed_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def arn(self) -> str:
        return f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:runtime/{self.id}"


@dataclass
class Fault:
    """`answered` False: the connection is cut instead; `done` True: after the call has taken effect."""

    code: str = ""
    message: str = "on demand"
    times: int = 1
    answered: bool = True
    done: bool = False


class AgentCoreDouble:
    """`looks`: how often a change is looked at before it is through. `calls` counts what was asked for."""

    def __init__(self, machines: Machines) -> None:
        self.url = ""
        self.looks = 1
        self.page = 2
        self.reasons: list[str] = []
        self.calls: dict[str, int] = defaultdict(int)
        self.requests: list[Call] = []
        self.runtimes: dict[str, Runtime] = {}
        self.objects: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        self.machines: dict[tuple[str, str], Machine] = {}
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self._starting: dict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tokens: dict[str, str] = {}
        self.machines_of = machines
        self._services = {
            "control": Service("bedrock-agentcore-control", _CONTROL),
            "data": Service("bedrock-agentcore", _DATA),
        }

    def fail(self, operation: str, code: str = "", **more: Any) -> None:
        """The next calls of the operation fail so."""
        self.faults[operation].append(Fault(code, **more))

    def fail_next_change(self, reason: str) -> None:
        """The next creation or update is accepted, and then fails with this reason."""
        self.reasons.append(reason)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if request.path.startswith(f"/{BUCKET}/"):
            return self._object(request, body)
        for service in self._services.values():
            found = service.operation_at(request.method, request.rel_url.raw_path)
            if found:
                assert f"/{service.signing_name}/aws4_request" in request.headers["Authorization"]
                return await self._operation(service, found[0], found[1], request, body)
        raise AssertionError(f"the double knows no {request.method} {request.rel_url.raw_path}")

    async def _operation(
        self, service: Service, name: str, in_path: dict[str, str], request: web.Request, body: bytes
    ) -> web.StreamResponse:
        self.calls[name] += 1
        fault = self._fault(name)
        try:
            call = service.read(name, in_path, request, body)
            self.requests.append(call)
            if fault and not fault.done:
                if not fault.answered:
                    return _cut(request)
                raise Refusal(fault.code, fault.message)
            if name == "InvokeAgentRuntime":
                return await self._invoke(service, call, request)
            values: Values = await getattr(self, f"_{name}")(call.values)
            return _cut(request) if fault else service.answer(name, values)
        except Refusal as refusal:
            return service.refusal(name, refusal)

    def _fault(self, name: str) -> Fault | None:
        waiting = self.faults[name]
        if not waiting:
            return None
        waiting[0].times -= 1
        return waiting.pop(0) if waiting[0].times == 0 else waiting[0]

    async def _CreateAgentRuntime(self, asked: Values) -> Values:
        known = self._tokens.get(asked["clientToken"])
        if known is None:
            if any(one.name == asked["agentRuntimeName"] for one in self.runtimes.values()):
                raise Refusal("ConflictException", f"An agent runtime named {asked['agentRuntimeName']} exists already")
            runtime = Runtime(_with_suffix(asked["agentRuntimeName"]), asked["agentRuntimeName"], _settings(asked))
            self._require_code(runtime.wanted)
            self.runtimes[runtime.id] = runtime
            self._tokens[asked["clientToken"]] = known = runtime.id
        return {**self._accepted(self.runtimes[known])}

    async def _UpdateAgentRuntime(self, asked: Values) -> Values:
        runtime = self._runtime(asked["agentRuntimeId"])
        if asked["clientToken"] not in self._tokens:
            if runtime.status not in ("READY", "UPDATE_FAILED"):
                raise Refusal("ConflictException", f"The runtime is {runtime.status}")
            self._require_code(_settings(asked))
            runtime.wanted, runtime.status, runtime.looks = _settings(asked), "UPDATING", 0
            runtime.version += 1
            runtime.changed_at = datetime.now(UTC)
            self._tokens[asked["clientToken"]] = runtime.id
        return {**self._accepted(runtime), "lastUpdatedAt": runtime.changed_at}

    async def _GetAgentRuntime(self, asked: Values) -> Values:
        runtime = self._runtime(asked["agentRuntimeId"])
        self._advance(runtime)
        described = {**self._accepted(runtime), **runtime.wanted, "agentRuntimeName": runtime.name}
        reason = {"failureReason": runtime.reason} if runtime.reason else {}
        return {**described, **reason, "lastUpdatedAt": runtime.changed_at}

    async def _GetAgentRuntimeEndpoint(self, asked: Values) -> Values:
        runtime = self._runtime(asked["agentRuntimeId"])
        name = asked["endpointName"]
        live = {"liveVersion": str(runtime.live[0])} if runtime.live else {}
        return {
            **live,
            "targetVersion": str(runtime.version),
            "agentRuntimeEndpointArn": f"{runtime.arn}/runtime-endpoint/{name}",
            "agentRuntimeArn": runtime.arn,
            "status": "READY" if runtime.live else "CREATING",
            "createdAt": runtime.changed_at,
            "lastUpdatedAt": runtime.changed_at,
            "name": name,
            "id": _with_suffix(name),
        }

    async def _DeleteAgentRuntime(self, asked: Values) -> Values:
        runtime = self._runtime(asked["agentRuntimeId"])
        if runtime.status in ("CREATING", "UPDATING"):
            raise Refusal("ConflictException", f"The runtime is {runtime.status}")
        runtime.status, runtime.looks, runtime.live = "DELETING", 0, None
        for key in [one for one in self.machines if one[0] == runtime.arn]:
            await self.machines.pop(key).end()
        return {"status": runtime.status, "agentRuntimeId": runtime.id}

    async def _ListAgentRuntimes(self, asked: Values) -> Values:
        after = asked.get("nextToken", "")
        for runtime in list(self.runtimes.values()):
            if runtime.status == "DELETING":
                self._advance(runtime)
        found = [one for id_, one in sorted(self.runtimes.items()) if id_ > after]
        size = min(self.page, asked.get("maxResults", 100))
        more = {"nextToken": found[size - 1].id} if len(found) > size else {}
        return {**more, "agentRuntimes": [_listed(one) for one in found[:size]]}

    async def _StopRuntimeSession(self, asked: Values) -> Values:
        machine = self.machines.pop((asked["agentRuntimeArn"], asked["runtimeSessionId"]), None)
        if machine is None:
            raise Refusal("ResourceNotFoundException", "No such session")
        await machine.end()
        return {"runtimeSessionId": asked["runtimeSessionId"]}

    async def _invoke(self, service: Service, call: Call, request: web.Request) -> web.StreamResponse:
        asked = call.values
        session = asked["runtimeSessionId"]
        machine = await self._machine(asked["agentRuntimeArn"], session)
        named = {"traceParent": "traceparent", "accept": "Accept"}
        passed = {header: asked[name] for name, header in named.items() if name in asked}
        try:
            reaction = await machine.ask(asked["payload"], {_SESSION: session, **passed})
        except ConnectionError as error:
            self.machines.pop((asked["agentRuntimeArn"], session), None)
            text = "Received error (502) from runtime. Please check your CloudWatch logs for more information."
            raise Refusal("RuntimeClientError", text) from error
        async with reaction.held:
            if reaction.status >= 400:
                async for _ in reaction.pieces:
                    """What an agent says with an error nobody is told."""
                text = f"Received error ({reaction.status}) from runtime. Please check your CloudWatch logs."
                raise Refusal("RuntimeClientError", text)
            return await self._streamed(service, call, request, reaction)

    async def _streamed(
        self, service: Service, call: Call, request: web.Request, reaction: Reaction
    ) -> web.StreamResponse:
        session = call.values["runtimeSessionId"]
        answer = {"runtimeSessionId": session, "contentType": reaction.content_type, "statusCode": reaction.status}
        service.hold(call.operation, answer)
        response = web.StreamResponse(headers={"Content-Type": reaction.content_type, _SESSION: session})
        await response.prepare(request)
        async with aclosing(reaction.pieces) as pieces:
            async for piece in pieces:
                if piece is None:
                    self.machines.pop((call.values["agentRuntimeArn"], session), None)
                    _cut(request)
                    return response
                await response.write(piece)
            await response.write_eof()
        return response

    async def _machine(self, arn: str, session: str) -> Machine:
        runtime = next((one for one in self.runtimes.values() if one.arn == arn), None)
        if runtime is None or runtime.live is None:
            raise Refusal("ResourceNotFoundException", f"No endpoint of {arn}")
        async with self._starting[arn, session]:
            if (arn, session) not in self.machines:
                artifact, env = runtime.live[1]["agentRuntimeArtifact"], runtime.live[1].get("environmentVariables", {})
                code = artifact.get("codeConfiguration", {})
                try:
                    found = await self.machines_of.start(self._code(code), (code.get("entryPoint") or [""])[0], env)
                except TimeoutError:
                    text = "Runtime initialization time exceeded. Initialization must complete in 30s."
                    raise Refusal("RuntimeClientError", text) from None
                self.machines[arn, session] = found
            return self.machines[arn, session]

    def _advance(self, runtime: Runtime) -> None:
        runtime.looks += 1
        if runtime.looks <= self.looks or runtime.status not in ("CREATING", "UPDATING", "DELETING"):
            return
        if runtime.status == "DELETING":
            del self.runtimes[runtime.id]
        elif self.reasons:
            runtime.status = {"CREATING": "CREATE_FAILED", "UPDATING": "UPDATE_FAILED"}[runtime.status]
            runtime.reason = self.reasons.pop(0)
        else:
            runtime.status, runtime.reason, runtime.live = "READY", None, (runtime.version, runtime.wanted)

    def _runtime(self, id_: str) -> Runtime:
        if id_ not in self.runtimes:
            raise Refusal("ResourceNotFoundException", f"No agent runtime {id_}")
        return self.runtimes[id_]

    def _accepted(self, runtime: Runtime) -> Values:
        return {
            "agentRuntimeArn": runtime.arn,
            "agentRuntimeId": runtime.id,
            "agentRuntimeVersion": str(runtime.version),
            "createdAt": runtime.changed_at,
            "status": runtime.status,
        }

    def _require_code(self, wanted: Values) -> None:
        code = wanted["agentRuntimeArtifact"].get("codeConfiguration")
        if code is not None and not self._code(code):
            raise Refusal("ValidationException", "The code is not in the bucket")

    def _code(self, code: Values) -> bytes:
        place = code.get("code", {}).get("s3", {})
        kept = dict(self.objects.get(place.get("prefix", ""), []))
        return kept.get(place["versionId"], b"") if "versionId" in place else list(kept.values() or [b""])[-1]

    def _object(self, request: web.Request, body: bytes) -> web.Response:
        key = request.path.removeprefix(f"/{BUCKET}/")
        self.calls[f"S3 {request.method}"] += 1
        if request.method == "PUT":
            checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
            assert request.headers["x-amz-checksum-sha256"] == checksum
            self.objects[key].append((secrets.token_hex(16), body))
        elif key not in self.objects:
            return web.Response(status=404)
        version, content = self.objects[key][-1]
        checksum = base64.b64encode(hashlib.sha256(content).digest()).decode()
        return web.Response(headers={"x-amz-version-id": version, "x-amz-checksum-sha256": checksum})


@asynccontextmanager
async def served(double: AgentCoreDouble) -> AsyncGenerator[AgentCoreDouble]:
    """Until its end; then every machine ends."""
    app = web.Application(client_max_size=100_000_000)
    app.router.add_route("*", "/{path:.*}", double.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    double.url = f"http://{host}:{port}"
    try:
        yield double
    finally:
        await asyncio.gather(*(machine.end() for machine in double.machines.values()))
        await runner.cleanup()


def _cut(request: web.Request) -> web.Response:
    """Ends the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def _with_suffix(name: str) -> str:
    return f"{name}-" + "".join(secrets.choice(_LETTERS) for _ in range(10))


def _settings(asked: Values) -> Values:
    named = ("agentRuntimeId", "agentRuntimeName", "clientToken")
    return {name: value for name, value in asked.items() if name not in named}


def _listed(runtime: Runtime) -> Values:
    return {
        "agentRuntimeArn": runtime.arn,
        "agentRuntimeId": runtime.id,
        "agentRuntimeVersion": str(runtime.version),
        "agentRuntimeName": runtime.name,
        "description": runtime.wanted.get("description", "-"),
        "lastUpdatedAt": runtime.changed_at,
        "status": runtime.status,
    }
