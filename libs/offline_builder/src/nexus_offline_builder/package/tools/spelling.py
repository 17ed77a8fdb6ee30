"""Words with a typing error: the one word of a vocabulary that was meant."""

from collections.abc import Iterable

from .patterns import lazy_pattern

_SHORTEST = 5
_SHORTEST_WITH_TWO = 9
_SINGLE = lazy_pattern(r"(.)\1")


def nearest(word: str, vocabulary: Iterable[str], shortest: int = _SHORTEST) -> str | None:
    """The only word of `vocabulary` one error away from `word` (two errors in long words); None if there are several.

    An error is a letter too many, too few, changed, or two neighbours exchanged; letters doubled in
    the wrong places are one. Words of less than
    `shortest` letters are never corrected.
    """
    if len(word) < shortest:
        return None
    most = 2 if len(word) >= _SHORTEST_WITH_TWO else 1
    best: dict[int, set[str]] = {}
    for known in vocabulary:
        if len(known) >= shortest - 1 and abs(len(known) - len(word)) <= most:
            best.setdefault(_errors(word, known, most), set()).add(known)
    closest = min(best, default=most + 1)
    return next(iter(best[closest])) if closest <= most and len(best[closest]) == 1 else None


def unswapped(word: str, vocabulary: Iterable[str]) -> str | None:
    """The only word of `vocabulary` that is `word` with two neighbouring letters exchanged: `yaer` is `year`."""
    swaps = {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)} - {word}
    found = swaps.intersection(vocabulary)
    return found.pop() if len(found) == 1 else None


def _errors(word: str, known: str, most: int) -> int:
    """The number of errors, or `most + 1` where there are more."""
    if _SINGLE.sub(r"\1", word) == _SINGLE.sub(r"\1", known):
        return 1 if word != known else 0
    before, row = list[int](), list(range(len(known) + 1))
    for at, letter in enumerate(word, 1):
        earlier, before, row = before, row, [at]
        for to, wanted in enumerate(known, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != wanted))
            if at > 1 and to > 1 and letter == known[to - 2] and word[at - 2] == wanted:
                cost = min(cost, earlier[to - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
