"""What can be read out of an agent's answer."""

import json
import re
from collections.abc import Iterator

from pydantic import JsonValue

_NUMBER = re.compile(
    # Behind a Chinese word, which is followed by no space, a number begins like behind any other.
    r"(?<![^\W\u4e00-\u9fff])(?<!\.)[-+\u2212]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d{1,3})?"
)
_REFUSING = re.compile(
    r"\b(?:cannot|can ?not|can['’]t|could not|couldn['’]t|unable|not able|do(?:es)? not (?:know|support|have)"
    r"|don['’]t (?:know|support|have)|not (?:possible|supported|valid|defined)|no (?:tool|such)|nothing|invalid|sorry"
    r"|out of (?:my )?(?:reach|scope)|is (?:not|no) (?:a|an)?\b|which one|please (?:give|tell|name|say|write))"
    r"|不能|无法|做不了|处理不了|不会|不支持|不知道|不明白|不确定|没看懂|不存在|没有|抱歉|无效|请(?:给|告诉|说|写|提供)|哪一个",
    re.IGNORECASE,
)
_FENCED = re.compile(r"```[a-z]*\n(.*?)```", re.DOTALL)


def numbers(text: str) -> Iterator[float]:
    """The numbers in the text, as people write them: with a point, commas between thousands, or an exponent."""
    for match in _NUMBER.finditer(text):
        written = match[0].replace(",", "").replace("\u2212", "-")
        if any(character.isdigit() for character in written):
            yield float(written)


def refuses(text: str) -> bool:
    """Whether the answer says that it cannot, or asks back."""
    return _REFUSING.search(text) is not None


def _no_number(name: str) -> JsonValue:
    raise ValueError(f"{name} is not JSON")


_JSON = json.JSONDecoder(parse_constant=_no_number)


def json_in(text: str) -> JsonValue:
    """The JSON that the text is or holds: as a whole, in a fence, or from the first bracket. Raises ValueError."""
    for candidate in (text, *(match[1] for match in _FENCED.finditer(text))):
        try:
            return _JSON.decode(candidate)
        except ValueError:
            continue
    starts = [place for place in (text.find("{"), text.find("[")) if place >= 0]
    if not starts:
        raise ValueError("the answer contains no JSON")
    return _JSON.raw_decode(text[min(starts) :])[0]
