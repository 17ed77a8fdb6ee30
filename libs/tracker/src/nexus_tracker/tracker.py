"""Publishes reports on builds, over Kafka or HTTP."""

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
    """Reports on builds in the order of the calls, each report under an id that it keeps when it is sent again.

    `address` is the bootstrap servers of a Kafka (or KafkaOptions, if it is protected), the URL of a gateway
    (`http://...`), or a Transport. `source` is a URI reference that names the reporting system, such as "/ci/acme";
    those that begin with /nexus/ are reserved for the platform. `timeout` is how many seconds a call waits without any
    confirmation before it raises ReportNotDelivered: leaving a build or a step waits, and every call does while too
    many reports are unconfirmed.

    Further keywords are options of AIOKafkaProducer, which need not be idempotent: a report that arrives twice counts
    once. The tracker connects with the first report, and belongs to one event loop.
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
        """A build attempt to report on. Attempt 1 begins with its first report, a later one with a restart.

        `run` names this run of the publisher. The ids of its reports are then derived from the run, the step, the kind
        of report and a count of these: so the same program, run again after a crash, repeats its reports instead of
        adding to them. Log entries are then sent one by one. `source` takes precedence over the tracker's.
        """
        return Build(self._delivery, source or self._source, project_id, attempt, run)

    async def publish(self, report: AnyReport, *, report_id: str, source: str | None = None) -> None:
        """Publishes one report at once, ahead of those that wait; returns when it is confirmed.

        `source` and `report_id` identify it: publishing it again changes nothing. Raises ReportNotDelivered after about
        10 seconds, or ReportRejected.
        """
        try:
            await self._transport.send(Parcel(report, source or self._source, report_id).event())
        except Rejected as fault:
            raise ReportRejected(str(fault), [(report_id, report)]) from fault
        except Unconfirmed as fault:
            raise ReportNotDelivered(str(fault), [(report_id, report)]) from fault

    async def start(self) -> None:
        """Does nothing: the connection is made with the first report, so that the broker may start later."""

    async def stop(self) -> None:
        """Closes the connection; reports not confirmed yet are forgotten."""
        await self._delivery.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Returns when everything is confirmed. Raises ReportNotDelivered, unless another error is propagating."""
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
