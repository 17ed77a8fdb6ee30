"""Cursors come back as they were sealed, and only for the list that they come from."""

import base64

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nexus_contracts.errors import ValidationFailed
from nexus_gateway.cursors import Cursors

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
filters = st.dictionaries(texts, texts, max_size=4)
CURSORS = Cursors("a secret of sixteen")


@given(texts, filters, texts)
def test_what_was_sealed_is_unsealed(path: str, chosen: dict[str, str], last_key: str) -> None:
    sealed = CURSORS.seal(path, chosen, last_key)
    assert CURSORS.unseal(path, dict(reversed(chosen.items())), sealed) == last_key


@given(texts, filters, texts, texts, filters)
def test_a_cursor_of_another_list_or_other_filters_is_refused(
    path: str, chosen: dict[str, str], last_key: str, other_path: str, others: dict[str, str]
) -> None:
    assume((path, chosen) != (other_path, others))
    with pytest.raises(ValidationFailed):
        CURSORS.unseal(other_path, others, CURSORS.seal(path, chosen, last_key))


@given(texts, st.integers(min_value=0), st.integers(1, 255))
def test_a_changed_cursor_is_refused(last_key: str, place: int, change: int) -> None:
    sealed = CURSORS.seal("/projects", {}, last_key)
    raw = bytearray(base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4)))
    raw[place % len(raw)] ^= change
    with pytest.raises(ValidationFailed):
        CURSORS.unseal("/projects", {}, base64.urlsafe_b64encode(raw).decode().rstrip("="))


@given(st.text(max_size=200))
def test_an_invented_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(ValidationFailed):
        CURSORS.unseal("/projects", {}, cursor)


def test_a_cursor_of_another_secret_or_without_end_is_refused() -> None:
    foreign = Cursors("another secret, longer").seal("/projects", {}, "k")
    for cursor in (foreign, "A" * 5000):
        with pytest.raises(ValidationFailed) as refused:
            CURSORS.unseal("/projects", {}, cursor)
        assert refused.value.details["errors"] == [
            {"location": "query.last_key", "message": "not a cursor for this list", "type": "cursor"}
        ]
