"""A follow-up that names what is different from the question before: `oh wait, Ida comes too, so 6 people?`.

What is different is found by its type (a date, a month, a share, a number of people, a quantity) and by its role (`the
20% tip`, `if it had been 64 before`). Words around it say nothing, unless they ask for something else. Where it may be
meant of two things, nothing is exchanged.
"""

import re
from typing import NamedTuple

from ..tools.patterns import lazy_pattern
from ..tools.unit_names import mention_at
from ..tools.units import unit_named
from ..tools.wording import digits_for_words, plain_signs

_LONGEST = 160
_LONGEST_BEFORE = 600
NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may(?! (?:i|we|be|you|have|not|need)\b)|june?|july?|"
    r"aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_YEAR = r"(?:19|20)\d\d"
_PEOPLE = (
    r"(?:people|persons?|friends|of (?:us|them|you)\b|ways|guests|kids|children|adults|colleagues|flatmates|roommates|"
    r"housemates|pax|个?人(?!民)|位)"
)
_KINDS = (
    (
        "date",
        rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{4}}\s*年\s*\d{{1,2}}\s*月\s*\d{{1,2}}\s*[日号]?|"
        rf"\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{4}}|\d{{1,2}}\s*月\s*\d{{1,2}}\s*[日号]?|"
        rf"\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?:,?\s+{_YEAR})?|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?(?!\d)"
        rf"(?:,?\s+{_YEAR})?",
    ),
    ("month", rf"\b{_MONTH}(?:,?\s+(?:in\s+)?{_YEAR})?|(?:{_YEAR}\s*年\s*)?\d{{1,2}}\s*月(?!\s*\d)份?"),
    ("monthday", r"(?<=the )\d{1,2}(?:st|nd|rd|th)\b|(?<![\d月])\d{1,2}\s*[日号]"),
    (
        "share",
        rf"(?!100\s*%){NUMBER}\s*(?:%|percent\b|per cent\b)|百分之\s*{NUMBER}|{NUMBER}\s*个?(?:百分)?点(?![\d半钟])",
    ),
    (
        "duration",
        rf"{NUMBER}\s*(?:(?:business |working |week ?)?(?:days?|weeks?|months?|years?|nights?)\b|个?工作日|天|"
        rf"个?星期|周|个月|年(?!级))",
    ),
    ("people", rf"{NUMBER}\s*{_PEOPLE}"),
    ("reduction", rf"打?\s*{NUMBER}\s*折"),
    (
        "number",
        rf"(?:[$€£¥]\s*)?(?<![A-Za-z0-9_.^])(?:\d+\s\d{{1,2}}/\d{{1,2}}(?![\d/])|{NUMBER}(?![A-Za-z0-9_.]*\d)(?!\s*进制))",
    ),
)
_PIECE = lazy_pattern("|".join(f"(?P<{name}>{form})" for name, form in _KINDS), re.IGNORECASE)
_IN_ALL = lazy_pattern(
    r"(?:(?:and|so|then|what|what's|whats|is|the|now|ok)[\s,]+)*(?:total|in total|altogether|all in all)"
    r"(?: (?:with|including|incl)(?: the)? (?:tip|vat|tax|it|that|service))?(?: then| now)?[\s?.]*",
    re.IGNORECASE,
)
_SHARE_ON = lazy_pattern(
    rf"(?:an? |the |what is (?:an? |the )?)?(?P<share>{NUMBER}\s*%)\s*(?:tip|vat|tax|gst|service|"
    rf"gratuity)?\s*(?:on|for)\s*[$€£¥]?\s*(?P<amount>{NUMBER})[\s?.]*",
    re.IGNORECASE,
)
_PART_OF = lazy_pattern(rf"{NUMBER}(?P<rest>\s*(?:/|(?:out )?of)\s*{NUMBER}(?:\s*in percent)?)[\s?.]*", re.IGNORECASE)
_BARE_NUMBER = lazy_pattern(rf"(?:(?:and|what about|or|how about|for|那)\s*)?({NUMBER})(?:呢)?[\s?.]*", re.IGNORECASE)
_A_YEAR = lazy_pattern(r"(?<!\d)(?:1[5-9]|2[01])\d\d(?!\d)(?!\.\d)")
_SAME_SIGN = lazy_pattern(r"(?:那|如果|要是)?([加减])(?:上|去)?(\d.*?)呢[？?]?")
_OLD = lazy_pattern(
    rf"\b(?:not|instead of|rather than)\s+(?:the |an? )?({NUMBER})\s*%?(?!\w)|不是\s*({NUMBER})", re.IGNORECASE
)
_OTHERWISE = lazy_pattern(
    r"\b(?:how (?:long|old|fast|tall|heavy|often)|another|further|additional|extra|on top|more|less|fewer|plus|minus|"
    r"times|add|subtract|without|except\w*|"
    r"exclud\w+|not|than|over|under|above|below|at (?:least|most)|average|mean|median|convert|per|each (?=\d)|"
    r"off|holidays?|result|round\w*|decimals?|digits|places|multipl\w+|divid\w+|as an?|double|half|twice|triple|binary|"
    r"hex\w*|pays? with|paid with|change)\b|再|又|[减除乘扣找]|"
    r"加(?!班)|少(?!于)|(?<!差不)多(?!少)|不|除了|平均|最|大于|小于|超过|还剩|放假|假期|节|进制|保留|四舍|倍|半",
    re.IGNORECASE,
)
"""Says that something is to be done besides, or under a condition, unless the question before said so too."""
_ASKS = lazy_pattern(
    r"\b(?:how (?:many|old|far|long)|what|which|whats|what's|when|who|where)\s+(?!(?:about|if|is|are|was|were|would|"
    r"do|does|will|"
    r"the|that|it|we|i|for|in|with|then|to|of)\b)(?P<noun>[a-z]+)|(?P<when>\b(?:when|who|where|weekday)\b)|星期几|周几|"
    r"几[号天月点]|哪[天个]",
    re.IGNORECASE,
)
_US = lazy_pattern(
    r"\b(?:us|of them|we are|we're|joins?|joining|comes?|coming|pays?|paying|paid|drops? out|dropped|friends?|"
    r"guests?|people|"
    r"moves? in|too many of us)\b|人|位|加入",
    re.IGNORECASE,
)
_SHARED_AMONG = lazy_pattern(
    rf"(?:\b(?:by|among|between|ways|into|we are|there are|they are)\s+|/\s*|除以\s*){NUMBER}$", re.I
)
_ROLES = (
    r"\b(?:before|was|were|used to|had been|old|from|last|originally|cost price|bought|starts?|start\w*|begin\w*|"
    r"since|left|first|"
    r"leave|opened|signed|issued)\b|原价|去年|以前|之前|原来|从|上个?月|成本|进价",
    r"\b(?:now|today|is|to|till|til|until|through|new|end|ends|ending|back|returns?|gone|went|come|comes|this|sells?|"
    r"sold)\b|->|"
    r"现在|今年|[到至]|本月|这个月|卖|售价",
    r"\b(?:tip|tips|gratuity|service)\b|小费|服务费",
    r"\b(?:vat|tax|gst|rate)\b|税",
    r"\b(?:discount|off|sale|reduction|rebate)\b|折|优惠",
    r"\b(?:at|@|costs?|price|each|apiece)\b|单价|每",
    r"\b(?:bill|total|dinner|amount|came to|comes to)\b|账单|一共|总",
    r"\b(?:hours?|hrs?)\b|小时",
    r"\b(?:gives?|gave|pays?|paid|hands?|got)\b|付|给|收",
)
_ROLE_PATTERNS = tuple(lazy_pattern(form, re.IGNORECASE) for form in _ROLES)
_CORRECTED = lazy_pattern(
    r"^\s*(?:(?:不对|错了|哦不|不好意思|no|nope|sorry|oops|wait|oh)(?![a-z])[\s,，.!]*)+", re.IGNORECASE
)
_DATA = lazy_pattern(r"[\[{|\t]|\n[^\n]*[,;][^\n]*\n")
_SHORT = 14
_CLOSEST, _FARTHEST = 3.0, 8.0


_NEGATED = lazy_pattern(r"\d[^,.;]*(?:n't|\bcannot\b|\bno longer\b)|(?:n't|\bcannot\b)[^,.;]*\d", re.IGNORECASE)
_EACH = lazy_pattern(r"\d (?:each|apiece)\b", re.IGNORECASE)
_SUPPOSED = lazy_pattern(r"\b(?:if|instead|costs?|at|price\w*)\b", re.IGNORECASE)


class _Piece(NamedTuple):
    """A piece of a question: its type, where it stands, and the unit or the noun that it is of."""

    kind: str
    start: int
    end: int
    text: str
    noun: str
    is_unit: bool


def substituted(prompt: str, before: str) -> str | None:
    """`before` with the one thing in it exchanged that `prompt` names; None where it may be meant otherwise."""
    if len(prompt) > _LONGEST or len(before) > _LONGEST_BEFORE or _DATA.search(prompt) or _DATA.search(before):
        return None
    if (swapped := _swapped(prompt.strip(), before.strip())) is not None:
        return swapped
    prompt = _without_its_sign(prompt, before)
    said = digits_for_words(_plain(_CORRECTED.sub("", prompt)))
    instead = _OLD.search(said)
    if instead is not None:
        said = f"{said[: instead.start()]} {said[instead.end() :]}"
    written = plain_signs(before.replace("，", ", "))
    forms = dict.fromkeys((written, digits_for_words(written)))
    return next((text for old in forms if (text := _exchanged(said, old, instead)) is not None), None)


def _exchanged(said: str, old: str, instead: "re.Match[str] | None") -> str | None:
    if _asks_otherwise(said, old):
        return None
    olds, news = _pieces(old), _pieces(said)
    if len(news) > 1:
        news = [one for one in news if one.text not in {known.text for known in olds}] or news
    new = _merged(said, news)
    if new is None:
        return None
    chosen = _place_of(new, said, olds, old, (instead[1] or instead[2]) if instead else "")
    if chosen is None:
        return None
    for one in reversed([one for one in olds if one.text == chosen.text and one.kind == chosen.kind]):
        old = f"{old[: one.start]}{_written(new, one)}{old[one.end :]}"
    return old


def _plain(text: str) -> str:
    text = plain_signs(text.replace("，", ", "))
    text = re.sub(r"\bi mean\w*\b", " ", text, flags=re.IGNORECASE)
    return re.sub(
        r"\b(?:that|this|the|which|each|any|no)? ?one\b(?! (?:hundred|thousand|third|quarter))|一(?=[共起样下直定])",
        " ",
        text,
    )


def _without_its_sign(prompt: str, before: str) -> str:
    """`加12个月呢` after `加6个月` is said instead of it."""
    signed = _SAME_SIGN.fullmatch(prompt.strip())
    return signed[2] if signed and signed[1] in before else prompt


def _swapped(prompt: str, before: str) -> str | None:
    """A prompt that is of one form only: a total, another year, another part of the same whole."""
    if (whole := _SHARE_ON.fullmatch(before)) and _IN_ALL.fullmatch(prompt):
        return f"{whole['amount']} + {whole['share']}"
    if (part := _PART_OF.fullmatch(before)) and (other := _BARE_NUMBER.fullmatch(prompt)):
        return f"{other[1]}{part['rest']}"
    years, said = list(_A_YEAR.finditer(before)), list(_A_YEAR.finditer(prompt))
    if len(said) == len(years) == 1 and len(re.findall(r"\d+", prompt)) == 1 and not _asks_otherwise(prompt, before):
        return before[: years[0].start()] + said[0].group() + before[years[0].end() :]
    return None


def _asks_otherwise(said: str, old: str) -> bool:
    """Whether `said` asks for what `old` does not: another figure, an operation, a condition."""
    known = old.lower()
    if any(found.group().lower() not in known for found in _OTHERWISE.finditer(said)):
        return True
    if _NEGATED.search(said) or (_EACH.search(said) and not _SUPPOSED.search(said)):
        return True
    nouns = [(found["noun"] or found["when"] or found.group()).lower() for found in _ASKS.finditer(said)]
    return any(noun.removesuffix("s") not in known for noun in nouns)


def _pieces(text: str) -> list[_Piece]:
    found: list[_Piece] = []
    for one in _PIECE.finditer(text):
        kind, end = str(one.lastgroup), one.end()
        noun, is_unit = "", False
        if kind == "number":
            at = end + len(text[end:]) - len(text[end:].lstrip())
            mention = mention_at(text, at)
            if mention is None and re.match(r"[A-Za-z]", text[end:]):
                continue
            if mention is not None and (unit := unit_named(mention.name)) is not None and mention.name.lower() != "in":
                noun, is_unit, end = unit.kind, True, mention.end
            elif word := re.match(r"\s?(?:of the |more )?([a-z]{3,}|[\u4e00-\u9fff])", text[end:], re.IGNORECASE):
                noun = "" if _FUNCTION.fullmatch(word[1]) else word[1].lower().rstrip("s")
            if _SHARED_AMONG.search(text[: one.end()]) and not is_unit:
                kind = "people"
        found.append(_Piece(kind, one.start(), end, text[one.start() : end].strip(), noun, is_unit))
    return found


_FUNCTION = lazy_pattern(
    r"(?:and|or|then|now|instead|each|for|from|with|was|were|are|has|had|the|that|this|please|pls|thanks|before|"
    r"after|today|till|"
    r"until|what|how|plus|minus|times|off|per|split|shared|divided|between|among|rather|not|because|since|but|into|"
    r"same|too|also|there|here|went|goes|you|she|they|who|when|which|个|呢|的|是|吧|吗|和|多|元|块)",
    re.IGNORECASE,
)


def _merged(said: str, pieces: list[_Piece]) -> _Piece | None:
    """The one piece that is different; a month and its year are one."""
    if len(pieces) == 2 and pieces[0].kind == "month" and re.fullmatch(_YEAR, pieces[1].text):
        return pieces[0]._replace(text=f"{pieces[0].text} {pieces[1].text}")
    pieces = [one._replace(text=re.sub(r",?\s+in\s+", " ", one.text)) if one.kind == "month" else one for one in pieces]
    distinct = {one.text: one for one in pieces}
    if len(distinct) != 1:
        return None
    new = next(iter(distinct.values()))
    return new._replace(kind="people") if new.kind == "number" and not new.noun and _US.search(said) else new


def _place_of(new: _Piece, said: str, olds: list[_Piece], old: str, instead: str) -> _Piece | None:
    if instead:
        named = [one for one in olds if re.match(rf"\D*{re.escape(instead)}(?!\d)", one.text)]
        return named[0] if len(named) == 1 else None
    same = [one for one in olds if one.kind == new.kind]
    if new.kind == "monthday":
        same = [one for one in olds if one.kind == "date"]
    if new.kind == "month" and not same:
        return None
    if new.kind == "number":
        same = _of_its_noun(new, olds)
    if not same and new.kind == "people":
        same = [one for one in olds if one.kind == "number" and one.text.isdigit() and not one.noun]
        same = [one for one in same if _ratio(_worth(new), _worth(one)) <= _FARTHEST]
        return same[0] if len(same) == 1 else None
    if len({one.text for one in same}) < 2:
        return same[0] if same else None
    by_role = _of_its_role(new, said, same, old)
    if len(by_role) == 1:
        return by_role[0]
    by_form = [one for one in by_role if ("." in one.text) == ("." in new.text)]
    if new.kind == "number" and len(by_form) == 1:
        return by_form[0]
    return by_role[-1] if new.kind in ("date", "monthday") and len(same) == 2 else None


def _of_its_noun(new: _Piece, olds: list[_Piece]) -> list[_Piece]:
    """The numbers that a number may stand for: of the same unit or noun, or of none where it has none itself."""
    numbers = [one for one in olds if one.kind == "number"]
    if new.noun:
        exact = [one for one in numbers if one.noun == new.noun]
        if exact or new.is_unit:
            return exact
        near = len(numbers) == 1 and _ratio(_worth(new), _worth(numbers[0])) <= _FARTHEST
        return [one for one in numbers if not one.noun] if near else []
    others = [one for one in olds if one.kind in ("people", "share", "duration", "reduction")]
    if not others or re.search(r"[$€£¥.]", new.text):
        return numbers
    value = _worth(new)
    close = [one for one in (*numbers, *others) if _ratio(value, _worth(one)) <= _CLOSEST]
    near = [one for one in (*numbers, *others) if _ratio(value, _worth(one)) <= _FARTHEST]
    if len(close) == len(near) == 1:
        return close
    return numbers if not numbers else [one for one in numbers if one in near and len(near) == 1]


def _worth(piece: _Piece) -> float:
    found = re.search(NUMBER, piece.text)
    return float(found.group().replace(",", "")) if found else 0.0


def _ratio(one: float, other: float) -> float:
    return max(one, other) / (min(one, other) or 0.001)


def _of_its_role(new: _Piece, said: str, same: list[_Piece], old: str) -> list[_Piece]:
    """Those that stand beside the same words, or words for the same, as often as any does."""
    ahead, behind = _beside(new, said, len(said))
    scored: list[tuple[int, _Piece]] = []
    for one in same:
        before, after = _beside(one, old, _SHORT)
        score = 2 * _shared_roles(ahead, before) + _shared_roles(f"{ahead} {behind}", f"{before} {after}")
        scored.append((score, one))
    most = max(score for score, _ in scored)
    return [one for score, one in scored if score == most] if most else same


def _beside(piece: _Piece, text: str, most: int) -> tuple[str, str]:
    """What stands ahead of a piece and behind it, up to the next one."""
    ahead = re.split(r"\d", text[max(0, piece.start - most) : piece.start])[-1]
    behind = re.split(r"\d|[,;，]", text[piece.end : piece.end + most])[0]
    return ahead, behind


def _shared_roles(one: str, other: str) -> int:
    roles = sum(1 for role in _ROLE_PATTERNS if role.search(one) and role.search(other))
    words = {word for word in re.findall(r"[a-z]{3,}|[\u4e00-\u9fff]{2}", one.lower()) if not _FUNCTION.fullmatch(word)}
    return 2 * roles + sum(1 for word in words if word in other.lower())


def _written(new: _Piece, chosen: _Piece) -> str:
    """The new piece in the form of the old: a day of the same month, a date or a month of the same year."""
    text = new.text
    year = re.search(_YEAR, chosen.text)
    if new.kind == "monthday":
        day = re.sub(r"\D", "", text)
        if re.fullmatch(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}", chosen.text):
            return re.sub(r"\d{1,2}$", day.zfill(2), chosen.text)
        return re.sub(r"(?<!\d)\d{1,2}(?!\d)(?!\s*月)", day, chosen.text, count=1)
    if new.kind in ("date", "month") and year and not re.search(_YEAR, text):
        return f"{year.group()}年{text}" if re.search("月", text) else f"{text} {year.group()}"
    if new.kind == "reduction" and not text.startswith("打"):
        return f"打{text}"
    if re.fullmatch(rf"\D{{0,2}}{NUMBER}", text) and (chosen.kind != "number" or chosen.is_unit):
        return re.sub(NUMBER, lambda _: re.sub(r"[^\d.,]", "", text), chosen.text, count=1)
    return text
