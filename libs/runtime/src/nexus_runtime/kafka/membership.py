"""aiokafka's group membership, made to tolerate a broker that keeps a leader which has left.

The embedded broker (Tansu 0.6) forgets a leader whose session expires, but not one that leaves while others join. From
then on it tells every member, join after join and in the same generation, to wait for the assignment of that leader.
Kafka makes a new generation of every join, so there nothing of this comes to pass.

It also has every join wait for three seconds that is not its leader's, and twice three seconds if a member has a
permanent name. But it takes any member id. So there the permanent name is the member id: who comes back is still, or
once more, its own leader, and waits for nobody.
"""

# aiokafka's methods are untyped, and what has to be mended is its coordinator's own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportPrivateUsage=false

import asyncio
import copy
import time
from base64 import b64encode
from typing import Any

from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaError, RebalanceInProgressError
from aiokafka.protocol.group import HeartbeatRequest, JoinGroupRequest, SyncGroupRequest
from pydantic import Base64Bytes

from nexus_contracts.model import Message
from nexus_runtime.process import log

logger = log.get(__name__)
AGAIN_SECONDS = 30.0
"""Time between two revivals by one member: a ghost that several members keep reviving would never expire."""


class Tenure(Message):
    """What a process has to know to continue the membership of another one, which has stopped and not left."""

    member_id: str
    generation: int
    protocol: str
    assignment: Base64Bytes


class Tenures(Message):
    by_group: dict[str, Tenure]


def enter_as(consumer: Any, name: str | None, tenure: Tenure | None) -> None:
    """Before its start: the permanent id of the consumer's membership, and the one that it continues."""
    consumer._subscription.member_name, consumer._subscription.tenure = name, tenure


def tenure_of(consumer: Any) -> Tenure | None:
    """None where it has none, or is about to get another one."""
    return consumer._coordinator.tenure


class Membership(GroupCoordinator):
    """Leaves a group only when it is stable, and gets a leader that is gone replaced.

    With a permanent id it does not leave: its next process goes on where this one stops.
    """

    def __init__(self, client: Any, subscription: Any, **settings: Any) -> None:
        self._name: str | None = getattr(subscription, "member_name", None)
        self._continued: Tenure | None = getattr(subscription, "tenure", None)
        self._assigned: tuple[str, bytes] | None = None
        self._joined: tuple[int, str] | None = None
        self._in_vain: tuple[int, str] | None = None
        """The generation and leader whose assignment never came."""
        self._revived = -AGAIN_SECONDS
        self._reviving: asyncio.Task[Any] | None = None
        super().__init__(client, subscription, **settings)
        self.member_id = self._name or self.member_id

    def reset_generation(self) -> None:
        super().reset_generation()
        self.member_id = self._name or self.member_id

    async def _send_req(self, request: Any) -> Any:
        response: Any = await super()._send_req(request)
        if isinstance(request, SyncGroupRequest):
            self._in_vain = self._joined if response.error_code == RebalanceInProgressError.errno else None
        elif isinstance(request, JoinGroupRequest) and not response.error_code:
            self._joined = (response.generation_id, response.leader_id)
            if self._joined == self._in_vain and response.leader_id != response.member_id:
                self._revive(request, response.leader_id)
        return response

    def _revive(self, request: JoinGroupRequest, leader: str) -> None:
        """Joins in the name of the leader that is gone: its session then expires, and the broker elects a new one."""
        if time.monotonic() - self._revived < AGAIN_SECONDS:
            return
        self._revived = time.monotonic()
        logger.warning("the group waits for a leader that is gone, having it replaced", group=self.group_id)
        ghost: Any = copy.copy(request)
        ghost._member_id = leader
        # On another connection than the next join: the broker answers a join late, and those of a connection in turn.
        self._reviving = asyncio.create_task(self._in_its_name(ghost))

    async def _in_its_name(self, ghost: JoinGroupRequest) -> None:
        try:
            await self._client.send(self.coordinator_id, ghost)
        except KafkaError as error:
            logger.warning("the leader was not replaced, trying again later", group=self.group_id, error=repr(error))

    async def close(self) -> None:
        if self._reviving:
            self._reviving.cancel()
            await asyncio.gather(self._reviving, return_exceptions=True)
        await super().close()

    @property
    def tenure(self) -> Tenure | None:
        if self._assigned is None or self.generation < 0 or self._rejoin_needed_fut.done():
            return None
        protocol, assignment = self._assigned
        encoded = b64encode(assignment)
        return Tenure(member_id=self.member_id, generation=self.generation, protocol=protocol, assignment=encoded)

    async def _do_rejoin_group(self, subscription: Any) -> bool:
        continued, self._continued = self._continued, None
        if continued is not None and await self._continues(continued):
            return True
        return await super()._do_rejoin_group(subscription)

    async def _continues(self, tenure: Tenure) -> bool:
        """Without a join, for which the embedded broker takes a second; False where the group has gone on without."""
        self.member_id, self.generation = tenure.member_id, tenure.generation
        self._rejoin_needed_fut = asyncio.get_running_loop().create_future()
        if not await self._do_heartbeat() or self._rejoin_needed_fut.done():
            return False
        await self._on_join_complete(self.generation, self.member_id, tenure.protocol, tenure.assignment)
        return True

    async def _on_join_complete(
        self, generation: Any, member_id: Any, protocol: Any, member_assignment_bytes: Any
    ) -> None:
        self._assigned = (protocol, bytes(member_assignment_bytes))
        await super()._on_join_complete(generation, member_id, protocol, member_assignment_bytes)

    async def _maybe_leave_group(self) -> None:
        if self._name or (self.generation > 0 and await self._rebalancing()):
            # Not to leave is slower, and right: the session expires.
            return self.reset_generation()
        return await super()._maybe_leave_group()

    async def _rebalancing(self) -> bool:
        try:
            response = await super()._send_req(HeartbeatRequest(self.group_id, self.generation, self.member_id))
        except KafkaError:
            return False
        return response.error_code == RebalanceInProgressError.errno
