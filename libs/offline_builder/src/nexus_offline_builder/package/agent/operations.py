"""A later turn that works on with the result before it, whatever tool gave it: `take 20 off that, it is our day`.

It is read by its roles: a sign, one number, what the number is of. Names, reasons and asides say nothing here, however
they are worded; a second number without a sign does, and then nothing is worked out.
"""

import re
from fractions import Fraction
from typing import NamedTuple

from ..tools.patterns import lazy_pattern
from ..tools.spelling import written_out
from ..tools.unit_names import mention_at
from ..tools.wording import digits_for_words, plain_signs

_LONGEST = 200
_DATA = lazy_pattern(r"[\n\t{}\[\]|]|\d\s*[-/.]\s*\d{1,2}\s*[-/.]\s*\d|\d\s*[:h]\s*\d|->")
_NUMBER = lazy_pattern(
    r"(?<![A-Za-z\d.])(?:[$€£¥]\s*)?(?P<n>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?:st|nd|rd|th)?"
    r"(?P<share>\s*(?:%|percent\b|per cent\b|个?百分点))?"
)
_CLAUSE = lazy_pattern(
    r",(?!\d{3})|[;?!。]|\.(?!\d)|\s-+\s(?!\d)|\b(?:because|since|but|cause|cuz|as (?=he|she|we|they|i\b|it\b))\b",
    re.IGNORECASE,
)
_CURRENCY = lazy_pattern(
    r"\brs\b\.?|[$€£¥₹]|\b(?:inr|eur|euros?|usd|dollars?|gbp|chf|rupees|quid|bucks)\b|(?<=\d)\s*[元块](?:钱)?",
    re.IGNORECASE,
)
_NO_NUMBER = lazy_pattern(r"(?<!\d)1(?=[共起样下直定般些半])|(?<=[同统另第中每那这某任])1(?!\d)|(?<=第)\d+")
_ONE = lazy_pattern(
    r"(?<!plus )(?<!minus )(?<!add )(?<!another )\bone\b(?! (?:hundred|thousand|million|third|quarter|half|more|"
    r"extra|less))",
    re.IGNORECASE,
)
_PRONOUN = lazy_pattern(
    r"\b(?:that|it|this|those|them|these|the (?:result|total|sum|price|answer|amount|lot|rest|remainder))\b|"
    r"[这那它]|结果|总[数价额]|剩下",
    re.IGNORECASE,
)
_OTHERWISE = lazy_pattern(
    r"\b(?:without|except\w*|excluding|not|never|than|at (?:least|most)|instead|rather|average|median|convert|"
    r"how (?:long|old|fast|tall|heavy|often)|between \S+ and|from \S+ to|ago|older|younger)\b|n't\b|不[算是要含]|除了|"
    r"平均[值数]|换算|[天周月年][之以]?[前后]|[之以][前后]",
    re.IGNORECASE,
)
"""Says that something else is to be done than to work on with the result."""
_IT = r"(?:that|it|this|those|them|these|the \w+)"
_REDUCING = r"(?:discounts?|vouchers?|coupons?|rebates?|refunds?|cheaper|fewer|gone|missing|broken|deductions?)"
_MINUS_AHEAD = lazy_pattern(
    rf"\b(?:minus|less|subtract\w*|deduct\w*|remov\w+|knock\w*|reduc\w+|lower\w*|cut|spent|us(?:ed|ing)|lost|sold|"
    rf"burn\w*|"
    rf"ate|eaten|{_REDUCING})\b|-\s*$|(?:减|扣|去掉|优惠|便宜|少|用掉|用了|花了|花掉|花去|退|降|让|抹|卖掉|送出)[^加]*$",
    re.IGNORECASE,
)
_OFF = lazy_pattern(rf"\b(?:off|away|out)\b|^\s*(?:\w+ )?from {_IT}\b|^\s*(?:\w+ )?(?:less\b|{_REDUCING}\b)", re.I)
_PLUS_AHEAD = lazy_pattern(
    r"\b(?:plus|add\w*|extra|another|additional\w*|further|on top|increas\w+|raise\w*|more|also|up by)\b|\+\s*$|"
    r"(?:加|多|涨|补|追加|另付)[^减扣]*$",
    re.IGNORECASE,
)
_PLUS_BEHIND = lazy_pattern(r"^.*?\b(?:more|extra|on top|additional|higher|as well|too)\b", re.IGNORECASE)
_TIMES_AHEAD = lazy_pattern(
    r"(?:\btimes|\bmultipl\w+(?: (?:it|that|this|the \w+))?(?: by)?|(?<!\w)[x*]|乘以?)\s*$", re.I
)
_TIMES_BEHIND = lazy_pattern(
    r"^\s*(?:times\b|x\b|倍)|^\s*(?:\w+ )?of (?:those|them|these|it|that|this|the same)\b|^\s*such\b", re.IGNORECASE
)
_SHARED = lazy_pattern(
    r"\b(?:divid\w+|split\w*|shar(?:e|es|ed|ing)|between|among\w*)\b|除以|[平均]分|[平分均]摊|分[给成]|/\s*$",
    re.IGNORECASE,
)
_RATE = lazy_pattern(
    r"^\s*(?P<unit>[a-zµ]+\s+|[a-zµ]+(?=/))?(?:(?:per|an?|every|/)\s*(?P<per>[a-z]+[²³]?)|(?P<each>each|apiece|"
    r"a ?piece)\b)|"
    r"^\s*(?:个?小时|元|块|次|个|分钟)?\s*(?:[/每]|[1一])\s*(?P<zh>[\u4e00-\u9fff])",
    re.IGNORECASE,
)
_EACH_AHEAD = lazy_pattern(r"每(?P<zh>[\u4e00-\u9fff])[^\d加减扣多少]{0,4}$")
_SUPPOSED = lazy_pattern(r"\b(?:if|instead|what about|how about|rather)\b|如果|要是|假如|换成|改成", re.IGNORECASE)
_OTHER_HALF = lazy_pattern(r"\b(?:the )?other half\b", re.IGNORECASE)
_WHOLE = lazy_pattern(r"\b(?:total|altogether|all together|in all|combined)\b|[共总]|合计", re.IGNORECASE)
_EACH = lazy_pattern(r"\b(?:each|per (?:person|head|child|guest)|everyone|everybody)\b|每[人个户位家]", re.IGNORECASE)
_PEOPLE = lazy_pattern(
    r"\s*(?:(?:more |fewer |less )?(?:people|persons?|friends?|guests?|of us|of them)\b|个?人)",
    re.IGNORECASE,
)
_HOW_MUCH = lazy_pattern(r"\bhow (?:much|many|far)\b|多少|几", re.IGNORECASE)
_LEFT = lazy_pattern(r"\b(?:left|remain\w*|remaining)\b|还?剩|还有", re.IGNORECASE)
_OVER = lazy_pattern(r"\b(?:over|above|beyond|exceeds?)(?: the| our| my)?\s*$|超[过出]?$", re.IGNORECASE)
_FACTOR = lazy_pattern(
    r"(?:\b(?:(?P<count>\d{1,2}|an?)[\s-]+)?(?P<word>twice|thrice|(?:half|halve[ds]?|thirds?|quarters?|fifths?|tenths?|"
    r"double[ds]?|triple[ds]?)\b(?! (?:past|to\b|an? (?!batch)|hour|day|mile|dozen|price|room|bed|board|time|kilo|"
    r"litre|"
    r"liter|cup|inch|pound|glazing|year|century)))\b|(?P<zh>1?半(?![个小天年里价夜日公路])|[2两]倍|翻倍|翻1?番|加倍|减半))",
    re.IGNORECASE,
)
_FACTORS = {"hal": Fraction(1, 2), "thi": Fraction(1, 3), "qua": Fraction(1, 4), "fif": Fraction(1, 5)} | {
    "ten": Fraction(1, 10),
    "dou": Fraction(2),
    "twi": Fraction(2),
    "tri": Fraction(3),
    "thr": Fraction(3),
}
_ALREADY = lazy_pattern(
    r"(?:sell|sold|gone|eaten|ate|used|gave|given|lost|spent|卖|用|吃|花|送|扣|减(?!半)|less|off|minus)", re.I
)
_OF_SEVERAL = lazy_pattern(
    r"\b(?:those|these|last|both(?: of)?|them) (?:two|three|2|3)\b|\b(?:two|three) of (?:them|those)\b|[这那]两", re.I
)
"""Results of several turns are meant."""
_NO_FACTOR = lazy_pattern(r"\d|\b(?:if|instead|average|median|which|who|whose)\b|哪|谁", re.IGNORECASE)
"""`which one was double?` asks for one of several."""
_REDUCTION = lazy_pattern(r"打?\s*(\d+(?:\.\d+)?)\s*折")
_ADDED_NAME = lazy_pattern(
    r"\b(?:vat|tax|gst|tip|gratuity|service|interest|surcharge|fee|markup)\b|税|小费|服务费|利息", re.I
)


class Operation(NamedTuple):
    """`sign` is + - * or /; `share`: in percent; `unit`: of the number. `per`: what there are so many of.

    `both`: the share itself may be what is asked, and the whole with it.
    """

    sign: str
    number: Fraction
    share: bool = False
    unit: str = ""
    per: str = ""
    both: bool = False


def operation_in(prompt: str) -> Operation | None:
    """What `prompt` does to the result before; None where it may say something else."""
    if len(prompt) > _LONGEST or _DATA.search(prompt):
        return None
    text = _OTHER_HALF.sub(" ", plain_signs(written_out(prompt.strip())))
    text = text.replace("^2", "²").replace("^3", "³")
    if _OTHERWISE.search(text) or _OF_SEVERAL.search(text):
        return None
    text = _ONE.sub(" ", text)
    text = _NO_NUMBER.sub("", digits_for_words(_CURRENCY.sub(" ", text)))
    if (cut := _REDUCTION.search(text)) and len(_NUMBER.findall(text)) == 1:
        digits = cut[1].replace(".", "")
        return Operation("*", Fraction(int(digits), 10 ** len(digits)))
    numbers = list(_NUMBER.finditer(text))
    factor = _FACTOR.search(text)
    if not numbers or (factor is not None and factor["count"] and len(numbers) == 1):
        return _of_a_factor(text)
    read = [(found, _read(text, found)) for found in numbers]
    known = [(found["n"], operation) for found, operation in read if operation is not None]
    if len({operation for _, operation in known}) != 1 or any(found["n"] != known[0][0] for found in numbers):
        return None
    return known[0][1]


def _of_a_factor(text: str) -> Operation | None:
    """`half of that`, `double it, we have guests`, `卖掉一半`."""
    found = _FACTOR.search(text)
    plain = _FACTOR.sub(" ", text)
    if found is None or _NO_FACTOR.search(plain) or _FACTOR.search(text, found.end()):
        return None
    word = (found["word"] or "").lower()
    number = _FACTORS[word[:3]] if word else Fraction(1, 2) if "半" in found["zh"] else Fraction(2)
    count = int(found["count"]) if found["count"] and found["count"].isdigit() else 1
    number *= count
    clause, _ = _around(text, found.start(), found.end())
    if number < 1 and (_ALREADY.search(clause) or re.match(r"\s*(?:off|gone|less)\b", text[found.end() :])):
        return (
            Operation("*", 1 - number) if _LEFT.search(text) or re.search(r"\boff\b|减|扣|less|minus", text) else None
        )
    return Operation("*", number)


def _around(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands in the clause ahead of a number, back to the number before it, and what stands behind it."""
    ahead = _CLAUSE.split(text[:start])[-1]
    behind = _CLAUSE.split(text[end:])[0]
    before = list(_NUMBER.finditer(ahead))
    further = _NUMBER.search(behind)
    return ahead[before[-1].end() :] if before else ahead, behind[: further.start()] if further else behind


def _read(text: str, found: "re.Match[str]") -> Operation | None:
    ahead, behind = _around(text, found.start(), found.end())
    number, share = Fraction(found["n"].replace(",", "")), bool(found["share"])
    mention = mention_at(behind, len(behind) - len(behind.lstrip()))
    unit = mention.name if mention and not share else ""
    if share:
        return _of_a_share(number, ahead, behind)
    if _OVER.search(ahead) and _HOW_MUCH.search(text):
        return Operation("-", number, unit=unit)
    if _TIMES_AHEAD.search(ahead) or (_TIMES_BEHIND.search(behind) and not _MINUS_AHEAD.search(ahead)):
        rate = _RATE.match(behind)
        return Operation("*", number, unit=unit if rate else "", per=_per(rate) if rate else "")
    if _PEOPLE.match(behind) and not _SHARED.search(ahead + behind):
        return Operation("/", number) if _EACH.search(text) and _HOW_MUCH.search(text) else None
    if (_MINUS_AHEAD.search(ahead) or _OFF.search(behind)) and not _RATE.match(behind):
        return Operation("-", number, unit=unit)
    if (_PLUS_AHEAD.search(ahead) or _PLUS_BEHIND.search(behind)) and not _RATE.match(behind):
        return Operation("+", number, unit=unit)
    if rate := _RATE.match(behind) or _EACH_AHEAD.search(ahead):
        own = (rate.groupdict().get("unit") or "").strip()
        return Operation("*", number, unit=own, per=_per(rate))
    if _SHARED.search(ahead) or _SHARED.search(behind) or (_EACH.search(text) and _HOW_MUCH.search(text)):
        return Operation("/", number) if number and not unit else None
    if _WHOLE.search(text) and not unit and re.match(r"\s*[a-z\u4e00-\u9fff]", behind, re.IGNORECASE):
        return Operation("*", number)
    return None


def _of_a_share(number: Fraction, ahead: str, behind: str) -> Operation | None:
    if _MINUS_AHEAD.search(ahead) or _OFF.search(behind):
        return Operation("-", number, share=True)
    if _PLUS_AHEAD.search(ahead) or _PLUS_BEHIND.search(behind):
        return Operation("+", number, share=True)
    if re.match(rf"\s*of {_IT}\b", behind) or re.search(r"(?:[这那它]个?|结果|总[数价额]?)的$", ahead):
        return Operation("*", number, share=True)
    if _ADDED_NAME.search(behind) and re.search(rf"\bon {_IT}\b", behind):
        return Operation("+", number, share=True, both=True)
    return None


def _per(rate: "re.Match[str]") -> str:
    said = rate.groupdict()
    return (said.get("per") or said.get("zh") or "each").lower()


def names_result(prompt: str) -> bool:
    """Whether `prompt` says that it is about the result."""
    return _PRONOUN.search(prompt) is not None


def is_supposed(prompt: str) -> bool:
    """Whether `prompt` supposes something else than before, rather than works on."""
    return _SUPPOSED.search(prompt) is not None


def works_on(prompt: str) -> bool:
    """Whether `prompt` says itself that it is about a result before."""
    leads = re.match(r"\W*(?:and|then|plus|minus|times|less|now|ok|so|[那再又])", prompt, re.IGNORECASE)
    return any((names_result(prompt), _LEFT.search(prompt), _WHOLE.search(prompt), leads))
