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


@given(texts, texts, filters, texts)
def test_what_was_sealed_is_unsealed(tenant: str, path: str, chosen: dict[str, str], last_key: str) -> None:
    sealed = CURSORS.seal(tenant, path, chosen, last_key)
    assert CURSORS.unseal(tenant, path, dict(reversed(chosen.items())), sealed) == last_key


@given(st.tuples(texts, texts, filters), st.tuples(texts, texts, filters), texts)
def test_a_cursor_of_another_tenant_another_list_or_other_filters_is_refused(
    of: tuple[str, str, dict[str, str]], other: tuple[str, str, dict[str, str]], last_key: str
) -> None:
    assume(of != other)
    with pytest.raises(ValidationFailed):
        CURSORS.unseal(*other, CURSORS.seal(*of, last_key))


@given(texts, st.integers(min_value=0), st.integers(1, 255))
def test_a_changed_cursor_is_refused(last_key: str, place: int, change: int) -> None:
    sealed = CURSORS.seal("acme", "/projects", {}, last_key)
    raw = bytearray(base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4)))
    raw[place % len(raw)] ^= change
    with pytest.raises(ValidationFailed):
        CURSORS.unseal("acme", "/projects", {}, base64.urlsafe_b64encode(raw).decode().rstrip("="))


@given(st.text(max_size=200))
def test_an_invented_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(ValidationFailed):
        CURSORS.unseal("acme", "/projects", {}, cursor)


def test_a_cursor_of_another_secret_or_without_end_is_refused() -> None:
    foreign = Cursors("another secret, longer").seal("acme", "/projects", {}, "k")
    for cursor in (foreign, "A" * 5000):
        with pytest.raises(ValidationFailed) as refused:
            CURSORS.unseal("acme", "/projects", {}, cursor)
        assert refused.value.details["errors"] == [
            {"location": "query.last_key", "message": "not a cursor for this list", "type": "cursor"}
        ]
