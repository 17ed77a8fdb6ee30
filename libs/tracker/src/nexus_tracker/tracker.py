"""Publishes stage reports, to any Kafka or over HTTP."""

from types import TracebackType
from typing import Any, Self

from nexus_contracts.builds.reports import AnyReport
from nexus_kafka.options import KafkaOptions
from nexus_tracker.build import Build
from nexus_tracker.delivery import ReportDelivery
from nexus_tracker.errors import ReportNotDelivered, ReportRejected
from nexus_tracker.http import HttpTransport
from nexus_tracker.kafka import KafkaTransport
from nexus_tracker.parcel import Parcel
from nexus_tracker.transport import Rejected, Transport, Unconfirmed


class Tracker:
    """Reports on builds, in the order of the calls, each report under an id of its own that retries keep.

    `address` is a Kafka's bootstrap servers, KafkaOptions where it is protected, the URL of a gateway (`http://...`),
    or a Transport. `source` is a URI
    reference that names the reporting system, for example "/ci/acme". `timeout` is how many seconds those who wait
    (exits; calls while too much is under way) wait without any confirmation before they raise ReportNotDelivered.

    Further keywords are options of AIOKafkaProducer. An idempotent producer is not needed: a report that comes twice
    counts once.

    It connects with the first report, and belongs to one event loop. A source that begins with /nexus/ is the
    platform's own.
    """

    def __init__(
        self,
        address: str | KafkaOptions | Transport,
        *,
        source: str = "/nexus-tracker",
        timeout: float = 30.0,
        **kafka: Any,
    ) -> None:
        self._transport = _transport(address, kafka)
        self._source = source
        self._delivery = ReportDelivery(self._transport, timeout)

    def build(self, project_id: str, attempt: int = 1, *, run: str | None = None, source: str | None = None) -> Build:
        """A build attempt to report on. The first report of attempt 1 starts it; later ones begin by a restart.

        `run` names this run of the publisher. The ids of its reports then follow from it, from step and kind, and from
        their number among these: so the same program, run again after a crash, repeats its reports instead of adding
        to them. Log entries then travel one by one, each with an id of its own. `source` goes before the tracker's.
        """
        return Build(self._delivery, source or self._source, project_id, attempt, run)

    async def publish(self, report: AnyReport, *, report_id: str, source: str | None = None) -> None:
        """One report at once, beside those that wait; returns when it is confirmed, within some 10 seconds.

        `source` and `report_id` identify it: publishing one again changes nothing. Raises ReportNotDelivered.
        """
        try:
            await self._transport.send(Parcel(report, source or self._source, report_id).event())
        except Rejected as fault:
            raise ReportRejected(str(fault), [(report_id, report)]) from fault
        except Unconfirmed as fault:
            raise ReportNotDelivered(str(fault), [(report_id, report)]) from fault

    async def start(self) -> None:
        """Nothing yet: it connects with the first report, so that a broker that comes later does no harm."""

    async def stop(self) -> None:
        """Closes the connection; what is not confirmed yet is forgotten."""
        await self._delivery.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Returns when everything is confirmed. Raises ReportNotDelivered, unless another error is on its way."""
        try:
            await self._delivery.confirmed()
        except ReportNotDelivered as undelivered:
            if error is None:
                raise
            if not isinstance(error, ReportNotDelivered):
                error.add_note(f"not reported: {undelivered}")
        finally:
            await self.stop()


def _transport(address: str | KafkaOptions | Transport, kafka: dict[str, Any]) -> Transport:
    if isinstance(address, KafkaOptions):
        return KafkaTransport(address, **kafka)
    if not isinstance(address, str):
        return address
    if address.startswith(("http://", "https://")):
        return HttpTransport(address)
    return KafkaTransport(KafkaOptions(kafka_bootstrap_servers=address), **kafka)
