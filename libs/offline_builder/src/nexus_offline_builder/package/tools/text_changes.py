"""Changes a text by rule: replaces words, writes it backwards, in capitals, as a web address, without blank lines."""

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from .contract import CERTAIN, LIKELY, POSSIBLE, Answer, Question, Refusal, Task, Tool, Value
from .passage import Passage, is_request, last_line_first, passage_in
from .patterns import lazy_pattern
from .wording import is_chinese

_LONGEST_REQUEST = 120
_LONGEST_TEXT = 200_000
_SPELLED_OUT = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "œ": "oe", "’": "'"}
)
_WORD = lazy_pattern(r"[^\W_]+(?:'[^\W_]+)*")
_REPLACE = lazy_pattern(
    r"(?:(?:please|pls|can you|could you|now|and|then)\s+)*(?:find and )?(?:replace|change|swap|"
    r"substitute|exchange|turn)\s+(?:all\s+|every\s+|each\s+|the\s+|words?\s+)*"
    r"(?P<q>[\"'“‘「]?)(?P<old>[^\n]{1,80}?)[\"'”’」]?\s+(?:with|by|to|into|for|->|→)\s+(?:the "
    r"word\s+)?[\"'“‘「]?(?P<new>[^\n]{0,80}?)[\"'”’」]?"
    r"(?:\s*(?:[:：\n]|\s(?:in|within|inside)(?: (?:the|this)(?: (?:text|sentence|"
    r"following))?)?\s*[:：\n])\s*(?P<text>\S.*)|\s+in\s+[\"'“](?P<quoted>[^\n]+)[\"'”])?",
    re.IGNORECASE | re.DOTALL,
)
_ARROW = lazy_pattern(
    r"(?P<old>[^\n:]{1,60}?)\s*(?:->|=>|→)\s*(?P<new>[^\n:]{1,60}?)\s*(?:\bin\b[^\n:]{0,20})?[:\n]\s*(?P<text>\S.*)",
    re.DOTALL,
)
_REPLACE_CHINESE = lazy_pattern(
    r"(?:请|帮我)*(?:把|将)?(?:(?P<text>.*?)(?:里|中)的?)?[“\"「]?(?P<old>[^“”\"「」：:\n]{1,40}?)[”\""
    r"」]?(?:都|全部?)?(?:替换|换|改)(?:成|为)[“\"「]?(?P<new>[^“”\"「」：:\n]{0,40}?)[”\"」]?\s*(?:["
    r"：:\n]\s*(?P<behind>\S.*))?",
    re.DOTALL,
)
_REMOVE = lazy_pattern(
    r"(?:please |pls )?(?:remove|delete|strip|drop)\s+(?:all\s+|every\s+|the\s+|"
    r"words?\s+)*[\"'“‘「](?P<old>[^\"'”’」\n]{1,80})[\"'”’」]\s*(?:from|in|out "
    r"of)?\s*[:：\n]\s*(?P<text>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_ORDERS = lazy_pattern(
    r"\s*(?:please\s+)?(?:(?:write|tell|give|send|make|draw|sing|read|buy|order|find|show|book|play|call)\s+(?:me|us)\b|"
    r"(?:compose|translate|rewrite|summari[sz]e)\b)",
    re.IGNORECASE,
)
"""What nobody wants to see in capitals: `write me a poem`."""
_BEYOND = lazy_pattern(
    r"\b(?:only|except|without|not|but|every other|first|last|second|synonyms?|sounds?|smarter|"
    r"shorter|longer|politer?|formal|grammar|translate|"
    r"rewrite|rephrase|improve|correct|fix|rhym\w*|words? order|numbers)\b|除了|只|第一|最后|翻译|改写|润色",
    re.IGNORECASE,
)
_THE_SAME = r"\b(?:the same|(?:the same|that|this) (?:title|headline|text|sentence|name|phrase|line|word|one))\b"
_SAYS_NOTHING = lazy_pattern(
    r"\b(?:this|that|it|the|a|an|my|these|those|text|sentence|word|words|phrase|string|line|lines|"
    r"title|titles|headline|name|please|pls|can|could|you|make|put|"
    r"turn|convert|change|write|give|me|us|i|need|want|would|like|as|in|into|to|of|for|with|and|then|"
    r"now|also|all|so|ok|is|be|out|from|get|transform|set|"
    r"spell|hi|hello|thanks|thank|letters?|case|form|format|version|style|following|here|here's|whole|"
    r"everything|blog|post|article|page|web|remove|delete|drop|"
    r"strip|clean|up|off|extra|file|filename|variable|url|seo|friendly|generate|create|into|a|how|"
    r"does|look|what|good|one|same|just|a)\b|"
    r"[改翻请把将帮我给一下对这个段句话些的里面中文字本句子单词变成换为转写成全部都用做]|[\W\d_]",
    re.IGNORECASE,
)


_RESULT = lazy_pattern(r"\b(?:that|it|the result)\b|它|结果", re.IGNORECASE)
_FILLS = lazy_pattern(
    rf"(?:\W|{_THE_SAME}|\b(?:and|so|now|ok|okay|then|it|that|this|please|pls|plz|thx|thanks|but|also|write|make|put)\b|这个?|它)*",
    re.IGNORECASE,
)


def _slug(text: str, joint: str = "-") -> str:
    """Words in ASCII letters with `joint` between them; an apostrophe divides no word."""
    plain = unicodedata.normalize("NFKD", text.translate(_SPELLED_OUT)).replace("'", "").replace("&", " and ")
    return joint.join(re.findall(r"[a-z0-9]+", plain.encode("ascii", "ignore").decode().lower()))


def _titled(text: str) -> str:
    return _WORD.sub(lambda found: found.group()[0].upper() + found.group()[1:].lower(), text)


def _sentenced(text: str) -> str:
    return re.sub(r"(^|[.!?]\s+)(\w)", lambda found: found[1] + found[2].upper(), text.lower())


def _camel(text: str) -> str:
    first, *rest = _slug(text, " ").split() or [""]
    return first + "".join(word.capitalize() for word in rest)


def _without_accents(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(_SPELLED_OUT))
    return unicodedata.normalize("NFC", "".join(sign for sign in plain if not unicodedata.combining(sign)))


def _mirrored(text: str) -> str:
    """Whether the letters read the same from both ends, whatever the case, blanks and punctuation."""
    letters = [sign.casefold() for sign in text if sign.isalnum()]
    if not letters:
        raise Refusal("There are no letters in this text.", "这段文字里没有字母。")
    same = letters == letters[::-1]
    if is_chinese(text):
        return f"{'是' if same else '不是'}回文：{text}"
    return f"{'Yes' if same else 'No'}, {text} is {'a' if same else 'not a'} palindrome."


class _Change(NamedTuple):
    """A change by name, how it is asked for, and what it makes of a text."""

    name: str
    asked: "re.Pattern[str]"
    apply: Callable[[str], str]


def _change(name: str, asked: str, apply: Callable[[str], str]) -> _Change:
    return _Change(name, lazy_pattern(asked, re.IGNORECASE), apply)


_CHANGES = (
    _change("palindrome", r"\bpalindromes?\b|回文", _mirrored),
    _change("snake_case", r"\bsnake[\s_-]?case\b|\bunderscores?\b|下划线", lambda text: _slug(text, "_")),
    _change("camelCase", r"\bcamel[\s_-]?case\b|驼峰", _camel),
    _change(
        "slug",
        r"\bslug(?:s|ify|ified)?\b|\bkebab[\s-]?case\b|\bweb addresse?s?\b|\burl[\s-](?:friendly|safe|"
        r"parts?|slugs?)|\bpermalinks?\b|\bdashes\b",
        _slug,
    ),
    _change(
        "upper case",
        r"\bupper(?:[\s-]?case)?\b|\b(?:all |in )?(?:caps|capitals)\b|\bcapital letters\b|\bshout\w*\b|\bblock "
        r"letters\b|大小?写",
        str.upper,
    ),
    _change("lower case", r"\blower(?:[\s-]?case)?\b|\bsmall letters\b|小写", str.lower),
    _change(
        "title case",
        r"\btitle[\s-]?case\b|\bcapitali[sz]e (?:each|every|all|the)?\s*words?\b|\bproper case\b|\bfirst "
        r"letter of (?:each|every) word\b|^\W*(?:(?:and|now|in|as|"
        r"to|please)\s+)*title[\s?.!]*$|首字母大写|\bcapitali[sz]\w*\b",
        _titled,
    ),
    _change("sentence case", r"\bsentence[\s-]?case\b", _sentenced),
    _change(
        "words backwards",
        r"\bwords? (?:in |in the )?(?:reversed?|opposite|backwards?)(?: order)?\b|\breverse the words\b|"
        r"\bword order (?:backwards?|reversed|in reverse)\b|"
        r"\breverse (?:the )?(?:order of (?:the )?words|word order)\b",
        lambda text: " ".join(reversed(text.split())),
    ),
    _change(
        "backwards",
        r"\bbackwards?\b|\brevers\w+\b|\bmirror(?:ed)?\b|\bback to front\b|倒过来|倒着|反转|反过来|颠倒|"
        r"倒序",
        lambda text: text[::-1],
    ),
    _change(
        "no blank lines",
        r"\b(?:blank|empty) lines?\b|空行",
        lambda text: "\n".join(line for line in text.split("\n") if line.strip()),
    ),
    _change(
        "one line",
        r"\bline ?breaks?\b|\bnew ?lines?\b|\b(?:one|a single) line\b|换行|一行",
        lambda text: " ".join(text.split()),
    ),
    _change(
        "no blanks",
        r"\b(?:all|any|every|the) (?:white)?spaces?\b|\b(?:without|no) (?:white)?spaces\b|去掉?空格|"
        r"删除?空格",
        lambda text: re.sub(r"[^\S\n]+", "", text),
    ),
    _change(
        "single blanks",
        r"\b(?:extra|double|multiple|too many|surplus|trailing|leading) (?:white)?(?:spaces?|blanks?)\b|"
        r"\btrim\w*\b|多余(?:的)?空格",
        lambda text: "\n".join(" ".join(line.split()) for line in text.split("\n")),
    ),
    _change("no punctuation", r"\bpunctuation\b|标点", lambda text: re.sub(r"[^\w\s]", "", text)),
    _change("no accents", r"\baccents?\b|\bdiacritics\b|\bumlauts?\b", _without_accents),
)


_TIDYING = {"no blank lines": 0, "single blanks": 1, "no punctuation": 2, "no accents": 3}
"""Changes that go together, in this order."""


def understand(question: Question) -> Task | None:
    replaced = _replacement(question)
    if replaced is not None:
        return replaced
    for passage in _passages(question.text):
        changes = _asked(passage.request)
        if changes and passage.text and len(passage.request) <= _LONGEST_REQUEST and not _unread(passage.request):
            return Task(CERTAIN, partial(_answer, changes, passage.text))
    return _followed(question) or _bare(question)


_COUNTS = lazy_pattern(r"(?:(?:and|so|now)\s+)*how (?:many|long)\b|(?:那|一共)*有?(?:多少|几)个", re.IGNORECASE)


def in_full(question: Question, requirement: str) -> str | None:
    """A bare text under the only change that the requirement names."""
    text = question.text.strip()
    named = [change for change in _CHANGES if change.asked.search(requirement)]
    if len(text.split()) == 1:  # one word has no order of words to turn round
        named = [change for change in named if change.name != "words backwards"]
    if any(change.name == "slug" for change in named) or len(named) > 1:
        named = [
            change
            for change in named
            if change.name != "title case" or not re.search(r"\btitles?\b", requirement, re.IGNORECASE)
        ]
    asks = _replacement(question) is not None or any(
        _asked(one.request) and one.text and not _unread(one.request) for one in _passages(text)
    )
    slug = len(named) == 1 and named[0].name == "slug"
    if _ORDERS.match(text) or (_asked(text) and not _unread(text)):
        return None
    tidying = len(named) > 1 and all(change.name in _TIDYING for change in named)
    if not (len(named) == 1 or tidying) or asks or (is_request(text) and re.search(r"[?？]$", text) and not slug):
        return None
    if (is_request(text) and not question.alone and not slug) or _COUNTS.match(text):
        return None
    if _BEYOND.match(text) or (_BEYOND.search(text.partition(":")[0]) and ":" in text):
        return None
    names = [change.name for change in named]
    return f"{' and '.join(name for name in _TIDYING if name in names) if tidying else names[0]}:\n{text}"


def _passages(prompt: str) -> list[Passage]:
    last = last_line_first(prompt)
    inline = re.match(
        r"(?P<request>(?:\S+\s+){0,6}?(?:backwards?|revers\w+|upper ?case|lower ?case|capitals|caps|"
        r"slug(?:ify)?|title case|a palindrome|palindrome)\b(?:\s+(?:for|of)\b)?)\s+(?P<text>\S.*)",
        prompt,
        re.IGNORECASE | re.DOTALL,
    )
    behind = re.match(
        r"(?:is\s+)?(?P<text>[^:\n]{1,200}?)\s+(?P<request>(?:in|to|into|as|is|written|spelled|"
        r"a)\s+(?:\S+\s+){0,3}?(?:backwards?|reverse|upper ?case|lower ?case|capitals|caps|a? ?slug|title "
        r"case|palindrome|snake case|camel case))\s*[?.!]*$",
        prompt,
        re.IGNORECASE,
    )
    last_word = re.match(
        r"(?P<text>[^:\n]{1,200}?)\s*(?:,|;|\s[-–—]+>?|\s->)\s*(?P<request>(?:(?:in|to|as|please|all|pls)\s+)*(?:backwards?|reversed?|"
        r"upper(?: ?case)?|lower(?: ?case)?|capitals|caps|slug|title(?: case)?)(?:\s+(?:please|pls|thx))*)[\s?.!]*$",
        prompt,
        re.IGNORECASE,
    )
    chinese = re.match(
        r"(?:(?:请|帮我)*(?:把|将))?\s*(?P<text>[^：:\n]+?)\s*(?P<request>(?:变|改|转|写|换|翻)[成为换过]?.*)$", prompt
    )
    passages = [passage_in(prompt), *([last] if last else [])]
    found = [one for one in (inline, behind, last_word, chinese) if one and not _FILLS.fullmatch(one["text"])]
    return passages + [Passage(one["request"], one["text"].strip(" \"'“”")) for one in found]


def _asked(request: str) -> list[_Change]:
    """The changes that are named, in the order in which they are; the narrower of two that say the same."""
    found = [(place.start(), change) for change in _CHANGES if (place := change.asked.search(request))]
    names = {change.name for _, change in found}
    drop = ({"backwards"} if "words backwards" in names else set[str]()) | (
        {"upper case"} if "title case" in names else set[str]()
    )
    return [change for _, change in sorted(found, key=lambda one: one[0]) if change.name not in drop]


def _unread(request: str) -> str:
    for change in _CHANGES:
        request = change.asked.sub(" ", request)
    return "".join(_SAYS_NOTHING.sub(" ", request).split())


def _replacement(question: Question) -> Task | None:
    text = question.text.strip()
    if found := _REMOVE.fullmatch(text):
        return Task(CERTAIN, lambda: _replaced(found["old"], "", found["text"]))
    found = _ARROW.fullmatch(text) or _REPLACE.fullmatch(text) or _REPLACE_CHINESE.fullmatch(text)
    if found is None or (_asked(found["new"]) and not found["old"].strip("\"'")):
        return None
    groups = found.groupdict()
    told = groups["text"] or groups.get("behind") or groups.get("quoted")
    if told is None:
        told = next((one for earlier in question.earlier if (one := _text_of(earlier))), None)
    if told is None or _asked(found.group().replace(told, " ")) or _BEYOND.search(found["old"]):
        return None
    old, new, whole = found["old"], found["new"], told
    return Task(CERTAIN, lambda: _replaced(old, new, whole))


def _replaced(old: str, new: str, text: str) -> Answer:
    """Whole words whatever the case where `old` is one, with a capital kept; anything else as it stands."""
    word = re.fullmatch(r"[\w' -]+", old) is not None and old.isascii()
    pattern = rf"(?<!\w){re.escape(old)}(?!\w)" if word else re.escape(old)

    def put(found: "re.Match[str]") -> str:
        capital = found.group()[:1].isupper() and old[:1].islower()
        return new[:1].upper() + new[1:] if capital else new

    result, count = re.subn(pattern, put, text, flags=re.IGNORECASE if old.islower() else 0)
    if not count:
        raise Refusal(f"'{old}' is not in this text.", f"这段文字里没有“{old}”。")
    return _shown(result, {"replace": old, "with": new})


def _text_of(prompt: str) -> str | None:
    """The text that an earlier prompt handed over."""
    if (found := _REPLACE.fullmatch(prompt.strip())) and found["text"]:
        return found["text"]
    return next((one.text for one in _passages(prompt) if one.text and _asked(one.request)), None)


def _followed(question: Question) -> Task | None:
    """`and in capitals?` is about the text of the turn before."""
    words = question.text
    changes = _asked(words)
    if len(words) > _LONGEST_REQUEST or not changes or _unread(words):
        return None
    text = next((one for earlier in question.earlier if (one := _text_of(earlier))), None)
    if text is None and question.earlier:
        text = passage_in(question.earlier[0]).text
    if text is None and question.alone and question.earlier and not is_request(question.earlier[0]):
        text = question.earlier[0]
    if text is not None and (made := _made_before(question)) is not None:
        text = made
    sure = CERTAIN if re.search(_THE_SAME, words, re.IGNORECASE) else LIKELY
    return Task(sure, lambda: _answer(changes, text)) if text is not None else None


def _made_before(question: Question) -> str | None:
    """What the turn before made of its text, where that is meant: `and that in capitals`."""
    if not _RESULT.search(question.text) or re.search(_THE_SAME, question.text, re.IGNORECASE):
        return None
    before = next((one for one in _passages(question.earlier[0]) if one.text and _asked(one.request)), None)
    if before is None or _unread(before.request):
        return None
    return str(_answer(_asked(before.request), before.text or "").tool_output["text"])


def _bare(question: Question) -> Task | None:
    if not question.alone or is_request(question.text) or len(question.text.split()) < 2:
        return None
    return Task(POSSIBLE, _refuse_request)


def _refuse_request() -> Answer:
    raise Refusal(
        "What shall I do with this text? I can write it in capitals, in small letters, backwards, as a "
        "slug, or replace words in it.",
        "要对这段文字做什么？我可以改成大写、小写、倒着写、变成网址片段，或替换其中的词。",
    )


def _answer(changes: list[_Change], text: str) -> Answer:
    if len(text) > _LONGEST_TEXT:
        raise Refusal("That text is too long for me.", "这段文字太长了。")
    for change in changes:
        text = change.apply(text)
    if not text:
        raise Refusal("Nothing is left of this text.", "处理之后什么也没有剩下。")
    return _shown(text, {"changes": ", ".join(change.name for change in changes)})


def _shown(text: str, asked: "dict[str, str]") -> Answer:
    return Answer(text, {**asked}, {"text": text}, (Value(text),) if len(text) <= _LONGEST_REQUEST else ())


TOOL = Tool(
    name="text_changes",
    ability="change a text: replace words, capitals, small letters, backwards, slugs, without blank lines or "
    "punctuation",
    ability_chinese="改写文字：替换词语、大写、小写、倒序、生成网址片段、去掉空行或标点",
    example="replace cat with dog in: the cat sat on the mat",
    example_chinese="把猫换成狗：猫坐在垫子上",
    understand=understand,
    in_full=in_full,
)
