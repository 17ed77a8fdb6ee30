"""Lists in header fields and query strings, made by their grammars: what is written is what is read."""

from types import SimpleNamespace
from urllib.parse import quote

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from nexus_contracts.entity_tags import entity_tags, names_tag
from nexus_contracts.errors import PreconditionFailed, ValidationFailed
from nexus_gateway.requests.accept import EVENT_STREAM, JSON, wants_stream
from nexus_gateway.requests.header_fields import joined, member, members
from nexus_gateway.requests.preconditions import expected_version
from nexus_gateway.requests.queries import require_known_query

BLANKS = st.text(" \t", max_size=2)
COMMAS = st.lists(BLANKS, min_size=2, max_size=4).map(",".join)
"""One comma or more with blanks around them; empty members between them count for nothing."""
TAGGED = st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters='"', exclude_categories=["Cc"])
TAGS = st.builds('{}"{}"'.format, st.sampled_from(["", "W/"]), st.text(TAGGED, max_size=5))
TOKENS = st.text("abcz019!#$%&'*+.^_`|~-", min_size=1, max_size=5)
TEXTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=5)
QUALITIES = st.sampled_from(["0", "0.0", "0.001", "0.5", "0.50", "1", "1.000"])
RANGES = st.sampled_from([EVENT_STREAM, JSON, "text/*", "application/*", "*/*", "text/html"])
KNOWN = ("limit", "last_key", "tag")
PAIRS = st.tuples(
    st.sampled_from((*KNOWN, "Limit", "", "ä")), st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
)


def asked(name: str, *lines: str) -> Request:
    return Request({"type": "http", "headers": [(name.encode(), line.encode("latin-1")) for line in lines]})


@st.composite
def written(draw: st.DrawFn, of: st.SearchStrategy[str]) -> tuple[list[str], str]:
    """Some members, and a list that has just these."""
    chosen = draw(st.lists(of, min_size=1, max_size=5))
    text = draw(BLANKS)
    for number, one in enumerate(chosen):
        text += (draw(COMMAS) if number else "") + one
    return chosen, text + draw(BLANKS)


@given(written(TAGS))
def test_a_list_of_entity_tags_is_read_as_written(case: tuple[list[str], str]) -> None:
    tags, text = case
    assert entity_tags(text) == tags
    for tag in tags:
        assert names_tag(text, tag)
        assert names_tag(joined(asked("if-none-match", *tags), "if-none-match"), tag)


@given(TAGS, TAGS, st.sampled_from([" ", "x", "W/", "*", ", x, ", ", *, ", ", W/, "]))
def test_what_is_no_list_of_entity_tags_matches_nothing(one: str, other: str, wrong: str) -> None:
    text = f"{one}{wrong}{other}"
    assert entity_tags(text) is None or other.startswith("W/W/")
    assert not names_tag(text, one)
    with pytest.raises(PreconditionFailed):
        expected_version(asked("if-match", text))


@given(st.lists(st.integers(0, 10**15 - 1), min_size=1, max_size=4), st.booleans())
def test_versions_are_found_among_other_tags(versions: list[int], lines: bool) -> None:
    tags = ['"x"', *(f'"{version}"' for version in versions), 'W/"7"']
    found = expected_version(asked("if-match", *(tags if lines else [",".join(tags)])))
    assert (found if isinstance(found, list) else [found]) == versions


@given(st.lists(st.tuples(RANGES, QUALITIES), min_size=1, max_size=6))
def test_the_form_of_the_higher_quality_is_chosen(chosen: list[tuple[str, str]]) -> None:
    text = ", ".join(f"{kind};q={quality}" for kind, quality in chosen)

    def quality(*names: str) -> float:
        """The first name that is there decides; the best of its qualities counts."""
        for name in names:
            if found := [float(value) for kind, value in chosen if kind == name]:
                return max(found)
        return 0.0

    stream, json = quality(EVENT_STREAM, "text/*", "*/*"), quality(JSON, "application/*", "*/*")
    if stream != json or not stream:
        assert wants_stream(asked("accept", text)) == (stream > json)


@given(TOKENS, st.dictionaries(TOKENS, TEXTS, max_size=3), BLANKS)
def test_parameters_are_read_as_written_whatever_is_quoted(value: str, chosen: dict[str, str], blank: str) -> None:
    quoted = {name: text.replace("\\", "\\\\").replace('"', '\\"') for name, text in chosen.items()}
    text = value + "".join(f'{blank};{blank}{name}="{inner}"' for name, inner in quoted.items())
    assert (member(text).value, member(text).parameters) == (value, chosen)
    assert members(f"{text},{blank}{text}") == [member(text)] * 2


@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    members(text)
    entity_tags(text)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ['\\"', '"a', ";", "a;", '"\\', '"', ",", '"",', '"" ', 'a="', "W/", " \t,"])
def test_reading_takes_no_longer_than_the_text_is_long(piece: str) -> None:
    for begun in ("", '"', 'W/"'):
        text = begun + piece * (60_000 // len(piece)) + "x"
        members(text)
        entity_tags(text)


@given(st.lists(PAIRS, max_size=4))
def test_a_query_is_taken_when_every_name_is_known_and_there_once(chosen: list[tuple[str, str]]) -> None:
    query = "&".join(f"{quote(name)}={quote(value)}" for name, value in chosen).encode()
    known = SimpleNamespace(query_params=[SimpleNamespace(alias=name) for name in KNOWN])
    request = Request({"type": "http", "query_string": query, "route": SimpleNamespace(dependant=known)})
    names = [name for name, _ in chosen]
    if set(names) <= set(KNOWN) and len(names) == len(set(names)):
        require_known_query(request)
    else:
        with pytest.raises(ValidationFailed):
            require_known_query(request)
