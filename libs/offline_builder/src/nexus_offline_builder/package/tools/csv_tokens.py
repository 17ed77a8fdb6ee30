"""The words of a request about a table, each as a column, a cell, an amount, an order, or saying nothing."""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from .csv_aliases import column_called
from .csv_words import LEXICON, SAID_OF, forms_of
from .patterns import lazy_pattern
from .table import Table, number_in, numeric_columns

_SAYS_LITTLE = frozenset({"take", "takes", "took", "made", "brought", "work", "works", "worked", "working"})
_HOW_MANY_PEOPLE = lazy_pattern("(?:多少|几)个?人")
_TOP_ZH = lazy_pattern(r"前\s*(\d+)\s*[名个位]?")
_NUMBER = lazy_pattern(r"[$€£¥]?\s?(-?\d[\d,]*(?:\.\d+)?)(?![\d.]*\d)\s?(?:%|[€$£元块]|hrs?\b|hours?\b)?")


class Token(NamedTuple):
    kind: str
    text: str
    columns: tuple[int, ...] = ()
    cells: frozenset[str] = frozenset()
    number: Fraction | None = None


def tokens_of(table: Table, request: str) -> list[Token] | None:
    """None where a word is nothing that is known."""
    words = _Words(table)
    tokens, at = list[Token](), 0
    while at < len(request):
        if request[at].isspace():
            at += 1
            continue
        token = words.at(request, at)
        if token is None:
            return None
        tokens.append(token)
        at += len(token.text)
    return tokens


class _Words:
    """What the words of a request may be, of one table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._columns: dict[str, int] = {}
        self._cells: dict[str, dict[int, set[str]]] = {}
        for at, name in enumerate(table.header):
            for word in forms_of(name):
                self._columns[word] = at if self._columns.get(word, at) == at else -1
        numeric = {one.name for one in numeric_columns(table)}
        for at, name in enumerate(table.header):
            for cell in {row[at] for row in table.rows} if name not in numeric else ():
                for word in (
                    *forms_of(cell),
                    *((cell.lower(),) if len(cell) > 1 and number_in(cell) is not None else ()),
                ):
                    self._cells.setdefault(word, {}).setdefault(at, set()).add(cell.lower())

    def at(self, text: str, at: int) -> Token | None:
        """The longest word at a place: a name before a word of the language, unless that is what it is mostly."""
        low = text.lower()
        if found := _TOP_ZH.match(low, at):
            return Token("most", text[at : found.end()], number=Fraction(found[1]))
        if (people := _HOW_MANY_PEOPLE.match(low, at)) and self._columns.get("人数", -1) >= 0:
            return Token("column", people.group(), (self._columns["人数"],))
        best: Token | None = None
        for word in self._candidates(low, at):
            size = len(word)
            if best is not None and size < len(best.text):
                break
            token = self._token(word, text[at : at + size])
            if token is not None and (best is None or not best.kind):
                best = token
        if found := _NUMBER.match(low, at):
            said = text[at : at + len(found.group().rstrip())]
            if (unit := re.search(r"[a-z]+$", said, re.IGNORECASE)) and unit.group().lower() in self._columns:
                said = said[: unit.start()].rstrip()
            if best is None or (best.kind == "cell" and len(found[1]) < 3) or len(said) > len(best.text):
                return Token("number", said, number=number_in(found[1]))
        return best or self._by_another_name(text, at)

    def _candidates(self, low: str, at: int) -> Iterator[str]:
        for size in range(min(60, len(low) - at), 0, -1):
            word = low[at : at + size]
            if word.strip() == word and _is_whole(low, at, at + size):
                yield word

    def _token(self, word: str, text: str) -> Token | None:
        kind = LEXICON.get(word)
        column = self._columns.get(word)
        cells = self._cells.get(word) if len(word) > 1 or text.isupper() or not text.isascii() else None
        if cells is not None and any(word in held for held in cells.values()):
            cells = {at: {word} for at, held in cells.items() if word in held}
        if len(word) == 1 and text.isupper() and cells is not None:
            kind = None
        if column is not None and column >= 0 and word.lower() == self._table.header[column].lower():
            return Token("column", text, (column,))
        if cells is not None and kind is not None:
            # `no`, `open`: a cell only where its column is named beside it
            return Token(kind, text, tuple(cells), frozenset().union(*cells.values()))
        if kind is not None and not (kind in ("rows", "money") and column is not None and column >= 0):
            return Token(kind, text)
        if column is not None and column >= 0 and cells is None:
            return Token("column", text, (column,))
        if cells is not None and (column is None or column < 0):
            return Token("cell", text, tuple(cells), frozenset().union(*cells.values()))
        return None

    def _by_another_name(self, text: str, at: int) -> Token | None:
        found = re.compile(r"[a-z]{3,}", re.IGNORECASE).match(text, at)
        word = found.group().lower() if found else ""
        kinds = SAID_OF.get(word, "").split() or [word]
        names = [name for kind in kinds if kind and (name := column_called(self._table, kind))]
        name = names[0] if len(set(names)) == 1 else None
        if found and name:
            return Token("column", found.group(), (self._table.header.index(name),))
        plain = word in _SAYS_LITTLE or (word in SAID_OF and len(numeric_columns(self._table)) == 1)
        return Token("", found.group()) if found and plain and not name else None


def _is_whole(text: str, start: int, end: int) -> bool:
    word = text[start:end]
    if word[0].isascii() and word[0].isalnum() and start and text[start - 1].isascii() and text[start - 1].isalnum():
        return False
    last = word[-1]
    return not (last.isascii() and last.isalnum() and end < len(text) and text[end].isascii() and text[end].isalnum())
