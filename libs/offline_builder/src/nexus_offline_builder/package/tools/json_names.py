"""Values of a JSON document by what else their object says: `the age of Bob`, `how old is Bob`, `and of Ann?`."""

import re

from .contract import Question
from .json_document import Document, Node, document_in, nested
from .json_scope import names_in
from .patterns import lazy_pattern

_OF_A_NAME = lazy_pattern(
    r"(?:(?:what(?:'s| is)|get|give me|find|show|tell me|how much "
    r"is)\s+)?(?:the\s+)?(?P<key>[\w-]+)\s+(?:of|for)\s+(?:the\s+)?"
    r"(?P<value>[\w -]{1,40}?)(?:\s+(?:in|from))?[\s:?.]*|"
    r"how many (?P<count>[\w-]+) (?:does|do|did|has|have) (?P<holder>[\w -]+?)(?: have| has| got)?[\s:?.]*|"
    r"how (?P<much>old|much|tall|big|heavy|long) (?:is|does|was|are) (?P<of>[\w -]{1,40}?)(?: cost| weigh)?[\s:?.]*|"
    r"(?P<whose>[^\s的]{1,20}?)(?:在|是|属于)(?:哪一?个?|什么)(?P<which>[\u4e00-\u9fff]{1,8})[\s?？：:]*|"
    r"(?P<zh>[^\s的]{1,20})的(?P<zhkey>[\w-]{1,20}?)(?:是?(?:什么|多少|谁|哪[个里家]?|几[\w])呢?|呢)?[\s?？：:]*",
    re.IGNORECASE,
)
_AND_OF = lazy_pattern(
    r"(?:and|what about|how about)\s+(?:of |for |that of )?(?P<en>[\w-]+(?: [\w-]+)?)[\s?.!]*|"
    r"那?(?P<zh>[\w]{1,12}?)(?:的)?呢[\s?？]*",
    re.IGNORECASE,
)


def of_a_name(request: str, value: Node) -> tuple[str, str, Node] | None:
    """Path, title and value for `the age of Bob`: of the only object with that key and, under another, the word."""
    found = _OF_A_NAME.fullmatch(request.strip())
    if found is None:
        return None
    key = found["count"] or found["key"] or found["zhkey"] or found["which"] or _measured(found["much"], value)
    name = (found["value"] or found["zh"] or found["whose"] or found["of"] or found["holder"]).strip()
    wanted = name.lower()
    having = [one for one in nested(value) if isinstance(one, dict) and key in one]
    named = [
        one
        for one in having
        if any(isinstance(other, str) and other.lower() == wanted for at, other in one.items() if at != key)
    ]
    if len(named) != 1 or wanted in {one.lower() for one in names_in(value)}:
        return None
    return f"$..{key}", f"{key} ({name})", named[0][key]


def _measured(word: str, value: Node) -> str:
    """`how old`: the key that tells it, if the document has one."""
    known = {"old": "age", "much": "price", "tall": "height", "big": "size", "heavy": "weight", "long": "length"}
    wanted = known[word.lower()]
    return next((name for name in names_in(value) if name.lower() == wanted), wanted)


def with_key(question: Question) -> str:
    """`and of Ann?` after `the age of Bob` is about the same key."""
    text = question.text
    said = _AND_OF.fullmatch(text.strip())
    before = document_in(question.earlier[0]) if said and question.earlier else None
    found = (
        _OF_A_NAME.fullmatch((before.request if before else question.earlier[0]).strip())
        if said and question.earlier
        else None
    )
    if said is None or found is None:
        return text
    if found["zhkey"]:
        return f"{said['zh'] or said['en']}的{found['zhkey']}"
    return f"the {found['key']} of {said['en'] or said['zh']}" if found["key"] else text


def in_the_singular(document: Document) -> str:
    """The request with `skus` and `Sku` as `sku`, where that is how the document calls it."""
    request, names = document.request, names_in(document.value)
    for name in names:
        if name.isascii() and len(name) > 3 and name.endswith("s") and name[:-1] not in names:
            request = re.sub(rf"(?<![\w$.-]){re.escape(name[:-1])}(?!\w)", name, request, flags=re.IGNORECASE)
        if name.isascii() and f"{name}s" not in names and len(name) > 1 and name not in ("it", "a"):
            many = rf"{re.escape(name)}s|{re.escape(name[:-1])}ies" if name.endswith("y") else rf"{re.escape(name)}s"
            request = re.sub(rf"(?<![\w$.-])(?:{many})(?!\w)", name, request)
            if [other.lower() for other in names].count(name.lower()) == 1:
                request = re.sub(rf"(?<![\w$.-]){re.escape(name)}(?!\w)", name, request, flags=re.IGNORECASE)
    return request
