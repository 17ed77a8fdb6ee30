"""Which field a requirement names: for prompts that are nothing but a document."""

from .contract import Question
from .patterns import lazy_pattern

_PATH = lazy_pattern(r"(?<![\w./@-])[A-Za-z_]\w*(?:\[\d+\])*(?:\.[A-Za-z_]\w*(?:\[\d+\])*)+(?![\w/@-]|\.\w)")


def in_full(question: Question, requirement: str) -> str | None:
    """The document under the only path that the requirement names."""
    text = question.text.strip()
    paths = set(_PATH.findall(requirement))
    if not (text.startswith(("{", "[")) and text.endswith(("}", "]")) and len(paths) == 1):
        return None
    return f"Get {paths.pop()} from {text}"
