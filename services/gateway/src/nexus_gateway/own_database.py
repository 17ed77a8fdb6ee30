"""The gateway's own tables, asked for a caller who waits: in the time that an owner has, or not at all."""

import asyncio
from typing import Any

from nexus_contracts.errors import GatewayTimeout
from nexus_gateway.breaker import Breaker
from nexus_gateway.settings import GatewaySettings
from nexus_runtime.dynamo import ConditionFailed, Database, DatabaseUnavailable
from nexus_runtime.dynamo.wire import RefusedByDatabase


class OwnDatabase(Database):
    """A client that gives up after the time limit of a read, and asks a silent database once a second.

    Owners, which no caller waits for, are more patient: half a minute. Every call raises GatewayTimeout, too.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        super().__init__(settings)
        self._seconds = settings.read_timeout_seconds
        self._breaker = Breaker()

    async def _call(self, operation: str, **request: Any) -> Any:
        if not self._breaker.admits():
            raise DatabaseUnavailable("the database does not answer")
        try:
            async with asyncio.timeout(self._seconds):
                answer = await super()._call(operation, **request)
        except TimeoutError:
            self._breaker.unanswered()
            raise GatewayTimeout("the database did not answer in time", service="database") from None
        except (ConditionFailed, RefusedByDatabase):
            self._breaker.answered()
            raise
        self._breaker.answered()
        return answer
