"""Writing: a command goes to its owner, and the owner's reply becomes the answer."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import Response

from nexus_contracts.commands import Command
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.errors import GatewayTimeout, InternalError, PayloadTooLarge, ServiceUnavailable
from nexus_contracts.replies import REPLY_PARTITION_HEADER, REPLY_TOPIC_HEADER, Reply
from nexus_contracts.topics import BUILDS_REPORTS, GATEWAY_REPLIES, MAX_MESSAGE_BYTES, Topic
from nexus_gateway import envelope
from nexus_gateway.envelope import success, to_json
from nexus_gateway.failures import REPLAYED
from nexus_gateway.refusals import RefusedByOwner
from nexus_runtime.kafka.bus import Unacknowledged
from nexus_runtime.process import tracing
from nexus_runtime.process.clock import new_id, utc_now

SOURCE = "/nexus/gateway"
LOOK_SECONDS = 1.0
"""How often a waiting caller's command is checked against the broker that took it."""


class Publisher(Protocol):
    @property
    def cluster(self) -> str | None:
        """The broker's identity; another one knows nothing of what the last one took."""
        ...

    async def publish(
        self, topic: Topic, event: CloudEvent, headers: Sequence[tuple[str, bytes]] = (), partition: int | None = None
    ) -> None:
        """Returns when the record is durable. Raises BrokerUnavailable (nothing sent) or Unacknowledged."""
        ...


class Desk(Protocol):
    partition: int

    def expect(self, request_id: str) -> AbstractContextManager[asyncio.Future[Reply]]:
        """A future for the reply to the message of that id."""
        ...


@dataclass(frozen=True)
class Order:
    """A command with its addressee, and what a caller is told who does not get the outcome at once.

    `subject` orders commands: those with the same one are decided one after another. `ids` name what is concerned
    and `location` is where its state can be read. `wait_seconds` 0: the caller does not wait.
    """

    topic: Topic
    command: Command
    subject: str
    location: str
    ids: Mapping[str, str]
    wait_seconds: float
    status: int = 200


class Commands:
    """The only way in which anything is changed."""

    def __init__(self, bus: Publisher, desk: Desk, look_seconds: float = LOOK_SECONDS) -> None:
        self._bus = bus
        self._desk = desk
        self._look_seconds = look_seconds

    async def carry_out(self, order: Order) -> Response:
        """The owner's answer, or 202 when it does not come in time.

        Raises RefusedByOwner, ServiceUnavailable (nothing accepted), GatewayTimeout (outcome unknown).
        """
        event = _event(order)
        with self._desk.expect(event.id) as expected:
            cluster = self._bus.cluster
            await self._publish(order, event)
            try:
                reply = await self._reply(order, event, expected, cluster)
            except asyncio.CancelledError:
                # The server stops. The command is durable, and its caller must learn where to look.
                reply = None
        if reply is None:
            return _accepted(order)
        if reply.error is not None:
            raise RefusedByOwner(reply.error, reply.status, replayed=reply.replayed)
        if reply.result is None:
            raise InternalError("a service of the platform gave an answer that is not understood")
        return success(to_json(reply.result), order.status, headers=_headers(order, reply, reply.result))

    async def _reply(
        self, order: Order, event: CloudEvent, expected: asyncio.Future[Reply], cluster: str | None
    ) -> Reply | None:
        """None when it does not come in time.

        A broker other than `cluster`, which the command went to, is given the same command again: it has one effect.
        """
        left = order.wait_seconds
        while left > 0:
            if await _comes(expected, min(left, self._look_seconds)):
                return expected.result()
            left -= self._look_seconds
            if self._bus.cluster != cluster:
                with contextlib.suppress(ServiceUnavailable, GatewayTimeout):
                    await self._publish(order, event)
                    cluster = self._bus.cluster
        return None

    async def _publish(self, order: Order, event: CloudEvent) -> None:
        headers = [
            (REPLY_TOPIC_HEADER, GATEWAY_REPLIES.name.encode()),
            (REPLY_PARTITION_HEADER, str(self._desk.partition).encode()),
        ]
        await self._durable(order.topic, event, headers)

    async def report(self, event: CloudEvent) -> None:
        """Returns when the report is durable; its outcome stands in the history of the project later.

        Raises PayloadTooLarge, ServiceUnavailable (nothing accepted), GatewayTimeout (outcome unknown).
        """
        await self._durable(BUILDS_REPORTS, event)

    async def _durable(self, topic: Topic, event: CloudEvent, headers: Sequence[tuple[str, bytes]] = ()) -> None:
        if len(event.body()) > MAX_MESSAGE_BYTES:
            raise PayloadTooLarge("the message is too large", limit_bytes=MAX_MESSAGE_BYTES)
        try:
            await self._bus.publish(topic, event, headers)
        except Unacknowledged as error:
            raise GatewayTimeout(error.message) from error


def _event(order: Order) -> CloudEvent:
    return CloudEvent(
        id=new_id("evt_"),
        source=SOURCE,
        type=str(getattr(order.command, "type")),  # noqa: B009  # every command has it
        subject=order.subject,
        time=utc_now(),
        data=order.command.model_dump(mode="json", exclude={"type"}),
        correlationid=envelope.request_id.get(),
        traceparent=tracing.traceparent.get(),
        nexusprincipal=order.command.principal.id,
        nexustenant=order.command.principal.tenant,
    )


async def _comes(expected: asyncio.Future[Reply], seconds: float) -> bool:
    await asyncio.wait({expected}, timeout=seconds)
    return expected.done()


def _accepted(order: Order) -> Response:
    headers = {"Location": order.location}
    if not order.wait_seconds:
        headers["Preference-Applied"] = "respond-async"
    message = f"accepted; the outcome can be read at {order.location}"
    return success(to_json(order.ids), 202, message=message, headers=headers)


def _headers(order: Order, reply: Reply, result: Mapping[str, Any]) -> dict[str, str]:
    """Of a resource that tells its version, the ETag."""
    headers: dict[str, str] = {}
    version = result.get("version" if "project_name" in result else "etag")
    if isinstance(version, int):
        headers["ETag"] = f'"{version}"'
    if order.status == 201:
        headers["Location"] = order.location
    if reply.replayed:
        headers[REPLAYED] = "true"
    return headers
