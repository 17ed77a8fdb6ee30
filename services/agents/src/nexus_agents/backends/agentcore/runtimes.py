"""The runtimes of an account: brought to what is wanted, one step after another, each from what AWS says is there.

A runtime is known by its name, which follows from the agent's id and is unique in the account. So whoever repeats a
deployment, after a crash or beside another process, finds what was made, and nothing is made twice.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from nexus_agents.backends.agentcore.faults import CONFLICT, NOT_FOUND, code_of, translated
from nexus_agents.backends.agentcore.names import without_arns
from nexus_agents.domain.backend_errors import AgentNotStarted
from nexus_runtime.process import log

logger = log.get(__name__)
ENDPOINT = "DEFAULT"
"""The endpoint that AgentCore makes with a runtime, and moves to each new version once that is ready."""
_PAGE = 100
_CHANGING = ("CREATING", "UPDATING", "DELETING")
Runtime = Mapping[str, Any]


class Runtimes:
    """`poll_seconds` between two looks at what AWS is working on, `ready_seconds` until it counts as stuck."""

    def __init__(self, control: Any, poll_seconds: float, ready_seconds: float) -> None:
        self._control = control
        self._poll_seconds = poll_seconds
        self._ready_seconds = ready_seconds
        self._ids: dict[str, str] = {}

    async def bring_about(self, name: str, wanted: Runtime) -> Runtime:
        """The runtime `name` as it is `wanted`, ready to be invoked through its endpoint.

        Raises AgentNotStarted with AWS's reason, BackendThrottled, QuotaExceeded, BackendRefused, AgentUnreachable.
        """
        last = "not there"
        try:
            async with asyncio.timeout(self._ready_seconds):
                asked: str | None = None
                while True:
                    found = await self.find(name)
                    last = found["status"] if found else "not there"
                    if found and last == "READY" and _holds(found, wanted):
                        return await self._reachable(found)
                    if found and found["agentRuntimeVersion"] == asked and last.endswith("_FAILED"):
                        raise AgentNotStarted(_reason(found))
                    asked = await self._step(name, found, wanted) or asked
        except TimeoutError:
            raise AgentNotStarted(f"The runtime is {last} after {self._ready_seconds:g} s.") from None

    async def find(self, name: str) -> Runtime | None:
        with translated(running=False):
            if name not in self._ids:
                async for one in self.all():
                    if one["agentRuntimeName"] == name:
                        self._ids[name] = one["agentRuntimeId"]
            return await self._get(name) if name in self._ids else None

    async def get(self, runtime_id: str) -> Runtime | None:
        """None: there is none with this id."""
        with translated(running=False):
            return await self._described(runtime_id)

    async def endpoint(self, runtime_id: str) -> Runtime | None:
        with translated(running=False):
            asked = self._control.get_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName=ENDPOINT)
            return await _or_none(asked)

    async def delete(self, name: str) -> None:
        """Begins the deletion; of what is not there or being deleted: nothing to do."""
        found = await self.find(name)
        if found is not None and found["status"] != "DELETING":
            with translated(running=False):
                await _or_none(self._control.delete_agent_runtime(agentRuntimeId=found["agentRuntimeId"]))

    async def all(self) -> AsyncIterator[Runtime]:
        """Every runtime of the account and region, whoever made it."""
        asked: dict[str, Any] = {"maxResults": _PAGE}
        while True:
            with translated(running=False):
                page = await self._control.list_agent_runtimes(**asked)
            for runtime in page["agentRuntimes"]:
                yield runtime
            if not page.get("nextToken"):
                return
            asked["nextToken"] = page["nextToken"]

    async def _step(self, name: str, found: Runtime | None, wanted: Runtime) -> str | None:
        """The version that it asked for; otherwise it waited, or began a deletion."""
        if found is None:
            return await self._create(name, wanted)
        if found["status"] in _CHANGING:
            await asyncio.sleep(self._poll_seconds)
            return None
        if found["status"] in ("CREATE_FAILED", "DELETE_FAILED"):
            logger.info("removing a runtime that never ran", runtime=name, reason=found.get("failureReason"))
            await self.delete(name)
            await asyncio.sleep(self._poll_seconds)
            return None
        return await self._update(found, wanted)

    async def _create(self, name: str, wanted: Runtime) -> str | None:
        with translated(running=False):
            try:
                # Its client token is botocore's, for its own retries: one made from the content could bring back
                # the runtime of an agent that was deleted since. Beyond them the name makes it happen once.
                made = await self._control.create_agent_runtime(agentRuntimeName=name, **wanted)
            except ClientError as error:
                return await self._not_now(error)
        self._ids[name] = made["agentRuntimeId"]
        return made["agentRuntimeVersion"]

    async def _update(self, found: Runtime, wanted: Runtime) -> str | None:
        runtime_id = found["agentRuntimeId"]
        with translated(running=False):
            try:
                made = await self._control.update_agent_runtime(
                    agentRuntimeId=runtime_id, clientToken=_token(found, wanted), **wanted
                )
            except ClientError as error:
                return await self._not_now(error)
        return made["agentRuntimeVersion"]

    async def _not_now(self, error: ClientError) -> None:
        """Somebody else is changing it, or it is gone: what is there now decides."""
        if code_of(error) not in (CONFLICT, NOT_FOUND):
            raise error
        await asyncio.sleep(self._poll_seconds)

    async def _reachable(self, runtime: Runtime) -> Runtime:
        while True:
            endpoint = await self.endpoint(runtime["agentRuntimeId"])
            if endpoint and endpoint["status"].endswith("_FAILED"):
                raise AgentNotStarted(_reason(endpoint))
            if endpoint and endpoint["status"] == "READY" and _serves(endpoint, runtime):
                return runtime
            await asyncio.sleep(self._poll_seconds)

    async def _get(self, name: str) -> Runtime | None:
        found = await self._described(self._ids[name])
        if found is None:
            del self._ids[name]
        return found

    async def _described(self, runtime_id: str) -> Runtime | None:
        return await _or_none(self._control.get_agent_runtime(agentRuntimeId=runtime_id))


async def _or_none(call: Any) -> Any:
    try:
        return await call
    except ClientError as error:
        if code_of(error) == NOT_FOUND:
            return None
        raise


def _holds(found: Runtime, wanted: Runtime) -> bool:
    return all(found.get(name, {}) == value for name, value in wanted.items())


def _serves(endpoint: Runtime, runtime: Runtime) -> bool:
    return int(endpoint.get("liveVersion", 0)) >= int(runtime["agentRuntimeVersion"])


def _reason(found: Runtime) -> str:
    reason = without_arns(found.get("failureReason") or "AWS gives no reason")
    return f"{found['status']}: {reason}"[:2000]


def _token(found: Runtime, wanted: Runtime) -> str:
    """Of one step away from one version: two processes that take it at once make one new version."""
    # When it changed last is there for a failed update that is tried again: it may leave the version as it was.
    since = [found["agentRuntimeId"], found["agentRuntimeVersion"], str(found["lastUpdatedAt"])]
    step = json.dumps([since, wanted], sort_keys=True)
    return hashlib.sha256(step.encode()).hexdigest()
