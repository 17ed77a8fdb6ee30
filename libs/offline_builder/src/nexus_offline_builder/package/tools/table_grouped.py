"""What a request groups by, what it is the most or least of, and the columns that it multiplies, by roles."""

import re

from .patterns import lazy_pattern
from .table_picked import Picking, Unread
from .table_roles import BY_KIND, EXACT, Role, ways_of
from .table_words import comparatives, kinds, stem, words_of

_MOST = 1000
_EACH = ("per", "each", "every", "for each", "各", "每")
_IS_PRICE = lazy_pattern(r"price|rate|cost|per|each|单价|价|preis|fee", re.IGNORECASE)
_HOW = {
    "how long": ("time", "length"),
    "how far": ("length", "time"),
    "how heavy": ("mass",),
    "how high": ("length",),
    "多重": ("mass",),
    "多远": ("length",),
    "多久": ("time",),
}


class Grouping(Picking):
    """Groups, extremes and products."""

    def _products(self) -> None:
        for at in self._all("without"):
            if self._roles[at].text.lower() in ("minus", "less"):
                self._difference(at)
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

    def _difference(self, at: int) -> None:
        """`all fees minus all that has been paid`: of two columns, row by row."""
        left, right = self._beside(at, -1), self._beside(at, 1)
        if left is not None and right is not None and left != right:
            self._used |= {at, *(one for one in self._all("column") if self._roles[one].columns & {left, right})}
            self._set(product=(left, right), minus=True)

    def _shares(self) -> None:
        """`which percentage of the hours is Mo's`: the rows that are picked, of all."""
        for at in self._all("share"):
            if self._kind(at - 1) == "number" and self._roles[at].text == "%":
                raise Unread(self._roles[at].text)
            self._used.add(at)
            self._set(share=True)

    def _is_price(self, at: int) -> bool:
        return _IS_PRICE.search(self._table.header[at]) is not None

    def _beside(self, at: int, step: int) -> int | None:
        place = self._near(at, step, "column", over=("plain", "missing", "word", "average", "total"), reach=6)
        columns = self._numbers_in(place) if place is not None else []
        if len(columns) > 1 and place is not None:
            further = self._near(place, step, "column", over=("plain",))
            both = set(columns) & set(self._numbers_in(further)) if further is not None else set[int]()
            columns = sorted(both) or columns
        return columns[0] if len(columns) == 1 else None

    def _groups(self) -> None:
        for at in self._all("per", "group"):
            role = self._roles[at]
            if role.kind == "per" and self._kind(at - 1) == "rows":
                self._set(counted=True)
            place = self._grouped_at(at)
            texts = self._labels_in(place) if place is not None else frozenset[int]()
            if place is not None and len(texts) == 1:
                self._used |= {at, place}
                (column,) = texts
                if self._of.group not in (None, column):
                    raise Unread(role.text)
                self._set(group=column)
            elif place is not None and self._kind(place) == "rows" and role.text.lower() in _EACH:
                self._used |= {at, place}
            else:
                self._by_itself(at)

    def _grouped_at(self, at: int) -> int | None:
        """Where the column is named that is grouped by."""
        place = self._near(at, 1, "column", "rows", over=("plain", "number", "and"))
        if place is None and self._roles[at].text in "每各" and self._kind(at + 2) == "column":
            place = at + 2  # 每台主机: Chinese counts with a word of its own
        if self._roles[at].text.lower() == "wise":
            place = None
        if self._roles[at].kind == "group":
            place = next((one for one in self._all("column") if self._is_text(one)), place)
        if place is None and (before := self._near(at, -1, "column")) is not None:
            place = before if self._is_text(before) else None
        return place

    def _labels_in(self, at: int) -> frozenset[int]:
        """The columns of texts; else the one of whole numbers that is called by this word and measures nothing."""
        role = self._roles[at]
        texts = role.columns - self._numeric.keys()
        if texts or role.sure < EXACT or len(role.columns) != 1 or len(self._numeric) < 2:
            return texts
        (column,) = role.columns
        name = self._table.header[column]
        measured = any(kinds().of_word.get(word, set[str]()) & kinds().measures for word in (*words_of(name), name))
        whole = all(number.denominator == 1 for number in self._numeric[column].numbers)
        return role.columns if whole and not measured and stem(name) == name.lower() else texts

    def _by_itself(self, at: int) -> None:
        """`each`, of the names that are asked about; `by`, which says nothing on its own."""
        said, following = self._roles[at].text.lower(), self._kind(at + 1)
        if following and self._roles[at + 1].clause != self._roles[at].clause:
            following = ""
        self._used.add(at)
        named = [one.column for one in self._of.conditions if " / " in one.title]
        if self._roles[at].kind == "group" or said in _EACH:
            if len(named) == 1 and self._of.group is None:
                self._set(group=named[0])
                return
            # A column behind `per` that is none to group by is another thing of that kind: `total per cost centre`.
            other = following == "word" or (following == "column" and said == "per")
            unread = other and self._of.product is None and self._of.group is None
        else:
            ordered = self._all("most", "least", "adjective") and said in ("by", "按")
            unread = said != "by" or following == "word" or (following == "column" and not ordered)
        if unread:
            raise Unread(f"{said} {self._roles[at + 1].text if following else ''}".strip())

    def _is_text(self, at: int) -> bool:
        columns = self._roles[at].columns
        return at not in self._used and len(columns) == 1 and not (columns & self._numeric.keys())

    def _extremes(self) -> None:
        for at in self._all("most", "least", "adjective"):
            role = self._roles[at]
            self._used.add(at)
            beside = (self._near(at, 1, "number"), self._near(at, -1, "number"))
            number = next((one for one in beside if one is not None and one not in self._used), None)
            count = self._roles[number].number if number is not None else None
            if number is not None and count is not None:
                if count.denominator != 1 or not 0 < count < _MOST:
                    raise Unread(self._roles[number].text)
                self._used.add(number)
                self._set(first=int(count))
            way = self._said_of(role) if role.kind == "adjective" else role.kind
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

    def _differ(self, role: Role) -> None:
        """`how much heavier`: a difference of what that is measured in."""
        wanted = comparatives().get(role.text.lower(), ())
        fitting = [one for one in self._numeric if self._is_of(one, wanted)]
        if wanted and len(fitting) == 1:
            self._set(targets=(fitting[0],))
        self._set(differ=True)

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


def _chinese_in(name: str) -> list[str]:
    """Every part of a Chinese name."""
    if name.isascii():
        return []
    return [name[start:end] for start in range(len(name)) for end in range(start + 1, min(len(name), start + 4) + 1)]
