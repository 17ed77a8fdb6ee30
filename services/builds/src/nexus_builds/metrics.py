"""Prometheus metrics of builds."""

from collections.abc import Iterable

from prometheus_client import Counter
from pydantic import BaseModel

from nexus_contracts.builds.events import ReportRefused

REFUSED = Counter("nexus_reports_refused_total", "Reports refused, by the code of the reason", ["code"])


def count_refusals(events: Iterable[BaseModel]) -> None:
    for event in events:
        if isinstance(event, ReportRefused):
            REFUSED.labels(event.code or "").inc()
