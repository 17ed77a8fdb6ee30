"""A later turn about a table: what it asks instead of what was asked before, or of the rows that were the answer."""

import re
from collections.abc import Sequence
from fractions import Fraction

from . import figures
from .contract import Answer, JsonValue, Value
from .csv_conditions import kept_rows
from .patterns import lazy_pattern
from .table import Table, numeric_columns
from .table_answers import answer_of_asked, read_request
from .table_picked import Asked, Unread

_REFERS = lazy_pattern(
    r"\b(?:those|these|they|them|he|she|him|her|his|its|it|their|that one|which ones)\b|[他她它]|那些|这些|那个|这个",
    re.IGNORECASE,
)
_OF_ALL = lazy_pattern(
    r"\b(?:over ?all|all (?:of them|the|rows)|everyone|everything|in all|whole)\b|全部|所有|整个", re.IGNORECASE
)
_SECOND = lazy_pattern(
    r"\b(?:second|next|runner[- ]?up|number (?:two|2)|no\.? ?2|the one behind)\b|第二|下一[名个]|亚军", re.IGNORECASE
)
_APART = lazy_pattern(
    r"\bhow (?:much|far|many)\b|\b(?:gap|difference|apart|ahead|margin)\b|多多少|差多少|相差|高多少|多少", re.IGNORECASE
)
_MOST_SHOWN = 8
_MOST_LISTED = 200


def followed_request(
    table: Table, before: Sequence[str], words: str, chinese: bool, requirement: str = ""
) -> Answer | None:
    """The answer to `words` after the requests `before`, the earliest first; None where they are none of the kind."""
    try:
        if (base := _asked_before(table, before, requirement)) is None:
            return None
        ahead = _ahead_of_the_second(table, base, words, chinese, requirement)
        read = read_request(table, words, requirement, part=True) if ahead is None else None
        if read is None:
            return ahead
        new = read[1]
        if not (new.figures or new.conditions or new.targets or new.labels or (new.listed and _REFERS.search(words))):
            return None
        compared = any(re.search(r" [<>≤≥] ", one.title) for one in base.conditions)
        if _only_columns(new) and new.targets and compared and not _REFERS.search(words):
            return None
        whole = new.figures and _OF_ALL.search(words)
        if _only_columns(new) and new.targets and base.extremes and not _REFERS.search(words):
            return None
        if _lists_columns(new) and not base.extremes:
            return _of_rows(table, base, new, chinese, requirement)
        if not whole and (_REFERS.search(words) or (_only_columns(new) and (base.extremes or not base.figures))):
            return _of_rows(table, base, new, chinese, requirement)
        merged = _merged(base, new, words)
        same = merged == base and not whole
        return answer_of_asked(read[0], merged, chinese, requirement) if not same else None
    except Unread:
        return None


def most_of_groups(
    table: Table, before: Sequence[str], words: str, chinese: bool, requirement: str = ""
) -> Answer | None:
    """`and which is the most?` after figures by name; None for any other turn."""
    try:
        base = _asked_before(table, before[:1], requirement)
        read = (
            read_request(table, words, requirement, part=True) if base is not None and base.group is not None else None
        )
    except Unread:
        return None
    most = read is not None and read[1].extremes and not (read[1].labels or read[1].targets or read[1].conditions)
    return followed_request(table, before, words, chinese, requirement) if most else None


def _asked_before(table: Table, before: Sequence[str], requirement: str) -> Asked | None:
    """What the requests so far ask together."""
    base: Asked | None = None
    for request in before:
        found = read_request(table, request, requirement, part=base is not None)
        if found is not None and found[0].header == table.header:
            base = found[1] if base is None else _merged(base, found[1], request)
    return base


def _ahead_of_the_second(table: Table, base: Asked, words: str, chinese: bool, requirement: str) -> Answer | None:
    """`by how much did it beat the second best?`: how far the first is from the next."""
    if len(base.extremes) != 1 or not (_SECOND.search(words) and _APART.search(words)):
        return None
    both = [answer_of_asked(table, base._replace(first=place), chinese, requirement) for place in (1, 2)]
    values = [Fraction(str(one.tool_output.get("value"))) for one in both if one and "value" in one.tool_output]
    if len(values) < 2:
        return None
    apart = abs(values[0] - values[1])
    said = f"{figures.shown(max(values))} - {figures.shown(min(values))} = {figures.shown(apart)}"
    asked: dict[str, JsonValue] = {"rows": len(table.rows), "places": [1, 2]}
    return Answer(said, asked, {"difference": figures.for_json(apart)}, (Value(figures.carried(apart), apart),))


def _only_columns(of: Asked) -> bool:
    return not ((of.figures and not of.amount) or of.conditions)


def _lists_columns(of: Asked) -> bool:
    """`list the names` asks for what stands there, whatever was worked out before."""
    return of.listed and bool(of.labels or of.targets) and not of.figures


def _merged(base: Asked, new: Asked, words: str) -> Asked:
    places = {one.column for one in new.conditions}
    kept = tuple(one for one in base.conditions if one.column not in places)
    if new.figures and _OF_ALL.search(words):
        kept = ()
    conditions = (*kept, *new.conditions)
    new = new._replace(labels=tuple(at for at in new.labels if at not in places))
    if not new.figures:
        return base._replace(
            conditions=conditions,
            targets=new.targets or base.targets,
            labels=new.labels or base.labels,
            product=base.product if not new.targets else None,
        )
    if new.group is not None and not (new.measures or new.counted or new.extremes):
        new = new._replace(measures=base.measures, counted=base.counted, amount=base.amount)
    own = new.targets or new.product or new.counted
    return new._replace(
        conditions=conditions,
        targets=new.targets if own else base.targets,
        product=new.product if own else base.product,
        group=new.group
        if new.group is not None
        or (new.extremes and (new.labels or new.targets or base.extremes))
        or new.counted
        or not (_only_measure(new) or new.extremes)
        else base.group,
    )


def _only_measure(of: Asked) -> bool:
    return bool(of.measures) and not (of.targets or of.conditions or of.labels)


def _of_rows(table: Table, base: Asked, new: Asked, chinese: bool, requirement: str) -> Answer | None:
    """Of the rows that the answer before was about: `what did those pay together`, `his maths`."""
    listed = _lists_columns(new)
    rows = _answered_rows(table, base, requirement) or (table if listed else None)
    if rows is None or not rows.rows:
        return None
    if new.figures and not (new.amount and not new.measures and new.targets and len(rows.rows) == 1):
        own = new.targets or new.product or new.counted
        return answer_of_asked(rows, new if own else new._replace(targets=base.targets), chinese, requirement)
    asked = [*new.targets, *new.labels]
    if new.conditions:
        return answer_of_asked(rows, new, chinese, requirement)
    if not asked and new.listed:
        asked = [next((at for at, name in enumerate(rows.header) if not name.isdigit()), 0)]
    if not asked or len(rows.rows) > (_MOST_LISTED if listed else _MOST_SHOWN):
        return None
    numeric = {one.name: one.cells for one in numeric_columns(rows)}
    shown = {at: _shown([row[at] for row in rows.rows], numeric.get(rows.header[at])) for at in asked}
    lines = [f"{rows.header[at]} = {', '.join(cells)}" for at, cells in shown.items()]
    cells = [cell for held in shown.values() for cell in held]
    values = (Value(cells[0]),) if len(cells) == 1 else ()
    return Answer("\n".join(lines), {"columns": [rows.header[at] for at in asked]}, {"values": [*cells]}, values)


def _shown(cells: list[str], numbers: Sequence[Fraction | None] | None) -> list[str]:
    """Numbers in plain digits, unless they are of a currency or percentages."""
    known = numbers or [None] * len(cells)
    return [
        figures.shown(number) if number is not None and not re.search(r"[$€£¥%]", cell) else cell or "-"
        for cell, number in zip(cells, known, strict=True)
    ]


def _answered_rows(table: Table, base: Asked, requirement: str) -> Table | None:
    """The rows that meet the conditions; of an extreme those that have it."""
    rows, columns = kept_rows(table, base.conditions)
    if not base.extremes:
        return rows if base.conditions else None
    answer = answer_of_asked(table, base, False, requirement)
    named = [one for one in columns if table.header.index(one.name) in base.targets] or columns
    if answer is None or len(base.extremes) != 1 or len(named) != 1 or base.group is not None or base.product:
        return None
    cells = [cell for cell in named[0].cells if cell is not None]
    if not cells:
        return None
    ordered = sorted(cells, reverse=base.extremes[0] == "most")
    bound = ordered[min(base.first or 1, len(ordered)) - 1]
    kept = [
        row
        for row, cell in zip(rows.rows, named[0].cells, strict=True)
        if cell is not None and (cell >= bound if base.extremes[0] == "most" else cell <= bound)
    ]
    return rows._replace(rows=tuple(kept))
