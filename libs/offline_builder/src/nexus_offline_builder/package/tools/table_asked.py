"""What a request asks of a table, by the roles that its words fill.

Words without a role are left aside, but for those in a place that an operation needs filled: `average heart rate` of a
table without one, `per team`, `except the deposit`. Then, and where an amount is not used, there is no reading.
"""

from .csv_conditions import Condition
from .table import Table, numbered
from .table_grouped import Grouping
from .table_picked import MEASURED, Asked, Unread
from .table_roles import BY_KIND, GIVEN, Role
from .table_words import kinds, said_in, stem, words_of

_WHOLE = said_in("altogether in_total in_all together overall all_in 一共 总共 共 總共 加起来 全部加起来")
"""Totals that say nothing of what they are of."""
_MONEY = {"money", "paid", "received"}
_VERBS = said_in(
    "pay pays paid spend spent bill billed charge charged raise raised earn earned made make "
    "bring brought gave give given owe owed due money amount amounts value total high highs "
    "low lows worth took last lasted far old weigh weighed"
)
_NO_NOUN = frozenset(
    "的是了呢吗啊呀吧请帮我你他她它把给对算看要一下这那在有就都和与们也还再去来得被从到中里上个家次咱您麻烦"
)
"""Signs of Chinese that are no noun on their own."""
_HIS = ("'s", "s", "his", "her", "their", "its")
_SAYS_NO_THING = said_in("大家 全部 所有 今天 昨天 今年 去年 本月 上月 这月 本周 这周 上周 周 月 天 年 季度 次 表 单")
"""Whose or when it is, and no thing that there could be a number of."""


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
    for at in range(1, len(roles) - 1):
        beside = {roles[at - 1].kind, roles[at + 1].kind}
        if roles[at].kind == "sign" and roles[at].text in "+-*/−" and beside == {"column"}:
            return None
    said = _without_negated([one for one in roles if one.kind != "sign"])
    beyond = any(one.kind == "other" for one in said)
    return None if beyond else _Asking(table, said, known, nouns).asked(part)


def _without_negated(roles: list[Role]) -> list[Role]:
    """`not weighted` asks for nothing: what is unknown here and is not wanted."""
    pairs = zip(roles, [*roles[1:], None], strict=False)
    dropped = {at for at, (one, other) in enumerate(pairs) if one.kind == "not" and other and other.kind == "other"}
    return [one for at, one in enumerate(roles) if at not in dropped and at - 1 not in dropped]


class _Asking(Grouping):
    """Fills the roles one after the other; each word is used once."""

    def asked(self, part: bool) -> Asked | None:
        for at in self._all("missing"):
            if not (self._all("times") or self._says_more(at)):
                raise Unread(self._roles[at].text)
        for step in (
            self._limits,
            self._answers,
            self._cells,
            self._gaps,
            self._products,
            self._shares,
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
            self._refuse_what_is_his()
            return of
        self._refuse_unasked()
        return of if of.figures or of.conditions or of.distinct or of.refers or (of.listed and of.labels) else None

    def _refuse_what_is_his(self) -> None:
        """`what's Holm's phone number`: of a row something that is not there."""
        for at in range(1, len(self._roles)):
            if self._kind(at) == "word" and self._roles[at - 1].text.lower() in _HIS:
                raise Unread(self._roles[at].text)

    def _says_more(self, at: int) -> bool:
        """`maths marks`, where `maths` is a column: what that is; `tax man`: no tax."""
        beside = [one for one in (at - 1, at + 1) if self._kind(one) == "column" and self._numbers_in(one)]
        of = kinds().of_word.get(self._roles[at].text.lower(), set[str]())
        if of & {"marks", "points", "time", "pieces"} and any(
            self._roles[one].sure > BY_KIND and self._roles[one].clause == self._roles[at].clause for one in beside
        ):
            return True
        return "derived" in of and (
            self._kind(at + 1) == "word" or (self._near(at, -1, "word") is None and self._is_for(at))
        )

    def _is_for(self, at: int) -> bool:
        """`for my taxes`: what it is wanted for."""
        ahead = [one.text.lower() for one in self._roles[max(0, at - 2) : at]]
        return "for" in ahead

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

    def _measures(self) -> None:
        for at in self._all(*MEASURED, "amount", "differ", "distinct", "list"):
            role = self._roles[at]
            self._used.add(at)
            if role.kind in ("amount", "list"):
                self._refuse_other_things(at)
            if role.kind in MEASURED:
                self._measure(at)
            elif role.kind == "amount":
                self._set(amount=True)
                self._how(role)
                self._refuse_other_amount(role)
            elif role.kind == "differ":
                self._differ(role)
            elif role.kind == "distinct":
                self._set(distinct=True)
            else:
                self._refuse_other_rows(at)
                self._set(listed=True)

    def _refuse_other_amount(self, role: Role) -> None:
        """`丙多少钱`, `孙丽的电话是多少`: Chinese names nothing with a capital, so that a noun is all that tells it."""
        if role.text.isascii() or self._of.targets or self._of.product is not None:
            return
        clause = [one for one in self._roles if one.clause == role.clause]
        nouns = [one.text for one in clause if one.kind == "word" and one.text not in _NO_NOUN]
        named = any(one.kind in ("column", "missing", "total") for one in clause)
        if not named and len(nouns) > (1 if self._of.conditions else 0):
            raise Unread("".join(nouns))

    def _refuse_other_things(self, at: int) -> None:
        """`多少头猪`, `人工费一共多少`, `哪个机房最多`: what nobody knows in the very place of what is asked for."""
        role = self._roles[at]
        if role.text.isascii():
            return
        behind = self._nouns_from(at + 1, 1)
        if role.kind == "list":
            if role.text.startswith("哪") and self._of.extremes and len(behind) > 1 and not self._is_known(behind[:2]):
                raise Unread(behind)
            return
        if len(behind) > 1 and not self._is_known(behind[1:]):
            raise Unread(behind)
        whole = self._kind(at - 1) == "total" and self._roles[at - 1].text in _WHOLE
        ahead = self._nouns_from(at - 2, -1) if whole else ""
        if len(ahead) > 1 and not (self._is_known(ahead) or self._of.conditions):
            raise Unread(ahead)

    def _nouns_from(self, at: int, step: int) -> str:
        """The signs of Chinese from a place on that stand for nothing that is known."""
        found = ""
        while self._kind(at) == "word" and self._roles[at].text not in _NO_NOUN:
            if self._roles[at].text.isascii():
                break
            found = f"{found}{self._roles[at].text}" if step > 0 else f"{self._roles[at].text}{found}"
            at += step
        return found

    def _is_known(self, noun: str) -> bool:
        """Whether the requirement speaks of it, or it names somebody or a time."""
        known = kinds().of_word
        ends = (one for one in (*self._nouns, *_SAYS_NO_THING, *known) if noun.endswith(one) and not one.isascii())
        return any(len(one) > 1 or len(noun) == 1 for one in ends)

    def _measure(self, at: int) -> None:
        """`not the average` asks for none."""
        if (negation := self._near(at, -1, "not", "without")) is not None:
            self._used.add(negation)
            return
        if self._roles[at].kind not in self._of.measures:
            self._set(measures=(*self._of.measures, self._roles[at].kind))
        self._slot(at)

    def _refuse_other_rows(self, at: int) -> None:
        """`which teacher has the highest amount`, of a table of orders."""
        said = self._roles[at].text.lower() in ("which", "whose") and self._of.extremes
        if said and self._kind(at + 1) == "word":
            noun = self._roles[at + 1].text
            if noun.lower() not in ("one", "ones") and stem(noun) not in self._nouns:
                raise Unread(noun)

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
        """Which columns are meant: of those that are named the ones of numbers, the others say whose they are."""
        sets, labels = list[frozenset[int]](), list[int]()
        for at in self._all("column"):
            role = self._roles[at]
            numbers = frozenset(self._numbers_in(at))
            texts = role.columns - self._numeric.keys()
            self._used.add(at)
            if (without := self._near(at, -1, "without")) is not None:
                self._used.add(without)
                continue
            self._refuse_other_noun(at, bool(numbers))
            if role.sure == BY_KIND and numbers and _MONEY & kinds().of_word.get(role.text.lower(), set[str]()):
                self._set(money=True)
            if numbers and (role.sure > BY_KIND or not texts):
                sets.append(numbers)
            elif len(texts) == 1:
                labels += [one for one in texts if one not in labels]
        self._set(labels=tuple(labels))
        given = [frozenset(self._numbers_in(at)) for at, one in enumerate(self._roles) if one.sure == GIVEN]
        if any(given):
            sets = [one for one in given if one]
        if self._of.product is None:
            self._targets(sets)

    def _targets(self, sets: list[frozenset[int]]) -> None:
        """Of words that may name several columns, those that the other words name, too."""
        narrowed = [one for one in sets if len(one) == 1]
        targets = list(self._of.targets)
        for one in sets:
            chosen = one
            for other in sets:
                chosen = chosen & other or chosen
            if len(chosen) > 1 and (targets or narrowed):
                continue
            if len(chosen) > 1:
                chosen = self._directed(chosen)
            targets += [at for at in chosen if at not in targets]
        compared = {one.column for one in self._of.conditions}
        rest = [one for one in targets if one not in compared]
        again = targets if self._of.figures and not self._all("count") else []
        self._set(targets=tuple(rest or again))

    def _directed(self, columns: frozenset[int]) -> frozenset[int]:
        """The coldest is of `min_c`, the warmest of `max_c`."""
        ends = {"least": "min", "most": "max"}
        end = ends[self._of.extremes[0]] if len(self._of.extremes) == 1 else ""
        directed = frozenset(at for at in columns if end in words_of(self._table.header[at]))
        if len(directed) != 1:
            raise Unread(" / ".join(self._table.header[at] for at in sorted(columns)))
        return directed

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
            if self._roles[at - 1].text in ("这", "那"):
                continue
            self._refuse_other_things(at)
            if self._roles[at].text.lower() in ("number", "nr") and self._kind(at - 1) == "word":
                raise Unread(f"{self._roles[at - 1].text} {self._roles[at].text}")
            noun = at + 1
            while self._kind(noun) in ("plain", "number", "distinct", "cell", "total"):
                noun += 1
            kind = self._kind(noun)
            if kind == "share" or self._of.share:
                continue
            pieces = [one for one in self._numeric if self._is_of(one, ("pieces",))]
            if kind == "word" and len(pieces) == 1 and stem(self._roles[noun].text) in self._nouns:
                self._set(targets=(pieces[0],), measures=self._of.measures or ("total",))
                continue
            people = [one for one in self._numeric if self._table.header[one] == "人数"]
            if people and "人" in f"{self._roles[at].text}{self._roles[noun].text if kind else ''}":
                self._set(targets=(people[0],), measures=self._of.measures or ("total",))
            elif kind == "column" and self._counts_up(noun):
                self._set(measures=self._of.measures or ("total",))
            else:
                told = self._of.conditions and kind == "word" and stem(self._roles[noun].text) in self._nouns
                if kind == "word" and self._kind(at + 1) != "cell" and not (told or self._counts_rows(noun)):
                    raise Unread(self._roles[noun].text)
                kept = tuple(one for one in self._of.measures if one != "total" or self._of.targets)
                self._set(counted=True, measures=kept)

    def _counts_up(self, at: int) -> bool:
        """Whether the column behind `how many` says how many there are."""
        role, columns = self._roles[at], self._numbers_in(at)
        if not columns or (role.sure == BY_KIND and role.columns - self._numeric.keys()):
            return False
        return columns[0] in self._of.targets or self._of.product is not None

    def _counts_rows(self, at: int) -> bool:
        """Whether an unknown noun behind `how many` can only be the rows: no column could be how many they are."""
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
        pieces = {"pieces", "guests", "points", "goals"}
        counted = any(
            kinds().of_word.get(word, set[str]()) & pieces
            for one in whole
            for word in words_of(self._table.header[one])
        )
        if "there" in said and stem(self._roles[at].text) in self._nouns and not counted:
            return True
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
            if role.kind == "number" and not self._is_counted(role, at, rows):
                raise Unread(role.text)
            if role.kind == "without":
                place = self._near(at, 1, "word", "cell", "column", "rows")
                raise Unread(f"{role.text} {self._roles[place].text if place is not None else ''}".strip())
            if role.kind in ("≥", "≤", "behind") and role.text != "+":
                raise Unread(role.text)
            self._name(at)

    def _is_counted(self, role: Role, at: int, rows: int) -> bool:
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
