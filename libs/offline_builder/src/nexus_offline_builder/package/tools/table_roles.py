"""The roles that words of a request play for a table: a column, a cell, an amount, an operation; or none.

A request is split into clauses, and those without a role that could ask or limit anything are left aside.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from .csv_words import forms_of
from .patterns import lazy_pattern
from .table import Column, Table, number_in, numbered, numeric_columns
from .table_words import ALSO, BEHIND, PLAIN, adjectives, is_same_word, kinds, operations, said_in, stem, words_of

GIVEN, EXACT, BY_WORD, BY_KIND = 4, 3, 2, 1
_TALK = 3
_LONGEST_WORD = 40
_CLAUSE = lazy_pattern(r"[.!?;]+(?=\s|$)|[。！？；，,]+(?=\D|$)(?!\w+,\w)|\n|\s[-–—]+\s|[()（）]|\.{2,}|[:：](?=\s|$)")
_NUMBER = lazy_pattern(r"[$€£¥]?\s?-?\d[\d,]*(?:\.\d+)?|\.\d+")
_WORD = lazy_pattern(r"[^\W\d_](?:[\w'’&-]*\w)?|[^\w\s]|\w")
_BEFORE_PLUS = lazy_pattern(r"\d\s*$")
_ROUNDED = lazy_pattern(
    r"\b(?:to |with |rounded to )?(?:one|two|three|\d) (?:decimals?|dp|digits?)(?: places?)?\b|"
    r"保留\S{1,2}位小数|\bone go\b",
    re.IGNORECASE,
)
_LATIN_NUMBERS = dict(two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9, ten=10, eleven=11, twelve=12)
_SPELLED = {**_LATIN_NUMBERS, "两": 2} | {sign: n for n, sign in enumerate("二三四五六七八九十", 2)}
_DAYS = said_in("monday tuesday wednesday thursday friday saturday sunday mondays fridays saturdays sundays")
_ACTIVE = said_in(
    "total average median most least adjective count amount differ times per share other "
    "distinct number cell without > < ≥ ≤"
)
_CURRENCIES = {"eur": "euro euros", "usd": "dollar dollars", "gbp": "pound pounds quid", "cny": "rmb 人民币"}
_SOFT = said_in(
    "give gave given made make bring brought amount amounts value total worth far last took "
    "time times old day days person people name names who when where kind type "
    "item items sold length minute minutes sec count due high low highs lows night nights "
    "words raise budget sales h s m c f g 付 分 斤 克 里程 人 月 晚 花 货 day"
)
"""Words that may be said of a column, and say nothing where there is none."""


class Role(NamedTuple):
    """What a word is: `columns` are those it may name, `sure` how surely; `cells` what it may be in which column."""

    kind: str
    text: str
    clause: int = 0
    columns: frozenset[int] = frozenset()
    sure: int = 0
    cells: tuple[tuple[int, frozenset[str]], ...] = ()
    number: Fraction | None = None
    spelled: bool = False


def roles_of(table: Table, request: str) -> list[Role]:
    """The words of the clauses that have something to do with the table, in their order."""
    words, clauses = _Words(table), list[list[Role]]()
    for at, clause in enumerate(_clauses(words, _ROUNDED.sub(" ", request.replace("’", "'")))):
        clauses.append([role._replace(clause=at) for role in words.of(clause)])
    active = [roles for roles in clauses if any(_is_active(role) for role in roles)]
    active = [roles for roles in active if not _is_talk(roles)] or active
    active = [_given(roles, request) for roles in active]
    return [role for roles in active or clauses for role in roles]


def _is_talk(roles: list[Role]) -> bool:
    """`Ann next door does the books`: somebody whose first name is in the table, too, and nothing asked."""
    part = all(role.kind == "cell" and role.sure == BY_KIND for role in roles if _is_active(role))
    return part and sum(role.kind == "word" for role in roles) >= _TALK


def _given(roles: list[Role], request: str) -> list[Role]:
    """`(assists)`, `(hammer only)`: a column in brackets says which one is meant."""
    named = [role for role in roles if role.kind == "column"]
    alone = len(named) == 1 and named[0].sure == EXACT and all(one.kind in ("column", "plain") for one in roles)
    if not alone or not re.search(rf"[(（]\s*{re.escape(roles[0].text)}", request):
        return roles
    return [role._replace(sure=GIVEN) if role.kind == "column" else role for role in roles]


def _clauses(words: "_Words", request: str) -> Iterator[str]:
    """Names of the table that have a comma or a full stop in them are not cut."""
    start = 0
    held = [(at, at + len(name)) for name in words.cut for at in _places(request.lower(), name)]
    for found in _CLAUSE.finditer(request):
        if not any(one <= found.start() < end for one, end in held):
            yield request[start : found.start()]
            start = found.end()
    yield request[start:]


def _places(text: str, name: str) -> Iterator[int]:
    at = text.find(name)
    while at >= 0:
        yield at
        at = text.find(name, at + len(name))


def _is_active(role: Role) -> bool:
    if role.kind == "number":
        return not role.spelled
    if role.kind == "list":
        return role.text.lower() in ("who", "whose", "which", "谁", "哪个", "哪些", "哪几个")
    return role.kind in _ACTIVE or (role.kind == "column" and role.sure > BY_KIND)


class _Words:
    """What words may be, of one table."""

    def __init__(self, table: Table) -> None:
        self.numeric: dict[int, Column] = {table.header.index(one.name): one for one in numeric_columns(table)}
        self._clause, self._at = "", 0
        self._names: dict[str, set[int]] = {}
        self._parts: dict[str, set[int]] = {}
        self._kinds: dict[str, set[int]] = {}
        self._cells: dict[str, dict[int, set[str]]] = {}
        self._part_cells: dict[str, dict[int, set[str]]] = {}
        self._operations, self._adjectives, self._known = operations(), adjectives(), kinds()
        for at, name in enumerate(table.header):
            self._take_name(at, name)
            if at not in self.numeric or numbered(name):
                self._take_cells(at, name, {row[at] for row in table.rows})
        self.cut = [one for one in (*self._cells, *self._names) if _CLAUSE.search(one)]

    def _take_name(self, at: int, name: str) -> None:
        low = name.strip().lower()
        plain = re.sub(r"\s*[(（\[][^)）\]]*[)）\]]\s*", " ", low).strip()
        for form in (low, low.replace("_", " "), plain, plain.replace("_", " ")):
            if form:
                self._names.setdefault(form, set()).add(at)
                self._names.setdefault(stem(form), set()).add(at)
        words = words_of(name)
        for word in words:
            if word not in PLAIN and (len(word) > 2 or not word.isascii()):
                self._parts.setdefault(stem(word), set()).add(at)
        if not plain.isascii() and (len(plain) > 2 or re.fullmatch("[\u4e00-\u9fff][名级称号别]", plain)):
            for part in (plain[-2:], plain[:2]) if len(plain) > 2 else (plain[:1],):
                self._parts.setdefault(part, set()).add(at)
        chinese = [one for one in self._known.of_word if not one.isascii() and len(one) > 1 and one in low]
        of = {kind for word in (*words, *map(stem, words), *chinese) for kind in self._known.of_word.get(word, ())}
        for kind in of - ({"money"} if of & {"paid", "received"} else set[str]()):
            if (kind in self._known.measures) == (at in self.numeric):
                self._kinds.setdefault(kind, set()).add(at)

    def _take_cells(self, at: int, name: str, cells: set[str]) -> None:
        for cell in cells:
            low = cell.strip().lower()
            if not low or (number_in(cell) is not None and not (numbered(name) and len(low) > 2)):
                continue
            for form in {low, f"{low}s", stem(low)} if low.isascii() and len(low) > 2 else {low}:
                self._cells.setdefault(form, {}).setdefault(at, set()).add(low)
            for day in {f"{low}{one}" for one in ("day", "sday", "nesday", "rsday", "urday", "days", "urdays")} & _DAYS:
                self._cells.setdefault(day, {}).setdefault(at, set()).add(low)
            for form in _CURRENCIES.get(low, "").split():
                self._cells.setdefault(form, {}).setdefault(at, set()).add(low)
            for form in forms_of(cell) - {low}:
                self._part_cells.setdefault(form, {}).setdefault(at, set()).add(low)

    def of(self, clause: str) -> Iterator[Role]:
        at, low, self._clause = 0, clause.lower(), clause
        role: Role | None = None
        while at < len(clause):
            self._at = at
            if clause[at].isspace():
                at += 1
                continue
            found = self._longest(clause, low, at) or self._single(clause, at)
            role = found._replace(kind="plain") if role and self._goes_on(role, found, clause[:at]) else found
            yield role
            at += max(1, len(role.text))

    def _goes_on(self, before: Role, role: Role, ahead: str) -> bool:
        """`时间` of `持续时间`, where there is a column `持续` and another one `时间`."""
        if role.text.isascii() or not ahead.endswith(before.text) or not before.columns & self.numeric.keys():
            return False
        one, other = (self._known.of_word.get(said.text, set[str]()) for said in (before, role))
        return role.kind == "column" and bool(one & other & self._known.measures)

    def _longest(self, clause: str, low: str, at: int) -> Role | None:
        number = _NUMBER.match(clause, at)
        for size in range(min(_LONGEST_WORD, len(low) - at), 0, -1):
            word = low[at : at + size]
            if word[-1].isspace() or not _is_whole(low, at, at + size):
                continue
            if number and len(number.group()) >= size:
                break
            if not word.isascii() and (self._cuts_a_name(low, at, size) or self._cuts_all(low, at, size)):
                continue
            if (role := self._role(word, clause[at : at + size])) is not None:
                return role
        if number is None or (at and (clause[at - 1].isalnum() and clause[at - 1].isascii())):
            return None
        text = number.group().rstrip(",")
        return Role("number", text, number=number_in(text.strip()))

    def _cuts_a_name(self, text: str, at: int, size: int) -> bool:
        """`总数` of `总数量`, where that is a column: Chinese has no blanks between its words."""
        if text[at : at + size] in self._names or text[at : at + size] in self._cells:
            return False
        inside = range(at + 1, at + size)
        names = [one for one in self._names if len(one) > 1 and not one.isascii()]
        return any(text.startswith(one, start) and start + len(one) > at + size for start in inside for one in names)

    def _cuts_all(self, text: str, at: int, size: int) -> bool:
        """`周一` of `这周一共`."""
        return at > 0 and text[at - 1] in "这本上下每" and text[at + size - 1 : at + size + 1] == "一共"

    def _role(self, word: str, text: str) -> Role | None:
        """What a word is: a name of the table before an operation, that before what a column may be called besides."""
        said = word.strip("'")
        kind = self._operations.get(said)
        return (
            self._name(said, text)
            or self._operation(said, text)
            or self._part(said, text, kind)
            or (Role(kind, text) if kind not in (None, "rows") else None)
            or self._called(said, text, kind)
            or (Role(kind, text) if kind is not None else None)
            or self._other(said, text)
        )

    def _name(self, said: str, text: str) -> Role | None:
        names = self._names.get(said) or self._names.get(stem(said))
        if names and (said not in PLAIN or said in self._names) and not (len(said) == 1 and said in "aio"):
            return Role("column", text, columns=frozenset(names), sure=EXACT)
        whole = said not in PLAIN and (len(said) > 1 or not said.isascii() or text.isupper())
        cells = self._cells.get(said) if whole and said not in self._operations and said not in BEHIND else None
        return Role("cell", text, cells=tuple((at, frozenset(held)) for at, held in cells.items())) if cells else None

    def _operation(self, said: str, text: str) -> Role | None:
        """What no column of a like name is meant by."""
        if said in self._adjectives:
            return Role("adjective", text)
        if said in BEHIND:
            return Role("behind" if said != "+" or _BEFORE_PLUS.search(self._clause[: self._at]) else "sign", text)
        return None

    def _part(self, said: str, text: str, kind: str | None) -> Role | None:
        """A column by a word of its name, in any of its forms."""
        parts = self._parts.get(stem(said))
        if not parts and len(said) > 2 and said not in PLAIN and kind is None:
            parts = {at for word, held in self._parts.items() if is_same_word(said, word) for at in held}
        if parts and (kind in (None, "rows") or len(said) > 6):
            return Role("column", text, columns=frozenset(parts), sure=BY_WORD)
        return None

    def _called(self, said: str, text: str, kind: str | None) -> Role | None:
        """A column by what it is of; a cell by a part of it."""
        known = self._known.of_word.get(said) or self._known.of_word.get(stem(said)) or set[str]()
        columns = frozenset(at for one in known for at in self._kinds.get(one, ()))
        others = {other for one in known for other in ALSO.get(one, ())} if "wages" not in known else set[str]()
        columns = columns or frozenset(at for one in others for at in self._kinds.get(one, ()))
        if columns:
            return Role("column", text, columns=columns, sure=BY_KIND)
        held = self._part_cells.get(said, {}) if text[:1].isupper() or not said.isascii() else {}
        if sum(map(len, held.values())) == 1 and said not in PLAIN and kind is None and len(said) > 1:
            return Role("cell", text, sure=BY_KIND, cells=tuple((at, frozenset(one)) for at, one in held.items()))
        missing = kind is None and said not in _SOFT and any(one in self._known.measures for one in known)
        return Role("missing", text) if missing else None

    def _other(self, said: str, text: str) -> Role | None:
        if said in _SPELLED:
            return Role("number", text, number=Fraction(_SPELLED[said]), spelled=True)
        soft = said in _SOFT and (len(said) > 1 or not said.isascii())
        return Role("plain", text) if soft or said in PLAIN else None

    def _single(self, clause: str, at: int) -> Role:
        found = _WORD.match(clause, at)
        text = found.group() if found else clause[at]
        if not text.isascii():
            text = text[0] if re.match("[\u4e00-\u9fff]", text) else text
        if re.search("[\u4e00-\u9fff]", text[1:]):
            text = re.split("[\u4e00-\u9fff]", text)[0]
        return Role("word" if text[0].isalpha() else "sign", text)


def _is_whole(text: str, start: int, end: int) -> bool:
    word = text[start:end]
    if _latin(word[0]) and start and _latin(text[start - 1]):
        return False
    return not (_latin(word[-1]) and end < len(text) and _latin(text[end]) and text[end - 1 : end + 1] != "'")


def _latin(sign: str) -> bool:
    return sign.isalnum() and not "\u4e00" <= sign <= "\u9fff"


def ways_of(role: Role) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return adjectives().get(role.text.lower(), ())
