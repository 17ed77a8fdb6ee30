"""What a requirement lays down in figures, as `27.50 an hour` or `payment is due 45 days after the invoice`.

An answer to a bare input that would be the same with another figure there has not been worked out by that rule.
"""

import re
from collections.abc import Callable

from ..tools.contract import JsonValue
from ..tools.patterns import lazy_pattern
from .replies import Reply

WORKED_OUT = ("arithmetic", "unit_conversion", "date_arithmetic")
"""The tools that answer with figures of their own."""
_LONGEST = 2000
_MOST = 6
_RULE = lazy_pattern(
    r"[$€£¥]?\d[\d.,]*\s?(?:[a-z]{1,12}\s)?(?:(?:per|an?|each|every|for (?:every|each))\s+|/\s?)[a-z]{2,}|"
    r"\d+ (?:calendar |working |business )?(?:days?|weeks?|months?) (?:after|before|from|later|notice)\b|"
    r"\b(?:plus|adds?|adding) \d+ (?:days?|weeks?|months?)\b|"
    r"第\d+[天日]|\d+(?:天|个?工作日|个?月|周)之?[后前内]|每[^\d，。,]{1,4}\d[\d.]*元?|\d[\d.]*[元块]|满\d+",
    re.IGNORECASE,
)
_FIGURE = lazy_pattern(r"\d+(?:[.,]\d+)*")
_DATE = lazy_pattern(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")
_EXAMPLE = lazy_pattern(r"\b(?:e\.?g\.?|for example|for instance|such as|like|say)\W|比如|例如|[像如]", re.IGNORECASE)
_ASKS_ITSELF = lazy_pattern(
    r"\d\s*[-+*/x×÷^]\s*\d|%|\d of\b|\b(?:per ?cent|between|since|ago|convert|from [^.]{1,40} (?:to|till|until)|"
    r"(?:days?|weeks?|months?) (?:after|before|from)|"
    r"(?:plus|minus) \d+ (?:days?|weeks?|months?|years?))\b|\b(?:in|to|into|as)\s+[a-z²³/]+\s*\?*$|"
    r"百分|距|换算|打折|加上|减去|[乘除]以?|[之以][前后]",
    re.IGNORECASE,
)
"""Such a prompt says what is to be worked out, by whatever rule."""


def unused_rule(requirement: str, prompts: list[str], is_same: Callable[[str], bool]) -> str | None:
    """The first figure rule of `requirement`, if the answer to the last of `prompts` is the same whatever the figures.

    `is_same` tells so for another requirement. None where a prompt says itself what is to be worked out.
    """
    text = requirement[:_LONGEST]
    example = _EXAMPLE.search(text)
    said = [one for one in _RULE.finditer(text) if example is None or one.start() < example.start()][:_MOST]
    if not said or not _FIGURE.search(prompts[-1]) or _ASKS_ITSELF.search(_DATE.sub("", prompts[-1])):
        return None
    told = {figure for prompt in prompts for figure in _FIGURE.findall(prompt)}
    for one in said:
        figure = _FIGURE.search(text, one.start())
        if figure is None or figure.group() in told:
            return None
        other = f"{int(figure.group()[0]) % 9 + 1}{figure.group()[1:]}"
        if not is_same(requirement[: figure.start()] + other + requirement[figure.end() :]):
            return None
    return said[0].group().strip()


def not_by_the_rule(reply: Reply, rule: str, chinese: bool) -> Reply:
    """What is said instead of `reply`."""
    english = f"I do not know how to apply '{rule}' to that. Please write out the sum that I shall work out."
    said = f"我不知道怎样按“{rule}”来算。请把要算的式子写出来。" if chinese else english
    error: JsonValue = {"error": english}
    call = {**reply.tool_calls[-1], "output": error}
    return Reply(said, (call,), final=True)
