"""Times and ids: forms that sort as time does and that never change."""

import re
import time
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from nexus_contracts.identifiers import Timestamp, agent_id_of, format_timestamp, parse_timestamp
from nexus_runtime.process.clock import derived_id, new_id

TIMESTAMP: TypeAdapter[datetime] = TypeAdapter(Timestamp)
zones = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)
moments = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=zones)  # noqa: DTZ001  # bounds are naive
HEX = re.compile("[0-9a-f]{32}")


@given(moments)
def test_a_timestamp_has_27_characters_and_is_read_as_it_was(moment: datetime) -> None:
    text = format_timestamp(moment)
    assert len(text) == 27
    assert text.endswith("Z")
    assert parse_timestamp(text) == moment
    assert parse_timestamp(text).tzinfo is UTC


@given(moments, moments)
def test_timestamps_sort_as_time_does(one: datetime, other: datetime) -> None:
    assert (format_timestamp(one) < format_timestamp(other)) == (one < other)


@given(moments)
def test_models_take_any_zone_and_write_the_one_form(moment: datetime) -> None:
    read = TIMESTAMP.validate_python(moment)
    assert read.tzinfo is UTC
    assert TIMESTAMP.dump_json(read).decode() == f'"{format_timestamp(moment)}"'


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        parse_timestamp("2026-01-01T00:00:00")
    with pytest.raises(ValueError, match="timezone"):
        TIMESTAMP.validate_python("2026-01-01T00:00:00")


@pytest.mark.parametrize("outside", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_a_time_that_utc_cannot_express_is_refused(outside: str) -> None:
    with pytest.raises(ValueError, match="years"):
        parse_timestamp(outside)
    with pytest.raises(ValueError, match="years"):
        TIMESTAMP.validate_python(outside)


@pytest.mark.parametrize(
    "text",
    ["2016-12-31T23:59:60Z", "2016-12-31t23:59:60.75z", "2017-01-01T05:29:60+05:30", "2015-06-30 19:59:60-04:00"],
)
def test_a_leap_second_is_the_last_microsecond_before_it(text: str) -> None:
    read = TIMESTAMP.validate_python(text)
    assert (read.second, read.microsecond) == (59, 999_999)
    assert (read + timedelta(microseconds=1)).day == 1


@pytest.mark.parametrize(
    "text",
    [
        "2016-12-31T12:00:60Z",
        "2016-12-30T23:59:60Z",
        "2016-12-31T23:59:60+01:00",
        "2016-12-31T23:59:61Z",
        "2016-12-31T23:59:60",
        "9999-12-31T23:59:60Z",
        "2016-13-31T23:59:60Z",
    ],
)
def test_a_sixtieth_second_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"datetime|timezone"):
        TIMESTAMP.validate_python(text)


@pytest.mark.parametrize(
    "text", ["2026-01-31t09:30:00z", "2026-01-31T10:30:00+01:00", "2026-01-31 04:00:00.000000999-05:30"]
)
def test_any_form_of_rfc_3339_is_the_same_moment(text: str) -> None:
    assert format_timestamp(TIMESTAMP.validate_python(text)) == "2026-01-31T09:30:00.000000Z"


@pytest.mark.parametrize("other", [1767225600, 1.5, True, None, "1767225600", "-5", "", "yesterday", [], {}])
def test_what_is_no_text_of_rfc_3339_is_no_time(other: object) -> None:
    with pytest.raises(ValueError, match="RFC 3339"):
        TIMESTAMP.validate_python(other)


@pytest.mark.parametrize(
    "other",
    [
        "2016-12-31T23:59:59,5Z",
        "2016-12-31T23:59:60,5Z",
        "2016-12-31T23:59Z",
        "2016-12-31_23:59:59Z",
        "2016-12-31T23:59:59+0100",
        "2016-12-31T23:59:59+01",
        "2016-12-31T23:59:59\u221201:00",
        "2016-12-31T23:59:59.Z",
        "2016-12-31T23:59:59 Z",
        "2016-12-31T23:59:59Z\n",
        "2016-12-31T2\u0663:59:59Z",
        "20161231T235959Z",
        "2016-W52-6T23:59:59Z",
        "2016-12-31",
    ],
)
def test_other_forms_of_iso_8601_are_refused(other: str) -> None:
    with pytest.raises(ValueError, match="RFC 3339"):
        TIMESTAMP.validate_python(other)


def test_new_ids_are_unique_and_have_the_form_of_a_uuid7() -> None:
    ids = [new_id("evt_") for _ in range(2000)]
    assert len(set(ids)) == len(ids)
    for one in ids:
        number = UUID(one.removeprefix("evt_"))
        assert HEX.fullmatch(one.removeprefix("evt_"))
        assert (number.version, number.variant) == (7, UUID(int=0x8 << 60).variant)


def test_later_ids_sort_after_earlier_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    ids: list[str] = []
    for milliseconds in (0, 1, 255, 256, 2**32, 1_790_000_000_000, 2**47):
        monkeypatch.setattr(time, "time_ns", lambda now=milliseconds: now * 1_000_000)
        ids.append(new_id("proj_"))
    assert ids == sorted(ids)


def test_a_derived_id_never_changes() -> None:
    assert derived_id("proj_", "a", "b") == "proj_" + DERIVED_FROM_A_AND_B
    assert UUID(DERIVED_FROM_A_AND_B).version == 8


DERIVED_FROM_A_AND_B = "f04cdced9736869da6103f08a4daaf8c"


@given(st.lists(st.text(), max_size=3), st.lists(st.text(), max_size=3))
def test_derived_ids_are_equal_for_equal_parts_only(one: list[str], other: list[str]) -> None:
    assert HEX.fullmatch(derived_id("", *one))
    separated = [part for part in (*one, *other) if "\x1f" in part]
    if not separated and (one or [""]) != (other or [""]):
        assert derived_id("", *one) != derived_id("", *other)
    assert derived_id("", *one) == derived_id("", *one)


def test_an_agents_id_names_its_project() -> None:
    assert agent_id_of("proj_1", "helper") == "proj_1:helper"
