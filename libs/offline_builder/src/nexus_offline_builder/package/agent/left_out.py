"""What a reading left out of a prompt: pieces that its answer neither shows nor depends on.

No tool is asked what it read. A piece is left out if the prompt gets the same answer without it, or with another number
in its place: `total for ann` that gives the total of all, `split 90 by 3 except the wine`.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..tools.patterns import lazy_pattern
from ..tools.unit_names import mention_at, mentions_in
from ..tools.units import unit_named
from ..tools.wording import digits_for_words
from .left_numbers import OF_TEXT, names_something, other_numbers

_MOST = 12
_LONGEST = 6000
_LONGEST_REQUEST = 80
_CHANGING = frozenset({"text_changes", "list_cleanup"})
"""Where an answer shows words of the request itself, they were read as the text."""
_OF_RECORDS = frozenset({"csv_totals", "json_query"})
_DATA_LINE = lazy_pattern(r"[;\t|{}\[\]<>]|,(?=\S)|^\W*\d[\d.,]*\W*$")
_HANDED_OVER = lazy_pattern(
    r"```.*?(?:```|$)|\"[^\"]*\"|“[^”]*”|「[^」]*」|『[^』]*』|(?<!\w)'[^'\n]*'(?!\w)|\{.*\}|\[.*\]", re.DOTALL
)
_COLON = lazy_pattern(r"[:：](?![\d/])")
_END = r"(?=\s*[\0,.;:!?()，。；：！？]|\s*$|\s+(?:and|then|but|in total|altogether|please|pls|thanks)\b)"
_CONDITION = lazy_pattern(
    rf"\b(?:except(?:ing)?(?: for)?|exclu\w+|excl|apart from|aside from|other than|besides|but (?:not|no|without)|"
    rf"unless|leav(?:e|ing) out|not (?:counting|including|for|on)|ignor(?:e|ing)|skip(?:ping)?|instead of|without|"
    rf"only(?=\s+\w)|"
    rf"but keep|if (?!you|possible|that|not\b|it\b|so\b))\b.+?{_END}|"
    rf"[,;]\s*(?=[^,;.]*\b(?:unpaid|free|not paid|for free)\b)[^,;.\0]+|"
    r"除了?[^,，。；;:：?？!！的]+?(?:以外|之外|外)|(?:不含|不包括|不包含|不计|不算|只算|只看|只要|仅限?|只统计|排除)"
    r"[^,，。；;:：?？!！的]+",
    re.IGNORECASE,
)
_IS_SO_ANYWAY = lazy_pattern(
    r"(?:without|no) (?:a |any )?(?:lunch\b|breaks?\b|pauses?\b)|"
    r"(?:without|excl\w*|no|ignor\w+|skip\w*|leav\w+ out|不含|不计|不算|不包括)\W*(?:(?:any|a|the|of|my|our|all|its|"
    r"their)\s+)*(?:blank|empty|n/?a\b|missing|null|tip|tips|tax|taxes|"
    r"vat|gst|service\w*|discounts?|shipping|delivery|fees?|round\w*|units?|decimals?|explan\w+|text|words|comments?|"
    r"details?|steps|calculator|looking|header\w*|a doubt|doubt|fail|税|小费|运费|holidays?|bank holidays?|public "
    r"holidays?|节假日|法定|标点)|only (?:need|want|have|has|had|got|know|takes?|accepts?|a|an|one|the number|the "
    r"result|the answer|if|when|because|after)\b|instead of (?:me|us|my|a|the)\b",
    re.IGNORECASE,
)
"""Conditions that an answer meets where nothing of the kind was asked for."""
_GAPS = lazy_pattern(r"(?:缺考|缺席|缺勤|未考|空白?|missing|empty|blanks?)的?\s*$", re.IGNORECASE)
"""Behind such a word a condition is about cells that are empty."""
_ROUNDING = lazy_pattern(
    r",?\s*(?:and |then )*(?:\bround\w*(?: (?:it|that|this|the \w+|up|down|off))*(?: ?(?:to|with))?|\bto)\s+(?:the )?"
    r"(?:nearest [\w.]+|(?:\d+|one|two|three) (?:decimals?|digits?|dp)(?: places?)?|(?:a |the )?(?:whole|full) "
    r"(?:\w+))|"
    r"\bround(?:ed)? (?:up|down)\b|[,，]?\s*(?:保留\s*[\d一二两三四]\s*位小数|四舍五入(?:到[个十百千]位|到整数)?|取整)",
    re.IGNORECASE,
)
_SECOND = lazy_pattern(
    r"(?:[,;.?]|\b(?:and|then|as well as|plus)\b)\s*(?:(?:and|then|also|please|tell me|give me|show me|what is|what's|"
    r"the)\s+)*(?P<verb>translate|sort|alphabeti[sz]e|count|average|mean|median|highest|lowest|maximum|minimum|remove|"
    r"dedupe|replace|uppercase|reverse|rank|email|send|remind|book|weekday|what day|which day|"
    r"how many (?:days|weeks|months|hours|words|rows|letters|lines))\b.*?(?=[,.;?!]|$)|"
    r"(?:[,，。；？]|并且?|然后|再|以及|还有|同时)+(?P<zh>翻译|排序|去重|平均|中位数|最高|最低|星期几|发给|提醒)[^,，。；？?!！]*",
    re.IGNORECASE,
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "星期", "周")
_ALSO_SHOWN = {
    "average": ("mean", "平均"),
    "mean": ("average", "平均"),
    "highest": ("max", "maximum", "most", "largest"),
    "lowest": ("min", "minimum", "least", "smallest"),
    "maximum": ("max",),
    "minimum": ("min",),
    "平均": ("average",),
    "最高": ("最大", "max"),
    "最低": ("最小", "min"),
    "中位数": ("median",),
    "day": _DAYS,
    "weekday": _DAYS,
    "星期几": _DAYS,
}
_PLACES = lazy_pattern(r"(\d|one|two|three|[一二两三四])\s*(?:decimals?|digits?|dp|位小数)", re.IGNORECASE)
_WORKING = lazy_pattern(r"\b(?:working|business) ?days?\b|\bweekdays\b|工作日", re.IGNORECASE)
_WORKING_SHOWN = ("working day", "business day", "weekday", "working days", "weekdays", "工作日", "monday to friday")
_WHOLE = lazy_pattern(
    r"\b(?:all together|altogether|all in all|in total|together|on top of (?:that|it|this)|combined|summed)\b|"
    r"合计|总共",
    re.IGNORECASE,
)
_APART = lazy_pattern(r"\b(?:both|respectively|separately)\b|分别", re.IGNORECASE)
_LESS = lazy_pattern(
    r"\b(?:left|remain\w*|lower|higher|heavier|lighter|longer|shorter|faster|slower|over|under|above|below|"
    r"(?:more|less) than|"
    r"difference|apart|spare|short of)\b(?! (?:an?|datum|"
    r"sea|ground|the|night|time|again)\b|.*\bright\b)|(?<=\d )\w+ (?:less|more)\b|"
    r"再[低高少]|还能|还剩|还差|相差|高多少|重多少|多多少|少多少",
    re.IGNORECASE,
)
_TAXED = lazy_pattern(
    r"\b(?:with|plus|incl\w*|including|and) (?:the )?(?:vat|tax|gst)\b(?!\W*\d)|(?:(?<!不)含税|加税)(?!\W*\d)",
    re.IGNORECASE,
)
_HOW = (
    (
        lazy_pattern(
            r"\bhow (?:fast|quick)\w*|(?<!that )(?<!this )\b(?:average )?speed\b|多快|(?<!这个)(?<!这)速度",
            re.IGNORECASE,
        ),
        ("length/time",),
    ),
    (lazy_pattern(r"\bdensity\b|密度", re.IGNORECASE), ("mass/volume",)),
    (lazy_pattern(r"\bhow (?:heavy|much .{0,20}weigh)\b|多重", re.IGNORECASE), ("mass",)),
    (lazy_pattern(r"\bhow (?:tall|high|deep|wide|far)\b|多[高远深宽](?!兴)", re.IGNORECASE), ("length",)),
    (lazy_pattern(r"\bhow (?:hot|cold|warm)\b|多[热冷]", re.IGNORECASE), ("temperature",)),
)
"""What is asked for, with the kinds of the units that an answer to it has."""
_IN_UNIT = lazy_pattern(r"\b(?:in|into|to|as|and)\s+(?=[a-z°µ])", re.IGNORECASE)
_NAMED = lazy_pattern(
    r"\b(?:for|of|by|from|in|at|with)\s+(?P<name>[A-Z][a-z]+)\b(?!\s*\d)|\b(?P<whose>[A-Z][a-z]+)'s\b"
)
_TELLS = lazy_pattern(
    r"\s*(?:and|but|because|cause|as|since|so|cos)?\s*(?:my|our|his|her|their|i|i'm|he|she|we|they|it's)\b",
    re.IGNORECASE,
)
_ASKS_OF_ROWS = lazy_pattern(
    r"\b(?:how|what|which|who|whose|total|sum|average|mean|median|count|number|most|least|highest|lowest|max|min|list|"
    r"show|only|just|without|except|per)\b",
    re.IGNORECASE,
)
_KNOWN_NAME = lazy_pattern(
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)|(?:csv|json|excel|i|what|how|"
    r"the)$",
    re.IGNORECASE,
)
_WORD = lazy_pattern(r"(?<![\w.])[^\W\d_][\w-]+")
_CELL = lazy_pattern(r"[,;\t|]")
_NUMBER = lazy_pattern(r"(?<![\w.#])(?<!\w-)(?<![$€£¥]\w)\d+(?:[.,:'/-]\d+)*(?!\w*\d)")
_OF_TIME = lazy_pattern(
    r"(?:[ -]\w+){0,2}[ -]?(?:days?|weeks?|fortnights?|months?|years?|dates?|times)\b|[个]?[天周月年次日星礼工小]",
    re.IGNORECASE,
)
_NUMBER_WORD = lazy_pattern(
    r"(?<!the )(?<!these )(?<!all )\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
    r"fifteen|twenty|thirty|forty|fifty|hundred)\b|"
    r"[两二三四五六七八九十]+(?=[个人件天次倍份位名周])",
    re.IGNORECASE,
)
_REASON = lazy_pattern(r"(?:if|both|respectively|separately)\b", re.IGNORECASE)
_TIMES = lazy_pattern(
    r"\b(?:twice|(?:half|double|triple) (?:of|the|that|it|as|this)|halve[ds]?)\b|翻倍|一半", re.IGNORECASE
)
_ORDINAL = lazy_pattern(
    r"\b(?:first|second|third|fourth|fifth|last)(?= (?:paragraph|sentence|line|column|row)\b)", re.IGNORECASE
)
_GROUPED = lazy_pattern(r"(?<=\d)[,'](?=\d{3})")


class Piece(NamedTuple):
    """What stands in a prompt; the prompts that would say something else; what shows in an answer that it was read."""

    said: str
    instead: tuple[str, ...]
    shown: tuple[str, ...] = ()


def left_out(
    prompt: str, answer: str, tool: str, is_same: Callable[[str], bool | None], later: bool = False
) -> str | None:
    """The first piece of `prompt` that `answer` does not show, and with anything instead the answer `is_same`.

    `is_same` is None for a prompt that is not answered, which says nothing where others are. `later`: the prompt was
    read with the turn before, and an `if` without a number says only why.
    """
    if len(prompt) > _LONGEST:
        return None
    plain = _GROUPED.sub("", answer).lower()
    plain = f"{plain}\n{plain.replace('_', ' ')}" if "_" in plain else plain
    pieces = [piece for piece in _pieces(prompt, answer, tool) if not any(_shows(plain, one) for one in piece.shown)]
    if later:
        pieces = [one for one in pieces if re.search(r"\d", one.said) or not _REASON.match(one.said)]
    for piece in pieces[:_MOST]:
        same = [is_same(text) for text in piece.instead]
        if not piece.instead or (True in same and False not in same):
            return piece.said
    return None


def _shows(answer: str, word: str) -> bool:
    word = word.lower()
    if not word.isascii():
        return word in answer
    return re.search(rf"(?<![\w.]){re.escape(word)}(?!\w|\.\d)", answer) is not None


def _pieces(prompt: str, answer: str, tool: str) -> Iterator[Piece]:
    asked = _asked(prompt, tool)
    if not asked.strip("\0\n "):
        return
    for form in (_CONDITION, _SECOND):
        for found in form.finditer(asked):
            said = found.group().strip(" ,.;?，。；？\0")
            if tool in _CHANGING and re.search(r"\w", said) and said.lower() in f"{answer}\n{answer[::-1]}".lower():
                yield Piece(said, ())
            elif not (_IS_SO_ANYWAY.match(said) or _GAPS.search(asked[: found.start()])):
                yield _without(prompt, found.start(), found.end(), _content(found))
    yield from _wishes(prompt, asked, answer)
    if tool == "json_query" and (whole := _WHOLE.search(asked)) and re.search(r"= [\[{]", answer):
        yield Piece(whole.group(), ())
    if tool in _OF_RECORDS:
        yield from _names(prompt, asked)
    if tool in ("unit_conversion", "arithmetic"):
        yield from _worked_out(prompt, asked, answer)
    yield from _units(prompt, asked)
    yield from _numbers(prompt, asked, tool)


def _wishes(prompt: str, asked: str, answer: str) -> Iterator[Piece]:
    """How it is to be rounded, how often it is meant, which days count."""
    for found in _ROUNDING.finditer(asked):
        if not _is_rounded(answer, found.group()):
            yield _without(prompt, found.start(), found.end())
    for found in _WORKING.finditer(asked):
        other = "天" if found.group() == "工作日" else "days"
        yield Piece(found.group(), (prompt[: found.start()] + other + prompt[found.end() :],), _WORKING_SHOWN)
    for found in _ORDINAL.finditer(asked):
        others = (f"{prompt[: found.start()]}{other}{prompt[found.end() :]}" for other in ("first", "third", "last"))
        yield Piece(found.group(), tuple(one for one in others if one != prompt))
    for found in _TIMES.finditer(asked):
        said = found.group().lower()
        part = "hal" in said or said == "一半"
        factor = ("1/2", "0.5", "50%", "2") if part else ("3",) if said.startswith("triple") else ("2", "12", "200%")
        yield _without(prompt, found.start(), found.end(), factor)


def _worked_out(prompt: str, asked: str, answer: str) -> Iterator[Piece]:
    """What is to be done with quantities, or asked of them, besides a conversion: it shows in the answer as a sign."""
    signs = re.search(r"[-+*/^]\s?\d|\d\s?[-+*/%^]", answer) is not None
    for found in _LESS.finditer(asked):
        if not signs:
            yield _without(prompt, found.start(), found.end())
    whole = [found.group() for found in _WHOLE.finditer(asked)]
    if whole and not signs and ("\n" in answer or any("on top" in said.lower() for said in whole)):
        yield Piece(whole[0], (re.sub(r"[\s,]+(?=[?.!]*$)", "", _WHOLE.sub(" ", prompt)),))
    for found in _APART.finditer(asked):
        if "\n" not in answer:
            yield _without(prompt, found.start(), found.end())
    for found in _TAXED.finditer(asked):
        if not re.search(r"%|[-+*/] \(?1\.\d|\(1 \+", answer):
            yield Piece(found.group(), ())
    kinds = {unit.kind for mention in mentions_in(answer) if (unit := unit_named(mention.name))}
    for form, wanted in _HOW:
        found = form.search(asked)
        if found is not None and kinds and not kinds.intersection(wanted):
            yield _without(prompt, found.start(), found.end())


def _is_rounded(answer: str, said: str) -> bool:
    """Whether every result is as round as it is to be."""
    results = [one or other for other, one in re.findall(r"[=≈]\s*(-?[\d.]+)(?: \((-?[\d.]+)\))?", answer)]
    places = _PLACES.search(said)
    if places is None:
        return bool(results) and "." not in "".join(results) and re.search(r"\d|ten|hundred|百|十", said) is None
    most = int(digits_for_words(places[1]))
    return bool(results) and all(len(one.partition(".")[2]) <= most for one in results)


def _asked(prompt: str, tool: str) -> str:
    """`prompt` with a mark for each character that is handed over to be worked on, and asks nothing."""
    text = _HANDED_OVER.sub(lambda found: "\0" * len(found.group()), prompt)
    lines = text.split("\n")
    if len(lines) > 1:
        ends = {0, len(lines) - 1}
        lines = [
            line if at in ends and not _DATA_LINE.search(line) else "\0" * len(line) for at, line in enumerate(lines)
        ]
    text = "\n".join(lines)
    if tool not in OF_TEXT:
        return text
    colon = _COLON.search(text)
    end = colon.start() if colon else text.find("\n") if "\n" in text else 0 if "\0" not in text else len(text)
    end = end if end <= _LONGEST_REQUEST else 0
    return text[:end] + "\0" * (len(text) - end)


def _without(prompt: str, start: int, end: int, shown: tuple[str, ...] = ()) -> Piece:
    return Piece(prompt[start:end].strip(" ,.;?，。；？"), (f"{prompt[:start]} {prompt[end:]}".strip(),), shown)


def _content(found: "re.Match[str]") -> tuple[str, ...]:
    groups = found.groupdict()
    word = groups.get("verb") or groups.get("zh")
    return (name := word.lower().split()[-1], *_ALSO_SHOWN.get(name, ())) if word else ()


def _units(prompt: str, asked: str) -> Iterator[Piece]:
    for found in _IN_UNIT.finditer(asked):
        mention = mention_at(asked, found.end())
        unit = unit_named(mention.name) if mention else None
        if mention is None or unit is None or mention.name.lower() in ("a", "in", "c", "f", "us", "can"):
            continue
        yield _without(prompt, found.start(), mention.end, (unit.symbol, mention.name, mention.name.rstrip("s")))


def _names(prompt: str, asked: str) -> Iterator[Piece]:
    """Words of the request that are cells of a table, and names behind `for`, `of` and the like."""
    marked = {at for at, sign in enumerate(asked) if sign == "\0"}
    data = "".join(sign if at in marked or sign == "\n" else "\n" for at, sign in enumerate(prompt))
    rows = [line for line in data.split("\n") if line.strip("\0 ")][1:]
    cells = {cell.strip(' "').lower() for line in rows for cell in _CELL.split(line)}
    for found in _WORD.finditer(asked):
        if found.group().lower() in cells:
            yield _without(prompt, found.start(), found.end(), (found.group(),))
    for found in _NAMED.finditer(asked):
        name = found["name"] or found["whose"]
        if not (_KNOWN_NAME.match(name) or _is_told(asked, found.start())):
            yield _without(prompt, found.start(), found.end(), (name,))


def _is_told(asked: str, at: int) -> bool:
    """Whether the clause tells about somebody and asks nothing: `my sister in Leeds wants jam`."""
    start = max(asked.rfind(sign, 0, at) for sign in ".!?;,\n–—(") + 1
    clause = re.split(r"[.!?;,\n–—)]", asked[start:], maxsplit=1)[0]
    if re.match(r"\w+'s (?:list|sheet|table|file|notes|data|log)\b", asked[at:], re.IGNORECASE):
        return True
    return _TELLS.match(clause) is not None and _ASKS_OF_ROWS.search(clause) is None


def _numbers(prompt: str, asked: str, tool: str) -> Iterator[Piece]:
    for found in _NUMBER.finditer(asked):
        number, start, end = found.group(), *found.span()
        if names_something(asked[:start], asked[end:], tool):
            continue
        others = [f"{prompt[:start]}{other}{prompt[end:]}" for other in other_numbers(number)]
        if others:
            yield Piece(number, tuple(others), (_GROUPED.sub("", number),))
    for found in _NUMBER_WORD.finditer(asked) if tool not in _OF_RECORDS else ():
        if tool == "date_arithmetic" and not _OF_TIME.match(asked, found.end()):
            continue
        one, other = ("六", "九") if not found.group().isascii() else ("six", "nine")
        yield Piece(
            found.group(),
            tuple(prompt[: found.start()] + word + prompt[found.end() :] for word in (one, other)),
        )
