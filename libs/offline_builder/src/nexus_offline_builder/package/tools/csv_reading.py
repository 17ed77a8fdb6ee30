"""One reading of a request about a table, in which every word is a column, a cell, an amount, an order or says nothing.

Where a word is left over there is no reading, so that no part of a request goes unanswered.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from operator import eq, ge, gt, le, lt, ne
from typing import NamedTuple

from .csv_aliases import column_called, counts_column
from .csv_conditions import NO, YES, Condition, by_month, on_days
from .csv_ranking import COUNTS
from .csv_tokens import Token, tokens_of
from .csv_words import ASKS
from .patterns import lazy_pattern
from .table import MISSING, Table, numeric_columns
from .wording import digits_for_words

_LONGEST = 200
_SIGNS = {"=": eq, "≠": ne, ">": gt, "<": lt, "≥": ge, "≤": le}
_OF_ALL = lazy_pattern(r"(?:all )?(?:together|in all)|altogether|overall|in total|加起来|[一总]共", re.IGNORECASE)
_PLAIN_ANSWERS = frozenset({"yes", "no", "y", "n", "true", "false", "x", "", "是", "否"})
_WISE = lazy_pattern(r"\b([a-z]+)[ -]?wise\b", re.IGNORECASE)
_NO_DIGIT = lazy_pattern("一共")
_OUT_OF_STOCK = lazy_pattern(r"\b(?:out of stock|sold out|run out)\b|缺货|没货|卖完", re.IGNORECASE)
_SCALE = lazy_pattern(r"\b[\w ]{1,20} (?:is|are) (?:from|out of|of) \d+\s*[.;!,]+\s+", re.IGNORECASE)
_LEFT_OUT_BECAUSE = lazy_pattern(
    r"[,.;]?\s*\b([A-Z]\w+) (?:was|is|were|has been) [a-z ]{2,30}?[,;]? (?:so|and) (?:please )?(?:don't|do not|dont|"
    r"not) (?:count|include) (?:him|her|it|them|that)\b"
)


def _nothing(_cell: str, number: Fraction | None) -> bool:
    return not number


class Reading(NamedTuple):
    """What a request asks: rows, figures, and how they are shown."""

    conditions: tuple[Condition, ...] = ()
    measures: tuple[str, ...] = ()
    columns: tuple[int, ...] = ()
    group: int | None = None
    extreme: str = ""
    first: int | None = None
    counted: bool = False
    distinct: bool = False
    listed: bool = False
    asks: str = ""
    refers: bool = False
    single: bool = False
    ordered: bool = False
    months: bool = False
    whole: bool = False

    @property
    def figures(self) -> bool:
        return bool(self.measures or self.extreme or self.counted or self.group is not None or self.distinct)


def read(table: Table, request: str) -> tuple[Table, Reading] | None:
    """The table, by month where that is asked, with the days that are asked, and what is asked of it."""
    request = digits_for_words(_NO_DIGIT.sub("总共", " ".join(request.split()))).strip(" :：")
    if not request or len(request) > _LONGEST:
        return None
    request = _WISE.sub(r" per \1 ", request)
    request = _LEFT_OUT_BECAUSE.sub(r" without \1 ", _SCALE.sub(" ", request))
    if (stock := counts_column(table)) is not None:
        request = _OUT_OF_STOCK.sub(f" list {stock} = 0 ", request)
    months = by_month(table, request)
    table, request = months or (table, request)
    conditions: list[Condition] = []
    if (days := on_days(table, request)) is not None:
        request, condition = days
        conditions.append(condition)
    tokens = tokens_of(table, request)
    reading = _Reader(table, tokens).reading(bool(conditions)) if tokens is not None else None
    if reading is None:
        return None
    return table, reading._replace(conditions=(*conditions, *reading.conditions), months=months is not None)


class _Reader:
    """Reads the words from left to right."""

    def __init__(self, table: Table, tokens: list[Token]) -> None:
        self._table = table
        self._tokens = [token for token in tokens if token.kind]
        self._numeric = {table.header.index(one.name): one for one in numeric_columns(table)}
        self._at = 0
        self._of = Reading()
        self._readers: dict[str, Callable[[Token], bool]] = {
            **dict.fromkeys(("total", "average", "median", "amount"), self._measure),
            **dict.fromkeys(("most", "least"), self._extreme),
            **dict.fromkeys(("count", "ref", "single", "distinct", "list", "sort"), self._flag),
            **dict.fromkeys(("not", "empty"), self._without),
            **dict.fromkeys(_SIGNS, lambda token: self._compared(token.kind)),
            "per": self._per,
            "number": self._number,
            "column": lambda token: self._column(token.columns[0]),
            "cell": lambda token: self._cell(token, None, negated=False),
            "money": self._some_amount,
        }

    def reading(self, picked: bool) -> Reading | None:
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            self._at += 1
            if not self._read(token):
                return None
        of = self._of
        said = of.conditions or of.columns or of.figures or of.listed
        return of if said or of.refers or picked else None

    def _next(self, *kinds: str) -> Token | None:
        """The next word, where it is of one of these kinds; it is read then."""
        if self._at < len(self._tokens) and self._tokens[self._at].kind in kinds:
            self._at += 1
            return self._tokens[self._at - 1]
        return None

    def _read(self, token: Token) -> bool:
        """Takes in one word with what belongs to it; whether it could be."""
        if token.kind in self._readers:
            return self._readers[token.kind](token)
        if token.kind == "rows" and self._at < len(self._tokens) and self._tokens[self._at].kind == "per":
            self._of = self._of._replace(counted=True)
        return token.kind not in ("or more", "or less") and token.text.lower() not in ("or", "或", "=", "==")

    def _measure(self, token: Token) -> bool:
        whole = _OF_ALL.fullmatch(token.text) is not None
        self._of = self._of._replace(measures=(*self._of.measures, token.kind), whole=self._of.whole or whole)
        return True

    def _flag(self, token: Token) -> bool:
        of = self._of
        self._of = of._replace(
            counted=of.counted or token.kind == "count",
            refers=of.refers or token.kind == "ref",
            single=of.single or token.kind == "single",
            distinct=of.distinct or token.kind == "distinct",
            listed=of.listed or token.kind in ("list", "sort"),
            ordered=of.ordered or token.kind == "sort",
            asks=ASKS.get(token.text.lower(), of.asks),
        )
        return True

    def _some_amount(self, token: Token) -> bool:
        """`costs`, where that can be one column only."""
        named = any(at in self._numeric for at in self._of.columns)
        return named or (len(self._numeric) == 1 and not token.text.lower().startswith(("salar", "wage")))

    def _extreme(self, token: Token) -> bool:
        number = self._next("number") if token.number is None else token
        if self._of.extreme or (
            number is not None and (number.number is None or number.number.denominator != 1 or not number.number)
        ):
            return False
        first = int(number.number) if number and number.number else self._of.first
        self._of = self._of._replace(extreme=token.kind, first=first)
        return True

    def _per(self, token: Token) -> bool:
        column = self._next("column")
        if column is None and (rows := self._next("rows")) is not None:
            name = column_called(self._table, rows.text.lower())
            at = self._table.header.index(name) if name is not None else -1
            if (
                at >= 0
                and at not in self._numeric
                and len({row[at] for row in self._table.rows}) < len(self._table.rows)
            ):
                self._of = self._of._replace(group=at)
                return True
            self._at -= 1
        if column is None:
            return self._next("rows") is not None and token.text.lower() not in ("by", "按")
        at = column.columns[0]
        if at in self._numeric:
            ordering = self._of.ordered or self._of.extreme
            self._of = self._of._replace(counted=False)
            return bool(ordering) and token.text.lower() in ("by", "按") and self._column(at)
        if self._of.ordered:
            return self._column(at)
        if self._of.group is not None:
            return False
        self._of = self._of._replace(group=at)
        return True

    def _without(self, token: Token) -> bool:
        """`not signed`, `without Cho`, `no price`."""
        column = self._next("column")
        if column is not None and column.columns[0] in self._numeric and COUNTS.search(column.text):
            return self._none_of(column.columns[0])
        if column is not None and self._says_yes_or_no(column.columns[0]):
            return self._is_one_of(column.columns[0], frozenset(NO), "= no")
        if column is not None and token.kind == "empty":
            return self._is_one_of(column.columns[0], frozenset(MISSING), "= (empty)")
        at = column.columns[0] if column else None
        self._next("is")
        if token.kind == "not" and (number := self._next("number")) is not None:
            return token.text.lower() != "minus" and self._limit(number, "≠", at)
        cell = self._next("cell", "and") if token.kind == "not" else None
        return cell is not None and cell.kind == "cell" and self._cell(cell, at, negated=True)

    def _none_of(self, at: int) -> bool:
        """`not sold`: nothing, or no number."""
        condition = Condition(at, f"{self._table.header[at]} = 0", _nothing)
        self._of = self._of._replace(conditions=(*self._of.conditions, condition))
        return True

    def _says_yes_or_no(self, at: int) -> bool:
        said = {row[at].lower() for row in self._table.rows}
        return at > 0 and said <= _PLAIN_ANSWERS and bool(said & YES) and bool(said & NO)

    def _is_one_of(self, at: int, cells: frozenset[str], title: str, negated: bool = False) -> bool:
        def holds(cell: str, _number: Fraction | None) -> bool:
            return (cell in cells) != negated

        condition = Condition(at, f"{self._table.header[at]} {title}", holds)
        self._of = self._of._replace(conditions=(*self._of.conditions, condition))
        return True

    def _cell(self, token: Token, column: int | None, negated: bool) -> bool:
        columns = [at for at in token.columns if column in (None, at)]
        if len(columns) != 1:
            return False
        at, cells = columns[0], self._cells_of(token, columns[0])
        here = self._at
        while (joined := self._next("and", "cell")) is not None:
            if joined.kind == "cell":
                if at not in joined.columns:
                    break
                cells, here = cells | self._cells_of(joined, at), self._at
        self._at = here
        sign = "≠" if negated else "="
        shown = {row[at].lower(): row[at] for row in self._table.rows}
        return self._is_one_of(at, cells, f"{sign} {' / '.join(shown[cell] for cell in sorted(cells))}", negated)

    def _cells_of(self, token: Token, at: int) -> frozenset[str]:
        return token.cells & {row[at].lower() for row in self._table.rows}

    def _column(self, at: int) -> bool:
        here = self._at
        sign = self._next("is", *_SIGNS)
        if sign is not None and sign.kind in _SIGNS:
            return not self._is_of_another() and self._compared(sign.kind, at)
        following = self._tokens[self._at] if self._at < len(self._tokens) else None
        behind = self._tokens[self._at + 1].kind if self._at + 1 < len(self._tokens) else ""
        if following is not None and following.kind == "empty" and not following.cells and behind != "column":
            self._at += 1
            return self._is_one_of(at, frozenset(MISSING), "= (empty)")
        negated = following is not None and following.kind == "not" and not following.cells
        cell = self._tokens[self._at + negated] if self._at + negated < len(self._tokens) else None
        if cell is not None and at in cell.columns and cell.cells:
            self._at += negated + 1
            return self._cell(cell, at, negated)
        if sign is not None and at in self._numeric and cell is not None and cell.kind == "number" and not negated:
            return self._compared("=", at)
        if sign is not None and sign.text in ("=", "==", ":"):
            return False
        self._at = here
        if self._says_yes_or_no(at):
            return self._is_one_of(at, frozenset(YES), "= yes")
        if self._of.group is not None and at not in self._numeric:
            return False
        if at not in self._of.columns:
            self._of = self._of._replace(columns=(*self._of.columns, at))
        return True

    def _is_of_another(self) -> bool:
        """`english mark with at least 70 in maths`: a number right in front of a column may be one of that."""
        kinds = [one.kind for one in self._tokens[self._at : self._at + 3]]
        return kinds[:2] == ["number", "column"] and kinds[2:3] not in (["is"], *([sign] for sign in _SIGNS))

    def _compared(self, sign: str, at: int | None = None) -> bool:
        number = self._next("number")
        if number is None or number.number is None:
            return False
        return self._limit(number, sign, at)

    def _limit(self, number: Token, sign: str, at: int | None) -> bool:
        behind = self._next("column") if at is None else None
        named = [one for one in self._of.columns if one in self._numeric]
        if behind is not None:
            at = behind.columns[0]
        elif at is None:
            at = named[-1] if named else next(iter(self._numeric)) if len(self._numeric) == 1 else None
        limit = number.number
        if at is None or at not in self._numeric or self._numeric[at].mixed or limit is None:
            return False
        compared = _SIGNS[sign]

        def holds(_cell: str, number: Fraction | None) -> bool:
            return number is not None and compared(number, limit)

        title = f"{self._table.header[at]} {sign} {number.text.strip()}"
        condition = Condition(at, title, holds)
        columns = tuple(one for one in self._of.columns if one != at)
        self._of = self._of._replace(conditions=(*self._of.conditions, condition), columns=columns)
        return True

    def _number(self, token: Token) -> bool:
        """`2` of `which 2 have the most`; `10 or more`."""
        if (behind := self._next("or more", "or less")) is not None:
            return self._limit(token, "≥" if behind.kind == "or more" else "≤", None)
        number = token.number
        self._next("rows")
        named = self._tokens[self._at] if self._at < len(self._tokens) else None
        at = named.columns[0] if named is not None and named.kind == "column" else -1
        if at >= 0 and at not in self._numeric and number == len({row[at] for row in self._table.rows}):
            return True
        if number is None or number.denominator != 1 or not 0 < number < 1000 or self._of.first is not None:
            return False
        self._of = self._of._replace(first=int(number))
        return any(one.kind in ("most", "least") for one in self._tokens)
