"""Keeps a list or notes for the length of a session: what was added, taken off, written down, asked for."""

import re
from collections.abc import Iterable
from fractions import Fraction

from .contract import CERTAIN, LIKELY, Answer, Question, Refusal, Task, Tool, Value
from .passage import is_request
from .patterns import lazy_pattern
from .statements import about
from .wording import has_chinese

_LONGEST = 400
_POLITE = (
    r"(?:(?:please|pls|can you|could you|ok|okay|oh|and|also|now|then|so|hey|hi|yes|wait|actually|we|"
    r"i|i'll|let's|请|帮我|麻烦|再|还有?)[\s,]*)*"
)
_ON_LIST = (
    r"(?:\s*(?:on|to|onto|in|into|for)\s+(?:the|my|our|this|it)?\s*(?:[a-z-]+\s+){0,2}(?:list|it|"
    r"basket|cart)\b|\s*到?(?:清单|列表|单子)(?:上|里)?)"
)
_ON_THE_LIST = lazy_pattern(_ON_LIST, re.IGNORECASE)
_WRITE_DOWN = lazy_pattern(
    rf"{_POLITE}(?:(?:make |take |new )?(?:a )?(?:note|memo|reminder)\b(?: down| that)?\s*[:,-]?|"
    rf"(?:remember|save|store|keep in mind|jot down|write down|note down)"
    r"(?: this| that)?\s*[:,-]?|记(?:一下|住|下来?|录)?\s*[:：,，]?|备忘\s*[:：]?|笔记\s*[:：]?)\s*(?P<what>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_ADD = lazy_pattern(
    rf"{_POLITE}(?:(?:add|put|append|need(?: to buy)?|get|buy|include|pack|加上?|添加|加入|放|买|"
    rf"要买?)\s*[:：]?\s*(?P<what>\S.*?){_ON_LIST}?"
    rf"|(?P<more>[^?？]+?){_ON_LIST})[\s.!。！]*(?:please|pls|thanks|thx)?[\s.!]*",
    re.IGNORECASE | re.DOTALL,
)
_OFF = lazy_pattern(
    rf"{_POLITE}(?:(?:take|remove|delete|cross|strike|scratch|drop|tick|check)\s+(?:off\s+|"
    rf"out\s+)?(?P<what>\S.*?)(?:\s+(?:off|out|from|away)\b.*)?|"
    r"(?:got|have got|bought|have|found|did|done with|finished)\s+(?:the\s+|"
    r"some\s+)?(?P<got>\S.*?)(?:\s+already|\s+now)?|"
    r"(?P<done>\S.*?)\s+(?:is|are)\s+(?:done|bought|in the (?:cart|basket|bag)|finished|ready)|(?:no "
    r"more|don't need|do not need|without)\s+(?P<no>\S.*?)(?:\s+any\s?more)?|"
    r"(?:删掉?|删除|去掉|划掉|不要|不用买|买到?了|买好了)\s*(?P<zh>\S.*?)(?:了)?)[\s.!。！]*",
    re.IGNORECASE,
)
_CLEAR = lazy_pattern(
    rf"{_POLITE}(?:clear|reset|start over)[\s.!]*|{_POLITE}(?:clear|empty|delete|reset|wipe|start|"
    rf"forget)\s+(?:over|everything|all|the (?:whole )?list|"
    rf"my (?:whole )?list|(?:a )?new list|all (?:my )?notes|it|the list)[\s.!]*|清空.*",
    re.IGNORECASE,
)
_SHOW = lazy_pattern(
    r"(?:(?:and|so|ok|now|please|hey)[\s,]+)*(?:what(?:'s|s| is| are| was| do| did| have| else| "
    r"all)?\b.*\b(?:list|left|need|buy|missing|open|far|remember|notes?|get|note down|write down|"
    r"written|pack|on it|on there|in it|so far)\b"
    r"(?!.*\babout\b)|(?:show|read|give|tell|list|print|repeat|display|see)\b.*(?:\b(?:list|notes?|"
    r"all|everything|it|back|them|items)\b|$)|(?:my |the |full |whole )*(?:shopping |to-?do )?(?:list|"
    r"notes?)|"
    r"list (?:please|so far|now)|everything(?: so far)?)[\s?.!]*|(?:清单|列表|单子|备忘|"
    r"笔记).*(?:什么|哪些|内容|看|呢)?|(?:还|都)?(?:有|要买|剩|记了?)(?:些)?(?:什么|哪些|啥).*|(?:看|"
    r"念|读|列出|显示).*",
    re.IGNORECASE,
)
_HOW_MANY = lazy_pattern(
    r"(?:(?:and|so|ok)[\s,]+)*how (?:many|much)\s+(?P<what>[a-z' -]+?)(?:\s+(?:did|do|are|is|have|"
    r"were|was|on|left|in|should|we|i|there)\b.*)?[\s?.!]*|(?:有|一共|共|多少|几)+(?:多少|"
    r"几)?[个件样条]?(?P<zh>[\u4e00-\u9fff]*?)[？?。]*",
    re.IGNORECASE,
)
_IS_ON = lazy_pattern(
    r"(?:(?:and|so|ok)[\s,]+)*(?:(?:is|are|do (?:i|we) (?:have|need)|did (?:i|we) (?:add|put|write "
    r"down))\s+(?:there\s+)?(?:the\s+|any\s+)?(?P<what>[^?]+?)(?:\s+(?:on|in)\s+.*|\s+there)?[\s?]+|"
    r"(?P<zh>[\u4e00-\u9fff]+)在(?:清单|列表|单子)[上里]吗[？?]*)",
    re.IGNORECASE,
)
_THINGS = frozenset(
    [
        "items",
        "item",
        "things",
        "thing",
        "entries",
        "notes",
        "note",
        "products",
        "tasks",
        "todos",
        "in all",
        "altogether",
    ]
)
_STATEMENT = lazy_pattern(
    r"(?:i\s+)?(?:lent|gave|put|left|parked|paid|borrowed|sent|hid|stored|locked|met|promised)\s.{3,200}|"
    r"(?:the|my|our|[a-z]+'s)\s.{2,80}\b(?:is|are|was)\b.{2,200}",
    re.IGNORECASE,
)
_BARE = lazy_pattern(
    r"(?:also|and|todo:?|to do:?)\s+.{2,60}|[^,，、\n]{2,40}(?:[,，、\n]+\s*[^,，、\n]{2,40})+|\d+\s+\w+(?: \w+)?",
    re.IGNORECASE,
)
_SPLIT = lazy_pattern(
    r"\s*(?:,|;|\n|、|，|\s&\s|\band\b|\bplus\b|(?<=[\u4e00-\u9fff])[和跟](?=[\u4e00-\u9fff]))+\s*", re.IGNORECASE
)
_ARTICLE = lazy_pattern(r"^(?:(?:todo:?|to do:?|and|some|the|a|an|also|another|more)\s+)+", re.IGNORECASE)
_ASKS = lazy_pattern(
    r"[?？]\s*$|^\s*(?:what|when|where|who|which|how|why|is|are|do|does|did|tell me|show)\b|(?:什么|"
    r"多少|几|哪|吗|谁|呢)",
    re.IGNORECASE,
)


_ONE_THING = lazy_pattern(
    r"(?!(?:ok|okay|yes|no|thanks|thank|thx|hi|hello|help|stop|bye|done|list|all|again|next|more|nothing|undo|clear)\b)"
    r"(?:\d+\s+)?[^\W\d_]{2,}(?:[ -][^\W\d_]{2,}){0,2}[\s.!]*",
    re.IGNORECASE,
)


def _tells(text: str) -> bool:
    """Whether `text` is a statement to be kept: words with a verb in them, and no question or order."""
    if is_request(text) or _ASKS.search(text):
        return False
    return _STATEMENT.fullmatch(text) is not None or (len(text.split()) > 2 and _VERB.search(text) is not None)


_VERB = lazy_pattern(
    r"\b(?:is|are|was|were|has|have|had|will|likes?|loves?|hates?|wants?|needs?|owes?|lives?|works?|moved|called|said|came|comes|goes|"
    r"went|bought|sold|lent|gave|took|paid|knows|prefers|starts?|ends?|leaves|arrives|costs?|drinks?|eats?|turns|got)\b",
    re.IGNORECASE,
)


class _Kept:
    """What the session holds: the entries of the list, and the notes, in the order in which they came."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self.notes: list[str] = []

    def take(self, prompt: str, to_list: bool, alone: bool) -> str | None:
        """Does what `prompt` says to be kept or taken off, and says so; None where it says nothing of the kind."""
        text = prompt.strip()
        if _CLEAR.fullmatch(text):
            return self._cleared()
        if (
            len(text) > _LONGEST
            or text.endswith(("?", "？"))
            or _SHOW.fullmatch(text)
            or re.search(r"[\[\]{}<>=\\]", text)
        ):
            return None
        if (note := _WRITE_DOWN.fullmatch(text)) and not (to_list and _ADD.fullmatch(note["what"])):
            self.notes.append(note["what"].strip())
            return "noted"
        if (off := _OFF.fullmatch(text)) and (gone := self._without(next(part for part in off.groups() if part))):
            return f"off: {', '.join(gone)}"
        if (add := _ADD.fullmatch(text)) and not _ASKS.search(text) and (to_list or alone or _ON_THE_LIST.search(text)):
            return self._with(add["what"] or add["more"])
        if alone and not to_list and _tells(text):
            self.notes.append(text)
            return "noted"
        if alone and to_list and _ONE_THING.fullmatch(text) and not (is_request(text) or _ASKS.search(text)):
            return self._with(text)
        return self._with(text) if to_list and _BARE.fullmatch(text) and not is_request(text) else None

    def _cleared(self) -> str:
        self.entries, self.notes = [], []
        return "cleared"

    def _with(self, said: str) -> str | None:
        added = [_ARTICLE.sub("", part.strip(" .!。")) for part in _SPLIT.split(said)]
        if all(re.fullmatch(r"[\d\s.,%/*+-]*", one) for one in added):
            return None
        self.entries += [one for one in added if one]
        return f"added: {', '.join(one for one in added if one)}"

    def _without(self, said: str) -> list[str]:
        gone: list[str] = []
        for part in _SPLIT.split(said):
            gone += [one for one in self.entries if _names(part, one)] or [
                one for one in self.notes if about(part, [one]).statements
            ]
        self.entries = [one for one in self.entries if one not in gone]
        self.notes = [one for one in self.notes if one not in gone]
        return gone


def _names(said: str, entry: str) -> bool:
    wanted, known = (re.sub(r"s\b", "", _ARTICLE.sub("", text.strip(" .!。")).lower()) for text in (said, entry))
    if not wanted:
        return False
    return (
        wanted in known if has_chinese(wanted) else re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", known) is not None
    )


def understand(question: Question) -> Task | None:
    if len(question.text) > _LONGEST:
        return None
    to_list = (
        re.search(r"\blists?\b|\bgrocer|\bto-?dos?\b|\bpack|清单|列表|单子|购物", question.requirement, re.IGNORECASE)
        is not None
    )
    kept = _Kept()
    for earlier in reversed(question.earlier):
        kept.take(earlier, to_list, question.alone)
    done = kept.take(question.text, to_list, question.alone)
    if done is not None:
        return Task(CERTAIN if question.alone else LIKELY, lambda: _confirmed(kept, done, question))
    return _asked(kept, question)


def _asked(kept: _Kept, question: Question) -> Task | None:
    text = question.text.strip()
    held = [*kept.entries, *kept.notes]
    if (off := _OFF.fullmatch(text)) and question.alone and not text.endswith(("?", "？")):
        missing = next(part for part in off.groups() if part)
        return Task(CERTAIN, lambda: _refuse(missing, question.chinese))
    if not (held or question.alone):
        return None
    if counted := _HOW_MANY.fullmatch(text):
        return Task(CERTAIN, lambda: _how_many(held, (counted["what"] or counted["zh"] or "").strip(), question))
    if (asked := _IS_ON.fullmatch(text)) and kept.entries:
        return Task(CERTAIN, lambda: _is_on(kept.entries, asked["what"] or asked["zh"], question))
    if _SHOW.fullmatch(text):
        return Task(CERTAIN, lambda: _listed(held, question))
    found = about(text, held)
    if found.statements and not found.unknown:
        return Task(CERTAIN, lambda: _listed(found.statements, question))
    return Task(LIKELY, lambda: _refuse(", ".join(found.unknown) or text, question.chinese)) if question.alone else None


def _confirmed(kept: _Kept, done: str, question: Question) -> Answer:
    held = [*kept.entries, *kept.notes]
    shown = ", ".join(kept.entries) if kept.entries else f"{len(kept.notes)}"
    if question.chinese:
        text = f"好的。清单上有：{shown}。" if kept.entries else f"好的，已记下（共 {shown} 条）。"
    else:
        text = f"OK, {done}. On the list: {shown}." if kept.entries else f"OK, {done} ({shown} in all)."
    return Answer(text, {"said": question.text[:200]}, {"kept": [*held]})


def _listed(held: Iterable[str], question: Question) -> Answer:
    lines = list(held)
    if not lines:
        raise Refusal("There is nothing on the list and nothing noted.", "清单和笔记都是空的。")
    count = Fraction(len(lines))
    return Answer(
        "\n".join(f"- {one}" for one in lines), {"entries": len(lines)}, {"kept": [*lines]}, (Value(str(count), count),)
    )


def _how_many(held: list[str], what: str, question: Question) -> Answer:
    """How many entries there are, or the one that says how many of something."""
    if not what or what in _THINGS:
        text = f"共 {len(held)} 项：{'、'.join(held)}" if question.chinese else f"{len(held)}: {', '.join(held)}"
        return Answer(text, {"entries": len(held)}, {"count": len(held)}, (Value(str(len(held)), Fraction(len(held))),))
    named = [one for one in held if _names(what, one)]
    if not named:
        _refuse(what, question.chinese)
    return _listed(named, question)


def _is_on(entries: list[str], what: str, question: Question) -> Answer:
    named = [one for one in entries if _names(what, one)]
    yes, no = ("有", "没有") if question.chinese else ("Yes", "No")
    text = f"{yes}: {', '.join(named)}" if named else f"{no}: {what}"
    return Answer(text, {"asked": what}, {"kept": [*named]})


def _refuse(what: str, chinese: bool) -> Answer:
    raise Refusal(f"I have nothing noted about '{what}'.", f"我没有记过“{what}”。")


TOOL = Tool(
    name="session_notes",
    ability="keep a list or notes for as long as this session lasts, and tell them again",
    ability_chinese="在本次会话中记清单或笔记，并随时复述",
    example="put bread and jam on the list",
    example_chinese="把牛奶加到清单上",
    understand=understand,
)
