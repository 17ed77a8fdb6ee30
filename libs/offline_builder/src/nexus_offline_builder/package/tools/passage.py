"""Separates the text that a prompt hands over from what is asked about it."""

import re
from typing import NamedTuple

_FENCE = re.compile(r"```[a-zA-Z]*\n?(.*?)(?:```|$)", re.DOTALL)
_QUOTES = {'"': '"', "“": "”", "「": "」", "『": "』", "‘": "’", "《": "》"}
_START = re.compile(
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
