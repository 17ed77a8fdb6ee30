"""Reads a requirement: which tools it calls for, in which language it is written, what its agent may be called."""

import re
import unicodedata
from collections.abc import Sequence

from nexus_offline_builder.catalogue import ToolRule
from nexus_offline_builder.evidence import called_for, out_of_reach
from nexus_offline_builder.package.tools.traditional import simplified
from nexus_offline_builder.package.tools.wording import has_chinese

_LONGEST_READ = 20_000
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,47}")
_LONGEST_NAME = 40
_MOST_NAME_WORDS = 6
_NEGATED = re.compile(
    r"\b(?:no|not|without|never|except|excluding|neither|nor|"
    r"don'?t|doesn'?t|won'?t|cannot|can'?t|instead of|rather than)\b"
    r"(?:\s+(?!(?:only|just|when|while|but|and|or|that|if|in)\b)[\w-]+){1,4}|"
    r"(?:不要|不需要|不用|无需|不能|不会|不做|不支持)[^。，；：！？,.\n]{0,10}",
    re.IGNORECASE,
)
_ITS_CALCULATOR = re.compile(
    r"\b(days?|dates?|age|deadline|countdown|units?|conversion|temperature) calculators?\b", re.IGNORECASE
)
_AN_EXPRESSION = re.compile(
    r"\b(?:times|x) \d|\b(?:hours|hrs|qty|quantity|pieces|km|miles|units) (?:x|times|"
    r"\*) |(?<![\w-])\d+\s*[x×*/+]\s*\d+(?![\w-])|(?<!\w)[a-z]\s*[+*]\s*[a-z](?!\w)",
    re.IGNORECASE,
)
_OTHER_SIZES = re.compile(r"\b(?:shoe|dress|clothes|clothing|ring|hat|bra) sizes?\b", re.IGNORECASE)
_FINDS_DATES = re.compile(
    r"(?:提取|抓取?|找|抠|扒|挑|摘|识别)(?:出来?|到)?[\u4e00-\u9fff]{0,6}(?:日期|数字|金额|价格)|"
    r"(?:日期|数字|金额|价格)[\u4e00-\u9fff、]{0,6}(?:提取|找|挑|摘|抠|抓|扒)(?:出来?)?"
)
_MORE_DAYS = re.compile(r"\+\s*(\d+|n|x)?\s*(?=(?:business |working |work)?(?:day|week|month|year)s?\b)", re.IGNORECASE)
_ARROW = re.compile(r"\s*(?:<?[-=]+>|[→↔⇒])\s*")
_AND = re.compile(r"(?<=\w )(?:n|&)(?= \w)")
_BOTH_ARROWS = re.compile(r"\s*(?:<[-=]*>|[↔⇄])\s*")
_REPEATED = r"(?:doubles?|doubled|dup\w*|repeats?|repeated|twins?)"
_UNREPEATED = re.compile(
    rf"\b(?:no|not|without|un|drop\w*|kill\w*|remov\w+|delet\w+|kick\w*(?: out)?|throw\w*(?: out)?|skip\w*|strip\w*|"
    rf"get rid of|weed\w*(?: out)?|tak\w+ out|filter\w*(?: out)?|clean\w*(?: up)?|cut\w*)\s+"
    rf"(?:(?:the|any|all|out|of)\s+)*{_REPEATED}\b(?!\s+(?:white)?(?:space|blank))",
    re.IGNORECASE,
)
_WHATEVER = re.compile(
    r"\b(?:what(?:ever)?|anything|everything|stuff|things?) (?:that )?(?:i|you|we|they|people|users?) "
    r"(?:type|paste|write|say|send|give|enter|put in)s?\b",
    re.IGNORECASE,
)
_HEADER = re.compile(r"[(（]\s*[\w ]+(?:\s*[;；|\t]\s*[\w ]+){2,}\s*[)）]")
_HOW_MUCH_TEXT = re.compile(r"(?:多少|几)个?(?:汉?字|句|单?词|段)(?!符)")
_RECORDS = re.compile(
    r"\b(?:sheets?|(?:cash|log|order|grade|mark|bank|class)\s?books?|registers?|logs?|records?|rows?|statements?|exports?|"
    r"tabs?|semicolons?|columns?|excel|erp|sap|calc|listing)\b|"
    r"\b(?:past\w+|cop(?:y|ied)|send\w*|throw|dump\w*|drop|export\w*|give)\b[^.;]{0,40}"
    r"(?<!\byou )(?<!\bto )\b(?:list|table)s?\b"
    r"(?![^\n]{0,200}\b(?:sort|dup|doubles|twice|alphabet))|"
    r"\bpast\w+\b[^.;]{0,40}\b(?:appointments?|orders?|jobs?|bookings?|sales|takings|results?|scores?|marks|expenses|hours|shifts|runs|"
    r"transactions|invoices|payments|visits|deliveries|stock|readings|trips|rides|donations|members|prices)\b|"
    r"(?:贴|粘|导出|复制|拷|有一?[份张]|发给)[^。；\n]{0,16}?(?:表|单|册|账|记录)(?![示达面位词价纯独])|"
    r"(?:表|单|册|账|记录|清单)[^。；\n]{0,4}?(?:贴|粘|发给|复制|导)|[\u4e00-\u9fff](?:记录|台账)",
    re.IGNORECASE,
)
_TO_FIND = re.compile(
    r"\s*(?:<?[-=]+>|[→⇒])\s*(?:(?:a |the )?list of |all |the |every )*"
    r"(hash ?tags?|links?|urls?|e-?mails?\b|phone|mentions?|邮箱|网址|链接|手机|电话|话题)",
    re.IGNORECASE,
)
_ABOUT_SIGNS = re.compile(
    r"(?:不?(?:含|包括|包含|计入?|算)|\b(?:with|including|incl\.?|excluding|excl\.?|counting)\s)\s*(?:[、和与及或，]?\s*(?:标点(?:符号)?|空格|换行|数字)|"
    r"(?:(?:and|or|the|all)\s+)*(?:punctuation|spaces|blanks|line breaks)\b)+",
    re.IGNORECASE,
)
_OF_PICTURES = re.compile(
    r"\b(?:photos?|pictures?|images?|selfies)\b[^.;]{0,40}\b(?:background|crop\w*|cut|resi[sz]e|sharp\w*|blur\w*|retouch\w*|filters?)\b|"
    r"\b(?:screen ?shots?|scans?|photos?|pictures?|images?)\s*(?:of|from|"
    r"->|→|to\b|in\b)|\b(?:from|in|of|on|off) (?:an? |the |my )*(?:photo|"
    r"screen ?shot|picture|image|scan)s?\b|上传[^。；]{0,12}(?:照片|图片|截图|图像)|"
    r"图[中里]的?文?字|照片[^。]{0,12}识别|(?:照片|图片?)的?背景|背景[^。]{0,6}(?:去掉|换|抠)|"
    r"(?:^|[^\w\s]\s*|\b(?:and|then|to|it|please|must|should|will|can|bot|agent|you)\s+)"
    r"(?:ping|notify|alert|message|text|slack) (?:me|us)\b",
    re.IGNORECASE,
)
_WHO_MOST = re.compile(
    r"\b(?:who|which) (?!words?\b)\w+ (?:the )?(?:most|least)\b|谁[\u4e00-\u9fff]{0,4}最[多少高低]", re.IGNORECASE
)
_OF_FIELDS = re.compile(
    r"\b(?:list|log|diary|stats?|standings|roster)\b[^.;\n]{0,40}?[:(]\s*[^.;:()\n,]{2,40},[^.;:()\n,]{2,40},[^.;:()\n]{2,40}|"
    r"\blist of \w+(?: with\b|,)|\bpast(?:e|es|ing|ed)\b(?! (?:a |an |any |the |my |some |in )*"
    r"(?:text|letter|e-?mail|message|link|url|article|essay|sentence|paragraph|word|json|chat|caption|title|number|"
    r"line|draft|log|list)s?\b)|(?:分号|逗号|制表符)(?:分?隔|分开)",
    re.IGNORECASE,
)
"""Things of which several are told for each: the columns of a table."""
_OTHER_WORK = re.compile(
    r"\bjson\b|\b(?:sort|dup|alphabet|doubles|words?|characters?|letters?|convert|units?(?! (?:cost|price)))\w*",
    re.IGNORECASE,
)
_SUMMED_UP = re.compile(
    r"\b(?:totals?|sums?|avg|averages?|median|filters?|per|who|biggest|best|most|dearest)\b|汇总|合计|总|平均|占比|最",
    re.IGNORECASE,
)
_ASKED_OF_THEM = re.compile(
    r"\b(?:who|which|most|least|how (?:many|much)|per|totals?|sums?|filters?|missing|ask|questions?|averages?|avg|"
    r"top|best|lowest|highest|median|group\w*|answer what)\b|谁|哪[个种家些]|多少|最|总|汇总|各|每|统计|问",
    re.IGNORECASE,
)
_BORDER = re.compile(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[\u4e00-\u9fff])")
_FILLER_WORDS = (
    "a an the i we you it that this which who can could should would will shall must may please need needs want "
    "wants like to of for and or with in on by from as is are be me my our your build make create develop write "
    "design give agent agents bot assistant ai tool system simple able using use uses let lets into at also its "
    "their them then answers answer questions question some any all so if when new one"
)
_FILLER = frozenset(_FILLER_WORDS.split())


def cleaned(text: str) -> str:
    """`text` without control characters (line ends and tabs stay), in one Unicode normal form."""
    kept = (
        sign for sign in unicodedata.normalize("NFC", text) if sign in "\n\t" or unicodedata.category(sign)[0] != "C"
    )
    return "".join(kept).strip()


def is_chinese_requirement(text: str) -> bool:
    return has_chinese(text[:_LONGEST_READ])


def matching_rules(requirement: str) -> tuple[ToolRule, ...]:
    """The rules of the tools that the requirement calls for, in the order of the catalogue; often none.

    What it says it does not want, as in `without CSV support` or `不需要单位换算`, is not read.
    """
    return () if _OF_PICTURES.search(requirement) else called_for(_wanted(requirement))


def beyond_the_tools(requirement: str) -> list[str]:
    """What the requirement asks for that no tool does: translation, live rates, bookings and the like."""
    return out_of_reach(_wanted(requirement))


def _wanted(requirement: str) -> str:
    plain = simplified(unicodedata.normalize("NFKC", requirement)[:_LONGEST_READ])
    plain = _AND.sub("and", plain)
    plain = _WHATEVER.sub(" text ", _UNREPEATED.sub(" dedupe ", _HEADER.sub(" csv ", plain)))
    text = _BORDER.sub(" ", _NEGATED.sub(" ", plain))
    text = _HOW_MUCH_TEXT.sub(
        " word count ", _BOTH_ARROWS.sub(" to ", text) + (" vice versa" * bool(_BOTH_ARROWS.search(text)))
    )
    text = text.replace("聊天记录", " 留言 ").replace("聊天内容", " 留言 ")
    text = _ABOUT_SIGNS.sub(" ", _TO_FIND.sub(r" regex \1", text))
    if (
        _WHO_MOST.search(text)
        or (_RECORDS.search(text) and _ASKED_OF_THEM.search(text) and "json" not in text.lower())
        or (_OF_FIELDS.search(text) and _SUMMED_UP.search(text) and not _OTHER_WORK.search(text))
    ):
        text += " pivot table"
    text = re.sub(r"\bdouble (?=(?:white)?spaces?\b|blanks?\b)", "extra ", text, flags=re.IGNORECASE)
    text = re.sub(r"#(?=\w*[a-z])\w+", " hashtag ", text)
    text = _OTHER_SIZES.sub(" ", _FINDS_DATES.sub(" extract date regex ", _MORE_DAYS.sub(r" plus \1 ", text)))
    text = _AN_EXPRESSION.sub(" arithmetic ", _ARROW.sub(" to ", text.replace("%", " percent ")))
    return _ITS_CALCULATOR.sub(r"\1 calculation", text)


def is_agent_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def agent_name_for(wanted: str | None, requirement: str, rules: Sequence[ToolRule]) -> str:
    """The wanted name if it is valid or can be made so, else one from the requirement's words, else from the tools."""
    for candidate in (wanted, _slug(wanted)) if wanted else ():
        if is_agent_name(candidate):
            return candidate
    words = [word for word in re.findall(r"[a-z0-9]+", _ascii(requirement[:400]).lower()) if word not in _FILLER]
    slug = _slug("_".join(words[:_MOST_NAME_WORDS]))
    if not has_chinese(requirement) and len(words) > 1 and is_agent_name(f"{slug}_agent"):
        return f"{slug}_agent"
    if rules:
        return _slug("_".join(rule.short_name for rule in rules)) + "_agent"
    return f"{slug}_agent" if slug and is_agent_name(f"{slug}_agent") else "unmatched_agent"


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


def _slug(text: str) -> str:
    """Letters, digits and underscores, beginning with a letter; cut between words where possible."""
    slug = re.sub(r"[^a-z0-9]+", "_", _ascii(text).lower()).strip("_")
    slug = re.sub(r"^[^a-z]+", "", slug)
    if len(slug) <= _LONGEST_NAME:
        return slug
    cut = slug[:_LONGEST_NAME]
    return (cut.rpartition("_")[0] or cut).strip("_")
