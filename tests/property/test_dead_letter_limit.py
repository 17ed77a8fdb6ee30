"""How many dead letters a partition may have, for any outcomes in any batches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_runtime.kafka.limit import LEAST, WINDOW, Allowance, DeadLetterLimits, Fate

LIMITS = st.builds(DeadLetterLimits, run=st.integers(1, 50), share=st.floats(0.05, 1))
FATES = st.lists(st.sampled_from([Fate.HANDLED, Fate.FAILED, Fate.FAILED, Fate.PASSED]), max_size=600)
ENDLESS = 10**9


@given(LIMITS, FATES)
def test_no_more_in_a_row_than_the_limit(limits: DeadLetterLimits, fates: list[Fate]) -> None:
    done, reason = Allowance(limits).spend(fates)
    run = longest = 0
    for fate in fates[:done]:
        if fate is not Fate.PASSED:
            run = run + 1 if fate is Fate.FAILED else 0
        longest = max(longest, run)
    assert longest <= limits.run
    assert (reason is None) == (done == len(fates))
    assert reason is None or fates[done] is Fate.FAILED


@given(st.floats(0.05, 1), FATES)
def test_no_greater_share_than_the_limit(share: float, fates: list[Fate]) -> None:
    done, _ = Allowance(DeadLetterLimits(ENDLESS, share)).spend(fates)
    counted = [fate is Fate.FAILED for fate in fates[:done] if fate is not Fate.PASSED]
    for end in range(LEAST, len(counted) + 1):
        if counted[end - 1]:
            before = counted[max(0, end - 1 - WINDOW) : end - 1]
            assert len(before) < LEAST or sum(before) < share * len(before)


@given(LIMITS, FATES, st.data())
def test_how_records_are_divided_into_batches_makes_no_difference(
    limits: DeadLetterLimits, fates: list[Fate], drawn: st.DataObject
) -> None:
    cut = drawn.draw(st.integers(0, len(fates)))
    whole, parts = Allowance(limits), Allowance(limits)
    done, reason = whole.spend(fates)
    first, stopped = parts.spend(fates[:cut])
    if stopped is None:
        second, stopped = parts.spend(fates[cut:])
        first += second
    assert (first, stopped, parts) == (done, reason, whole)


@given(LIMITS, FATES)
def test_the_record_at_the_limit_stays_there_until_it_is_handled(limits: DeadLetterLimits, fates: list[Fate]) -> None:
    allowance = Allowance(limits)
    done, reason = allowance.spend(fates)
    if reason:
        assert allowance.spend(fates[done:]) == (0, reason)
        assert allowance.spend([Fate.HANDLED]) == (1, None)


@given(LIMITS, st.lists(st.sampled_from([Fate.HANDLED, Fate.PASSED]), max_size=600))
def test_without_failures_that_count_there_is_no_limit(limits: DeadLetterLimits, fates: list[Fate]) -> None:
    assert Allowance(limits).spend(fates) == (len(fates), None)


@pytest.mark.parametrize("fate", [Fate.HANDLED, Fate.FAILED, Fate.PASSED])
def test_nothing_behind_a_record_that_was_not_tried_is_done_with(fate: Fate) -> None:
    assert Allowance(DeadLetterLimits()).spend([fate, Fate.LEFT, fate]) == (1, None)
