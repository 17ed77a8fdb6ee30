"""The tools that the builder knows, and the words of a requirement that call for them."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class ToolRule:
    """A tool with the wording that calls for it. `weak` wording counts only where no other tool was called for."""

    name: str
    title: str
    description: str
    category: str
    capabilities: tuple[str, ...]
    short_name: str
    strong: re.Pattern[str]
    weak: re.Pattern[str] | None = None


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_CSV = r"(?:\bcsvs?\b|\btsv\b|\bspreadsheets?\b|\bcomma[- ]separated\b|\btabular\b|表格|电子表格|逗号分隔)"
_TOTAL = (
    r"(?:\btotal|\bsum|\badd(?:s|ing)? up|\baggregat|\baverag|\bcolumns?\b|\banaly[sz]|\bstatistic|\bsummar|\bcalculat|"
    r"\bmaximum|\bminimum|\bmedian|统计|合计|总计|总和|求和|汇总|平均|各列|每列|每一列|分析|计算)"
)

CATALOGUE: tuple[ToolRule, ...] = (
    ToolRule(
        name="csv_totals",
        title="CSV totals",
        description="Totals, averages, minimum, maximum, median and row count of the columns of a CSV, also by group.",
        category="data-analysis",
        capabilities=("csv-totals", "table-analysis"),
        short_name="csv",
        strong=_words(rf"{_CSV}[^.。!?！？\n]{{0,120}}{_TOTAL}", rf"{_TOTAL}[^.。!?！？\n]{{0,120}}{_CSV}"),
        weak=_words(_CSV, r"\bcolumn(?:s)? (?:totals?|sums?)\b", r"\btotal(?:s)? (?:of )?(?:the )?columns?\b"),
    ),
    ToolRule(
        name="arithmetic",
        title="Arithmetic",
        description="Exact arithmetic: operators, parentheses, powers, roots, percentages, sums and averages in words.",
        category="mathematics",
        capabilities=("arithmetic", "percentages"),
        short_name="arithmetic",
        strong=_words(
            r"\barithmetic",
            r"\bcalculators?\b",
            r"\bmath(?:s|ematics|ematical)?\b",
            r"\b(?:multipl(?:y|ies|ying|ication)|divid(?:e|es|ing)|division|subtract(?:s|ing|ion)?)\b",
            r"\badd(?:s|ing)? (?:and|or|up)?\s*(?:two |some )?numbers\b",
            r"\b(?:evaluat|comput|solv)\w* (?:\w+ )?(?:expressions?|equations?|sums|formulas?)\b",
            r"\bpercentages?\b",
            r"\bdo(?:es)? sums\b",
            r"算术|计算器|四则|加减乘除|加减|乘除|数学|百分比|算式|表达式求值|简单运算",
        ),
        weak=_words(
            r"\bcalculat", r"\bcomput(?:e|es|ing)\b", r"\bnumbers?\b", r"\bsums?\b", r"计算|运算|求和|算数|数字"
        ),
    ),
    ToolRule(
        name="csv_to_json",
        title="CSV to JSON",
        description="A CSV table as a JSON list of objects.",
        category="data-conversion",
        capabilities=("csv-to-json",),
        short_name="csv_json",
        strong=_words(
            rf"{_CSV}[^.。!?！？\n]{{0,60}}(?:\b(?:to|into|as|in)\b|转换?[成为到]?|变成)\s*(?:an? )?(?:list of )?json",
            rf"\bjson\b[^.。!?！？\n]{{0,40}}\bfrom\b[^.。!?！？\n]{{0,20}}{_CSV}",
        ),
    ),
    ToolRule(
        name="unit_conversion",
        title="Unit conversion",
        description="Converts length, mass, temperature, volume, area, speed, time and data units.",
        category="conversion",
        capabilities=("unit-conversion",),
        short_name="units",
        strong=_words(
            r"\bunits?\b[^.。!?！？\n]{0,30}\bconver",
            r"\bconver\w*[^.。!?！？\n]{0,40}\b(?:units?|measure(?:s|ments?)?|temperatures?|lengths?|weights?|distances?|"
            r"kilomet\w+|miles?|km|celsius|fahrenheit|kilograms?|kg|pounds?|lit(?:er|re)s?|gallons?|feet|inches|"
            r"met(?:er|re)s?)\b",
            r"\b(?:celsius|fahrenheit|kilomet(?:er|re)s?|miles)\b[^.。!?！？\n]{0,30}\b(?:to|into|and)\b",
            r"\bmetric\b[^.。!?！？\n]{0,30}\bimperial\b|\bimperial\b[^.。!?！？\n]{0,30}\bmetric\b",
            r"单位(?:换算|转换)|换算|度量衡|(?:温度|长度|重量|质量|体积|面积|速度|公里|英里|摄氏|华氏)[^。！？\n]{0,12}转换",
        ),
    ),
    ToolRule(
        name="date_arithmetic",
        title="Date arithmetic",
        description="Days between dates, adding days, weeks, months and years, days of the week (UTC calendar).",
        category="productivity",
        capabilities=("date-arithmetic",),
        short_name="dates",
        strong=_words(
            r"\bdates?\b[^.。!?！？\n]{0,40}\b(?:arithmetic|calculat|differen|comput|between|add|math|question)",
            r"\b(?:calculat|comput|add|subtract|differen|answer|count|work)\w*[^.。!?！？\n]{0,50}\b(?:dates?|days|"
            r"weeks|months|weekdays?)\b",
            r"\bdays? (?:between|until|since|from|before|after)\b|\bhow many days\b|\b(?:day of the week|weekdays?|"
            r"deadlines?|"
            r"calendar|countdown|leap years?)\b",
            r"日期|星期几|周几|天数|多少天|几天|倒计时|日历|闰年|工作日",
        ),
    ),
    ToolRule(
        name="text_statistics",
        title="Text statistics",
        description="Words, unique words, characters, sentences, lines and the most frequent words of a text.",
        category="text-analysis",
        capabilities=("text-statistics",),
        short_name="text",
        strong=_words(
            r"\b(?:text|word|character|letter|sentence|writing|reading)s?\b[^.。!?！？\n]{0,30}\b(?:statistic|stats|"
            r"count|frequenc|analy[sz])",
            r"\b(?:count|analy[sz]|statistic|number of)\w*[^.。!?！？\n]{0,40}\b(?:words?|characters?|letters|"
            r"sentences?|texts?|paragraphs?|essays?)\b",
            r"\bhow many (?:words|characters|letters|sentences)\b|\b(?:most (?:frequent|common)|top) words?\b",
            r"字数|词频|词数|字符数|句子数|(?:文本|文字|文章|作文|段落)[^。！？\n]{0,10}(?:统计|分析|计数)|"
            r"(?:统计|分析|数)[^。！？\n，,]{0,12}(?:文本|文字|文章|单词|句子|字符|词)",
        ),
    ),
    ToolRule(
        name="json_query",
        title="JSON query",
        description="Values of a JSON document by path, its keys and lengths; says where invalid JSON breaks.",
        category="data-analysis",
        capabilities=("json-query",),
        short_name="json",
        strong=_words(
            r"\bjson ?path\b",
            r"\bjson\b[^.。!?！？\n]{0,60}\b(?:quer|extract|look|path|field|value|pars|read|valid|get|find|key|inspect|"
            r"navigat|propert)",
            r"\b(?:quer|extract|look|fetch|pars|read|validat|get|find|pick|inspect|navigat|field|"
            r"value)\w*[^.。!?！？\n]{0,40}\bjson\b(?! (?:from|out))",
            r"json[^。！？\n]{0,20}(?:查询|提取|取值|读取|解析|路径|字段|校验|验证)|(?:查询|提取|读取|解析|校验|验证)[^。！？\n]{0,12}json",
        ),
    ),
    ToolRule(
        name="pattern_extraction",
        title="Pattern extraction",
        description=(
            "Finds e-mail addresses, URLs, numbers, dates, phone numbers or a given regular expression in a text."
        ),
        category="text-analysis",
        capabilities=("pattern-extraction",),
        short_name="patterns",
        strong=_words(
            r"\bregex(?:es|p)?\b|\bregular expressions?\b|\bpattern (?:match|extract)",
            r"\b(?:extract|find|collect|pull|scrap|detect|list|grab|harvest|identif|pars)\w*[^.。!?！？\n]{0,60}"
            r"\b(?:e-?mails?|e-?mail addresses|urls?|links?|phone numbers?|phones?|numbers from|ip addresses|"
            r"hashtags?|contact)\b",
            r"正则|(?:提取|抽取|查找|找出|识别)[^。！？\n]{0,20}(?:邮箱|电子邮件|邮件地址|网址|链接|电话|手机号?|号码|数字)",
        ),
    ),
)

RULES = {rule.name: rule for rule in CATALOGUE}
