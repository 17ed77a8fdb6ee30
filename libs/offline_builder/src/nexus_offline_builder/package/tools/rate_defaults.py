"""What a requirement does to every amount, as `VAT 19%, net from gross`: for prompts that are nothing but an amount."""

import re
from fractions import Fraction
from typing import NamedTuple

from .bills import refuse_mixed_currencies
from .contract import Question, Refusal
from .figures import carried
from .patterns import lazy_pattern
from .taxes import RATE, ROLE, roles_alone, tax_in
from .wording import digits_for_words, plain_signs, without_habits

_LONGEST_PROMPT = 120
_AMOUNT = lazy_pattern(
    r"(?<![A-Za-z0-9_.,])[$€£¥]?\s*((?:\d{1,3}(?:[.,' ]\d{3})+|\d+)(?:[.,]\d{1,2})?)(?![\w,.]*\d)(?!\s*%)"
)
_RATE = lazy_pattern(r"(\d+(?:\.\d+)?)\s*(?:%|percent\b|per cent\b)|百分之\s*(\d+(?:\.\d+)?)", re.IGNORECASE)
_CUT = lazy_pattern(r"打?\s*(\d(?:\.\d)?|\d\d)\s*折")
_PEOPLE = lazy_pattern(
    r"(\d{1,2})\s*(?:people|persons?|of us|friends|flatmates|housemates|roommates|ways|colleagues|guests)\b|"
    r"(\d{1,2})\s*个?(?:人|室友|朋友)",
    re.IGNORECASE,
)
_FOR_SO_MANY = lazy_pattern(
    r"\b(?:for|by|between|among|we are)\s+(\d{1,2})(?=\s*(?:$|[,;.?!]|with\b|and\b|at\b|each\b|\d))", re.IGNORECASE
)
_BARE_RATE = lazy_pattern(r"\b(vat|gst|mwst)\s*(?:of|is|at|:)?\s*(\d{1,2}(?:\.\d+)?)(?![\d.%]|\s*%)", re.IGNORECASE)
_SHARED = lazy_pattern(
    r"\b(?:split\w*|shar\w+|each|owes?|per (?:person|head)|divid\w+)\b|平[分摊]|均摊|每个?人|AA", re.IGNORECASE
)
_NET = lazy_pattern(
    r"\b(?:net(?:to)?|before (?:the )?(?:tax|vat)|excl\w*|without (?:the )?(?:tax|vat)|ex (?:tax|vat))\b|"
    r"不含税|税前|未税",
    re.IGNORECASE,
)
_GROSS = lazy_pattern(
    r"\b(?:gross|brutto|incl\w*|with (?:the )?(?:tax|vat)|after (?:the )?(?:tax|vat))\b|(?<!不)含税|税后", re.IGNORECASE
)
_ASKS_FOR = lazy_pattern(
    r"\b(?:what|how much|give me|to|into|is|the|please|i need)\b|->|→|=|[,;?？，]|多少|是|求|算", re.IGNORECASE
)
_TO_FIRST = lazy_pattern(r"\b(?:from|of|out of|when|given|if|using|based on)\b", re.IGNORECASE)
_TO_SECOND = lazy_pattern(r"\b(?:in)?to\b|->|→|[算换转求得到]", re.IGNORECASE)
_BOTH_WAYS = lazy_pattern(r"\b(?:other way|both|vice versa|reverse|back)\b|<-*>|↔|互|反过来|两", re.IGNORECASE)
_TAKES_OUT = lazy_pattern(
    r"\b(?:remove|take (?:out|off)|strip|deduct|subtract|exclude|back out) (?:the )?(?:\S+ ){0,2}(?:tax|vat|"
    r"gst)\b|去税|扣税",
    re.IGNORECASE,
)
_PUTS_ON = lazy_pattern(
    r"\b(?:add|adds|adding|plus|put|with) (?:the |on )?(?:\S+ ){0,2}(?:tax|vat|gst)\b|加税|加上税", re.IGNORECASE
)
_TAX = lazy_pattern(r"\b(?:vat|tax|gst|mwst|ust|iva|tva)\b|税", re.IGNORECASE)
_WITH_TAX = lazy_pattern(
    r"(?:(?P<plus>\bplus|\+|\badd)|\bminus|\bless|-|\bremove|\btake off)\s*(?:the )?(?:vat|tax|gst|mwst|ust|iva|tva)\b|"
    r"(?P<zh>加上?)税",
    re.IGNORECASE,
)
_LABEL = lazy_pattern(
    r"\b(?:is|comes to|came to|price|bill|total|amount|invoice|cost|costs|it|for|my|our|a|an|rent|dinner|lunch|check|"
    r"eur|euros?|usd|dollars?|gbp|pounds?|was|bucks|of)\b|[€$£¥:.!]|一共|总共|合计|共|消费|花了?|吃了?|元|块|价格?|原价|账单|金额|发票",
    re.IGNORECASE,
)
_JOINS = lazy_pattern(r"\b(?:at|with|and|for|by|between|among|we are|are|each)\b|[,;@/]|[，；]", re.IGNORECASE)
_CONDITIONAL = lazy_pattern(
    r"\b(?:if|unless|except|over|above|below|under|only|members?|students?|seniors?|pensioners?|children|kids)\b|"
    r"如果|超过|满|会员|学生|老人|儿童|除",
    re.IGNORECASE,
)
_HOW_MUCH_TAX = lazy_pattern(
    r"(?:(?:and|so|ok|what about|now)[\s,]+)*(?:the |just the |only the )?(?:tax|vat)(?: (?:part|"
    r"amount|in it))?[\s?.!]*|"
    r"(?:(?:and|so|ok)[\s,]+)*(?:how much|what) (?:of (?:it|that|this) )?(?:is|was) (?:the |"
    r"just the )?(?:tax|vat)[\s?.!]*|"
    r"(?:那|其中)*税(?:额|金)?(?:是|有)?多少[？?。]*",
    re.IGNORECASE,
)
_TAXED = lazy_pattern(r"(?P<net>[\d.]+) plus (?P<rate>[\d.]+)% VAT|remove (?P<in>[\d.]+)% VAT from (?P<gross>[\d.]+)")


class _Kind(NamedTuple):
    """How a rate is applied: by which words, and the lines for the amount and the rate."""

    said: "re.Pattern[str]"
    forms: tuple[str, ...]


class _Rule(NamedTuple):
    """What the requirement does to an amount; `kind` is None for a tax. `rate` is empty where each prompt names it."""

    kind: _Kind | None
    rate: str


_KINDS = (
    _Kind(
        lazy_pattern(r"\btips?\b|\bgratuit(?:y|ies)\b|\bservice(?: charges?)?\b|小费|服务费", re.IGNORECASE),
        ("{n} * {r}%", "{n} + {r}%"),
    ),
    _Kind(
        lazy_pattern(
            r"\boff\b|\bdiscount\w*|\b(?:on )?sale!|\bon sale\b|\bmarkdowns?\b|\brebate\b|\breduc\w+|优惠|折扣|降价|减免|"
            r"(?:-|\bminus|\bless)\s*(?=\d+(?:\.\d+)?\s*%)",
            re.IGNORECASE,
        ),
        ("{n} - {r}%",),
    ),
    _Kind(
        lazy_pattern(
            r"\bcommissions?\b|\bfees?\b|\broyalt\w+|\bprovisions?\b|\bmy (?:cut|share)\b|佣金|提成|手续费",
            re.IGNORECASE,
        ),
        ("{n} * {r}%", "{n} - {r}%"),
    ),
    _Kind(lazy_pattern(r"\bdeposits?\b|\bdown payments?\b|定金|首付", re.IGNORECASE), ("{n} * {r}%", "{n} - {r}%")),
    _Kind(
        lazy_pattern(
            r"\bmark-?up\b|\braises?\b|\bincreases?\b|\bsur?charges?\b|\badd(?:s|ing|ed)?\b(?=[^.;]{0,24}\d\s*%)|加价|涨价|上调|附加费|"
            r"(?:\+|\bplus|\badd|加)\s*(?=\d+(?:\.\d+)?\s*%)",
            re.IGNORECASE,
        ),
        ("{n} + {r}%",),
    ),
)
_UNLESS_SAID = lazy_pattern(
    r"[,;(]?\s*\b(?:but )?(?:unless|except (?:when|if)|if not|if nothing|if (?:i|we|they|you) (?:don'?t|do not))\b[^,;.)]*?"
    r"\b(?:says?|said|tell|told|state\w*|mention\w*|specif\w+|writ\w+|giv\w+|otherwise|other|else|another|different)\b[^,;.)]*\)?|"
    r"[,;]?\s*(?:then|or what(?:ever)?) i (?:say|tell|write|type)(?: it| you| so)*|除非[^，。；]*|不说就|没说(?:就|都)?",
    re.IGNORECASE,
)
_SOMETIMES = lazy_pattern(
    r"(?:\b(?:sometimes|reduced|lower|food|books|rarely|occasionally)\b|有时|部分)[^\d%]{0,24}$", re.IGNORECASE
)
_N = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:[.,]\d{1,2})?"
_PIECE = "[个件箱盒瓶本台张套双份袋条杯只]"
_COUNTED = lazy_pattern(
    rf"(?<![\w.,])(?P<c>\d{{1,4}})\s*(?:x|(?:[a-z]+[\s,]+){{0,2}}(?:at|à|@|of|for|each|costing)|{_PIECE}[,\s]*(?:每{_PIECE}|单价|各)?)"
    rf"\s*(?:each|at|for)?\s*[$€£¥]?\s*(?P<p>{_N})(?![\w.,]*\d|\s*%)(?:\s*(?:each|apiece))?|"
    rf"(?<![\w.,])(?P<c3>\d{{1,4}})\s+(?:[a-z]+\s+){{1,2}}[$€£¥]?(?P<p3>{_N})\s*(?:[€$£]|euros?|eur|元)?\s*(?:each|apiece)\b|"
    rf"[$€£¥]?(?<![\w.,])(?P<p2>{_N})\s*(?:[€$£]|euros?|eur|元)?\s*(?:(?:each|apiece)[,\s]*(?:x|times)?|x|times|[,\s]*(?:一共|总共|共|qty:?))"
    rf"\s*(?P<c2>\d{{1,4}})(?![\w.,]*\d|\s*%)(?:\s*(?:{_PIECE}|pieces|pcs|times))?",
    re.IGNORECASE,
)
_NUMBERED = lazy_pattern(
    r"\b(?:table|room|invoice|order|no\.?|nr\.?|item|desk|ticket|bill|job|lane|part)\s*#?\d{1,6}\s*[:,-]\s|#\d+", re.IGNORECASE
)
_EURO_POINT = lazy_pattern(
    r"(?<![\d.,])(\d{1,3})\.(\d{3})(?=\s*(?:€|euros?\b|eur\b))|(?<=€)(\d{1,3})\.(\d{3})(?![\d.,]*\d)", re.IGNORECASE
)
"""Of money, three digits behind a point are no cents."""
_ONE_MORE = lazy_pattern(r"\b(?:then|another|extra|more|again|on (?:it|top|that)|off)\b|再|又|折上", re.IGNORECASE)
_OTHERWISE = lazy_pattern(
    r"[+*/^=?<>]|-(?!\s*\d+(?:\.\d+)?\s*%)|\b(?:not|half|double|twice|triple|third|quarter|minus|plus|per|split|people|persons?|"
    r"left|remain\w*|change|pays?|paid|gave|hours?|days?|weeks?|months?|years?|minutes?|kg|g|km|m|cm|lbs?|oz|average|sum|sqrt|root|"
    r"square|cube|difference|increase\w*|if|unless|from|to|than|of|another|extra|more|less|about|over|only|except|dozen|log|that|this|"
    r"it|them|between|by|total|times|then|too|also|again|negative)\b|n't\b|[多少减除倍几哪]|不(?!含)",
    re.IGNORECASE,
)
_DECIMALS = lazy_pattern(r"保留\S{1,2}位小数|\b(?:to|with|rounded to)? ?(?:\d|two|three) (?:decimals?(?: places)?|dp)\b|\bfirst\b|第二件", re.IGNORECASE)
_LESS = lazy_pattern(r"\b(?:(?:trade |cash )?discount|off|less|rebate|reduction|deduct)\b(?: the (?:lot|total|price))?|优惠|折扣|减", re.IGNORECASE)
_MORE = lazy_pattern(r"\b(?:gst|vat|(?:sales )?tax|service(?: charge)?|surcharge|mark-?up|plus|add)\b|[加税]", re.IGNORECASE)
_AND_THEN = lazy_pattern(
    r"\b(?:thereafter|then|after that|afterwards|kindly|please|tell|me|final(?:ly)?|payable|amount|to pay|list|price|how much|what|is|rs)\b\.?|"
    r"₹|然后|再|最后",
    re.IGNORECASE,
)
_ASKS_PAY = lazy_pattern(r"(?:实付|应付|实际支付|最后付?|折后价?|一共付|付)(?:是)?多少钱?|(?:实付|应付)[?？]?$|烦请|请|拆分|收到|[一1](?=[张笔份单])[张笔份单]|(?:价税)?分别", re.IGNORECASE)
_EVERY = lazy_pattern(r"(?P<each>每)?满\s*(?P<full>\d+)\s*元?\s*(?:立?减|优惠)\s*(?P<off>\d+)\s*元?", re.IGNORECASE)
_ASKS_TAX = lazy_pattern(
    r"税[额金款]|税(?:费)?(?:是|有)?多少|\b(?:vat|tax|gst) (?:amount|part|content|inside|in it)|\bhow much (?:of it is )?(?:the )?(?:vat|tax|gst)\b|"
    r"\b(?:vat|tax|gst)\s*\?",
    re.IGNORECASE,
)
_PERCENT = lazy_pattern(r"%|\bper ?cent|\brate\b|百分", re.IGNORECASE)
_SAYS_RATE = lazy_pattern(
    r"\b(?:but|take|now|with|at|rate|is|on|in|the|same|make|use|please|pls|first|for|and)\b|税率|按|改成|[,;:!.]", re.IGNORECASE
)
_MOST_WORDS = 4
_GIVEN = lazy_pattern(
    r"(?:\b(?:gives?|given|giving|enters?|inputs?|types?|typing|from|of|when|have|got|put in)\b|[给报]|输入|已知|提供)[^,;，；。]{0,20}$",
    re.IGNORECASE,
)
_WANTED = lazy_pattern(
    r"(?:\b(?:gets?|out|wants?|needs?|tells?|shows?|says?|returns?|to|into|comes)\b|[-=]>|→|[出求得]|返回|算|告诉)[^.;；。]{0,30}$",
    re.IGNORECASE,
)
_PUT_IN = lazy_pattern(r"\s*(?:price|amount|value|价格?|金额)?\s*in\b(?!\s*(?:euros?|\$|€))", re.IGNORECASE)


def in_full(question: Question, requirement: str) -> str | None:
    """An amount together with what is done to each, as in `remove 19% VAT from 476`; None if that is not all clear."""
    text = without_habits(plain_signs(question.text.strip()))
    if len(text) > _LONGEST_PROMPT or "\n" in text:
        return None
    if question.earlier and (_HOW_MUCH_TAX.fullmatch(text) or roles_alone(text)):
        return _tax_before(question.earlier[0], text)
    if not tax_in(text) and (lines := tax_in(digits_for_words(text), requirement)):
        return "\n".join(lines)
    wanted = _UNLESS_SAID.sub(" ", plain_signs(requirement))
    wanted = digits_for_words(re.sub(r"\bone\b", " ", _DECIMALS.sub(" ", wanted), flags=re.IGNORECASE))
    moved, wanted_now = _moved(text, _BARE_RATE.sub(r"\1 \2%", wanted))
    if (taxed := _with_rate(moved, wanted_now)) is not None:
        return taxed
    return _shared(moved, wanted_now) or _cut(text, wanted) or _chained(text) or _ruled(question, _BARE_RATE.sub(r"\1 \2%", wanted))


def _moved(text: str, wanted: str) -> tuple[str, str]:
    """The prompt without the rate and the people that it names, which take the place of the requirement's."""
    if _SHARED.search(wanted):
        text = _FOR_SO_MANY.sub(r" \1 people ", text)
    for form in (_RATE, _PEOPLE):
        found = list(form.finditer(text))
        if len(found) == 1:
            text = text.replace(found[0].group(), " ")
            wanted = f"{form.sub(' ', wanted)} {found[0].group()}"
    return text, wanted


def _plain_number(digits: str) -> str | None:
    """`1.350,00` and `1,350.00` as 1350.00; None for `1.350`, which may be either."""
    if re.fullmatch(r"\d+\.\d{3}", digits):
        return None
    decimals = re.search(r"[.,](\d{1,2})$", digits)
    whole = digits[: decimals.start()] if decimals else digits
    return re.sub(r"\D", "", whole) + (f".{decimals[1]}" if decimals else "")


def _names_only(said: str, most: int = _MOST_WORDS) -> bool:
    """Whether the words around the amounts say no more than what costs so much."""
    if _OTHERWISE.search(said) or any(kind.said.search(said) for kind in _KINDS):
        return False
    return len(re.findall(r"[a-z]+|[\u4e00-\u9fff]+", _SAYS_RATE.sub(" ", _LABEL.sub(" ", said)), re.I)) <= most


def _rest(wanted: str, *read: "re.Match[str]") -> str:
    for found in read:
        wanted = wanted.replace(found.group(), " ")
    return wanted


def _alone(text: str) -> str | None:
    """The only number of a prompt that is otherwise a label."""
    amount = _AMOUNT.search(text)
    if amount is None or re.search(r"\d", left := f"{text[: amount.start()]} {text[amount.end() :]}"):
        return None
    refuse_mixed_currencies(text)
    return _plain_number(amount[1]) if _names_only(_JOINS.sub(" ", left), 1) else None


def _shared(text: str, wanted: str) -> str | None:
    """A bill among as many as the requirement says, with the tip that it says."""
    people, number = list(_PEOPLE.finditer(wanted)), _alone(text)
    if len(people) != 1 or not _SHARED.search(wanted) or number is None:
        return None
    rates = list(_RATE.finditer(wanted))
    tip = _KINDS[0].said.search(wanted)
    if re.search(r"\d", _rest(wanted, *people, *rates)) or len(rates) > 1 or (rates and not tip):
        return None
    share = f", {rates[0][1] or rates[0][2]}% tip" if rates else ""
    return f"bill {number}, {people[0][1] or people[0][2]} people{share}"


def _cut(text: str, wanted: str) -> str | None:
    if full := _EVERY.search(text):
        told = _told(_EVERY.sub(" ", text))
        if told is None or len(told.amounts) != 1 or told.rates:
            return None
        often = int(Fraction(told.amounts[0]) // int(full["full"]))
        return f"{told.amounts[0]} - {often if full['each'] else min(often, 1)} * {full['off']}"
    found = list(_CUT.finditer(digits_for_words(text))) or list(_CUT.finditer(wanted))
    wanted = wanted if not _CUT.search(digits_for_words(text)) else ""
    wanted = wanted or "".join(one.group() for one in found)
    if len(found) != 1 or re.search(r"\d", _rest(wanted, *found)):
        return None
    tenths = found[0][1] if "." in found[0][1] or len(found[0][1]) == 1 else f"{found[0][1][0]}.{found[0][1][1]}"
    told = _told(digits_for_words(_CUT.sub(" ", digits_for_words(text))))
    return "\n".join(f"{one} * {tenths} / 10" for one in told.amounts) if told and not told.rates else None


class _Told(NamedTuple):
    """The amounts of a prompt, the rates that it names, and its words around them."""

    amounts: list[str]
    rates: list[str]
    said: tuple[str, str]


def _told(text: str) -> _Told | None:
    """What a prompt says that is nothing but amounts, pieces at a price, rates and names for them."""
    text = _ASKS_PAY.sub(" ", text).rstrip("?？.。! ")
    plain = digits_for_words(_NUMBERED.sub(" ", _EURO_POINT.sub(lambda one: "".join(one.groups("")), text.replace("一共", "总共"))))
    rates = [one[1] or one[2] for one in _RATE.finditer(plain)]
    plain = _COUNTED.sub(_product, _RATE.sub(" ", plain))
    found = list(_AMOUNT.finditer(plain))
    said = (plain[: found[0].start()], plain[found[-1].end() :]) if found else (plain, "")
    words = _AMOUNT.sub(" ; ", plain)
    words = _ONE_MORE.sub(" ", words) if len(rates) > 1 else words
    words = _TAX.sub(" ", _GROSS.sub(" ", _NET.sub(" ", _WITH_TAX.sub(" ", re.sub(r"[-+]\s*$", " ", words)))))
    numbers = [_plain_number(one[1]) for one in found]
    asked = _ASKS_FOR.sub(" ", words) if _TAX.search(plain) or _NET.search(plain) or _GROSS.search(plain) else words
    if re.search(r"\d", words) or not _names_only(asked) or None in numbers:
        return None
    return _Told([one for one in numbers if one], rates, said)


def _product(found: "re.Match[str]") -> str:
    price = _plain_number(found["p"] or found["p2"] or found["p3"])
    count = found["c"] or found["c2"] or found["c3"]
    return f" {carried(Fraction(price) * int(count))} " if price else found.group()


def _chained(text: str) -> str | None:
    """`list price 12,500, discount 8%, then GST 18%`: each rate on what is left before it."""
    plain = digits_for_words(_NUMBERED.sub(" ", text))
    rates = list(_RATE.finditer(plain))
    ends = [0, *(one.end() for one in rates), len(plain)]
    steps: list[str] = []
    for at, one in enumerate(rates):
        behind = re.split(r"[,;.]\s", plain[one.end() : ends[at + 2] if at + 2 < len(ends) - 1 else len(plain)], maxsplit=1)[0]
        near = plain[ends[at] : one.start()][-28:] + (behind if at + 1 == len(rates) or "," in plain[one.end() : rates[at + 1].start()] else "")
        less, more = _LESS.search(near), _MORE.search(near)
        if (less is None) == (more is None):
            return None
        steps.append(f" {'-' if less else '+'} {one[1] or one[2]}%")
    in_order = len(steps) > 1 and (any("-" in step for step in steps) or re.search(r"\b(?:then|after)|再|然后", plain, re.IGNORECASE))
    if not (in_order or (len(steps) == 1 and "-" in steps[0] and _COUNTED.search(_RATE.sub(" ", plain)))):
        return None
    told = _told(_MORE.sub(" ", _LESS.sub(" ", _AND_THEN.sub(" ", plain))))
    return f"{told.amounts[0]}{''.join(steps)}" if told is not None and len(told.amounts) == 1 else None


def _rule_in(wanted: str, text: str) -> _Rule | None:
    """The rate that is meant where none is said, and what is done with it; a prompt about tax is about nothing else."""
    rates = list(_RATE.finditer(wanted))
    if re.search(r"\d", _rest(wanted, *rates)) or _CONDITIONAL.search(wanted):
        return None
    usual = [one for at, one in enumerate(rates) if not (at and _SOMETIMES.search(wanted[: one.start()]))]
    if len(usual) > 1:
        return None
    rate, at = ((usual[0][1] or usual[0][2]), usual[0].start()) if usual else ("", 0)
    if _TAX.search(wanted) and (_TAX.search(text) or (_side(text) is not None and not any(kind.said.search(text) for kind in _KINDS))):
        return _Rule(None, rate)
    if _TAX.search(wanted):
        return _Rule(None, rate) if not any(kind.said.search(_PUTS_ON.sub(" ", wanted)) for kind in _KINDS) else None
    near = sorted(
        (min(abs(one.start() - at) for one in found), index)
        for index, kind in enumerate(_KINDS)
        if (found := list(kind.said.finditer(wanted)))
    )
    if not near or (len(near) > 1 and (not usual or near[0][0] == near[1][0])):
        return None
    return _Rule(_KINDS[near[0][1]], rate)


def _ruled(question: Question, wanted: str) -> str | None:
    """Each amount of the prompt with the rate that it names, or the requirement does. Raises Refusal without either."""
    text = without_habits(plain_signs(question.text.strip()))
    rule, told = _rule_in(wanted, text), _told(text)
    if rule is None or told is None or (not told.amounts and not told.rates):
        return None
    if rule.kind is None and _ASKS_TAX.search(text):
        gross = _side(_ASKS_TAX.sub(" ", text))
        rates = told.rates or [rule.rate]
        if gross is None or len(told.amounts) != 1 or len(rates) != 1 or not rates[0]:
            return None
        return (f"{told.amounts[0]} - {told.amounts[0]} / (100% + {rates[0]}%)" if gross else f"{told.amounts[0]} * {rates[0]}%")
    refuse_mixed_currencies(text)
    if not told.amounts:
        if question.earlier or len(told.rates) > 1:
            return None
        raise Refusal(f"{told.rates[0]}% of which amount?", f"{told.rates[0]}% 是按哪个金额算？")
    rates = told.rates or ([rule.rate] if rule.rate else [])
    if len(rates) > 1 and (rule.kind is None or len(rule.kind.forms) > 1):
        return None
    if not rates:
        if rule.kind is None or not _PERCENT.search(wanted):
            return None
        raise Refusal("How many percent?", "百分之几？")
    if rule.kind is not None:
        forms = [form.replace(" {r}%", " " + f" {form[4]} ".join(f"{one}%" for one in rates)) for form in rule.kind.forms]
        return "\n".join(form.format(n=one) for one in told.amounts for form in forms)
    return _taxed(told, rates[0], wanted)


def _taxed(told: _Told, rate: str, wanted: str) -> str | None:
    if len(told.amounts) > 1:
        gross = _direction(wanted) if _side(" ".join(told.said)) is None else _side(" ".join(told.said))
        form = None if gross is None else "{n} / (100% + {r}%)" if gross else "{n} + {r}%"
        return "\n".join(form.format(n=one, r=rate) for one in told.amounts) if form else None
    number, said = told.amounts[0], told.said
    if added := _WITH_TAX.search(" ".join(said)):
        plus = bool(added["plus"] or added["zh"])
        return (
            (f"{number} plus {rate}% VAT" if plus else f"remove {rate}% VAT from {number}")
            if _side(_WITH_TAX.sub(" ", " ".join(said))) in (None, not plus)
            else None
        )
    gross = _is_gross(said, wanted)
    if gross is None and not (_side(" ".join(said)) is not None or _BOTH_WAYS.search(wanted)):
        return f"{number} plus {rate}% VAT\nremove {rate}% VAT from {number}"
    if gross is None:
        return None
    whole = f"remove {rate}% VAT from {number}" if gross else f"{number} plus {rate}% VAT"
    if "tax" not in _roles_in(wanted)[1]:
        return whole
    lines = (f"{number} / (100% + {rate}%)", f"{number} - {number} / (100% + {rate}%)")
    return "\n".join(lines if gross else (f"{number} * {rate}%", f"{number} + {rate}%"))


def _roles_in(wanted: str) -> tuple[set[str], set[str]]:
    """Of net, gross and tax, those that the requirement is given, and those that it wants."""
    plain = RATE.sub(" ", wanted)
    given: set[str] = set()
    asked: set[str] = set()
    for one in ROLE.finditer(plain):
        before, name = plain[: one.start()], one.lastgroup or ""
        ahead = [(found.start(), side) for side, form in ((given, _GIVEN), (asked, _WANTED)) if (found := form.search(before))]
        if name != "tax" and _PUT_IN.match(plain, one.end()):
            given.add(name)
        elif ahead:
            max(ahead, key=lambda found: found[0])[1].add(name)
    return given, asked


def _is_gross(said: tuple[str, str], wanted: str) -> bool | None:
    """Whether the amount has the tax in it: as the prompt says, else as the requirement does."""
    label, asked = said[0], ""
    if not label.strip():
        parts = re.split(r"(?=[,;?]|->|→|\bto\b|\bwhat\b|\bhow\b)", said[1], maxsplit=1, flags=re.IGNORECASE)
        label, asked = parts[0], "".join(parts[1:])
    elif _ASKS_FOR.match(label.strip()):
        label, asked = said[1], label
    named = _side(label)
    if named is None:
        other = _side(asked or said[1])
        named = None if other is None else not other
    if named is not None or _NET.search(" ".join(said)) or _GROSS.search(" ".join(said)):
        return named
    return _direction(wanted)


def _side(text: str) -> bool | None:
    net, gross = _NET.search(text), _GROSS.search(text)
    return None if (net is None) == (gross is None) else gross is not None


def _direction(wanted: str) -> bool | None:
    """Whether the requirement goes from amounts with tax to those without."""
    if _BOTH_WAYS.search(wanted):
        return None
    out, on = _TAKES_OUT.search(wanted), _PUTS_ON.search(wanted)
    if (out is None) != (on is None):
        return out is not None
    given, asked = (names - {"tax"} for names in _roles_in(wanted))
    if len(given) == 1 and given != asked:
        return given == {"gross"}
    if len(asked) == 1 and not given:
        return asked == {"net"}
    marks = sorted(
        [(found.start(), found.end(), False) for found in _NET.finditer(wanted)]
        + [(found.start(), found.end(), True) for found in _GROSS.finditer(wanted)]
    )
    if len(marks) == 2 and marks[0][2] != marks[1][2]:
        between = wanted[marks[0][1] : marks[1][0]]
        if _TO_FIRST.search(between):
            return marks[1][2]
        return marks[0][2] if _TO_SECOND.search(between) else None
    return None


def _with_rate(text: str, wanted: str) -> str | None:
    """`vat in 300 gross` with the only rate that the requirement names."""
    rates = list(_RATE.finditer(wanted))
    if (
        len(rates) != 1
        or not _TAX.search(wanted)
        or re.search(r"\d", _rest(wanted, *rates))
        or _CONDITIONAL.search(wanted)
    ):
        return None
    whole = f"{text.rstrip('?. ')}, {rates[0][1] or rates[0][2]}%"
    if not _TAX.search(whole):
        whole = re.sub(r"\b(inc|incl|ex|excl)\b\.?", r"\1 vat", whole, count=1, flags=re.IGNORECASE)
    return whole if tax_in(whole) else None


def _tax_before(before: str, asked: str) -> str | None:
    """The tax in the amount of the turn before, or the amount without or with it."""
    found = _TAXED.fullmatch(before)
    if found is None:
        return None
    amount, rate = found["net"] or found["gross"], found["rate"] or found["in"]
    side = _side(asked)
    if side is None:
        return f"{amount} * {rate}%" if found["net"] else f"{amount} - {amount} / (1 + {rate}%)"
    if side == (found["net"] is None):
        return None
    return before
