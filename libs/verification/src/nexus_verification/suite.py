"""The cases that stay with an agent from one version to the next."""

from collections.abc import Sequence

from nexus_contracts.verification import MAX_CASE_NAME, MAX_CASES, Case, CaseOutcome, CaseResult


def with_earlier(fresh: Sequence[Case], earlier: Sequence[Case]) -> tuple[Case, ...]:
    """The cases that a new version is asked: MAX_CASES of its own, then all of the version before.

    What asks and expects the same is one case. Names are unique.
    """
    asked: set[str] = set()
    kept: dict[str, Case] = {}
    for case in (*fresh[:MAX_CASES], *earlier):
        if _key(case) not in asked:
            asked.add(_key(case))
            name = _free(case.name, kept)
            kept[name] = case.model_copy(update={"name": name})
    return tuple(kept.values())


def no_longer_passed(
    before: Sequence[CaseResult], earlier: Sequence[Case], after: Sequence[CaseResult], cases: Sequence[Case]
) -> list[CaseResult]:
    """The results in `after`, those of `cases`, that do not pass where the same case of `earlier` passed in `before`.

    One that could not be verified is among them: nobody saw it pass.
    """
    outcomes = {result.name: result.outcome for result in before}
    passed = {_key(case) for case in earlier if outcomes.get(case.name) is CaseOutcome.PASSED}
    pairs = zip(cases, after, strict=True)
    return [one for case, one in pairs if one.outcome is not CaseOutcome.PASSED and _key(case) in passed]


def _key(case: Case) -> str:
    return case.model_dump_json(include={"turns"})


def _free(name: str, taken: dict[str, Case]) -> str:
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        ending = f" ({number})"
        candidate = name[: MAX_CASE_NAME - len(ending)] + ending
    return candidate
