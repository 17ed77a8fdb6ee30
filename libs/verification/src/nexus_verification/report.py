"""The report on all cases of an agent."""

from collections.abc import Sequence
from datetime import datetime

from nexus_contracts.verification import CaseOutcome, CaseResult, VerificationReport


def report_of(
    agent_id: str,
    results: Sequence[CaseResult],
    now: datetime,
    *,
    required_share: float = 1.0,
    attempt: int | None = None,
    package_sha256: str | None = None,
    total: int | None = None,
) -> VerificationReport:
    """`total`: how many cases there are; while some have no result yet, the report is one on the way."""
    running = total is not None and len(results) < total
    counts = {outcome: sum(one.outcome is outcome for one in results) for outcome in CaseOutcome}
    return VerificationReport(
        agent_id=agent_id,
        status="running" if running else "done",
        attempt=attempt,
        package_sha256=package_sha256,
        verified_at=now,
        required_share=required_share,
        fulfilled=not running and fulfilled(results, required_share),
        passed=counts[CaseOutcome.PASSED],
        failed=counts[CaseOutcome.FAILED],
        not_verifiable=counts[CaseOutcome.NOT_VERIFIABLE],
        total=len(results) if total is None else total,
        statement=_statement(counts, len(results) if total is None else total, running),
        cases=list(results),
    )


def fulfilled(results: Sequence[CaseResult], required_share: float) -> bool:
    """Whether enough of what counts has passed: the held-back cases, or all where none of those could be decided.

    What could not be verified counts neither way; where nothing could, only a share of 0 is reached. No case asks for
    nothing.
    """
    held_back = [one for one in results if one.held_back]
    decided = _decided(held_back) or _decided(results)
    if not decided:
        return not results or required_share == 0
    return sum(one.outcome is CaseOutcome.PASSED for one in decided) / len(decided) >= required_share


def _decided(results: Sequence[CaseResult]) -> list[CaseResult]:
    return [one for one in results if one.outcome is not CaseOutcome.NOT_VERIFIABLE]


def _statement(counts: dict[CaseOutcome, int], total: int, running: bool) -> str:
    if total == 0:
        return "Nothing was verified: there are no cases."
    said = [f"{counts[CaseOutcome.PASSED]} of {total} cases passed{' so far' if running else ''}"]
    if counts[CaseOutcome.FAILED]:
        said.append(f"{counts[CaseOutcome.FAILED]} failed")
    if counts[CaseOutcome.NOT_VERIFIABLE]:
        said.append(f"{counts[CaseOutcome.NOT_VERIFIABLE]} could not be verified")
    return ", ".join(said) + "."
