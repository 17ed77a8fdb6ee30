"""Second turns about what was found in a text: some of it by how it is written, a figure of its numbers."""

import re

from . import figures
from .bounded import FUNCTIONS
from .contract import Answer, JsonValue, Value
from .pattern_kinds import KINDS, PatternKind
from .patterns import lazy_pattern
from .table import number_in

_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_ONLY = lazy_pattern(
    r"\b(?:end(?:s|ing)?|finish(?:es|ing)?) (?:with|in|on)\s+[\"'“]?(?P<end>[\w.@-]+)|"
    r"\b(?:start(?:s|ing)?|begin(?:s|ning)?) with\s+[\"'“]?(?P<start>[\w.@#+/:-]+)|"
    r"\b(?:contain(?:s|ing)?|with|from|at|having|including)\s+(?:the word )?[\"'“]?(?P<part>[\w.@-]+)|"
    r"^\W*(?:(?:and|so|now|only|just|the|those|keep)\s+)+(?P<one>[@.#]?[\w-]+(?:\.\w+)*) "
    r"?(?:ones|addresses|links|mails?|emails?|urls?)?\W*$|"
    r"以\s*[“\"]?(?P<zhend>[\w.@-]+?)[”\"]?\s*(?:结尾|为后缀)|(?:包含|含有?|带)\s*[“\"]?(?P<zhpart>[\w.@-]+?)[”\"]?的",
    re.IGNORECASE,
)
_FIGURE = (
    (
        "sum",
        lazy_pattern(
            r"\b(?:sum|total|add (?:them|these|those)?(?: all)? ?up|all together|altogether)\b|总和|合计|加起来|求和",
            re.I,
        ),
    ),
    ("average", lazy_pattern(r"\b(?:average|mean|avg)\b|平均", re.I)),
    ("max", lazy_pattern(r"\b(?:max(?:imum)?|highest|biggest|largest)\b|最[大高]", re.I)),
    ("min", lazy_pattern(r"\b(?:min(?:imum)?|lowest|smallest)\b|最[小低]", re.I)),
)
_LEADS = lazy_pattern(r"\W*(?:and|so|now|only|just|the|those|keep|which|只要?|只留)\b|[只那]", re.IGNORECASE)
_OF_THEM = lazy_pattern(
    r"\b(?:and|so|now|the|what|what's|is|are|of|them|those|these|that|all|numbers?|amounts?|please|pls|in|it|up|add|one|which|values?)\b|"
    r"[\W_]|它们|这些|那些|的|是|多少|数字|金额|呢|一共|把|都",
    re.IGNORECASE,
)


def narrowed(words: str, found: list[str]) -> list[str] | None:
    """Those of what was found that end with, begin with or contain what is named; None where nothing is."""
    said = _ONLY.search(words)
    if said is None or (said["one"] and any(kind.asked.search(said["one"]) for kind in KINDS)):
        return None
    end, start = said["end"] or said["zhend"], said["start"]
    part = said["part"] or said["zhpart"] or said["one"] or ""
    if end or start:
        wanted = (end or start).strip(".,") if not (end or start).startswith(".") else (end or start).rstrip(".,")
        return [one for one in found if (one.lower().endswith if end else one.lower().startswith)(wanted.lower())]
    return [one for one in found if part.lower() in one.lower()] if part else None


def figure_of_them(words: str, found: list[str]) -> Answer | None:
    """`sum of them`: a figure of the numbers that were found."""
    asked = [(name, form) for name, form in _FIGURE if form.search(words)]
    numbers = [number_in(re.sub(r"[^\d.,-]", "", one)) for one in found]
    known = [number for number in numbers if number is not None]
    if len(asked) != 1 or not known or len(known) < len(numbers) or _OF_THEM.sub("", asked[0][1].sub(" ", words)):
        return None
    result = FUNCTIONS[asked[0][0]](known)
    text = f"{asked[0][0]}({', '.join(figures.shown(one) for one in known)}) {figures.equals(result)}"
    output: dict[str, JsonValue] = {asked[0][0]: figures.for_json(result)}
    return Answer(text, {"numbers": len(known)}, output, (Value(figures.carried(result), result),))


def is_about_them(words: str) -> bool:
    """Whether `words` say nothing but which of them, or which figure of them."""
    figure = any(form.search(words) and not _OF_THEM.sub("", form.sub(" ", words)) for _, form in _FIGURE)
    return figure or (_ONLY.search(words) is not None and _LEADS.match(words) is not None)


_WHICH = lazy_pattern(
    r"\b(?:mails?|e-?mails?|addres{1,2}es|numbers?|phones?|links?|urls?|dates?|ones|lines)\s+(?:that|which|who)\s+"
    r"(?:(?:have|has|had|are|is|were|was|got|get|been|do|did)\s+)*(?P<word>(?!(?:in|on|at|to|from|i|you|we|they|can|"
    r"appear|occur|stand|come|there|contain|look)\b)[a-z]{4,30})"
    r"(?=\s*(?:$|[.,;:!?)\n]|only|please|pls|from|in|out)\b|\s*(?:$|[.,;:!?)\n]))",
    re.IGNORECASE,
)


def word_wanted(request: str) -> str | None:
    """`addresses that bounced`: what has to stand beside what is wanted."""
    found = _WHICH.search(request)
    return found["word"] if found else None


def lines_with(word: str, text: str) -> str | None:
    """The lines of a text that have a word; None where none has it, or where there are no lines."""
    lines = [line for line in text.split("\n") if word.lower() in line.lower()]
    return "\n".join(lines) if lines and "\n" in text.strip() else None


def found_of(kind: PatternKind, text: str) -> list[str]:
    """What `text` holds of a kind, each once, but every number."""
    found = [one.group().strip() for one in kind.form.finditer(text.translate(_DIGITS))]
    return found if kind.english == "numbers" else list(dict.fromkeys(found))
