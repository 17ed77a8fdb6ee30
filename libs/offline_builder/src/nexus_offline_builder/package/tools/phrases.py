"""Turns arithmetic put into words, English or Chinese, into an expression."""

import re
from collections.abc import Sequence
from fractions import Fraction

from .bill_story import story_in
from .bills import bill_in
from .deals import deal_in
from .figures import carried
from .patterns import lazy_pattern
from .portions import with_portions
from .prices import price_in
from .several_results import several_in
from .taxes import roles_alone, tax_in
from .wording import digits_for_words, plain_signs, without_habits

_A, _B = r"(?P<a>.+?)", r"(?P<b>.+)"
_LIST = r"(?P<list>[^()]+?)"
_LEAD = lazy_pattern(
    r"^(?:(?:[\s,;:!?]|\.(?!\d))+|(?:and|now|then|next|so|ok|okay|hey|hi|hello|please|pls|just|well|also|finally|"
    r"quick|question|thanks|thank you|thx|great|cool|perfect|nice)\b|"
    r"(?:can|could|would|will) you(?: please)?\b|(?:do you know|i(?:'d| would) like(?: you)? to(?: know)?|"
    r"i (?:want|need)(?: you)? to(?: know)?|help me(?: to)?|let'?s|what do (?:you|i|we) get (?:if|when) (?:you|i|"
    r"we)|tell me|show me|give me|find(?: out)?|work out|"
    r"figure out|calculate|compute|evaluate|solve|simplify|determine|do|how much (?:is|are|does|would)|how many "
    r"(?:is|are)|"
    r"what(?:'s|s| is| are| does| do| will| would)?(?: be)?(?! (?:percent|%))|(?:the )?(?:result|value|answer|outcome) "
    r"(?:of|to|for)|"
    r"the)\b|请问?|麻烦|帮我|帮忙|给我|我想知道|我要|算一?算|算一?下|计算|求|那么|那|现在|然后|接着|再|并|又|一下|"
    r"你好|把|将|用)\s*",
    re.IGNORECASE,
)
_TAIL = lazy_pattern(
    r"(?:[\s?.;:=,]+|(?<![\d)!])!+|\b(?:equals?(?: to)?(?: what)?|make|come to|please|thanks?|thank you|now|is(?: "
    r"what)?|for me)|"
    r"(?:的)?(?:结果)?(?:等于|是|得|为)?(?:多少|几|什么)?(?:呢|啊|吗|呀)?)$",
    re.IGNORECASE,
)
_WORDS = tuple(
    (lazy_pattern(pattern, re.IGNORECASE), sign)
    for pattern, sign in (
        (r"\bto the (\d+)(?:st|nd|rd|th)?(?: power)?\b(?![.%])", r"^\1"),
        (r"\bto the power(?: of)?\b|\braised to(?: the)?(?: power(?: of)?)?\b|\bpower of\b", "^"),
        (r"(?<=\d)\s*的\s*(\d+)\s*次[方幂]", r"^\1"),
        (r"根号\s*(?=[\d(])", "sqrt "),
        (r"(?<=[\d)])\s*的\s*(\d+(?:\.\d+)?)\s*倍", r" * \1"),
        (r"\s*的?平方根", " sqrtof "),
        (r"\s*的?立方根", " cbrtof "),
        (r"\s*的?平方", "^2"),
        (r"\s*的?(?:立方|三次方)", "^3"),
        (r"\s*的?阶乘", "!"),
        (r"\bdoubled\b", " * 2"),
        (r"\btripled\b", " * 3"),
        (r"\bhalved\b", " / 2"),
        (r"(?<=[\d)%])\s*的\s*(?=\(\d+/\d+\))|(?<=\d\))\s*的\s*(?=\d)", "*"),
        (r"\bsquared\b", "^2"),
        (r"\bcubed\b", "^3"),
        (r"\b(?:multiplied by|multiply by|times)\b|(?<=[\d)])\s*x\s*(?=[\d(])|乘以|乘上|乘", "*"),
        (r"\b(?:divided by|over)\b|除以", "/"),
        (r"\b(?:modulo|modulus)\b|取余|取模", "mod"),
        (r"(?<=[\d)%])\s*take away(?=\s*[\d(])", "-"),
        (r"\bplus\b|加上|加", "+"),
        (r"\bminus\b|\bless\b(?! than)|减去|减", "-"),
        (r"\bnegative\s+(?=[\d(.])|负(?=\d)", "-"),
        (r"(?<=[\d)])\s*(?:percent|per cent|pct)\b", "%"),
        (r"pct之\s*(\d+(?:\.\d+)?)", r"\1%"),
        (r"\bpoint\b\s*(?=\d)", "."),
        (r"\ban? half of\b|\bhalf (?:of\b)?", "(1/2) * "),
        (r"\s*的?[1一]半", " * (1/2)"),
        (r"(?<!\d)(\d+)\s*(?:dozens?|打(?!\s*\d))(?:\s+of)?", r"(\1 * 12)"),
        (r"\ba dozen(?: of)?\b", "12"),
        (r"(?<=的)\s*(\d)成", r"\g<1>0%"),
        (r"\b(?:a |one )?third of\b", "(1/3) * "),
        (r"\b(?:a |one )?quarter of\b", "(1/4) * "),
        (r"\b(?:double|twice)\b", "2 * "),
        (r"\btriple\b", "3 * "),
        (r"\b(?:the )?(?:square root|sqrt) of\b|\bsqrt\b|\bsquare root\b", "sqrt "),
        (r"\b(?:the )?(?:cube root|cbrt) of\b", "cbrt "),
        (r"\b(?:the )?absolute value of\b", "abs "),
        (r"\b(?:the )?square of\s+([\d.]+)", r"\1^2"),
        (r"\b(?:the )?cube of\s+([\d.]+)", r"\1^3"),
        (r"\b(?:the )?factorial of\s+(\d+)|(?<!\d)(\d+)\s+factorial\b", r"\1\2!"),
        (r"[$€£¥](?=\s*[\d.])|(?<=\d)\s*(?:元|块钱|块|dollars?|euros?)", " "),
        (r"(?<=\d)_(?=\d{3})", ""),
    )
)
_FORMS = tuple(
    (lazy_pattern(pattern, re.IGNORECASE | re.DOTALL), template)
    for pattern, template in (
        (
            r"(?P<a>(?:sum|product|average|mean|difference|total) .+) (?P<sign>[-+*/]) (?P<b>[\d.]+%?)",
            "({a}) {sign} {b}",
        ),
        (rf"divide {_A} by {_B}", "({a}) / ({b})"),
        (rf"split {_A} (?:by|between|among|into) {_B}", "({a}) / ({b})"),
        (rf"multiply {_A} (?:by|with|and) {_B}", "({a}) * ({b})"),
        (rf"(?:subtract|take|deduct) {_A}(?: away)? from {_B}", "({b}) - ({a})"),
        (rf"increase {_A} by {_B}", "({a}) + {b}"),
        (rf"(?:decrease|reduce|lower) {_A} by {_B}", "({a}) - {b}"),
        (rf"raise {_A} to(?: the)?(?: power(?: of)?)? {_B}", "({a}) ^ ({b})"),
        (rf"add {_A} to {_B}", "({b}) + {a}"),
        (rf"(?:difference|distance) (?:between|of) {_A} and {_B}", "({a}) - ({b})"),
        (rf"(?:product|multiply) (?:of )?{_A} and {_B}", "({a}) * ({b})"),
        (rf"(?:quotient|ratio) (?:of|between) {_A} and {_B}", "({a}) / ({b})"),
        (rf"(?:remainder (?:of|when|if)|remainder) {_A} (?:/|is /|by) {_B}", "({a}) mod ({b})"),
        (r"(?P<a>[\d.]+)\s*/\s*(?P<b>[\d.]+)\s*,?\s*(?:what is |what's )?(?:the )?remainder", "({a}) mod ({b})"),
        (rf"{_A} is what (?:%|percent|percentage) of {_B}", "({a}) / ({b}) * 100"),
        (rf"what (?:%|percent|percentage) (?:of|is) {_A} (?:is|of) {_B}", "percent-of"),
        (rf"{_A}% off(?: of)? {_B}", "({b}) - {a}%"),
        (rf"{_A} is {_B}% of what(?: number)?", "({a}) / {b}%"),
        (r"(?P<b>[\d.]+)% of what(?: number)? (?:is|are|makes?|gives?) (?P<a>[\d.,]+)", "({a}) / {b}%"),
        (
            r"(?:sum|add|total)(?: of)?(?: up)?(?: all)?(?: the)?(?: \w+)? (?:numbers?|integers?) (?:from|between) "
            r"(?P<a>\d+) (?:to|and|through) (?P<b>\d+)",
            "({a} + {b}) * ({b} - {a} + 1) / 2",
        ),
        (r"(?:sum|total)(?: of)? (?P<a>\d+) (?:to|through) (?P<b>\d+)", "({a} + {b}) * ({b} - {a} + 1) / 2"),
        (r"(?P<a>[\d.]+)\s*(?:/|除以)\s*(?P<b>[\d.]+)\s*,?\s*(?:的)?余(?:数)?(?:是)?", "({a}) mod ({b})"),
        (r"从?\s*(?P<a>\d+)\s*\+\s*到\s*(?P<b>\d+)\s*(?:的和|的总和|相加)?", "({a} + {b}) * ({b} - {a} + 1) / 2"),
        (r"从?\s*(?P<a>\d+)\s*到\s*(?P<b>\d+)\s*(?:的和|的总和|相加)", "({a} + {b}) * ({b} - {a} + 1) / 2"),
        (r"(?P<a>[\d.]+)\s*里面?有(?:几|多少)个\s*(?P<b>[\d.]+)", "({a}) / ({b})"),
        (rf"square {_A}", "({a})^2"),
        (rf"cube {_A}", "({a})^3"),
        (rf"halve {_A}", "({a}) / 2"),
        (r"(?P<list>.+?)(?:的和|之和|的总和|相加|加起来|的合计|的总数)", "sum"),
        (r"(?P<list>.+?)(?:的积|之积|的乘积|相乘)", "product"),
        (r"(?P<list>.+?)(?:的平均值|的平均数|的均值|平均(?:值|数)?)", "average"),
        (r"(?P<list>.+?)(?:中)?(?:的?)(?:最大值|最大的数|最大)", "max"),
        (r"(?P<list>.+?)(?:中)?(?:的?)(?:最小值|最小的数|最小)", "min"),
        (r"(?P<list>.+?)的?中位数", "median"),
        (r"(?P<list>[^+]+?)\s*\+\s*(?:起来|在一起)", "sum"),
        (rf"(?:sum|total|add)(?: (?:up|together))?(?: of)?:? {_LIST}(?: together| up)?", "sum"),
        (rf"product(?: of)?:? {_LIST}", "product"),
        (rf"(?:average|mean|avg)(?: (?:of|for|between))?:? {_LIST}", "average"),
        (rf"(?:max|maximum|largest|biggest|greatest|highest)(?: (?:of|number of|among|value of))?:? {_LIST}", "max"),
        (rf"(?:min|minimum|smallest|lowest|least)(?: (?:of|number of|among|value of))?:? {_LIST}", "min"),
        (rf"median(?: of)?:? {_LIST}", "median"),
        (rf"{_A}\s*sqrtof", "sqrt ({a})"),
        (rf"{_A}\s*cbrtof", "cbrt ({a})"),
        (rf"{_A}\s*的\s*(?P<b>[\d.]+)%", "({a}) * {b}%"),
        (rf"{_A}\s*打\s*(?P<b>[\d.]+)\s*折", "discount"),
        (r"(?P<a>[\d.]+)\s*除\s*(?P<b>[\d.]+)", "({b}) / ({a})"),
        (r"(?P<a>[\d.]+)\s*比\s*(?P<b>[\d.]+)\s*(?:多|大)", "({a}) - ({b})"),
        (r"(?P<a>[\d.]+)\s*\*?\s*2\s*\*", "2 * ({a})"),
    )
)
_MONEY = lazy_pattern(r"[$€£¥](?=\s*[\d.])|(?<=\d)\s*(?:元|块钱|块|dollars?|euros?)")
_IMPLICIT = tuple(
    (lazy_pattern(pattern, re.IGNORECASE), template)
    for pattern, template in (
        (r"(?:add|plus|\+)\s*(?P<a>[^,]+)", "({p}) + {a}"),
        (r"(?:subtract|minus|take away|deduct|take off|-)\s*(?P<a>.+)", "({p}) - {a}"),
        (r"(?:multiply by|multiply with|multiply|\*)\s*(?P<a>.+)", "({p}) * ({a})"),
        (r"(?:divide by|divide|/)\s*(?P<a>.+)", "({p}) / ({a})"),
        (r"(?:increase|raise)(?: it)? by (?P<a>.+)", "({p}) + {a}"),
        (r"(?:decrease|reduce|lower)(?: it)? by (?P<a>.+)", "({p}) - {a}"),
        (r"(?:raise to(?: the)?(?: power(?: of)?)?|\^)\s*(?P<a>.+)", "({p}) ^ ({a})"),
        (r"(?:mod)\s*(?P<a>.+)", "({p}) mod ({a})"),
        (r"square(?: it| that)?", "({p})^2"),
        (r"cube(?: it| that)?", "({p})^3"),
        (r"(?:halve|half)(?: it| that)?|\(1/2\) \*", "({p}) / 2"),
        (r"2 \*\s*(?:it|that)?|翻倍|翻一番", "({p}) * 2"),
        (r"sqrt|sqrtof|开方|开平方|\^2根", "sqrt ({p})"),
        (r"(?P<a>[\d.]+%) of (?:it|that)", "({p}) * {a}"),
    )
)
_CODES = lazy_pattern(
    r"\b(?:CHF|EUR|USD|GBP|JPY|CNY|RMB|INR|SEK|NOK|DKK|PLN|CZK|HUF|AUD|CAD|NZD|SGD|HKD|BRL|MXN|ZAR|TRY|Rs\.?|"
    r"kr\.?)\s*(?=\d)|"
    r"[₹₽₺₩₴₪₫฿]\s*(?=\d)|(?<=\d)\s*(?:CHF|EUR|USD|GBP|JPY|CNY|RMB|INR|SEK|NOK|DKK|PLN|CZK|HUF|AUD|CAD|Rs\.?|kr|zł|"
    r"Kč|[₹₽₺₩₴₪₫฿])"
    r"(?![\w/])(?!\s+(?:to|in|into)\b)",
    re.IGNORECASE,
)
_MONEY_WORDS = lazy_pattern(
    r"([\d一二两三四五六七八九十])块([\d一二三四五六七八九])(?![\d十百千万]|[个人张件斤位本只条])(?=$|"
    r"[\s,，.。+加减乘除*/-]|一|每|的)"
)
_SO_MANY = lazy_pattern(
    r"(?:(?:and|if|when|then|but|so|i|we|you|she|he|they|someone|(?:a|the) customers?|buys?|takes?|gets?|orders?|"
    r"wants?|needs?|"
    r"has|have|for|what|about|how|much|are|is|would|cost|do|be|那么?|如果|要是|买|要|拿|一共|总共)[\s,]*)*"
    r"(?:(?P<a>\d+(?:\.\d+)?)\s*(?:of (?:those|these|them|it|that)|(?:such|pieces|items|pcs)\b(?: \w+)?|"
    r"[件个份本张双条只台套盒瓶杯]"
    r"(?:这样的|那样的)?)|(?:times|x)\s*(?P<b>\d+(?:\.\d+)?)|(?<=for )(?P<c>\d+)\s+(?!people|persons|friends|"
    r"guests|ways|"
    r"kids|of\b|"
    r"days|weeks|months|years|adults|colleagues|students|children)[a-z]+s)(?:呢|多少钱?|要?多少|的话|[\s?.!？。])*",
    re.IGNORECASE,
)
_MORE_FOR = lazy_pattern(
    r"(?:plus|add|and|with|also|\+)\s+(?:an?|the|another|one)\s+(?:[a-z]+\s+){1,3}?(?:for|at|of|costs?|"
    r"worth)?\s*(?P<a>\d+(?:\.\d+)?)(?!\s*%)",
    re.IGNORECASE,
)
_PRONOUN = lazy_pattern(r"\b(?:it|that|this|the result|the answer)\b|结果|它|这个数|那个数|得数", re.IGNORECASE)
_SHARE_OF_IT = lazy_pattern(
    r"(?:(?P<less>subtract|deduct|take(?: off| away)?|-)|add|\+)\s*(?P<share>[\d.]+%)\s*of\s*(?:it|that|this|the "
    r"result)",
    re.IGNORECASE,
)
_OFF_IT = lazy_pattern(
    r"(?:take|knock|get)?\s*(?:another|an? (?:extra|additional|"
    r"further))?\s*(?P<a>[\d.]+%?)\s*off(?:\s+(?:of\s+)?(?:it|that|this|the result))?",
    re.IGNORECASE,
)
_THEN = lazy_pattern(
    r"\s*(?:[,;.]\s*(?:and\s+)?(?:then|now)\b|\band (?:then|now)\b|\bthen\b|[,;]?\s*(?:然后|接着|再|并)|"
    r"\s*,\s*(?=(?:plus|minus|times|divided by|add|subtract|multiply|divide)\b)|[,;]?\s*\band\s+(?=(?:add|subtract|"
    r"multiply by|multiply it|multiply that|multiply the result|divide|square|"
    r"halve|double)\b))\s*",
    re.IGNORECASE,
)
_SEPARATORS = lazy_pattern(r"\s*(?:,\s*(?:and\b|&)?|\band\b|&|;|和|与|跟|及|\s)\s*")
_OTHERS = (
    r"(\d+|two|three|four|five|six|seven|eight|nine) (?:other )?(?:of my )?(?:friends|people|colleagues|"
    r"mates|others|siblings|flatmates|roommates|housemates)"
)
_AND_I = lazy_pattern(
    rf"\b(?:me|i|myself) and (?:my )?{_OTHERS}\b|\b(?:my )?{_OTHERS} and (?:me|i|myself)\b", re.IGNORECASE
)
_PRO_ONE = lazy_pattern(
    r"\b(?:the|that|this|last|first|next|which|other|same|each|\w+er|\w+est)\s+one\b", re.IGNORECASE
)
_DEEPEST = 6
_LONGEST_TOLD = 200


def deal_for(text: str) -> str | None:
    """`text` as an expression where it is a price and what is done to it, step by step."""
    if _PRO_ONE.search(text):
        return None
    told = re.sub(r"pct之\s*(\d+(?:\.\d+)?)", r"\1%", _in_digits(text))
    return deal_in(_without_money(_stripped(told)))


def lines_for(text: str, earlier: Sequence[str]) -> list[str] | None:
    """One expression or several for what is asked of a taxed amount, of a price before and after, of a ratio."""
    if not re.search(r"[^\W\d_]", text):
        return None
    told = _told(text)
    if earlier and roles_alone(told):
        return tax_in(_told(earlier[0]), told)
    return tax_in(told) or price_in(told) or several_in(told)


def _told(text: str) -> str:
    if len(text) > _LONGEST_TOLD:
        return ""
    return _without_money(re.sub(r"pct之\s*(\d+(?:\.\d+)?)", r"\1%", _in_digits(text)))


def _in_digits(text: str) -> str:
    text = without_habits(_CODES.sub(" ", plain_signs(text.replace("，", ", ")))).replace("百分之", "pct之")
    text = _MONEY_WORDS.sub(
        lambda found: f"{found[1]}{'.' if found[2].isdigit() and found[2].isascii() else '点'}{found[2]} ", text
    )
    text = _AND_I.sub(lambda found: f"{int(digits_for_words(found[1] or found[2])) + 1} people", text)
    text = re.sub(r"(?<![\w.])(\d+(?:\.\d+)?)k(?![\w/])", _thousands, text)
    text = re.sub(r",?\s*\b(?:no|without(?: a)?) tip\b", "", text, flags=re.IGNORECASE)
    text = re.sub(r"\bhalf a dozen\b(?: of)?", "6", text, flags=re.IGNORECASE)
    text = re.sub(r"\b(?:a|one) dozen\b(?: of)?", "12", text, flags=re.IGNORECASE)
    return re.sub(r"(?<=\d)'(?=\d{3}(?!\d))", "", with_portions(digits_for_words(text), halves=False))


def _thousands(found: "re.Match[str]") -> str:
    return carried(Fraction(found[1]) * 1000)


def expression_for(text: str) -> str:
    """`text` as an expression where the wording is known, else as it stands. Steps joined by `then` are nested."""
    text = _in_digits(text)
    if (bill := bill_in(_without_money(_stripped(text)))) is not None:
        return bill
    first, *steps = [part for part in _THEN.split(_stripped(text)) if part.strip()] or [""]
    expression = _worded(first, 0)
    if steps and (expression[:1] in ("+", "*", "/", "^") or re.match(r"minus\b", first, re.IGNORECASE)):
        return text
    for step in steps:
        expression = _next(expression, step)
    return expression


def _next(before: str, step: str) -> str:
    step = _stripped(step)
    if share := _SHARE_OF_IT.fullmatch(_infix(step)):
        return f"({before}) {'-' if share['less'] else '+'} {share['share']} * ({before})"
    if many := _SO_MANY.fullmatch(step):
        return f"({before}) * {many['a'] or many['b'] or many['c']}"
    if more := _MORE_FOR.fullmatch(step):
        return f"({before}) + {more['a']}"
    if off := _OFF_IT.fullmatch(step):
        return f"({before}) - {off['a']}"
    if _PRONOUN.search(step):
        replaced = _PRONOUN.sub(lambda _: f"({before})", step)
        return _worded(replaced, 0)
    step = re.sub(r"\b(?:another|an (?:extra|additional)|a further) (?=\d)", "", step, flags=re.IGNORECASE)
    worded = _infix(step)
    if (bill := bill_in(_without_money(f"{before.strip('()')} {step}"))) is not None:
        return bill
    for pattern, template in _IMPLICIT:
        if found := pattern.fullmatch(worded):
            operand = found.groupdict().get("a")
            return template.format(p=before, a=_worded(operand, 1) if operand else "")
    return f"{before} then {step}"


def _stripped(text: str) -> str:
    """`text` without the polite words around it."""
    text, before = text.strip(), ""
    while before != text:
        before, text = text, _LEAD.sub("", text, count=1)
    before = ""
    while before != text:
        before, text = text, _TAIL.sub("", text, count=1)
    return text.strip()


def _infix(text: str) -> str:
    for pattern, sign in _WORDS:
        text = pattern.sub(f" {sign} " if sign in ("+", "-", "*", "/", "mod", "^") else sign, text)
    return re.sub(r"\s+", " ", text).strip()


def _worded(text: str, depth: int) -> str:
    plain = _stripped(text)
    plain = re.sub(r"pct之\s*(\d+(?:\.\d+)?)", r"\1%", plain)
    told = _without_money(plain)
    if (bill := bill_in(told)) is not None:
        return bill
    if not depth and (story := story_in(told)):
        return story
    worded = _infix(plain)
    if depth > _DEEPEST:
        return worded
    for pattern, template in _FORMS:
        if found := pattern.fullmatch(worded):
            filled = _filled(template, found, depth)
            if filled:
                return filled
    return worded


def _without_money(text: str) -> str:
    """Amounts without the signs of their currency."""
    text = re.sub(r"(?<=\d)\s*(?:percent|per cent|pct)\b", "%", text, flags=re.IGNORECASE)
    text = _MONEY.sub(" ", text)
    return re.sub(r" +", " ", text).strip()


def _filled(template: str, found: "re.Match[str]", depth: int) -> str:
    groups = {
        name: _worded(part, depth + 1) if part else "" for name, part in found.groupdict().items() if name != "list"
    }
    if template == "percent-of":
        return _percentage(found[0], groups["a"], groups["b"])
    if template == "discount":
        return f"({groups['a']}) * {'0.' + groups['b'].replace('.', '')}"
    if "{" not in template:
        items = _items(found["list"])
        return f"{template}({', '.join(items)})" if len(items) > 1 else ""
    return template.format(**groups)


def _percentage(sentence: str, first: str, second: str) -> str:
    """`what percent of 80 is 20` names the whole first, `what percent is 20 of 80` last."""
    whole_first = re.match(r"what \S+ of", sentence, re.IGNORECASE) is not None
    part, whole = (second, first) if whole_first else (first, second)
    return f"({part}) / ({whole}) * 100"


def _items(text: str) -> list[str]:
    """The members of a list; `1,200` is one number only where the list is also separated in another way."""
    text = re.sub(r"^(?:the )?(?:numbers?|values?|following)\s*:?\s*", "", text.strip(), flags=re.IGNORECASE)
    text = re.sub(r"\s*([-+*/^])\s*", r"\1", re.sub(r"[\[\]]", " ", text).strip())
    if re.search(r",\s|\band\b|;|和|与", text):
        text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text) if not re.search(r"\d,\d{1,2}(?!\d)", text) else text
    elif re.search(r"[-+*/^(]", text.replace(",", "")) and "," not in text:
        return []
    return [item for item in _SEPARATORS.split(text) if item]
