"""The errors of reporting, and how an exception becomes the reason for which a stage failed."""

import re
from collections.abc import Sequence

from nexus_contracts.builds.reports import AnyReport, AttemptFailed, StageError

NAMED = 5


class ReportNotDelivered(Exception):
    """Reports were not confirmed in time. Publishing one again under its id is safe: it counts once.

    `undelivered` holds their ids and the reports themselves, oldest first. While the tracker is open it keeps trying to
    deliver them, in order; once closed, it forgets them.
    """

    def __init__(self, why: str, undelivered: Sequence[tuple[str, AnyReport]] = ()) -> None:
        super().__init__(f"{why}: {_names(undelivered)}" if undelivered else why)
        self.undelivered = tuple(undelivered)


class ReportRejected(ReportNotDelivered):
    """The platform will never accept these reports (an unknown project, missing rights): they are not retried."""


class AttemptEnded(Exception):
    """The attempt has no further stages: one failed, or the last has completed. A restart begins another attempt."""


class StepFailure(Exception):
    """Raise it inside a stage or sub-stage to choose the code under which the failure is recorded."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def failure_of(error: BaseException) -> StageError:
    """How an exception is recorded: with the code of a StepFailure, or else of its class (ValueError: VALUE_ERROR)."""
    name = type(error).__name__
    code = error.code if isinstance(error, StepFailure) else re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()
    return stage_error(code, str(error) or name)


def stage_error(code: str, message: str) -> StageError:
    """The error of a report; code and message are cut to what a report may hold."""
    return StageError(code=valid_text(code)[:100], message=valid_text(message)[:4000])


def valid_text(text: str) -> str:
    """The text with each lone surrogate, as file names and pipes yield them, replaced by `?`: UTF-8 has none."""
    return text.encode(errors="replace").decode()


def _names(undelivered: Sequence[tuple[str, AnyReport]]) -> str:
    named = [f"{_name(report)} ({report_id})" for report_id, report in undelivered[:NAMED]]
    more = len(undelivered) - NAMED
    return ", ".join([*named, f"and {more} more"] if more > 0 else named)


def _name(report: AnyReport) -> str:
    return f"{report.type} of {step_of(report)}, attempt {report.attempt} of {report.project_id}"


def step_of(report: AnyReport) -> str:
    """What a report is about, in words: "stage", "stage/sub-stage", or "all stages" for a whole attempt."""
    if isinstance(report, AttemptFailed):
        return "all stages"
    return f"{report.stage_name}/{report.sub_stage_name}" if report.sub_stage_name else report.stage_name
