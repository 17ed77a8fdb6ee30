"""Statements in plain words, and which of them a question is about."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from .patterns import lazy_pattern
from .wording import has_chinese

_WORD = lazy_pattern(r"[a-z0-9]+(?:['’][a-z]+)?", re.IGNORECASE)
_JOINED = lazy_pattern(r"\b(check|pick|drop|log|sign|wi|e|day)[\s-](in|out|up|off|fi|mail|on)\b", re.IGNORECASE)
_ENDING = lazy_pattern(r"(?:ing|ies|es|ed|al|s|y|e)$")
_SMALL_WORDS = (
    "a able about actually after again all allowed also am an and answer any anything are as at be been "
    "before being between bring but buy by can come could did do does doing done dr during each else "
    "every exactly far find for from get give go got had has have having he hello here hey hi how i if in "
    "info information into is it its just know later let like long many may me might mine more mr mrs ms "
    "much must my need no not note notes now of off often ok on once one ones only or other our out over "
    "pay please pls possible question really remember said say shall she should show so some something "
    "still take tell thanks that the their them then there these they thing things this those till to "
    "today told until up us use want was we were what what's whats when where which who whom whose why "
    "will with would write written wrote yes you your yours"
)
_SAYS_NOTHING = frozenset(_SMALL_WORDS.split())
_KINDS = (
    (
        "price",
        "price prices cost costs fee fees charge charges expensive rate rates euro euros dollar dollars "
        "pound eur usd gbp free",
    ),
    ("time", "day days time times hour hours clock oclock am pm opening"),
    ("open", "open opened opening closed close closes shut"),
    ("child", "child children kid kids"),
    ("wifi", "wifi wlan internet"),
    ("pet", "dog dogs pet pets cat cats animal animals"),
    ("car", "park parking car cars"),
    ("checkin", "checkin arrive arrival arriving"),
    ("checkout", "checkout depart departure leave leaving"),
    ("phone", "phone telephone call number mobile"),
    ("place", "address located location street"),
    ("senior", "senior seniors pensioner pensioners retired"),
)
_SAME = {word: kind for kind, words in _KINDS for word in words.split()}
_GENERIC = frozenset(["price", "time", "open"])
"""What many statements tell: a question is not about one of them by this alone where others fit better."""
_SAME_CHINESE = tuple(
    (word, lazy_pattern(forms))
    for word, forms in (
        ("营业", "开门|关门|打烊|开店"),
        ("宠物", "[小养]?[狗猫]"),
        ("停车", "停车[场位]|车位"),
        ("儿童", "小孩子?|孩子"),
        ("电话", "联系方式|号码"),
    )
)
_DAY_CHINESE = lazy_pattern("(?:周|星期|礼拜)[一二三四五六日天末]|节假日|早上|晚上|中午")
_ASKS_CHINESE = lazy_pattern(
    r"请问|收费|价格|价钱|费用|你们?|我们?|可以|能不能|能|吗|呢|吧|啊|是不是|是什么|是多少|多少钱?|"
    r"几[点号个天]|什么时候|什么|哪里|哪儿|哪[个天些]?|怎么|"
    r"有没有|有|在|的|是|要|了|多久|告诉|知道|一下|关于|时间|记[了得过]?|写了?|说了?|[\s？?，,。!！：:]"
)


class Matching(NamedTuple):
    """The statements that fit best, and the words of the question that none of them has."""

    statements: tuple[str, ...]
    unknown: tuple[str, ...]


def about(question: str, statements: Sequence[str]) -> Matching:
    """Which of `statements` the question is about; none, where not a word of it that says something is in one."""
    if has_chinese(question):
        return _about_chinese(question, statements)
    asked = _said(question)
    if not asked:
        return Matching((), ())
    scored = [(_weight(asked, set(_said(statement))), statement) for statement in statements]
    best = max((weight for weight, _ in scored), default=0)
    fitting = tuple(statement for weight, statement in scored if weight == best) if best else ()
    known = {word for statement in fitting for word in _said(statement)}
    return Matching(fitting, tuple(text for word, text in asked.items() if word not in known and word not in _GENERIC))


def _weight(asked: "dict[str, str]", said: set[str]) -> int:
    """Words that only a few statements can have count three times as much as those of time and money."""
    return sum(1 if word in _GENERIC else 3 for word in asked if word in said)


def _said(text: str) -> dict[str, str]:
    """The words that say something, by stem or kind, each as it is written."""
    joined = _JOINED.sub(r"\1\2", text.replace("’", "'"))
    words = [found.group() for found in _WORD.finditer(joined)]
    return {_stem(word): word for word in words if word.lower().removesuffix("'s") not in _SAYS_NOTHING}


def _stem(word: str) -> str:
    plain = word.lower().removesuffix("'s")
    if kind := _SAME.get(plain):
        return kind
    for _ in range(2):
        shorter = _ENDING.sub("", plain)
        plain = shorter if len(shorter) > 2 else plain
    return _SAME.get(plain, plain)


def _about_chinese(question: str, statements: Sequence[str]) -> Matching:
    if any("地址" in statement for statement in statements):
        question = re.sub(r"在哪[里儿]?|怎么[去走]|什么地方", "地址", question)
    runs = [run for run in _ASKS_CHINESE.split(_in_one_word(question)) if run]
    scored = [(sum(_common(run, _in_one_word(statement)) for run in runs), statement) for statement in statements]
    days = _DAY_CHINESE.findall(question)
    scored = [(weight + sum(2 for day in days if weight and day in said), said) for weight, said in scored]
    best = max((weight for weight, _ in scored), default=0)
    fitting = tuple(statement for weight, statement in scored if weight == best) if best > 1 else ()
    unknown = tuple(
        run for run in runs if 2 * max((_common(run, _in_one_word(one)) for one in fitting), default=0) < len(run)
    )
    return Matching(fitting, unknown)


def _in_one_word(text: str) -> str:
    for word, forms in _SAME_CHINESE:
        text = forms.sub(word, text)
    return text


def _common(run: str, statement: str) -> int:
    """The length of the longest part of `run` that stands in `statement`; a single sign is no more than chance."""
    said = statement.lower()
    for size in range(len(run), 1, -1):
        if any(run[at : at + size].lower() in said for at in range(len(run) - size + 1)):
            return size
    return 1 if len(run) == 1 and run in said else 0
