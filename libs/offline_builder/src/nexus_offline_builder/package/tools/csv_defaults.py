"""What a requirement asks of every table, as `sum per department`: for prompts that are nothing but a table."""

import re
from collections.abc import Callable, Iterator

from .contract import Answer, Question, Refusal
from .csv_columns import picks_columns
from .csv_conditions import by_month
from .csv_figures import MEASURES, repeated_name
from .csv_ranking import COUNTS
from .csv_rows import picked_rows
from .csv_scope import says_something, without_names
from .list_defaults import in_full as several_in_full
from .number_lists import named_amounts
from .patterns import lazy_pattern
from .table import Table, numeric_columns, table_in
from .table_answers import names_a_figure
from .wording import NUMBER_OF

_FRAME = lazy_pattern(
    r"^(?:\W|\b(?:i|we|you|it|please|need|want|would like|like|to have|a|an|the|my|our|simple|small|little|"
    r"bot|tool|agent|"
    r"assistant|helper|program|something|one|that|which|who|can|could|should|will|to|for|and|then|"
    r"must|make|build|create|"
    r"give|gives|tell|tells|show|shows|me|us|paste|pastes|take|takes|read|reads|from|out of|given|with|every|each|"
    r"csv|table|tables|list|lists|spreadsheet|export|sheet|data|file)\b(?!\s+(?:rows?|lines?|items?|"
    r"products?|people)\b)"
    r")+|^(?:我们?|想要?|需要|要|请|做|一个|个|能|可以|帮我?|把|将|对|给|从|表格?|里|中|数据|的|机器人|助手|工具|小)+",
    re.IGNORECASE,
)
_PURPOSE = lazy_pattern(
    r"\s+(?:for|of|in|from|on|to) (?:my|our|the|an?|every|each|all|this|any) [^,;]*$|\s+for [a-z ]+$|"
    r"\s+(?:i|we) paste.*$",
    re.IGNORECASE,
)
_CLAUSE = lazy_pattern(r"[.;:!?\n。；：！？，,]+(?!\d)|\s+(?:-+>|=>|→)\s+|\s+-+\s+|\s+and then\s+")
_GROUPED = lazy_pattern(
    r"\b(?<!line )(?<!row )(?<!entry )(?<!once )(?<!twice )(?<!times )(?P<by>per|grouped by|group by|by each|for each|"
    r"for every|by)\s+(?:the\s+)?(?P<en>[^\W\d]\w*)|"
    r"(?:按照?|每一?个?|各个?)(?P<zh>[\u4e00-\u9fff]{1,6}?)(?=分组|合计|汇总|统计|求和|的|总|小计|"
    r"平均|计算|加总|$|[，,。])",
    re.IGNORECASE,
)
_FIGURE_BEFORE = lazy_pattern(
    r"\b(?:totals?|sums?|averages?|counts?|(?:totals?|sums?|averages?) (?:of )?\w+)\s+$", re.IGNORECASE
)
_EXCEPTS = lazy_pattern(
    r"\b(?:not|no|never|without|except|excluding|but|unless|only|or|between)\b|n't\b|不|除|没|未|非|或|只",
    re.IGNORECASE,
)
_LIMITS = lazy_pattern(
    r"(?:\b(?:not|never|without|except|excluding|unless|only|ignor\w+|skip\w*|omit\w*)\b|n't\b)(?:\s+[\w-]+){0,4}|"
    r"(?:不|除|未|只|忽略)[\u4e00-\u9fff]{0,8}",
    re.IGNORECASE,
)
_COUNTED = lazy_pattern(rf"\b(?:counts?|counted|how many)\b|{NUMBER_OF}|数量|个数|人数|多少|几个", re.IGNORECASE)
_NO_GROUP = frozenset(
    [
        "hand",
        "default",
        "column",
        "row",
        "line",
        "shift",
        "entry",
        "record",
        "me",
        "us",
        "you",
        "adding",
        "a",
        "an",
        "which",
    ]
)
_CONDITION = lazy_pattern(
    r"\b(?:under|below|over|above|(?:more|less|fewer|greater|higher|lower|smaller|larger) than|at (?:least|most)|up to|"
    r"exceed\w*)\s+[$€£¥]?\s*\d(?![\d,.]*\s*(?:rows|lines|columns|records|entries)\b)|"
    r"[<>≥≤]\s*=?\s*\d|(?:大于|小于|高于|低于|多于|少于|超过|不足|不到|至少|至多)\s*\d|\d\s*以[上下]|"
    r"\b(?:where|whose|only (?:the )?(?:rows|those|ones))\b|只(?:要|看|留)",
    re.IGNORECASE,
)
_PIECES = lazy_pattern(r"\b(?:pieces|pcs|units|left|in stock|stock|items)\b|件|个|库存", re.IGNORECASE)
_ORDER = lazy_pattern(
    r"\bsort\w*|\border(?:ed)? by\b|\brank\w*|\b(?:top|bottom)\s+(?:\d+|n\b)|排序|排名|排列|"
    r"从[高大多低小少]到|前\s*\d+\s*[名个]",
    re.IGNORECASE,
)
_COLUMNS = lazy_pattern(
    r"\b(?:keep|only|just|drop|remove|delete|pick|select)\b[^.;]*\bcolumns?\b|\bcolumns? to keep\b|"
    r"(?:保留|只[要留取]|删除?|去掉)[^。；]*列",
    re.IGNORECASE,
)
_OTHER_FIGURE = lazy_pattern(
    r"\bmedians?\b|\bstandard deviation\b|\bstdev\b|\bvariance\b|\bpercentiles?\b|\bcorrelation\b|\brunning total\b|"
    r"\bcumulative\b|\b(?:empty|blank|missing) (?:cells?|values?|fields?|entries)\b|\bunique\b|"
    r"\bdistinct\b|\bduplicates?\b|中位数|标准差|方差|累计|去重|重复",
    re.IGNORECASE,
)
_MONTHLY = lazy_pattern(r"\b(?:monthly|(?:per|by|each|every) month|month by month)\b|按月|每个?月|各月", re.IGNORECASE)
_MARKS = (_GROUPED, _CONDITION, _ORDER, _COLUMNS, _OTHER_FIGURE, _MONTHLY)


_Answerer = Callable[[Table, str, bool], Answer]


def in_full(question: Question, requirement: str, answer: _Answerer) -> str | None:
    """The table under the part of the requirement that says what to do with it, if `answer` finds it whole.

    None where that is no more than what a table gets anyhow. Raises Refusal where it cannot be done with this table.
    """
    if (told := named_amounts(question.text)) is not None:
        return told
    table = table_in(question.text)
    if table is None:
        return several_in_full(question, requirement) if question.alone else None
    for way in (_picking, _counting, _measured):
        if (text := way(table, requirement, question.text)) is not None:
            return text
    if says_something(table.around) or not numeric_columns(table) or names_a_figure(table, table.around):
        return None
    wanted = [mark for mark in _MARKS if _asked(mark, requirement, table)]
    limited = _limited(requirement, table)
    if not (wanted or limited):
        return None
    for request in (
        *_requests(requirement, table),
        *_picked(requirement, table),
        *_by_group(requirement, table),
        *_by_month(requirement),
        *_by_cell(requirement, table),
    ):
        request = _in_its_names(request, table)
        text = f"{request}:\n\n{question.text.strip()}"
        again = table_in(text)
        same = again is not None and again.rows == table.rows and all(_asked(mark, request, table) for mark in wanted)
        if again is not None and same and _is_answered(again, question.chinese, answer):
            return text
    if wanted == [_GROUPED] and not limited and repeated_name(table) is not None:
        return None
    asked = [found for mark in wanted if (found := _asked(mark, requirement, table))]
    raise _cannot((limited or asked[0]).group(), table)


def _picking(table: Table, requirement: str, prompt: str) -> str | None:
    """The table under `list columns`, where the prompt only names some and the requirement gives them back."""
    around = table.around.strip()
    named = without_names(around, table.header) != around
    if (
        named
        and _ORDER.search(requirement)
        and re.match(r"by\b|按", around, re.IGNORECASE)
        and not _group_in(requirement, table)
    ):
        return f"sort {prompt.strip()}"
    if not (named and picks_columns(requirement)) or says_something(without_names(around, table.header)):
        return None
    return f"list columns {around}".rstrip(": ：") + f":\n\n{prompt.replace(around, '', 1).strip()}"


def _counting(table: Table, requirement: str, prompt: str) -> str | None:
    """The table counted by the column that the requirement groups by, or of which it names several cells."""
    if says_something(table.around) or not _COUNTED.search(requirement) or re.search(r"\d", requirement):
        return None
    grouped = _group_in(_in_its_names(requirement, table), table) if not numeric_columns(table) else None
    names = [grouped["en"] or grouped["zh"]] if grouped else []
    names += [name for at, name in enumerate(table.header) if len(_cells_named(table, at, requirement)) > 1]
    return f"count by {names[0]}:\n\n{prompt.strip()}" if len(set(names)) == 1 else None


def _cells_named(table: Table, at: int, requirement: str) -> set[str]:
    cells = {row[at].strip().lower() for row in table.rows if len(row[at].strip()) > 1}
    return {cell for cell in cells if re.search(rf"(?<!\w){re.escape(cell)}(?!\w)", requirement, re.IGNORECASE)}


def _measured(table: Table, requirement: str, prompt: str) -> str | None:
    """The table under the requirement's figures, where the prompt only names columns."""
    around = table.around.strip().rstrip(":：")
    left = without_names(around, table.header)
    measures = [one.english for one in MEASURES if one.asked.search(requirement)]
    if (
        left == around
        or says_something(left)
        or re.search(r"\d", left)
        or not measures
        or any(one.asked.search(around) for one in MEASURES)
    ):
        return None
    if any(_asked(mark, requirement, table) for mark in _MARKS) or _COUNTED.search(around):
        return None
    return f"{' '.join(measures)} {prompt.strip()}"


def _limited(requirement: str, table: Table) -> "re.Match[str] | None":
    """`without the cancelled orders`, where a cell of the table says that."""
    found = _LIMITS.finditer(requirement)
    return next((one for one in found if _names_a_cell(" ".join(one.group().split()[1:]) or one.group(), table)), None)


def _asked(mark: "re.Pattern[str]", text: str, table: Table) -> "re.Match[str] | None":
    if mark is _MONTHLY and by_month(table, "per month") is None:
        return None
    return _group_in(text, table) if mark is _GROUPED else mark.search(text)


def _group_in(text: str, table: Table) -> "re.Match[str] | None":
    """What to group by; after a mere `by` only a column, as anything may be done by hand."""
    for found in _GROUPED.finditer(text):
        word = (found["en"] or found["zh"]).lower()
        by = (found["by"] or "").lower() == "by" and not _FIGURE_BEFORE.search(text[: found.start()])
        if word in _NO_GROUP or _ORDER.search(text[max(0, found.start() - 12) : found.end()]):
            continue
        if not by or _is_column(word, table) or _columns_short_for(word, table):
            return found
    return None


def _is_column(word: str, table: Table) -> bool:
    return any(name.strip().lower() in (word, word.removesuffix("s")) for name in table.header)


def _columns_short_for(word: str, table: Table) -> list[str]:
    return [name for name in table.header if _is_short_for(name.strip().lower(), word)]


def _requests(requirement: str, table: Table) -> Iterator[str]:
    """The requirement, its clauses, and each without the words around it, where nothing limiting is left out."""
    seen = set[str]()
    for part in (requirement, *_CLAUSE.split(requirement)):
        plain = _FRAME.sub("", part.strip())
        for one in (part, plain, _PURPOSE.sub("", part), _PURPOSE.sub("", plain)):
            left = requirement.replace(one, " ")
            request = re.sub(r"[|;\t\n]+|,(?!\d)", " ", one).strip(" .:!?。：！？")
            if request and request not in seen and not (_LIMITS.search(left) or _names_a_cell(left, table)):
                seen.add(request)
                yield request


def _picked(requirement: str, table: Table) -> Iterator[str]:
    """The only condition of the requirement with its column, where nothing else in it can be about this table."""
    conditions = [found for found in _CONDITION.finditer(requirement) if re.search(r"\d", found.group())]
    if len(conditions) != 1 or _EXCEPTS.search(requirement):
        return
    number = re.match(r"[\d.,]*", requirement[conditions[0].end() :])
    end = conditions[0].end() + (number.end() if number else 0)
    before = requirement[: conditions[0].start()]
    for name in table.header:
        found = re.search(
            rf"(?<![^\W_]){re.escape(name)}(?:\W+(?:is|are|has|levels?|falls?|drops?))*\W*$", before, re.IGNORECASE
        )
        rest = f"{before[: found.start()]} {requirement[end:]}" if found else ""
        if found and not (re.search(r"\d", rest) or _names_a_cell(rest, table)):
            yield f"list rows with {name} {requirement[conditions[0].start() : end].rstrip('.,')}"
    numeric = [column.name for column in numeric_columns(table) if not column.mixed]
    counts = [name for name in numeric if COUNTS.search(name)] if _PIECES.search(requirement) else []
    meant = counts if len(counts) == 1 else numeric
    rest = f"{before} {requirement[end:]}"
    if len(meant) == 1 and not (re.search(r"\d", rest) or _names_a_cell(rest, table)):
        yield f"list rows with {meant[0]} {requirement[conditions[0].start() : end].rstrip('.,')}"


def _by_group(requirement: str, table: Table) -> Iterator[str]:
    """The figures of all columns by the group, where nothing else in the requirement can be about this table."""
    found = _group_in(requirement, table)
    limited = _EXCEPTS.search(requirement) or re.search(r"\d", requirement) or _names_a_cell(requirement, table)
    if found is None or limited or _COUNTED.search(requirement):
        return
    measures = [one.english for one in MEASURES if one.asked.search(requirement)] or ["total"]
    yield f"{' '.join(measures)} per {found['en'] or found['zh']}"


def _by_cell(requirement: str, table: Table) -> Iterator[str]:
    """The rows of the only name that the requirement shares with the table."""
    picked = picked_rows(table, requirement) if _CONDITION.search(requirement) else None
    if picked is not None:
        yield f"only rows where {picked.column} {picked.cell}"


def _by_month(requirement: str) -> Iterator[str]:
    if _MONTHLY.search(requirement) and not re.search(r"\d", requirement):
        measures = [one.english for one in MEASURES if one.asked.search(requirement)] or ["total"]
        yield f"{' '.join(measures)} per month"


def _names_a_cell(words: str, table: Table) -> bool:
    """Whether rows may be picked by a word."""
    texts = {cell.strip().lower() for row in table.rows for cell in row if len(cell.strip()) > 1}
    said = words.lower()
    return any(
        re.search(rf"(?<!\w){re.escape(text)}(?!\w)", said) if text.isascii() else text in said for text in texts
    )


def _in_its_names(request: str, table: Table) -> str:
    """The request with the group called as the table calls it: `department` is its column `dept`."""
    found = _group_in(request, table)
    if found is None:
        return request
    word = found["en"] or found["zh"]
    names = _columns_short_for(word.lower(), table)
    if _is_column(word.lower(), table) or len(names) != 1:
        return request
    at = found.start("en") if found["en"] else found.start("zh")
    return f"{request[:at]}{names[0]}{request[at + len(word) :]}"


def _is_short_for(name: str, word: str) -> bool:
    if not word.isascii():
        return word in name or name in word
    rest = iter(word)
    return len(name) > 2 and name[:3] == word[:3] and all(sign in rest for sign in name)


def _is_answered(table: Table, chinese: bool, answer: _Answerer) -> bool:
    try:
        answer(table, table.around, chinese)
    except Refusal:
        return False
    return True


def _cannot(part: str, table: Table) -> Refusal:
    part = part.strip()
    names = ", ".join(table.header[:20])
    return Refusal(
        f"I do not see how to do '{part}' with this table. Please say it with its columns: {names}.",
        f"我不知道怎样对这个表做“{part}”。请用它的列名说明：{names}。",
    )
