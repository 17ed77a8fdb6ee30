"""What is asked of a table in order: sorted rows, the first few, which name has the most; and what a stock is worth."""

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from . import figures
from .contract import Answer, JsonValue, Refusal, Value
from .csv_scope import refuse_unclear, without_names
from .patterns import lazy_pattern
from .table import Column, Table, numeric_columns
from .wording import digits_for_words

_MOST_ROWS = 200
_MOST_HOLDERS = 3
_SORT = lazy_pattern(
    r"\b(?:sort(?:ed)?|order(?:ed)?|rank(?:ed|ing)?)\b|排序|排名|排列|排一?下|从[高大多]到|从[低小少]到|[降升]序",
    re.IGNORECASE,
)
_FIRST = lazy_pattern(
    r"\b(?P<way>top|bottom)\s+(?P<count>\d{1,3})\b|(?P<zh>前|后)\s*(?P<n>\d{1,3})\s*[名个位]", re.IGNORECASE
)
_JUST_FIRST = lazy_pattern(
    r"(?:(?:and|so|ok|now|just|only|show|give|me|please)\s+)*(?:the\s+)?(?:first|top)(?: (?P<n>\d{1,3}|"
    r"two|three|four|five|ten)\b)?(?: ones?| rows?| lines?| entry| entries| places?)?"
    r"(?: only| please)?[\s?.!]*|只?[要看]?(?:第一|前(?P<zh>[\d一二三四五十]+))[个名行条](?:呢)?[\s?？。]*",
    re.IGNORECASE,
)
_DOWN = lazy_pattern(
    r"\b(?:highest|largest|biggest|most|more|descending|desc|high to low|best|strongest|greatest|top|"
    r"expensive|dearest|priciest|costl\w+|"
    r"decreasing|large to small)\b|"
    r"从[高大多]|降序|最[高大多贵]|前",
    re.IGNORECASE,
)
_UP = lazy_pattern(
    r"\b(?:lowest|smallest|least|fewest|fewer|less|ascending|asc|low to high|worst|weakest|bottom|cheapest|increasing|"
    r"small to large)\b|"
    r"从[低小少]|升序|最[低小少]|最便宜|后",
    re.IGNORECASE,
)
_WHICH = lazy_pattern(
    r"\b(?:which|who|whose)\b(?!.*\bper (?!piece|unit|item|one)).*\b(?P<en>most|highest|largest|"
    r"biggest|best|greatest|least|lowest|smallest|fewest|"
    r"worst|cheapest|max(?:imum)?|min(?:imum)?|more(?! than)|fewer(?! than)|less(?! than))\b|"
    r"\bwhat\b.*\b(?P<what>most|least)\b|"
    r"\b(?P<adj>dearest|priciest|costliest|cheapest|(?:most|least) (?:expensive|costly))\b(?! prices?\b)|"
    r"(?=.*(?:哪一?[个种家位名样款类天月项笔件]|谁|什么)).*最(?P<zh>[多高大贵少低小]|便宜)",
    re.IGNORECASE | re.DOTALL,
)
_BEST = lazy_pattern(
    r"[\s,;.]*(?:and\s+|so\s+)?(?:the\s+)?(best|worst|top|strongest|weakest)\s*(?:one)?[\s?.!]*", re.IGNORECASE
)
_DATED = lazy_pattern(r"date|^day$|datum|日期|时间", re.IGNORECASE)
_MOST = lazy_pattern(r"(?:the |who has |with )*(most|least|fewest)[\s?.!]*", re.IGNORECASE)
_BEST_OF = lazy_pattern(
    r"\b(best|worst|strongest|weakest|top|biggest|largest|smallest|highest|lowest)\b(?! "
    r"\d)(?!.*\b(?:per|each|every)\b)",
    re.IGNORECASE,
)
_SUMMED = frozenset(
    ["most", "more", "fewer", "less", "best", "least", "fewest", "worst", "top", "strongest", "weakest", "多", "少"]
)
_WORTH = lazy_pattern(
    r"\bworth\b|\b(?:total |stock |inventory |overall )+value\b|\bvalue of (?:the |my |our |all |"
    r"whole )*(?:stock|inventory|everything|goods)\b|"
    r"\bq(?:ty|uantity)? (?:times|\*|x) price\b|\b(?:times|multiplied by)\b|总值|总价|值多少|货值|(?<=\s)[*×](?=\s)|"
    r"库存(?:价值|金额)|乘以?|花了?多少钱?|一共多少钱|\bhow much (?:money )?(?:did|do|have|has) "
    r"(?:we|i|it|they) (?:spend|cost|pay|paid|spent)\b|\btotal (?:cost|spend|spent)\b",
    re.IGNORECASE,
)
_WORTH_OF_STOCK = lazy_pattern(r"worth|value|times|multipl|[*×]|值|乘|库存", re.IGNORECASE)
"""Says that how many is to be multiplied, whatever else the table holds."""
COUNTS = lazy_pattern(
    r"\bsold\b|qty|quantit|count|units?$|stock|pieces|pcs|number|on.?hand|数量|库存|件数|个数|存量", re.IGNORECASE
)
PRICES = lazy_pattern(r"price|cost|each|单价|价格|进价|售价|^价", re.IGNORECASE)
PRICED = lazy_pattern(r"cheap|expensive|dear|pric[iy]|\bcost|便宜|贵", re.IGNORECASE)
"""What is said of prices."""
_SAID = lazy_pattern(
    r"\b(?:dearest|priciest|costliest|costly|article|product|thing|more|fewer|less|scored|which|who|what|whose|most|highest|largest|biggest|best|greatest|least|lowest|smallest|fewest|worst|"
    r"cheapest|expensive|strongest|weakest|"
    r"descending|desc|ascending|asc|high|low|large|small|first|sort(?:ed)?|order(?:ed)?|rank(?:ed|ing)?|top|bottom|"
    r"\d{1,3}|worth|value|"
    r"stock|inventory|everything|goods|sold|sells?|made|makes?|brought|earned|had|max(?:imum)?|min(?:imum)?|name|"
    r"one|total|overall|times|multiplied|by|per|piece|pieces|each|sellers?|selling|performers?|earners?|winners?|"
    r"expenses?|purchases?|items?|entry|entries|it|all|whole|on)\b|[*×]|"
    r"总价|哪一?[个种家位名样款类天月项笔件]?|谁|什么|最[多高大贵少低小]|最?便宜|从[高大多低小少]到[高大多低小少]|"
    r"[降升]序|排序|排名|排列|排一?下|排|前|后|名|个|卖|得|总值|总价值|"
    r"乘以?|值多少|货值|库存|价值|一共|花了?|多少|钱|\d+|\b(?:how|much|did|do|have|we|they|spend|cost|pay|paid|spent|money)\b",
    re.IGNORECASE,
)


_WHO = lazy_pattern(r"\bwho(?:se)?\b|谁", re.IGNORECASE)
_PERSON = lazy_pattern(
    r"name|rep$|person|people|employee|staff|seller|member|player|student|pupil|customer|client|user|author|worker|driver|runner|"
    r"candidate|guest|姓名|名字|人员|员工|学生|客户|会员",
    re.IGNORECASE,
)
_ALPHABET = lazy_pattern(
    r"\b(?:alphabetical(?:ly)?|alphabet|a\s*(?:-|to)\s*z|z\s*(?:-|to)\s*a|letter)\b|字母", re.IGNORECASE
)


class _Order(NamedTuple):
    column: Column
    down: bool


def ranked(table: Table, request: str, chinese: bool) -> Answer | None:
    """The answer to what is asked about the order of the rows, or their worth; None where neither is."""
    plain = without_names(request, table.header)
    if _WORTH.search(plain) and (answer := _worth(table, plain, chinese)):
        return answer
    first, which = (
        _FIRST.search(plain),
        _WHICH.search(plain)
        or _BEST.fullmatch(plain)
        or _best_by(table, request, plain)
        or _most_of(table, request, plain),
    )
    if not (_SORT.search(plain) or first or which):
        return None
    order = _order(table, request, plain)
    if order is None:
        return _alphabetical(table, request, plain, chinese) if _SORT.search(plain) and not (first or which) else None
    refuse_unclear(_SAID.sub(" ", plain), table)
    if which and not first:
        return _winner(table, request, order, next(word for word in which.groups() if word).lower() in _SUMMED, chinese)
    count = int(first["count"] or first["n"]) if first else len(table.rows)
    return _listed(table, order, count, chinese)


def _most_of(table: Table, request: str, plain: str) -> "re.Match[str] | None":
    """`most points?`, where only that column is named."""
    named = [column for column in numeric_columns(table) if without_names(request, [column.name]) != request]
    return _MOST.fullmatch(plain.strip()) if len(named) == 1 else None


def other_way(before: str) -> str:
    """The request of a sorted table the other way round; empty where it is none."""
    if not _SORT.search(before):
        return ""
    down = _DOWN.search(before) is not None
    return f"{_UP.sub(' ', _DOWN.sub(' ', before))} {'ascending' if down else 'descending'}"


def _best_by(table: Table, request: str, plain: str) -> "re.Match[str] | None":
    """`best region by revenue`: a name, and the column of numbers behind `by`."""
    for column in numeric_columns(table) if not _SORT.search(plain) else ():
        if re.search(rf"\bby\s+(?:the\s+)?{re.escape(column.name)}(?!\w)", request, re.IGNORECASE):
            return _BEST_OF.search(plain)
    return None


def first_row(table: Table, words: str, before: str, chinese: bool) -> Answer | None:
    """`just the first one`, after a table was sorted."""
    found = _JUST_FIRST.fullmatch(words.strip())
    if found is None or not _SORT.search(plain := without_names(before, table.header)):
        return None
    order = _order(table, before, plain)
    said = found["n"] or found["zh"]
    count = int(digits_for_words(said)) if said else 1
    return _listed(table, order, count, chinese) if order is not None else None


def order_of(request: str) -> str:
    """What is said of the order but for its column: `top 2` of `top 2 by level`; nothing if no order is asked for."""
    if not (_SORT.search(request) or _FIRST.search(request)):
        return ""
    said = (found.group() for pattern in (_FIRST, _SORT, _DOWN, _UP) if (found := pattern.search(request)))
    return " ".join(dict.fromkeys(said))


def asks_order(request: str) -> bool:
    """Whether `request` may be about the order of rows; of a short one that says which."""
    return any(form.search(request) for form in (_SORT, _FIRST, _WHICH)) or _BEST.fullmatch(request) is not None


def _alphabetical(table: Table, request: str, plain: str, chinese: bool) -> Answer | None:
    """The rows by the only column of text that is named."""
    numeric = {column.name for column in numeric_columns(table)}
    named = [at for at, name in enumerate(table.header) if without_names(request, [name]) != request]
    if len(named) != 1 or table.header[named[0]] in numeric or len(table.rows) > _MOST_ROWS:
        return None
    refuse_unclear(_SAID.sub(" ", _ALPHABET.sub(" ", plain)), table)
    down = _DOWN.search(plain) is not None or re.search(r"\bz\s*(?:-|to)\s*a\b", plain, re.IGNORECASE) is not None
    rows = sorted(table.rows, key=lambda row: row[named[0]].casefold(), reverse=down)
    listed: list[JsonValue] = [list(row) for row in rows]
    head = f"按 {table.header[named[0]]} 排序：" if chinese else f"by {table.header[named[0]]}:"
    lines = [", ".join(row) for row in (table.header, *rows)]
    return Answer("\n".join([head, *lines]), {"rows": len(rows), "column": table.header[named[0]]}, {"rows": listed})


def _order(table: Table, request: str, plain: str) -> _Order | None:
    """By which column of numbers, and which way; None where that is not said."""
    numeric = [column for column in numeric_columns(table) if not column.mixed]
    named = [column for column in numeric if without_names(request, [column.name]) != request]
    if not named and PRICED.search(plain):
        named = [column for column in numeric if PRICES.search(column.name)]
    chosen = named or numeric
    down, up = _DOWN.search(plain) is not None, _UP.search(plain) is not None
    if re.search(r"从[高大多]到|high to low|large to small", plain, re.IGNORECASE):
        up = False
    if re.search(r"从[低小少]到|low to high|small to large", plain, re.IGNORECASE):
        down = False
    text_named = any(
        without_names(request, [name]) != request
        for name in table.header
        if name not in {column.name for column in numeric}
    )
    if len(chosen) != 1 or (down and up) or (text_named and not named and _SORT.search(plain)):
        return None
    return _Order(chosen[0], down)


def _winner(table: Table, request: str, order: _Order, summed: bool, chinese: bool) -> Answer | None:
    """Which name has the most; where names repeat, of the totals by name."""
    numeric = {column.name for column in numeric_columns(table)}
    texts = [name for name in table.header if name not in numeric]
    people = [name for name in texts if _PERSON.search(name)] if _WHO.search(request) else []
    label = next(
        (name for name in texts if without_names(request, [name]) != request),
        next(iter(people or [name for name in texts if not _DATED.search(name)] or texts), None),
    )
    if label is None:
        return None
    at = table.header.index(label)
    pairs = [
        (row[at], number) for row, number in zip(table.rows, order.column.cells, strict=True) if number is not None
    ]
    if summed or len({name for name, _ in pairs}) == len(pairs):
        pairs = list(_by_name(pairs).items())
    wanted = (max if order.down else min)(number for _, number in pairs)
    winners = list(dict.fromkeys(name for name, number in pairs if number == wanted))
    shown = figures.shown(wanted)
    text = (
        f"{'、'.join(winners)}（{order.column.name}：{shown}）"
        if chinese
        else f"{', '.join(winners)} ({order.column.name}: {shown})"
    )
    asked: dict[str, JsonValue] = {"rows": len(table.rows), "column": order.column.name, "of": label}
    return Answer(
        text,
        asked,
        {"names": list(winners), "value": figures.for_json(wanted)},
        (Value(figures.carried(wanted), wanted),),
    )


def _by_name(pairs: Iterable[tuple[str, Fraction]]) -> dict[str, Fraction]:
    totals = dict[str, Fraction]()
    for name, number in pairs:
        totals[name] = totals.get(name, Fraction(0)) + number
    return totals


def holders(table: Table, column: Column, number: Fraction) -> str:
    """Whose `number` is, by the text of the rows; empty where there is none, or too many have it."""
    numeric = {one.name for one in numeric_columns(table)}
    texts = [at for at, name in enumerate(table.header) if name not in numeric]
    rows = [row for row, cell in zip(table.rows, column.cells, strict=True) if cell == number]
    named = texts if len(rows) == 1 else texts[:1]
    names = list(dict.fromkeys(row[at] for row in rows for at in named if row[at]))
    return f" ({', '.join(names)})" if names and len(rows) <= _MOST_HOLDERS else ""


def _listed(table: Table, order: _Order, count: int, chinese: bool) -> Answer:
    """Equal rows stay in their order; rows without a number come last."""
    pairs = list(zip(table.rows, order.column.cells, strict=True))
    known = [(row, number) for row, number in pairs if number is not None]
    known.sort(key=lambda pair: pair[1], reverse=order.down)
    rows = [row for row, _ in known] + [row for row, number in pairs if number is None]
    if len(rows) > _MOST_ROWS and count > _MOST_ROWS:
        raise Refusal(f"I sort tables of up to {_MOST_ROWS} rows.", f"我最多能给 {_MOST_ROWS} 行排序。")
    way = ("从大到小" if order.down else "从小到大") if chinese else "highest first" if order.down else "lowest first"
    head = f"按 {order.column.name} {way}：" if chinese else f"by {order.column.name}, {way}:"
    lines = [", ".join(row) for row in rows[:count]]
    listed: list[JsonValue] = [list(row) for row in rows[:count]]
    asked: dict[str, JsonValue] = {"rows": len(table.rows), "column": order.column.name, "order": way}
    return Answer("\n".join([head, ", ".join(table.header), *lines]), asked, {"rows": listed})


def _worth(table: Table, plain: str, chinese: bool) -> Answer | None:
    """How many of each times its price, in all; None where the table does not say both."""
    numeric = [column for column in numeric_columns(table) if not column.mixed]
    prices = [column for column in numeric if PRICES.search(column.name)]
    counts = [column for column in numeric if COUNTS.search(column.name) and column not in prices]
    if len(prices) != 1 or len(counts) != 1 or (len(numeric) > 2 and not _WORTH_OF_STOCK.search(plain)):
        return None
    refuse_unclear(_SAID.sub(" ", plain), table)
    pairs = zip(counts[0].cells, prices[0].cells, strict=True)
    worth = sum((count * price for count, price in pairs if count is not None and price is not None), Fraction(0))
    how = f"{counts[0].name} × {prices[0].name}"
    text = f"总值（{how}）{figures.equals(worth)}" if chinese else f"total value ({how}) {figures.equals(worth)}"
    asked: dict[str, JsonValue] = {"rows": len(table.rows), "columns": [counts[0].name, prices[0].name]}
    return Answer(text, asked, {"value": figures.for_json(worth)}, (Value(figures.carried(worth), worth),))
