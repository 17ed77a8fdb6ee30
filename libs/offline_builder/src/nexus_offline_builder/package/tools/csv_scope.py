"""Refuses what is asked of a table beyond figures over all rows or by group: a wrong total would pass for an answer."""

import re
from collections.abc import Iterable

from .contract import Refusal
from .patterns import lazy_pattern
from .spelling import nearest
from .table import Table

_NUMBER = r"(?:-?[$€£¥￥]?\s*\d|[一二三四五六七八九十百千万零两])"
_ROW_FILTER = lazy_pattern(
    r"\b(?:where|whose|when|unless|excluding|except|filter(?:ed|ing)?|only (?:for|rows|the rows))\b|"
    r"\bif\b(?! (?:you|possible))|[<>≥≤＞＜]\s*=?\s*\S|[!=]=|"
    r"\b(?:above|below|over|under|exceeding|(?:more|less|greater|larger|smaller|higher|lower|fewer) than|"
    r"at (?:least|most)|equal(?:s| to)?|between)\s+-?[$€£¥]?\d|"
    r"\b(?:first|last|top|bottom)\s+(?:\d+\b|(?:\w+\s+)?(?:rows?|lines?|records?|entries)\b(?!\s+(?:is|are|ha[sv]e?|"
    r"holds?|contains?)\b))|\b(?:row|line|record)s?\s+\d|"
    r"只(?:算|统计|要|看)|排除|除了|筛选|过滤|满足|"
    rf"(?:大于|小于|高于|低于|多于|少于|超过|不足|等于|至少|至多|介于|不低于|不超过)\s*(?:等于)?\s*{_NUMBER}|"
    rf"\d\s*(?:元|块)?以[上下]|[前后]\s*{_NUMBER}+\s*[行条名个位]|最后一?[行条]|第\s*{_NUMBER}+\s*[行条](?![是为])",
    re.IGNORECASE,
)
_SORT = lazy_pattern(r"\bsort(?:ed|ing)?\b|\border(?:ed)? by\b|\brank(?:ed|ing)?\b|排序|排名|排列", re.IGNORECASE)
_UNIQUE = lazy_pattern(r"\b(?:unique|distinct|different|dedup\w*|duplicates?)\b|去重|唯一|不同的|重复", re.IGNORECASE)
_SAYS_NOTHING = lazy_pattern(
    r"\b(?:class|team|by|per|grouped|group|show|tell|find|get|what|what's|whats|was|were|be|overall|grand|altogether|together|"
    r"up|now|also|then|"
    r"so|ok|okay|well|just|only|again|both|thank|there|let|know|how|much|many|did|does|has|have|had|spend|spent|"
    r"cost|costs|sell|"
    r"take|takes|took|taken|work|works|worked|score|scores|scored|drive|drove|driven|use|used|receive|received|reach|reached|"
    r"sold|earn|earned|made|pay|paid|spending|spendings|expenses?|purchases?|payments?|instead|biggest|costing|"
    r"list|quickly|quick|simple|respectively|over|across|within|inside|into|column's|s|about|time|ones|pls|thx|stuff|today|sorted|"
    r"return|print|output|provide|determine|want|like|add|added|adding|break|down|split|sum|complete|full|result|"
    r"answer)\b|"
    r"\b(?:an?|the|th(?:is|at|ese|ose)|its?|is|are|here|my|our|your|please|hi|hello|hey|thanks?|can|could|would|"
    r"you|i|me|"
    r"we|us|to|for|of|in|on|with|and|from|as|all|each|every|entire|whole|csv|tsv|tables?|data|file|spreadsheet|sheet|"
    r"columns?|rows?|numbers?|numeric|values?|figures?|amounts?|following|below|above|attached|given|process|"
    r"calculate|compute|work|out|do|handle|run|use|need|want|analy[sz]e|summari[sz]e|summary|report)\b|"
    r"报销?了?|部(?!门)|花费|支出|开支|花销|消费|花了?|钱|价|按照?|分组|分别|呢|吗|多少|几|有|共|那|什么|来|看|再|又|还|求|出|告诉|知道|想|要|需要|进行|"
    r"做|值|最终|结果|全|整|都|及|以|之|第一行|列名|标题|请|帮|我们?|你|您|好|麻烦|一下|下面|以下|上面|以上|如下|"
    r"这[个张份些]?|的|是|把|对|给|处理|计算|算|统计|分析|总|表格?|数据|"
    r"文件|内容|列|行|字段|数[字值]|每一?个?|各|所有|全部|和|与|谢|分",
    re.IGNORECASE,
)
_LONGEST_REQUEST = 1000
UNCLEAR = "I cannot tell what to work out"
"""How a refusal begins that says no more than which words are not known."""


_BY_ROW = lazy_pattern(
    r"\brow (?:totals?|sums?|averages?)\b|\b(?:per|each|every|by) (?:row|line|record)\b(?!s)|每一?[行条]|逐行|"
    r"\bwhat (?:are the )?columns\b|\bcolumn names\b|有(?:哪些|什么)列",
    re.IGNORECASE,
)


def refuse_other_rows(table: Table, request: str) -> None:
    """Raises Refusal if `request` is about some of the rows, their order, or values without their repetitions.

    The names of columns are no longer in `request`: a column may be called `unique`.
    """
    if _ROW_FILTER.search(request) or _names_a_cell(table, request):
        raise Refusal(
            "I cannot pick rows by a condition; I total all rows, or by group.",
            "我不能按条件筛选行；我只能统计所有行，或者分组统计。",
        )
    if _SORT.search(request):
        raise Refusal(
            "I cannot sort rows; I total all rows, or by group.", "我不能排序；我只能统计所有行，或者分组统计。"
        )
    if _UNIQUE.search(request):
        raise Refusal(
            "I cannot leave out repeated values; I total all rows, or by group.",
            "我不能去掉重复的值；我只能统计所有行，或者分组统计。",
        )


def refuse_by_row(request: str) -> None:
    if _BY_ROW.search(request):
        raise Refusal("I work out figures by column, not by row.", "我按列统计，不能按行统计。")


def refuse_second_group(table: Table, request: str, taken: set[str]) -> None:
    """Raises Refusal if `request` names a column of text that is not among those `taken` into account."""
    besides = next(
        (name for name in table.header if name not in taken and without_names(request, [name]) != request), None
    )
    if besides is not None:
        raise Refusal(
            f"I group by one column; you also name '{besides}'.", f"我只能按一列分组，你还提到了“{besides}”。"
        )


def refuse_unclear(request: str, table: Table) -> None:
    """Raises Refusal if `request`, without the figures and columns that were read in it, asks for anything more."""
    left = re.findall(r"[^\W_]+", _SAYS_NOTHING.sub(" ", request))
    columns = [name.lower() for name in table.header]
    meant = next(
        (
            name
            for word in left
            if not word.lower().startswith(tuple(columns)) and (name := nearest(word.lower(), columns))
        ),
        None,
    )
    if meant is not None:
        raise Refusal(f"There is no such column; do you mean '{meant}'?", f"没有这一列；你指的是“{meant}”吗？")
    if operation := re.search(r"[*/^+%=]|(?<=\s)-(?=\s)", request):
        left.append(operation.group())
    if left:
        raise Refusal(
            f"I cannot tell what to work out ('{' '.join(left)[:60]}' is not clear to me): I know total, average, "
            f"minimum, maximum, median and row count, "
            "over all rows or by group.",
            f"我不确定要算什么（没看懂“{' '.join(left)[:60]}”）：我会算合计、平均值、最小值、最大值、中位数和行数，"
            f"可以统计所有行，也可以分组统计。",
        )


def says_something(word: str) -> bool:
    """Whether `word` is more than what any request may say."""
    return re.search(r"[^\W\d_]", _SAYS_NOTHING.sub(" ", word)) is not None


def without_names(request: str, names: Iterable[str]) -> str:
    """`request` with a blank for each of the column names."""
    for name in sorted(names, key=len, reverse=True):
        spelled = re.escape(name).replace("_", "[_ ]")
        pattern = rf"(?<![A-Za-z0-9_]){spelled}(?:e?s)?(?![A-Za-z0-9_])" if name.isascii() else spelled
        request = re.sub(pattern, " ", request, flags=re.IGNORECASE)
    return request


def _names_a_cell(table: Table, request: str) -> bool:
    """Whether a row is meant by a word in it: `total of the pen`."""
    words = _SAYS_NOTHING.sub(" ", request).lower() if len(request) <= _LONGEST_REQUEST else ""
    cells = {cell.lower() for row in table.rows for cell in row} if words.strip() else set[str]()
    return any(_names(cell, words) for cell in cells if cell in words)


def _names(cell: str, words: str) -> bool:
    if len(cell) < (3 if cell.isascii() else 2) or not re.search(r"[^\W\d]", cell):
        return not cell.isascii() and cell == words.strip()
    return not cell.isascii() or re.search(rf"(?<!\w){re.escape(cell)}(?!\w)", words) is not None
