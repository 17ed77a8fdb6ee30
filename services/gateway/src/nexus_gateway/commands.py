"""Writing: a command goes to its owner, and the owner's reply becomes the answer."""

from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import pydantic_core
from fastapi import Response

from nexus_contracts.agents.commands import (
    ActivateVersion,
    CancelInvocation,
    CreateSession,
    DeleteAgent,
    DeleteSession,
    InvokeAgent,
    PostMessage,
    RegisterAgent,
    SetAgentStatus,
    UpdateAgent,
)
from nexus_contracts.builds.commands import ChangeAgent, ControlProject, CreateProject, DeleteProject, VerifyAgent
from nexus_contracts.commands import Command
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import GatewayTimeout, InternalError, PayloadTooLarge, ServiceUnavailable
from nexus_contracts.replies import KeyTaken, Reply
from nexus_contracts.topics import AGENTS_COMMANDS, BUILDS_COMMANDS, BUILDS_REPORTS, MAX_MESSAGE_BYTES, Topic
from nexus_gateway import answers
from nexus_gateway.answers import REPLAYED, RefusedByOwner, success, to_json
from nexus_gateway.operations import PATH, AcceptedCommand, Operations
from nexus_gateway.owners import PuttingOwners
from nexus_gateway.requests.reports import SentReport
from nexus_gateway.settings import GatewaySettings
from nexus_runtime.kafka.bus import Unacknowledged
from nexus_runtime.kafka.requests import Publisher, Requests
from nexus_runtime.process import caller, tracing
from nexus_runtime.process.caller import Trust
from nexus_runtime.process.clock import new_id, utc_now

SOURCE = "/nexus/gateway"
ACCEPTED = 202
MARGIN_SECONDS = 5.0
"""Time for the way to the agent and back, on top of the caller's own time limit."""
MOST_AWAITED = 128
"""Commands that one owner has to decide before their callers are answered, apart from those that agents answer.

Without a limit callers of an owner that has more than it can do all wait for as long as they may, and none gets an
outcome; what is refused instead has not been sent.
"""
PROJECT = "/api/v1/projects/{project_id}"
AGENT = "/api/v1/agents/{agent_id}"
SESSION = "/api/v1/sessions/{session_id}"
EVENTS = PROJECT + "/events"
INVOCATION = "/api/v1/invocations/{invocation_id}"


@dataclass(frozen=True)
class Order:
    """How commands of one type are sent, and what the answer is if the outcome does not come in time.

    Commands with the same `key` are decided one after another; it is the first of these fields that has a value.
    `ids` are the fields that identify the resource, and `location` is its address.
    `asks_agent`: the outcome takes as long as the agent does.
    """

    topic: Topic
    key: tuple[str, ...]
    location: str
    ids: tuple[str, ...]
    status: int = 200
    asks_agent: bool = False


ORDERS: Mapping[type[Command], Order] = {
    CreateProject: Order(BUILDS_COMMANDS, ("project_id",), PROJECT, ("project_id",), status=201),
    ControlProject: Order(BUILDS_COMMANDS, ("project_id",), PROJECT, ("project_id",)),
    DeleteProject: Order(BUILDS_COMMANDS, ("project_id",), PROJECT, ("project_id",)),
    VerifyAgent: Order(BUILDS_COMMANDS, ("project_id",), AGENT + "/verification", ("agent_id",), asks_agent=True),
    ChangeAgent: Order(BUILDS_COMMANDS, ("project_id",), PROJECT, ("project_id",), status=201),
    RegisterAgent: Order(AGENTS_COMMANDS, ("agent_id",), AGENT, ("agent_id",), status=201),
    ActivateVersion: Order(AGENTS_COMMANDS, ("agent_id",), AGENT, ("agent_id",)),
    UpdateAgent: Order(AGENTS_COMMANDS, ("agent_id",), AGENT, ("agent_id",)),
    SetAgentStatus: Order(AGENTS_COMMANDS, ("agent_id",), AGENT, ("agent_id",)),
    DeleteAgent: Order(AGENTS_COMMANDS, ("agent_id",), AGENT, ("agent_id",)),
    InvokeAgent: Order(
        AGENTS_COMMANDS, ("session_id", "invocation_id"), INVOCATION, ("invocation_id",), asks_agent=True
    ),
    CancelInvocation: Order(AGENTS_COMMANDS, ("invocation_id",), INVOCATION, ("invocation_id",)),
    CreateSession: Order(AGENTS_COMMANDS, ("session_id",), SESSION, ("session_id",), status=201),
    PostMessage: Order(
        AGENTS_COMMANDS, ("session_id",), INVOCATION, ("session_id", "invocation_id"), status=201, asks_agent=True
    ),
    DeleteSession: Order(AGENTS_COMMANDS, ("session_id",), SESSION, ("session_id",)),
}
NOTE = Order(AGENTS_COMMANDS, ("session_id",), SESSION + "/messages", ("session_id",), status=201, asks_agent=True)
"""A message that no agent answers has no invocation."""


class Begun(NamedTuple):
    """A command that was accepted; `replayed`: it had already been accepted before."""

    replayed: bool


class Commands:
    """The only way to change anything."""

    def __init__(
        self,
        bus: Publisher,
        requests: Requests,
        owners: PuttingOwners,
        operations: Operations,
        settings: GatewaySettings,
    ) -> None:
        self._bus = bus
        self._owners = owners
        self._requests = requests
        self._operations = operations
        self._trust = Trust(settings.identity_secret)
        self._settings = settings
        self._awaited: Counter[str] = Counter()

    async def carry_out(self, command: Command, waits: bool) -> Response:
        """The owner's answer; 202 if it does not come in time, or if the caller does not wait for it.

        Raises RefusedByOwner, PayloadTooLarge, ServiceUnavailable (nothing accepted), GatewayTimeout (outcome unknown).
        """
        order = _order_of(command)
        wait_seconds = self._wait_seconds(order, vars(command)) if waits else 0.0
        reply = await self._asked(order, command, wait_seconds)
        return self.accepted(command, waited=waits) if reply is None else await self._answer(order, command, reply)

    async def begin(self, command: Command) -> "Begun | Response":
        """`Begun` as soon as the owner has accepted work that continues; else as `carry_out`."""
        order = _order_of(command)
        reply = await self._asked(order, command, self._settings.reply_wait_seconds, when_accepted=True)
        if reply is None:
            return self.accepted(command)
        if reply.error is None and reply.status == ACCEPTED:
            return Begun(reply.replayed)
        return await self._answer(order, command, reply)

    async def _asked(
        self, order: Order, command: Command, wait_seconds: float, *, when_accepted: bool = False
    ) -> Reply | None:
        fields = vars(command)
        event = self._event(command, next(fields[name] for name in order.key if fields[name]))
        _require_sendable(event)
        with self._awaiting(order, wait_seconds):
            try:
                return await self._requests.ask(order.topic, event, wait_seconds, when_accepted=when_accepted)
            except Unacknowledged as error:
                # Not 503, which promises that nothing was accepted: the broker may have the command all the same.
                raise GatewayTimeout(error.message, service="message_bus") from error

    @contextmanager
    def _awaiting(self, order: Order, wait_seconds: float) -> Generator[None]:
        owner = _owner_of(order)
        counted = bool(wait_seconds) and not order.asks_agent
        if counted and self._awaited[owner] >= MOST_AWAITED:
            raise ServiceUnavailable(f"the service for {owner} has more commands than it can decide", service=owner)
        self._awaited[owner] += counted
        try:
            yield
        finally:
            self._awaited[owner] -= counted

    async def _answer(self, order: Order, command: Command, reply: Reply) -> Response:
        if reply.error is not None:
            raise RefusedByOwner(reply.error, reply.status, replayed=reply.replayed)
        if reply.read_at is not None:
            read = await self._owners.get("agents", reply.read_at)
            return success(read.body, order.status, headers=_headers(reply, {}, None))
        if reply.result is None:
            raise InternalError("a service of the platform sent an answer that cannot be read")
        location = location_of(command) if order.status == 201 else None
        headers = _headers(reply, reply.result, location)
        return success(pydantic_core.to_json(reply.result), order.status, headers=headers)

    def accepted(self, command: Command, *, waited: bool = True) -> Response:
        """The answer 202 for a caller who does not get the outcome now."""
        order, fields = _order_of(command), vars(command)
        operation_id = self._operations.seal(_operation(command, order))
        location = PATH + operation_id
        headers = {"Location": location} | ({} if waited else {"Preference-Applied": "respond-async"})
        told = {**{name: fields[name] for name in order.ids}, "operation_id": operation_id}
        message = f"accepted; the outcome can be read at {location}"
        return success(to_json(told), ACCEPTED, message=message, headers=headers)

    def _event(self, command: Command, subject: str) -> CloudEvent:
        event = CloudEvent(
            id=new_id("evt_"),
            source=SOURCE,
            type=str(getattr(command, "type")),  # noqa: B009  # every command has it
            subject=subject,
            time=utc_now(),
            data=command.model_dump(mode="json", exclude={"type"}),
            correlationid=answers.request_id.get(),
            traceparent=tracing.traceparent.get(),
            nexusprincipal=command.principal.id,
            nexustenant=command.principal.tenant,
        )
        return self._trust.sign(event)

    def _wait_seconds(self, order: Order, fields: Mapping[str, Any]) -> float:
        if not order.asks_agent:
            return self._settings.reply_wait_seconds
        limit = fields.get("timeout_seconds")
        return limit + MARGIN_SECONDS if limit else self._settings.invoke_wait_seconds

    async def report(self, told: SentReport, command_id: str | None, fingerprint: str) -> Response:
        """202 once the report is durable; its outcome will be in the history of the project.

        `command_id`: of a request with a key. Raises RefusedByOwner, PayloadTooLarge, ServiceUnavailable (nothing
        accepted), GatewayTimeout (outcome unknown).
        """
        if told.event is not None:
            _require_sendable(told.event)
            # Before its key is taken: after a 503 another report may have it.
            self._bus.require_reachable()
        replayed = await self._reported_before(told.project_id, command_id, fingerprint)
        # A repeat is published again: whoever took the key may have died before it published.
        if told.event is not None:
            asker = caller.principal.get()
            sent = told.event.model_copy(update={"nexusprincipal": asker.id, "nexustenant": asker.tenant})
            try:
                await self._bus.publish(BUILDS_REPORTS, self._trust.attest(sent))
            except Unacknowledged as error:
                raise GatewayTimeout(error.message, service="message_bus") from error
        location = EVENTS.format(project_id=told.project_id)
        outcome = f"the outcome can be read at {location}" if told.event else "the event is not a report"
        taken = told.taken().model_dump_json().encode()
        headers = {"Location": location} | ({REPLAYED: "true"} if replayed else {})
        return success(taken, 202, message=f"accepted; {outcome}", headers=headers)

    async def _reported_before(self, project_id: str, command_id: str | None, fingerprint: str) -> bool:
        """Whether an equal request with this key came before. A project that does not exist is told at once."""
        path = f"/projects/{project_id}"
        if command_id is None:
            await self._owners.get("builds", path)
            return False
        answer = await self._owners.put("builds", f"{path}/report-keys/{command_id}", {"fingerprint": fingerprint})
        return KeyTaken.model_validate_json(answer.body).replayed


def _order_of(command: Command) -> Order:
    return NOTE if isinstance(command, PostMessage) and command.role == "system" else ORDERS[type(command)]


def _require_sendable(event: CloudEvent) -> None:
    if len(event.body()) > MAX_MESSAGE_BYTES:
        raise PayloadTooLarge("the message is too large", limit_bytes=MAX_MESSAGE_BYTES)


def _operation(command: Command, order: Order) -> AcceptedCommand:
    asker, owner = command.principal, _owner_of(order)
    return AcceptedCommand(command.command_id, command.fingerprint, owner, location_of(command), asker.tenant, asker.id)


def _owner_of(order: Order) -> str:
    return "builds" if order.topic is BUILDS_COMMANDS else "agents"


def location_of(command: Command) -> str:
    """Where the resource that the command concerns can be read."""
    return _order_of(command).location.format_map(vars(command))


def _headers(reply: Reply, result: Mapping[str, Any], location: str | None) -> dict[str, str]:
    """The ETag of a resource that has a version, and the address of a new one."""
    headers: dict[str, str] = {}
    version = result.get("version" if "project_name" in result else "etag")
    if isinstance(version, int):
        headers["ETag"] = f'"{version}"'
    if location:
        headers["Location"] = location
    if reply.replayed:
        headers[REPLAYED] = "true"
    return headers
