"""The column that a table is grouped by: `per region`, `by the city`, `按部门`, `for each customer`."""

import re

from .contract import Refusal
from .patterns import lazy_pattern
from .table import Table

GROUP = lazy_pattern(
    r"\b(?:per|by|grouped by|group by|(?P<each>each|every))\s+(?:the\s+)?[\"'`]?([\w .-]{1,40})|"
    r"(?:按照?|(?P<every>每一?|各))\s*[“\"'「]?([\w\s]{1,20})",
    re.IGNORECASE,
)
_BEFOREGROUP = lazy_pattern(r"^\s*(?:(?:each|every|all|column|field)\s+|字段|每一?个?)*", re.IGNORECASE)
_AFTERGROUP = lazy_pattern(r"\s|合计|总计|汇总|求和|总和|统计|计算|分组|平均|最[大小高低]|的")
_NOGROUP = lazy_pattern(
    r"(?:columns?|hand|the way|adding|summing|default|me|you|itself|themselves)\b|"
    r"(?:of|num(?:bers?|eric)|values?|figures?|one|sums?|totals?)\b|"
    r"[个各]?(?:数[字值])?列|[个各]?(?:字段|项|数[字值])|自|所有列|下面|以下|上面|以上|这个|要求|顺序|\s*$",
    re.IGNORECASE,
)
_CLASSIFIER = lazy_pattern("^[个位名种类]")


def group_column(table: Table, request: str) -> int | None:
    """The column to group by, if that is asked for. Raises Refusal if there is no such column."""
    unknown = None
    for name in table.header:
        if GROUP.search(name):
            request = request.replace(name, " ")
    for found in GROUP.finditer(request):
        said = found[2] or found[4]
        words = _BEFOREGROUP.sub("", said, count=1)
        counted = _CLASSIFIER.sub("", words) if found["every"] else words
        named = [at for at, name in enumerate(table.header) if begins_with(words, name) or begins_with(counted, name)]
        if named:
            return max(named, key=lambda at: len(table.header[at]))
        each = found["each"] or found["every"]
        words = counted
        if not _NOGROUP.match(words) and not (each and _NOGROUP.match(said)):
            unknown = unknown or _AFTERGROUP.split(words, maxsplit=1)[0]
    if unknown is None:
        return None
    names = ", ".join(table.header[:20])
    raise Refusal(
        f"There is no column '{unknown}' to group by. The columns are: {names}.",
        f"没有“{unknown}”这一列，无法分组。各列是：{names}。",
    )


def begins_with(words: str, name: str) -> bool:
    if not name.isascii():
        return words.startswith(name)
    spelled = re.escape(name).replace("_", "[_ ]")
    return re.match(rf"{spelled}(?:e?s)?(?![A-Za-z0-9_])", words, re.IGNORECASE) is not None
