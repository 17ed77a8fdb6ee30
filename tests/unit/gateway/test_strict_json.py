"""Bodies are compared as JSON values, and taken strictly."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from nexus_contracts.errors import ValidationFailed
from nexus_gateway.requests.json_body import MAX_DEPTH, canonical, parse

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values: st.SearchStrategy[JsonValue] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


def turned(value: JsonValue) -> JsonValue:
    """The same value with its keys in the opposite order."""
    if isinstance(value, dict):
        return {key: turned(inner) for key, inner in reversed(value.items())}
    return [turned(inner) for inner in value] if isinstance(value, list) else value


@given(values)
def test_equal_values_have_one_canonical_form_whatever_their_spelling(value: JsonValue) -> None:
    spellings = {
        canonical(parse(json.dumps(spelt, indent=indent, ensure_ascii=ascii_only).encode()))
        for spelt in (value, turned(value))
        for indent in (None, 2)
        for ascii_only in (True, False)
    }
    assert len(spellings) == 1
    assert json.loads(spellings.pop()) == value


def test_numbers_are_compared_by_value_and_truths_are_no_numbers() -> None:
    assert canonical(parse(b"[3, 1e2]")) == canonical(parse(b"[3.0, 100]"))
    assert canonical(parse(b"[1]")) != canonical(parse(b"[true]"))


def test_a_great_number_is_not_written_with_hundreds_of_digits() -> None:
    assert canonical(parse(b"[1e308, -1e308, 1e21]")) == b"[1e+308,-1e+308,1000000000000000000000]"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "json_invalid"),
        (b"{", "json_invalid"),
        (b"{'a': 1}", "json_invalid"),
        (b'{"a": 1} x', "json_invalid"),
        (b'"\x01"', "json_invalid"),
        (b"NaN", "json_invalid"),
        (b"[-Infinity]", "json_invalid"),
        (b"1e999", "json_invalid"),
        (b"\xef\xbb\xbf{}", "json_invalid"),
        ("é".encode("latin-1"), "json_encoding"),
        ('{"a": 1}'.encode("utf-16"), "json_encoding"),
        (b"1" * 5000, "json_number"),
        (b"[" * 100_000, "json_depth"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "json_depth"),
        (b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1), "json_depth"),
    ],
    ids=lambda value: value[:12].hex() if isinstance(value, bytes) else value,
)
def test_what_is_not_strict_json_is_refused(raw: bytes, kind: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        parse(raw)
    assert str(refused.value.details["errors"]).count(kind) == 1


def test_nesting_up_to_the_limit_is_taken() -> None:
    assert parse(b"[" * MAX_DEPTH + b"1" + b"]" * MAX_DEPTH) is not None
    assert parse(b"[" + b",".join([b"[]"] * 500) + b"]") == [[]] * 500


@pytest.mark.parametrize("raw", [b'"\\ud800"', b'{"\\udc00": 1}', b'["\\ude00\\ud83d"]'])
def test_half_of_a_surrogate_pair_is_refused_wherever_it_stands(raw: bytes) -> None:
    with pytest.raises(ValidationFailed):
        canonical(parse(raw))
    assert canonical(parse(b'"\\ud83d\\ude00"')) == '"😀"'.encode()


@pytest.mark.timeout(20)
def test_a_name_twice_among_very_many_is_found_at_once() -> None:
    names = ",".join(f'"{number}":0' for number in range(90_000))
    with pytest.raises(ValidationFailed) as caught:
        parse(f'{{{names},"89999":1}}'.encode())
    assert "89999" in str(caught.value.details)
