"""Sorts lists, drops what is in them twice, turns them round, numbers and counts them. One entry a line, or commas."""

import re
from collections import Counter
from fractions import Fraction
from typing import NamedTuple

from .contract import CERTAIN, LIKELY, POSSIBLE, Answer, Question, Refusal, Task, Tool, Value
from .list_words import (
    BY_LENGTH,
    DOWN,
    HOW_OFTEN,
    ONLY_REPEATED,
    REMOVED,
    TAKES_OUT,
    changed,
    entries_in,
    hides_a_request,
    joined_steps,
    steps_in,
    unread_in,
    wanted_steps,
)
from .passage import is_request
from .patterns import lazy_pattern
from .table import number_in
from .wording import asks_how_many

_LONGEST_REQUEST = 120
_FEWEST = 2
_PLACES = {"first": 0, "top": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1, "bottom": -1} | {
    "第一": 0,
    "第二": 1,
    "第三": 2,
    "第四": 3,
    "第五": 4,
    "最后一": -1,
    "最后": -1,
}
_PLACE = lazy_pattern(
    r"(?:(?:and|so|ok|now|then|what|whats|what's|which|who|is|are|comes?|the|at|on|in|give|tell|me|show|just|only|"
    r"name|item|entry)"
    r"[\s,]+)*(?P<en>first|second|third|fourth|fifth|last|top|bottom|(?:number |no\.? |#)\d{1,3}|"
    r"\d{1,3}(?:st|nd|rd|th))"
    r"(?:\s+(?:one|line|item|entry|name|row|place|word|is|now|in|the|list|then|please|of|it))*[\s?.!]*|"
    r"(?:那|现在|只?要|只?看)*(?:排在?)?(?P<zh>第[一二三四五\d]+|最后(?=那)|最后一?)那?[个行项条名位](?:现在)?(?:是|叫)?(?:哪[个家位一]?|谁|什么)?[\u4e00-\u9fff]?"
    r"(?:呢)?[\s?？。]*",
    re.IGNORECASE,
)


_ORDERS = lazy_pattern(
    r"\s*(?:please|pls|kindly|i (?:want|need)|can you|could you)\b|.*\b(?:these|the following|this "
    r"list)\b|.*[这下]面?[些列]|"
    r"\s*(?:请|帮我|麻烦|把|将|按)",
    re.IGNORECASE,
)
_MOST_WORDS = 3
_NO_ENTRY = lazy_pattern(
    r"(?:lists?|names?|items?|entries|lines?|words|them|these|those|it|this|that)\b", re.IGNORECASE
)
"""What stands before a comma as the object of a request."""
_LABEL = lazy_pattern(
    r"(?:(?:my|our|the|here(?:'s| is| are)?)\s+)*(?:[^\W\d_]+ )?(?:[^\W\d_]+s|list|names?|people|"
    r"[\u4e00-\u9fff]*(?:名单|列表|清单|如下|名字))"
    r"\s*[:：]\s*(?!//)(?=\S)",
    re.IGNORECASE,
)


_MEASURED = lazy_pattern(r"\d+(?:[.,]\d+)?\s*([A-Za-zµ°]{1,3})")
_DATE = lazy_pattern(
    r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2} [A-Za-z]{3,9}(?: \d{4})?|[A-Za-z]{3,9} \d{1,2}(?:, \d{4})?"
)


class _List(NamedTuple):
    """The entries, what is asked of them, and how they were divided: an answer is divided alike."""

    entries: tuple[str, ...]
    request: str
    joint: str


def understand(question: Question) -> Task | None:
    back = _back_to(question)
    if back is not None:
        return Task(CERTAIN, lambda: _answer(back, question))
    if (asked := _read(question.text)) is not None:
        return Task(CERTAIN, lambda: _answer(asked, question))
    if question.earlier and REMOVED.fullmatch(question.text.strip()) and (gone := _gone(question)) is not None:
        return gone
    if question.earlier and (told := _place_in(question)) is not None:
        return told
    earlier = next((one for text in question.earlier if (one := _handed_over(text))), None)
    if (
        earlier is not None
        and len(question.text) <= _LONGEST_REQUEST
        and (request := _followed(question.text, earlier))
    ):
        return Task(LIKELY, lambda: _answer(earlier._replace(request=request), question))
    if question.alone and _bare(question.text) is not None:
        return Task(POSSIBLE, _refuse_request)
    return None


def _back_to(question: Question) -> _List | None:
    """The list of the turns before with what is added and taken out since, or under the steps that `text` names."""
    text = question.text.strip()
    at = next((at for at, earlier in enumerate(question.earlier) if _handed_over(earlier)), None)
    listed = _handed_over(question.earlier[at]) if at is not None and len(text) <= _LONGEST_REQUEST else None
    of_the_old = ONLY_REPEATED.search(text) or HOW_OFTEN.search(text) or REMOVED.fullmatch(text)
    if listed is None or at is None or "\n" in text or of_the_old:
        return None
    entries = before = rearranged(list(listed.entries), listed.request)
    for turn in (*reversed(question.earlier[:at]), text):
        entries = changed(entries, turn) or entries
    if entries == before and asks_how_many(text):
        return listed._replace(request=_followed(text, listed) or text)
    known = listed._replace(entries=tuple(entries))
    if changed(list(listed.entries), text) is not None or changed(entries, text) is not None:
        return known
    steps = steps_in(text) and not unread_in(text) and not re.search("[:：]", text)
    return known._replace(request=_followed(text, listed) or text) if steps else None


def _is_order(text: str) -> bool:
    """Whether the words on top of a list, or in front of its colon, ask something of it that was not read."""
    head = re.split(r"[:：]|\n", text.strip(), maxsplit=1)[0]
    wordy = len(head.split()) > 1 or (not head.isascii() and len(head) > 3)
    return wordy and (
        is_request(head) or _ORDERS.match(head) is not None or (bool(steps_in(head)) and not re.search("[,，、]", head))
    )


def in_full(question: Question, requirement: str) -> str | None:
    """A bare list under what the requirement does to every list."""
    if _read(question.text) is not None or _bare(question.text) is None or _is_order(question.text):
        return None
    body = _unlabelled(question.text)
    if ONLY_REPEATED.search(requirement) and not TAKES_OUT.search(requirement):
        return f"which are there twice:\n{body}"
    steps = wanted_steps(requirement)
    named = [name for name in steps if name not in ("counted", "split")]
    if not named:
        return f"how many:\n{body}" if "counted" in steps else None
    down = " descending" if DOWN.search(requirement) else ""
    return f"{', '.join(_SAID[name] for name in named)}{down}:\n{body}"


_SAID = {
    "unique": "remove duplicates",
    "sorted": "sort",
    "reversed": "reverse",
    "numbered": "number them",
    "joined": "comma separated",
}


def _read(text: str) -> _List | None:
    """A request with its list behind a colon or below it, or above it; None where no step is asked for."""
    plain = text.strip()
    parts = re.split(r"[:：?？]|\n", plain, maxsplit=1)
    head, behind = parts[0].strip(), "".join(parts[1:]).strip()
    candidates = [(head, behind)]
    above, newline, last = plain.rpartition("\n")
    if newline:
        candidates.append((last, above))
    if not behind and (trailing := joined_steps(plain)) is not None:
        candidates.insert(0, trailing)
    if not behind and (inline := _inline(plain)) is not None:
        candidates.append(inline)
    for request, body in candidates:
        if steps_in(request) == ["reversed"] and re.search("[,，、;；|\n]", body) is None:
            continue  # the words of a text
        entries = entries_in(body)
        if entries and len(request) <= _LONGEST_REQUEST and steps_in(request) and not unread_in(request):
            return _List(entries, request, _joint(body))
    return None


def _inline(text: str) -> tuple[str, str] | None:
    """`sort pear, apple, fig`: the list begins at the word before the first comma."""
    found = re.match(r"(?P<request>(?:[^,，、]*\s)?)(?P<body>\S+[,，、].*)", text)
    if found is None or _NO_ENTRY.match(found["body"]):
        return None
    wordy = any(len(entry.split()) > _MOST_WORDS for entry in re.split("[,，、]", found["body"]))
    return None if wordy else (found["request"], found["body"])


def _unlabelled(text: str) -> str:
    label = _LABEL.match(text.strip())
    return text.strip()[label.end() :] if label else text.strip()


def _bare(text: str) -> _List | None:
    text = _unlabelled(text)
    listed = re.search(r"\n|,.*,|、.*、|;.*;|^\d[\d.]*(?:\s+\d[\d.]*){2,}$", text.strip())
    entries = entries_in(text) if listed and not re.search(r"[?？]", text) else None
    if entries is None or hides_a_request(entries) or re.match(r"[^,，、;\n]*[^\W\d_][:：]\s", text):
        return None
    return _List(entries, "", _joint(text))


def _handed_over(text: str) -> _List | None:
    """The list of an earlier turn; words on top of it that were not read are no entry."""
    return _read(text) or (_bare(text) if not _is_order(text) else None)


def _followed(words: str, earlier: _List) -> str | None:
    """What a short prompt asks of the list before, with the steps that were done to it already."""
    if asks_how_many(words) or (steps_in(words) and not unread_in(words)):
        before = earlier.request if not re.search(r"[?？]|多少|几", earlier.request) else ""
        return f"{before} {words}".strip()
    return None


def _gone(question: Question) -> Task | None:
    """How many entries the turn before left out."""
    listed = _read(question.earlier[0])
    if listed is None:
        return None
    count = len(listed.entries) - len(rearranged(list(listed.entries), listed.request))
    text = f"去掉了 {count} 个" if question.chinese else f"{count} left out"
    return Task(
        LIKELY, lambda: Answer(text, {"entries": len(listed.entries)}, {"left_out": count}, (Value(str(count)),))
    )


def _place_in(question: Question) -> Task | None:
    """`what's first now?`: an entry by its place in the list that the turn before left."""
    place = place_asked(question.text)
    listed = next((one for text in question.earlier if (one := _handed_over(text))), None)
    if place is None or listed is None:
        return None
    entries = rearranged(list(listed.entries), listed.request)
    if not -len(entries) <= place < len(entries):
        return Task(LIKELY, _refuse_place)
    entry = entries[place]
    return Task(LIKELY, lambda: Answer(entry, {"entries": len(entries)}, {"entry": entry}, (Value(entry),)))


def place_asked(words: str) -> int | None:
    """The place that all of `words` ask for, from 0 on; -1 is the last."""
    found = _PLACE.fullmatch(words.strip())
    said = (found["en"] or found["zh"]).lower() if found else ""
    if said in _PLACES:
        return _PLACES[said]
    number = int(re.sub(r"\D", "", said) or 0)
    return number - 1 if number else None


def shown_as(entries: list[str], request: str) -> str:
    """One a line where that is asked for, else with commas."""
    steps = steps_in(request)
    return _shown(entries, steps, ", ")


def _refuse_place() -> Answer:
    raise Refusal("The list has no such entry.", "列表里没有这一项。")


def asks_to_rearrange(request: str) -> bool:
    """Whether `request` is nothing but steps to be done to a list."""
    return bool(steps_in(request)) and not unread_in(request)


def rearranged(entries: list[str], request: str) -> list[str]:
    """The entries after the steps that `request` names."""
    steps = steps_in(request)
    if "unique" in steps or re.search(r"\bdifferent\b|不同", request):
        seen: dict[str, str] = {}
        for entry in entries:
            seen.setdefault(entry.casefold(), entry)
        entries = list(seen.values())
    if "sorted" in steps:
        entries = _in_order(entries, DOWN.search(request) is not None, BY_LENGTH.search(request) is not None)
    down = "sorted" in steps and DOWN.search(request) is not None
    return entries[::-1] if "reversed" in steps and not down else entries


def _answer(asked: _List, question: Question) -> Answer:
    request, entries = asked.request, list(asked.entries)
    steps = steps_in(request)
    if HOW_OFTEN.search(request) or ONLY_REPEATED.search(request):
        return _often(entries, question, repeated=ONLY_REPEATED.search(request) is not None)
    entries = rearranged(entries, request)
    gone = len(asked.entries) - len(entries)
    if "counted" in steps or asks_how_many(request):
        return _counted(entries, gone, question)
    shown = _shown(entries, steps, asked.joint)
    note = (
        (
            f"（去掉了 {gone} 个重复项，剩 {len(entries)} 个）"
            if question.chinese
            else f"({gone} repeated left out, {len(entries)} left)"
        )
        if gone
        else ""
    )
    text = "\n".join(part for part in (shown, note) if part)
    return Answer(
        text,
        {"entries": len(asked.entries), "steps": ", ".join(steps)},
        {"list": [*entries]},
        (Value(str(len(entries)), Fraction(len(entries))),),
    )


def _in_order(entries: list[str], down: bool, by_length: bool = False) -> list[str]:
    """By value where all are numbers, below a name for them; else by letter whatever the case."""
    if by_length:
        return sorted(entries, key=lambda entry: (len(entry), entry.casefold()), reverse=down)
    _refuse_measures(entries)
    numbers = [number_in(entry) for entry in entries]
    if len(entries) > _FEWEST and numbers[0] is None and None not in numbers[1:]:
        return [entries[0], *_in_order(entries[1:], down)]
    if all(number is not None for number in numbers):
        return sorted(entries, key=lambda entry: number_in(entry) or Fraction(0), reverse=down)
    return sorted(entries, key=lambda entry: (entry.casefold(), entry), reverse=down)


def _refuse_measures(entries: list[str]) -> None:
    """Raises Refusal where amounts have several units, or dates are written so that their letters say no order."""
    units = [_MEASURED.fullmatch(entry) for entry in entries]
    several = len({found[1].lower() for found in units if found}) > 1
    measured = all(units) and (several or len(units) > 1)
    if measured or all(_DATE.fullmatch(entry) for entry in entries):
        raise Refusal(
            "I sort numbers and words; amounts with units and dates not written year-month-day I cannot put in order.",
            "我会按数字或字母排序；带单位的数量和不是 年-月-日 的日期我排不了。",
        )


def _joint(body: str) -> str:
    if "\n" in body.strip():
        return "\n"
    return "、" if "、" in body else ", " if "," in body else "\n"


def _shown(entries: list[str], steps: list[str], joint: str) -> str:
    if "numbered" in steps:
        return "\n".join(f"{at}. {entry}" for at, entry in enumerate(entries, 1))
    if "joined" in steps or "split" in steps:
        joint = ", " if "joined" in steps else "\n"
    return joint.join(entries)


def _counted(entries: list[str], gone: int, question: Question) -> Answer:
    count = len(entries)
    rest = (f"（去掉了 {gone} 个重复项）" if question.chinese else f" ({gone} repeated left out)") if gone else ""
    text = (
        f"{count} 个{rest}：{'、'.join(entries)}"
        if question.chinese
        else f"{count} entries{rest}: {', '.join(entries)}"
    )
    return Answer(text, {"entries": count}, {"count": count}, (Value(str(count), Fraction(count)),))


def _often(entries: list[str], question: Question, repeated: bool) -> Answer:
    counts = {entry: count for entry, count in Counter(entries).items() if count > 1 or not repeated}
    if not counts:
        text = "没有重复。" if question.chinese else "None is in it twice."
    else:
        text = "\n".join(f"{entry}: {count}" for entry, count in counts.items())
    return Answer(text, {"entries": len(entries)}, {"counts": {**counts}})


def _refuse_request() -> Answer:
    raise Refusal(
        "What shall I do with this list: sort it, remove duplicates, reverse, number or count it?",
        "要对这个列表做什么：排序、去重、倒序、编号还是计数？",
    )


TOOL = Tool(
    name="list_cleanup",
    ability="sort a list, remove duplicates, reverse, number or count its entries",
    ability_chinese="给列表排序、去重、倒序、编号、计数",
    example="sort and remove duplicates: pear, apple, pear",
    example_chinese="去重并排序：梨、苹果、梨",
    understand=understand,
    in_full=in_full,
)
