"""aiokafka's group membership, made to tolerate a broker that keeps a leader which has left.

The embedded broker (Tansu 0.6) forgets a leader whose session expires, but not one that leaves while others join. From
then on it tells every member, join after join and in the same generation, to wait for the assignment of that leader.
Kafka makes a new generation of every join, so there nothing of this comes to pass.
"""

# aiokafka's methods are untyped, and what has to be mended is its coordinator's own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportPrivateUsage=false

import asyncio
import copy
import time
from typing import Any

from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaError, RebalanceInProgressError
from aiokafka.protocol.group import HeartbeatRequest, JoinGroupRequest, SyncGroupRequest

from nexus_runtime.process import log

logger = log.get(__name__)
AGAIN_SECONDS = 30.0
"""Time between two revivals by one member: a ghost that several members keep reviving would never expire."""


class Membership(GroupCoordinator):
    """Leaves a group only when it is stable, and gets a leader that is gone replaced."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self._joined: tuple[int, str] | None = None
        self._in_vain: tuple[int, str] | None = None
        """The generation and leader whose assignment never came."""
        self._revived = -AGAIN_SECONDS
        self._reviving: asyncio.Task[Any] | None = None
        super().__init__(*arguments, **settings)

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

    async def _maybe_leave_group(self) -> None:
        if self.generation > 0 and await self._rebalancing():
            # Not to leave is slower, and right: the session expires.
            return self.reset_generation()
        return await super()._maybe_leave_group()

    async def _rebalancing(self) -> bool:
        try:
            response = await super()._send_req(HeartbeatRequest(self.group_id, self.generation, self.member_id))
        except KafkaError:
            return False
        return response.error_code == RebalanceInProgressError.errno
