"""Two questions in one prompt."""

import re

from ..tools.patterns import lazy_pattern

_LONGEST = 6000
_LONGEST_PAIR = 300
_ASKS = r"(?:what(?:'s|s)?|which|who|how (?:many|much|long|old|far|often|tall|heavy)|when|where)\b"
_ASKED = lazy_pattern(rf"\b{_ASKS}|多少|[几谁哪]|什么", re.IGNORECASE)
_JOINT = lazy_pattern(
    rf"(?:\?\s*|[,;.]\s+|\s+)(?:and|then|also|plus)\s+(?=(?:(?:also|then|please|tell me)\s+)*{_ASKS})|"
    rf"\?\s+(?={_ASKS})|[,，；？?]\s*(?:那|还有|另外|再|并且?)?(?=[^,，；？?\n]*(?:多少|[几谁哪]|什么))",
    re.IGNORECASE,
)
_SAME_SHAPE = lazy_pattern(
    r"(?P<lead>\D*[a-z]\D*)(?P<one>\d[\d.,]*\s*%?\s*(?:of|out of)\s*[$€£]?\d[\d.]*)\s*,?\s*and\s+"
    r"(?P<two>\d[\d.,]*\s*%?\s*(?:of|out of)\s*[$€£]?\d[\d.]*)[\s?.!]*|"
    r"(?P<zh_lead>)(?P<zh_one>\d[\d.]*的\d[\d.]*%)[和,，、](?P<zh_two>\d[\d.]*的\d[\d.]*%)(?:各?是?多少)?[\s?？。]*",
    re.IGNORECASE,
)
_DATA = lazy_pattern(r"\n|[{\[]\s*[\"{\[]|[:：]\s")


def two_requests(prompt: str) -> tuple[str, str] | None:
    """The two questions that `prompt` asks, the first with what is handed over; None where it asks no two."""
    if len(prompt) > _LONGEST:
        return None
    if len(prompt) <= _LONGEST_PAIR and (same := _SAME_SHAPE.fullmatch(prompt.strip())):
        lead = same["lead"] or ""
        return f"{lead}{same['one'] or same['zh_one']}", f"{lead}{same['two'] or same['zh_two']}"
    data = _DATA.search(prompt)
    if data is not None and not _ASKED.search(prompt[: data.start()]):
        head, _, last = prompt.rpartition("\n")
        joint = _JOINT.search(last) if head else None
        if joint is None or not _ASKED.search(last[: joint.start()]):
            return None
        return f"{head}\n{last[: joint.start()]}", last[joint.end() :]
    asked, handed = (prompt[: data.start()], prompt[data.start() :]) if data else (prompt, "")
    joints = [one for one in _JOINT.finditer(asked) if _ASKED.search(asked[: one.start()])]
    if len(joints) != 1:
        return None
    return asked[: joints[0].start()] + handed, asked[joints[0].end() :]
