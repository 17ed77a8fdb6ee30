"""A follow-up that names only what is different: `and 20%?`, `what about 4 people?`, `那 20 天呢？`."""

import re

from ..tools.patterns import lazy_pattern
from ..tools.wording import MONTH, digits_for_words, plain_signs

_LONGEST = 80
_LONGEST_BEFORE = 400
NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_MONTH = rf"{MONTH}\.?"
_KINDS = (
    (
        "date",
        rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{4}}\s*年\s*\d{{1,2}}\s*月\s*\d{{1,2}}\s*[日号]?|"
        rf"\d{{1,2}}\s*月\s*\d{{1,2}}\s*[日号]|"
        rf"\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}(?:,?\s+\d{{4}})?|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?(?!\d)"
        rf"(?:,?\s+\d{{4}})?",
    ),
    ("share", rf"{NUMBER}\s*(?:%|percent\b|per cent\b)|百分之\s*{NUMBER}|{NUMBER}\s*个?(?:百分)?点(?![\d半钟])"),
    (
        "duration",
        rf"{NUMBER}\s*(?:(?:business |working |week ?)?(?:days?|weeks?|months?|years?)\b|个?工作日|天|"
        rf"个?星期|周|个?月|年)",
    ),
    (
        "people",
        rf"{NUMBER}\s*(?:people|persons?|friends|of (?:us|them)|ways|guests|kids|colleagues|flatmates|roommates|"
        rf"housemates|个人|人|位)|(?<=\bby ){NUMBER}(?!\s*%)|(?<=\bwe are ){NUMBER}|(?<=\bthey are ){NUMBER}|"
        rf"(?<=\bthere are ){NUMBER}|"
        rf"(?<=\bamong ){NUMBER}|(?<=\bbetween ){NUMBER}(?! and)",
    ),
    (
        "tender",
        rf"(?:gives?|gave|pays?|paid|got|hands?|给了?|付了?|收了?)\s*(?:(?:me|us|with|over|an?|我)\s*)*{NUMBER}",
    ),
    ("reduction", rf"打?\s*{NUMBER}\s*折"),
    ("count", rf"(?<![\d.]){NUMBER}(?=\s+[a-z]+(?:\s+[a-z]+)?\s+(?:at|@|x|for|costing)\s*[$€£]?\s*{NUMBER})"),
    ("number", rf"(?:[$€£¥]\s*)?(?<![A-Za-z0-9_.]){NUMBER}(?![A-Za-z0-9_.]*\d)"),
)
_PIECE = lazy_pattern("|".join(f"(?P<{name}>{form})" for name, form in _KINDS), re.IGNORECASE)
_AROUND = lazy_pattern(
    r"(?:\b(?:vs|versus|against|and|or|then|so|ok|okay|now|but|what|how|about|if|it|is|was|were|with|for|only|just|"
    r"we|they|she|he|i|"
    r"you|there|are|be|oh no|no|oh|wait|actually|sorry|hmm|well|came|come|coming|going|rather|meant|mean|"
    r"instead|make|that|someone|somebody|born|on|at|of|us|them|pay|paid|tip|rate|vat|tax|discount|use|take|the|a|"
    r"an|split|by|between|among|again|"
    r"starts?|starting|begins?|opened|signed|issued|due|"
    r"same|do|try|to|until|till|from|since|once|once more|would|s)\b|那么?|如果|要是|假如|若|换成|改成|税率|税点|折扣|"
    r"改为|变成|是|有|呢|的话|只有|"
    r"只|到|至|按|小费|再|用|来|付|出生|又|吗|么)",
    re.IGNORECASE,
)
_SHARE_ON = lazy_pattern(
    rf"(?:an? |the |what is (?:an? |the )?)?(?P<share>{NUMBER}\s*%)\s*(?:tip|vat|tax|gst|service|"
    rf"gratuity)?\s*(?:on|for)\s*[$€£¥]?\s*(?P<amount>{NUMBER})[\s?.]*",
    re.IGNORECASE,
)
_A_YEAR = lazy_pattern(r"(?<!\d)(?:1[5-9]|2[01])\d\d(?!\d)")
_ANOTHER_YEAR = lazy_pattern(
    r"(?:(?:and|or|in|what|about|how|the|year|same|day|那|同一天|换成|到)[\s,]*)*((?:1[5-9]|2[01])\d\d)\s*年?(?:呢|"
    r"的)?[\s?.？。]*",
    re.IGNORECASE,
)
_ON_TOP = lazy_pattern(r"\b(?:another|further|additional|extra|on top)\b|再[打减加涨降]|又", re.IGNORECASE)
_AT = lazy_pattern(r"(?:\bat|@)\s*$", re.IGNORECASE)
_TO = lazy_pattern(r"(?:\bto|->|→|到)\s*$", re.IGNORECASE)
_PART_OF = lazy_pattern(rf"{NUMBER}(?P<rest>\s*(?:/|(?:out )?of)\s*{NUMBER}(?:\s*in percent)?)[\s?.]*", re.IGNORECASE)
_BARE_NUMBER = lazy_pattern(rf"(?:(?:and|what about|or|how about|for|那)\s*)?({NUMBER})(?:呢)?[\s?.]*", re.IGNORECASE)
_SAME_SIGN = lazy_pattern(r"(?:那|如果|要是)?([加减])(?:上|去)?(\d.*?)呢[？?]?")
_WHOLE = lazy_pattern(r"\s*\d+(?:\.\d+)?\s*")
_ABOUT = lazy_pattern(r"\b(?:of|for|on|from|costs?|bill|price)\b|[$€£¥元块]", re.IGNORECASE)
_IN_ALL = lazy_pattern(
    r"(?:(?:and|so|then|what|what's|whats|is|the|now|ok)[\s,]+)*(?:total|in total|altogether|in all|how much (?:is "
    r"that )?in all)"
    r"(?: (?:with|including|incl)(?: the)? (?:tip|vat|tax|it|that|service))?(?: then| now)?[\s?.]*",
    re.IGNORECASE,
)
_SINCE = lazy_pattern(r"\b(?:from|since|start\w*|begin\w*|opened|signed|issued)\b|从", re.IGNORECASE)
_AMOUNT = lazy_pattern(r"\b(?:it|bill|total|cost)\b|[$€£¥元块.]|\d{3}", re.IGNORECASE)
_CHANGES = lazy_pattern(
    r"^\s*(?:(?:and|or|so|ok|okay|but|then|now|no|oh|i|meant?|sorry|wait|vs|versus)\b[\s,.]*)*(?:what|how|oh|wait|"
    r"actually|sorry|hmm|if|"
    r"with|for|only|instead|someone|somebody|split|"
    r"of|same|打|to|until|till|from|since|从|make|on|at|by|between|among|the|a|an|\W|\d|"
    r"[\u4e00-\u9fff]|jan|feb|mar|apr|may|jun|"
    r"jul|aug|sep|oct|nov|dec)",
    re.IGNORECASE,
)


def substituted(prompt: str, before: str) -> str | None:
    """`before` with the one thing in it exchanged that `prompt` names; None where it may be meant otherwise.

    Of two dates it is the second: `days between A and B`, `and C?`.
    """
    if len(prompt) > _LONGEST or len(before) > _LONGEST_BEFORE:
        return None
    if (swapped := _swapped(prompt.strip(), before.strip())) is not None:
        return swapped
    prompt = _without_its_sign(prompt, before)
    if not _CHANGES.match(prompt) or _ON_TOP.search(prompt):
        return None
    said, old = (digits_for_words(plain_signs(text.replace("，", ", "))) for text in (prompt, before))
    pieces = list(_PIECE.finditer(said))
    left = _known_dropped(_AROUND.sub(" ", _PIECE.sub(" ", said)), old)
    if len(pieces) != 1 or re.search(r"\w|[-+*/^<>=]", left):
        return None
    piece = pieces[0]
    kind = _kind_of(piece, said, old)
    same = [found for found in _PIECE.finditer(old) if found.lastgroup == kind] if kind else []
    for form, strict in ((_AT, True), (_TO, False)):
        if form.search(said[: piece.start()]):
            narrowed = [found for found in same if form.search(old[: found.start()])]
            same = narrowed if narrowed or strict else same
    if not same and kind == "number":
        return _in_duration(piece.group(), old)
    if len(same) != 1 and not (piece.lastgroup == "date" and len(same) == 2):
        return None
    start, end = same[0 if _SINCE.search(prompt) else -1].span()
    if _unit_behind(said, piece.end()) not in ("", _unit_behind(old, end)):
        return None
    said = piece.group().strip()
    said = f"打{said}" if kind == "reduction" and not said.startswith("打") else said
    return f"{old[:start]}{said}{old[end:]}"


def _without_its_sign(prompt: str, before: str) -> str:
    """`加12个月呢` after `加6个月` is said instead of it."""
    signed = _SAME_SIGN.fullmatch(prompt.strip())
    return signed[2] if signed and signed[1] in before else prompt


def _swapped(prompt: str, before: str) -> str | None:
    """A prompt that is of one form only: a total, another year, another part of the same whole."""
    if (whole := _SHARE_ON.fullmatch(before)) and _IN_ALL.fullmatch(prompt):
        return f"{whole['amount']} + {whole['share']}"
    if (year := _ANOTHER_YEAR.fullmatch(prompt)) and len(years := list(_A_YEAR.finditer(before))) == 1:
        return before[: years[0].start()] + year[1] + before[years[0].end() :]
    if (part := _PART_OF.fullmatch(before)) and (other := _BARE_NUMBER.fullmatch(prompt)):
        return f"{other[1]}{part['rest']}"
    return None


def _kind_of(piece: "re.Match[str]", said: str, old: str) -> str | None:
    """The kind of the one thing that is different; None where it may be another's."""
    others = {found.lastgroup for found in _PIECE.finditer(old)}
    if piece.lastgroup != "number":
        return piece.lastgroup
    if "people" in others and not _AMOUNT.search(said):
        return None
    if "count" in others and _WHOLE.fullmatch(piece.group()) and not _AT.search(said[: piece.start()]):
        return "count"
    share = "share" in others and float(re.sub(r"[^\d.]", "", piece.group())) <= 100
    return None if share and not _ABOUT.search(said) else "number"


def _known_dropped(left: str, before: str) -> str:
    """`left` without the words of the prompt before: `and 14 hours?` after `12 hours at 60`."""
    known = {word.lower() for word in re.findall(r"[A-Za-z]{2,}", before)} - {"and", "or", "not", "no", "without"}
    return re.sub(r"[A-Za-z]{2,}", lambda word: " " if word.group().lower() in known else word.group(), left)


def _unit_behind(text: str, at: int) -> str:
    """The word that a number is of: `12.5 km` says something else than `3` in `3 miles to km`."""
    found = re.match(r"\s?([a-z°]+)(?!\w)", text[at:], re.IGNORECASE)
    return found[1].lower().rstrip("s") if found and not _AROUND.fullmatch(found[1]) else ""


def _in_duration(number: str, before: str) -> str | None:
    """`5 working days after 2026-12-01`, `and 10?`: the only number left to exchange."""
    spans = [found.span() for found in _PIECE.finditer(before) if found.lastgroup == "duration"]
    if len(spans) != 1:
        return None
    start, end = spans[0]
    return before[:start] + re.sub(NUMBER, number.strip(), before[start:end], count=1) + before[end:]
