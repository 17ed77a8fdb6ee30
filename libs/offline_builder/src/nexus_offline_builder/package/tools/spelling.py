"""Words with a typing error: the one word of a vocabulary that was meant; words cut short, in full."""

import re
from collections.abc import Iterable

from .patterns import lazy_pattern

_SHORTEST = 5
_SHORTEST_WITH_TWO = 9
_SINGLE = lazy_pattern(r"(.)\1")
_ASKS_ON = (
    r"(?:sort|order|remove|drop|delete|dedupe|count|number|flip|reverse|then|the|a|an|which|what|who|how|when|where|in|on|"
    r"per|by|to|at|total|avg|average|mean|sum|min|max|median|also|without|with|only|just|show|list|find|same|if|make|"
    r"take|add|minus|plus|its|it|his|her|their|no|all|each|every|back|is|are)\b|[$€£]?\d"
)
_FULL_WORDS = (
    (lazy_pattern(r"\bw/o\b"), "without"),
    (lazy_pattern(r"^\s*(?:n|&) (?=[\w$€£#])"), "and "),
    (
        lazy_pattern(rf"(?<=[a-z)%?!,] )(?<!top )(?<!last )(?<!many )(?<!the )(?<!for )(?<!is )(?:n|&) (?={_ASKS_ON})"),
        "and ",
    ),
    (
        lazy_pattern(r"(?<=[a-z] )w/? (?=\d|more|less|the\b|a\b|an\b|at\b|no\b|over|under)|(?<=[a-z] )w/ ?(?=\w)"),
        "with ",
    ),
    (lazy_pattern(r"(?<=how many )r(?= )"), "are"),
)
_SHORT = (
    (lazy_pattern(r"(?<![\w.])(?<!\d\s)n(?=\s+(?!to\b)\S)"), "and"),
    (lazy_pattern(r"(?<![\w.])w(?:/|\b)(?=\s*\S)", re.IGNORECASE), "with "),
    (lazy_pattern(r"(?<![\w.])w/o\b", re.IGNORECASE), "without"),
    (lazy_pattern(r"\b(?:b4)\b", re.IGNORECASE), "before"),
    (lazy_pattern(r"(?<!\w)@(?=\s*[\d$€£])"), "at"),
    (lazy_pattern(r"(?<=[a-z] )(?<!\d )r(?= (?:that|there|those|these|they|it|in)\b)", re.IGNORECASE), "are"),
    (lazy_pattern(r"\bu\b(?!\s*[./])", re.IGNORECASE), "you"),
    (
        lazy_pattern(
            r"(?:,?\s*\b(?:pls|plz|thx|ty|tho|mate|lol)\b)+(?=\W*$)|^\s*(?:pls|plz|ok so|so|yo|hey|hi)\b[\s,]*",
            re.IGNORECASE,
        ),
        "",
    ),
)
"""More than `_FULL_WORDS`, for a second try: what is read so may have been meant as it stands."""
_HANDED_OVER = lazy_pattern(r"[\"“`{}\[\]\t;|]")


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


def in_full_words(text: str) -> str:
    """`text` with `n`, `w` and the like as `and`, `with`, where that leads on a request.

    What is handed over stays as it is: what is quoted, behind a colon, or between the first and the last line.
    """
    lines = text.split("\n")
    for at in {0, len(lines) - 1}:
        head, colon, rest = lines[at].partition(":")
        if not _HANDED_OVER.search(head):
            for short, full in _FULL_WORDS:
                head = short.sub(full, head)
            lines[at] = f"{head}{colon}{rest}"
    return "\n".join(lines)


def written_out(text: str) -> str:
    """`n w/ 20% tip` as `and with 20% tip`: the first line, as what follows may be data."""
    line, end, rest = text.partition("\n")
    for form, word in _SHORT:
        line = form.sub(word, line)
    return re.sub(r"  +", " ", line) + end + rest
