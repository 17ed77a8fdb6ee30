"""Trimming: what cannot be seen goes, what is part of a visible sign stays."""

import sys
import time
import unicodedata

import pytest

from nexus_contracts.text import trimmed

HEART, WALES = "\u2764\ufe0f", "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"
IDEOGRAPH = "\u845b\U000e0100"
UNSEEN = ["\x00", "\x85", "\xa0", "\xad", "\u034f", "\u061c", "\u180e", "\u2028", "\u200b", "\u2066", "\u2800"]
TAGS_AND_SELECTORS = ["\U000e0001", "\U000e0020", "\U000e007f", "\ufe00", "\ufe0f", "\U000e0100", "\u180b"]


@pytest.mark.parametrize("unseen", [*UNSEEN, *TAGS_AND_SELECTORS])
def test_what_cannot_be_seen_is_trimmed_at_both_ends(unseen: str) -> None:
    for padding in (unseen, unseen * 3, f" {unseen}", f"{unseen} "):
        assert trimmed(f"{padding}a{unseen}b{padding}") == f"a{unseen}b"
        assert trimmed(padding) == ""


def test_of_the_format_characters_only_signs_with_ink_stay() -> None:
    formats = [one for one in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(one) == "Cf"]
    kept = [one for one in formats if trimmed(f"a{one}") != "a"]
    assert {unicodedata.name(one).split()[0] for one in kept} == {"ARABIC", "SYRIAC", "KAITHI"}


@pytest.mark.parametrize("sign", [HEART, WALES, IDEOGRAPH])
def test_a_sign_keeps_what_belongs_to_it(sign: str) -> None:
    assert trimmed(f" an agent {sign} ") == f"an agent {sign}"
    assert trimmed(f"{sign}\u200b\U000e0020") == sign


def test_trimming_takes_time_in_proportion_to_the_text() -> None:
    started = time.process_time()
    for blank in (" ", "\U000e0020"):
        assert len(trimmed("x" + blank * 200_000 + "x")) == 200_002
        assert trimmed(blank * 200_000) == ""
    assert time.process_time() - started < 5
