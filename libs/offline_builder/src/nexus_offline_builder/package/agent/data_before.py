"""A later turn about the data of an earlier one: `which word is in there most often`, `and Pedro`, `and [2].city?`.

It is asked anew of that data, or the earlier question is with one name, path or value of the data in the place of
another: then any tool of the agent may answer it.
"""

import re

from ..tools.contract import JsonValue
from ..tools.date_names import ASKS_WEEKDAY
from ..tools.passage import passage_in
from ..tools.patterns import lazy_pattern
from ..tools.table import table_in
from .handed_on import made_of

_LONGEST = 160
_LONGEST_REQUEST = 400
_OPENS = lazy_pattern(r"[\[{]\s{0,20}[\[{\"]")
_LEAD = lazy_pattern(
    r"^\s*(?:(?:and|now|ok|okay|so|then|also|but|cool|great|thanks|what about|how about|"
    r"那么?|再|然后|然後|现在|最后|接着)(?![a-z])"
    r"[\s,，]*)+",
    re.IGNORECASE,
)
_IN_IT = lazy_pattern(
    r"\b(?:(?:in|of|from|on|to) (?:it|that|this|there|them|those|these|the (?:same )?(?:text|list|table|sheet|json))|"
    r"has (?:it|that|this)|does (?:it|that|this) have|it|that|this|them|those)\b|"
    r"把(?:它们?|这个|那个)|它们?|其中|(?:这|那)(?:段|个|"
    r"句)(?:文字|话|里)?|[呢吗]\s*[?？。]*$",
    re.IGNORECASE,
)
_OF_RESULT = lazy_pattern(r"\b(?:left|remain\w*)\b|再|然后|还?剩|完", re.IGNORECASE)
_PATH = lazy_pattern(
    r"(?:[\w\u4e00-\u9fff]+)?\[-?\d+\](?:\.?[\w\u4e00-\u9fff]+(?:\[-?\d+\])?)*|"
    r"[\w\u4e00-\u9fff]+(?:\.[A-Za-z_\u4e00-\u9fff][\w]*)+"
)
_DAY = lazy_pattern(r"\d{4}-\d\d-\d\d")
_CHANGED = frozenset({"text_changes", "list_cleanup", "csv_to_json", "json_to_csv"})
_FILLS = lazy_pattern(
    r"\b(?:and|what|how|about|for|the|only|just|of|in|is|now|then|ok|so|same|with|instead|but|column|one|show|me|"
    r"please|"
    r"if|it|was|were|take|use|no|sorry|i|meant?|oh|wait)\b|换成|改成|如果|要是|那么?|只[看算要]?|呢|的话|的|改|列|请|[\s,.?!，。？！:：]",
    re.IGNORECASE,
)


def handed_over(prompt: str) -> tuple[str, str] | None:
    """What `prompt` asks, and the data that it hands over."""
    end = max(prompt.rfind("]"), prompt.rfind("}")) + 1
    if (start := _OPENS.search(prompt[:end])) is not None:
        return f"{prompt[: start.start()]} {prompt[end:]}".strip(), prompt[start.start() : end]
    table = table_in(prompt)
    if table is not None and "\n" in prompt:
        around = {line.strip(" :：") for line in table.around.split("\n")}
        lines = [line for line in prompt.split("\n") if line.strip(" :：") not in around]
        return table.around.strip(), "\n".join(lines)
    passage = passage_in(prompt)
    return (passage.request.strip(), passage.text) if passage.text else None


def asked_of_result(prompt: str, output: JsonValue, tool: str) -> str | None:
    """`prompt` asked of the text or the entries that `tool` made, where it says so."""
    words = _words(prompt)
    made = made_of(output) if tool in _CHANGED and words and _OF_RESULT.search(prompt) else ""
    return _composed(_plain(words), made) if made else None


def in_its_place(prompt: str, before: str) -> str | None:
    """`before` with the path, the column or the value that `prompt` names in the place of another."""
    words, handed = _words(prompt), handed_over(before)
    short = handed is not None and len(handed[0]) <= _LONGEST_REQUEST
    changed = _in_its_place(words, *handed) if words and short and handed is not None else None
    return f"{changed}\n{handed[1]}" if handed is not None and changed is not None else None


def asked_of_data(prompt: str, before: str) -> str | None:
    """`prompt` asked of the data of `before`, or of its two dates; a day of the week is of one of them."""
    words, handed = _words(prompt), handed_over(before)
    days = _DAY.findall(before)
    if words and len(days) == 2 and not re.search(r"\d", words) and not ASKS_WEEKDAY.search(words):
        return f"{words} from {days[0]} to {days[1]}"
    return _composed(_plain(words), handed[1]) if words and handed is not None else None


def _words(prompt: str) -> str:
    """What `prompt` asks of data that it does not hand over itself."""
    if len(prompt) > _LONGEST or handed_over(prompt) is not None:
        return ""
    return _LEAD.sub("", prompt.strip()).strip(" ?？!。.")


def _plain(words: str) -> str:
    return _IN_IT.sub(" ", words).strip(" ,，")


def _composed(words: str, data: str) -> str:
    structured = re.match(r"\s*[\[{]", data) or table_in(data) is not None
    return f"{words}\n{data}" if structured else f"{words}:\n{data}" if "\n" in data else f"{words}: {data}"


def _in_its_place(words: str, request: str, data: str) -> str | None:
    """`request` with the path, the column or the value that `words` are in the place of the one that it names."""
    said, old = _PATH.findall(words), _PATH.findall(request)
    if len(said) == len(old) == 1:
        return request.replace(old[0], said[0]) if not _FILLS.sub("", words.replace(said[0], "")) else None
    groups = _names_of(data)
    name = _FILLS.sub(" ", words).strip()
    for group in groups:
        new = [one for one in group if one.lower() == name.lower()]
        known = [one for one in group if one and _stands_in(one, request) and one.lower() != name.lower()]
        if new and len(known) == 1:
            head, tail = re.split(re.escape(known[0]), request, maxsplit=1, flags=re.IGNORECASE)
            return f"{head}{new[0]}{tail}"
    return None


def _stands_in(name: str, text: str) -> bool:
    if not name.isascii():
        return name in text
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None


def _names_of(data: str) -> list[list[str]]:
    """What may stand for each other: the names of the columns, the cells of a column, the values of a key."""
    table = table_in(data)
    if table is not None and not re.match(r"\s*[\[{]", data):
        columns = [list(dict.fromkeys(cells)) for cells in zip(*table.rows, strict=False)]
        numeric = [all(re.fullmatch(r"[^\w]*[\d.,\s-]*[^\w]*", cell) for cell in cells) for cells in columns]
        names = [
            [name for name, one in zip(table.header, numeric, strict=False) if one is kind] for kind in (True, False)
        ]
        return [*names, *[cells for cells, one in zip(columns, numeric, strict=True) if not one]]
    values: dict[str, list[str]] = {}
    for key, value in re.findall(r"\"([^\"]+)\"\s*:\s*(?:\"([^\"]*)\")?", data):
        values.setdefault(key, []).append(value)
    return [list(values), *[list(dict.fromkeys(one for one in found if one)) for found in values.values()]]
