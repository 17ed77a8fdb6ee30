"""Quantiles: what the library's own sketch says, within the error that is promised."""

from collections import Counter

from ddsketch import DDSketch
from hypothesis import given
from hypothesis import strategies as st

from nexus_stats.domain.sketch import RELATIVE_ERROR, bin_of, quantiles

WANTED = (0.0, 0.5, 0.95, 0.99, 1.0)
durations = st.lists(st.integers(0, 10**9) | st.integers(0, 50), min_size=1)


@given(durations)
def test_each_quantile_is_within_the_error_of_the_value_of_its_rank(values: list[int]) -> None:
    exact = [sorted(values)[int(quantile * (len(values) - 1))] for quantile in WANTED]
    found = quantiles(Counter(map(bin_of, values)), WANTED)
    for value, approximate in zip(exact, found, strict=True):
        assert abs(approximate - value) <= value * RELATIVE_ERROR * 1.000001


@given(durations)
def test_the_counters_are_the_librarys_sketch(values: list[int]) -> None:
    sketch = DDSketch(RELATIVE_ERROR)
    for value in values:
        sketch.add(value)
    assert quantiles(Counter(map(bin_of, values)), WANTED) == [sketch.get_quantile_value(one) for one in WANTED]


def test_other_counters_are_no_bins() -> None:
    assert quantiles({"duration_ms": 5, "total": 1}, WANTED) == [0.0] * len(WANTED)
