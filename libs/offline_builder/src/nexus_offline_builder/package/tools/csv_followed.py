"""Second turns about a table: `and the average?`, `which ones?`, `and its price?`."""

import re
from collections.abc import Sequence

from .contract import CERTAIN, LIKELY, POSSIBLE, Answer, Question, Refusal, Task
from .csv_aliases import in_its_words, without_gaps
from .csv_answers import COUNT, answered, headed, mentioned, of_filtered, unmeasured
from .csv_columns import picked_columns
from .csv_conditions import filtered
from .csv_counts import row_count
from .csv_figures import MEASURES, by_answer
from .csv_groups import GROUP
from .csv_memory import from_rows_before
from .csv_ranking import COUNTS, PRICES, asks_order, first_row, order_of, other_way
from .csv_read import followed
from .csv_rows import picked_rows
from .csv_scope import says_something
from .patterns import lazy_pattern
from .table import Table, numeric_columns, table_in
from .table_follow import followed_request, most_of_groups
from .wording import asks_how_many

TABLE_WORDS = lazy_pattern(
    r"\bcsv\b|\btsv\b|\bcolumns?\b|\brows?\b|\btable\b|\bspreadsheet\b|列|行|表|字段", re.IGNORECASE
)
OTHER_FORM = lazy_pattern(
    r"字数|词数|词频|字符|单词|句子|"
    r"\b(?:to|as|into|in)\s+json\b|转(?:换)?[成为]?\s*json|\bwords?\b|\bcharacters?\b|\bsentences?\b",
    re.IGNORECASE,
)
_AND_THE = lazy_pattern(
    r"\b(?:and|the|what|about|how|is|are|now|then|so|ok|what's|show|me)\b|那|呢|是|的|多少", re.IGNORECASE
)
_OTHER_WAY = lazy_pattern(
    r"(?:(?:and|now|so|ok|then)\s+)*(?:the\s+)?(?:other way(?: (?:a)?round)?|reversed?|in reverse|"
    r"opposite|turn it round|flip it)[\s?.!]*|"
    r"(?:反过来|倒过来|反着)(?:排|呢)*[\s?？。]*",
    re.IGNORECASE,
)
_ALL = lazy_pattern(
    r"(?:(?:and|so|for|of|but|what about)\s+)*(?:overall|in all|in total|altogether|all together|"
    r"all(?: of them)?|everyone|everybody|everything|"
    r"the whole (?:table|list))[\s?.!]*|(?:全部|所有的?|总共|一共|总的)(?:人|呢|有多少)*[\s?？。]*",
    re.IGNORECASE,
)
_IN_ALL = lazy_pattern(r"\b(?:all|altogether|overall|total|sum)\b|总|合计|一共", re.IGNORECASE)
_LISTS_NUMBERS = lazy_pattern(r"\d\s*(?:,|、|and|和)\s*\d")
_LEADS_ON = lazy_pattern(
    r"^\s*(?:(?:and|so|ok|okay|now|then|what about|how about|那么?)[\s,]*)+(?![a-z])", re.IGNORECASE
)
_ONLY_NAME = lazy_pattern(r"^(?:\s*(?:and|the|in|for|with|of)\b)+|^[那的]+|(?:的)?呢|[\s?.!？。]+$", re.IGNORECASE)
_LONGEST_FOLLOW_UP = 300


def about_earlier_table(question: Question) -> Task | None:
    """`and the average?` is about the table of an earlier turn."""
    words = _LEADS_ON.sub("", question.text)
    if len(words) > _LONGEST_FOLLOW_UP or OTHER_FORM.search(words):
        return None
    table = next((found for text in question.earlier if (found := table_in(text))), None)
    if table is not None:
        at = next(at for at, text in enumerate(question.earlier) if table_in(text) == table)
        before = (table.around, *reversed(question.earlier[:at]))
        most = most_of_groups(table, before, words, question.chinese, question.requirement)
        if (answer := most or followed(table, before, without_gaps(table, words), question.chinese)) is not None:
            return Task(CERTAIN, lambda: answer)
        if (later := followed_request(table, before, words, question.chinese, question.requirement)) is not None:
            return Task(CERTAIN, lambda: later)
        return _of_table(table, in_its_words(table, words), question)
    asks = _asks_figure(words) or (GROUP.search(words) and not re.search(r"\d", words))
    if not asks or _LISTS_NUMBERS.search(words) or not TABLE_WORDS.search(words):
        return None
    return Task(LIKELY, _refuse_without_table)


def _of_table(table: Table, words: str, question: Question) -> Task | None:
    before, chinese = _around(question.earlier), question.chinese
    if (other := _of_another_column(table, words, before)) is not None:
        return Task(LIKELY, lambda: answered(table, other, chinese, total=True))
    if (same := from_rows_before(words, question.earlier, chinese)) is not None:
        return Task(LIKELY, lambda: same)
    if asks_how_many(words) and table_in(question.earlier[0]):
        return Task(LIKELY, lambda: _counted(table._replace(around=before), chinese))
    listed = picked_columns(table, words, chinese, before) or first_row(table, words, before, chinese)
    if listed is not None:
        return Task(LIKELY, lambda: listed)
    if _OTHER_WAY.fullmatch(words.strip()) and (turned := other_way(before)):
        return Task(LIKELY, lambda: answered(table, turned, chinese, total=True))
    return _of_figures(table, "total" if _ALL.fullmatch(words.strip()) else words, before, question)


def _of_another_column(table: Table, words: str, before: str) -> str | None:
    """`and english?` after `who is best in maths?`: the same of another column of such figures."""
    said = _ONLY_NAME.sub("", words).strip().lower()
    columns = [one.name for one in numeric_columns(table) if not (COUNTS.search(one.name) or PRICES.search(one.name))]
    new = next((name for name in columns if name.lower() == said), None)
    asked = in_its_words(table, before)
    old = [column.name for column in numeric_columns(table) if mentioned(column.name, asked)]
    if new is None or len(old) != 1 or old[0] not in columns or old[0] == new:
        return None
    return re.sub(re.escape(old[0]), lambda _: new, asked, flags=re.IGNORECASE)


def _of_figures(table: Table, words: str, before: str, question: Question) -> Task | None:
    grouped = GROUP.search(words) if not re.search(r"\d", words) else None
    if not (_asks_of(table, words) or grouped) or _LISTS_NUMBERS.search(words):
        return None
    if grouped and not _asks_figure(words):
        words = f"{order_of(before)} {words}"
    words = _with_column(table, words, before)
    words = _with_group(table, _with_measure(words, question.earlier), question.earlier)
    names_column = any(mentioned(name, words) for name in table.header)
    confidence = LIKELY if names_column or not re.search(r"\d", words) else POSSIBLE
    return Task(confidence, lambda: answered(table, words, question.chinese, total=True))


def _asks_of(table: Table, words: str) -> bool:
    """Whether `words` name a figure or an order; in short ones a row, a condition or a column of `table` is enough."""
    if _asks_figure(words):
        return True
    short = len(words) <= 60 and (
        picked_rows(table, words) is not None or any(mentioned(name, words) for name in table.header)
    )
    return short or filtered(table, words) is not None


def _asks_figure(words: str) -> bool:
    return any(one.asked.search(words) for one in MEASURES) or bool(COUNT.search(words)) or asks_order(words)


def _with_column(table: Table, words: str, before: str) -> str:
    """`and in May?` after `total units in April` is about the units, too."""
    if filtered(table, words) is None and picked_rows(table, words) is None:
        return words
    asked = in_its_words(table, before)
    named = [column.name for column in numeric_columns(table) if mentioned(column.name, asked)]
    if len(named) != 1 or any(mentioned(column.name, words) for column in numeric_columns(table)):
        return words
    return f"{words} {named[0]}"


def _with_group(table: Table, words: str, earlier: Sequence[str]) -> str:
    """`and the average?` after `total per customer` is by customer, too."""
    before = _around(earlier)
    group = GROUP.search(before) if _only_measures(words) and not asks_order(before) else None
    return f"{words} {group.group()}" if group and table_in(earlier[0]) == table._replace(around=before) else words


def _only_measures(words: str) -> bool:
    """Whether `words` name a figure and nothing else, as `overall` would."""
    return not re.search(r"[^\W_]", _AND_THE.sub(" ", unmeasured(words))) and not _IN_ALL.search(words)


def _counted(table: Table, chinese: bool) -> Answer:
    """How many rows, of those that the turn before picked."""
    if (found := filtered(table, table.around)) is not None:
        return of_filtered(found._replace(request="count"), chinese)
    if (picked := picked_rows(table, table.around)) is not None and says_something(picked.cell):
        return headed(picked, row_count(picked.table, chinese), chinese)
    answer = row_count(table, chinese)
    return answer._replace(text="\n".join([answer.text, *by_answer(table)]))


def _around(earlier: Sequence[str]) -> str:
    """What the turn before asked of its table."""
    table = table_in(earlier[0]) if earlier else None
    return table.around if table is not None else ""


def _with_measure(words: str, earlier: Sequence[str]) -> str:
    """`and the b column?` asks for the figure that the turn before was about."""
    if _asks_figure(words):
        return words
    for text in earlier:
        table = table_in(text)
        asked = [one for one in MEASURES if one.asked.search(table.around if table else text)]
        if asked or table:
            return f"{words} {' '.join(one.english for one in asked)}"
    return words


def _refuse_without_table() -> Answer:
    raise Refusal(
        "Please put the CSV itself into your message: a line with the column names, then one line per row.",
        "请把 CSV 内容直接放在消息里：第一行是列名，之后每行一条记录。",
    )
