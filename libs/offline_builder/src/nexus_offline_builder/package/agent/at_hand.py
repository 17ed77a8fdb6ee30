"""Tools beside those that the requirement names, for what people hand an agent that nobody thought of before.

They are asked only where the tools named cannot answer, only where a prompt hands over what they work on, and only a
reading that is certain counts.
"""

import re
from collections.abc import Sequence

from ..tools.patterns import lazy_pattern
from ..tools.wording import MONTH
from .handed_on import is_handed_on
from .payload import Turn

_LONGEST_READ = 4_000
_RECORDS = lazy_pattern(r"[,;|\t][^,;|\t\n]{0,80}\n[^,;|\t\n]{0,80}[,;|\t]")
_DOCUMENT = lazy_pattern(r"\{\s*\"|\[\s*[{\[\"\d]")
_NUMBER = lazy_pattern(r"\d|[一二两三四五六七八九十百]")
_QUANTITY = lazy_pattern(
    r"\d[^\n]{0,60}(?:\b(?:in|to|into|as|how many)\s+[a-z]|->|→|多少|换成|等于|[是合]几)|\bhow many\b[^\n]{0,60}\d",
    re.IGNORECASE,
)
_ASKED = lazy_pattern(r"[a-z]{3}|[\u4e00-\u9fff]{2}", re.IGNORECASE)
_DATE = lazy_pattern(
    rf"\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}}|\d\s*(?:st|nd|rd|th)?\s*(?:of )?{MONTH}|{MONTH}\.?\s*\d|\d\s*[年月日号]",
    re.IGNORECASE,
)
_TEXT = lazy_pattern(r"[:：]\s*\S|\n|[\"“「『]")
_PATTERN = lazy_pattern(
    r"\b(?:e-?mails?|links?|urls?|phones?|hash ?tags?|addresses|numbers)\b|邮箱|网址|链接|电话|手机|号码|话题",
    re.IGNORECASE,
)
_COUNTED = lazy_pattern(r"\b(?:words?|characters?|chars|letters?|sentences?|lines)\b|[字词句行]", re.IGNORECASE)
_SORTED = lazy_pattern(r"\b(?:sort|alphabet|dup|dedup|uniq)|去重|排序|重复", re.IGNORECASE)
_WRITTEN = lazy_pattern(
    r"\b(?:revers|backward|upper|lower|capital|caps\b|replace|slug|title case)|倒|大写|小写|替换|回文", re.IGNORECASE
)
_JSON = lazy_pattern("json", re.IGNORECASE)
_CSV = lazy_pattern(r"\b(?:csv|table|spreadsheet|excel)\b|表", re.IGNORECASE)
_HANDED_OVER: dict[str, "tuple[re.Pattern[str], ...]"] = {
    "csv_totals": (_RECORDS,),
    "arithmetic": (_NUMBER, _ASKED),
    "csv_to_json": (_RECORDS, _JSON),
    "unit_conversion": (_QUANTITY,),
    "date_arithmetic": (_DATE, _ASKED),
    "text_statistics": (_COUNTED, _TEXT),
    "json_query": (_DOCUMENT,),
    "pattern_extraction": (_PATTERN, _TEXT),
    "json_to_csv": (_DOCUMENT, _CSV),
    "list_cleanup": (_SORTED, _TEXT),
    "text_changes": (_WRITTEN, _TEXT),
}
_OF_DOCUMENTS = frozenset({"json_query", "json_to_csv"})
_OF_RECORDS = frozenset({"csv_totals", "csv_to_json"})
_NOTHING_ELSE = lazy_pattern(
    r"\b(?:nothing|anything|no other|not any) (?:else|other|more)\b|\bnothing but\b|\bonly\b[^.!\n]{0,40}!|"
    r"(?:不要|别)(?:聊天|做?别的|其他)|别的(?:都|一律)",
    re.IGNORECASE,
)


def at_hand(named: Sequence[str], requirement: str) -> list[str]:
    """The further tools of an agent with the tools `named`; none where the requirement wants nothing besides."""
    if not named or not requirement or _NOTHING_ELSE.search(requirement):
        return []
    return [name for name in _HANDED_OVER if name not in named]


def fit_for(prompt: str, turns: Sequence[Turn], names: Sequence[str]) -> list[str]:
    """Those of the tools `names` that the conversation hands over something to; `prompt` may ask about it later."""
    texts = [prompt, *(turn.prompt for turn in turns)]
    if turns and is_handed_on(prompt):
        texts += [f"{prompt}:\n{turns[-1].prompt}", f"{prompt}:\n{turns[-1].answer or ''}"]
    return [name for name in names if any(_is_handed_over(text, name) for text in texts)]


def _is_handed_over(text: str, name: str) -> bool:
    """Whether `text` has all that the tool works on; a document or records in it are for their own tools alone."""
    text = text[:_LONGEST_READ]
    for form, own in ((_DOCUMENT, _OF_DOCUMENTS), (_RECORDS, _OF_RECORDS)):
        if form.search(text):
            return name in own and all(one.search(text) for one in _HANDED_OVER[name])
    return all(one.search(text) for one in _HANDED_OVER[name])
