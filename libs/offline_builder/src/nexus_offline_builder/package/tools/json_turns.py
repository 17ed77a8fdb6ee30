"""`and back to csv`: what was handed over in the turn before, after it was turned into the other form."""

import re
from itertools import pairwise

from .contract import Question
from .json_document import STEP, Document, Node, document_in, selected
from .patterns import lazy_pattern
from .table import Table, table_in

_BACK = lazy_pattern(
    r"(?:\b(?:and|now|ok|okay|so|then|please|can|could|you|turn|convert|change|make|put|transform|that|it|this|the|"
    r"result|json|in|is|"
    r"as|into|to|from|how|what|about|want|i)\b|[\s,]|把它?|再|然后|现在|请|那|又|结果)*"
    r"(?:\b(?:back|again|reverse|other way (?:a)?round)\b|转?[换变]?回[去来]?(?:成|到)?|转?[换变]?[成为到])"
    r"(?:\b(?:in|to|into|as|again|please|csv|json|format|the|a)\b|[\s,?.!。？]|呢|吧|格式)*",
    re.IGNORECASE,
)
_AGAIN = lazy_pattern(
    r"(?:\b(?:and|now|turn|convert|change|make|put|that|it|this|please|into|to|as|in|back)\b|[\s,])*"
    r"(?:csv|json)(?:\b(?:again|back|please)\b|[\s,?.!])+",
    re.IGNORECASE,
)
LEFT = lazy_pattern(r"^\s*那么?(?=[\u4e00-\u9fff\w])|(?:分别)?(?:是(?:多少|什么|啥|谁)?)?(?:呢|吗)?[\s?？。]*$")
ITS = lazy_pattern(
    r"它们?的|他们?的|其(?=[\u4e00-\u9fff])|\b(?:its|their|his|her)\b|"
    r"\b(?:of|for|from|in) (?:that one|that|it|them|those)\b",
    re.I,
)
OTHER_PLACE = lazy_pattern(
    r"(?:\b(?:and|same|what about|how about|now|then|for|of|in|the|that|thing|it)\b|那|的|[\s,])*"
    r"(?:(?P<place>first|second|third|last|第[一二三]|最后一)(?: (?:one|item|entry|"
    r"element)|个|条|项)?|(?P<name>[\w\u4e00-\u9fff-]*)\[(?P<at>-?\d{1,6})\])"
    r"(?:呢|[\s?？.])*",
    re.IGNORECASE,
)
BARE_PATH = lazy_pattern(rf"(?<![\w.$@])([A-Za-z_\u4e00-\u9fff][\w-]*(?:{STEP}){{1,50}})")
_JOINED = lazy_pattern(
    r"\s*(?:,|;|&|、|，|\band\b|和|与|以及)\s*(?:(?:also|and|then|what(?:'s| is| are)?|get|give me|the|还有)\s+)*",
    re.IGNORECASE,
)
_FORM = lazy_pattern("csv|json", re.IGNORECASE)
_LONGEST = 80


def table_before(question: Question, form: str) -> Table | None:
    """The table of the turn before, where it is wanted again."""
    if not _goes_back(question, form) or document_in(question.earlier[0]) is not None:
        return None
    return table_in(question.earlier[0])


def document_before(question: Question, form: str) -> Document | None:
    """The document of the turn before, where it is wanted again."""
    document = document_in(question.earlier[0]) if _goes_back(question, form) else None
    return document if document is not None and document.error is None else None


def _goes_back(question: Question, form: str) -> bool:
    text = question.text.strip()
    if not question.earlier or len(text) > _LONGEST or "\n" in text:
        return False
    named = {found.group().lower() for found in _FORM.finditer(text)}
    if not (_BACK.fullmatch(text) or _AGAIN.fullmatch(text)):
        return False
    return not named or form in named


def apart(request: str) -> list[str]:
    """The parts of a request that each have a path of their own: `what is a.b and what is c[2]`."""
    paths = list(BARE_PATH.finditer(request))
    gaps = [request[one.end() : other.start()] for one, other in pairwise(paths)]
    if len(paths) < 2 or not all(_JOINED.fullmatch(gap) for gap in gaps):
        return []
    return [found.group() for found in paths]


def value_beside(text: str, known: str | None, document: Node) -> Node | None:
    """The innermost object around the path of the turn before that has the path of `text`, where the whole has not."""
    asked = BARE_PATH.search(text)
    if asked is None or known is None or selected(document, f"$.{asked[1]}"):
        return None
    while (shorter := re.sub(rf"{STEP}$", "", known)) != known:
        known = shorter
        around = selected(document, known)
        if len(around) == 1 and selected(around[0], f"$.{asked[1]}"):
            return around[0]
    return None
