"""What is asked of a list: its steps, and the words that say nothing besides."""

import re

from .patterns import lazy_pattern
from .table import table_in
from .wording import digits_for_words

_MOST_ENTRIES = 5000
_FEWEST = 2

_STEPS = (
    (
        "unique",
        r"\b(?:de-?dup\w*|dup(?:e|licate|licated)?s?|doubles?|unique?|uniq|distinct|repeat(?:s|ed|ing)?|(?:only|"
        r"each|every\w*|just) once|twice|once each)\b|去重|去掉重复|重复|唯一|不重复|不同的?",
    ),
    (
        "sorted",
        r"\b(?:sort\w*|"
        r"(?<!reverse )(?<!reversed )(?<!opposite )(?<!inverse )(?<!other )(?<!the )(?<!their )order(?:ed)?(?! "
        r"of\b)|alphabetic\w*|alphabet|a\s*(?:-|to|–|→|>)\s*z|z\s*(?:-|to)\s*a|"
        r"(?:highest|lowest|largest|smallest|biggest|longest|shortest) first|by (?:length|size|value|number)|"
        r"ascending|descending|rank\w*|arrange\w*)\b|排序|排列|排个序|排一?下|(?<!安)排(?![除版列])|升序|降序|"
        r"从[大小高低多少][到至][大小高低多少]|字母顺序",
    ),
    (
        "reversed",
        r"\b(?:revers\w*|backwards?|upside down|turn(?:ed|ing)? (?:[a-z]+ ){0,6}(?:a)?round|other way (?:a)?round|"
        r"flip\w*|invert\w*|(?:opposite|inverse|other)(?: order| direction)?|last (?:(?:one|entry|name|line|"
        r"item) )?first|"
        r"from (?:the )?(?:bottom|end)(?: to (?:the )?(?:top|start|beginning))?|bottom (?:to top|up|first))\b|倒序|"
        r"反转|颠倒|倒过来|反过来",
    ),
    (
        "numbered",
        r"\bnumber(?:s|ed|ing)? (?:the |these\b|my |them|each|it\b)|"
        r"\bnumber(?:ed|ing)? (?:lines?|list|items?)|\b(?:number them|add "
        r"numbers|numbered)\b|编号|加序号",
    ),
    ("counted", r"\bhow many\b|\bcount(?:s|ed|ing)?\b|\bnumber of\b|多少|几[个人种项样行条名]|数量|计数|统计"),
    (
        "joined",
        r"\b(?:comma[- ]separated|one line|single line|join\w*|separated by commas?|with commas?)\b|一行|"
        r"逗号(?:分隔|隔开)",
    ),
    (
        "split",
        r"\b(?:one (?:per|a|each|on each) line|line by line|each on (?:its|a) (?:own )?line|under (?:one "
        r")?another|bullet(?:s|ed| points?)?)\b|每行一个|分行|换行",
    ),
)
FORMS = tuple((name, lazy_pattern(form, re.IGNORECASE)) for name, form in _STEPS)
DOWN = lazy_pattern(
    r"\bz\s*(?:-|to|–)\s*a\b|\bdesc\w*|\b(?:highest|largest|biggest|longest) first\b|\b(?:high|large|"
    r"big) to (?:low|small)\b|从[大高][到至]|降序",
    re.IGNORECASE,
)
BY_LENGTH = lazy_pattern(r"\bby length\b|\b(?:longest|shortest) first\b|按(?:长度|字数)", re.IGNORECASE)
REMOVED = lazy_pattern(
    r"(?:(?:and|so|ok)[\s,]+)*how many (?:were |did you |duplicates |of them |entries |lines |have "
    r"been )*(?:remove|drop|delete|take out|throw out|throw away|get rid of|thrown out|removed?|dropped?|"
    r"deleted?|taken out|left out|gone|duplicates)(?: were there)?[\s?.!]*|(?:一共|共)?(?:去掉|删掉?|"
    r"去除|删除|去)了?(?:多少|几)[个项条行]?[\s?？。]*",
    re.IGNORECASE,
)
ONLY_REPEATED = lazy_pattern(
    r"(?:\b(?:which|what|find|show|are there)|^list)\b.*\b(?:dup\w*|twice|repeat\w*|more than once|"
    r"double[ds]?)\b|[哪谁].*重复|有没有重复|重复的有?哪",
    re.IGNORECASE,
)
TAKES_OUT = lazy_pattern(
    r"\b(?:kick\w*|drop\w*|remov\w+|kill\w*|delet\w+|rid|throw\w*|"
    r"without|dedup\w*|strip\w*|out|weed\w*|no)\b|去|删|剔除",
    re.IGNORECASE,
)
HOW_OFTEN = lazy_pattern(
    r"\bhow (?:often|many times)\b|\bcounts? (?:of )?(?:each|every|per)\b|\beach .{0,20}\bcounts?\b|"
    r"\btally\b|各(?:有|出现)|分别",
    re.IGNORECASE,
)
_MEANS_MORE = lazy_pattern(
    r"\d|[\"“「]|\b(?:except|besides|apart|other than|unless|if|where|whose|when|not|never|but|start\w*|begin\w*|"
    r"end(?:s|ing)?|contain\w*|longer|shorter|than|over|under|above|below|between|by|per|random\w*|shuffl\w*|"
    r"group\w*|merg\w*|averag\w*|mean|sum\w*|totals?|medians?|translat\w*|replac\w*|capital\w*|upper\w*|lower\w*|"
    r"send|e-?mail|sav(?:e|ing)|compar\w*|match\w*|vowels?|syllables?|percent\w*|cost\w*|days|weeks|hours)\b|"
    r"拼音|笔画|除|以外|如果|开头|结尾|包含|[大小多少长短]于|随机|打乱|分组|平均|合计|翻译|替换|大写|小写|发给",
    re.IGNORECASE,
)
"""What narrows a request down, or is another one: whatever else stands beside the steps says nothing."""
_COUNTS_ELSE = lazy_pattern(
    r"\bother (?!order|direction|way)\w+|"
    r"\bhow many\s+(?!(?:of|are|were|is|do|did|have|lines?|items?|entries|names?|words?|ones?|things?|people|"
    r"different|unique|distinct|dup\w*|repeated|there|left|remain\w*|stays?|we|i)\b)(?P<what>\w+)|"
    r"\b(?:count|number of)\s+(?:the |all |my )*"
    r"(?:letters?|characters?|chars?|sentences?|vowels?|syllables?|paragraphs?)\b|(?:多少|几)个?(?:字|词|字母|字符|句|天)",
    re.IGNORECASE,
)
"""What is counted that the entries of a list are not for sure."""


_BEHIND = lazy_pattern(
    r"(?P<body>[^\n]*[,，、;][^\n]*?)\s+(?P<request>(?:(?:in|by|please|and|then|from|sorted|order)\s+)*(?:descending|"
    r"ascending|desc|asc|"
    r"reversed?|backwards|alphabetical(?:ly)?|(?:high|low|larg|small|bigg|long|short)est first|"
    r"a\s?(?:-|to)\s?z|z\s?(?:-|to)\s?a|"
    r"without (?:duplicates|doubles|repeats)|(?:high|large|big) to (?:low|small)|(?:low|small) to "
    r"(?:high|large|big))(?: order)?(?: please)?)[\s.!?]*",
    re.IGNORECASE,
)
_ASKS_FIRST = lazy_pattern(
    r"(?:top|first|last|bottom|only|every|pick|choose|random|the)\s+\d+\b|(?:top|bottom|biggest|largest|smallest|"
    r"longest|shortest)\s+(?:\d+\s+)?of\b",
    re.IGNORECASE,
)
_ASKS_LAST = lazy_pattern(
    r"\b(?:as (?:text|numbers|strings|words)|by \w+|(?:high|low|larg|small|bigg|long|short|new|old)est "
    r"first|descending|ascending|"
    r"only|instead|reversed?)[\s.!?]*$",
    re.IGNORECASE,
)


_IN_ITS_ORDER = lazy_pattern(
    r"\b(?:(?:keep(?:ing)?|leav(?:e|ing)|preserv(?:e|ing)|don't "
    r"change|not chang(?:e|ing)|maintain(?:ing)?|in|same|original)\s+)"
    r"(?:(?:the|its|their|in|original|same|first|given|present)\s+)*order(?:ing)?\b(?!\s+of)|"
    r"\b(?:not|no|without|don't|do not)\s+sort\w*|(?:保持|不改变|按)?(?:原来?的?|原有)(?:顺序|次序)(?:不变)?|不要?排序",
    re.IGNORECASE,
)
"""What stays as it is, and is no step."""


_NOW_AND_THEN = lazy_pattern(
    r"\b(?:sometimes|some ?times|occasionally|if i (?:ask|say|want)|on request|now and then)\b[^.;]*|"
    r"(?:有时候?|偶尔)[^。；]*",
    re.IGNORECASE,
)
_LEAD = r"(?:(?:and|now|ok|okay|also|oh|please|then)[\s,]+)*"
ADDED = lazy_pattern(
    rf"{_LEAD}(?:add|plus|put in|include|insert|再?加上?|加入|添加)\s*(?:the |an? )?(?P<entries>[^?？:：]{{1,80}}?)"
    r"(?:\s+(?:to (?:it|that|the list|them)|too|as well|please|pls|again))*[\s.!。]*",
    re.IGNORECASE,
)
TAKEN_OUT = lazy_pattern(
    rf"{_LEAD}(?:take out|takeout|take off|remove|delete|drop|"
    rf"without|leave out|cross off|strike|minus|去掉|删掉?|不要|划掉)\s*"
    r"(?:the )?(?P<entries>[^?？:：]{1,80}?)(?:\s+(?:from (?:it|"
    r"that|the list|them)|too|as well|please|pls|again))*[\s.!。]*",
    re.IGNORECASE,
)


FIRST_FEW = lazy_pattern(
    rf"{_LEAD}(?:(?:just|only|show|give|me|the)\s+)*(?P<way>first|top|last|bottom)\s+(?P<n>\d{{1,3}}|two|three|four|five|ten)"
    r"(?:\s+(?:ones?|names?|entries|items?|only|please|pls|of (?:it|"
    r"them|those)))*[\s?.!]*|只?[要看]?前(?P<zh>[\d一二两三四五十]+)个[\s。]*",
    re.IGNORECASE,
)


def wanted_steps(requirement: str) -> list[str]:
    """The steps that a requirement asks for every list, without those that are asked for now and then."""
    named = steps_in(_NOW_AND_THEN.sub(" ", requirement))
    return [name for name in named if name != "sorted" or _IN_ITS_ORDER.search(requirement) is None]


def steps_in(request: str) -> list[str]:
    request = _IN_ITS_ORDER.sub(" ", request)
    return [name for name, form in FORMS if form.search(request)]


def unread_in(request: str) -> str:
    """What the request asks for besides its steps."""
    rest = _IN_ITS_ORDER.sub(" ", request)
    counted = _COUNTS_ELSE.search(rest)
    if counted is not None:
        return counted.group()
    for _, form in FORMS:
        rest = form.sub(" ", rest)
    more = _MEANS_MORE.search(HOW_OFTEN.sub(" ", DOWN.sub(" ", ONLY_REPEATED.sub(" ", rest))))
    return more.group() if more else ""


def joined_steps(line: str) -> tuple[str, str] | None:
    """Request and list of `b, a, c descending`: the steps stand behind the last entry."""
    found = _BEHIND.fullmatch(line.strip())
    return (found["request"], found["body"]) if found else None


def hides_a_request(entries: tuple[str, ...]) -> bool:
    """Whether the first or the last entry says something that is to be done: `top 2 of 5`, `100 as text`."""
    return _ASKS_FIRST.match(entries[0]) is not None or _ASKS_LAST.search(entries[-1]) is not None


def entries_in(body: str) -> tuple[str, ...] | None:
    lines = [line.strip() for line in body.split("\n") if line.strip()]
    if len(lines) == 1:
        lines = [
            part.strip()
            for part in re.split(r"\s*[,;，；、|]\s*(?:and\s+)?|\s+and\s+", lines[0].rstrip(".。"))
            if part.strip()
        ]
        lines = lines if len(lines) != 1 else lines[0].split()
    table = table_in(body) if "\n" in body and len(lines) >= _FEWEST else None
    if not _FEWEST <= len(lines) <= _MOST_ENTRIES or (
        table is not None and len(table.header) > 1 and len(table.rows) > 1
    ):
        return None
    return tuple(re.sub(r"^(?:[-*•]\s+|\d{1,3}[.)]\s+)", "", line) for line in lines)


def changed(entries: list[str], turn: str) -> list[str] | None:
    """The entries after `add cherry`, `take out fig`; None where the turn says no such thing."""
    if out := TAKEN_OUT.fullmatch(turn.strip()):
        gone = {one.casefold() for one in entries_in(out["entries"]) or (out["entries"],)}
        return (
            [one for one in entries if one.casefold() not in gone] if gone <= {e.casefold() for e in entries} else None
        )
    if few := FIRST_FEW.fullmatch(turn.strip()):
        count = int(digits_for_words(few["n"] or few["zh"]))
        last = (few["way"] or "").lower() in ("last", "bottom")
        return (entries[-count:] if last else entries[:count]) if 0 < count <= len(entries) else None
    added = ADDED.fullmatch(turn.strip())
    if added is None or steps_in(turn) or "\n" in turn:
        return None
    more = entries_in(added["entries"]) if re.search("[,，、]| and ", added["entries"]) else None
    return [*entries, *(more or (added["entries"],))]
