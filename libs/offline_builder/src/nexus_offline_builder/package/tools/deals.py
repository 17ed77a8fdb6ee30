"""A price and what is done to it: `jacket 80 less 25%`, `rent 1200 plus water 80 split by 4`, `原价200打八折`.

Every word has to be read: as a step, as what is asked, or as the name of what has the price.
"""

import re
from typing import NamedTuple

from .patterns import lazy_pattern

_LONGEST = 200
_MOST_STEPS = 8
_N = r"(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)"
_AMOUNT = rf"(?<![\d.,]){_N}(?!\d|[.,]\d|\s*%)"
_SHARE = rf"(?<![\d.,])\(?{_N}\)?\s*%"
_ADDED = (
    r"(?:(?:sales |service |card |booking |delivery |local |city )?(?:tips?|gratuity|tax(?:es)?|vat|gst|mwst|iva|"
    r"surcharge|charge|fees?|mark-?up|commission|interest|service)|税费?|小费|服务费|手续费)"
)
_TAKEN = r"(?:discount|off|reduction|rebate|coupon|voucher|sale|cheaper|markdown|mark-?down|折扣|优惠)"
_PEOPLE = (
    r"(?:people|ppl|persons?|pax|friends|of us|ways?|guests|adults|kids|children|colleagues|flatmates|"
    r"roommates|housemates|students|heads|siblings|couples|families|members|players)"
)
_SPLIT = (
    r"(?:(?:and )?(?:we )?(?:split|shar(?:ed?|ing)|divided?)(?: it| that| the (?:bill|total|cost|rent))?(?: equally|"
    r" evenly)?)"
)
_OTHER = (
    r"plus|minus|less|add\w*|subtract\w*|times|multipl\w*|divid\w*|split\w*|shar\w*|half|halves|twice|double|triple|"
    r"thirds?|quarters?|percent\w*|without|except|excluding|not?|never|refund\w*|return\w*|already|more|extra|each|"
    r"every|per|of|off|to|from|by|at|for|than|then|and|or|if|with|including|includes|incl|between|among|versus|vs|"
    r"average|mean|median|sum|square\w*|root|cube\w*|mod|log|sin|cos|over|up|down|x|was|were|now|before|after|"
    r"people|ppl|ways?|persons?|each|apiece|discount|coupon|voucher|rebate|reduction|tip|tax|vat|gst|"
    r"how|what|which|who|when|why|change|back|gave|paid|pays?|cash|note|is|in|into|as|until|since|"
    r"we|i|they|you|he|she|us|there|are|this|that|it|get|buy|free|got|gets?|got|remain\w*|left|"
    r"increas\w*|decreas\w*|reduc\w*|lower\w*|rais\w*|rise|rises|rose|drop\w*|fell|falls?|mark\w*|cut|"
    r"hours?|minutes?|days?|weeks?|months?|years?|km|kg|cm|mm|lb|lbs|oz|ft|miles?|celsius|fahrenheit|am|pm"
)
_NAME = rf"(?:(?!(?:{_OTHER})\b)[a-z][a-z'-]*)"
_MEASURED = (
    r"(?:hours?|hrs?|h|days?|nights?|weeks?|months?|kg|kilos?|g|lbs?|pounds?|lit(?:er|re)s?|l|km|miles?|m|met(?:er|"
    r"re)s?|"
    r"feet|ft|yards?|minutes?|mins?)"
)
_LABEL = (
    rf"(?:(?:{_NAME}|的|[1一]共|总共|合计|原价|售价|标价|价格|总价|单价|一件|衣服|鞋子?|外套|"
    r"[\u4e00-\u9fff]{1,4}价)[\s:：]*)"
)
_AN = r"(?:(?:an?|the|my|our)\s+)?(?:(?:another|extra|additional|further)\s+)?"


class _Step(NamedTuple):
    """How a step is worded, and what it makes of the price before, `{p}`."""

    wording: "re.Pattern[str]"
    template: str


_STEPS = tuple(
    _Step(lazy_pattern(wording, re.IGNORECASE), template)
    for template, wordings in (
        (
            "({p}) - {a}",
            (
                rf"(?:minus|less|-|with|after|at|get|is|now|on sale(?: at| for)?)?\s*{_AN}(?P<a>{_SHARE})\s*{_TAKEN}"
                r"(?: (?:on|off|of) (?:it|that|top|everything|the rest))?",
                rf"{_AN}(?:{_NAME}\s+)?{_TAKEN}\s*(?:of|is|was|at|:)?\s*(?P<a>{_SHARE})",
                rf"(?:minus|less|deduct(?:ing)?|subtract)\s*{_AN}(?P<a>{_SHARE})\s*{_ADDED}",
                rf"(?:minus|less|-|take(?: off| away)?|(?:(?:is|was|are|gets?|got|goes) )?(?:reduced|decreased|lowered|"
                rf"cut|marked down|knocked down|down|discounted|drops?|dropped|falls?|fell)(?: by)?)\s*(?P<a>{_SHARE})",
                rf"(?:再|又|后)?(?:减少?|降价?|下降|降低|下调|跌|便宜|优惠)了?\s*(?P<a>{_SHARE})",
                rf"(?:minus|less|-)\s*{_AN}(?:{_NAME}\s+)?(?P<a>{_AMOUNT})(?:\s*(?:off|{_TAKEN}|gift card))?",
                rf"(?P<a>{_AMOUNT})\s*(?:off|discount|coupon|voucher|rebate)",
                rf"{_AN}(?:coupon|voucher|discount|rebate|gift card)\s*(?:of|for|worth|:)?\s*(?P<a>{_AMOUNT})",
                rf"(?:再|又|后)*立?(?:减|便宜|优惠|抵扣?)了?\s*(?P<a>{_AMOUNT})",
            ),
        ),
        (
            "({p}) + {a}",
            (
                rf"(?:plus|\+|add(?:ing)?|with|and|at|leave|加上?)?\s*{_AN}(?P<a>{_SHARE})\s*(?:的\s*)?{_ADDED}"
                r"(?: (?:on top|added|on it|on that))?",
                rf"(?:plus|\+|add|with|and)?\s*{_AN}{_ADDED}\s*(?:of|is|at|:)?\s*(?P<a>{_SHARE})",
                rf"(?:plus|\+|add|(?:(?:is|was|are|gets?|got|goes) )?(?:increased|raised|marked up|up|rises?|rose|grew|"
                rf"grows|went up)(?: by)?)\s*(?P<a>{_SHARE})",
                rf"(?:再|又|后)?(?:加价?|增加|上涨|涨价?|提高|上调|增长)了?\s*(?P<a>{_SHARE})",
                rf"(?:plus|\+|add(?:ing)?|and(?=\s+{_NAME}|\s+(?:a|"
                rf"the)\s+{_NAME}))\s*{_AN}(?:{_NAME}\s+(?:is\s+)?){{0,2}}"
                rf"(?P<a>{_AMOUNT})(?!\s+{_NAME})"
                rf"(?:\s+for\s+(?:the\s+)?{_NAME})?",
                rf"(?:shipping|delivery|postage|handling|packaging|(?:booking |service )?fee|运费|邮费|配送费|"
                rf"加上?|再加)\s*(?:is|of|costs?|:|：)?\s*(?P<a>{_AMOUNT})",
                rf"(?:plus|\+|and|add)?\s*{_AN}(?P<a>{_AMOUNT})\s*(?:for\s+)?(?:shipping|delivery|postage|handling|"
                rf"packaging|"
                rf"utilities|(?:{_NAME} )?(?:fees?|charge|tax|tip))",
            ),
        ),
        (
            "({p}) / {a}",
            (
                rf"(?:{_SPLIT}\s*)?(?:/|by|between|among|amongst|into|in|across|for|with)?\s*(?P<a>\d+)\s*{_PEOPLE}"
                r"(?: (?:each|equally|evenly))?",
                rf"{_SPLIT}\s*(?:by|between|among|amongst|into|in|across)?\s*(?:the |us )?(?P<a>\d+)(?: of us)?",
                r"(?:we are|there are|we're)\s*(?P<a>\d+)(?: of us)?",
                r"(?P<a>\d+)\s*个?(?:人|位)(?:来)?(?:平分|均摊|分摊|平摊|AA|分)?(?:[,，]?\s*每人)?",
            ),
        ),
        (
            "{g} - ({p})",
            (
                rf"(?:(?:he|she|they|i|(?:the |my )?customer|client|lady|guy|man|woman)\s+)?(?:gives?|gave|"
                rf"pays?|paid|hands?|"
                rf"handed)(?: me| us| over| with| in cash| cash)*\s*(?:an?\s+)?(?P<g>{_AMOUNT})(?: (?:note|bill|"
                rf"cash|in cash))?",
                rf"(?:给了?|付了?|收了?)我?\s*(?P<g>{_AMOUNT})",
            ),
        ),
        ("({p}) * {z}", (r"(?:再|又|后)*(?:会员|活动|优惠)?打?\s*(?P<z>\d{1,2}|\d\.\d)\s*折",)),
    )
    for wording in wordings
)
_PRICE = lazy_pattern(
    rf"(?:{_LABEL}){{0,4}}(?:(?:is|was|of|at|costs?|是|为)\s+|是|为)?\(?(?P<a>{_AMOUNT})\)?"
    rf"(?:\s+then\b)?",
    re.IGNORECASE,
)
_WITH_NOUN = lazy_pattern(r"(?<=\d)\s*的[\u4e00-\u9fff]{1,6}?(?=\s*(?:打|减|优惠|涨|降|便宜|再|[,，]))")
_WHAT_IT_IS = lazy_pattern(rf"\s+{_NAME}", re.IGNORECASE)
_WE_ARE = lazy_pattern(
    rf"(?:(?:we are|we're|there are|there're|(?:table|party|group) (?:of|for))\s+(?P<n>\d+)(?: of us| "
    rf"{_PEOPLE})?[\s,;]+(?:and\s+)?"
    rf"(?:sharing\s+|splitting\s+)?|(?P<m>\d+) {_PEOPLE}\s+(?:are |will )?(?:split|splitting|share|sharing)\s+)",
    re.IGNORECASE,
)
_SEVERAL = lazy_pattern(
    rf"(?P<n>\d+(?:\.\d+)?)\s*(?:{_MEASURED}\s+)?(?:(?<![\d.])(?:{_NAME}|{_PEOPLE})\s+){{0,3}}?(?<!\d)(?:(?:at|"
    rf"@|x|costing|priced at)\s*(?P<a>{_AMOUNT})"
    rf"(?:\s*(?:each|apiece|a piece|per {_NAME}))?|(?:for\s+)?(?P<b>{_AMOUNT})\s*(?:each|apiece|a piece))",
    re.IGNORECASE,
)
_EACH_CHINESE = lazy_pattern(
    rf"[\u4e00-\u9fff]{{0,6}}?(?P<n>\d+(?:\.\d+)?)\s*(?P<u>斤|个|件|张|本|公斤|瓶|盒|杯|只|条|支|袋|箱|份|位|人)"
    rf"[\u4e00-\u9fff]{{0,4}}?[,\s]*(?:每|[1一])(?P=u)?\s*(?P<a>{_AMOUNT})(?P<b>(?!))?",
    re.IGNORECASE,
)
_ALSO = lazy_pattern(r"\s*(?:,|;|\+|&|plus\b|and\b|和)+\s*(?=\d|[\u4e00-\u9fff])", re.IGNORECASE)
_GAP = lazy_pattern(r"[\s,;.:，；。!]*(?:(?:and|then|but|so|also|now|with|on it|on top)\b[\s,]*)*", re.IGNORECASE)
_ASKS = lazy_pattern(
    r"(?:[\s,;.:?!，。？=]|\b(?:what|what's|whats|how|much|is|are|the|a|an|total|final|new|sale|end|price|cost|costs|do|"
    r"does|will|would|should|i|we|you|they|customer|pay|pays|it|that|now|each|per|person|head|everyone|one|to|be|in|"
    r"all|altogether|please|left|change|back|give|owe|owes|come|comes|amount|bill|so|and|then|us|of)\b|多少|钱|是|几|一共|"
    r"总共|现在|要|"
    r"应|该|找|实际|付|最后|现价|到手|每人|每个人|呢|吗|元|块|的|价|等于|得)*",
    re.IGNORECASE,
)
_WAGES = lazy_pattern(
    r"(?=.*(?:\b(?:salary|wages?|income|earn\w*)\b|工资|收入|月薪)).*(?:\btax|税)", re.IGNORECASE | re.DOTALL
)
"""Of wages a tax is taken away, to prices it is added."""
_ASKS_SHARE = lazy_pattern(
    rf"[\s,;.]*(?:how much|what(?:'s|s)?)\s+(?:is|would|will|do|does|did|should)?\s*(?:the|i|we|you|an?|that)?\s*"
    rf"(?:{_ADDED}|{_TAKEN}|saved?|saving)(?: (?:amount|be|on that|come to))*[\s?.!]*",
    re.IGNORECASE,
)
_INCLUDED = lazy_pattern(
    rf"(?:{_LABEL}){{0,3}}(?P<a>{_AMOUNT})[\s,]*(?P<incl>including|inclusive of|includes?|incl?\.?|with|at|含|@)?\s*"
    rf"(?P<p>{_SHARE})\s*{_ADDED}(?P<in>\s+(?:included|incl\.?|inclusive|inside))?(?P<asks>.*)",
    re.IGNORECASE | re.DOTALL,
)
_NET = lazy_pattern(
    r"[\s,;.:?]*(?:(?:what(?:'s|s)?|how much|is|the|was|price|amount|it|and|so|my|be|"
    r"would)\s*)*(?P<net>net(?:to)?|(?:before|"
    r"without|excluding|ex|excl\.?|minus|less)(?: the)? (?:tax|vat|gst|mwst))(?: (?:price|amount|of it|is "
    r"it))*[\s?.!]*",
    re.IGNORECASE,
)
_GROSS = lazy_pattern(r"\b(?:gross|brutto)\b", re.IGNORECASE)
_PROPORTION = lazy_pattern(
    rf"(?:if\s+)?(?P<n>\d+)\s*(?P<noun>(?:{_NAME}\s+){{0,2}}?)(?:for|costs?|are|is)\s*(?P<a>{_AMOUNT})[\s,;.?]*"
    rf"(?:(?:so|then|and)\s+)?(?:how much|what)\s*(?:is|are|for|do|does|would|will|the)*\s*(?:the )?(?:price of )?"
    rf"(?:(?P<m>\d+)|each|an?|one|per)(?:\s+{_NAME}){{0,2}}(?:\s+(?:cost|be|one|each))*[\s?.!]*",
    re.IGNORECASE,
)
_RATE = lazy_pattern(
    rf"(?:{_NAME}\s+){{0,2}}(?P<a>{_AMOUNT})\s*(?:per|an?|/|each|every)\s*(?P<u>hour|day|night|week|month|year|person|"
    rf"head|piece|item|page|ticket|lesson|session|class|trip|shift)[\s,;]*(?:(?:for|x|times|and|\*)\s*)?"
    rf"(?P<n>\d+(?:\.\d+)?)\s*(?:(?P=u)s?|people|persons)|"
    rf"(?:hourly(?=.*\bhours?\b)|daily(?=.*\bdays?\b)|nightly(?=.*\bnights?\b)|weekly(?=.*\bweeks?\b)|"
    rf"monthly(?=.*\bmonths?\b))\s*(?:rate|wage|pay|rent)?\s*(?:is|of|:)?\s*(?P<c>{_AMOUNT})[\s,;]*"
    rf"(?:(?:for|x|times|and|\*)\s*)?(?P<m>\d+(?:\.\d+)?)\s*(?:hours?|days?|nights?|weeks?|months?)",
    re.IGNORECASE,
)
_WAGE_CHINESE = lazy_pattern(
    r"(?:时薪|日薪|每小时|每天|[1一]小时|[1一]天)\s*(?:工资|工钱)?\s*(?:是|为)?\s*(?P<a>\d+(?:\.\d+)?)\s*(?:元|块钱?)?[,，]?\s*"
    r"(?:[1一]?共|总共)?(?:做|干|上班?|工作)?了?\s*(?P<n>\d+(?:\.\d+)?)\s*个?(?:小时|天|钟头)",
    re.IGNORECASE,
)
_PERIODS = {("month", "year"): "* 12", ("week", "year"): "* 52", ("year", "month"): "/ 12", ("year", "week"): "/ 52"}
_PER_PERIOD = lazy_pattern(
    rf"(?:{_NAME}\s+){{0,3}}(?P<a>{_AMOUNT})\s*(?:per|an?|/|each|every)\s*(?P<u>week|month|year)[\s,;]*(?:(?:so\s+)?"
    r"(?:what|how much)(?:'s| is| does)?(?: it| that)?(?: come to| make)?\s*)?(?:per|an?|in an?|for an?|each|every)\s*"
    r"(?P<v>week|month|year)[\s?.!]*|"
    r"每个?(?P<zh>月|周)(?P<c>\d+(?:\.\d+)?)\s*[,，]?\s*(?:那么?)?[一1每]年(?:下来|一共|总共|共)?(?:要|是|得)?(?:多少)?钱?[\s?？]*",
    re.IGNORECASE,
)
_FROM = lazy_pattern(rf"(?P<b>{_AMOUNT})\s+from\s+(?:an?\s+)?(?P<a>{_AMOUNT})[\s?.]*", re.IGNORECASE)
_FILLED = lazy_pattern(
    r"满\s*(?P<full>\d+)\s*元?\s*减\s*(?P<less>\d+)\s*元?[,，\s]*(?:买|花|消费|总价|买单)*了?\s*"
    r"(?P<a>\d+(?:\.\d+)?)\s*元?",
    re.IGNORECASE,
)
_PROFIT = lazy_pattern(
    rf"(?:cost(?: price)?|bought(?: (?:at|for|it for))?|buy(?: at| for)?)\s*(?:is|was|of|:)?\s*(?P<a>{_AMOUNT})[\s,;]*"
    rf"(?:and\s+)?(?:sold|sell|selling price|sale price)(?: (?:at|for|it for))?\s*(?:is|was|of|:)?\s*(?P<b>{_AMOUNT})"
    r"[\s,;.?]*(?:how much |what(?:'s| is) (?:the |my )?|the )?(?P<what>profit|margin|"
    r"mark-?up)\s*(?P<share>(?:in )?(?:%|percent\w*))?[\s?.!]*",
    re.IGNORECASE,
)
_WAS_NOW = lazy_pattern(
    rf"(?:(?:it|this|that|the|my|our|a|price)\s+)*(?:{_NAME}\s+){{0,4}}(?:was|used to (?:be|cost)|went from|from|"
    rf"before|cost)\s*(?:at\s+)?(?P<a>{_AMOUNT})[\s,;.]*"
    rf"(?:and\s+)?(?:then\s+)?(?:(?:is\s+)?now|to|today)(?:\s+(?:it'?s|is|its|at|only|they want|i pay|we pay|"
    rf"costs?))*\s*"
    rf"(?P<b>{_AMOUNT})(?P<asks>.*)",
    re.IGNORECASE | re.DOTALL,
)
_PAID_FOR = lazy_pattern(
    rf"(?:i |we )?(?:paid|got it for|bought it for)\s*(?P<b>{_AMOUNT})[\s,]*(?:for|instead of|"
    rf"on)\s*(?:{_NAME}\s+){{0,3}}"
    rf"(?:that |which |it )?(?:was|cost|costs|priced at|marked)?\s*(?P<a>{_AMOUNT})(?P<asks>.*)",
    re.IGNORECASE | re.DOTALL,
)
_ASKS_CHANGE = lazy_pattern(
    r"[\s,;.?!]*(?:(?:what|how|much|many|is|the|in|as|a|an|did|i|we|get|that|it|by|of|so|and|was|my|percentage|percent|"
    r"%|discount|saving|saved?|off|change|changed|increase|increased|decrease|rise|rose|drop|more|less|up|down|"
    r"difference|reduction|cheaper|go|gone)\b[\s,;.?!%]*|%[\s?]*)*",
    re.IGNORECASE,
)


def deal_in(text: str) -> str | None:
    """The expression that `text` asks for, number words in digits already; None where a part of it is not "
    "understood."""
    text = _WITH_NOUN.sub("", re.sub(r"\s+", " ", text).strip())
    if len(text) > _LONGEST or not re.search(r"\d", text) or re.search(r"\d-\d", text) or _WAGES.search(text):
        return None
    for read in (_whole_form, _net, _stepwise):
        if (expression := read(text)) is not None:
            return expression
    return None


def _whole_form(text: str) -> str | None:
    if found := _PROPORTION.fullmatch(text):
        if not found["noun"] and (found["m"] or _number(found["a"]) <= int(found["n"])):
            return None
        return f"({found['a']}) / {found['n']}" + (f" * {found['m']}" if found["m"] and found["m"] != "1" else "")
    if found := _PER_PERIOD.fullmatch(text):
        if found["zh"]:
            return f"({found['c']}) * {12 if found['zh'] == '月' else 52}"
        times = _PERIODS.get((found["u"].lower(), found["v"].lower()))
        return f"({found['a']}) {times}" if times else None
    if (found := _FROM.fullmatch(text)) and _number(found["a"]) > _number(found["b"]):
        return f"({found['a']}) - ({found['b']})"
    return _filled(text) or _profit(text) or _changed(text)


def _number(digits: str) -> float:
    return float(digits.replace(",", ""))


def _filled(text: str) -> str | None:
    """`满300减50`: 50 less for those who buy for 300."""
    if found := _FILLED.match(text):
        enough = float(found["a"]) >= int(found["full"])
        rest = text[found.end() :]
        return f"{found['a']} - {found['less'] if enough else 0}" if _ASKS.fullmatch(rest) else None
    return None


def _profit(text: str) -> str | None:
    if found := _PROFIT.fullmatch(text):
        gain = f"({found['b']}) - ({found['a']})"
        if found["what"].lower() != "profit":
            return f"({gain}) / ({found['b'] if found['what'].lower() == 'margin' else found['a']}) * 100"
        return f"({gain}) / ({found['a']}) * 100" if found["share"] else gain
    return None


def _changed(text: str) -> str | None:
    for form in (_WAS_NOW, _PAID_FOR):
        if (found := form.fullmatch(text)) and _ASKS_CHANGE.fullmatch(found["asks"]):
            return _change(found)
    return None


def _change(found: "re.Match[str]") -> str | None:
    """In percent, where that is asked or nothing is: which way it went is what the numbers say."""
    before, now = found["a"], found["b"]
    if not re.search(r"\w", found["asks"]) and re.match(r"from\b|\d", found.group(), re.IGNORECASE):
        return None
    less = _number(now) < _number(before)
    difference = f"({before}) - ({now})" if less else f"({now}) - ({before})"
    amount = re.search(r"how much|difference|saved?|saving", found["asks"], re.I)
    if amount and not re.search(r"%|percent", found["asks"], re.I):
        return difference
    return f"({difference}) / ({before}) * 100"


def _net(text: str) -> str | None:
    found = _INCLUDED.fullmatch(text)
    if found is None or not (found["incl"] or found["in"] or _GROSS.search(text)) or not _NET.fullmatch(found["asks"]):
        return None
    return f"({found['a']}) / (100% + {found['p']})"


def _stepwise(text: str) -> str | None:
    if people := _WE_ARE.match(text):
        text = f"{text[people.end() :].rstrip('?. ')}, we are {people['n'] or people['m']}"
    start = _start(text)
    if start is None:
        return None
    price, at, counted = start
    shares: list[str] = []
    for _ in range(_MOST_STEPS):
        if _ASKS.fullmatch(text, at):
            return price if shares or counted else None
        if len(shares) == 1 and "%" in shares[0] and _ASKS_SHARE.fullmatch(text, at):
            return f"({start[0]}) * {shares[0]}"
        step = _step(text, at)
        if step is None and not shares and (noun := _WHAT_IT_IS.match(text, at)):
            step = _step(text, noun.end())
        if step is None:
            return None
        price, share, at = step[0].format(p=price, **step[1]), step[1].get("a", "折"), step[2]
        shares.append(share)
    return None


def _start(text: str) -> tuple[str, int, bool] | None:
    """The price, where it ends, and whether it is worked out already: `2 adults at 12 and 3 kids at 7`."""
    if found := _RATE.match(text):
        return f"{found['n'] or found['m']} * {found['a'] or found['c']}", found.end(), True
    if found := _WAGE_CHINESE.match(text):
        return f"{found['n']} * {found['a']}", found.end(), True
    items, at = list[str](), 0
    while found := _several(text, at):
        items.append(f"{found['n']} * {found['a'] or found['b']}")
        also = _ALSO.match(text, found.end())
        at = also.end() if also and _several(text, also.end()) else found.end()
    if items:
        return " + ".join(items), at, True
    found = _PRICE.match(text)
    return (found["a"], found.end(), False) if found else None


def _several(text: str, at: int) -> "re.Match[str] | None":
    return _SEVERAL.match(text, at) or _EACH_CHINESE.match(text, at)


def _step(text: str, at: int) -> tuple[str, dict[str, str], int] | None:
    gap = _GAP.match(text, at)
    for start in dict.fromkeys((at + len(text[at:]) - len(text[at:].lstrip(" ,;.，；")), gap.end() if gap else at)):
        for step in _STEPS:
            if found := step.wording.match(text, start):
                values = {name: value for name, value in found.groupdict().items() if value}
                if "z" in values:
                    values["z"] = "0." + values["z"].replace(".", "")
                return step.template, values, found.end()
    return None
