"""Requests of a table in the words that are read elsewhere: `70 or more`, `top mark`, `the absent not counted`."""

import re

from .patterns import lazy_pattern
from .table import MISSING, Table, number_in, numeric_columns

_AMOUNT = r"(?P<n>[$€£¥]?\s?-?\d[\d,]*(?:\.\d+)?)(?P<u>%|分|元|\s+(?!or\b|and\b)[a-z]+)?\s*"
_OR_MORE = lazy_pattern(
    rf"(?:\b(?:got|get|gets|with|scored?|had|has|have|were|was|are|of)\s+)?{_AMOUNT}(?:(?:or|and) "
    r"(?:more|over|above|higher|better|up|greater|upwards?)\b|\+(?!\s*\d))",
    re.IGNORECASE,
)
_OR_LESS = lazy_pattern(
    rf"(?:\b(?:got|get|gets|with|scored?|had|has|have|were|was|are|of)\s+)?{_AMOUNT}(?:or|and) "
    r"(?:less|under|below|lower|fewer|worse|smaller|down)\b",
    re.IGNORECASE,
)
_MARK = r"(?:marks?|scores?|grades?|results?|points|sales?|orders?|amounts?|takings?|values?|figures?|readings?)"
_TOP_MARK = lazy_pattern(
    rf"\b(?P<best>top|best|strongest|worst|bottom|weakest)(?=\s+(?:[a-z]+\s+)?{_MARK}\b)", re.IGNORECASE
)
_BOTH = lazy_pattern(
    r"\b(?P<first>best|worst|highest|lowest) (?:and|&|\+) (?:the )?(?P<second>best|worst|highest|lowest)\b",
    re.IGNORECASE,
)
_EXTREMES = {"best": "max", "highest": "max", "worst": "min", "lowest": "min"}
_AMOUNTS = lazy_pattern(r"\b(?:sales?|marks?|scores?|grades?|takings|amounts?)\b", re.IGNORECASE)
_NOUN = lazy_pattern(rf"\b{_MARK}\b", re.IGNORECASE)
_PEOPLE = lazy_pattern(
    r"\b(?:(?:how many|number of) (?P<who>pupils|students|children|kids|people|persons|boys|girls|candidates|"
    r"participants|players|ones|names)(?:\s+(?:are|were|is))?)\b",
    re.IGNORECASE,
)
_GOT = lazy_pattern(
    r"\b(?:got|gets?|did|does|achieved|reached)\b(?=.*\b(?:highest|lowest|best|worst|max|min|at least|at most)\b)",
    re.IGNORECASE,
)
_TOOK = lazy_pattern(
    r"\b(?:how many|number of) (?:pupils|students|children|kids|people|persons|boys|girls|"
    r"candidates)\s+(?:who\s+)?(?:took|take|sat|wrote|did|"
    r"have (?:an? )?(?:mark|score|grade|result)s? (?:in|for))\s+(?:the\s+)?(?P<what>[\w ]+?)(?:\s+(?:test|exam|"
    r"paper))?[\s?.!]*$",
    re.IGNORECASE,
)
_TITLE = lazy_pattern(
    r"(?:[A-Z][\w'’-]*(?: (?!(?i:only|by|per|without|not|where|if|in|of|with|for|and|or|is|are|the|to|as|each|every|"
    r"than|please)\b)[\w'’-]+){0,3})?"
    r" ?(?i:results?|scores?|marks?|table|sales|report|data|list|orders|grades|figures|overview)(?: \d{4})?[:.]?"
)
_OF_THOSE = lazy_pattern(
    r"\b(?:of|for|among) (?:those|the ones|everyone|all|people|pupils|students)(?: (?:with|who|that))?(?: (?:have|"
    r"got|has|had))?\b",
    re.IGNORECASE,
)
_FIRST_PLACE = lazy_pattern(r"第[一1]名(?=是?谁|$)|最好|考得最好")
_LAST_PLACE = lazy_pattern(r"(?:最后|倒数第)[一1]名(?=是?谁|$)|最差")
_SAME = lazy_pattern(
    r"^\s*(?:and\s+)?(?:the\s+)?(?:same|ditto|likewise)\b(?: (?:thing|question))?(?: (?:for|with|in|of))?\s*",
    re.IGNORECASE,
)
_LEFT_OUT = (
    r"[,，;；（(]?\s*(?:(?:without|ignor(?:e|ing)|skip(?:ping)?|leav(?:e|ing) out|excluding|except|not counting|"
    r"don't count)\s+(?:the |any |all |those )*{word}"
    r"(?:\s+(?:ones?|cells?|values?|entries|rows?|people|pupils|students))?|(?:the |"
    r"those )?{word}(?: ones?)?\s+(?:(?:is|are|do|does) )?(?:not|don't|doesn't) "
    r"(?:count(?:ed|ing)?|included)|(?:不[算计含]|除去?|去掉|忽略|排除|剔除|不包括){word}的?(?:人|学生|同学)?(?:之外|以外|外)?|{word}的?(?:人|学生|"
    r"同学)?(?:都)?(?:不[算计]入?|除外|忽略|不考虑|去掉|不包括))\s*[)）]?[,，]?"
)


def plainly(table: Table, request: str) -> str:
    request = _without_title(table, request)
    request = _counted_marks(table, _SAME.sub("", _without_non_values(table, request)))
    request = _OR_LESS.sub(r" at most \g<n>\g<u> ", _OR_MORE.sub(r" at least \g<n>\g<u> ", request))
    request = _BOTH.sub(
        lambda found: f"{_EXTREMES[found['first'].lower()]} and {_EXTREMES[found['second'].lower()]}", request
    )
    if _LAST_PLACE.search(request) or _FIRST_PLACE.search(request):
        request = _FIRST_PLACE.sub("最高", _LAST_PLACE.sub("最低", request))
    request = _TOP_MARK.sub(_extreme, request)
    if numeric_columns(table):
        request = _loosely_named(table, request)
    request = _PEOPLE.sub(lambda found: found.group() if _is_name(table, found["who"]) else "how many", request)
    return _OF_THOSE.sub(" with ", request) if re.search(r"\bat (?:least|most)\b", request) else _GOT.sub(" ", request)


def _without_title(table: Table, request: str) -> str:
    """`request` without a line that only names what the table is, where another line asks something."""
    lines = [line for line in request.split("\n") if line.strip()]
    asking = [line for line in lines if not _TITLE.fullmatch(line.strip()) or _names_something(table, line)]
    return "\n".join(asking) if 0 < len(asking) < len(lines) else request


def _names_something(table: Table, line: str) -> bool:
    return any(_is_said(name, line) for name in {*table.header, *(cell for row in table.rows for cell in row if cell)})


def _counted_marks(table: Table, request: str) -> str:
    """`how many pupils took maths`: those with any number in that column."""
    took = _TOOK.search(request)
    column = next((one for one in numeric_columns(table) if took and one.name.lower() == took["what"].lower()), None)
    if took is None or column is None:
        return request
    return f"{request[: took.start()]} how many {column.name} at least {float(min(column.numbers)):g}"


def _extreme(found: "re.Match[str]") -> str:
    return "highest" if found["best"].lower() in ("top", "best", "strongest") else "lowest"


def _without_non_values(table: Table, request: str) -> str:
    """Cells that stand for no value are left out of every figure, so that asking for it says nothing."""
    cells = {cell.strip().lower() for row in table.rows for cell in row if number_in(cell) is None}
    for word in sorted(cells & (MISSING - {""}), key=len, reverse=True):
        request = re.sub(_LEFT_OUT.replace("{word}", re.escape(word)), " ", request, flags=re.IGNORECASE)
    return request


def _loosely_named(table: Table, request: str) -> str:
    """`english mark` is that column; `average sale` the only one of numbers."""
    named = [name for name in table.header if _is_said(name, request)]
    numeric = [column.name for column in numeric_columns(table)]
    if any(name in numeric for name in named):
        return _NOUN.sub(lambda found: found.group() if _is_name(table, found.group()) else " ", request)
    if len(numeric) != 1:
        return request
    return _AMOUNTS.sub(lambda found: found.group() if _is_name(table, found.group()) else numeric[0], request, count=1)


def _is_said(name: str, request: str) -> bool:
    return re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", request, re.IGNORECASE) is not None


def _is_name(table: Table, word: str) -> bool:
    stem = word.lower().removesuffix("s")
    cells = {cell.lower() for row in table.rows for cell in row}
    return word.lower() in cells or any(stem in name.lower() for name in table.header)
