"""Where a text names units: looked up one by one, as a regular expression of all names takes long to compile."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from .patterns import lazy_pattern
from .spelling import nearest
from .units import NAMES

_DEGREES = lazy_pattern(r"degrees?\s+|deg\s+|°\s*|度", re.IGNORECASE)
_QUOTIENT = lazy_pattern(r"\s*/\s*|\s+per\s+(?:an?\s+)?|每", re.IGNORECASE)
_LONGEST = max(map(len, NAMES))
_FOLDED = frozenset(name.lower() for name in NAMES)
_STARTS = frozenset(name[0] for name in _FOLDED)
_WORD = lazy_pattern(
    r"(?:(?<=\d)|(?<=\d\s)|\b(?:(?P<into>to|into)|in|many)\s+|->\s*)(?P<word>[a-z]{4,})(?![a-z])(?P<last>(?=[\s?.!]*$))?",
    re.IGNORECASE,
)
_WORD_NAMES = frozenset(
    name for name in NAMES if name.isascii() and name.isalpha() and len(name) > 3 and not name.lower().endswith("ibs")
)
_OTHER_WORDS = frozenset(f"{name}{end}" for name in ("chain", "rod", "hand", "cord") for end in ("", "s"))
"""Nothing is a misspelling of these, being words of every day themselves: `3 chairs`, `2 cards`."""
_LETTER, _MORE = re.compile("[A-Za-z]"), re.compile("[A-Za-z0-9²³]")


class Mention(NamedTuple):
    """A unit's name where it stands, `degrees` in front of it included, and with what it is `per`."""

    start: int
    end: int
    name: str


def mention_at(text: str, start: int) -> Mention | None:
    """The longest name of a unit, or of a quotient of two, that begins at `start`."""
    end = _one(text, start)
    if end is None:
        return None
    quotient = _QUOTIENT.match(text, end)
    below = _one(text, quotient.end()) if quotient else None
    return Mention(start, below or end, text[start : below or end])


def mentions_in(text: str) -> Iterator[Mention]:
    """All of them from left to right; none is part of another."""
    at = 0
    while at < len(text):
        found = mention_at(text, at)
        if found is not None:
            yield found
        at = found.end if found else at + 1


def without_mentions(text: str) -> str:
    """`text` with a blank for each of them."""
    kept, last = "", 0
    for found in mentions_in(text):
        kept, last = f"{kept}{text[last : found.start]} ", found.end
    return kept + text[last:]


def _one(text: str, start: int) -> int | None:
    """Where the single name ends that begins at `start`."""
    degrees = _DEGREES.match(text, start)
    behind = _end(text, degrees.end()) if degrees else None
    return behind or _end(text, start)


def _end(text: str, start: int) -> int | None:
    folded = re.sub(r"[\s-]", " ", text[start : start + _LONGEST]).lower()
    if folded[:1] not in _STARTS:
        return None
    latin = folded[0].isascii() or folded[0] == "µ"
    if latin and start and _LETTER.match(text[start - 1]):
        return None
    for length in range(len(folded), 0, -1):
        end = start + length
        if folded[:length] in _FOLDED and not (latin and _MORE.match(text, end)):
            return end
    return None


def with_known_names(text: str) -> str:
    """`text` with the units that are meant, where their names are misspelt."""
    return _WORD.sub(_meant, text)


def _meant(found: "re.Match[str]") -> str:
    """Words of four letters are only misspelt where the prompt ends with what to convert into."""
    word = found["word"].lower()
    if word in _WORD_NAMES or not re.search("[aeiou]", word):
        return found.group()
    names = [name for name in _WORD_NAMES - _OTHER_WORDS if name[0] == word[0]]
    singular = [name for name in names if f"{name}s" in _WORD_NAMES]
    shortest = 4 if found["into"] and found["last"] is not None else 5
    known = nearest(word, names, shortest=shortest) or nearest(word, singular, shortest=shortest)
    return found.group()[: found.start("word") - found.start()] + (known or found["word"])
