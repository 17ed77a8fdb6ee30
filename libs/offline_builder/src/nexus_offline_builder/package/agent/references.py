"""Resolves what a follow-up refers to: `that`, `the result`, `the total of price`, or nothing said at all."""

import re
from fractions import Fraction

from ..tools.contract import Value
from ..tools.figures import carried
from ..tools.patterns import lazy_pattern

_PRONOUN = lazy_pattern(
    r"\b(?:(?:the |that |this |your |my )(?:last |previous |first )?(?:result|answer|total|sum|value|number|amount|"
    r"figure|"
    r"average|product|quotient|difference|count|date|day)|that one|that|it|this|ans|(?<=till )then|(?<=until )then|"
    r"(?<=since )then)\b(?!')|"
    r"(?:上一?个|上面的?|刚才的?|前面的?|这个|那个|该)(?:结果|答案|数字?|值|总数|总和|合计|日期)|这个|那个|结果|"
    r"答案|它|总和|合计|总数|那天|得数",
    re.IGNORECASE,
)
_TOTALS = r"(?:totals?|sums?|averages?|means?|min(?:imum)?|max(?:imum)?|medians?|amount|value)"
_TOTALS_CHINESE = "(?:合计|总计|总和|总额|总数|平均值|最小值|最大值|中位数)"
_LAST_NUMBER = lazy_pattern(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:/\d+)?")
_AFTER_SIGN = lazy_pattern(r"(?:[=≈:：]|\bis\b|\bare\b|是|为)\s*(-?\d[\d,]*(?:\.\d+)?)(?![\d\w])")


def resolutions(prompt: str, value: Value) -> list[str]:
    """`prompt` with `value` in the place of what it refers to, in the ways that it may be meant."""
    spoken = [f"({value.spoken})", value.spoken] if value.number is not None else [value.spoken]
    named = _naming(value.label).sub("that", prompt) if value.label else prompt
    found = _PRONOUN.search(named)
    if found is None:
        return [f"({_exact(value)}) then {prompt}"] if value.number is not None else [f"{value.spoken} {prompt}"]
    texts = [named[: found.start()] + text + named[found.end() :] for text in spoken]
    if value.number is None:
        texts.append(f"{value.spoken} {prompt}")
    if value.number is not None:
        exact = f"({_exact(value)})"
        bare = [f"{exact} then {named}", _PRONOUN.sub(exact, named)]
        texts = [*bare, *texts] if re.fullmatch(r"[-\d.,/]+", value.spoken) else [*texts, *bare]
    return texts


def _exact(value: Value) -> str:
    """The number alone, without the unit that it was spoken with."""
    return carried(value.number) if value.number is not None else value.spoken


def _naming(label: str) -> "re.Pattern[str]":
    name = re.escape(label).replace("_", "[_ ]")
    return re.compile(
        rf"(?:the )?{_TOTALS} (?:of|for|in) (?:the )?[\"'`]?{name}[\"'`]?(?: columns?)?|(?:the )?{name}(?:'s)? "
        rf"{_TOTALS}|"
        rf"[“\"'「]?{name}[”\"'」]?\s*列?\s*的?\s*{_TOTALS_CHINESE}|(?:the )?(?<!\w)[\"'`]?{name}[\"'`]?(?: one| "
        rf"column)?(?!\w)",
        re.IGNORECASE,
    )


def named_value(prompt: str, values: tuple[Value, ...]) -> Value | None:
    """The value whose label `prompt` names; the longest label where several are named."""
    named = [value for value in values if re.search(r"[^\W\d]", value.label) and _naming(value.label).search(prompt)]
    return max(named, key=lambda value: len(value.label), default=None)


def value_in(answer: str) -> tuple[Value, ...]:
    """The number that an answer of unknown make gives: behind its last `=` or `is`, else its last number."""
    stated = _AFTER_SIGN.findall(answer)
    found = stated[-1] if stated else next(reversed(_LAST_NUMBER.findall(answer)), None)
    if found is None or len(found) > 60:
        return ()
    try:
        number = Fraction(found.replace(",", ""))
    except (ValueError, ZeroDivisionError):
        return ()
    return (Value(found.replace(",", ""), number),)
