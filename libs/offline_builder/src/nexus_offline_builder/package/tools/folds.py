"""Several pieces at a price each of which so many tenths are to be paid."""

import re
from fractions import Fraction

from .amounts import read_plainly
from .contract import Question
from .figures import carried
from .patterns import lazy_pattern

_PIECES = lazy_pattern(
    r"(?:买了?)?(?P<n>\d+)[件个条双本瓶只盒套张]?[\u4e00-\u9fff]{0,6}?(?:每[件个条双本瓶只盒套张]|单价|各)(?:是|要)?(?P<price>\d+(?:点\d+)?)[元块]?钱?"
    r"(?:总价|全部|一共|全场|都|再|然后)*打?(?P<fold>\d(?:点\d)?|\d\d)折(?:后|多少钱?|一共|共|要|是)*[?]?"
)


def folded(question: Question) -> list[str] | None:
    """`3件，每件129，打85折`: so many at a price each, and the tenths that are to be paid."""
    found = _PIECES.fullmatch(re.sub(r"[,;.\s]", "", re.sub(r"(?<=\d)[.](?=\d)", "点", read_plainly(question.text))))
    if found is None:
        return None
    fold = found["fold"].replace("点", ".")
    tenths = Fraction(fold) / (10 if len(fold) == 1 or "." in fold else 100)
    return [f"{found['n']} * {found['price'].replace('点', '.')} * {carried(tenths)}"]
