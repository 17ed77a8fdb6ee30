"""Quantiles: what the library's own sketch says, within the error that is promised."""

from collections import Counter

from ddsketch import DDSketch
from hypothesis import given
from hypothesis import strategies as st

from nexus_stats.domain.rows import added
from nexus_stats.domain.sketch import RELATIVE_ERROR, Bins, Timed, bin_of, quantiles

WANTED = (0.0, 0.5, 0.95, 0.99, 1.0)
durations = st.lists(st.integers(0, 10**9) | st.integers(0, 50), min_size=1)
counters = st.dictionaries(
    st.sampled_from(["total", "duration_ms", "dz", "d0", "d7", "d120", "d|total"]), st.integers(-3, 3)
)


def bins_of(values: list[int]) -> Bins:
    return Timed.of(Counter(map(bin_of, values))).bins


@given(durations)
def test_each_quantile_is_within_the_error_of_the_value_of_its_rank(values: list[int]) -> None:
    exact = [sorted(values)[int(quantile * (len(values) - 1))] for quantile in WANTED]
    for value, approximate in zip(exact, quantiles(bins_of(values), WANTED), strict=True):
        assert abs(approximate - value) <= value * RELATIVE_ERROR * 1.000001


@given(durations)
def test_the_bins_are_the_librarys_sketch(values: list[int]) -> None:
    sketch = DDSketch(RELATIVE_ERROR)
    for value in values:
        sketch.add(value)
    assert quantiles(bins_of(values), WANTED) == [sketch.get_quantile_value(one) for one in WANTED]


def test_without_durations_all_are_zero() -> None:
    assert quantiles((), WANTED) == quantiles([0, 0], WANTED) == [0.0] * len(WANTED)


def test_bins_are_kept_apart_and_other_counters_are_none() -> None:
    assert Timed.of({"duration_ms": 5, "total": 1, "d2": 1, "dz": 3}) == ({"duration_ms": 5, "total": 1}, [3, 0, 0, 1])


@given(counters, counters)
def test_what_is_kept_apart_adds_up_as_the_counters_do(one: dict[str, int], other: dict[str, int]) -> None:
    assert Timed.of(one).plus(Timed.of(other)).named() == added((one, other))
