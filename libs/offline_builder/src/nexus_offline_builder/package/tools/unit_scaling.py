"""How much of the quantity before is meant: `half of that`, `两倍`, `two thirds`, `plus 10%`."""

import re
from fractions import Fraction

from .patterns import lazy_pattern
from .wording import digits_for_words, plain_signs

_THOSE = r"(?:of\s+)?(?:that|it|this|those|them|these|the same|as that)"
_PIECES = r"(?:batch(?:es)?|portions?|servings?|pieces|pcs|people|boxes|bags|bottles|packs|cakes|loaves)\b"
_SCALED = lazy_pattern(
    r"(?:(?:and|what|about|the|of|how|is|are|then|ok|so|much|now|just|if|it|i|we|you|she|he|they|need|needs|have|has|buys?|"
    r"buy|"
    r"make|for|was|take|only|[1一]共|总共|那么?|如果|要|买|有)[\s,]*)*(?:(?P<part>(?:(?:an?|\d{1,2})[\s-]+)?(?:half|thirds?|quarters?|fourths?|fifths?|sixths?|"
    r"eighths?|tenths?)|double|twice|triple|there and back(?: again)?|(?:the )?(?:round|return) trip|both ways)"
    rf"(?:\s+(?:of|as much|as many))?\s*(?:{_THOSE})?|"
    rf"(?P<times>\d+(?:\.\d+)?)\s*(?:(?:times|x|{_PIECES})(?:\s+(?:of|as much|as many))?\s*(?:{_THOSE})?|{_THOSE})|"
    rf"(?:times|x|\*|multiplied by)\s*(?P<by>\d+(?:\.\d+)?)|(?P<share>\d+(?:\.\d+)?)\s*%\s*(?:of\s+)?{_THOSE}|"
    rf"(?:(?P<less>minus|less|-)|plus|\+)\s*(?P<more>\d+(?:\.\d+)?)\s*%|"
    r"(?P<way>来回|往返)|(?:它|其|这些|那)?的?(?P<below>\d+)分之(?P<above>\d+)|它?的?(?P<zh>[一1]?半|[两双]倍|(?P<n>\d+)\s*(?:倍|\s*[个件根块张片箱份人盒瓶袋包次]))|它?的?\s*(?P<of>\d+(?:\.\d+)?)\s*%)(?:[1一]共|总共|呢|是多少)*"
    r"(?:\s*please)?[\s?.!？。]*",
    re.IGNORECASE,
)
_FACTORS = {
    "half": Fraction(1, 2),
    "third": Fraction(1, 3),
    "quarter": Fraction(1, 4),
    "fourth": Fraction(1, 4),
    "fifth": Fraction(1, 5),
    "sixth": Fraction(1, 6),
    "eighth": Fraction(1, 8),
    "tenth": Fraction(1, 10),
    "double": Fraction(2),
    "twice": Fraction(2),
    "triple": Fraction(3),
    "一半": Fraction(1, 2),
    "1半": Fraction(1, 2),
    "半": Fraction(1, 2),
    "2倍": Fraction(2),
    "两倍": Fraction(2),
    "双倍": Fraction(2),
}
_COUNTED = lazy_pattern(r"(?:(?:an?|(?P<count>\d{1,2}))[\s-]+)?(?P<word>.+)")


def factor_in(text: str) -> Fraction | None:
    """`half of that`, `3 times as much`, `4.5 of those`, `plus 10%`: of the quantity of the turn before."""
    found = _SCALED.fullmatch(digits_for_words(plain_signs(text.strip())))
    if found is None:
        return None
    if found["way"] or re.search(r"\b(?:back|trip|ways)\b", found["part"] or "", re.IGNORECASE):
        return Fraction(2)
    if times := found["times"] or found["by"] or found["n"]:
        return Fraction(times)
    if share := found["share"] or found["of"]:
        return Fraction(share) / 100
    if found["more"]:
        return 1 + (-1 if found["less"] else 1) * Fraction(found["more"]) / 100
    if found["below"]:
        return Fraction(int(found["above"]), int(found["below"])) if int(found["below"]) else None
    counted = _COUNTED.fullmatch((found["part"] or found["zh"]).lower())
    word = counted["word"] if counted else ""
    return int((counted and counted["count"]) or 1) * _FACTORS[word if word in _FACTORS else word.removesuffix("s")]
