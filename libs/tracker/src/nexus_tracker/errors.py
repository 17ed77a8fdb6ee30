"""What goes wrong while reporting, and how a stage says why it failed."""

import re
from collections.abc import Sequence

from nexus_contracts.builds.reports import AnyReport, AttemptFailed, StageError

NAMED = 5


class ReportNotDelivered(Exception):
    """Reports were not confirmed in time. Publish one again with its id: it counts once.

    `undelivered` are their ids and the reports themselves, oldest first. As long as the tracker is open it goes on
    trying to deliver them, in order; closed, it forgets them.
    """

    def __init__(self, why: str, undelivered: Sequence[tuple[str, AnyReport]] = ()) -> None:
        super().__init__(f"{why}: {_names(undelivered)}" if undelivered else why)
        self.undelivered = tuple(undelivered)


class ReportRejected(ReportNotDelivered):
    """Reports will never be taken (an unknown project, missing rights): they are not tried again."""


class AttemptEnded(Exception):
    """A stage failed or the last one completed: this attempt has no further stages. A restart begins another one."""


class StepFailure(Exception):
    """Raise it inside a stage or sub-stage to choose the code under which the failure is recorded."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def failure_of(error: BaseException) -> StageError:
    """How an exception is recorded: under its own code, or that of its class: `ValueError` is VALUE_ERROR."""
    name = type(error).__name__
    code = error.code if isinstance(error, StepFailure) else re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()
    return stage_error(code, str(error) or name)


def stage_error(code: str, message: str) -> StageError:
    """Shortened to what a report may hold."""
    return StageError(code=valid_text(code)[:100], message=valid_text(message)[:4000])


def valid_text(text: str) -> str:
    """The text without what UTF-8 cannot carry: half surrogate pairs, as they come from file names and pipes."""
    return text.encode(errors="replace").decode()


def _names(undelivered: Sequence[tuple[str, AnyReport]]) -> str:
    named = [f"{_name(report)} ({report_id})" for report_id, report in undelivered[:NAMED]]
    more = len(undelivered) - NAMED
    return ", ".join([*named, f"and {more} more"] if more > 0 else named)


def _name(report: AnyReport) -> str:
    return f"{report.type} of {step_of(report)}, attempt {report.attempt} of {report.project_id}"


def step_of(report: AnyReport) -> str:
    """The stage or sub-stage that a report is about; those about a whole attempt have none."""
    if isinstance(report, AttemptFailed):
        return "all stages"
    return f"{report.stage_name}/{report.sub_stage_name}" if report.sub_stage_name else report.stage_name
