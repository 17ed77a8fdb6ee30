"""Columns as people call them: `cpu` for `cpu_pct`, `reading` for `Reading (mV)`, `quantity` for `Qty`."""

import re

from .csv_scope import without_names
from .csv_wording import plainly
from .patterns import lazy_pattern
from .table import MISSING, Table, numeric_columns

_LONGEST = 300
_BRACKETED = lazy_pattern(r"\s*[(（\[【][^)）\]】]*[)）\]】]\s*")
_PARTS = lazy_pattern(r"[A-Za-z]+(?:'[a-z]+)?|[\u4e00-\u9fff]+")
_NO_NAME = frozenset(
    [
        "the",
        "and",
        "per",
        "for",
        "total",
        "sum",
        "average",
        "avg",
        "mean",
        "median",
        "max",
        "min",
        "maximum",
        "minimum",
        "count",
        "number",
        "rate",
        "of",
        "in",
        "on",
        "by",
        "to",
        "from",
        "all",
        "each",
        "every",
        "what",
        "which",
        "who",
        "how",
        "many",
        "much",
        "is",
        "are",
        "was",
        "were",
        "highest",
        "lowest",
        "most",
        "least",
        "top",
        "first",
        "last",
        "row",
        "rows",
        "column",
        "columns",
        "unit",
        "id",
        "no",
        "not",
        "only",
        "list",
        "show",
        "sort",
        "with",
        "without",
        "value",
        "values",
        "time",
    ]
)
_KINDS = (
    ("qty quantity quantities pieces pcs stock menge anzahl", "数量 库存 件数 存量 个数"),
    ("price prices preis", "单价 价格 价钱 售价"),
    ("department dept division", "部门 科室"),
    ("salary salaries wage wages pay", "工资 薪水 薪资 月薪"),
    ("score scores mark marks grade grades", "分数 成绩 得分"),
    ("revenue turnover sales umsatz", "销售额 营业额 收入 业绩"),
    ("location loc place shelf", "位置 库位 地点 货位"),
    ("debit spent expenses expense spending", "支出 花费"),
    ("credit income received", "收入"),
    ("amount amounts sum betrag", "金额 数额"),
    ("hours hrs", "工时 小时 时数"),
    ("date day datum", "日期 日子"),
    ("age", "年龄 岁数"),
    ("phone telephone mobile tel", "电话 手机 手机号 联系方式"),
    ("email mail", "邮箱 邮件"),
    ("temperature temp", "温度 气温"),
    ("category type kind", "类别 类型 种类 分类"),
)
_SAID_OF = {
    "scored": "goals points score",
    "sold": "sold sales units qty quantity",
    "spend": "spent debit expenses amount",
    "costs": "debit expenses",
    "earned": "earned income salary revenue",
    "worked": "hours worked",
    "person": "name employee member",
    "people": "name employee member",
    "employee": "name",
    "member": "name",
    "student": "name",
    "customer": "client name",
}
"""What else a column may be called that is meant by the word, but not the other way."""
_ADJECTIVES = (
    ("longest", "highest", "hours duration minutes time length 时长 长度"),
    ("shortest", "lowest", "hours duration minutes time length 时长 长度"),
    ("coldest", "lowest", "temp temperature 温度 气温"),
    ("(?:warmest|hottest)", "highest", "temp temperature 温度 气温"),
    ("heaviest", "highest", "weight kg mass 重量 体重"),
    ("lightest", "lowest", "weight kg mass 重量 体重"),
    ("tallest", "highest", "height 身高 高度"),
    ("oldest", "highest", "age 年龄"),
    ("youngest", "lowest", "age 年龄"),
    ("(?:farthest|furthest)", "highest", "distance km miles 距离"),
    ("(?:best[ -]?sell(?:er|ing)|top[ -]seller)", "highest", "sold qty quantity units 销量 数量"),
    ("最[长久]", "最高", "时长 时间 小时 长度"),
    ("最冷", "最低", "温度 气温 temp temperature"),
    ("最热", "最高", "温度 气温 temp temperature"),
    ("最重", "最高", "重量 体重 weight"),
    ("最轻", "最低", "重量 体重 weight"),
    ("最年轻", "最低", "年龄 age"),
    ("年龄最大", "最高", "年龄 age"),
)
_IGNORES_GAPS = lazy_pattern(
    r"[,;(]?\s*\b(?:(?:and\s+)?(?:please\s+)?(?:skip\w*|ignor\w+|leav\w+ out|without counting|not "
    r"counting|excluding|omit\w*|"
    r"disregard\w*|except(?: for)?|don'?t count|do not count)\s+(?:the |any |all )?(?:empty|blank|"
    r"missing|unfilled|null)s?"
    r"(?:\s+(?:cells?|ones?|rows?|values?|entries|fields?|lines?))?|(?:skip\w*|ignor\w+)\s+(?:the "
    r")?(?:blanks|gaps|nulls|n/?as?))"
    r"\b\)?|"
    r"\b(?:of |for |over |among |only )*(?:the |all )?(?:filled(?:[ -]in)?|non[- ]?empty|non[- ]?blank|not empty)"
    r"(?:\s+(?=\w))?(?=\s|$)|[,，（(]?\s*(?:(?:忽略|跳过|不算|不计|除去|去掉|不包括)(?:掉)?(?:空白?|缺失|没填)的?(?:值|格|单元格|行)?|"
    r"(?:空白?|缺失|没填)的?(?:值|格|单元格|行)?(?:不算|不计|忽略|跳过|除外))[)）]?",
    re.IGNORECASE,
)
_NOT_COUNTED = (
    r"[,;(]?\s*\b(?:the )?(?:empty|blank|missing)s?(?: cells?| ones?|"
    r" values?| entries)?\s+(?:(?:is|are|do|does|shall|should) )*"
    r"(?:not|n't|don'?t|doesn'?t)\s+(?:to )?(?:be )?(?:counted|count|included|considered|taken)(?: in)?\)?"
)
_CELLS = lazy_pattern(r"\b(?:cells?|entries|readings|values?)\b", re.IGNORECASE)
_SOLD = lazy_pattern(r"卖(?:出|掉)?了?(?!得)|销量")
_EACH = lazy_pattern(
    r"(?:每一?个?|按照?|各个?)([\u4e00-\u9fff]{1,3}?)(?=的|平均|合计|汇总|统计|总|有|[多几]|最|人数|$)"
)
_AS_ZERO = lazy_pattern(
    r"[,;(]?\s*(?:\b(?:with |count(?:ing)? |treat(?:ing)? |take |and )*(?:the )?(?:empty|blank|"
    r"missing)s?(?: cells?| ones?| values?| entries)?\s*"
    r"(?:=|as|are|is|count(?:ed)? as|treated as)\s*(?:0|zero)\b|(?:空白?|缺失|没填)的?(?:值|格|"
    r"单元格)?(?:算|当|按|记为?|视为)\s*(?:0|零))\s*\)?",
    re.IGNORECASE,
)
_EXTREME = lazy_pattern(
    r"\b(?:max(?:imum)?|min(?:imum)?|highest|lowest|largest|smallest|biggest|greatest)\b|最[大小高低]", re.IGNORECASE
)
_WHOSE = lazy_pattern(
    r"[,;]?\s*\b(?:and|&|\+)\s+(?:which|who|whose|what|where|when|in which|on which|at which|by whom|"
    r"for which|tell me who|"
    r"the)\s*(?P<en>[\w-]+)?(?:\s+(?:is|was|has|had|did|it|that|this|name|one|made|sold|got))*(?=[\s?.!]*$)|"
    r"[,，]?\s*(?:和|以及|还有|并且)?(?:分别)?是?(?:谁|哪一?[个种位家天月名]|什么时候)(?P<zh>[\u4e00-\u9fff]{0,4})(?=[\s?？。]*$)",
    re.IGNORECASE,
)


def in_its_words(table: Table, request: str) -> str:
    """`request` with the columns by their full names, without what goes without saying."""
    if len(request) > _LONGEST:
        return request
    request = plainly(table, request)
    return _without_holder(table, _named_in_full(table, _by_adjective(table, without_gaps(table, request))))


def _by_adjective(table: Table, request: str) -> str:
    """`coldest`, `最重`: the lowest or highest of the column that it is said of."""
    for adjective, extreme, kind in _ADJECTIVES:
        found = re.search(rf"\b{adjective}\b" if adjective.isascii() else adjective, request, re.IGNORECASE)
        names = [name for name in table.header if any(_has_word(name, word) for word in kind.split())]
        if found and len(names) == 1:
            said = f" {extreme} {names[0]} " if adjective.isascii() else f"{names[0]}{extreme}"
            return f"{request[: found.start()]}{said}{request[found.end() :]}"
    return request


def with_zeros(table: Table, request: str) -> tuple[Table, str]:
    """Empty cells of columns of numbers as 0, where the request says so."""
    if not _AS_ZERO.search(request):
        return table, request
    numeric = {column.name for column in numeric_columns(table)}
    rows = tuple(
        tuple(
            "0" if name in numeric and cell.strip().lower() in MISSING else cell
            for name, cell in zip(table.header, row, strict=True)
        )
        for row in table.rows
    )
    return table._replace(rows=rows), _AS_ZERO.sub(" ", request)


def without_gaps(table: Table, request: str) -> str:
    """Empty cells are left out of every figure."""
    plain = re.sub(_NOT_COUNTED, " ", _IGNORES_GAPS.sub(" ", request), flags=re.IGNORECASE)
    return _CELLS.sub(" ", plain) if plain != request and not _is_a_name("cells", table) else plain


def _without_holder(table: Table, request: str) -> str:
    """`max of a and which b`: whose it is stands beside an extreme anyway."""
    found = _WHOSE.search(request)
    if found is None or not _EXTREME.search(request[: found.start()]):
        return request
    said = found["en"] or found["zh"] or ""
    named = not said or without_names(said, table.header) != said or said.lower() in ("one", "name", "person", "row")
    return request[: found.start()] if named else request


def _named_in_full(table: Table, request: str) -> str:
    plain = without_names(request, table.header)
    cells = {cell.strip().lower() for row in table.rows for cell in row}
    for word in dict.fromkeys(_PARTS.findall(plain)):
        if word.isascii():
            request = _exchanged(table, request, word, cells)
    return _chinese(table, request, cells)


def _exchanged(table: Table, request: str, word: str, cells: set[str]) -> str:
    said = word.lower()
    if len(said) < 3 or said in _NO_NAME or said in cells:
        return request
    name = column_called(table, said)
    if name is None or without_names(request, [name]) != request:
        return request
    return re.sub(rf"(?<![\w]){re.escape(word)}(?![\w])", lambda _: name, request, count=1)


def column_called(table: Table, said: str) -> str | None:
    """The only column that has the word in its name, else the only one of a name that means the same."""
    having = [name for name in table.header if _has_word(name, said)]
    if having:
        return having[0] if len(having) == 1 else None
    meant = [name for name in table.header if any(_has_word(name, word) for word in _SAID_OF.get(said, "").split())]
    return meant[0] if len(meant) == 1 else _same_kind(table, said)


def _same_kind(table: Table, said: str) -> str | None:
    for english, chinese in _KINDS:
        names = {*english.split(), *chinese.split()}
        if said in names:
            found = [name for name in table.header if any(_has_word(name, one) for one in names)]
            return found[0] if len(found) == 1 else None
    return None


def _has_word(name: str, said: str) -> bool:
    plain = _BRACKETED.sub(" ", name) or name
    if not said.isascii():
        return said in plain
    words = re.findall(r"[a-z]+|[A-Z][a-z]*", re.sub(r"([a-z])([A-Z])", r"\1 \2", plain))
    words += re.findall(r"[A-Za-z]+", plain)
    return any(_one_word(said, word.lower()) for word in words)


def _one_word(said: str, word: str) -> bool:
    return len(word) > 2 and said.removesuffix("s") == word.removesuffix("s")


def _chinese(table: Table, request: str, cells: set[str]) -> str:
    """A column without its unit in brackets, or by another name for it, where no column is named so."""
    for name in table.header:
        plain = _BRACKETED.sub("", name).strip()
        if plain != name and not plain.isascii() and plain in request and name not in request:
            request = request.replace(plain, name, 1)
    if group := _EACH.search(request):
        names = [
            name for name in table.header if name != group[1] and (name.startswith(group[1]) or name.endswith(group[1]))
        ]
        if len(names) == 1 and group[1] not in table.header:
            request = f"{request[: group.start(1)]}{names[0]}{request[group.end(1) :]}"
    if (sold := _SOLD.search(request)) and (count := counts_column(table)) is not None and count not in request:
        request = f"{request[: sold.start()]}{count}{request[sold.end() :]}"
    left = without_names(request, table.header)
    for _, chinese in _KINDS:
        for word in sorted(chinese.split(), key=len, reverse=True):
            if word in left and word not in cells and (name := _same_kind(table, word)) and name not in request:
                return request.replace(word, name, 1)
    return request


def _is_a_name(word: str, table: Table) -> bool:
    return any(_has_word(name, word) for name in table.header)


def counts_column(table: Table) -> str | None:
    """The only column that says how many there are."""
    found = [one.name for one in numeric_columns(table) if any(_has_word(one.name, w) for w in _KINDS[0][0].split())]
    found = found or [one.name for one in numeric_columns(table) if any(w in one.name for w in _KINDS[0][1].split())]
    return found[0] if len(found) == 1 else None
