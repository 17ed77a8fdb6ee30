"""The cases that stay with an agent from one version to the next."""

from collections.abc import Sequence

from nexus_contracts.verification import MAX_CASE_NAME, MAX_CASES, Case, CaseOutcome, CaseResult


def with_earlier(fresh: Sequence[Case], earlier: Sequence[Case]) -> tuple[Case, ...]:
    """The cases of a new version: its own, then, as far as there is room, those of the version before.

    What asks and expects the same is one case. Names are unique.
    """
    asked: set[str] = set()
    kept: dict[str, Case] = {}
    for case in (*fresh, *earlier):
        if _key(case) not in asked and len(kept) < MAX_CASES:
            asked.add(_key(case))
            name = _free(case.name, kept)
            kept[name] = case.model_copy(update={"name": name})
    return tuple(kept.values())


def no_longer_passed(
    before: Sequence[CaseResult], earlier: Sequence[Case], after: Sequence[CaseResult], cases: Sequence[Case]
) -> list[CaseResult]:
    """The results in `after`, those of `cases`, that failed where the same case of `earlier` had passed in `before`."""
    outcomes = {result.name: result.outcome for result in before}
    passed = {_key(case) for case in earlier if outcomes.get(case.name) is CaseOutcome.PASSED}
    pairs = zip(cases, after, strict=True)
    return [one for case, one in pairs if one.outcome is CaseOutcome.FAILED and _key(case) in passed]


def _key(case: Case) -> str:
    return case.model_dump_json(include={"turns"})


def _free(name: str, taken: dict[str, Case]) -> str:
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        ending = f" ({number})"
        candidate = name[: MAX_CASE_NAME - len(ending)] + ending
    return candidate
