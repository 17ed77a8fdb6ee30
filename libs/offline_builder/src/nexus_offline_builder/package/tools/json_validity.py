"""Whether a text is JSON, and where it is broken."""

from .contract import Answer, Question, Refusal
from .json_document import Document, Fault, has_half_pair, written


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
