"""A prompt read with the rate that the requirement states, by roles: the amount, whether it is the one before or after
(net or gross), which of them is asked for, another rate, how many share it.

Names, reasons and other words without a role are left aside; a number without one is not, nor is another operation.
"""

import re
from typing import NamedTuple

from .bills import refuse_mixed_currencies
from .contract import Question, Refusal
from .patterns import lazy_pattern
from .stated_rates import KINDS, TAX, Stated, stated_in
from .told_amounts import MONEY, Told, told_in

_LONGEST = 200
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
_ON_IT = lazy_pattern(rf"\s*(?:on|for|to)\s*(?:top of\s*)?(?:an?|the)?\s*{MONEY}?\s*$", re.IGNORECASE)
_IN_IT = lazy_pattern(
    rf"\b(?:in|inside|within|of|from|out of|included in|sitting in\w*)\s*(?:an?|the)?\s*{MONEY}?\s*$|里", re.I
)
_WHAT_IS = lazy_pattern(
    rf"\b(?:what(?:'?s| is)|how much is)\s+{MONEY}?\s*\x00(?!\s*{MONEY}?\s*(?:gross|brutto))|"
    r"(?:^|\W)\x00\s*[元块]?\s*含税是?多少",
    re.IGNORECASE,
)
"""`what's 45.99 with tax` asks for that."""
_IS = lazy_pattern(rf"\s*(?:是|为|of|is|was|:)?\s*{MONEY}?\s*", re.IGNORECASE)
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
_DONE = ((_PUT_ON, "before", "after"), (_TAKE_OUT, "after", "before"))
_ARROW = lazy_pattern(r"[-=]+>")
_REVERSE = lazy_pattern(r"\bother way(?: round| around)?\b|\bbackwards?\b|\bin reverse\b|反过来|倒推", re.IGNORECASE)
_OTHER_ONE = lazy_pattern(r"\bthe other(?: one| price| figure| side)?\b|另外?[一1]?[个种]", re.IGNORECASE)
_OPERATES = lazy_pattern(
    r"\b(?:how (?:old|long|far|many|tall|fast|often|big)|when|where|why|born)\b|"
    r"[*^/<>]|(?<=\s)[-+](?=\s*\d)|\b(?:half|halve|double|twice|triple|thirds?|quarters?|minus|less|plus|per|each|"
    r"split\w*|shar\w+|"
    r"divid\w+|times|average|mean|difference|sum|than|another|extra|more|except\w*|exempt|unless|left|remain\w*|"
    r"percent\w*|goal|change|paid with|already|refund\w*|free|between|again|not|never|without|no|instead|"
    r"also|members?|discount\w*|off|tips?|commission|deposit|increase\w*|"
    r"raised?|voucher|coupon|dozen|negative|square\w*|root)\b|n't\b|[减乘除倍半折每再又剩退免哪]|不(?!含)|平均|[平均]分",
    re.IGNORECASE,
)
_SIGNED = {
    "-": lazy_pattern(r"\b(?:off|less|minus|discount\w*|reduced|down)\b|-", re.IGNORECASE),
    "+": lazy_pattern(r"\b(?:plus|add(?:ed)?|increase\w*|raised?|up|on top)\b|\+|加", re.IGNORECASE),
}
"""What is said of a rate that a prompt names."""
_PERCENT = lazy_pattern(r"%|\bper ?cent|\brate\b|百分", re.IGNORECASE)
_ASKS_PERCENT = lazy_pattern(r"%|\bper ?cent|百分", re.IGNORECASE)
_EACH = lazy_pattern(r"\beach\b|\bper (?:person|head)\b|\beveryone\b|\bsplit\b|每人?|人均", re.IGNORECASE)
_EACH_ALREADY = lazy_pattern(
    rf"(?:每个?人|人均)\s*{MONEY}?\s*\x00|\x00\s*{MONEY}?\s*(?:each|apiece|a head|per (?:person|head))\b", re.IGNORECASE
)
_OF_SHARING = lazy_pattern(
    r"\b(?:each|per (?:person|head)|split\w*|shar\w+|divid\w+|between|us|among)\b|[平均]摊?分?摊?|每个?人?",
    re.IGNORECASE,
)
_BARE = lazy_pattern(
    rf"(?:\W|{MONEY}|\b(?:and|what|about|how|much|with|for|now|ok|so|then|is|it|if|was|were|total|please|pls|one|the|an?|"
    r"next|another|that|those|make|on|of|invoice|bill|price)\b|[那呢如果要是的价钱这张]|多少|\x00)*",
    re.IGNORECASE,
)
"""Around another amount in a later turn."""
_N = r"\([\d.+ ]+\)|[\d.]+"
_LINE = lazy_pattern(
    rf"(?P<name>[^:\n]+): (?:\((?=(?:{_N}) [-+] [\d.]+%\)))?(?P<n>{_N})"
    rf"(?: (?:[-+*] (?P<r>[\d.]+)%|/ \(100% [-+] (?P<r2>[\d.]+)%\)|"
    rf"- (?P=n) / \(100% \+ (?P<r3>[\d.]+)%\)|/ (?P<r4>[\d.]+)%))?\)?(?: / (?P<p>\d+))?(?= |$|\n).*"
)

_ONE_MORE = lazy_pattern(r"\b(?:first|then|another|extra|more|again)\b|再|又|折上", re.IGNORECASE)
_SHARED = ("tip", "service")
_OTHER_RATE = lazy_pattern(r"\b(?:reduced|zero|lower|higher|special|exempt)\b|免税|零税率|低税率", re.IGNORECASE)
_PAID = lazy_pattern(r"\bpaid\b|付了|收了|转了", re.IGNORECASE)
"""Says of an amount that something is added to that it may be in it already."""
_MOST_LINES = 20
_IN_FULL = lazy_pattern(
    "(?:each|"
    + "|".join(sorted({re.escape(name) for kind in KINDS.values() for pair in kind.names.values() for name in pair}))
    + r"): (?=\(|.*[-+*/])[\d.%()*/+ -]+"
)


class _State(NamedTuple):
    """What is known of one amount: what it is, its rate, how many share it, and which figures were given."""

    amount: str
    role: str
    rate: str
    people: str = ""
    shows: tuple[str, ...] = ()


class _Asked(NamedTuple):
    """What an amount is, empty if that is not said, and which figures are asked for."""

    role: str
    asked: list[str]


def by_the_rate(question: Question, requirement: str) -> str | None:
    """The prompt in full, a line for each result, as `gross: 80 + 25%`; None if that is not all clear."""
    stated = stated_in(requirement)
    if stated is None or len(question.text) > _LONGEST or "\n" in question.text.strip():
        return None
    told = told_in(question.text, stated.shared or stated.kind in ("", *_SHARED))
    stated = _meant(stated, told) if told is not None else None
    if told is None or stated is None:
        return None
    before = _state(question.earlier[0], stated) if question.earlier else None
    roles = _roles(told, stated)
    if roles is None or (len(told.rates) > 1 and stated.kind != "off") or (told.rates and not stated.kind):
        return None
    if not told.amounts:
        if told.rates and not question.earlier:
            raise Refusal(f"{told.rates[0]}% of which amount?", f"{told.rates[0]}% 是按哪个金额算？")
        return _later(told, roles.asked, before, stated, question.chinese)
    return _of_amounts(question, told, roles, before, stated)


def _of_amounts(question: Question, told: Told, said: _Asked, before: _State | None, stated: Stated) -> str | None:
    """The lines for each amount. Raises Refusal where it is not said with what rate, or which side it is."""
    role, asked = said
    if not role and not stated.given and stated.kind and (asked or len(told.amounts) > 1 or _ASKS.search(told.text)):
        if not _OTHER_ONE.search(question.text):
            return None
        raise Refusal("Is that the price with the tax or without it?", "这是含税价还是不含税价？")
    if _says_otherwise(told, role, stated):
        return None
    refuse_mixed_currencies(question.text)
    rate = "% - ".join(told.rates or (stated.rate,)) or (before.rate if before else "")
    if before is not None:
        if before.rate != rate and not told.rates:
            return None
        if not (role or told.rates or _BARE.fullmatch(told.text)):
            return None
        role, asked = role or before.role, asked or list(before.shows)
    if stated.kind and not rate:
        if stated.kind == "tax" or question.earlier or not _PERCENT.search(question.requirement):
            return None
        raise Refusal("How many percent?", "百分之几？")
    people = told.people or stated.people or (before.people if before else "")
    states = (_State(one, role or stated.given, rate, people) for one in told.amounts)
    lines = [line for state in states for line in _lines(state, asked, told, stated, question.chinese)]
    return "\n".join(lines) or None


def _says_otherwise(told: Told, role: str, stated: Stated) -> bool:
    """Whether another rate is meant, a share is asked for, an amount may be either or is one, or several are shared."""
    added = stated.kind and KINDS[stated.kind].sign == "+"
    return (
        (not told.rates and _OTHER_RATE.search(told.text) is not None)
        or bool(not role and added and _PAID.search(told.text))
        or _ASKS_PERCENT.search(told.text) is not None
        or bool((told.people or stated.people) and _EACH_ALREADY.search(told.text))
        or (len(told.amounts) > 1 and (stated.kind in _SHARED or stated.shared))
    )


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
    asked = asked or ([] if told.people else list(before.shows))
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
    if not state.role and asked and set(asked) != {"before", "after"}:
        return []
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


def is_by_the_rate(text: str) -> bool:
    """Whether `text` is what `by_the_rate` gives."""
    return text.count("\n") < _MOST_LINES and all(_IN_FULL.fullmatch(line) for line in text.split("\n"))


def plain_amounts(text: str) -> tuple[str, ...] | None:
    """The amounts of a text that says nothing else that counts."""
    told = told_in(text)
    return told.amounts if told is not None and not told.rates and not _OPERATES.search(told.text) else None


def _roles(told: Told, stated: Stated) -> _Asked | None:
    """None where the prompt says two things of its amount, or asks for another operation."""
    text = told.text
    if not stated.kind:
        return None if _OPERATES.search(_OF_SHARING.sub(" ", text)) else _Asked("before", [])
    sides: set[str] = set()
    asked: list[str] = []
    for form, side, other in _DONE if stated.kind == "tax" else ():
        if form.search(text):
            sides.add(side)
            asked.append(other)
            text = form.sub(" ", text)
    if _operates(text, told, stated):
        return None
    names_rate = _names_the_rate(told, stated)
    said = [_said_of(text, one, stated.kind == "tax", names_rate) for one in KINDS[stated.kind].roles.finditer(text)]
    if _WHAT_IS.search(text) and len(said) == 1 and said[0].role == "after":
        said = [said[0]._replace(told=False, asked=True)]
    near = min((one.gap for one in said if one.told), default=0)
    sides |= {one.role for one in said if one.told and one.gap == near}
    asked += [one.role for one in said if one.asked or (one.told and one.gap > near)]
    if (of_it := {one.of for one in said} - {""}) and (asked or of_it != {"part"}):
        sides = sides or of_it
    asked = [one for one in dict.fromkeys(asked) if one not in sides or not told.amounts]
    if len(sides) > 1:
        return None
    return _Asked(sides.pop() if sides else _implied(asked, told, stated), asked)


def _operates(text: str, told: Told, stated: Stated) -> bool:
    """Whether something is to be done besides what the rate does."""
    kind = KINDS[stated.kind]
    rest = kind.said.sub(" ", kind.roles.sub(" ", text.replace("\0 each", "\0")))
    rest = _OF_SHARING.sub(" ", rest) if stated.shared else rest
    rest = _SIGNED[kind.sign].sub(" ", rest) if told.rates else rest
    rest = _ONE_MORE.sub(" ", rest) if len(told.rates) > 1 else rest
    return _OPERATES.search(_REVERSE.sub(" ", _OTHER_ONE.sub(" ", _ARROW.sub(" ", rest)))) is not None


def _implied(asked: list[str], told: Told, stated: Stated) -> str:
    """What an amount is that nothing is said of: not that which is asked for."""
    wanted = {"before", "after"} & set(asked)
    if told.amounts and len(wanted) == 1 and (stated.kind == "tax" or asked == ["before"]):
        return ({"before", "after"} - wanted).pop()
    if _REVERSE.search(told.text) and stated.given:
        return "before" if stated.given == "after" else "after"
    return ""


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
    named = names_rate and not re.search("[额金]|part|amount", one.group())
    if at < 0:
        return _Said(role, asked=not named)
    ahead = _CLAUSE.split(text[: one.start()])[-1].split("\0")[-1]
    clause = _CLAUSE.split(text[one.end() :])[0]
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
    linked = linked or not (before or _ASKS.search(between) or _ASKS_BEHIND.match(text, one.end()))
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
