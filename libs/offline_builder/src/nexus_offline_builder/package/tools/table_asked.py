"""What a request asks of a table, by the roles that its words fill.

Words without a role are left aside, but for those in a place that an operation needs filled: `average heart rate` of a
table without one, `per team`, `except the deposit`. Then, and where an amount is not used, there is no reading.
"""

import re

from .csv_conditions import Condition
from .table import Table, numbered
from .table_picked import MEASURED, Asked, Picking, Unread
from .table_roles import BY_KIND, Role, ways_of
from .table_words import comparatives, kinds, stem, words_of

_WHOLE = frozenset(
    [
        "altogether",
        "in total",
        "in all",
        "together",
        "overall",
        "all in",
        "一共",
        "总共",
        "共",
        "總共",
        "加起来",
        "全部加起来",
    ]
)
"""Totals that say nothing of what they are of."""
_HOW = {
    "how long": ("time", "length"),
    "how far": ("length", "time"),
    "how heavy": ("mass",),
    "how high": ("length",),
    "多重": ("mass",),
    "多远": ("length",),
    "多久": ("time",),
}
_VERBS = frozenset(
    [
        "pay",
        "pays",
        "paid",
        "spend",
        "spent",
        "bill",
        "billed",
        "charge",
        "charged",
        "raise",
        "raised",
        "earn",
        "earned",
        "made",
        "make",
        "bring",
        "brought",
        "gave",
        "give",
        "given",
        "owe",
        "owed",
        "due",
        "money",
        "amount",
        "amounts",
        "value",
        "total",
        "high",
        "highs",
        "low",
        "lows",
        "worth",
        "took",
        "last",
        "lasted",
        "far",
        "old",
        "weigh",
        "weighed",
    ]
)
_NO_NOUN = frozenset("的是了呢吗啊吧请帮我你把给对算看要一下这那在有就都和与们也还再去来得被从到中里上个家次咱您麻烦")
"""Signs of Chinese that are no noun on their own."""


def asked_of(
    table: Table,
    roles: list[Role],
    known: tuple[Condition, ...] = (),
    nouns: frozenset[str] = frozenset(),
    part: bool = False,
) -> Asked | None:
    """None where nothing is asked. Raises Unread where something is that cannot be told.

    `nouns` may be said of the rows. With `part`, columns on their own are enough: the rest was asked before.
    """
    for ahead, sign, behind in zip(roles, roles[1:], roles[2:]):
        if sign.kind == "sign" and sign.text in "+-*/−" and {ahead.kind, behind.kind} == {"column"}:
            return None
    said = [one for one in roles if one.kind != "sign"]
    return (
        None if any(one.kind in ("other", "share") for one in said) else _Asking(table, said, known, nouns).asked(part)
    )


class _Asking(Picking):
    """Fills the roles one after the other; each word is used once."""

    def asked(self, part: bool) -> Asked | None:
        for role in self._roles:
            if role.kind == "missing" and self._all("times"):
                continue
            if role.kind == "missing":
                raise Unread(role.text)
        for step in (
            self._limits,
            self._answers,
            self._cells,
            self._gaps,
            self._products,
            self._groups,
            self._extremes,
            self._measures,
            self._columns,
            self._counts,
            self._left,
        ):
            step()
        of = self._of
        if part:
            return of
        self._refuse_unasked()
        return of if of.figures or of.conditions or of.distinct or of.refers or (of.listed and of.labels) else None

    def _refuse_unasked(self) -> None:
        """`assists of Ada`: a row, and of it something that is not there; `over 10 or with 25 points`."""
        of = self._of
        named = [one for one in self._roles if one.kind == "word" and one.text not in _NO_NOUN]
        told = any(" = " in one.title and "(empty)" not in one.title for one in of.conditions)
        if told and not (of.figures or of.listed or of.targets or of.labels or of.distinct) and named:
            raise Unread(named[0].text)
        either = any(one.text.lower() in ("or", "或", "或者") for one in self._roles)
        if either and len({one.column for one in of.conditions}) > 1:
            raise Unread("or")
        if of.group is not None and not of.extremes and set(of.labels) - {of.group, *(c.column for c in of.conditions)}:
            raise Unread(" / ".join(self._table.header[at] for at in of.labels))

    def _products(self) -> None:
        for at in self._all("times"):
            left, right = self._beside(at, -1), self._beside(at, 1)
            prices = [one for one in self._numeric if self._is_price(one)]
            if left is not None and right is None and len(prices) == 1 and left != prices[0]:
                right = prices[0]
            if left is None or right is None or left == right:
                raise Unread(self._roles[at].text)
            self._used.add(at)
            self._used |= {
                one
                for one in self._all("column")
                if self._roles[one].columns & {left, right} or self._near(at, 1, "column") == one
            }
            self._set(product=(left, right))
            for other in self._all("column"):
                if self._numbers_in(other) and not set(self._numbers_in(other)) - self._numeric.keys():
                    self._used.add(other)

    def _is_price(self, at: int) -> bool:
        return (
            re.search(r"price|rate|cost|per|each|单价|价|preis|fee", self._table.header[at], re.IGNORECASE) is not None
        )

    def _beside(self, at: int, step: int) -> int | None:
        place = self._near(at, step, "column", over=("plain", "missing", "word", "average"))
        columns = self._numbers_in(place) if place is not None else []
        if len(columns) > 1 and place is not None:
            further = self._near(place, step, "column", over=("plain",))
            both = set(columns) & set(self._numbers_in(further)) if further is not None else set[int]()
            columns = sorted(both) or columns
        return columns[0] if len(columns) == 1 else None

    def _groups(self) -> None:
        for at in self._all("per", "group"):
            role = self._roles[at]
            place = self._near(at, 1, "column", "rows", over=("plain", "number", "and"))
            if role.text.lower() == "wise":
                place = None
            if role.kind == "per" and self._kind(at - 1) == "rows":
                self._set(counted=True)
            if role.kind == "group":
                place = next((one for one in self._all("column") if self._is_text(one)), place)
            if place is None and (before := self._near(at, -1, "column", over=("plain",))) is not None:
                place = before if self._is_text(before) else None
            columns = (
                [one for one in sorted(self._roles[place].columns) if one not in self._numeric]
                if place is not None
                else []
            )
            if place is not None and len(columns) == 1:
                self._used |= {at, place}
                if self._of.group not in (None, columns[0]):
                    raise Unread(role.text)
                self._set(group=columns[0])
            elif (
                place is not None
                and self._kind(place) == "rows"
                and role.text.lower() in ("per", "each", "every", "每")
            ):
                self._used |= {at, place}
            elif role.kind == "group" or role.text.lower() in ("each", "every", "各", "每", "for each"):
                self._used.add(at)
                named = [one.column for one in self._of.conditions if " / " in one.title]
                if len(named) == 1 and self._of.group is None:
                    self._set(group=named[0])
                    continue
                if self._kind(at + 1) == "word" and self._of.product is None and self._of.group is None:
                    raise Unread(self._roles[at + 1].text)
            elif place is None and role.text.lower() == "by" and self._kind(at + 1) != "word":
                self._used.add(at)
            else:
                raise Unread(f"{role.text} {self._roles[at + 1].text if at + 1 < len(self._roles) else ''}".strip())

    def _is_text(self, at: int) -> bool:
        columns = self._roles[at].columns
        return at not in self._used and len(columns) == 1 and not (columns & self._numeric.keys())

    def _extremes(self) -> None:
        for at in self._all("most", "least", "adjective"):
            role = self._roles[at]
            self._used.add(at)
            number = (
                next(
                    (
                        one
                        for one in (self._near(at, 1, "number"), self._near(at, -1, "number"))
                        if one and one not in self._used
                    ),
                    None,
                )
                if self._near(at, 1, "number") != 0
                else None
            )
            if (
                number is None
                and self._kind(0) == "number"
                and self._near(at, -1, "number") == 0
                and 0 not in self._used
            ):
                number = 0
            if number is not None and self._roles[number].number is not None:
                count = self._roles[number].number
                if count is None or count.denominator != 1 or not 0 < count < 1000:
                    raise Unread(self._roles[number].text)
                self._used.add(number)
                self._set(first=int(count))
            way = role.kind
            if role.kind == "adjective":
                way = self._said_of(role)
            if way not in self._of.extremes:
                self._set(extremes=(*self._of.extremes, way))

    def _said_of(self, role: Role) -> str:
        """`coldest`: the least of the column of temperatures."""
        named = [one for at in self._all("column") for one in self._numbers_in(at) if self._roles[at].sure > BY_KIND]
        for way, wanted in ways_of(role):
            fitting = [one for one in self._numeric if self._is_of(one, wanted)]
            fitting = [one for one in fitting if one in named] or fitting
            directed = [
                one for one in fitting if {"least": "min", "most": "max"}[way] in words_of(self._table.header[one])
            ]
            priced = [one for one in fitting if self._is_price(one)] if "money" in wanted else []
            for chosen in (fitting, directed, priced):
                if len(chosen) == 1:
                    self._set(targets=tuple(dict.fromkeys((*self._of.targets, chosen[0]))))
                    return way
            if len(fitting) > 1:
                raise Unread(role.text)
        raise Unread(role.text)

    def _measures(self) -> None:
        for at in self._all(*MEASURED, "amount", "differ", "distinct", "list", "ref"):
            role = self._roles[at]
            self._used.add(at)
            if role.kind in MEASURED:
                negation = self._near(at, -1, "not", "without")
                if negation is not None:
                    self._used.add(negation)
                    continue
                if role.kind not in self._of.measures:
                    self._set(measures=(*self._of.measures, role.kind))
                self._slot(at)
            elif role.kind == "amount":
                self._set(amount=True)
                self._how(role)
            elif role.kind == "differ":
                self._set(differ=True)
                wanted = comparatives().get(role.text.lower(), ())
                fitting = [one for one in self._numeric if self._is_of(one, wanted)]
                if wanted and len(fitting) == 1:
                    self._set(targets=(fitting[0],))
            elif role.kind == "distinct":
                self._set(distinct=True)
            elif role.kind == "ref":
                self._set(refers=True)
            else:
                following = self._roles[at + 1] if at + 1 < len(self._roles) else None
                if (
                    role.text.lower() in ("which", "whose")
                    and self._of.extremes
                    and following
                    and following.kind == "word"
                ):
                    if following.text.lower() not in ("one", "ones") and stem(following.text) not in self._nouns:
                        raise Unread(following.text)
                self._set(listed=True)

    def _how(self, role: Role) -> None:
        """`how long`, `how far`: what that is measured in."""
        if "钱" in role.text or "錢" in role.text or "money" in role.text:
            self._set(money=True)
        wanted = _HOW.get(role.text.lower(), ())
        fitting = [one for one in self._numeric if self._is_of(one, wanted)]
        if wanted and not fitting:
            raise Unread(role.text)
        if wanted and len(fitting) == 1 and not self._of.targets:
            self._set(targets=(fitting[0],))

    def _is_of(self, column: int, wanted: tuple[str, ...]) -> bool:
        words = (*words_of(self._table.header[column]), *_chinese_in(self._table.header[column]))
        return any(kinds().of_word.get(word, set[str]()) & set(wanted) for word in words)

    def _slot(self, at: int) -> None:
        """The noun behind a figure is no unknown one, unless the column is named beside it."""
        role = self._roles[at]
        if role.text.lower() in _WHOLE:
            return
        clause = [one for one, said in enumerate(self._roles) if said.clause == role.clause and said.kind == "column"]
        if (
            self._of.product is not None
            or self._of.targets
            or any(self._numbers_in(one) for one in clause if one not in self._used)
        ):
            return
        if not role.text.isascii():
            ahead = [self._roles[one] for one in range(max(0, at - 3), at)]
            nouns = [one.text for one in ahead if one.kind == "word" and one.text not in _NO_NOUN]
            if len(nouns) > 1:
                raise Unread("".join(nouns))
            return
        word = self._near(at, 1, "word", "column", over=("plain",))
        if word is not None and (self._kind(word) == "word" or word not in self._used):
            raise Unread(self._roles[word].text)

    def _columns(self) -> None:
        """Which columns are meant: of the ambiguous words those that the others name, too."""
        sets: list[frozenset[int]] = []
        labels: list[int] = []
        for at in self._all("column"):
            role = self._roles[at]
            numbers = frozenset(self._numbers_in(at))
            texts = role.columns - self._numeric.keys()
            if self._kind(at - 1) == "without" or self._near(at, -1, "without") is not None:
                self._used |= {at, *([found] if (found := self._near(at, -1, "without")) is not None else [])}
                continue
            self._used.add(at)
            self._refuse_other_noun(at, bool(numbers))
            if (
                role.sure == BY_KIND
                and numbers
                and {"money", "paid", "received"} & kinds().of_word.get(role.text.lower(), set[str]())
            ):
                self._set(money=True)
            if numbers and (role.sure > BY_KIND or not texts):
                sets.append(numbers if role.sure > BY_KIND else numbers)
            elif texts:
                labels += [one for one in sorted(texts) if one not in labels] if len(texts) == 1 else []
        if self._of.product is not None:
            self._set(labels=tuple(labels))
            return
        compared = {one.column for one in self._of.conditions}
        narrowed = [one for one in sets if len(one) == 1]
        targets = list(self._of.targets)
        for one in sets:
            shared = [other for other in sets if other is not one and other & one]
            chosen = one
            for other in shared:
                chosen &= other
            chosen = chosen or one
            if len(chosen) > 1 and narrowed:
                chosen = frozenset(chosen) & frozenset().union(*narrowed) or chosen
            if len(chosen) > 1 and (targets or [two for two in narrowed if two != one]):
                continue
            if len(chosen) > 1:
                way = self._of.extremes[0] if len(self._of.extremes) == 1 else ""
                directed = [
                    c for c in chosen if {"least": "min", "most": "max"}.get(way) in words_of(self._table.header[c])
                ]
                if len(directed) != 1:
                    raise Unread(" / ".join(self._table.header[c] for c in sorted(chosen)))
                chosen = frozenset(directed)
            targets += [c for c in chosen if c not in targets]
        rest = [one for one in targets if one not in compared]
        self._set(
            targets=tuple(rest or (targets if self._of.figures and not self._all("count") else [])),
            labels=tuple(labels),
        )

    def _refuse_other_noun(self, at: int, numbers: bool) -> None:
        """`shipping cost` where only an amount is known: some cost, and not the one that is asked for."""
        role = self._roles[at]
        if role.sure > BY_KIND or not numbers or self._kind(at - 1) != "word" or role.text.lower() in _VERBS:
            return
        if (
            self._roles[at - 1].clause == role.clause
            and self._roles[at - 1].text not in _NO_NOUN
            and role.text[0] not in "花付"
        ):
            raise Unread(f"{self._roles[at - 1].text} {role.text}")

    def _counts(self) -> None:
        """`how many hours` is a total, `how many cats` are rows; of a thing that nobody knows it is neither."""
        for at in self._all("count"):
            self._used.add(at)
            following = at + 1
            while self._kind(following) in ("plain", "number", "distinct", "cell", "total") and following < len(
                self._roles
            ):
                following += 1
            kind = self._kind(following)
            people = [one for one in self._numeric if self._table.header[one] == "人数"]
            if people and "人" in f"{self._roles[at].text}{self._roles[following].text if kind else ''}":
                self._set(targets=(people[0],), measures=self._of.measures or ("total",))
                continue
            if (
                kind == "column"
                and self._numbers_in(following)
                and not (
                    self._roles[following].columns - self._numeric.keys() and self._roles[following].sure == BY_KIND
                )
            ):
                columns = self._numbers_in(following)
                if columns[0] in self._of.targets or self._of.product:
                    if not self._of.measures:
                        self._set(measures=("total",))
                    continue
                if self._roles[following].sure == BY_KIND:
                    self._set(counted=True)
                    continue
            told = self._of.conditions and kind == "word" and stem(self._roles[following].text) in self._nouns
            if kind == "word" and self._kind(at + 1) != "cell" and not (told or self._counts_rows(following)):
                raise Unread(self._roles[following].text)
            kept = tuple(one for one in self._of.measures if one != "total" or self._of.targets)
            self._set(counted=True, measures=kept)

    def _counts_rows(self, at: int) -> bool:
        """Whether an unknown noun behind `how many` can only be the rows: where no column could be how many they are."""
        if not self._roles[at].text.isascii():
            return True
        whole = [
            one
            for one, column in self._numeric.items()
            if all(cell.denominator == 1 for cell in column.numbers)
            and not numbered(column.name)
            and one not in {condition.column for condition in self._of.conditions}
        ]
        said = {role.text.lower() for role in self._roles}
        if not self._of.conditions and not self._roles[at].text.endswith("s"):
            return False
        return not whole or bool(said & {"listed", "rows", "list", "sheet", "file", "table", "entries"})

    def _left(self) -> None:
        """Amounts, comparisons and exclusions that nothing was done with."""
        rows = len(self._table.rows)
        for at in range(len(self._roles)):
            role = self._roles[at]
            if at in self._used:
                continue
            if role.kind == "number" and not self._is_known(role, at, rows):
                raise Unread(role.text)
            if role.kind == "without":
                place = self._near(at, 1, "word", "cell", "column", "rows")
                raise Unread(f"{role.text} {self._roles[place].text if place is not None else ''}".strip())
            if role.kind in ("≥", "≤", "behind") and role.text != "+":
                raise Unread(role.text)
            self._name(at)

    def _is_known(self, role: Role, at: int, rows: int) -> bool:
        if role.number == rows or (role.spelled and not role.text.isascii()):
            return True
        after = self._near(at, 1, "column")
        columns = self._roles[after].columns if after is not None else ()
        if any(role.number == len({row[one] for row in self._table.rows}) for one in columns):
            return True
        return role.spelled and self._kind(at + 1) not in ("column", "rows", "word")

    def _name(self, at: int) -> None:
        """`total for bob`: whose rows are asked for, of a name that is in no row."""
        role = self._roles[at]
        if role.kind != "word" or not role.text.isascii() or self._kind(at - 1) != "plain" or not role.text.isalpha():
            return
        if self._kind(at - 1) == "plain" and self._is_a_name(at):
            raise Unread(role.text)
        joint, before = self._roles[at - 1].text.lower(), self._kind(at - 2)
        filled = before in ("column", *MEASURED) and self._roles[at - 2].clause == role.clause
        if joint in ("for", "of", "from", "by") and filled and self._roles[at - 1].clause == role.clause:
            raise Unread(role.text)

    def _is_a_name(self, at: int) -> bool:
        """`how many did Dana carry`: a name that no row has, where no other row is named."""
        text = self._roles[at].text
        said = any(" = " in one.title or " ≠ " in one.title for one in self._of.conditions)
        return text.istitle() and len(text) > 1 and not said and self._kind(at + 1) != "cell" and self._of.figures


def _chinese_in(name: str) -> list[str]:
    """Every part of a Chinese name."""
    if name.isascii():
        return []
    return [name[start:end] for start in range(len(name)) for end in range(start + 1, min(len(name), start + 4) + 1)]
