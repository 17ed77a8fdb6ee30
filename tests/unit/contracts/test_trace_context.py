"""W3C trace contexts: which are valid, and what is kept of a version that is yet to come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_contracts.trace_context import trace_context
from nexus_runtime.process import tracing

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
hexadecimal = "0123456789abcdef"
versions = st.text(hexadecimal, min_size=2, max_size=2).filter(lambda version: version not in ("00", "ff"))
rests = st.just("") | st.text().map(lambda text: f"-{text}")


@pytest.mark.parametrize("flags", ["00", "01", "ff"])
def test_a_context_of_version_00_is_kept_as_it_is(flags: str) -> None:
    assert trace_context(f"00-{TRACE}-{SPAN}-{flags}") == f"00-{TRACE}-{SPAN}-{flags}"


@given(versions, st.integers(0, 255), rests)
def test_of_a_higher_version_the_first_fields_are_kept(version: str, flags: int, rest: str) -> None:
    known = trace_context(f"{version}-{TRACE}-{SPAN}-{flags:02x}{rest}")
    assert known == f"00-{TRACE}-{SPAN}-{flags % 2:02x}"


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        7,
        "",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"cc-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"0X-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01-",
        f"00-{TRACE}-{SPAN}-01\n",
        f" 00-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01more",
        f"cc-{TRACE}-{SPAN}-0",
        f"00-{TRACE}-{SPAN}",
    ],
)
def test_what_is_not_valid_names_no_trace(wrong: object) -> None:
    assert trace_context(wrong) is None


def test_a_span_continues_the_trace_of_a_higher_version() -> None:
    assert tracing.begin(f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like") == tracing.traceparent.get()
    assert tracing.trace_id() == TRACE


def test_a_span_of_no_valid_trace_begins_one() -> None:
    tracing.begin(f"ff-{TRACE}-{SPAN}-01")
    assert tracing.trace_id() != TRACE
    assert trace_context(tracing.traceparent.get())
