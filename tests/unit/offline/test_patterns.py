"""Patterns of an agent are made before they are needed where there is time, and when they are needed at the latest."""

import re

from nexus_offline_builder.package.tools import patterns


def test_a_pattern_is_compiled_at_its_first_use() -> None:
    pattern = patterns.lazy_pattern(r"(?P<n>\d+)", re.IGNORECASE)
    found = pattern.fullmatch("12")
    assert found is not None
    assert (found["n"], pattern.sub("x", "a1b2"), pattern.pattern) == ("12", "axbx", r"(?P<n>\d+)")


def test_preparing_ends_when_every_pattern_is_compiled() -> None:
    patterns.lazy_pattern("once")
    while patterns.compile_next():
        pass
    assert not patterns.compile_next()
