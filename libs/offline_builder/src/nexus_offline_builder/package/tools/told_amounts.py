"""The amounts, rates and people of a prompt, apart from the numbers that name or count something else."""

import re
from fractions import Fraction
from typing import NamedTuple

from .amounts import Amount, amounts_in, read_plainly
from .figures import carried
from .patterns import lazy_pattern
from .priced_pieces import COUNTED, plain_number
from .stated_rates import TAX
from .wording import without_habits

MONEY = (
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
    rf"(?![.,]\d|\s*(?:%|{MONEY}))|#\d+|"
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
    r"\s*-?(?:(?:kg|g|km|m|cm|mm|l|ml|sqm|mi|hrs?|h|min|hour|mile|day|week|month|year|night|people|persons?|"
    r"children|men|women|x|of (?:those|these|them|it|each))\b|"
    r"(?!(?:{plain})\b)(?:(?!(?:{function})\b)[a-z]+ )?(?!(?:{plain})\b)[a-z]{{2,}}s\b)|"
    r"\s*(?:[个件人位天平方米斤克吨升次张本台套箱盒瓶袋条只双份辆栋间月年日号点]|公里|公斤|小时|分钟|千克)".format(
        plain="costs?|charges|fees|parts|works|services|supplies|goods|materials|has|was|is|its|this|plus|less|gross|"
        "minus|taxes|tips|as|us|thanks|pounds|euros|dollars|francs|bucks|bonus|sales|takings|expenses|wages|comes|"
        "says|gets|pays|goes|makes|needs|wants|includes|yes|whats|pls|ours|theirs|always|does|his",
        function="in|of|for|on|at|and|with|from|to|by|the|a|an|but|so|then|or|i|we|he|she|it|that|said|paid|came|"
        "before|after|net|gross|vat|tax|incl|excl|euro|pound|dollar|please",
    ),
    re.IGNORECASE,
)
"""Behind a number that counts something: `2 radiators` are no amount."""
_LISTED = lazy_pattern(
    rf"\s*{MONEY}?\s*(?:[,;&/]|and\b|和)\s*(?:and\s+)?(?:[^\W\d]+\s+){{0,3}}{MONEY}?\s*", re.IGNORECASE
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
