"""What a requirement has found in every text: kinds by name, or codes like the one that it shows."""

import re

from .patterns import lazy_pattern

_EXAMPLE = lazy_pattern(
    r"(?:\b(?:like|such as|e\.\s?g\.|for example|example|format|form|look(?:s|ing)? like|as in|"
    r"pattern)\b|例如|比如|格式|形如|像)[\s:：,]*[\"'“(]?(?P<code>(?=[\w./-]*\d)(?=[\w./-]*(?:[A-Za-z]"
    r"|\d[-/.]\d))[A-Za-z0-9][\w./-]{2,30}\w)",
    re.IGNORECASE,
)
_SOURCE = lazy_pattern(
    r"\b(?:in|from|out of|of|inside|within|on|through)\s+(?:(?:my|the|an?|our|these|those|all|some|"
    r"old|long|any|incoming|customer|chat)\s+)*(?:e-?mails?|mails?|links?|urls?|pages?|websites?|web "
    r"?pages?|numbers?|messages?|logs?)\b|"
    r"(?:从|在)(?:[\u4e00-\u9fff]{0,4})(?:邮件|链接|网页|聊天记录|短信)(?:里|中)?",
    re.IGNORECASE,
)


def without_source(requirement: str) -> str:
    """The requirement without what is searched: `phone numbers in e-mails` asks for no e-mail addresses."""
    return _SOURCE.sub(" ", requirement)


def code_shown(requirement: str) -> str | None:
    """A regular expression for codes of the shape that the requirement shows, as `AB-1234`."""
    found = _EXAMPLE.search(requirement)
    if found is None or re.search(r"://|@|^www", found["code"]):
        return None
    pieces = re.findall(r"[A-Z]+|[a-z]+|\d+|[^A-Za-z\d]", found["code"])
    return r"\b" + "".join(_form_of(piece) for piece in pieces) + r"\b"


def _form_of(piece: str) -> str:
    """As many letters of the same case, any number of digits, and anything else as it stands."""
    if piece.isdigit():
        return r"\d+"
    if piece.isalpha():
        return f"[{'A-Z' if piece.isupper() else 'a-z'}]{{{len(piece)}}}"
    return rf"\{piece}" if piece in ".-" else piece.replace("/", r"\/")


_PIECE = lazy_pattern(
    r"\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]|(?P<repeat>[*+]|\{\d*,?\d*\})|(?P<choice>[|?])|(?P<group>\((?:\?[^)]?)?|\))|.",
    re.DOTALL,
)


def repeats_a_choice(source: str) -> bool:
    """Whether a repeated group holds, at any depth, something that repeats or a choice."""
    open_groups, closed = [False], False
    for piece in _PIECE.finditer(source):
        group = piece["group"]
        if piece["repeat"] and closed:
            return True
        if group and group != ")":
            open_groups.append(False)
        elif piece["repeat"] or piece["choice"]:
            open_groups[-1] = True
        closed = False
        if group == ")" and len(open_groups) > 1:
            closed = open_groups.pop()
            open_groups[-1] |= closed
    return False
