"""Separates the text that a prompt hands over from what is asked about it."""

import re
from typing import NamedTuple

from .patterns import lazy_pattern

_FENCE = lazy_pattern(r"```[a-zA-Z]*\n?(.*?)(?:```|$)", re.DOTALL)
_QUOTES = {'"': '"', "“": "”", "「": "」", "『": "』", "‘": "’", "《": "》"}
_START = lazy_pattern(
    r"(?P<colon>(?<!http)(?<!https)(?<!\d)[:：](?!//)\s*)|(?P<line>\n|\\n)|(?P<quote>[\"“「『‘])|(?P<single>(?:^|"
    r"(?<=\s))'(?=\S))"
)


class Passage(NamedTuple):
    """The request and the text that it is about; None where the prompt hands over no text."""

    request: str
    text: str | None


def passage_in(prompt: str) -> Passage:
    """Looks for a code fence, quotation marks, a colon, or a new line: whichever comes first."""
    if fence := _FENCE.search(prompt):
        return Passage(prompt[: fence.start()] + " " + prompt[fence.end() :], fence[1].strip("\n"))
    start = _START.search(prompt)
    if start is None:
        return Passage(prompt, None)
    if start["quote"] or start["single"]:
        return _quoted(prompt, start.start(), _QUOTES.get(prompt[start.start()], "'"))
    head, body = prompt[: start.start()], prompt[start.end() :].strip()
    if not body:
        return Passage(head, None)
    if body[0] in _QUOTES and body.endswith(_QUOTES[body[0]]) and len(body) > 1:
        body = body[1:-1]
    return Passage(head, body)


def _quoted(prompt: str, start: int, closing: str) -> Passage:
    end = prompt.rfind(closing, start + 1)
    if end < 0:
        return Passage(prompt, None)
    return Passage(f"{prompt[:start]} {prompt[end + 1 :]}", prompt[start + 1 : end])


def last_line_first(prompt: str) -> Passage | None:
    """The passage of a prompt that states its request at the end, in a line of its own."""
    body, newline, request = prompt.strip().rpartition("\n")
    return Passage(request, body.strip()) if newline and body.strip() and len(request) < 200 else None


_ASKS = lazy_pattern(
    r"\s*(?:(?:please|pls|can you|could you|would you|now|and|so|ok|hey|hi|hello)[\s,]+)*(?:what|which|who|whom|"
    r"whose|when|where|why|how|"
    r"is|are|was|were|do|does|did|can|could|will|would|should|may|translate|write|tell|give|show|make|create|send|"
    r"call|open|play|draw|"
    r"book|buy|find|search|get|list|explain|summari[sz]e|rewrite|reverse|sort|convert|turn|change|replace|remove|"
    r"delete|fix|correct|compare|"
    r"count|calculate|compute|analy[sz]e|extract|generate|compose|sing|help|thanks?|bye|stop|check|uppercase|"
    r"lowercase|capitali[sz]e|spell|"
    r"name|describe|define|read|say|repeat|go|let|never|forget|ignore|describe|remind|set|add|guess|recommend|"
    r"suggest)\b|"
    r"\s*(?:请|帮|把|将|给我|什么|谁|哪|怎么|为什么|多少|几|翻译|写|告诉|统计|计算|你|能不能|可以)",
    re.IGNORECASE,
)


def is_request(text: str) -> bool:
    """Whether `text` asks or orders something, so that it is no text handed over to be worked on."""
    line = text.strip()
    return _ASKS.match(line) is not None or bool(
        re.search(r"(?:吗|呢|什么|多少|怎么)?[?？]$", line) and "\n" not in line
    )
