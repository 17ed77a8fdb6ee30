"""A later turn that works on with the result before it, whatever tool gave it: `take 20 off that`, `and 10% extra`."""

import re
from fractions import Fraction
from typing import NamedTuple

from ..tools import figures
from ..tools.contract import Value
from ..tools.patterns import lazy_pattern
from ..tools.spelling import written_out
from ..tools.unit_scaling import factor_in
from ..tools.units import unit_named
from ..tools.wording import digits_for_words, plain_signs

_LONGEST = 80
_N = r"(?P<n>\d+(?:,\d{3})*(?:\.\d+)?)\s*(?P<share>%|percent\b|per cent\b)?\s*(?P<unit>[a-z°]+(?:/[a-z]+)?|[€$£])?"
_LABEL = r"(?:(?:the |a |an )?[a-z]+ (?:of|for) )?"
_IT = r"(?:that|it|this|those|them|these|the (?:result|total|sum|price|answer|amount))"
_LEAD = (
    r"(?:(?:and|then|ok|so|now|but|if|what|whats|what's|about|how|much|is|we|she|he|they|i|you|need|needs|want|"
    r"wants|please|would|be|"
    r"the|total|result|for|also)[\s,]+)*"
)
_WHY = (
    r"(?:[\s,]+(?:for|because|since|as|in|on|to) (?!\S*\d)(?:the |an? |my |our |her |his )?[a-z][a-z ]{1,30}|"
    r"[\s,]+please)?[\s?.!]*"
)
_FORMS = (
    (
        "-",
        rf"(?:take|knock|subtract|deduct|remove|minus|less|reduce {_IT} by|-)\s*(?:another |"
        rf"an? )?{_LABEL}{_N}(?:\s*(?:off|from))?(?:\s+{_IT})?",
    ),
    ("-", rf"{_N}\s*(?:off|less|discount)(?:\s+(?:on |of )?{_IT})?"),
    (
        "+",
        rf"(?:add|plus|put|\+)\s*(?:another |an? )?{_LABEL}{_N}(?:\s*(?:extra|more|on top))?(?:\s*(?:to|on|"
        rf"of) {_IT})?",
    ),
    ("+", rf"(?:another |an? )?(?:extra )?{_N}\s*(?:extra|more|on top)(?: (?:of|to|on) {_IT})?"),
    ("*", rf"(?P<n>\d+(?:\.\d+)?)\s*(?P<share>%|percent\b|per cent\b)\s*of {_IT}"),
    ("*", rf"(?:takes?|buys?|orders?|gets?|pays?|have|has)?\s*(?P<n>\d+)\s*(?:of|times) {_IT}"),
    ("*", r"(?:times|x|\*|multiplied by)\s*(?P<n>\d+(?:\.\d+)?)(?: [a-z]+)?"),
    (
        "/",
        rf"(?:divide|split|share)(?:d)?\s*(?:{_IT}\s*)?(?:by|between|among|into|over)\s*(?:the |my |our |"
        rf"us )?(?P<n>\d+)(?: [a-z]+)?",
    ),
    (
        "*",
        r"(?:paid |charged |costs? )?(?:at |with )?(?P<n>\d+(?:\.\d+)?)(?: [a-z]+)? (?:per|an?|each|"
        r"every) (?P<per>[a-z]+)(?:[\s,]+(?:how many|how much|what)\b[a-z\s]*)?",
    ),
)
_CHINESE = (
    ("-", r"(?:再|又)?(?:让利?|减去?|扣除?|优惠|便宜|少)\s*(?P<n>\d+(?:\.\d+)?)\s*(?P<share>%)?"),
    ("+", r"(?:再|又)?(?:加上?|多)\s*(?P<n>\d+(?:\.\d+)?)\s*(?P<share>%)?(?:的[税运费服务]+)?"),
    ("*", r"(?:再)?乘以?\s*(?P<n>\d+(?:\.\d+)?)|的?(?P<n2>\d+(?:\.\d+)?)\s*倍"),
    ("/", r"(?:再)?除以\s*(?P<n>\d+(?:\.\d+)?)"),
    ("*", r"每(?P<per>[天周月人个件晚])(?P<n>\d+(?:\.\d+)?)\s*(?:个?小时|元|块|次|个|分钟)?"),
)
_AROUND_CHINESE = (
    r"(?:那|如果|若|要是|最后|然后|另外|接着|合计|总[价额数]?|结果|[,，\s])*{form}(?:[,，]?\s*(?:1共|一共|总共|合计|是|得|多少|几|个?小时|"
    r"钱|元|呢|的话))*[\s?？。]*"
)
_PATTERNS = tuple(
    [(sign, lazy_pattern(rf"{_LEAD}{form}{_WHY}", re.IGNORECASE)) for sign, form in _FORMS]
    + [(sign, lazy_pattern(_AROUND_CHINESE.format(form=form))) for sign, form in _CHINESE]
)
_CURRENCY = lazy_pattern(
    r"\brs\b\.?|[$€£¥₹]|\b(?:inr|eur|euros?|usd|dollars?|gbp|chf|rupees)\b|(?<=\d)\s*[元块]", re.IGNORECASE
)
_NO_UNIT = frozenset(
    {
        "of",
        "off",
        "from",
        "extra",
        "more",
        "on",
        "less",
        "for",
        "degrees",
        "degree",
        "to",
        "please",
        "discount",
        "euros",
        "euro",
        "dollars",
    }
)
_PER_DAYS = {"天": "天|日", "人": "人", "day": "day", "night": "night"}


class Operation(NamedTuple):
    """`sign` is + - * or /; `share`: in percent. `unit`: what stands behind the number; `per`: each of what counts."""

    sign: str
    number: Fraction
    share: bool
    unit: str = ""
    per: str = ""


def operation_in(prompt: str) -> Operation | None:
    """What the whole of `prompt` does to the result before."""
    if len(prompt) > _LONGEST:
        return None
    text = _CURRENCY.sub(" ", digits_for_words(plain_signs(written_out(prompt.strip()))))
    text = re.sub(r"\s+", " ", text).strip()
    if (factor := factor_in(text)) is not None:
        return Operation("*", factor, False)
    for sign, form in _PATTERNS:
        found = form.fullmatch(text)
        said = found.groupdict() if found else {}
        if found is None or not (digits := said.get("n") or said.get("n2")):
            continue
        unit = (said.get("unit") or "").lower()
        number = Fraction(digits.replace(",", ""))
        if sign == "/" and not number:
            return None
        share = bool(said.get("share"))
        return Operation(sign, number, share, "" if unit in _NO_UNIT else unit, said.get("per") or "")
    return None


def operated(value: Value, operation: Operation, answer: str) -> tuple[str, Fraction, str] | None:
    """The calculation as it is written, its result, and the unit; None where they do not fit each other."""
    if value.number is None:
        return None
    unit = re.sub(r"^[-\d.,/\s]+", "", value.spoken).strip()
    own = operation.unit if unit_named(operation.unit) is not None else ""
    if own and (not unit or own.rstrip("s") != unit.lower().rstrip("s").removeprefix("°")):
        return None
    if operation.per and not re.search(
        _PER_DAYS.get(operation.per, operation.per[:3]), f"{answer} {unit}", re.IGNORECASE
    ):
        return None
    number, sign = operation.number, operation.sign
    shown = figures.shown(number)
    if operation.share and sign in "+-":
        result = value.number * (1 + (number if sign == "+" else -number) / 100)
        said = f"{figures.shown(value.number)} {sign} {shown}%"
    elif operation.share:
        result, said = value.number * number / 100, f"{shown}% of {figures.shown(value.number)}"
    else:
        result = {
            "+": value.number + number,
            "-": value.number - number,
            "*": value.number * number,
            "/": value.number / (number or 1),
        }[sign]
        said = f"{figures.shown(value.number)} {sign} {shown}"
    return said, result, "" if operation.per else unit
