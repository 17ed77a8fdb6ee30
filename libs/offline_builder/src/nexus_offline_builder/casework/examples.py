"""Examples that a requirement itself gives, as prompt and answer: nobody knows better what the agent shall do."""

import re
from collections.abc import Sequence

from nexus_contracts.verification import Number
from nexus_offline_builder.casework.draft import Draft, asked, has, number

_QUOTED = r"[\"“'‘「]([^\"”'’」\n]{2,200})[\"”'’」]"
_GIVES = r"(?:[-=]+>|→|⇒|gives|should (?:give|be|return|answer)|must (?:give|be|return)|returns|得到|应为|返回|得出)"
_EXAMPLE = re.compile(rf"{_QUOTED}\s*{_GIVES}\s*(?:{_QUOTED}|(-?\d+(?:\.\d+)?)(?![\d.]*\w))", re.IGNORECASE)


def examples(requirement: str) -> Sequence[Draft]:
    """`"10 km to miles" -> 6.21`, or `"25 in binary" gives "11001"`."""
    found: list[Draft] = []
    for prompt, text, figure in _EXAMPLE.findall(requirement):
        found.append((asked(prompt, _given(figure) if figure else has(text)),))
    return found


def _given(figure: str) -> Number:
    """To the places that are given."""
    expected = number(float(figure))
    places = len(figure.partition(".")[2])
    return expected.model_copy(update={"tolerance": 0.5 * 10**-places if places else 0.0})
