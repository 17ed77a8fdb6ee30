"""What can be counted in a text, and how it is asked for."""

import re
from typing import NamedTuple

from .patterns import lazy_pattern

WORD = lazy_pattern("[A-Za-z0-9À-ɏЀ-ӿ]+(?:['’-][A-Za-z0-9À-ɏЀ-ӿ]+)*")
CHINESE = lazy_pattern("[\u3400-\u4dbf\u4e00-\u9fff]")
_SENTENCE = lazy_pattern(r"[^.!?。！？…\n]*[^\s.!?。！？…][^.!?。！？…\n]*(?:[.!?。！？…]+|\n|$)")
_DECIMAL_POINT = lazy_pattern(r"(?<=\d)\.(?=\d)|\b(?:Mr|Mrs|Ms|Dr|e\.g|i\.e|etc|vs)\.(?=\s)")


class TextFigure(NamedTuple):
    """A figure by name, in both languages, with the wording that asks for it."""

    english: str
    chinese: str
    asked: "re.Pattern[str]"


def _figure(english: str, chinese: str, asked: str) -> TextFigure:
    return TextFigure(english, chinese, lazy_pattern(asked, re.IGNORECASE))


FIGURES = (
    _figure(
        "words",
        "字数（汉字加单词）",
        r"(?<!which )(?<!what )(?<!unique )(?<!distinct )(?<!different )(?<!common )(?<!frequent )(?<!used "
        r")(?<!top )\bwords?\b(?! "
        r"frequenc)|(?<!汉)字数|单词数|词数|多少个?(?:字(?!符)|词|单词)|几个(?:字(?!符)|词|单词)",
    ),
    _figure("unique words", "不同的词", r"\b(?:unique|distinct|different)(?: words?| ones?)?\b|不同的(?:单)?词|不重复"),
    _figure("characters", "字符数", r"\bcharacters?\b|\bchars?\b|\bhow long\b|\blength\b|字符"),
    _figure(
        "characters without spaces",
        "字符数（不含空格）",
        r"(?:\b(?:without|excluding|excl\.?|no|not counting|not including|minus|ignoring|leaving out)|\bw/o|"
        r"\bw/out) (?:the |any )?(?:white)?spaces?\b|"
        r"不(?:含|计|算|包括)(?:上)?空格|空格(?:不算|除外|不计)|去掉空格",
    ),
    _figure(
        "characters without punctuation",
        "字符数（不含标点和空格）",
        r"\b(?:without|excluding|no|not counting|ignoring|minus) (?:the )?punctuation\b|不(?:含|计|算|包括)(?:上)?标点|"
        r"标点(?:符号)?(?:不算|除外|不计)|去掉标点",
    ),
    _figure(
        "characters with punctuation",
        "字符数（含标点，不含空格）",
        r"\b(?:with|including|incl\.?|plus|count(?:ing)?) (?:the )?punctuation\b|(?<!不)(?:算上|加上|含上?|"
        r"包括|连同?|计入)标点|"
        r"标点(?:符号)?(?:也算|也要算|算上|算进)",
    ),
    _figure("letters", "字母数", r"\bletters?\b|字母"),
    _figure("Chinese characters", "汉字", r"\bchinese characters?\b|汉字"),
    _figure("sentences", "句子", r"\bsentences?\b(?! in (?:quotes|brackets))|句子数|几个?句|多少个?句"),
    _figure("lines", "行数", r"\blines?\b|行"),
    _figure(
        "lines with text",
        "非空行数",
        r"\b(?:without|excluding|excl\.?|no|non|not counting|minus|ignoring|skipping)[ -]"
        r"(?:the |any )?(?:empty|blank)\b|"
        r"(?:不[算含计]|去掉|除了?)空行|非空",
    ),
    _figure("paragraphs", "段落", r"\bparagraphs?\b|段落数|几段|多少段"),
)


_NARROWER = {"characters without spaces", "Chinese characters"} | {
    "characters without punctuation",
    "characters with punctuation",
}


_BOTH_WAYS = lazy_pattern(
    r"\bwith (?:and|or|&|/) ?without\b|\bwithout (?:and|or|&) with\b|含和不含|含不含", re.IGNORECASE
)


def asked_figures(request: str) -> list[TextFigure]:
    """The figures that are named; the narrower kinds of characters instead of all."""
    asked = [figure for figure in FIGURES if figure.asked.search(request)]
    if _BOTH_WAYS.search(request):
        return [figure for figure in FIGURES if figure in asked or figure.english == "characters"]
    names = {figure.english for figure in asked}
    broader = {"characters"} if names & _NARROWER else set[str]()
    broader |= {"lines"} if "lines with text" in names else set()
    return [figure for figure in asked if figure.english not in broader]


def measured_in(text: str) -> dict[str, int]:
    words = [word.lower() for word in WORD.findall(text)]
    chinese = CHINESE.findall(text)
    return {
        "words": len(words) + len(chinese),
        "unique words": len(set(words)) + len(set(chinese)),
        "characters": len(text),
        "characters without spaces": len(re.sub(r"\s", "", text)),
        "characters without punctuation": sum(sign.isalnum() for sign in text),
        "characters with punctuation": len(re.sub(r"\s", "", text)),
        "letters": sum(sign.isalpha() for sign in text),
        "Chinese characters": len(chinese),
        "sentences": len(_SENTENCE.findall(_DECIMAL_POINT.sub(" ", text))),
        "lines": len(text.splitlines()),
        "lines with text": sum(bool(line.strip()) for line in text.splitlines()),
        "paragraphs": len([part for part in re.split(r"\n\s*\n", text) if part.strip()]),
    }
