"""Reading what people type: language, full-width signs, number words."""

import re
from fractions import Fraction

from .figures import carried
from .patterns import lazy_pattern

_COUNTS = ("the", "total", "exact", "and", "me", "show", "get", "give", "find", "is", "count")
NUMBER_OF = "|".join((r"(?<!\w )\bnumber of\b", *(rf"(?<=\b{word} )number of\b" for word in _COUNTS)))
"""`the number of items`, and not `the phone number of the customer`."""
MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
"""The name of a month, whole or cut short."""
_CJK = lazy_pattern("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_ENGLISH_GLUE = lazy_pattern(
    r"\b(?:the|is|are|was|what|how|of|in|to|many|much|convert|count|and|from|please|calculate|extract|find|give|with|"
    r"list|get|total|sum|add|divide|multiply|subtract|show|turn|between|for|this|that|into)\b",
    re.IGNORECASE,
)
_DATA_STARTS = lazy_pattern(r"```|\n|\\n|[\"“「{\[]|[:：]\s")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_SIGNS = str.maketrans(
    {"×": "*", "✕": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "—": "-", "²": "^2", "³": "^3", "√": "sqrt ", "’": "'"}
    | {"“": '"', "”": '"', "‘": "'", "、": ","}
    | dict.fromkeys(("\u00a0", "\u202f", "\u2007", "\u2008", "\u2009", "\u200a"), " ")
    | {"½": " 1/2", "¼": " 1/4", "¾": " 3/4", "⅓": " 1/3", "⅔": " 2/3", "⅛": " 1/8", "⅜": " 3/8", "⅝": " 5/8"}
)
_UNITS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: 10 * n
    for n, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_WORD = "|".join([*_UNITS, *_TENS, *_SCALES])
_NUMBER_WORDS = lazy_pattern(rf"\b(?!one[ -]way\b)(?:{_WORD})(?:(?:\s+and\s+|[\s-]+)(?:{_WORD}))*\b", re.IGNORECASE)
_DIGITS_CHINESE = {sign: n for n, sign in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_SCALES_CHINESE = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
_MIXED = lazy_pattern(
    r"(?<![\d.])\d+(?:\.\d+)?[百千万亿](?:\d+(?:\.\d+)?[百千万]?)*(?<=\d)(?![\d.百千万亿])|(?<![\d.])"
    r"(?:\d+(?:\.\d+)?[百千万亿]){2,}"
)
_CHINESE_NUMBER = lazy_pattern(
    "(?!千[米克瓦焦帕卡赫牛]|一[起共样直定般些])[零〇一二两三四五六七八九十百千万亿]+(?:点[零〇一二三四五六七八九]+)?"
)
_LARGEST_CHINESE = 10**30
_DECIMAL_COMMA = lazy_pattern(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+|\d+),(\d{1,2})(?![\d,.]*\d)")
_TIGHT_COMMA = lazy_pattern(r"(?<![\d,])\d+,(\d+)(?![\d,.]*\d)")
_A_LIST = lazy_pattern(r"\d,\d+,\d|\d,\d{3}(?!\d)|\d\.\d{1,2}(?!\d)|\n|\d\s*,\s+\d+(?![\d,]|\s*%)(?=\s*(?:,|and\b|$))")
_PRICED = lazy_pattern(
    r"[$€£¥%]|\b(?:eur\w*|chf|bill|tip|costs?|price|paid|pays?|vat|tax|net\w*|brutto|gross|each|total)\b|元|块|价|税",
    re.IGNORECASE,
)
_LAKHS = lazy_pattern(r"(?<![\d.,])\d{1,2}(?:,\d{2})+,\d{3}(?![\d,])")
_FULL_STOPS = lazy_pattern(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+),(\d{1,2})(?![\d,.]*\d)")
_NO_CENTS = lazy_pattern(r"(?<=\d)[.,]--?(?!\d)")
_SCALED = lazy_pattern(
    r"(?<!\d)(\d+(?:\.\d+)?)\s*(hundred|thousand|million|billion|trillion|[百千万亿])(?![a-z])", re.IGNORECASE
)


def has_chinese(text: str) -> bool:
    return _CJK.search(text) is not None


def is_chinese(text: str) -> bool:
    """Whether the user writes Chinese: judged by the request itself, not by the text or table handed over with it."""
    start = _DATA_STARTS.search(text, 1)
    head = text[: start.start()] if start else text[:400]
    if not has_chinese(head):
        return not _ENGLISH_GLUE.search(head) and not re.search("[A-Za-z]{2}", head) and has_chinese(text)
    return not _ENGLISH_GLUE.search(head)


_HOW_MANY = lazy_pattern(
    r"(?:(?:and|so|ok|okay|now|then)[\s,]+)*(?:how many|count (?:them|those|these|it)|how many of them)"
    r"(?: (?:[a-z-]+s (?=(?:did|do|have) (?:you|i|we)\b|(?:are|were) "
    r"(?:there|that|those|these|they|left|in|on)\b|in (?:total|all)\b|"
    r"altogether|now\b|then\b|left\b))?)?"
    r"(?: ?\b(?:on|are|were|is|was|did|do|have|you|i|we|there|they|"
    r"those|these|this|of|them|it|now|then|left|still|get|got|see|"
    r"that|find|found|in|total|all|altogether|results?|matches)\b)*[\s?.!]*|(?:那|一共|总共|共)*(?:有(?:多少|几)|(?:多少|几)(?=个|行|条|项)|(?<!共)(?<!总)多少)(?:个|行|条|项)?(?:呢|"
    r"啊)?[\s？?。]*",
    re.IGNORECASE,
)


def asks_how_many(text: str) -> bool:
    """Whether the whole of `text` asks how many there were, of what an earlier turn was about."""
    return _HOW_MANY.fullmatch(text.strip()) is not None


def plain_signs(text: str) -> str:
    """`text` with full-width signs and typographic operators as ASCII."""
    return text.translate(_WIDE).translate(_SIGNS)


def with_points(text: str) -> str:
    """`1.250,50` as `1250.50`, where every comma is a decimal one."""
    commas = text.count(",") - len(re.findall(r",(?=\s)", text))
    if commas != len(_DECIMAL_COMMA.findall(text)) or re.search(r"\d\.\d{1,2}(?!\d)", text):
        return text
    return _DECIMAL_COMMA.sub(lambda found: f"{found[1].replace('.', '')}.{found[2]}", text)


def with_commas_read(text: str) -> str:
    """`12,40` as `12.40`, and `2,5 and 3,0`: where no comma stands between numbers of a list."""
    tight = _TIGHT_COMMA.findall(text)
    if not tight or _A_LIST.search(text) or not all(len(cents) < 3 for cents in tight):
        return text
    sure = len(tight) > 1 or (len(tight[0]) == 2 and _PRICED.search(text) is not None)
    return with_points(text) if sure else text


def without_habits(text: str) -> str:
    """`4,75,000` as `475000`, `1.350,00` as `1350.00`, `12.-` as `12`: digits as they are written elsewhere."""
    text = _LAKHS.sub(lambda found: found.group().replace(",", ""), text)
    text = _FULL_STOPS.sub(lambda found: f"{found[1].replace('.', '')}.{found[2]}", text)
    return _NO_CENTS.sub("", text)


def digits_for_words(text: str) -> str:
    """`text` with number words in digits: `twelve` is 12, `two hundred and five` 205, `三百零五` 305."""
    text = re.sub(r"\ba (?=(?:hundred|thousand|million|billion)\b)", "1 ", text, flags=re.IGNORECASE)
    text = re.sub(r"\b(?:an? )?(?:(fiver)|tenner)\b", lambda one: "5" if one[1] else "10", text, flags=re.IGNORECASE)
    text = _MIXED.sub(lambda found: _mixed(found.group()), text)
    text = _SCALED.sub(lambda found: _scaled(found[1], found[2].lower()), text)
    text = _NUMBER_WORDS.sub(lambda found: _english_number(found.group()), text)
    return _CHINESE_NUMBER.sub(
        lambda found: (
            ("" if not re.match(r"\d", text[found.start() - 1 : found.start()]) else " ")
            + _chinese_number(found.group())
            + (" " if re.match(r"\d", text[found.end() : found.end() + 1]) else "")
        ),
        text,
    )


def _mixed(text: str) -> str:
    """`3万5千` is 35000, and so is `3万5`: a last digit by itself is of the next smaller scale."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([百千万亿]?)", text)
    total, before = Fraction(0), Fraction(0)
    for digits, sign in parts:
        scale = Fraction(_SCALES_CHINESE[sign]) if sign else before / 10 if len(digits) == 1 else Fraction(1)
        if before and scale >= before:
            return text
        total, before = total + Fraction(digits) * scale, scale
    return carried(total)


def _scaled(digits: str, scale: str) -> str:
    factor = _SCALES[scale] if scale in _SCALES else _SCALES_CHINESE[scale]
    return carried(Fraction(digits) * factor) if len(digits) <= 40 else f"{digits} {scale}"


def _english_number(words: str) -> str:
    """Groups that do not make one number stay apart: `three and four` is `3 and 4`."""
    parts = re.split(r"(\s+and\s+|[\s-]+)", words.lower())
    text, group, glue = "", [parts[0]], ""
    for separator, word in zip(parts[1::2], parts[2::2], strict=True):
        if _continues(group, word, "and" in separator):
            group.append(word)
            continue
        text += glue + _worth(group)
        glue, group = separator, [word]
    return text + glue + _worth(group)


def _continues(group: list[str], word: str, after_and: bool) -> bool:
    last = group[-1]
    if word in _SCALES:
        return True
    if last in _SCALES:
        return True
    return last in _TENS and word in _UNITS and 0 < _UNITS[word] < 10 and not after_and


def _worth(group: list[str]) -> str:
    total, current = 0, 0
    for word in group:
        if word == "hundred":
            current = (current or 1) * 100
        elif word in _SCALES and total and not current:
            total *= _SCALES[word]
        elif word in _SCALES:
            total, current = total + (current or 1) * _SCALES[word], 0
        else:
            current += _UNITS[word] if word in _UNITS else _TENS[word]
    return str(total + current)


def _chinese_number(signs: str) -> str:
    whole, _, decimals = signs.partition("点")
    if not any(sign in _SCALES_CHINESE for sign in whole):
        digits = "".join(str(_DIGITS_CHINESE[sign]) for sign in whole)
    elif (worth := _chinese_worth(whole)) is None:
        return signs
    else:
        digits = str(worth)
    return digits + ("." + "".join(str(_DIGITS_CHINESE[sign]) for sign in decimals) if decimals else "")


def _chinese_worth(signs: str) -> int | None:
    """None for a number that is too large."""
    total, section, digit = 0, 0, 0
    if re.fullmatch(r".*[百千万亿][一二两三四五六七八九]", signs):
        signs += {"百": "十", "千": "百", "万": "千", "亿": "千万"}[signs[-2]]
    for sign in signs:
        if sign in _DIGITS_CHINESE:
            digit = _DIGITS_CHINESE[sign]
            continue
        scale = _SCALES_CHINESE[sign]
        if scale < 10**4:
            section, digit = section + (digit or 1) * scale, 0
        else:
            total, section, digit = (total + section + digit) * scale, 0, 0
        if max(total, section) > _LARGEST_CHINESE:
            return None
    return total + section + digit
