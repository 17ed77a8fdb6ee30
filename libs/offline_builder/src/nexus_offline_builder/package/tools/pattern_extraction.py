"""Finds e-mail addresses, URLs, numbers, dates, phone numbers or a given regular expression in a text."""

import re
from fractions import Fraction

from .contract import CERTAIN, LIKELY, POSSIBLE, Answer, JsonValue, Question, Refusal, Task, Tool, Value
from .list_cleanup import asks_to_rearrange, place_asked, rearranged, shown_as
from .passage import Passage, is_request, last_line_first, passage_in
from .pattern_defaults import code_shown, repeats_a_choice, without_source
from .pattern_kinds import HOW_MANY_DIFFERENT, KINDS, ORDERS_OTHERS, SENDS, PatternKind, different
from .pattern_turns import figure_of_them, found_of, is_about_them, lines_with, narrowed, word_wanted
from .patterns import lazy_pattern
from .wording import asks_how_many

_MOST_SHOWN = 500
_LONGEST_FOLLOW_UP = 80
_SHORTEST_TEXT = 8
_TELLING = frozenset({"e-mail addresses", "URLs", "IP addresses", "phone numbers", "hashtags", "mentions", "amounts"})
_DATA = lazy_pattern(r"^\s*(?:\{|\[\s*(?:[{\[\"\]]|-?[\d.]+\s*[,\]]))|\n.*,.*\n")
_NARROWED = lazy_pattern(
    r"\b(?:valid|invalid|second|third|not|without|except|excluding|first|last|longest|shortest|"
    r"domains?|user ?names?|starting|"
    r"ending|between|sort\w*|"
    r"(?:card|order|invoice|account|serial|tracking|flight|room|passport|part|model|ticket|reference) (?:numbers?|"
    r"nos?)|"
    r"alphabetical\w*|add|total|average|largest|smallest|max|min|odd|even|greater|less|more)\b|第一|最后|域名|"
    r"排序|最大|最小|有效|除了",
    re.IGNORECASE,
)
_MORE_ASKED = lazy_pattern(
    r"\b(?:send|write|reply|valid|invalid|verify|sort|sum|add|total|convert|translate|remove|replace|not|without|"
    r"except|excluding|"
    r"first|last|longest|average|mask|between|until|plus|minus|days?)\b|之间|相差|排序|删除|替换|发送|总和|求和",
    re.IGNORECASE,
)
_ABOUT_IT = lazy_pattern(r"\s*(?:is|are|was|were|do|does|did|can|what|which|who|how|why|where|check)\b", re.IGNORECASE)
_LONGEST_PATTERN = 200
_LONGEST_TEXT_FOR_PATTERN = 100_000
_VERB = lazy_pattern(
    r"\b(?:extract|find|list|get|pull|collect|detect|show|identify|grab|give me|search|match|which|what|are there|"
    r"how many|count)\b|提取|抽取|找出?|列出|查找|匹配|有哪些|识别|获取",
    re.IGNORECASE,
)
_USER_PATTERN = lazy_pattern(
    r"(?<![\w/:.])/(?P<pattern>(?:[^/\\\n]|\\.){1,400})/(?P<flags>[gimsu]{0,5})(?![\w/])|(?:regex|regular "
    r"expression|pattern|正则(?:表达式)?)\s*[:：]?\s*[`\"“](?P<ticked>[^`\"”\n]{1,400})[`\"”]",
    re.IGNORECASE,
)
_QUESTION_FIRST = lazy_pattern(r"(?P<request>[^?？\n:：@/\d]{1,80})[?？]\s*(?P<text>[^\s?？].*)", re.DOTALL)


def understand(question: Question) -> Task | None:
    if asks_how_many(question.text) and (counted := _about_earlier_text(question)) is not None:
        return counted
    given = _USER_PATTERN.search(question.text[:2000])
    if given is not None and (
        given.start() == 0
        or _VERB.search(question.text[: given.start()])
        or re.search(r"regex|regular|pattern|正则", question.text, re.IGNORECASE)
    ):
        return Task(CERTAIN, lambda: _by_pattern(given, question))
    if (unclear := _unclear_head(question.text)) is not None:
        return Task(LIKELY, lambda: _refuse_narrowed(unclear))
    passage = _passage(question.text)
    if passage is not None and passage.text is not None and (unread := _NARROWED.search(passage.request)):
        return Task(LIKELY, lambda: _refuse_narrowed(unread.group()))
    if passage is None:
        return _about_earlier_text(question) or _bare(question)
    kinds = _kinds_in(passage.request)
    if passage.text is None and any(kind.form.search(question.text) for kind in kinds):
        return Task(CERTAIN, lambda: _answer(kinds, question.text, question.chinese))
    if passage.text is None:
        earlier = next((one for text in question.earlier if (one := _text_of(text, question.alone))), None)
        if earlier is None:
            return (
                Task(LIKELY, _refuse_without_text)
                if re.search(r"\bextract|提取", passage.request, re.IGNORECASE)
                else None
            )
        return Task(LIKELY, lambda: _answer(kinds, earlier, question.chinese))
    only = word_wanted(passage.request)
    text = lines_with(only, passage.text) if only else passage.text
    return Task(CERTAIN, lambda: _answer(kinds, text, question.chinese) if text else _refuse_narrowed(only or ""))


def _unclear_head(text: str) -> str | None:
    """The words in front of a colon, where they narrow a kind down, or order to find something that is none."""
    head, colon, _ = text.partition(":")
    if not colon or len(head) > _LONGEST_FOLLOW_UP or "\n" in head or _found_in(head):
        return None
    if _kinds_in(head):
        narrowed = _NARROWED.search(head) or re.search(r"\bnot\b", head, re.IGNORECASE)
        return narrowed.group() if narrowed else None
    return head.strip() if ORDERS_OTHERS.match(head) else None


def in_full(question: Question, requirement: str) -> str | None:
    """A text with what the requirement has found in each: codes like the one that it shows, or kinds by name."""
    text = question.text.strip()
    wanted = without_source(requirement)
    kinds = _kinds_in(wanted) if not _NARROWED.search(wanted) else []
    holds = any(kind in kinds for kind in _found_in(text))
    if (
        (is_request(text) and (not holds or _kinds_in(_without_found(text)) or _ABOUT_IT.match(text)))
        or _unclear_head(text) is not None
        or _USER_PATTERN.search(text[:2000])
        or _passage(text) is not None
        or text.endswith(("?", "？"))
        or (question.earlier and _leans_back(text))
    ):
        return None
    if (code := code_shown(question.requirement)) is not None:
        return f"find /{code}/ in: {text}"
    only = word_wanted(wanted)
    if only is not None and "\n" in text:
        text = lines_with(only, text) or f"({only})"
    if (
        not kinds
        or (_DATA.search(text) and not (question.alone and holds))
        or (len(text.split()) < 2 and len(text) < _SHORTEST_TEXT and not _found_in(text))
    ):
        return None
    if question.chinese:
        return f"提取{'、'.join(kind.chinese for kind in kinds)}：{text}"
    return f"find the {', '.join(kind.english for kind in kinds)} in: {text}"


def _leans_back(text: str) -> bool:
    """Whether a short text without anything to be found is about what was found before: `and the links`."""
    return is_about_them(text) or (
        len(text) <= _LONGEST_FOLLOW_UP
        and not _found_in(text)
        and (bool(_kinds_in(text)) or asks_to_rearrange(text) or place_asked(text) is not None)
    )


def _kinds_in(request: str) -> list[PatternKind]:
    return [kind for kind in KINDS if kind.asked.search(request)]


def _found_in(text: str) -> list[PatternKind]:
    """The kinds of which `text` holds one, but for numbers and dates: any text has those."""
    return [kind for kind in KINDS if kind.english in _TELLING and kind.form.search(text)]


def _without_found(text: str) -> str:
    for kind in _found_in(text):
        text = kind.form.sub(" ", text)
    return text


def _is_missed(kind: PatternKind, text: str) -> bool:
    """Whether the text says that it has none of the kind: `I have no e-mail`."""
    return (
        kind.english in _TELLING
        and re.search(rf"\b(?:no|without|n't|not|dont|doesnt)\b[^.,;\n]{{0,20}}(?:{kind.asked.pattern})", text, re.I)
        is not None
    )


def _text_of(prompt: str, alone: bool) -> str | None:
    """The text that an earlier prompt handed over, with a request or without."""
    passage = _passage(prompt)
    if passage is not None:
        return passage.text
    return prompt if _found_in(prompt) and (alone or not is_request(prompt)) else passage_in(prompt).text


def _about_earlier_text(question: Question) -> Task | None:
    """`and the links?`, or `how many were there?`, about the text of the turns before."""
    words = question.text
    if len(words) > _LONGEST_FOLLOW_UP or not question.earlier:
        return None
    if asks_how_many(words) and (given := _USER_PATTERN.search(question.earlier[0][:2000])) is not None:
        return Task(LIKELY, lambda: _by_pattern(given, question._replace(text=question.earlier[0])))
    text = next((one for prompt in question.earlier if (one := _text_of(prompt, question.alone))), None)
    if text is None:
        return None
    if (listed := _listed_again(words, question)) is not None:
        return listed
    counting = asks_how_many(words)
    kinds = _kinds_in(question.earlier[0]) or _found_in(text) if counting else _kinds_in(words)
    if (
        not kinds
        or (counting and _text_of(question.earlier[0], question.alone) is None)
        or (not counting and re.search(r"\d|@|://", words))
    ):
        return None
    return Task(LIKELY, lambda: _answer(kinds, text, question.chinese))


def _listed_again(words: str, question: Question) -> Task | None:
    """`sort them a-z`, `one per line`, `and the first one?`, `only the .com ones`, of what the turn before found."""
    if HOW_MANY_DIFFERENT.fullmatch(words.strip()) is not None:
        return _different(question)
    place, steps = place_asked(words), asks_to_rearrange(words) and not asks_how_many(words)
    kind = _only_kind(question)
    if kind is not None and place is None and not steps:
        known = found_of(*kind)
        if kind[0].english in ("numbers", "amounts") and (figure := figure_of_them(words, known)) is not None:
            return Task(CERTAIN, lambda: figure)
        if (kept := narrowed(words, known)) is not None:
            return Task(LIKELY, lambda: _narrowed_answer(kind[0], kept, words, question.chinese))
    if kind is None or (place is None and not steps):
        return None
    found = list(dict.fromkeys(found_of(*kind)))
    if place is not None and not -len(found) <= place < len(found):
        return None
    if place is None and re.search(r"\bhow many\b|几个|多少", words, re.IGNORECASE):
        return Task(LIKELY, lambda: _answer([kind[0]], kind[1], question.chinese))
    entries = [found[place]] if place is not None else rearranged(found, words)
    asked: dict[str, JsonValue] = {"kinds": [kind[0].english], "steps": words[:_LONGEST_FOLLOW_UP]}
    values = (Value(entries[0]),) if len(entries) == 1 else ()
    return Task(LIKELY, lambda: Answer(shown_as(entries, words), asked, {kind[0].english: [*entries]}, values))


def _only_kind(question: Question) -> tuple[PatternKind, str] | None:
    """The only kind that the turn before was about, and its text."""
    before = question.earlier[0]
    passage = _passage(before)
    kinds = _kinds_in(passage.request) if passage else _found_in(before)
    text = passage.text if passage and passage.text is not None else before
    kinds = kinds if len(kinds) == 1 else [kind for kind in kinds if found_of(kind, text)]
    return (kinds[0], text) if len(kinds) == 1 else None


def _narrowed_answer(kind: PatternKind, kept: list[str], words: str, chinese: bool) -> Answer:
    asked: dict[str, JsonValue] = {"kinds": [kind.english], "only": words[:_LONGEST_FOLLOW_UP]}
    return Answer(_line(kind, kept, chinese), asked, {kind.english: [*kept]}, (Value(str(len(kept))),))


def _different(question: Question) -> Task | None:
    """`how many unique?` of the only kind that the turn before was about."""
    kind = _only_kind(question)
    if kind is None:
        return None
    found = {one.casefold(): one for one in reversed(found_of(*kind))}
    return Task(CERTAIN, lambda: different(kind[0], list(reversed(found.values())), question.chinese))


def _bare(question: Question) -> Task | None:
    """A text and no request: everything telling that it holds, if there is something."""
    text = question.text
    if SENDS.match(text):
        return None
    found = _found_in(text)
    kinds = [kind for kind in KINDS if kind in found or (question.alone and _is_missed(kind, text))]
    if question.alone and kinds and (wanted := _kinds_in(without_source(question.requirement))):
        kinds = [kind for kind in kinds if kind in wanted] or wanted
    if (
        _DATA.search(text)
        or (_NARROWED.search(text) and len(text) < _LONGEST_FOLLOW_UP)
        or (not question.alone and (is_request(text) or _MORE_ASKED.search(text)))
    ):
        return None
    if kinds and (question.alone or any(kind.english in ("e-mail addresses", "URLs") for kind in kinds)):
        return Task(POSSIBLE, lambda: _answer(kinds, text, question.chinese))
    return (
        Task(POSSIBLE, lambda: _answer([], text, question.chinese)) if question.alone and not is_request(text) else None
    )


def _passage(prompt: str) -> Passage | None:
    asked = _QUESTION_FIRST.fullmatch(prompt.strip())
    if asked is not None and _kinds_in(asked["request"]) and not _MORE_ASKED.search(asked["request"]):
        return Passage(asked["request"], asked["text"])
    for passage in (passage_in(prompt), last_line_first(prompt)):
        if passage is None:
            continue
        request = passage.request[:300]
        named = any(kind.asked.search(request) for kind in KINDS)
        texts = passage.text is not None and not _DATA.search(prompt) and prompt.count("\n") < 2
        if named and texts and len(request) <= _LONGEST_FOLLOW_UP and not _MORE_ASKED.search(request):
            return passage
        if _VERB.search(request) and any(kind.asked.search(request) for kind in KINDS):
            return passage if passage.text is not None else _inline(passage.request)
    inline = _inline(prompt)
    if inline.text is not None and len(inline.request) <= _LONGEST_FOLLOW_UP and _found_in(inline.text):
        return inline if _kinds_in(inline.request) and not _MORE_ASKED.search(inline.request) else None
    return None


def _inline(prompt: str) -> Passage:
    """`extract the emails from write to a@b.org`: the text begins behind `from` or `in`."""
    found = re.search(
        r"\b(?:from|in|out of)\b\s*(?:(?:this|the|the following)(?: (?:text|sentence|message|string))?\b)?",
        prompt,
        re.IGNORECASE,
    )
    zh = re.match(r"从(?P<text>.+?)(?:中|里|里面)(?P<request>(?:提取|找出|抽取|查找|识别).*)", prompt, re.DOTALL)
    if zh:
        return Passage(zh["request"], zh["text"].strip())
    rest = prompt[found.end() :].strip() if found else ""
    if found is not None and (len(rest.split()) > 1 or "@" in rest):
        return Passage(prompt[: found.start()], rest)
    return Passage(prompt, None)


def _refuse_narrowed(word: str) -> Answer:
    raise Refusal(
        f"I find all of a kind in a text; I cannot narrow that down ('{word}').",
        f"我会找出文字中所有的同类内容，但不能再筛选（“{word}”）。",
    )


def _refuse_without_text() -> Answer:
    raise Refusal("Please add the text to search in, after a colon.", "请在冒号后面给出要查找的文字。")


def _answer(kinds: list[PatternKind], text: str, chinese: bool) -> Answer:
    if not kinds:
        names = ", ".join(kind.english for kind in KINDS)
        raise Refusal(
            f"What shall I look for? I can find: {names}.",
            f"要找什么？我能找：{'、'.join(kind.chinese for kind in KINDS)}。",
        )
    lines: list[str] = []
    output: dict[str, JsonValue] = {}
    values: tuple[Value, ...] = ()
    for kind in kinds:
        found = found_of(kind, text)
        lines.append(_line(kind, found, chinese))
        output[kind.english] = list(found[:_MOST_SHOWN])
        values = (Value(str(len(found)), Fraction(len(found))),)
    if not any(output.values()):
        raise Refusal(
            "\n".join(_line(kind, [], False) for kind in kinds), "\n".join(_line(kind, [], True) for kind in kinds)
        )
    return Answer(
        "\n".join(lines),
        {"kinds": [kind.english for kind in kinds], "characters": len(text)},
        output,
        values if len(kinds) == 1 else (),
    )


def _line(kind: PatternKind, found: list[str], chinese: bool) -> str:
    if not found:
        return f"没有找到{kind.chinese}。" if chinese else f"No {kind.english} found."
    shown = ", ".join(found[:_MOST_SHOWN])
    return f"{kind.chinese}（{len(found)}）：{shown}" if chinese else f"{kind.english} ({len(found)}): {shown}"


def _by_pattern(given: "re.Match[str]", question: Question) -> Answer:
    source = given["pattern"] or given["ticked"]
    pattern = _compiled(source, given["flags"] or "")
    around = question.text[: given.start()] + " " + question.text[given.end() :]
    behind = re.search(r"\b(?:in|on|from)\s+(\S.*)$", question.text[given.end() :], re.DOTALL)
    text = passage_in(around).text or _inline(around).text or (behind[1] if behind else None)
    if text is None:
        return _refuse_without_text()
    if len(text) > _LONGEST_TEXT_FOR_PATTERN:
        raise Refusal(
            "I search texts of up to 100 000 characters with a given expression.",
            "用自定义表达式最多只能查找 10 万个字符。",
        )
    found = [one.group() for one, _ in zip(pattern.finditer(text), range(_MOST_SHOWN), strict=False)]
    shown = ", ".join(one if one.strip() else f'"{one}"' for one in found)
    if not found:
        line = f"没有匹配 /{source}/ 的内容。" if question.chinese else f"Nothing matches /{source}/."
    else:
        line = f"匹配（{len(found)}）：{shown}" if question.chinese else f"matches ({len(found)}): {shown}"
    return Answer(line, {"pattern": source}, {"matches": list(found)})


def _compiled(source: str, letters: str) -> "re.Pattern[str]":
    """Refuses what may take exponential time; what this does not see is refused when its time is over."""
    if len(source) > _LONGEST_PATTERN:
        raise Refusal("That regular expression is too long for me.", "这个正则表达式太长了。")
    if repeats_a_choice(source):
        raise Refusal(
            "I refuse repeated groups that repeat or choose inside: matching them can take forever.",
            "我拒绝在重复的分组里再次重复或选择的表达式：匹配可能永远不会结束。",
        )
    flags = (
        (re.IGNORECASE if "i" in letters else 0)
        | (re.MULTILINE if "m" in letters else 0)
        | (re.DOTALL if "s" in letters else 0)
    )
    try:
        return re.compile(source, flags)
    except (re.error, RecursionError, OverflowError) as error:
        raise Refusal(f"That regular expression is not valid: {error}.", f"这个正则表达式无效：{error}。") from None


TOOL = Tool(
    name="pattern_extraction",
    ability=(
        "extract e-mail addresses, URLs, numbers, dates, phone numbers, or matches of a /regular expression/ from a "
        "text"
    ),
    ability_chinese="从文字中提取邮箱、网址、数字、日期、电话号码，或匹配给定的 /正则表达式/",
    example="Extract the emails from: write to ann@example.org",
    example_chinese="提取其中的邮箱：请联系 ann@example.org",
    understand=understand,
    in_full=in_full,
)
