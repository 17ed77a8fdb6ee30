"""Whether a text is JSON, and where it is broken."""

import re

from .contract import Answer, Question, Refusal
from .json_document import Document, Fault, has_half_pair, whole_document, written
from .json_scope import VALIDITY
from .patterns import lazy_pattern

_CHECKED = lazy_pattern(
    r"(?P<request>[^:：\n?？]*)[:：\n?？]\s*(?:```\w*\s)?(?P<text>[^\s?？].*?)(?:```\s*)?|"
    r"(?:is|are)\s+(?!(?:this|that|it|the)\b)(?P<named>\S+)\s+(?:a\s+)?(?:valid|well[- ]formed|correct)\s+json[\s?.!]*|"
    r"(?!这|那|它|下面|以下)(?P<chinese>\S+?)\s*是(?:不是|否)?(?:一个)?(?:有效|合法)的?\s*json\s*吗?[\s?？。]*",
    re.IGNORECASE | re.DOTALL,
)


def invalid(fault: Fault, question: Question) -> Answer:
    text = f"这不是有效的 JSON：{fault.chinese}。" if question.chinese else f"This is not valid JSON: {fault.english}."
    return Answer(text, {"query": "validate"}, {"valid": False, "reason": fault.english})


def refuse_invalid(fault: Fault, question: Question) -> Answer:
    """Something else was asked than whether it is valid, and that cannot be answered."""
    text = invalid(fault, question).text
    raise Refusal(text, text)


def validity(document: Document, question: Question) -> Answer:
    if document.error is not None:
        return invalid(document.error, question)
    text = "这是有效的 JSON。" if question.chinese else "This is valid JSON."
    if document.repeated is not None:
        key = written(document.repeated)
        text += f"但键 {key} 重复出现，读取结果不确定。" if question.chinese else f" But {repeats(key)}"
    if has_half_pair(written(document.value)):
        text += (
            "但其中有不成对的代理字符，不是有效的 Unicode 文本。"
            if question.chinese
            else " But it holds half of a surrogate pair, which is not valid Unicode text."
        )
    return Answer(text, {"query": "validate"}, {"valid": True})


def repeats(key: str) -> str:
    return f"an object has the key {key} more than once, and readers differ in what they make of that."


def checked_in(prompt: str) -> Document | None:
    """The text that is asked to be valid JSON or not: a value of any kind, not only an object or a list."""
    found = _CHECKED.fullmatch(prompt.strip())
    if found is None:
        return None
    text = found["text"] or found["named"] or found["chinese"]
    asked = found["request"] is None or ("json" in found["request"].lower() and VALIDITY.search(found["request"]))
    return whole_document(text, found["request"] or "") if text and asked and text[0] not in "{[" else None
