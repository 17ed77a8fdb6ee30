"""What a requirement works out from several numbers, as `mean of marks`: for prompts that are nothing but numbers."""

import re

from . import figures
from .contract import Question, Refusal
from .number_lists import numbers_alone
from .patterns import lazy_pattern
from .wording import plain_signs

_OF_ALL = (
    ("average", r"\b(?:average|mean|avg)s?\b(?! that)|平均|均[值分]"),
    ("median", r"\bmedians?\b|中位数"),
    ("max", r"\b(?:max(?:imum)?|highest|largest|biggest|best)\b|最[大高]"),
    ("min", r"\b(?:min(?:imum)?|lowest|smallest|worst)\b|最[小低]"),
    ("product", r"\b(?:product of|multiply|multiplies|multiplication)\b|乘积|相乘|乘法"),
    (
        "sum",
        r"\b(?:sums?|totals?|subtotals?|add(?:s|ing|ed)?|addition|altogether|tall(?:y|ies)|summing|cash up|"
        r"adding machine)\b|总和|求和|合计|总计|相加|加起来|加法|一共|总共|总分|记账",
    ),
)
_CHANGE = lazy_pattern(
    r"\b(?:percent(?:age)?|%|per cent)\b.{0,30}\b(?:change|increase|decrease|difference|growth|up|down|grew|rise|"
    r"rose|"
    r"fell|drop\w*|more|less|cheaper)\b|%\s*(?:change|increase|decrease|difference|growth|up|down)|"
    r"\b(?:change|increase|decrease|growth|difference|went up|rise|drop)\b.{0,30}(?:\b(?:in|as|by)\b.{0,10})"
    r"(?:\bpercent|\bper cent|%)|\bgrowth rate\b|涨跌幅?|涨幅|跌幅|增长率|增幅|变化率|百分比变化|"
    r"(?:涨|跌|增长|下降)了?百分之?几",
    re.IGNORECASE,
)
_APART = lazy_pattern(r"\bdifferences?\b|\bsubtract\w*|\bminus\b|相差|之差|差[值额]|减法", re.IGNORECASE)
_SHARE = lazy_pattern(
    r"\b(?:what|which) (?:percent(?:age)?|%|share)\b|\b(?:percent(?:age)?|share|%) (?:one|a|the "
    r"first) .{0,20}\b(?:is )?of\b|"
    r"占比|占.{0,4}百分之?几|百分之几",
    re.IGNORECASE,
)
_SORTS = lazy_pattern(
    r"\b(?:sort\w*|order(?:ed|s)? (?:of|by|the|my|some)|rank\w*|\w+est first)\b|排序|排列", re.IGNORECASE
)
_ANY = lazy_pattern(r"\b(?:calculat\w+|maths?|sums|numbers?|abacus|arithmetic|figures)\b|计算|算术|数字", re.IGNORECASE)
_PERCENT = lazy_pattern(r"\bper ?cent(?:ages?)?s?\b|%|百分", re.IGNORECASE)
_QUANTITY = lazy_pattern(
    r"\b(?:qty|quantit\w+|how many|pieces|pcs|number|count|items?)\b|数量|个数|件数", re.IGNORECASE
)
_PRICE = lazy_pattern(r"\b(?:prices?|each|cost|costs)\b|单价|价格|价钱", re.IGNORECASE)
_GOODS = lazy_pattern(
    r"(?:(?P<q>\d+)\s*(?:[x×*]\s*)?)?(?P<name>[^\W\d_][^\d]{0,30}?)\s*(?:[:：-]\s*)?(?:(?P<q2>\d+)\s*(?:[x×*@]|at|个|件|pcs)?\s+)?"
    r"(?:at |@|for )?\s*[$€£¥]?\s?(?P<p>\d*\.?\d+)(?:\s*(?:each|ea|元|块|[€$£]))?",
    re.IGNORECASE,
)
_FROM_TO = lazy_pattern(
    r"(?:from\s+|从\s*)?(?P<a>\d+(?:\.\d+)?)\s*(?:to|->|→|[涨升跌降增减]?\S{0,2}到)\s*(?P<b>\d+(?:\.\d+)?)[\s?.]*",
    re.IGNORECASE,
)
_PART_OF = lazy_pattern(r"(?P<a>\d+(?:\.\d+)?)\s*(?:/|\b(?:out )?of\b)\s*(?P<b>\d+(?:\.\d+)?)[\s?.]*", re.IGNORECASE)
_BETWEEN = lazy_pattern(
    r"(?:(?:it |price |rent )?(?:went |goes |rose |fell |changed )?(?:up |down )?from\s+|从\s*)?"
    r"(?P<a>[$€£¥]?\s*\d[\d,]*(?:\.\d+)?)\s*(?:,|;|/|\bto\b|->|→|>|-|\band\b|\bvs\.?|\bthen\b|"
    r"[涨升跌降增减]?\S{0,2}到|和|\s)\s*"
    r"(?P<b>[$€£¥]?\s*\d[\d,]*(?:\.\d+)?)\s*[.?]?",
    re.IGNORECASE,
)


def in_full(question: Question, requirement: str) -> str | None:
    """Several numbers with what is asked of them, as in `average of 72, 85`; None where nothing of that is said.

    Raises Refusal where the requirement does something else, and it is not clear what with these numbers.
    """
    text = plain_signs(question.text.strip())
    if (goods := _goods(text, requirement)) is not None:
        return goods
    if (pair := _BETWEEN.fullmatch(text)) and (asked := _of_two(pair["a"], pair["b"], requirement)):
        return asked
    if (moves := _FROM_TO.fullmatch(text)) and _PERCENT.search(requirement):
        falls = float(moves["b"]) < float(moves["a"])
        return f"percentage {'decrease' if falls else 'increase'} from {moves['a']} to {moves['b']}"
    numbers = numbers_alone(text)
    if numbers is None or _SORTS.search(requirement):
        return None
    names = [name for name, said in _OF_ALL if re.search(said, requirement, re.IGNORECASE)]
    members = ", ".join(figures.carried(number) for number in numbers)
    if names:
        return "\n".join(f"{name} of {members}" for name in names)
    if _ANY.search(requirement) and not any(form.search(requirement) for form in (_CHANGE, _APART, _SHARE)):
        return None
    raise Refusal(
        "What shall I work out from these numbers? Say for example: average of 4, 8.",
        "要用这些数算什么？例如：4 和 8 的平均值。",
    )


def _goods(text: str, requirement: str) -> str | None:
    """`milk 2 1.15` a line, where each has a quantity and a price: what they come to. None for anything else."""
    if not (_QUANTITY.search(requirement) and _PRICE.search(requirement)):
        return None
    pieces = [piece.strip() for piece in re.split(r"\n|[;；，、]|,(?!\d)|\band\b", text) if piece.strip()]
    told = [_GOODS.fullmatch(piece) for piece in pieces]
    if len(told) < 2 or not any(one and (one["q"] or one["q2"]) for one in told):
        return None
    return " + ".join(f"{one['q'] or one['q2'] or 1} * {one['p']}" for one in told if one) if all(told) else None


def share_in_full(question: Question, requirement: str) -> str | None:
    """`34/40` and `34 of 40`, where percentages are asked for."""
    part = _PART_OF.fullmatch(plain_signs(question.text.strip()))
    if part is None or not _PERCENT.search(requirement) or float(part["a"]) > float(part["b"]):
        return None
    return f"{part['a']} of {part['b']} in percent"


def _of_two(first: str, second: str, requirement: str) -> str | None:
    """What is asked of a pair: the change in percent, the difference, or the share of the first in the second."""
    a, b = (re.sub(r"[^\d.]", "", digits) for digits in (first, second))
    if _CHANGE.search(requirement):
        falls = float(b) < float(a)
        return f"percentage decrease from {a} to {b}" if falls else f"percentage increase from {a} to {b}"
    if _SHARE.search(requirement):
        return f"{a} of {b} in percent"
    if _APART.search(requirement):
        return f"{max(a, b, key=float)} - {min(a, b, key=float)}"
    return None
