"""Names that look like periods or weekdays, and what is said of the ends."""

import re

from .patterns import lazy_pattern

HOLIDAY = lazy_pattern(
    r"\b(?:is|are|was|as|declared)\s+(?:declared\s+)?(?:an?\s+)?(?:public |bank )?holidays?\b|放假|是假日",
    re.IGNORECASE,
)
ENDS_SAID = lazy_pattern(r"\b(?:exclu\w+|not counting|without)\b|不[含算计包]", re.IGNORECASE)
ONLY_WEEKDAYS = lazy_pattern(r"which weekdays: [-\d, ]+")
HOW_OLD = lazy_pattern(r"\b(?:how old|what age)\b|[几多]岁|多大", re.IGNORECASE)
NO_WEEKENDS = lazy_pattern(
    r"^(?:(?:and|so|ok|but|how many|how about|what about)\s+)*(?:without|excluding|not counting|minus|"
    r"no) (?:the )?weekends?[\s?.!]*$|"
    r"^(?:那)?(?:不[算含计]|去掉|扣除|除去)周末(?:呢)?[\s?？。]*$",
    re.IGNORECASE,
)
MONDAY_TO_FRIDAY = lazy_pattern(
    r"\bmon(?:day)?s?\s*(?:-|to|till|through)\s*fri(?:day)?s?(?:\s+days)?\b\s*(?:only\b)?|周[1一](?:至|到)周[5五]的?",
    re.IGNORECASE,
)
EVENT = lazy_pattern(
    r"\b(?:half[- ]|quarter[- ])(marathon|term|time|final|year (?:party|exam|review))|\b\d{1,3}\s?(?:k|km|"
    r"miles?)\b\s*(run|race|walk|ride)?(?!\s*(?:in|to)\b)",
    re.IGNORECASE,
)
_HOLIDAYS = r"(?:public |bank |national |legal |statutory |school )*(?:holidays?|hols)"
NO_HOLIDAYS = lazy_pattern(
    rf"[,;(]?\s*\b(?:no|ignor(?:e|es|ing)|disregard(?:ing)?|forget(?: about)?|never mind|regardless of|"
    rf"don't (?:care about|"
    rf"mind|count|bother with)|no need (?:for|of|to \w+)|irrespective of)(?: any| the| all| our|"
    rf" about)*\s+{_HOLIDAYS}"
    rf"(?: (?:are |is )?(?:needed|necessary|required|considered|involved|please))?\)?|"
    rf"[,;(]?\s*{_HOLIDAYS}\s+(?:(?:do|does|are|is|need|can|should)(?:n't| not|nt)|don't|dont|not|can be|are|is|"
    rf"being)\s+(?:to be\s+|be\s+)?"
    r"(?:needed|necessary|required|considered|counted|matter|count|ignored|disregarded|relevant|an issue)\)?|"
    r"[，,；（(]?(?:不[用必需]?要?[考管理计]?[虑会]?|无需考虑|忽略|不管|无视)(?:法定)?(?:节假日|假期)[）)]?|"
    r"[，,；（(]?(?:法定)?(?:节假日|假期)(?:都)?(?:不[用必需]?要?[考管]虑?|忽略|不管|不计|无所谓)[）)]?",
    re.IGNORECASE,
)
"""Parts of a requirement that ask for no more than what is done anyway: the answers say that holidays are ignored."""
FROM_AN_EVENT = lazy_pattern(
    r"\b(?:from|after|before) (?:the|my|our|his|her|their|its) (?!next|same|day|week|month|year)[a-z]+|"
    r"(?:开封|购买|生产|签订|入职|签发|寄出|发货|收到|下单|出生|开始|签收)[之以]?后",
    re.IGNORECASE,
)
"""What a period is counted from, where no date says when that is."""
_ASKS_A_DATE = lazy_pattern(
    r"\b(?:what|which) (?:date|day)\b|\bwhat's the date\b|\bdate in\b|几号|哪一?天|什么日期", re.IGNORECASE
)
_ASKED_FOR = lazy_pattern(
    r"\bin\s+\d{1,4}\s+(?:working |business )?(?:days?|weeks?|months?|years?)\b|"
    r"\b\d{1,4}\s+(?:working |business )?(?:days?|weeks?|months?|years?) (?:ago|from (?:now|today)|"
    r"later)\b|"
    r"\d{1,4}\s*(?:天|周|个?星期|个?月|年)[之以]?[前后]",
    re.IGNORECASE,
)
"""Examples of prompts: `in two weeks, ten days ago - what date is that`."""
_AND_SUCH = lazy_pattern(r"\bkind of (?:thing|stuff)|\band (?:such|so on)\b|\betc\b|\.\.\.|等等?|之类", re.IGNORECASE)


def without_examples(wanted: str) -> str:
    """A requirement that lists several prompts asks for none of them."""
    several = _ASKS_A_DATE.search(wanted) and (len(_ASKED_FOR.findall(wanted)) > 1 or _AND_SUCH.search(wanted))
    return _ASKED_FOR.sub(" ", wanted) if several else wanted
