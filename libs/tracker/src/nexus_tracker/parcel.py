"""A report in delivery."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from nexus_contracts.builds.reports import MAX_LOG_BYTES, AnyReport, StageLogged
from nexus_contracts.envelope import CloudEvent

MAX_ENTRIES = 100


@dataclass
class Parcel:
    """`id` and `time` stay the same however often it is sent. While it is `open`, log entries may join it.

    `size` is that of the report in bytes.
    """

    report: AnyReport
    source: str
    id: str
    open: bool = False
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.size = len(self.report.model_dump_json().encode())

    def joined(self, later: "Parcel") -> bool:
        """Adds the entries of `later`, a log report for the same step, if they fit; whether they did."""
        mine, other = self.report, later.report
        if not (self.open and later.open and isinstance(mine, StageLogged) and isinstance(other, StageLogged)):
            return False
        if self.source != later.source or _place(mine) != _place(other):
            return False
        entries = [*mine.entries, *other.entries]
        if len(entries) > MAX_ENTRIES or self.size + later.size > MAX_LOG_BYTES:
            return False
        self.report = mine.model_copy(update={"entries": entries})
        self.size += later.size
        self.open = len(entries) < MAX_ENTRIES
        return True

    def event(self) -> CloudEvent:
        return CloudEvent(
            id=self.id,
            source=self.source,
            type=self.report.type,
            subject=self.report.project_id,
            time=self.time,
            data=self.report.model_dump(mode="json", exclude={"type"}, exclude_none=True),
        )


def _place(report: StageLogged) -> tuple[str, int, str, str | None]:
    return report.project_id, report.attempt, report.stage_name, report.sub_stage_name
