"""What the requirement asks of every prompt, without the examples that it gives and its typing errors."""

import re
from functools import lru_cache

from ..tools.patterns import lazy_pattern
from .second_try import corrected

_LONGEST = 1000
_EXAMPLE = lazy_pattern(
    r"[(（]?\s*(?:\b(?:e\.?\s?g\b\.?|for (?:example|instance)|such as|something like|things? like|say,|like (?=\W*\d))|"
    r"例如|比如|譬如|比方说?|举例)(?:\.(?=\d)|[^.;!?\n)）。；！？])*[)）]?|"
    r"\"[^\"\n]*\"|“[^”\n]*”|「[^」\n]*」",
    re.IGNORECASE,
)


_BORDER = lazy_pattern(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z])|(?<=[A-Za-z])(?=[\u4e00-\u9fff])")
"""Words in Latin letters stand by themselves in Chinese."""


@lru_cache
def asked_always(requirement: str) -> str:
    """The requirement as far as it is read, with a blank for each example and quotation."""
    return corrected(_BORDER.sub(" ", " ".join(_EXAMPLE.sub(" ", requirement[:_LONGEST]).split())))
