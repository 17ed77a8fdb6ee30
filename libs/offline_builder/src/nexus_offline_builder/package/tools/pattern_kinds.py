"""What can be found in a text: e-mail addresses, URLs, phone numbers, dates and the like."""

import re
from fractions import Fraction
from typing import NamedTuple

from .contract import Answer, Value
from .patterns import lazy_pattern

HOW_MANY_DIFFERENT = lazy_pattern(
    r"(?:\b(?:and|so|ok|now)\b[\s,]*)*(?:how many|number of|count(?: of)?)(?: (?:of (?:them|those)|are|were|is|the|"
    r"there))*\s+"
    r"(?:unique|different|distinct|individual)(?: (?:ones?|are|were|was|is|that|it|this|in|all|there|"
    r"values?|entries|of|them|those|hash ?tags?|"
    r"links?|urls?|numbers?|e?-?mails?|these|phones?|"
    r"addresses|dates|mentions?))*[\s?.!]*|"
    r"(?:(?:and|so|ok)\s+)?how many (?:if |when )?(?:(?:you|u|i|we) "
    r")?(?:don'?t|do not|not|without) (?:count(?:ing)? )?(?:the )?"
    r"(?:doubles|duplicates|repeats)[\s?.!]*|"
    r"(?:那|其中)?(?:不重复|不同|去重后?)的?(?:一共|总共)?(?:还?有)?(?:几|多少)个?(?:呢)?[\s?？。]*|(?:有)?(?:几|多少)个?(?:不同|不重复)的?(?:呢)?[\s?？。]*",
    re.IGNORECASE,
)


ORDERS_OTHERS = lazy_pattern(
    r"\s*(?:please |can you )?(?:extract|find (?!attached|below|enclosed)|list|get|pull out|"
    r"collect)\s+(?:all |the |every )*\w+s?\s*$",
    re.IGNORECASE,
)
SENDS = lazy_pattern(
    r"\s*(?:please |can you |could you )?(?:send|write|forward|reply)\s+(?:an?|the|my|this|it|him|her|"
    r"them|me|us)\b|\s*(?:请|帮我)*(?:发|写|转发|回复)",
    re.IGNORECASE,
)


class PatternKind(NamedTuple):
    """Something that can be found: its names, the wording that asks for it, and its form."""

    english: str
    chinese: str
    asked: "re.Pattern[str]"
    form: "re.Pattern[str]"


def _kind(english: str, chinese: str, asked: str, form: str) -> PatternKind:
    return PatternKind(english, chinese, lazy_pattern(asked, re.IGNORECASE), lazy_pattern(form, re.IGNORECASE))


KINDS = (
    _kind(
        "e-mail addresses",
        "邮箱地址",
        r"\b(?:e-?)?mails?\b|邮箱|邮件|信箱|电邮",
        r"(?<![A-Z0-9_.%+-])[A-Z0-9._%+-]{1,64}@[A-Z0-9-]{1,63}(?:\.[A-Z0-9-]{1,63}){0,8}\.[A-Z]{2,24}(?![A-Z0-9_-])",
    ),
    _kind(
        "URLs",
        "网址",
        r"\burls?\b|\blinks?\b|\bweb ?(?:sites?|addresses)\b|网址|链接",
        r"(?:https?://|www\.)[^\s<>\"'，。；、（）)\]\u4e00-\u9fff]{1,2000}(?<![.,;:!?])",
    ),
    _kind(
        "IP addresses",
        "IP 地址",
        r"\bip(?:v4)?s?\b(?: addresses)?",
        r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])",
    ),
    _kind(
        "phone numbers",
        "电话号码",
        r"\b(?:tele)?phones?\b|\bphone numbers?\b|\bmobile\b|电话|手机|号码",
        r"(?<![A-Z0-9_.])(?<![A-Z]-)(?<!\d[\s.-])(?!(?:[\s.+()-]{0,2}\d){16}|\d{4}[-.]\d{1,2}[-.]\d{1,2}(?!\d))"
        r"(?:\+\d{1,3}[\s.-]?)?(?:\(\d{1,5}\)[\s.-]?)?(?:0\d{4}|"
        r"\d{2,4})(?:[\s.-]\d{2,4}){0,3}[\s.-]\d{2,8}(?![A-Z0-9_])|"
        r"(?<![A-Z0-9_.])(?:\+\d{7,15}|1[3-9]\d{9}|0\d{9,11}|\d{10})(?![A-Z0-9_])",
    ),
    _kind(
        "dates",
        "日期",
        r"\bdates?\b|日期|哪天",
        r"(?<!\d)(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|(?:\d{4}年)?\d{1,2}月\d{1,2}[日号]|"
        r"\d{4}年\d{1,2}月\d{1,2}|\d{1,2}/\d{1,2}/\d{2}(?!\d)|(?:jan|"
        r"feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.? "
        r"\d{1,2}(?:st|nd|rd|th)?(?:,? \d{4})?(?![\d:])|\d{1,2}(?:st|nd|"
        r"rd|th)? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\b\.?(?:,? \d{4})?)(?!\d)",
    ),
    _kind("hashtags", "话题标签", r"\bhash ?tags?\b|话题|标签", r"(?<![\w&])#[\w\u4e00-\u9fff]{1,100}"),
    _kind("mentions", "提及", r"\bmentions?\b|\bhandles?\b", r"(?<![\w.])@\w{1,50}"),
    _kind(
        "amounts",
        "金额",
        r"\b(?:amounts?|prices?|money)\b|金额|价格",
        r"[$€£¥]\s?\d[\d,]{0,20}(?:\.\d{1,4})?|\d[\d,]{0,20}(?:\.\d{1,4})?\s?(?:元|美元|dollars|euros|USD|EUR)",
    ),
    _kind(
        "numbers",
        "数字",
        r"(?<!phone )(?<!telephone )(?<!mobile )\b(?:numbers?|digits|integers|numerals)\b|数字|数值",
        r"(?:(?<![\w.])[-+])?(?<![\d.])(?:\d{1,3}(?:,\d{3}){1,6}(?!\d)|\d{1,300})(?:\.\d{1,300})?|"
        r"(?<![\w.])[-+]?\.\d{1,300}(?![\w.]*\d)",
    ),
)


def different(kind: PatternKind, found: list[str], chinese: bool) -> Answer:
    """How many there are of a kind, each counted once."""
    listed = "、".join(found) if chinese else ", ".join(found)
    text = (
        f"不同的{kind.chinese}：{len(found)} 个：{listed}"
        if chinese
        else f"{len(found)} different {kind.english}: {listed}"
    )
    return Answer(
        text, {"kinds": [kind.english]}, {kind.english: [*found]}, (Value(str(len(found)), Fraction(len(found))),)
    )
