"""Whole numbers in other notations: binary, octal, hexadecimal, Roman; colours as #rrggbb or by their parts."""

import re
from typing import NamedTuple

from .contract import CERTAIN, LIKELY, POSSIBLE, Answer, Question, Refusal, Task, Tool, Value
from .patterns import lazy_pattern
from .wording import plain_signs

_LARGEST = 10**18
_LARGEST_ROMAN = 3999
_LONGEST = 120
_ROMAN = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)
_ROMAN_FORM = r"(?=[MDCLXVI])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_LETTER = r"[^\W\u4e00-\u9fff]"
"""Or a digit, but no Chinese word: between that and a number there is no space."""
_BASES = {"binary": 2, "octal": 8, "decimal": 10, "hexadecimal": 16}
_NAMES = (
    ("binary", r"\bbin(?:ary)?\b|\bbase[\s-]?2\b|二进制"),
    ("octal", r"\boct(?:al)?\b|\bbase[\s-]?8\b|八进制"),
    (
        "decimal",
        r"\bdec(?:imal)?\b|\bbase[\s-]?10\b|\b(?:arabic|normal|ordinary|plain|usual)\b(?: (?:numbers?|"
        r"numerals?))?|\bnumbers?\b|十进制|阿拉伯数?字?|数字",
    ),
    ("hexadecimal", r"\bhex(?:adecimal)?\b|\bbase[\s-]?16\b|十六进制"),
    ("roman", r"\broman\b(?: (?:numerals?|numbers?))?|罗马数?字?"),
)
_NAMED = tuple((name, lazy_pattern(form, re.IGNORECASE)) for name, form in _NAMES)
_TO = lazy_pattern(r"\b(?:to|in|into|as)\b|->|→|=|转换?[成为]?|换[成为算]+|[成为到是用的]", re.IGNORECASE)
_NUMBER = lazy_pattern(
    rf"(?<!{_LETTER})(?<!\.)(?:0x(?P<hex>[0-9a-f]{{1,16}})|0b(?P<bin>[01]{{1,64}})|0o(?P<oct>[0-7]{{1,22}})|"
    rf"(?P<roman>(?-i:{_ROMAN_FORM}))(?![a-z])|(?P<digits>(?:[0-9]{{1,3}}(?:,[0-9]{{3}})+|"
    rf"[0-9][0-9a-f]{{0,63}}|[a-f][0-9a-f]{{0,15}})))(?!(?:{_LETTER}|\.)*\d|{_LETTER})",
    re.IGNORECASE,
)
_COLOUR = lazy_pattern(
    r"#(?P<hex>[0-9a-f]{6}|[0-9a-f]{3})(?![0-9a-f])|(?:rgb)?\s*\(?\s*(?P<r>\d{1,3})\s*[,; "
    r"]\s*(?P<g>\d{1,3})\s*[,; ]\s*(?P<b>\d{1,3})\s*\)?",
    re.IGNORECASE,
)
_COLOUR_ASKED = lazy_pattern(r"\b(?:rgb|hex|colou?rs?)\b|颜色|色值", re.IGNORECASE)
_SAYS_NOTHING = lazy_pattern(
    r"\b(?:what|what's|whats|is|are|the|a|an|number|numeral|numerals|of|for|please|pls|convert|"
    r"converted|write|written|how|do|you|i|it|that|and|value|code|year|would|be|"
    r"can|could|tell|me|show|give|turn|translate|equals?|to|in|into|as|this|from|system|colou?rs?|rgb|"
    r"hi|hello|thanks|ok|so|now)\b|->|→|"
    r"[请把将帮我给一下写转换成为到是用的多少几等于呢数字颜色色值从]|[\W_]",
    re.IGNORECASE,
)


class _Notation(NamedTuple):
    """A number, the notation that it stands in, and those that it is wanted in."""

    value: int
    source: str
    targets: tuple[str, ...]


def understand(question: Question) -> Task | None:
    text = plain_signs(question.text.strip())
    if len(text) > _LONGEST or "\n" in text:
        return None
    if (colour := _colour(text, question)) is not None:
        return colour
    reading = _read(text, question)
    if reading is None:
        return _followed(text, question)
    return Task(CERTAIN if _names_in(text) else POSSIBLE, lambda: _answer(reading, question.chinese))


def _names_in(text: str) -> list[tuple[int, str]]:
    return sorted((found.start(), name) for name, form in _NAMED if (found := form.search(text)))


def _read(text: str, question: Question) -> _Notation | None:
    """The number in the notation that is said; in the one that the requirement names, if that can be only one."""
    named = [name for _, name in _names_in(text)]
    rest = text
    for _, form in _NAMED:
        rest = form.sub(" ", rest)
    numbers = list(_NUMBER.finditer(rest))
    if len(numbers) != 1 or _SAYS_NOTHING.sub("", rest.replace(numbers[0].group(), " ")):
        return None
    found, wanted = numbers[0], [name for _, name in _names_in(question.requirement)]
    if not (named or (question.alone and wanted)):
        return None
    source = _source(found, text, named, wanted)
    value = _value(found, source) if source else None
    if source is None or value is None:
        return None
    targets = tuple(name for name in named if name != source) or tuple(name for name in wanted if name != source)
    targets = targets or (("decimal",) if source != "decimal" else ())
    return _Notation(value, source, targets) if targets else None


def _source(found: "re.Match[str]", text: str, named: list[str], wanted: list[str]) -> str | None:
    for group, name in (("hex", "hexadecimal"), ("bin", "binary"), ("oct", "octal"), ("roman", "roman")):
        if found[group]:
            return name
    digits = found["digits"].replace(",", "")
    said = _said_source(text, named)
    if said is not None and said != "roman":
        return said
    if not digits.isdigit():
        return "hexadecimal" if "hexadecimal" in (named or wanted) else None
    if named:
        return "decimal"
    others = [name for name in wanted if name not in ("decimal", "roman")]
    if not others:
        return "decimal"
    if set(digits) <= {"0", "1"} and len(digits) > 2 and "binary" in others:
        return "binary"
    return "decimal" if len(others) == 1 and others == ["binary"] else None


def _said_source(text: str, named: list[str]) -> str | None:
    """`binary 1011`, `1011 binary to decimal`: the notation that is not behind `to` or `in`."""
    mark = next(iter(_TO.finditer(text)), None)
    if len(named) > 1:
        before = [name for at, name in _names_in(text) if mark is None or at < mark.start()]
        return before[0] if before else named[0]
    at = _names_in(text)[0][0] if named else 0
    return named[0] if named and named[0] != "decimal" and (mark is None or at < mark.start()) else None


def _value(found: "re.Match[str]", source: str) -> int | None:
    if found["roman"] and source == "roman":
        return _of_roman(found["roman"])
    digits = next(part for part in (found["hex"], found["bin"], found["oct"], found["digits"], found["roman"]) if part)
    try:
        return int(digits.replace(",", ""), _BASES.get(source, 10))
    except ValueError:
        return None


def _of_roman(text: str) -> int:
    value = 0
    for worth, sign in _ROMAN:
        while text.startswith(sign):
            value, text = value + worth, text[len(sign) :]
    return value


def _written(value: int, notation: str) -> str:
    if notation == "roman":
        if not 0 < value <= _LARGEST_ROMAN:
            raise Refusal("Roman numerals go from 1 to 3999.", "罗马数字只能表示 1 到 3999。")
        text = ""
        for worth, sign in _ROMAN:
            text, value = text + sign * (value // worth), value % worth
        return text
    return format(value, {"binary": "b", "octal": "o", "decimal": "d", "hexadecimal": "X"}[notation])


def _followed(text: str, question: Question) -> Task | None:
    """`and in hex?` is about the number of the turn before."""
    named = [name for _, name in _names_in(text)]
    rest = text
    for _, form in _NAMED:
        rest = form.sub(" ", rest)
    if not named or _SAYS_NOTHING.sub("", rest) or not question.earlier:
        return None
    before = _read(plain_signs(question.earlier[0].strip()), question._replace(earlier=()))
    return Task(LIKELY, lambda: _answer(before._replace(targets=tuple(named)), question.chinese)) if before else None


def _answer(reading: _Notation, chinese: bool) -> Answer:
    if reading.value > _LARGEST:
        raise Refusal("That number is too large for me.", "这个数太大了。")
    shown = {name: _written(reading.value, name) for name in reading.targets}
    first = _written(reading.value, reading.source)
    names = {"binary": "二进制", "octal": "八进制", "decimal": "十进制", "hexadecimal": "十六进制", "roman": "罗马数字"}
    lines = [
        f"{first}（{names[reading.source]}）= {text}（{names[name]}）"
        if chinese
        else f"{first} ({reading.source}) = {text} ({name})"
        for name, text in shown.items()
    ]
    value = Value(str(reading.value))
    return Answer("\n".join(lines), {"number": first, "from": reading.source}, {**shown}, (value,))


def _colour(text: str, question: Question) -> Task | None:
    found = _COLOUR.search(text)
    asked = _COLOUR_ASKED.search(text) or (question.alone and _COLOUR_ASKED.search(question.requirement))
    if (
        found is None
        or not asked
        or _SAYS_NOTHING.sub("", re.sub(r"\bhex\b", " ", text.replace(found.group(), " "), flags=re.IGNORECASE))
    ):
        return None
    if digits := found["hex"]:
        parts = (
            [int(digits[at : at + 2], 16) for at in (0, 2, 4)]
            if len(digits) == 6
            else [17 * int(sign, 16) for sign in digits]
        )
        shown = f"rgb({', '.join(map(str, parts))})"
    else:
        parts = [int(found[name]) for name in "rgb"]
        shown = f"#{''.join(f'{part:02X}' for part in parts)}"
    if max(parts) > 255:
        return Task(LIKELY, _refuse_part)
    return Task(
        CERTAIN,
        lambda: Answer(f"{found.group().strip()} = {shown}", {"colour": found.group().strip()}, {"colour": shown}),
    )


def _refuse_part() -> Answer:
    raise Refusal("The parts of a colour go from 0 to 255.", "颜色的分量只能是 0 到 255。")


TOOL = Tool(
    name="number_notation",
    ability="write whole numbers in binary, octal, hexadecimal or Roman numerals, and colours as #rrggbb or rgb(...)",
    ability_chinese="把整数写成二进制、八进制、十六进制或罗马数字，换算颜色 #rrggbb 与 rgb(...)",
    example="25 in binary",
    example_chinese="25 的二进制",
    understand=understand,
)
