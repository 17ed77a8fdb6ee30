"""The rows that a request picks, by the roles of its words: `over 800 g`, `who has not paid`, `no weight`."""

import re
from collections.abc import Callable
from fractions import Fraction
from operator import eq, ge, gt, le, lt
from typing import NamedTuple

from .csv_conditions import NO, YES, Condition, says_yes_or_no
from .table import MISSING, Column, Table, numbered, numeric_columns
from .table_roles import BY_KIND, BY_WORD, EXACT, Role
from .table_words import BEHIND, words_of

_SIGNS: dict[str, Callable[[Fraction, Fraction], bool]] = {">": gt, "<": lt, "≥": ge, "≤": le, "=": eq}
_NEAR = 4
_NOT_A_BIT = ("nothing", "a penny", "a cent", "a dime")
MEASURED = ("total", "average", "median")


class Asked(NamedTuple):
    """What is asked: of which rows, which figure of which columns, and how it is shown."""

    conditions: tuple[Condition, ...] = ()
    measures: tuple[str, ...] = ()
    targets: tuple[int, ...] = ()
    product: tuple[int, int] | None = None
    group: int | None = None
    extremes: tuple[str, ...] = ()
    first: int | None = None
    counted: bool = False
    amount: bool = False
    distinct: bool = False
    listed: bool = False
    labels: tuple[int, ...] = ()
    differ: bool = False
    money: bool = False
    refers: bool = False
    minus: bool = False
    share: bool = False

    @property
    def figures(self) -> bool:
        return bool(
            self.measures or self.extremes or self.counted or self.amount or self.differ or self.product or self.share
        ) or (self.group is not None)


class Unread(Exception):
    """A part of the request has a role that is not filled."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


class Picking:
    """The words of a request, each used once; and the rows that they pick."""

    def __init__(self, table: Table, roles: list[Role], known: tuple[Condition, ...], nouns: frozenset[str]) -> None:
        self._table = table
        self._roles = roles
        self._used: set[int] = set()
        self._numeric: dict[int, Column] = {table.header.index(one.name): one for one in numeric_columns(table)}
        self._nouns = nouns
        self._of = Asked(conditions=known)

    def _set(self, **changes: object) -> None:
        self._of = self._of._replace(**changes)  # type: ignore[arg-type]

    def _kind(self, at: int) -> str:
        return self._roles[at].kind if 0 <= at < len(self._roles) else ""

    def _all(self, *kinds: str) -> list[int]:
        return [at for at, one in enumerate(self._roles) if one.kind in kinds and at not in self._used]

    def _near(
        self, start: int, step: int, *kinds: str, over: tuple[str, ...] = ("plain",), reach: int = _NEAR
    ) -> int | None:
        """The next word of these kinds in a direction, over words of others in the same clause."""
        at = start + step
        for _ in range(reach):
            if not 0 <= at < len(self._roles) or self._roles[at].clause != self._roles[start].clause:
                return None
            if self._kind(at) in kinds:
                return at
            if self._kind(at) not in over:
                return None
            at += step
        return None

    def _negated(self, at: int) -> bool:
        """Whether a negation or an exclusion stands in front of a word; it is used up then."""
        over = ("plain", "word", "column", "rows", "and")
        found = self._near(at, -1, "not", "without", over=over)
        if found is not None:
            self._used.add(found)
        return found is not None

    def _limits(self) -> None:
        for at in self._all("number"):
            role, ahead, behind = self._roles[at], self._near(at, -1, *_SIGNS), at + 1
            if self._kind(behind) in ("word", "column") and self._kind(behind + 1) == "behind":
                behind += 1
            sign = self._roles[ahead].kind if ahead is not None and ahead not in self._used else ""
            if self._kind(behind) == "behind":
                sign, ahead = BEHIND[self._roles[behind].text.lower()], behind
            if not sign or ahead is None or role.number is None or role.spelled or self._is_row_count(at):
                continue
            self._used |= {at, ahead}
            if self._kind(ahead - 1) == "not" and ahead < at:
                sign = {">": "≤", "<": "≥", "≥": "<", "≤": ">"}[sign]
                self._used.add(ahead - 1)
            self._limit(at, sign)
        for at in self._all("number"):
            role = self._roles[at]
            unit = self._roles[at + 1].text.lower() if self._kind(at + 1) in ("word", "column") else ""
            columns = [one for one in self._numeric if unit and unit in words_of(self._table.header[one])]
            alone = self._all("count", "list") and not self._all("most", "least", "adjective", "times", *MEASURED)
            if len(columns) == 1 and alone and not role.spelled and role.number is not None:
                self._used |= {at, at + 1}
                self._compare(columns[0], "=", role)

    def _is_row_count(self, at: int) -> bool:
        """`over the 7 days` of a table of 7 rows."""
        after = self._near(at, 1, "column", "rows")
        rows = len(self._table.rows)
        named = after is not None and not (self._roles[after].columns & self._numeric.keys())
        if named and self._roles[at].number == rows:
            self._used |= {at, *([at - 1] if self._kind(at - 1) in _SIGNS else []), *self._near_sign(at)}
            return True
        return False

    def _near_sign(self, at: int) -> list[int]:
        found = self._near(at, -1, *_SIGNS)
        return [found] if found is not None else []

    def _limit(self, at: int, sign: str) -> None:
        role = self._roles[at]
        after = at + 2 if self._kind(at + 1) == "behind" else at + 1
        behind = after if self._kind(after) == "column" else None
        if (
            self._kind(after) == "plain"
            and self._roles[after].text.lower() in ("in", "for")
            and self._kind(after + 1) == "column"
        ):
            behind = after + 1
        candidates = self._numbers_in(behind) if behind is not None else []
        if len(candidates) == 1 and behind is not None:
            self._used.add(behind)
        else:
            ahead = [one for one in range(at - 1, -1, -1) if self._kind(one) == "column" and self._numbers_in(one)]
            same = [one for one in ahead if self._roles[one].clause == role.clause]
            following = [one for one in range(at + 1, len(self._roles)) if self._kind(one) == "column"]
            chosen = same or ahead or [one for one in following if self._numbers_in(one)]
            candidates = self._numbers_in(chosen[0]) if chosen else list(self._numeric)
        if len(candidates) != 1:
            raise Unread(role.text)
        self._compare(candidates[0], sign, role)

    def _compare(self, column: int, sign: str, role: Role) -> None:
        limit, compared = role.number or Fraction(0), _SIGNS[sign]

        def holds(_cell: str, number: Fraction | None) -> bool:
            return number is not None and compared(number, limit)

        if self._numeric[column].mixed:
            raise Unread(role.text)
        self._add(Condition(column, f"{self._table.header[column]} {sign} {role.text.strip()}", holds))

    def _add(self, condition: Condition) -> None:
        self._set(conditions=(*self._of.conditions, condition))

    def _numbers_in(self, at: int) -> list[int]:
        return sorted(self._roles[at].columns & self._numeric.keys())

    def _answers(self) -> None:
        """Columns that say yes or no: `who has not paid`; `pod = yes`."""
        for at in self._all("column"):
            behind = self._near(at, 1, "plain", "empty", "not", "word", over=("is",))
            if behind is None or not self._roles[behind].text.isupper():
                ahead = self._near(at, -1, "plain", "word", over=())
                behind = ahead if ahead is not None and _is_letter(self._roles[ahead].text) else behind
            said = self._roles[behind].text.lower() if behind is not None else ""
            letter = behind is not None and _is_letter(self._roles[behind].text)
            held = [one for one in self._roles[at].columns if (said in YES | NO or letter) and self._holds(one, said)]
            texts = self._roles[at].columns - self._numeric.keys()
            numbered = behind is not None and self._kind(behind) == "word" and re.search(r"\d", said)
            if behind is not None and numbered and behind == at + 1 and texts and not held:
                raise Unread(self._roles[behind].text)
            if len(held) == 1 and behind is not None:
                self._used |= {at, behind}
                self._one_of(held[0], frozenset({said}), negated=False)
                continue
            role = self._roles[at]
            columns = [one for one in role.columns if self._says_yes_or_no(one)]
            if len(columns) == 1 and role.columns == frozenset(columns) and role.sure >= BY_WORD:
                self._used.add(at)
                if self._kind(at - 1) == "per" or self._near(at, -1, "per") is not None:
                    self._used.discard(at)
                    continue
                self._one_of(columns[0], frozenset(NO if self._negated(at) else YES), negated=False)

    def _says_yes_or_no(self, column: int) -> bool:
        said = {row[column].strip().lower() for row in self._table.rows}
        return says_yes_or_no(self._table, column) or (column > 0 and said <= YES | NO and {"yes", "no"} <= said)

    def _holds(self, column: int, said: str) -> bool:
        return any(row[column].strip().lower() == said for row in self._table.rows)

    def _cells(self) -> None:
        chosen: dict[tuple[int, bool], set[str]] = {}
        places = self._all("cell")
        named = {one for at in self._all("column") if self._roles[at].sure == EXACT for one in self._roles[at].columns}
        for at in places:
            cells = dict(self._roles[at].cells)
            columns = [one for one in cells if one in named] or list(cells)
            if len(columns) != 1:
                raise Unread(self._roles[at].text)
            self._used.add(at)
            chosen.setdefault((columns[0], self._negated(at)), set()).update(cells[columns[0]])
        for at in self._all("number"):
            self._numbered(at, chosen)
        for at in self._all("plain", "word"):
            ahead = self._roles[at - 1].text.lower() if at else ""
            held = [one for one in range(len(self._table.header)) if self._holds(one, self._roles[at].text.lower())]
            if _is_letter(self._roles[at].text) and ahead in ("in", "for", "of", "by") and len(held) == 1:
                self._used.add(at)
                chosen.setdefault((held[0], False), set()).add(self._roles[at].text.lower())
        for (column, negated), said in chosen.items():
            self._one_of(column, frozenset(said), negated)

    def _numbered(self, at: int, chosen: dict[tuple[int, bool], set[str]]) -> None:
        """`bidder 22`, of a column that names by numbers."""
        role, text = self._roles[at], self._roles[at].text.strip().lower()
        columns = (
            self._roles[at - 1].columns if self._kind(at - 1) == "column" and not role.spelled else frozenset[int]()
        )
        texts = [one for one in columns - self._numeric.keys() if numbered(self._table.header[one])]
        if len(texts) == 1:
            if not self._holds(texts[0], text):
                raise Unread(role.text)
            self._used |= {at, at - 1}
            chosen.setdefault((texts[0], self._negated(at - 1)), set()).add(text)

    def _one_of(self, column: int, cells: frozenset[str], negated: bool) -> None:
        def holds(cell: str, _number: Fraction | None) -> bool:
            return (cell in cells) != negated

        shown = list(dict.fromkeys(row[column] for row in self._table.rows if row[column].strip().lower() in cells))
        title = f"{self._table.header[column]} {'≠' if negated else '='} {' / '.join(shown) or '(empty)'}"
        self._add(Condition(column, title, holds))

    def _gaps(self) -> None:
        """`no weight written down`, `备注没写的`."""
        for at in self._all("empty", "not"):
            over = ("plain", "rows", "and")
            found = self._near(at, 1, "column", over=over)
            before = self._near(at, -1, "column", over=(*over, "word"))
            if self._kind(at) == "not" and found is not None and self._roles[found].sure < BY_WORD:
                continue
            text = self._roles[at].text.lower()
            if text.startswith("a ") and self._near(at, -1, "not", over=("column", "plain")) is None:
                continue
            nothing = text in _NOT_A_BIT and self._kind(at - 1) == "column"
            if nothing and self._roles[at - 1].sure == BY_KIND and len(self._numeric) > 1:
                raise Unread(text)
            missing = nothing or self._roles[at].text.lower() not in ("no", "not", "nothing", "forgot", "没有")
            place = found if not missing or (found is not None and before is None) else before
            if place is None or place in self._used:
                continue
            if self._kind(at) == "not" and (
                self._roles[at].text.lower() not in ("没", "没有", "沒有", "未") or found is None
            ):
                continue
            columns = sorted(self._roles[place].columns)
            if len(columns) != 1:
                continue
            self._used |= {at, place}
            self._used |= {other for other in self._all("column") if self._roles[other].columns == frozenset(columns)}
            if missing and columns[0] in self._numeric:
                self._nothing(columns[0])
            else:
                self._one_of(columns[0], frozenset(MISSING), negated=False)

    def _nothing(self, column: int) -> None:
        """`who paid nothing`: no number, or 0."""

        def holds(_cell: str, number: Fraction | None) -> bool:
            return not number

        self._add(Condition(column, f"{self._table.header[column]} = (empty)", holds))


def _is_letter(text: str) -> bool:
    return len(text) == 1 and text.isascii() and text.isupper()
