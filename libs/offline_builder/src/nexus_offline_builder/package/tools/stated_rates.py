"""The rate that a requirement states, read once: what it is of, how much, what amounts are given and wanted.

Of every kind there is an amount before, an amount after and the part between them: net, gross and VAT; the bill, the
total and the tip; the original price, the price to pay and what is saved.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from .patterns import lazy_pattern
from .wording import digits_for_words, plain_signs

TAX = r"(?:vat|gst|mwst|ust|iva|tva|(?:sales )?tax(?:es)?)"


class Kind(NamedTuple):
    """What a rate is of: the words for it and for its amounts, and whether the part is added or taken off.

    `shows` is what a bare amount gets; `names` are those of before, after and part, in English and Chinese.
    """

    said: "re.Pattern[str]"
    sign: str
    roles: "re.Pattern[str]"
    shows: tuple[str, ...]
    names: dict[str, tuple[str, str]]


def _kind(said: str, sign: str, before: str, after: str, part: str, shows: str, names: str) -> Kind:
    english, chinese = (line.split(",") for line in names.split("|"))
    return Kind(
        lazy_pattern(said, re.IGNORECASE),
        sign,
        lazy_pattern(f"(?P<before>{before})|(?P<after>{after})|(?P<part>{part})", re.IGNORECASE),
        tuple(shows.split()),
        dict(zip(("before", "after", "part"), zip(english, chinese, strict=True), strict=True)),
    )


VAT = _kind(
    rf"\b{TAX}\b|税(?!前|后)",
    "+",
    r"不含(?:增值)?税|不含\s*的?税|未税|税前|除税|去税|\bnet(?:to)?\b|"
    rf"\b(?:ex|excl\w*)\b\.?(?: of)?(?: the)?(?: {TAX}\b)?|"
    rf"\b(?:without|before|w/o)(?: the)? {TAX}\b|\bbefore\b|\bwithout(?: it)?(?=\W*$)",
    r"(?<!不)含(?:增值)?税|(?<!不)含\s*的税|价税合计|税后|\b(?:gross|brutto)\b|"
    rf"\b(?:inc|incl\w*)\b\.?(?: of)?(?: the)?(?: {TAX}\b)?|"
    rf"\b(?:with|after)(?: the)? {TAX}\b",
    rf"(?:增值)?税[额金款费]?(?![率点前后])|\b{TAX}\b(?: (?:part|amount|share|portion|content))?",
    "after",
    "net,gross,VAT|不含税,含税,税额",
)
_IN_ALL = r"\btotal\b|\baltogether\b|\bin all\b|总共|合计|共"
KINDS = {
    "tax": VAT,
    "tip": _kind(
        r"\btips?\b|\bgratuit(?:y|ies)\b|小费",
        "+",
        r"\bbefore (?:the )?tips?\b",
        _IN_ALL + r"|\bwith (?:the )?tips?\b|含小费",
        r"\btips?\b|\bgratuity\b|小费",
        "part after",
        "bill,total,tip|账单,总共,小费",
    ),
    "service": _kind(
        r"\bservice(?: charges?)?\b|服务费",
        "+",
        r"\bbefore (?:the )?service\b",
        _IN_ALL + r"|\bwith (?:the )?service\b|含服务费",
        r"\bservice charge\b|服务费",
        "part after",
        "bill,total,service|账单,总共,服务费",
    ),
    "off": _kind(
        r"%\s*off\b|\bpercent off\b|\bdiscount\w*|\bon sale\b|\bsale!|\bmarkdowns?\b|\brebate\b|\breduc\w+|优惠|折扣|"
        r"降价|减免|(?:-|\bminus|\bless|\btakes? off)\s*(?=\d+(?:\.\d+)?\s*%)",
        "-",
        r"\b(?:original|list|full|regular)(?:ly)?\b(?: price)?|\bbefore\b|原价|原来",
        r"\b(?:pay|new price|sale price|final price|after|end up)\b|折后|到手|实付|应付|要付|现价",
        r"\bsav(?:e|ed|ings?)\b|\bdiscount\b|\breduction\b|\bcheaper\b|优惠|省|便宜",
        "after",
        "original,to pay,saved|原价,实付,优惠",
    ),
    "cut": _kind(
        r"\b(?:takes?|keeps?) (?:an? )?(?=\d+(?:\.\d+)?\s*%)|抽成|"
        r"\bcommissions?\b|\bfees?\b|\broyalt\w+|\bprovisions?\b|\bmy (?:cut|share)\b|佣金|提成|手续费",
        "-",
        r"\bbefore\b",
        r"\b(?:left|remain\w*|keeps?|after|rest)\b|剩|到手",
        r"\b(?:commission|fee|royalty|cut|provision)\b|佣金|提成|手续费",
        "part after",
        "amount,left,commission|金额,剩余,佣金",
    ),
    "deposit": _kind(
        r"\bdeposits?\b|\bdown ?payments?\b|定金|首付",
        "-",
        r"\bbefore\b",
        r"\b(?:left|remain\w*|rest|balance|outstanding)\b|尾款|剩",
        r"\bdeposits?\b|\bdown ?payments?\b|定金|首付",
        "part after",
        "amount,rest,deposit|金额,尾款,定金",
    ),
    "premium": _kind(
        r"\bpremiums?\b|\bgift ?aid\b|\bsur?charges?\b|\binterest\b|附加费|加收|利息",
        "+",
        r"\b(?:hammer|before|without)\b",
        r"\b(?:total|final|altogether|pays?|costs?|with)\b|总共|合计|共",
        r"\bpremiums?\b|\bgift ?aid\b|\bsur?charges?\b|\binterest\b|附加费|利息",
        "after part",
        "amount,total,on top|金额,总共,加收",
    ),
    "raise": _kind(
        r"\bmark-?ups?\b|\braises?\b|\bincreases?\b|\b(?:add(?:s|ing|ed)?|puts?)\b(?=[^.;]{0,24}\d\s*%)|"
        r"加价|涨价|上调|(?:\+|\bplus|加)\s*(?=\d+(?:\.\d+)?\s*%)",
        "+",
        r"\b(?:original|before|cost price)\b|原价|成本",
        r"\b(?:new|after|selling|final)\b|售价|现价",
        r"\b(?:mark-?up|raise|increase)\b|加价",
        "after",
        "amount,new price,added|原价,新价,加价",
    ),
}
_RATE = lazy_pattern(
    r"(?<![\d.,])(\d+(?:[.,]\d+)?)\s*(?:%|percent\b|per cent\b|pct\b|个?(?:百分)?点(?![\d半钟]))|"
    r"百分之\s*(\d+(?:\.\d+)?|[一二三四五六七八九十]+)|"
    rf"\b(?:{TAX})\s*(?:of|is|at|:)?\s*(\d{{1,2}}(?:\.\d+)?)(?![\d.%]|\s*%)",
    re.IGNORECASE,
)
_UNLESS_SAID = lazy_pattern(
    r"[,;(]?\s*\b(?:but )?(?:unless|except (?:when|if)|if not|if nothing|if (?:i|we|they|you) (?:don'?t|"
    r"do not))\b[^,;.)]*?"
    r"\b(?:says?|said|tell|told|state\w*|mention\w*|specif\w+|writ\w+|giv\w+|otherwise|other|else|another|"
    r"different)\b[^,;.)]*\)?|"
    r"[,;]?\s*(?:then|or what(?:ever)?) i (?:say|tell|write|type)(?: it| you| so)*|"
    r"[,;]?\s*(?:and )?(?:it (?:should|can|could) )?also\b[^.;]*\b(?:when|if) i (?:ask|say|want)\b[^.;]*|"
    r"除非[^，。；]*|不说就|没说(?:就|都)?|默认",
    re.IGNORECASE,
)
_NO_FIGURE = lazy_pattern(
    r"保留\S{1,2}位小数|\b(?:to|with|rounded to)? ?(?:\d|two|three) (?:decimals?(?: places)?|dp)\b|\bone\b|\bfirst\b",
    re.IGNORECASE,
)
_NOT_CHINESE = lazy_pattern("[\x00-\u2fff]+")
"""Of Chinese numbers only those of a rate are read: `做一个` counts nothing."""
_SOMETIMES = lazy_pattern(
    r"(?:\b(?:sometimes|reduced|lower|food|books|rarely|occasionally)\b|有时|部分)[^\d%]{0,24}$", re.IGNORECASE
)
_CONDITIONAL = lazy_pattern(
    r"\b(?:if|unless|except|over|above|below|under|only|members?|students?|seniors?|pensioners?|children|kids|capped|"
    r"at least|at most|maximum|minimum|per (?:year|month|annum)|a year|compound\w*|margins?)\b|"
    r"如果|超过|满|会员|学生|老人|儿童|除(?!税)|毛利|每年|年利",
    re.IGNORECASE,
)
BOTH_WAYS = lazy_pattern(
    r"\b(?:other way|both|vice versa|reverse|(?:and|or|&) back|back and forth|back again|backwards?|either)\b|<-*>|↔|"
    r"互|反过来|两",
    re.IGNORECASE,
)
_TAKES_OUT = lazy_pattern(
    r"\b(?:remove|take (?:out|off)|strip|deduct|subtract|exclude|back out) (?:the )?(?:\S+ ){0,2}(?:tax|vat|"
    r"gst)\b|\btak(?:es?|ing) (?:the )?(?:tax|vat|gst) (?:off|out)\b|去税|扣税|价税分离",
    re.IGNORECASE,
)
_PUTS_ON = lazy_pattern(
    r"\b(?:add|adds|adding|plus|put|with) (?:the |on )?(?:\S+ ){0,2}(?:tax|vat|gst)\b|加税|加上税", re.IGNORECASE
)
_GIVEN = lazy_pattern(
    r"(?:\b(?:gives?|given|giving|enters?|inputs?|types?|typing|keys? in|quotes?|from|of|when|have|got|"
    r"put in)\b|[给报]|输入|"
    r"已知|提供)[^,;，；。]{0,20}$",
    re.IGNORECASE,
)
_WANTED = lazy_pattern(
    r"(?:\b(?:gets?|out|wants?|needs?|tells?|shows?|says?|returns?|to|into|comes)\b|[-=]>|→|[出求得]|返回|算|"
    r"告诉)[^.;；。]{0,30}$",
    re.IGNORECASE,
)
_PUT_IN = lazy_pattern(r"\s*(?:price|amount|value|价格?|金额)?\s*in\b(?!\s*(?:euros?|\$|€))", re.IGNORECASE)
_TO_FIRST = lazy_pattern(r"\b(?:from|of|out of|when|given|if|using|based on)\b", re.IGNORECASE)
_TO_SECOND = lazy_pattern(r"\b(?:in)?to\b|[-=]>|→|[算换转求得到]", re.IGNORECASE)
_PEOPLE = lazy_pattern(
    r"(\d{1,2})\s*(?:people|persons?|of us|friends|flatmates|housemates|roommates|ways|colleagues|guests)\b|"
    r"(\d{1,2})\s*个?(?:人|室友|朋友)",
    re.IGNORECASE,
)
_SHARED = lazy_pattern(
    r"\b(?:split\w*|shar\w+|each|owes?|per (?:person|head)|divid\w+)\b|平[分摊]|均摊|分账|分摊|每个?人|AA",
    re.IGNORECASE,
)


class Stated(NamedTuple):
    """`rate` and `people` are empty where each prompt names them; `given`: what a bare amount is, if that is clear.

    `others` are kinds that are named besides, for prompts with a rate of their own.
    """

    kind: str
    rate: str
    given: str
    shows: tuple[str, ...]
    shared: bool
    people: str
    others: tuple[str, ...]


@lru_cache(64)
def stated_in(requirement: str) -> Stated | None:
    """None where the requirement states no rate, several, or one under conditions."""
    text = _NO_FIGURE.sub(" ", _UNLESS_SAID.sub(" ", plain_signs(requirement)))
    text = _NOT_CHINESE.sub(lambda found: digits_for_words(found.group()), text)
    people = list(_PEOPLE.finditer(text))
    shared = _SHARED.search(text) is not None
    rates = list(_RATE.finditer(text))
    rest = _RATE.sub(" ", _PEOPLE.sub(" ", text) if shared else text)
    usual = [one for at, one in enumerate(rates) if not (at and _SOMETIMES.search(text[: one.start()]))]
    if (
        re.search(r"\d", rest)
        or _CONDITIONAL.search(text)
        or len({one.group() for one in usual}) > 1
        or len(people) > 1
    ):
        return None
    kind, others = _kinds_in(text, usual[0] if usual else None)
    rate = digits_for_words(next(filter(None, usual[0].groups()))).replace(",", ".") if usual else ""
    many = (people[0][1] or people[0][2]) if people and shared else ""
    if not kind and others:
        return Stated("", "", "", (), shared, many, others)
    if not kind:
        return Stated("", "", "", (), shared, many, others) if shared and not rates else None
    shows, given = KINDS[kind].shows, "before"
    if kind == "tax":
        given, wants_part = _given(text), "part" in _roles(text)[1]
        shows = ("before" if given == "after" else "after", *(["part"] if wants_part else []))
    return Stated(kind, rate, given, shows, shared, many, others)


def _kinds_in(text: str, rate: "re.Match[str] | None") -> tuple[str, tuple[str, ...]]:
    """The kind that is named next to the rate, or the only one where the prompts name the rate; and the others."""
    places = {name: [one.span() for one in kind.said.finditer(text)] for name, kind in KINDS.items()}
    named = {name: found for name, found in places.items() if found}
    if rate is None:
        said = [name for name in named if name != "raise"] or list(named)
        return (said[0], ()) if len(said) == 1 else ("", tuple(said))
    if named.keys() & {"tax", "tip", "service", "premium"}:
        named.pop("raise", None)
    near = sorted((min(_gap(span, rate.span()) for span in found), name) for name, found in named.items())
    nearest = {name for gap, name in near if gap == near[0][0]}
    kind = "tax" if "tax" in nearest else min(nearest, default="")
    if len(nearest) > 1 and kind != "tax":
        return "", ()
    return kind, tuple(name for name in named if name != kind)


def _gap(one: tuple[int, int], other: tuple[int, int]) -> int:
    return max(one[0] - other[1], other[0] - one[1], 0)


def _roles(text: str) -> tuple[set[str], set[str]]:
    """Of before, after and part, those that the requirement is given, and those that it wants."""
    plain = _RATE.sub(" ", text)
    given: set[str] = set()
    wanted: set[str] = set()
    for one in VAT.roles.finditer(plain):
        before, name = plain[: one.start()], one.lastgroup or ""
        ahead = [
            (found.start(), side)
            for side, form in ((given, _GIVEN), (wanted, _WANTED))
            if (found := form.search(before))
        ]
        if name != "part" and _PUT_IN.match(plain, one.end()):
            given.add(name)
        elif ahead:
            max(ahead, key=lambda found: found[0])[1].add(name)
    return given, wanted


def _given(text: str) -> str:
    """Whether amounts have the tax in them; empty where that is not clear, or either way."""
    if BOTH_WAYS.search(text):
        return ""
    out, on = _TAKES_OUT.search(text), _PUTS_ON.search(text)
    if (out is None) != (on is None):
        return "after" if out else "before"
    given, wanted = (names - {"part"} for names in _roles(text))
    if len(given) == 1 and given != wanted:
        return given.pop()
    if len(wanted) == 1 and not given:
        return "before" if wanted == {"after"} else "after"
    sides = [one for one in VAT.roles.finditer(text) if one.lastgroup != "part"]
    if len(sides) == 2 and sides[0].lastgroup != sides[1].lastgroup:
        between = text[sides[0].end() : sides[1].start()]
        if _TO_FIRST.search(between):
            return sides[1].lastgroup or ""
        return (sides[0].lastgroup or "") if _TO_SECOND.search(between) else ""
    return ""
