"""Several numbers with one unit behind the last, and words of a prompt that are neither numbers nor units."""

import re
from fractions import Fraction

from . import figures
from .patterns import lazy_pattern
from .unit_names import mention_at

_NUMBER = r"(?:\d+[ -]\d+/\d+|\d+/\d+|\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_LIST = lazy_pattern(
    rf"(?:^|(?<=[:：,]\s)|(?<=\bconvert\s)|(?<=\bis\s)|(?<=\b(?:are|for)\s)|(?<=\bfrom\s)|(?<=\bplease\s)|"
    rf"(?<=把)|(?<=请问))"
    rf"(?P<list>{_NUMBER}(?:(?:\s*[,;、]\s*(?:and\s+|or\s+)?(?=\S)|\s*(?:&|\band\b|\bor\b|和)\s*){_NUMBER})+|"
    r"\d+(?:\.\d+)?(?:\s*/\s*\d+(?:\.\d+)?){2,})\s*(?=[^\W\d]|°)",
    re.IGNORECASE,
)
_TWO_PRESSURES = lazy_pattern(r"(?<![\d/.])(\d{2,3})\s*/\s*(\d{2,3})\s*(mm ?hg|毫米汞柱)", re.IGNORECASE)
_TIGHT_COMMA = lazy_pattern(r"\d,\d")
_PIECE = lazy_pattern(_NUMBER)
_SLASHED = lazy_pattern(r"\d+(?:\.\d+)?")
_ONE = lazy_pattern(
    r"(?<=[a-z\"'])(?<!\band)(?<!\bthat)(?<!\bthis)(?<!\bthe)(?<!\ba)\s+ones?(?=\s*(?:(?:in|to|"
    r"into)\s+\S+\s*)?[?.!]*$)|(?<=and )(?:the )?one (?:of|with|at) (?=\d)",
    re.IGNORECASE,
)
_NUMBERED = lazy_pattern(
    r"\b(?:bed|room|ward|patient|pt|case|flat|apt|apartment|box|sample|lot|batch|tank|tube|line|pump|step|boiler|"
    r"unit|lot|plot|stack|site|zone|landing|hydrant|well|silo|van|truck|lorry|pallet|parcel|twin|baby|kid)\s*"
    r"(?:no\.?\s*|nr\.?\s*|#\s*)?\d{1,4}(?:\s*[:,;-]\s+|\s+)(?!(?:by|x)\b|\*)(?=[^\d]*\d)|"
    r"\b(?!(?:at|for|of|to|from|is|are|was|about|over|under|than|plus|minus|times|and|or|by|in|on|with|per)\b)[a-z]{2,}\s+"
    r"#?\d{1,4}[a-z]?(?::\s+(?=[^\d]*\d)|\s+(?:reads?|shows?|is|was|weighs?|measures?|has|holds?)\s+(?:at\s+)?(?=\.?\d))",
    re.IGNORECASE,
)
"""`bed 4`, and `hydrant 3:` with whatever noun: such a number names what is measured."""
_HALF_RACE = lazy_pattern(r"\bhalf[- ](?=marathon\b)|\b(?:M|G|K|T)(?=(?:Byte|Bit)s?\b)", re.IGNORECASE)
_PREFIXES = {"m": "mega", "g": "giga", "k": "kilo", "t": "tera"}
_MIXED = lazy_pattern(r"(?<![/\d])\d+\s+and\s+\d+/\d+", re.IGNORECASE)
"""`2 and 3/4 inch` is one number."""
_NO_NUMBER = lazy_pattern(
    r"\b(?:on|at) one(?= [a-z])|"
    r"\b(?:the|this|that|which|each|every|another|no|any|some) one\b|\bone(?=\s+(?:is\s+|was\s+|weighs?\s+)?\d)|"
    r"(?<![一二三四五六七八九十百千万零])一(?=[个件下次样点些直般起定边张位套间条家种块只台包箱袋瓶](?!半))",
    re.IGNORECASE,
)
"""Words and signs that are numbers elsewhere: `the one by the window`, `一个`."""
_RATE_ASKED = lazy_pattern(
    r"每(小时|秒|分钟|时)(?:能|可以|要|跑|是|下载?|飞|走)*(多少|几)(公里|千米|英里|米|英尺|MB|兆|GB|KB)", re.IGNORECASE
)
_PACE = lazy_pattern(
    r"(?<![\d:])(\d{1,2}):([0-5]\d)(?:\s*min(?:ute)?s?)?\s*(?:/|per\s+|an?\s+)\s*(?:1\s*)?"
    r"(k(?:m|ilomet\w+)?s?|mi(?:les?)?)\b",
    re.IGNORECASE,
)
_CUBIC_FEET = lazy_pattern(r"(?<![\d.'])(\d{2,}|9|\d*\.\d+|\d{1,3}(?:[,' ]\d{3})+)\s*ft([23])(?![\d.])", re.IGNORECASE)
"""`90 ft3`: no height, as `5 ft3` may be."""
_CLOCKED = lazy_pattern(
    r"(?<![\w.:])(\d{1,3})(?:h([0-5]\d)(?:m(?:ins?)?)?|\s?h\s?([0-5]?\d)\s?m(?:ins?)?)(?![\w.])", re.IGNORECASE
)
"""`9h48`, and `2h05m`."""
_POUNDS = lazy_pattern(r"(\d+)\s*(?:lbs?|pounds?)\s+(1[0-5]|\d)(?=\s*(?:$|[=?,;]|->|(?:to|into)\b))", re.IGNORECASE)
_FEWEST = 2


def without_asides(text: str) -> str:
    """`and a 3/4 inch one?` without the `one`, `bed 4: 38.4 C` without the number of the bed; one sign for micro."""
    text = (
        re.sub(r"([\d一二两三四五六七八九十]+)亩([一二三四五六七八九1-9])分(?!钟)", r"\1.\2亩", text)
        if "分" in text
        else text
    )
    text = _RATE_ASKED.sub(r"\2\3每\1", _NO_NUMBER.sub(" ", text.replace("百公里油耗", " l/100km ")))
    text = re.sub(
        r"\b(?:for|just|wait|only|in) a (?:second|sec|minute)\b", " ", text.replace("几多", "多少"), flags=re.I
    )
    text = _HALF_RACE.sub(lambda one: _PREFIXES.get(one.group().lower(), ""), text)
    return _NUMBERED.sub(_unless_measured, _ONE.sub(" ", text.replace("\u03bc", "\u00b5")))


def _unless_measured(found: "re.Match[str]") -> str:
    """What is numbered is none where the number is of a unit: `box 4 kg 2 g`."""
    if mention_at(found.string, found.end()):
        return found.group()
    return "; " if re.search(r"[\d\w][,\s]*$", found.string[: found.start()]) else " "


def with_each_unit(text: str) -> str:
    """`20, 30 and 45 psi`, `142/91 mmHg` with the unit behind each of them."""
    return _LIST.sub(_repeated, _TWO_PRESSURES.sub(r"\1 \3, \2 \3", text))


def _repeated(found: "re.Match[str]") -> str:
    mention, listed = mention_at(found.string, found.end()), found["list"]
    if mention is None or mention.name in ("a", "A"):
        return found.group()
    fractions = "/" in listed and re.search("[,;&、和]|and|or", listed) is not None
    pieces = (_PIECE if fractions or "/" not in listed else _SLASHED).findall(listed)
    if len(pieces) < _FEWEST or _MIXED.search(listed) or (_TIGHT_COMMA.search(listed) and len(pieces) == _FEWEST):
        return found.group()
    shared = [f"{piece} {mention.name}" for piece in pieces[:-1]]
    return f"{', '.join(shared)}, {pieces[-1]} "


def with_paces(text: str) -> str:
    return _PACE.sub(_pace, text)


def _pace(found: "re.Match[str]") -> str:
    """`5:30 /km` in minutes for each."""
    minutes = Fraction(60 * int(found[1]) + int(found[2]), 60)
    return f"{figures.carried(minutes)} min/{'km' if found[3].lower().startswith('k') else 'mi'}"


def with_parts_named(text: str) -> str:
    """`90 ft3`, `9h48` and `8 lb 3` with the units that are meant."""
    text = _CUBIC_FEET.sub(lambda found: f"{found[1]} ft{'²' if found[2] == '2' else '³'}", text)
    text = _CLOCKED.sub(lambda found: f"{found[1]} h {found[2] or found[3]} min", text)
    return _POUNDS.sub(r"\1 lb \2 oz ", text)
