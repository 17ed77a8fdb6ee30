"""Pay, shared bills and discounts as they are told, and later turns that change one of the figures."""

import re
from fractions import Fraction
from typing import NamedTuple

from .amounts import Amount, amounts_in, read_plainly
from .bills import refuse_mixed_currencies
from .contract import Question, Refusal
from .figures import carried as _w
from .folds import folded
from .patterns import lazy_pattern

_LONGEST = 250
_DEEPEST = 5
_MOST_NAMES = 5
_MONEY = r"[$€£¥]|\b(?:eur|euros?|usd|dollars?|gbp|pounds?|chf|francs?|bucks|quid|yuan)\b|元|块钱?"
_PEOPLE = r"(?:people|persons?|ppl|pax|of us|ways|friends|guests|heads|folks|diners|guys|adults|p\b|个?人|位)"
_JOINS = lazy_pattern(
    r"\b(?:joins?|joined|joining|comes? (?:along|too|as well)|came (?:along|too)|more (?:people|persons?|"
    r"friends?|guests?))\b|加入|又来",
    re.IGNORECASE,
)
_LEAVES = lazy_pattern(
    r"\b(?:leaves?|left|drops out|less|fewer|not coming|cancels?|cancelled)\b|走了|少", re.IGNORECASE
)
_NO_TIP = lazy_pattern(r"\b(?:no|without(?: a| the)?) tip\b|不给小费|没有小费", re.IGNORECASE)
# From the beginning alone: all that follows is looked through there, and would be at every place.
_WANTS_BILL = lazy_pattern(
    r"\A(?=.*(?:\btips?\b|gratuity|小费))(?=.*(?:\beach\b|\bperson\b|\bpeople\b|\bsplit\w*|\bshar\w+|\bper head\b|"
    r"\bpays?\b|人|分摊|平分|AA))",
    re.IGNORECASE | re.DOTALL,
)
_RAISE = r"(?:raises?|pay rise|rise|increas\w*|more|up|bump|加薪|涨薪|涨工资|加工资|涨|上调|提高)"
_PAY = (
    r"(?:salar\w+|pay|wages?|earns?|earning|makes?|gets?|paid|income|gross|rent|fee|hourly|"
    r"工资|月薪|年薪|薪水|收入|时薪)"
)
_IS_RAISE = lazy_pattern(rf"(?<![a-z]){_RAISE}(?![a-z])", re.IGNORECASE)
_IS_PAY = lazy_pattern(rf"(?<![a-z]){_PAY}(?![a-z])", re.IGNORECASE)
_PAY_AGENT = lazy_pattern(
    r"\b(?:pay|payroll|salar\w+|wages?|raises?|overtime|staff|employees?)\b|工资|薪|加班", re.IGNORECASE
)
_OVERTIME = lazy_pattern(
    r"\bover ?time\b|\btime and (?:an? |1 )?(?:half|quarter|1/2)|\bdouble time\b|加班", re.IGNORECASE
)
_FACTOR = (
    (
        r"\btime and (?:an? |1 )?(?:half|1/2)\b|\b1 and an? half times\b|\bhalf time extra\b|1倍半|"
        r"\btime[- ]and[- ]1/2\b|\b1 1/2 times\b",
        Fraction(3, 2),
    ),
    (r"\btime and (?:an? |1 )?quarter\b", Fraction(5, 4)),
    (r"\bdouble time\b|\btwice the (?:rate|pay)\b|\bdouble (?:rate|pay)\b|两倍|双倍", Fraction(2)),
    (r"\btriple time\b|三倍", Fraction(3)),
)
_TIMES = lazy_pattern(
    r"(?<![\d.])(\d(?:\.\d+)?)\s*(?:x\b|times\b|倍)|(?<![\w.])(?:x|times)\s*(\d(?:\.\d+)?)(?!\d)", re.IGNORECASE
)
_HOURS = r"(?:hours?|hrs?|h\b|个?小时|个?钟头)"
_SALARIES = lazy_pattern(
    r"(?<![\d.,])(1[2-6])\s*(?:monthly )?(?:salaries|salarys|payments?|months'?|"
    r"instal\w+|pays|wages|times|x\b|薪|个月)",
    re.IGNORECASE,
)
_A_YEAR = r"(?:(?:a|per|each|every|/)\s*(?:year|yr|annum)|yearly|annual(?:ly)?|p\.?a\b\.?|每年|一年|1年|年薪|年)"
_A_MONTH = r"(?:(?:a|per|each|every|/|in a)\s*(?:month|mth|mo\b)|monthly|每月|每个月|一个月|1个月|月薪|月)"
_VAT = lazy_pattern(r"\b(?:vat|tax|gst|mwst|iva|tva)\b|税", re.IGNORECASE)
_FILLER = lazy_pattern(
    r"\b(?:how|much|many|what|is|was|are|were|will|would|be|the|an?|and|i|we|he|she|they|it|you|of|for|in|on|at|"
    r"with|my|his|her|"
    r"their|our|that|this|so|then|total|bill|check|tip|tips|tipping|each|every|person|people|per|head|pays?|pay|"
    r"owes?|owe|split|"
    r"between|among|by|oh|wait|actually|only|just|make|now|no|not|sorry|ok|if|us|more|instead|to|new|old|salary|"
    r"salaries|wage|wages|"
    r"raise|raises|rise|increase|gets?|get|earns?|makes|paid|month|monthly|year|yearly|annual|annually|hour|"
    r"hours|hrs?|hourly|rate|"
    r"normal|regular|overtime|over|time|half|double|quarter|extra|price|vat|tax|net|gross|incl\w*|excl\w*|from|"
    r"does|do|did|has|have|"
    r"after|before|about|up|all|please|pls|got|give|come|comes|came|there|joins?|it's|we're|dinner|lunch|meal|"
    r"restaurant|current|"
    r"currently|gross|out|as|same|worth|percent|x|an|her|or|amount|cost|costs|rounds?|too|well|also|works?|worked|"
    r"service|charge|gratuity|payments?|instalments?|times|another|friend|friends|guests?|standard|base|basic|"
    r"than)\b|[\s,;.:?!&()=@/|*+→>-]|" + _MONEY + r"|"
    r"[的是有共了我他她那呢多少几从到至总价要每人分摊平均小费账单吃饭花费元块钱税含不净额率加班工资薪时月年涨后前新给付再改成如果按算一正常平时]",
    re.IGNORECASE,
)
_NOT_TOLD = lazy_pattern(
    r"\b(?:except|unless|free|already|separately|included|kids|children|average|twice|compound|interest|minus|"
    r"less than|without overtime|off|discount\w*|refund\w*)\b|折",
    re.IGNORECASE,
)


class _Bill(NamedTuple):
    bill: Fraction | None = None
    tip: Fraction | None = None
    people: Fraction | None = None


def told_lines(question: Question) -> list[str] | None:
    """The expressions for what is told and asked; None where it is not of these kinds. Raises Refusal to ask back."""
    if len(question.text) > _LONGEST or "\n" in question.text.strip():
        return None
    return folded(question) or _bill_lines(question) or _overtime(question) or _pay(question)


def _names(left: str) -> int:
    return len(re.findall(r"[A-Za-z]+|[\u4e00-\u9fff]+", _FILLER.sub(" ", left)))


def _rest(text: str, amounts: list[Amount]) -> str:
    for one in reversed(amounts):
        text = f"{text[: one.start]} \0 {text[one.end :]}"
    return text


def _bill_lines(question: Question) -> list[str] | None:
    if not _WANTS_BILL.search(question.requirement):
        return None
    bill = _bill(question, _DEEPEST)
    if bill is None or bill.bill is None or bill.people is None or bill.tip is None or not bill.people:
        return None
    refuse_mixed_currencies(question.text)
    return [f"({_w(bill.bill)} + {_w(bill.tip)}%) / {_w(bill.people)}"]


def _bill(question: Question, depth: int) -> _Bill | None:
    """The bill of this turn, or that of the turn before with what this one changes."""
    text = re.sub(r"(?<=\s)/(?=\s)", ",", read_plainly(question.text))
    if _NOT_TOLD.search(text) or re.search(r"[*=^]|\d\s*/\s*\d|[+-]\s*\d", text):
        return None
    told = _bill_alone(text, question.requirement)
    if told is None:
        return None
    if told.bill is not None and told.people is not None and told.tip is not None:
        return told
    before = None
    if question.earlier and depth:
        before = _bill(question._replace(text=question.earlier[0], earlier=question.earlier[1:]), depth - 1)
    if before is None:
        return told if told.bill is not None else None
    people = told.people if told.people is not None else _more_people(text, before)
    if people is None and told.tip is None and told.bill is None:
        return None
    return _Bill(
        told.bill if told.bill is not None else before.bill,
        told.tip if told.tip is not None else before.tip,
        people if people is not None else before.people,
    )


def _bill_alone(text: str, requirement: str) -> _Bill | None:  # noqa: C901 - a branch for each figure
    amounts = amounts_in(text)
    left = _rest(text, amounts)
    if _names(re.sub(_PEOPLE, " ", left, flags=re.IGNORECASE)) > 3:
        return None
    bills: list[Fraction] = []
    tips: list[Fraction] = [Fraction(0)] if _NO_TIP.search(text) else []
    people: list[Fraction] = []
    for one in amounts:
        behind, ahead = text[one.end : one.end + 20], text[max(0, one.start - 24) : one.start]
        if one.share or re.search(r"(?:\btip|小费)\s*(?:of|is|at|:|是)?\s*$", ahead, re.IGNORECASE):
            if not one.share and ("%" not in requirement and "percent" not in requirement.lower()):
                return None
            tips.append(one.value)
        elif re.match(rf"\s*(?:{_MONEY})", behind, re.I) or re.search(rf"(?:{_MONEY})\s*$", ahead, re.I):
            bills.append(one.value)
        elif _JOINS.search(text) and re.match(r"\s*(?:more|others?|friends?|people)", behind, re.IGNORECASE):
            continue
        elif one.whole and (
            re.match(rf"\s*{_PEOPLE}(?![a-z])", behind, re.IGNORECASE)
            or re.search(
                r"(?:\bso|\bby|\bbetween|\bamong|\bwe are|\bwe're|\bthat makes|\bnow|\binto|/|\bsplit|\bof us)\s*$",
                ahead,
                re.I,
            )
        ):
            people.append(one.value)
        elif re.match(r"\s*[A-Za-z]", behind) and re.match(
            r"\s*(?:minutes?|hours?|days?|years?|am|pm|km)\b", behind, re.I
        ):
            return None
        else:
            bills.append(one.value)
    if len(bills) == 2 and not people and bills[1].denominator == 1 and 2 <= bills[1] <= 30 and bills[0] > 3 * bills[1]:
        people, bills = [bills[1]], [bills[0]]
    if len(bills) == 1 and not people and not tips and len(amounts) == 1 and amounts[0].whole and bills[0] <= 30:
        if re.search(r"\bbill\b|账单|\btotal\b", text, re.IGNORECASE):
            return _Bill(bills[0])
        return _Bill(people=bills[0]) if re.search(r"\bus\b|\bpeople\b|\bfor\b|人", text) else None
    if max(len(bills), len(tips), len(people)) > 1:
        return None
    return _Bill(next(iter(bills), None), next(iter(tips), None), next(iter(people), None))


def _more_people(text: str, before: _Bill) -> Fraction | None:
    """`two more join us`, `Sam joins`: one more or as many more."""
    if before.people is None:
        return None
    numbers = [one.value for one in amounts_in(text) if one.whole]
    step = numbers[0] if len(numbers) == 1 else Fraction(1) if not numbers else None
    if step is None or not (_JOINS.search(text) or _LEAVES.search(text)) or " and " in text.replace("and with", ""):
        return None
    return before.people + step if _JOINS.search(text) else before.people - step


def _overtime(question: Question) -> list[str] | None:
    """`6 hours overtime at time and a half, 16.80 an hour`, with the hours at the usual rate where they are said."""
    text = read_plainly(question.text)
    text = re.sub(r"\btime and an? half\b", "time and half", text, flags=re.IGNORECASE)
    if not _OVERTIME.search(text):
        return None
    factors = [value for form, value in _FACTOR if re.search(form, text, re.IGNORECASE)]
    plain = text
    for form, _ in _FACTOR:
        plain = re.sub(form, " ", plain, flags=re.IGNORECASE)
    if not factors and (said := _TIMES.search(plain)):
        factors = [Fraction(said[1] or said[2])]
        plain = _TIMES.sub(" ", plain, count=1)
    amounts = amounts_in(plain)
    if not factors and (shares := [one for one in amounts if one.share]) and len(shares) == 1:
        factors = [1 + shares[0].value / 100] if shares[0].value < 100 else [shares[0].value / 100]
    amounts = [one for one in amounts if not one.share]
    hours = [
        one
        for one in amounts
        if re.match(rf"\s*(?:over ?time |extra |normal |regular )?{_HOURS}", plain[one.end :], re.IGNORECASE)
        and not re.search(r"[$€£¥]\s*$", plain[: one.start])
    ]
    rates = [one for one in amounts if one not in hours]
    if (
        len(factors) != 1
        or not hours
        or len(hours) > 2
        or len(rates) > 1
        or _names(_rest(plain, amounts)) > _MOST_NAMES
    ):
        return None
    if not rates:
        raise Refusal("What is the usual rate per hour?", "平时每小时多少钱？")
    rate = _w(rates[0].value)
    if len(hours) == 1:
        return [f"{_w(hours[0].value)} * {rate} * {_w(factors[0])}"]
    around = [
        _OVERTIME.search(plain[one.end : hours[at + 1].start if at + 1 < len(hours) else one.end + 24]) is not None
        for at, one in enumerate(hours)
    ]
    if around[0] == around[1]:
        return None
    usual, extra = (hours[1], hours[0]) if around[0] else (hours[0], hours[1])
    return [f"{_w(usual.value)} * {rate} + {_w(extra.value)} * {rate} * {_w(factors[0])}"]


def _pay(question: Question) -> list[str] | None:
    """A raise on a pay, a pay by the year in months or the other way round."""
    text = read_plainly(question.text)
    agent = _PAY_AGENT.search(question.requirement) is not None
    if _NOT_TOLD.search(text) or _OVERTIME.search(text) or (not agent and not _IS_PAY.search(text)):
        return None
    if _VAT.search(text) or re.search(rf"[*=^]|\d\s*/\s*\d|\d\s*{_HOURS}", text, re.IGNORECASE):
        return None
    salaries = _SALARIES.search(text)
    plain = _SALARIES.sub(" ", text, count=1) if salaries else text
    amounts = amounts_in(plain)
    if _names(_rest(plain, amounts)) > _MOST_NAMES:
        return None
    shares = [one for one in amounts if one.share]
    money = [one for one in amounts if not one.share]
    if shares or (_IS_RAISE.search(plain) and agent and len(money) == 2):
        return _raised(question, plain, shares, money)
    if not agent and not salaries:
        return None
    return _by_month(question, plain, money, int(salaries[1]) if salaries else None)


def _raised(question: Question, text: str, shares: list[Amount], money: list[Amount]) -> list[str] | None:
    if not _IS_RAISE.search(text) or len(shares) > 1 or re.search(r"\bof\b(?=\s*\S*\d)(?!\s*[\d.,]+\s*%)", text):
        return None
    if not money:
        if question.earlier or (re.search(r"\bit\b|\bthat\b", text, re.IGNORECASE) and question.earlier):
            return None
        if not (_IS_PAY.search(text) or _PAY_AGENT.search(question.requirement)):
            return None
        raise Refusal("What is the pay before the raise?", "加薪之前是多少？")
    if shares and len(money) == 1:
        pay, share = _w(money[0].value), f"{_w(shares[0].value)}%"
        if re.search(r"how much (?:more|is the (?:raise|increase))|\bdifference\b|多多少", text, re.IGNORECASE):
            return [f"{pay} * {share}"]
        if re.search(rf"(?<![a-z])(?:{_A_YEAR})(?![a-z])", text, re.I) and re.search(
            rf"(?<![a-z])(?:{_A_MONTH})(?![a-z])", text, re.I
        ):
            return None
        return [f"{pay} + {share}"]
    return None


def _by_month(question: Question, text: str, money: list[Amount], salaries: int | None) -> list[str] | None:
    year = [found.start() for found in re.finditer(rf"(?<![a-z])(?:{_A_YEAR})(?![a-z])", text, re.IGNORECASE)]
    month = [found.start() for found in re.finditer(rf"(?<![a-z])(?:{_A_MONTH})(?![a-z])", text, re.IGNORECASE)]
    if not money and question.earlier and (salaries or year or month):
        before = question._replace(text=question.earlier[0], earlier=question.earlier[1:])
        told = _SALARIES.sub(" ", read_plainly(before.text))
        paid = [one for one in amounts_in(told) if not one.share]
        if salaries is None or len(paid) != 1:
            return None
        if re.search(_A_YEAR, told, re.IGNORECASE):
            return [f"{_w(paid[0].value)} / {salaries}"]
        return [f"{_w(paid[0].value)} * {salaries}"] if re.search(_A_MONTH, told, re.IGNORECASE) else None
    if len(money) != 1 or not (year or month):
        return None
    number, at = _w(money[0].value), money[0].start
    if year and month:
        near_year = min(abs(one - at) for one in year) < min(abs(one - at) for one in month)
        return [f"{number} / {salaries or 12}"] if near_year else [f"{number} * {salaries or 12}"]
    if salaries:
        return [f"{number} / {salaries}"] if year else [f"{number} * {salaries}"]
    return None
