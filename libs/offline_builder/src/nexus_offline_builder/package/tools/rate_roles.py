"""A prompt read with the rate that the requirement states, by roles: the amount, whether it is the one before or after
(net or gross), which of them is asked for, another rate, how many share it.

Names, reasons and other words without a role are left aside; a number without one is not, nor is another operation.
"""

import re
from fractions import Fraction
from typing import NamedTuple

from .amounts import Amount, amounts_in, read_plainly
from .bills import refuse_mixed_currencies
from .contract import Question, Refusal
from .figures import carried
from .patterns import lazy_pattern
from .priced_pieces import COUNTED, plain_number
from .stated_rates import KINDS, TAX, Stated, stated_in
from .wording import without_habits

_LONGEST = 200
_MONEY = (
    r"(?:[$€£¥₹]|(?:eur|euros?|usd|dollars?|gbp|pounds?|chf|francs?|bucks|quid|yuan|rmb|rs|inr|k[čc])(?![a-z])|"
    r"元|块钱?)"
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)"
)
_NOT_COUNTED = lazy_pattern(
    r"(?<!\d)[一1](?=[共下点样起些次直定般])|[这那另][一1]?[张笔份单个件]|\bone\b(?! (?:hundred|thousand))|"
    rf"\b(?:lot|table|room|flat|desk|lane|seat|no|nr|number|ticket|client|customer|week|page)\.?\s*#?\d{{1,6}}\b"
    rf"(?![.,]\d|\s*(?:%|{_MONEY}))|#\d+|"
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of )?{_MONTH}\b(?:,? \d{{4}})?|\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\b"
    r"(?![.,]\d)(?:,? \d{4})?|\b\d{4}-\d\d-\d\d\b",
    re.IGNORECASE,
)
"""Numbers that name something."""
_NUMBERED = lazy_pattern(
    r"\b(?:invoice|inv|order|bill|job|receipt|item|quote|part)\.?\s*(?:no\.?|nr\.?|number)?\s*#?\d{1,6}\b(?![.,]\d)",
    re.IGNORECASE,
)
"""Numbers that name something where another one is the amount."""
_PEOPLE = lazy_pattern(
    r"(?:\b(?:between|among|by|for|we are|make it|table of|split)\s+)*(?:the\s+|us\s+)?\b(\d{1,2})\s*(?:of us|people|"
    r"persons?|ppl|pax|ways|"
    r"friends|guests|heads|colleagues|flatmates|housemates|roommates|of them)\b|"
    r"\b(?:for|by|between|among|we are)\s+(\d{1,2})(?=\s*(?:$|[,;.?!]|with\b|and\b|at\b|each\b|\d))|"
    r"(\d{1,2})\s*(?:个人|人|位)",
    re.IGNORECASE,
)
_POINTS = lazy_pattern(r"(?<=\d)\s*个(?:百分)?点")
_BARE_RATE = lazy_pattern(
    rf"(\b{TAX}\s*(?:of|is|at|:)?\s*|税率\s*(?:是|为|按|:)?\s*)(\d{{1,2}}(?:\.\d+)?)(?=[,;!?]?(?:\s|$)|\.$)(?!\s*%)",
    re.IGNORECASE,
)
_COUNTS = lazy_pattern(
    r"\s*-?(?:(?:kg|g|km|m|cm|mm|l|ml|sqm|mi|hrs?|h|min|hour|mile|day|week|month|year|night|people|persons?|children|"
    r"men|women|x)\b|(?!(?:{plain})\b)(?:(?!(?:{function})\b)[a-z]+ )?(?!(?:{plain})\b)[a-z]{{2,}}s\b)|"
    r"\s*(?:[个件人位天平方米斤克吨升次张本台套箱盒瓶袋条只双份辆栋间月年日号点]|公里|公斤|小时|分钟|千克)".format(
        plain="costs?|charges|fees|parts|works|services|supplies|goods|materials|has|was|is|its|this|plus|less|gross|"
        "minus|taxes|tips|as|us|thanks|pounds|euros|dollars|francs|bucks|bonus|sales|takings|expenses|wages|comes|says|gets|"
        "pays|goes|makes|needs|wants|includes|yes|whats|pls|ours|theirs|always|does|his",
        function="in|of|for|on|at|and|with|from|to|by|the|a|an|but|so|then|or|i|we|he|she|it|that|said|paid|came|"
        "before|after|net|gross|vat|tax|incl|excl|euro|pound|dollar|please",
    ),
    re.IGNORECASE,
)
"""Behind a number that counts something: `2 radiators` are no amount."""
_CLAUSE = lazy_pattern(r"[;?!。；？！，]|,(?!\d)|\.(?!\d)|:(?!\d)|\s-+\s|-+>|→")
_ASKS = lazy_pattern(
    r"\b(?:what\w*|how|which|give|tell|show|need|want|calc\w*|work out|find|just|only|get|to|into|as|and the)\b|"
    r"-+>|→|=|多少|求|算|只要|几|换",
    re.IGNORECASE,
)
_ASKS_BEHIND = lazy_pattern(
    r"\s*(?:price|amount|total|part|价格?|金额|总价)?\s*(?:[?？]|是?多少|呢|是几|only\b|please\b|pls\b|wanted\b)", re.I
)
_FILLS = lazy_pattern(r"\b(?:and|the|so|just|please|pls|rate|at)\b|[的税率]|\W", re.IGNORECASE)
_ON_IT = lazy_pattern(rf"\s*(?:on|for|to)\s*(?:top of\s*)?(?:an?|the)?\s*{_MONEY}?\s*$", re.IGNORECASE)
_IN_IT = lazy_pattern(
    rf"\b(?:in|inside|within|of|from|out of|included in|sitting in\w*)\s*(?:an?|the)?\s*{_MONEY}?\s*$|里", re.I
)
_IS = lazy_pattern(rf"\s*(?:是|为|of|is|was|:)?\s*{_MONEY}?\s*", re.IGNORECASE)
_PUT_ON = lazy_pattern(
    rf"(?:\bplus|\+|\badd(?:ing|s)?|\bput(?:ting)?|\bnow with)\s*(?:the |on )?(?P<tax>{TAX})\b|"
    rf"\b{TAX}\s*(?:on top|comes on top|extra|to be added|added)\b|(?:加上?|另加)税",
    re.IGNORECASE,
)
_TAKE_OUT = lazy_pattern(
    rf"(?:\bminus|\bless|-|\bremove|\btake (?:off|out)|\bstrip(?: out)?|\bdeduct)\s*(?:the )?(?:{TAX})\b|"
    rf"\btake (?:the )?{TAX} (?:off|out)\b|去税|扣税",
    re.IGNORECASE,
)
_REVERSE = lazy_pattern(r"\bother way(?: round| around)?\b|\bbackwards?\b|\bin reverse\b|反过来|倒推", re.IGNORECASE)
_OTHER_ONE = lazy_pattern(r"\bthe other(?: one| price| figure| side)?\b|另外?[一1]?[个种]", re.IGNORECASE)
_OPERATES = lazy_pattern(
    r"[*^/<>]|(?<=\s)[-+](?=\s*\d)|\b(?:half|halve|double|twice|triple|thirds?|quarters?|minus|less|plus|per|each|"
    r"split\w*|shar\w+|"
    r"divid\w+|times|average|mean|difference|sum|than|another|extra|more|except\w*|exempt|unless|left|remain\w*|percent\w*|goal|"
    r"change|paid with|already|refund\w*|free|between|again|same again|not|never|without|no|instead|also|members?|discount\w*|off|tips?|commission|deposit|increase\w*|"
    r"raised?|voucher|coupon|dozen|negative|square\w*|root)\b|n't\b|[减乘除倍半折每再又剩退免哪]|不(?!含)|平均|[平均]分",
    re.IGNORECASE,
)
_SIGNED = {
    "-": lazy_pattern(r"\b(?:off|less|minus|discount\w*|reduced|down)\b|-", re.IGNORECASE),
    "+": lazy_pattern(r"\b(?:plus|add(?:ed)?|increase\w*|raised?|up|on top)\b|\+|加", re.IGNORECASE),
}
"""What is said of a rate that a prompt names."""
_PERCENT = lazy_pattern(r"%|\bper ?cent|\brate\b|百分", re.IGNORECASE)
_EACH = lazy_pattern(r"\beach\b|\bper (?:person|head)\b|\beveryone\b|\bsplit\b|每人?|人均", re.IGNORECASE)
_OF_SHARING = lazy_pattern(
    r"\b(?:each|per (?:person|head)|split\w*|shar\w+|divid\w+|between|us|among)\b|[平均]摊?分?摊?|每个?人?",
    re.IGNORECASE,
)
_N = r"\([\d.+ ]+\)|[\d.]+"
_LINE = lazy_pattern(
    rf"(?P<name>[^:\n]+): (?:\((?=(?:{_N}) [-+] [\d.]+%\)))?(?P<n>{_N})(?: (?:[-+*] (?P<r>[\d.]+)%|/ \(100% [-+] (?P<r2>[\d.]+)%\)|"
    rf"- (?P=n) / \(100% \+ (?P<r3>[\d.]+)%\)|/ (?P<r4>[\d.]+)%))?\)?(?: / (?P<p>\d+))?(?= |$|\n).*"
)

_LISTED = lazy_pattern(
    rf"\s*{_MONEY}?\s*(?:[,;&/]|and\b|和)\s*(?:and\s+)?(?:[^\W\d]+\s+){{0,3}}{_MONEY}?\s*", re.IGNORECASE
)
_ONE_MORE = lazy_pattern(r"\b(?:first|then|another|extra|more|again)\b|再|又|折上", re.IGNORECASE)
_MOST_LINES = 20
_IN_FULL = lazy_pattern(
    "(?:each|"
    + "|".join(sorted({re.escape(name) for kind in KINDS.values() for pair in kind.names.values() for name in pair}))
    + r"): (?=\(|.*[-+*/])[\d.%()*/+ -]+"
)


class Told(NamedTuple):
    """The amounts of a prompt, as they are worked out; its rates; who shares; its text with a mark for each amount.

    `said` is the text as it stands, `marked` that with a mark for each rate, too.
    """

    amounts: tuple[str, ...]
    rates: tuple[str, ...]
    people: str
    text: str
    said: str
    marked: str


class _State(NamedTuple):
    """What is known of one amount: what it is, its rate, how many share it, and which figures were given."""

    amount: str
    role: str
    rate: str
    people: str = ""
    shows: tuple[str, ...] = ()


def by_the_rate(question: Question, requirement: str) -> str | None:
    """The prompt in full, a line for each result, as `gross: 80 + 25%`; None if that is not all clear."""
    stated = stated_in(requirement)
    if stated is None or len(question.text) > _LONGEST or "\n" in question.text.strip():
        return None
    told = told_in(question.text, stated.shared or stated.kind in ("", "tip"))
    stated = _meant(stated, told) if told is not None else None
    if told is None or stated is None:
        return None
    before = _state(question.earlier[0], stated) if question.earlier else None
    role, asked = _roles(told, stated)
    if role is None or (len(told.rates) > 1 and stated.kind != "off") or (told.rates and not stated.kind):
        return None
    if not told.amounts:
        if told.rates and not question.earlier:
            raise Refusal(f"{told.rates[0]}% of which amount?", f"{told.rates[0]}% 是按哪个金额算？")
        return _later(told, asked, before, stated, question.chinese)
    if not role and not stated.given and stated.kind and (asked or len(told.amounts) > 1 or _ASKS.search(told.text)):
        if not _OTHER_ONE.search(question.text):
            return None
        raise Refusal("Is that the price with the tax or without it?", "这是含税价还是不含税价？")
    if len(told.amounts) > 1 and (stated.kind == "tip" or stated.shared):
        return None
    refuse_mixed_currencies(question.text)
    rate = "% - ".join(told.rates or (stated.rate,)) or (before.rate if before else "")
    if before is not None and not told.rates and before.rate != rate:
        return None
    role = role or (before.role if before else stated.given)
    asked = asked or (list(before.shows) if before else [])
    people = told.people or stated.people or (before.people if before else "")
    if stated.kind and not rate:
        if stated.kind == "tax" or not _PERCENT.search(requirement):
            return None
        raise Refusal("How many percent?", "百分之几？")
    lines = [
        line
        for one in told.amounts
        for line in _lines(_State(one, role, rate, people), asked, told, stated, question.chinese)
    ]
    return "\n".join(lines) or None


def _meant(stated: Stated, told: Told) -> Stated | None:
    """A prompt with a rate of its own may be about another of the kinds that the requirement names."""
    if stated.kind and not told.rates:
        return stated
    named = [name for name in stated.others if KINDS[name].said.search(told.said)]
    if (stated.kind and KINDS[stated.kind].said.search(told.said)) or (not named and (stated.kind or stated.shared)):
        return stated
    if len(named) != 1:
        return None
    return stated._replace(kind=named[0], rate="", given="before", shows=KINDS[named[0]].shows, others=())


def _later(told: Told, asked: list[str], before: _State | None, stated: Stated, chinese: bool) -> str | None:
    """A later turn about the same amount: another rate, other people, another of its figures."""
    if before is None or not (told.rates or told.people or asked):
        return None
    state = before._replace(rate=(told.rates or (before.rate,))[0], people=told.people or before.people)
    asked = asked or list(before.shows)
    return "\n".join(_lines(state, asked, told, stated, chinese)) or None


def _lines(state: _State, asked: list[str], told: Told, stated: Stated, chinese: bool) -> list[str]:
    n, r, many = state.amount, state.rate, state.people
    if not stated.kind:
        return [f"each: {n} / {many}"] if many else []
    kind = KINDS[stated.kind]
    sign = kind.sign
    forms = {
        "before": {"before": n, "after": f"{n} {sign} {r}%", "part": f"{n} * {r}%"},
        "after": {
            "after": n,
            "before": f"{n} / (100% {sign} {r}%)",
            "part": f"{n} - {n} / (100% + {r}%)" if sign == "+" else f"{n} / (100% - {r}%) - {n}",
        },
        "part": {"part": n, "before": f"{n} / {r}%", "after": f"{n} / {r}% {sign} {n}"},
    }
    if many and (not asked or asked == ["after"]) and state.role == "before":
        return [f"each: ({n} {sign} {r}%) / {many}"]
    if stated.shared and not many and _EACH.search(told.text):
        raise Refusal("Among how many people?", "几个人分摊？")
    if not state.role:
        whole = (("before", "after"), ("after", "before"))
        return [f"{kind.names[to][chinese]}: {forms[of][to]}" for of, to in whole]
    shows = list(dict.fromkeys(asked)) or [one for one in stated.shows if one != state.role]
    if not asked and "before" not in shows and state.role == "after":
        shows = ["before", *shows]
    if not asked and "after" not in shows and state.role == "before" and stated.kind == "tax":
        shows = ["after", *shows]
    said = {**forms[state.role], state.role: n if n.startswith("(") else f"({n})"}
    return [f"{kind.names[one][chinese]}: {said[one]}" for one in shows]


def told_in(prompt: str, shared: bool = False) -> Told | None:
    """The amounts, rates and people of `prompt`; None where a number of it is none of these."""
    text = _NOT_COUNTED.sub(" ", prompt.replace("一共", "总共").replace("，", ", "))
    text = _NOT_COUNTED.sub(" ", read_plainly(without_habits(text)))
    text = _BARE_RATE.sub(r"\1\2%", _POINTS.sub("%", text))
    people = ""
    if shared and (many := list(_PEOPLE.finditer(text))):
        if len(many) > 1:
            return None
        people = next(filter(None, many[0].groups()))
        text = f"{text[: many[0].start()]}, {text[many[0].end() :]}"
    if len(amounts_in(text)) > 1:
        text = _NUMBERED.sub(" ", text)
    text, products = COUNTED.subn(_product, text)
    found = amounts_in(text)
    money = [one for one in found if not one.share]
    numbers = [_worth(one, text) for one in money]
    if None in numbers or (products and len(money) > 1) or any(_COUNTS.match(text, one.end) for one in money):
        return None
    rates = tuple(carried(one.value) for one in found if one.share)
    said = text
    for one in reversed(found):
        text = f"{text[: one.start]}{chr(1) if one.share else chr(0)}{text[one.end :]}"
    amounts = tuple(carried(one) for one in numbers if one is not None)
    if re.search(r"\d", text):
        return None
    marked = re.sub(r"\s*\x01\s*", "\x01", re.sub(r"\s+", " ", text))
    return _summed(Told(amounts, rates, people, marked.replace("\x01", " "), said, marked))


def is_by_the_rate(text: str) -> bool:
    """Whether `text` is what `by_the_rate` gives."""
    return text.count("\n") < _MOST_LINES and all(_IN_FULL.fullmatch(line) for line in text.split("\n"))


def plain_amounts(text: str) -> tuple[str, ...] | None:
    """The amounts of a text that says nothing else that counts."""
    told = told_in(text)
    return told.amounts if told is not None and not told.rates and not _OPERATES.search(told.text) else None


def _summed(told: Told) -> Told | None:
    """`340 labour + 118.75 parts` is one amount; several are only in a list."""
    parts = told.text.split("\0")
    between = parts[1:-1]
    if not between or all(_LISTED.fullmatch(one) for one in between):
        return told
    if not all(re.search(r"\+|\bplus\b|加", one) for one in between):
        return None
    return told._replace(amounts=(f"({' + '.join(told.amounts)})",), text=f"{parts[0]}\0{parts[-1]}")


def _worth(amount: Amount, text: str) -> Fraction | None:
    """None for `1.350`, which may be either, but of euros."""
    if amount.other is None or amount.other < amount.value:
        return amount.value
    near = text[max(0, amount.start - 2) : amount.start] + text[amount.end : amount.end + 6]
    return amount.other if re.search(r"€|eur", near, re.IGNORECASE) else None


def _product(found: "re.Match[str]") -> str:
    price = plain_number(found["p"] or found["p2"] or found["p3"])
    count = found["c"] or found["c2"] or found["c3"]
    return f" {carried(Fraction(price) * int(count))} " if price else found.group()


def _roles(told: Told, stated: Stated) -> tuple[str | None, list[str]]:
    """What the amount is, empty if that is not said, and which figures are asked for. None for another operation."""
    text = told.text
    if not stated.kind:
        return (None if _OPERATES.search(_OF_SHARING.sub(" ", text)) else "before"), []
    kind = KINDS[stated.kind]
    sides: set[str] = set()
    asked: list[str] = []
    if stated.kind == "tax":
        for form, side, other in ((_PUT_ON, "before", "after"), (_TAKE_OUT, "after", "before")):
            if form.search(text):
                sides.add(side)
                asked.append(other)
                text = form.sub(" ", text)
    rest = kind.said.sub(" ", kind.roles.sub(" ", text))
    rest = _OF_SHARING.sub(" ", rest) if stated.shared else rest
    rest = _SIGNED[kind.sign].sub(" ", rest) if told.rates else rest
    rest = _ONE_MORE.sub(" ", rest) if len(told.rates) > 1 else rest
    if _OPERATES.search(_REVERSE.sub(" ", _OTHER_ONE.sub(" ", re.sub(r"[-=]+>", " ", rest)))):
        return None, []
    said = [
        _said_of(text, one, stated.kind == "tax", _names_the_rate(told, stated)) for one in kind.roles.finditer(text)
    ]
    near = min((one.gap for one in said if one.told), default=0)
    sides |= {one.role for one in said if one.told and one.gap == near}
    asked += [one.role for one in said if one.asked or (one.told and one.gap > near)]
    if (of_it := {one.of for one in said} - {""}) and (asked or of_it != {"part"}):
        sides = sides or of_it
    asked = [one for one in dict.fromkeys(asked) if one not in sides or not told.amounts]
    if len(sides) > 1:
        return None, []
    role = sides.pop() if sides else ""
    if not role and told.amounts and stated.kind == "tax" and {"before", "after"} & set(asked):
        others = [one for one in ("before", "after") if one not in asked]
        role = others[0] if len(others) == 1 else ""
    if not role and told.amounts and asked == ["before"]:
        role = "after"
    if not role and _REVERSE.search(told.text) and stated.given:
        role = "before" if stated.given == "after" else "after"
    return role, asked


class _Said(NamedTuple):
    """A word for a figure: whether it tells what the amount is or asks for that; what the amount is that it is `of`."""

    role: str
    told: bool = False
    asked: bool = False
    of: str = ""
    gap: int = 0


def _names_the_rate(told: Told, stated: Stated) -> bool:
    """`tip 10%` asks for no tip."""
    words = KINDS[stated.kind].said.finditer(told.marked)
    return any("\x01" in (told.marked[one.end() : one.end() + 1], told.marked[one.start() - 1]) for one in words)


def _said_of(text: str, one: "re.Match[str]", of_amounts: bool, names_rate: bool) -> _Said:
    role, at = one.lastgroup or "", text.find("\0")
    if at < 0:
        return _Said(role, asked=True)
    ahead = _CLAUSE.split(text[: one.start()])[-1].split("\0")[-1]
    clause = _CLAUSE.split(text[one.end() :])[0]
    named = names_rate and not re.search("[额金]|part|amount", one.group())
    alone = "\0" not in clause and _FILLS.sub("", ahead + clause) == ""
    asks = bool(_ASKS.search(ahead)) or (not named and (alone or bool(_ASKS_BEHIND.match(text, one.end()))))
    before = one.end() <= at
    between = text[one.end() : at] if before else text[at + 1 : one.start()]
    if role == "part" and of_amounts and before and _ON_IT.search(between):
        return _Said(role, asked=True, of="before")
    if role == "part" and before and _IN_IT.search(between):
        return _Said(role, asked=True, of="after" if of_amounts and not re.search(r"\bof\s*$", between) else "")
    if role == "part" and of_amounts and before and _IS.fullmatch(between) and not asks:
        return _Said(role, of=role)
    if role == "part" or not of_amounts:
        return _Said(role, asked=asks)
    linked = not _CLAUSE.search(between) and not _ASKS.search(between)
    if before and asks and (not linked or re.search(r"\b(?:of|for|from|on)\b", between, re.IGNORECASE)):
        return _Said(role, asked=True)
    told = linked and (before or not re.match(r"\s*(?:价格?)?是?多少", text[one.end() :]))
    return _Said(role, told=told, asked=not told and not before, gap=len(between))


def _state(spec: str, stated: Stated) -> _State | None:
    """What an earlier turn was about: from what it was taken to say in full, else its only amount."""
    found = _LINE.match(spec)
    if found is None:
        told = told_in(spec, stated.shared) if len(spec) <= _LONGEST else None
        alone = told is not None and len(told.amounts) == 1 and not told.rates and not told.people
        return _State(told.amounts[0], "before", stated.rate) if told is not None and alone else None
    names = {name: role for role, pair in KINDS[stated.kind].names.items() for name in pair} if stated.kind else {}
    read = [one for line in spec.split("\n") if (one := _LINE.match(line))]
    rates = [next(filter(None, (one["r"], one["r2"], one["r3"], one["r4"])), "") for one in read]
    roles = {
        "part" if one["r4"] else "after" if one["r2"] or one["r3"] else "before" if rate else names.get(one["name"], "")
        for one, rate in zip(read, rates, strict=True)
    }
    if len({one["n"] for one in read}) != 1:
        return None
    shows = tuple(names[one["name"]] for one in read if one["name"] in names)
    rate, role = next(filter(None, rates), stated.rate), roles.pop() if len(roles) == 1 else ""
    return _State(found["n"], role, rate, found["p"] or "", shows)
