"""A request without a text of its own, after a turn about one: `backwards?`, `and how many letters`, `now as csv`."""

from ..tools.contract import JsonValue
from ..tools.passage import is_request, passage_in
from ..tools.patterns import lazy_pattern

_LONGEST = 80
_LONGEST_REQUEST = 120
_OWN_TEXT = lazy_pattern(r"[:：\n\"“「『{\[@]|://|\d|\b(?:only|just|except|without|but|not)\b|只|除")
_GIVES_A_TEXT = frozenset({"text_changes", "csv_to_json", "json_to_csv"})
_TAKES_A_TEXT = frozenset({"text_statistics", "pattern_extraction"})
OF_TEXTS = _GIVES_A_TEXT | _TAKES_A_TEXT | {"list_cleanup"}


def is_handed_on(prompt: str) -> bool:
    """Whether `prompt` may be no more than a request about the text before."""
    return len(prompt) <= _LONGEST and _OWN_TEXT.search(prompt) is None


def made_of(output: JsonValue) -> str:
    """The text or the entries that a tool gave."""
    for value in output.values() if isinstance(output, dict) and "error" not in output else ():
        if isinstance(value, str):
            return value
        if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
            return "\n".join(str(one) for one in value)
    return ""


def text_of(prompt: str, answer: str, call: dict[str, JsonValue]) -> str | None:
    """The text that a turn leaves to the next one: what its tool made, else what was handed over to it."""
    name, output = call["name"], call["output"]
    if name in _GIVES_A_TEXT:
        return answer
    if name == "list_cleanup" and isinstance(output, dict) and "list" in output:
        return made_of(output)
    if name not in OF_TEXTS:
        return None
    passage = passage_in(prompt)
    if passage.text is not None and len(passage.request) <= _LONGEST_REQUEST:
        return passage.text
    return None if is_request(prompt) else prompt
