"""Invocations of a runtime, each in a session; unfinished ones are stopped, so that nothing keeps running unseen."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from nexus_agents.backends.agentcore.faults import translated
from nexus_agents.backends.agentcore.runtimes import ENDPOINT
from nexus_agents.backends.answers import MAX_ANSWER_BYTES, read_answer
from nexus_agents.backends.payload import accepted, payload_of
from nexus_agents.backends.streams import StreamBroken
from nexus_agents.backends.watching import StreamWatch
from nexus_agents.domain.backend import AgentAnswer, InvokeRequest
from nexus_agents.domain.backend_errors import (
    AgentCrashed,
    AgentUnreachable,
    AnswerRefused,
    BackendError,
    BackendThrottled,
)
from nexus_runtime.process import log

logger = log.get(__name__)
_CHUNK_BYTES = 65_536
_TRIES = 6
FIRST_PAUSE_SECONDS = 0.2
_STOP_SECONDS = 10.0


class Sessions:
    """Of all runtimes of the region. `invoke` and `stop` take the ARN of a runtime and the id of a session."""

    def __init__(self, data: Any) -> None:
        self._data = data
        self._stopping: set[asyncio.Task[None]] = set()

    async def invoke(self, arn: str, session: str, request: InvokeRequest) -> AgentAnswer:
        """The caller must set a time limit. Only requests that AWS has rejected unread are sent again."""
        called = await _patiently(lambda: self._called(arn, session, request))
        media_type = str(called["contentType"]).partition(";")[0].strip().lower()
        body, watch = bytearray(), StreamWatch(media_type, request.observe)
        async with aclosing(_pieces(called["response"])) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > MAX_ANSWER_BYTES:
                    raise AnswerRefused(
                        "ANSWER_TOO_LARGE", f"The agent's answer has more than {MAX_ANSWER_BYTES} bytes."
                    )
                await watch.see(piece)
        try:
            return await read_answer(called.get("statusCode", 200), media_type, bytes(body), watch.events)
        except StreamBroken as error:
            raise AgentCrashed(f"The agent's answer was cut off: {error}.") from None

    def stop_soon(self, arn: str, session: str) -> None:
        """Stops the session's machine in the background; `close` waits for that."""
        task = asyncio.create_task(self._stop_quietly(arn, session))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    async def stop(self, arn: str, session: str) -> None:
        """Does nothing if the session does not exist."""
        try:
            with translated(running=False):
                await self._data.stop_runtime_session(agentRuntimeArn=arn, runtimeSessionId=session, qualifier=ENDPOINT)
        except AgentUnreachable as error:
            if type(error) is not AgentUnreachable:
                raise

    async def close(self) -> None:
        if self._stopping:
            await asyncio.wait(self._stopping, timeout=_STOP_SECONDS)
        for task in self._stopping:
            task.cancel()

    async def _called(self, arn: str, session: str, request: InvokeRequest) -> Any:
        asked: dict[str, Any] = {
            "agentRuntimeArn": arn,
            "runtimeSessionId": session,
            "qualifier": ENDPOINT,
            "contentType": "application/json",
            "accept": accepted(request),
            "payload": json.dumps(payload_of(request)).encode(),
        }
        if request.traceparent is not None:
            asked["traceParent"] = request.traceparent
        with translated(running=True):
            return await self._data.invoke_agent_runtime(**asked)

    async def _stop_quietly(self, arn: str, session: str) -> None:
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await _patiently(lambda: self.stop(arn, session))
        except (BackendError, TimeoutError) as error:
            # It ends by itself once it has been idle for long enough.
            logger.warning("a session could not be stopped", session=session, reason=str(error))


async def _patiently(call: Callable[[], Awaitable[Any]]) -> Any:
    """Retries while AWS throttles, a few times, at growing, random intervals."""
    for attempt in range(_TRIES):
        try:
            return await call()
        except BackendThrottled:
            if attempt == _TRIES - 1:
                raise
        await asyncio.sleep(FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1.5))
    raise AssertionError("unreachable")


async def _pieces(body: Any) -> AsyncGenerator[bytes]:
    """The chunks as they come. If the connection is lost, so is the agent."""
    async with body:
        with translated(running=True):
            while piece := await body.read(_CHUNK_BYTES):
                yield piece
