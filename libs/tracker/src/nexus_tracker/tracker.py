"""Publishes stage reports to any Kafka: one call, one report, confirmed by the broker."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from nexus_contracts.builds.reports import AnyReport
from nexus_contracts.envelope import CloudEvent
from nexus_contracts.topics import BUILDS_REPORTS


class ReportNotDelivered(Exception):
    """The broker did not confirm the report in time. Publish it again with the same id: it counts once."""


class Tracker:
    """Reports on builds. Switch `idempotent` off only for a broker that does not know idempotent producers.

    `sign` is for the platform's own worker: no one else may use a source that begins with /nexus/.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        *,
        idempotent: bool = True,
        sign: Callable[[CloudEvent], Awaitable[CloudEvent]] | None = None,
    ) -> None:
        self._servers = bootstrap_servers
        self._idempotent = idempotent
        self._sign = sign
        self._producer: Any = None
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Nothing yet: it connects with the first report, so that a broker that comes later does no harm."""

    async def stop(self) -> None:
        """Closes the connection."""
        if self._producer is not None:
            await self._producer.stop()

    async def publish(self, report: AnyReport, *, source: str, report_id: str, traceparent: str | None = None) -> None:
        """Returns when the broker has the report. Raises ReportNotDelivered.

        `source` is a URI reference that names the reporting system, for example "/ci/acme"; source and `report_id`
        identify the report: publishing one again changes nothing.
        """
        event = CloudEvent(
            id=report_id,
            source=source,
            type=report.type,
            subject=report.project_id,
            time=datetime.now(UTC),
            data=report.model_dump(mode="json", exclude={"type"}, exclude_none=True),
            traceparent=traceparent,
        )
        if self._sign is not None:
            event = await self._sign(event)
        try:
            async with asyncio.timeout(10):
                producer = await self._connected()
                key = report.project_id.encode()
                await producer.send_and_wait(BUILDS_REPORTS.name, event.body(), key=key, headers=event.headers())
        except (KafkaError, TimeoutError) as error:
            raise ReportNotDelivered(f"{report.type} of {report.project_id} was not confirmed") from error

    async def _connected(self) -> Any:
        async with self._starting:
            if self._producer is None:
                producer: Any = AIOKafkaProducer(
                    bootstrap_servers=self._servers,
                    acks="all",
                    enable_idempotence=self._idempotent,
                    request_timeout_ms=8_000,
                    max_request_size=1_200_000,
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer
