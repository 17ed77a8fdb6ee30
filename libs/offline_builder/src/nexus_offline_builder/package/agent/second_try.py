"""A prompt without its typing errors and small talk, for another try where nothing could be made of it as it stands."""

import re

from ..tools.patterns import lazy_pattern
from ..tools.spelling import nearest, written_out

_LONGEST = 400
_WORD = lazy_pattern(r"(?<![\w@./\\-])[A-Za-z]{5,}(?![\w@/\\-])")
_DATA_LINE = lazy_pattern(r"[,;|\t{}\[\]]")
_QUOTED = lazy_pattern(r"(\"[^\"]*\"|“[^”]*”|`[^`]*`|\{.*\})", re.DOTALL)
_CHATTER_WORDS = (
    r"(?:hi|hello|hey|hiya|there|all|guys|folks|everyone|team|bot|mate|buddy|sir|madam|dear|thanks|thank|thx|ty|"
    r"cheers|you|so|"
    r"much|very|lot|a|in|advance|please|pls|plz|lol|haha|ok|okay|cool|great|awesome|nice|perfect|good|morning|"
    r"afternoon|"
    r"evening|can|could|believe|it|that|this|is|crazy|wow|ugh|omg|yikes|sorry|to|bother|quick|question|one|i|"
    r"need|for|my|"
    r"our|boss|homework|class|teacher|asap|urgent|urgently|help|me|us|out|right|correct|fair|hmm|well|um|uh|oh|just|"
    r"wondering|curious|idk|not|sure|no|idea|don't|dont|know|do|if|possible|would|be|appreciated|appreciate|kind|of|"
    r"confused|stuck|again|now|quickly|let|expensive|cheap|ridiculous|insane|what|rip-off|ripoff|deal|steal|robbery)"
)
_CHATTER = lazy_pattern(
    rf"^(?:{_CHATTER_WORDS}[\s'’]*)+[,.!;:—-]+\s+(?=\S)|"
    rf"(?<=[\w%)])\s*[,.!;?—-]+\s*(?:{_CHATTER_WORDS}[\s'’,]*)+[.!?\s]*$|"
    r"^(?:你好|您好|嗨|请问一下|麻烦了?|谢谢)[,，!！。\s]+|[,，。!！\s]+(?:谢谢|多谢|麻烦了|太贵了|可以吗|行吗)[!！。~\s]*$",
    re.IGNORECASE,
)
_BORDER = lazy_pattern(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z])|(?<=[A-Za-z])(?=[\u4e00-\u9fff])")
_COMMON = (
    "calculate calculator convert conversion multiply multiplied divide divided subtract minus times square "
    "squared root percent percentage average median maximum minimum total totals count counts column columns "
    "number numbers discount price change split between among people person difference increase increased "
    "decrease decreased highest lowest largest smallest group sorted words letters characters sentences "
    "paragraphs lines unique common frequent longest extract emails links phone dates address addresses numbers "
    "hashtags yesterday today tomorrow weekday weekdays working business month months weeks years until since "
    "before after days january february march april august september october november december monday tuesday "
    "wednesday thursday friday saturday sunday christmas birthday kilometers kilometres kilometer meters metres "
    "centimeters centimetres millimeters inches miles yards pounds ounces grams kilograms kilos gallons liters "
    "litres milliliters celsius fahrenheit kelvin hours minutes seconds megabytes gigabytes kilobytes hectares "
    "acres stone degrees three seven eight eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million which where there "
    "their about please valid validate commission commissions department departments customer customers deadline "
    "duplicate duplicates alphabetical readable celsius fahrenheit interest"
)
_KNOWN = frozenset(_COMMON.split())


def reworded(text: str) -> list[str]:
    """`text` as it may be meant besides: without small talk around it, without typing errors, without either."""
    if len(text) > _LONGEST:
        return []
    plain, whole = _CHATTER.sub("", text), written_out(text)
    tries = [plain, corrected(text), corrected(plain), whole, corrected(_CHATTER.sub("", whole))]
    if not _QUOTED.search(text) and "\n" not in text:
        tries.append(_BORDER.sub(" ", plain))
    return [one for one in dict.fromkeys(tries) if one.strip() and one != text]


def corrected(text: str) -> str:
    """`text` with words one error away from one that prompts are made of.

    What is handed over to be worked on, as a table, a document or a quotation, stays as it is.
    """
    lines = text.split("\n")
    return "\n".join(line if len(lines) > 1 and _DATA_LINE.search(line) else _spelled(line) for line in lines)


def _spelled(line: str) -> str:
    return "".join(part if at % 2 else _WORD.sub(_meant, part) for at, part in enumerate(_QUOTED.split(line)))


def _meant(found: "re.Match[str]") -> str:
    word = found.group().lower()
    if word in _KNOWN or word.removesuffix("s") in _KNOWN:
        return found.group()
    return nearest(word, (one for one in _KNOWN if one[0] == word[0])) or found.group()
