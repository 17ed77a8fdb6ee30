"""Percentages as shops and restaurants word them: tips, taxes, discounts, shares, changes."""

import re

from .contract import Refusal
from .patterns import lazy_pattern

_LONGEST = 160
_N = r"(?<![\d.])(?<!\d,)\(?-?[\d.][\d.,]*\)?(?!\d)(?:\s*[-+*/]\s*\(?[\d.]+%?\)?)*?"
_P = r"(?<![\d.])(?<!\d,)\(?[\d.]+\)?\s*%"
_ADDED = (
    r"(?:tips?|gratuity|(?:sales )?tax(?:es)?|vat|gst|service(?: charge)?|surcharge|mark-?up|interest|commission|"
    r"fees?|税|小费|手续费)"
)
_TAKEN = r"(?:discounts?|off|reduction|rebate)"
_BILL = (
    r"(?:(?:an?\s+|the\s+|my\s+)?(?:bill|(?:sale |list |net |cost |original |full |regular |retail |old )?price|"
    r"cost|total|amount|meal|dinner|lunch|order|"
    r"check|purchase|item|product)\s+(?:of|is|was|at|for)?\s*)?"
)
_OPERATIONS = (
    r"(?:not?|half|twice|double|triple|thirds?|quarters?|without|except|excluding|never|minus|less|plus|times|then|"
    r"and|or|than|refund\w*|return\w*)"
)
_WORD = rf"(?:(?!{_OPERATIONS}\b)[a-z]+\s+)"
_ITEM = (
    rf"{_WORD}{{0,3}}"
    r"(?:is|was|at|for|costs?|of)?\s*"
)
_ASKS_PRICE = (
    r"(?:\s*[,;.?]?\s*(?:(?:and|so)\s+)?(?:what (?:do|will|would) (?:i|you|we) pay|how much(?: is (?:it|that))?(?: "
    r"do (?:i|you|we) pay)?|"
    r"(?:what(?:'s| is) )?(?:the )?(?:final|new|sale|total) price|what(?:'s| is) the (?:price|total)|total|price)"
    r"(?: now)?)?"
)
_NOUN = (
    rf"(?!{_OPERATIONS}\b)(?!(?:off|more|squared|cubed|doubled|halved|rounded|is|in|to|per|each)\b)"
    r"[a-z]{3,}"
)
_PEOPLE = r"(?:people|persons?|friends|of us|of them|ways|guests|kids|children|colleagues|heads)"
_PCT = r"(?:%|percent(?:age)?)"
_TO = r"(?:to|and|->|→|到)"
_INCLUDED = r"(?:including|includes?|incl\.?|inclusive of|with|gross(?: of)?|inc\.?)"
_NET = (
    r"(?:what(?:'s| is)? )?(?:the )?(?:net|price before (?:tax|vat)|before (?:tax|vat)|without "
    r"(?:tax|vat)|ex(?:cluding|cl\.?)? ?(?:tax|vat))(?: price| amount)?"
)
_FORMS = (
    (rf"(?P<p>{_P})\s+(?:mark-?up|margin)\s+(?:on|of|for)\s+{_BILL}(?P<a>{_N})", "which-more"),
    (rf"(?:mark-?up|margin)\s*(?:of\s*)?(?P<p>{_P})\s+(?:on|of|for)\s+{_BILL}(?P<a>{_N})", "which-more"),
    (rf"{_BILL}(?P<a>{_N})\s*,?\s*{_INCLUDED}\s*(?P<p>{_P})\s*{_ADDED}\s*[,;?.]*\s*{_NET}", "({a}) / (100% + {p})"),
    (
        rf"{_NET}\s+(?:of|for|on)\s+{_BILL}(?P<a>{_N})\s*(?:at|with|{_INCLUDED})\s*(?P<p>{_P})(?:\s*{_ADDED})?",
        "({a}) / (100% + {p})",
    ),
    (rf"{_BILL}(?P<a>{_N})\s*(?:plus|\+|and|with)\s*{_ADDED}\s*(?:at|of)\s*(?P<p>{_P})", "({a}) + {p}"),
    (rf"(?:the )?{_ADDED}\s+(?:on|of|for)\s+{_BILL}(?P<a>{_N})\s+(?:at|with)\s+(?P<p>{_P})", "({a}) * {p}"),
    (
        rf"{_WORD}?was\s+(?P<a>{_N}),"
        rf"?\s*(?:and\s+)?(?:is\s+)?now\s+(?:is\s+)?(?P<b>{_N})[,;]?\s*(?:how (?:many|much)|what)\s*(?:%|"
        rf"percent)\s*(?:off|less|discount|down)",
        "(({a}) - ({b})) / ({a}) * 100",
    ),
    (
        rf"(?P<b>\d+)\s*{_WORD}?(?:at|@|for)\s*(?P<a>{_N})\s*(?:each)?\s*(?:with|less|minus|,)\s*(?P<p>{_P})"
        rf"\s*{_TAKEN}",
        "({b}) * ({a}) - {p}",
    ),
    (
        rf"(?:how much|what)\s*(?:%|percent)?\s*(?:more|higher|"
        rf"bigger)\s+is\s+(?P<b>{_N})\s+than\s+(?P<a>{_N})\s*,?\s*in\s*(?:%|percent)",
        "(({b}) - ({a})) / ({a}) * 100",
    ),
    (
        rf"(?:simple )?interest\s+on\s+(?P<a>{_N})\s+at\s+(?P<p>{_P})\s+(?:for|over)\s+(?P<b>{_N})\s*years?",
        "({a}) * {p} * ({b})",
    ),
    (
        rf"(?:不含税|税前)价?格?\s*(?:是|为)?\s*(?P<a>{_N})\s*[,，]?\s*税率\s*(?:是|为)?\s*(?P<p>{_P})"
        rf"[,，]?\s*(?:含税|税后)?价?",
        "({a}) + {p}",
    ),
    (
        rf"税率\s*(?:是|为)?\s*(?P<p>{_P})[,，]?\s*含税价?\s*(?:是|为)?\s*(?P<a>{_N})[,，]?\s*不含税价?",
        "({a}) / (100% + {p})",
    ),
    (
        rf"含税价?\s*(?:是|为)?\s*(?P<a>{_N})[,，]?\s*税率\s*(?:是|为)?\s*(?P<p>{_P})[,，]?\s*不含税价?",
        "({a}) / (100% + {p})",
    ),
    (rf"(?P<a>{_N})\s*(?:\+|加上?)\s*(?P<p>{_P})\s*的?\s*{_ADDED}", "({a}) + {p}"),
    (rf"单价\s*(?P<a>{_N})\s*[,，]?\s*数量\s*(?P<b>{_N})(?:[,，]?\s*(?:总价|合计))?", "({a}) * ({b})"),
    (rf"(?:an?\s+)?(?P<p>{_P})\s+{_ADDED}\s+(?:on|of|for)\s+{_BILL}(?P<a>{_N})", "({a}) * {p}"),
    (rf"{_ADDED}(?:\s+of)?\s+(?P<p>{_P})\s+(?:on|of|for)\s+{_BILL}(?P<a>{_N})", "({a}) * {p}"),
    (
        rf"(?P<p>{_P})\s+{_ADDED}\s+(?:on|of|for)\s+an?\s+(?P<a>{_N})\s+(?:bill|order|meal|check|purchase)",
        "({a}) * {p}",
    ),
    (rf"(?P<b>{_N})\s+less\s+than\s+(?P<a>{_N})", "({a}) - ({b})"),
    (rf"(?P<b>{_N})\s+more\s+than\s+(?P<a>{_N})", "({a}) + ({b})"),
    (rf"(?P<b>\d{{1,3}})\s+thirds\s+of\s+(?P<a>{_N})", "({a}) * {b} / 3"),
    (rf"(?P<b>\d{{1,3}})\s+quarters\s+of\s+(?P<a>{_N})", "({a}) * {b} / 4"),
    (
        rf"(?:bill|(?:sale |list |net )?price|cost|total)\s+(?:of\s+|is\s+)?(?P<a>{_N})\s*(?:minus|less|"
        rf"-)\s*(?P<p>{_P})",
        "({a}) - {p}",
    ),
    (
        rf"(?:(?:do|would|will|can)\s+(?:i|you|we)\s+)?save\s+(?:with|at|by)?\s*(?:an?\s+)?(?P<p>{_P})\s*(?:{_TAKEN}\s*)?"
        rf"(?:on|of|for|from)\s+{_BILL}(?P<a>{_N})",
        "({a}) * {p}",
    ),
    (rf"(?P<p>{_P})\s+(?:on|for)\s+{_BILL}(?P<a>{_N})", "({a}) * {p}"),
    (
        rf"{_BILL}(?P<a>{_N})\s*(?:,|with|plus|and|\+)+\s*(?:an?\s+|the\s+)?(?P<p>{_P})\s*{_ADDED}",
        "({a}) + {p}",
    ),
    (
        rf"(?P<a>{_N})\s*(?:ex(?:cl(?:uding|\.)?)?|without|before|net(?: of)?)\s*{_ADDED}\s*(?:at|of|,)?\s*(?P<p>{_P})",
        "({a}) + {p}",
    ),
    (
        rf"(?:remove|take out|strip)\s+(?:the\s+)?(?P<p>{_P})\s*(?:vat|gst|sales tax)\s+(?:from|out of)\s+(?P<a>{_N})",
        "({a}) / (100% + {p})",
    ),
    (rf"add\s+(?:an?\s+)?(?P<p>{_P})\s*{_ADDED}?\s+to\s+{_BILL}(?P<a>{_N})", "({a}) + {p}"),
    (
        rf"{_BILL}(?P<a>{_N})\s*(?:,|with|minus|less|after|at|-)\s*(?:an?\s+)?(?P<p>{_P})\s*{_TAKEN}",
        "({a}) - {p}",
    ),
    (rf"(?P<p>{_P})\s*off(?:\s+of)?\s+{_BILL}(?P<a>{_N})", "({a}) - {p}"),
    (rf"(?:take\s+)?(?P<b>{_N})\s+off(?:\s+of)?\s+(?P<a>{_N})", "({a}) - ({b})"),
    (rf"take\s+(?P<p>{_P})\s+(?:off|from)\s+(?P<a>{_N})", "({a}) - {p}"),
    (rf"(?P<p>{_P})\s*{_TAKEN}\s+(?:on|of|for)\s+{_BILL}(?P<a>{_N})", "which"),
    (
        rf"(?:split|share|divide)\s+{_BILL}(?P<a>{_N})\s*(?:(?:between|among|amongst|by|across|for|into)"
        rf"\s+)?(?P<b>{_N})\s*"
        r"(?:equal\s+)?(?:people|persons?|friends|of us|ways|guests|kids|children|parts|shares|colleagues)?",
        "({a}) / ({b})",
    ),
    (
        rf"{_BILL}(?P<a>{_N})\s*(?:,|split|shared|divided)+\s*(?:between|among|by|into)?\s*(?P<b>{_N})\s*(?:people|"
        rf"persons?|friends|ways)",
        "({a}) / ({b})",
    ),
    (
        rf"(?:percent(?:age)?|%)\s*(?:change|increase|growth|difference|rise)\s+(?:from|between|of)?\s*(?P<a>{_N})"
        rf"\s*{_TO}\s*(?P<b>{_N})",
        "(({b}) - ({a})) / ({a}) * 100",
    ),
    (
        rf"(?:percent(?:age)?|%)\s*(?:decrease|drop|loss|reduction|decline)\s+(?:from\s+)?(?P<a>{_N})"
        rf"\s*{_TO}\s*(?P<b>{_N})",
        "(({a}) - ({b})) / ({a}) * 100",
    ),
    (rf"从?\s*(?P<a>{_N})\s*[涨升增][^\d]{{0,3}}到\s*(?P<b>{_N})[^\d]*(?:pct之|%)几?", "(({b}) - ({a})) / ({a}) * 100"),
    (rf"从?\s*(?P<a>{_N})\s*[跌降减][^\d]{{0,3}}到\s*(?P<b>{_N})[^\d]*(?:pct之|%)几?", "(({a}) - ({b})) / ({a}) * 100"),
    (rf"(?P<a>{_N})\s*(?:是|占)\s*(?P<b>{_N})\s*的?\s*pct之", "({a}) / ({b}) * 100"),
    (rf"(?P<a>{_N})\s*(?:of|out of|/)\s*(?P<b>{_N})\s*(?:in|as(?: an?)?)\s*{_PCT}", "({a}) / ({b}) * 100"),
    (
        rf"(?:(?:sold|passed|got|scored|answered|finished|did|hit|won|correct|right|"
        rf"{_WORD})\s*)?(?P<a>{_N})\s*(?:of|out of)\s*"
        rf"(?P<b>{_N})\s*(?:{_NOUN})?\s*[,;?.]*\s*(?:how many|what|how much|in|as)\s*(?:an? |the "
        rf")?{_PCT}(?: is (?:that|it))?",
        "({a}) / ({b}) * 100",
    ),
    (
        rf"(?P<a>{_N})\s*(?:at|@)\s*(?P<p>{_P})\s*(?:interest\s*)?(?:for|over)\s*(?P<b>\d{{1,2}})\s*years?,?\s*"
        r"(?:compound(?:ed)?)(?: (?:interest|annually|yearly))?",
        "({a}) * (1 + {p}) ^ {b}",
    ),
    (
        rf"compound interest\s*(?:on|of)\s*(?P<a>{_N})\s*(?:at|@)\s*(?P<p>{_P})\s*(?:for|"
        rf"over)\s*(?P<b>\d{{1,2}})\s*years?",
        "({a}) * (1 + {p}) ^ {b} - ({a})",
    ),
    (rf"(?P<a>{_N})\s*out of\s*(?P<b>{_N})", "({a}) / ({b}) * 100"),
    (rf"what\s*{_PCT}\s*of\s*(?P<b>{_N})\s*is\s*(?P<a>{_N})", "({a}) / ({b}) * 100"),
    (rf"(?:what\s*)?{_PCT}\s*is\s*(?P<a>{_N})\s*of\s*(?P<b>{_N})", "({a}) / ({b}) * 100"),
    (
        rf"{_ITEM}from\s+(?P<a>{_N})\s*(?:to|->|→)\s*(?P<b>{_N})\s*,?\s*(?:in|as|how (?:many|much)|what)\s*"
        rf"(?:an?\s*)?{_PCT}(?:\s*(?:is (?:that|it|this)|change|increase|growth|more|up))*",
        "(({b}) - ({a})) / ({a}) * 100",
    ),
    (
        rf"(?P<a>{_N})\s*(?:to|->|→)\s*(?P<b>{_N})\s*,?\s*(?:in\s*|as\s*)?{_PCT}\s*(?:change|increase|growth|"
        rf"difference)?",
        "(({b}) - ({a})) / ({a}) * 100",
    ),
    (
        rf"(?P<p>{_P})\s*off\s+{_BILL}(?P<a>{_N})\s*(?:,|and|plus|then)+\s*(?:then\s+)?(?:another|an? (?:extra|"
        rf"additional|further)|extra|further|then)?\s*"
        rf"(?P<b>{_P})\s*off",
        "({a}) * (100% - {p}) * (100% - {b})",
    ),
    (
        rf"(?P<p>{_P})\s*off\s+(?:of\s+)?{_BILL}(?P<a>{_N})\s*[,;]?\s*(?:and|plus|then|,)*\s*(?:then\s+)?(?:another|"
        rf"an? (?:extra|"
        rf"additional|further)|extra|further)\s*(?P<b>{_P})(?:\s*off)?",
        "({a}) * (100% - {p}) * (100% - {b})",
    ),
    (
        rf"(?:(?:how much|what)\s+)?(?:(?:do|does|did|will|would|can)\s+\w+\s+)?(?:sav(?:e|ings?|ed)|"
        rf"get off)\s*(?:with|at|on|for|from|of|is)?\s*"
        rf"(?P<p>{_P})\s*(?:{_TAKEN})?\s*(?:on|of|from|off)?\s*{_BILL}(?P<a>{_N})",
        "({a}) * {p}",
    ),
    (rf"half[\s-]price\s+(?:of|on|for)?\s*{_BILL}(?P<a>{_N})|(?P<b>{_N})\s+(?:at|for|is)?\s*half[\s-]price", "half"),
    (
        rf"(?P<b>\d+)\s*{_PEOPLE}\s+(?:pay|paid|owe|give|gave|put in|chip in)s?\s+(?P<a>{_N})\s*(?:each|apiece|"
        rf"per head|per person)"
        r"(?:[\s,;]*(?:what is |how much is |what's )?(?:the )?(?:total|in total|altogether|in all))",
        "({b}) * ({a})",
    ),
    (
        rf"(?P<a>{_N})\s+(?:at|with)\s+(?P<p>{_P})\s+simple interest\s*(?:for|over|,)?\s*(?P<b>{_N})\s*years?",
        "({a}) * {p} * ({b})",
    ),
    (rf"(?P<p>{_P})\s+on top of\s+(?P<a>{_N})", "({a}) + {p}"),
    (rf"{_BILL}(?P<a>{_N})\s*(?:plus|\+)\s*(?P<p>{_P})", "({a}) + {p}"),
    (rf"{_BILL}(?P<a>{_N})\s*,?\s*(?:with\s*)?(?:an?\s*)?discount\s*(?:of|is|:)?\s*(?P<p>{_P})", "({a}) - {p}"),
    (
        rf"(?:cost|cost price|bought (?:at|for))\s*(?:is|of|at|:)?\s*(?P<a>{_N})\s*(?:,|with|plus|and|"
        rf"\+)*\s*(?:an?\s*)?"
        rf"mark-?up\s*(?:of|is)?\s*(?P<p>{_P})",
        "({a}) + {p}",
    ),
    (
        rf"{_ITEM}(?:from\s+)?(?P<a>{_N})\s*(?:to|->|→)\s*(?P<b>{_N})\s*,?\s*"
        rf"(?:in|as|how (?:many|much)|what)?\s*"
        rf"(?:an?\s*)?{_PCT}\s*(?:drop|decrease|decline|loss|fall|less|cheaper|down|reduction|off)",
        "(({a}) - ({b})) / ({a}) * 100",
    ),
    (rf"(?P<a>{_N})\s+{_WORD}(?P<b>{_N})(?<!,)\s*(?:each|apiece|a piece)", "({a}) * ({b})"),
    (
        r"(?P<a>\d+)\s+(?:boxes|packs|packets|bags|crates|cases|bottles|rows|sets|bunches|trays|groups|teams|bundles|"
        rf"cartons)\s+of\s+(?P<b>\d+)(?:\s+{_NOUN})?",
        "({a}) * ({b})",
    ),
    (rf"(?P<a>{_N})\s*打?\s*(?P<b>[1-9]\d?)\s*折", "({a}) * 0.{b}"),
    (rf"(?:成本价?|进价)\s*(?:是|为)?\s*(?P<a>{_N})\s*[,，]?\s*加价?\s*(?P<p>{_P})", "({a}) + {p}"),
    (
        rf"{_ITEM}(?P<a>{_N})\s*{_WORD}?(?:,|with|minus|less|after|at|is|now|-)*\s*(?:now\s+)?(?P<p>{_P})"
        rf"\s*off{_ASKS_PRICE}",
        "({a}) - {p}",
    ),
    (
        rf"(?P<b>\d+)\s+{_WORD}(?:for|cost|costs|are|at)\s+(?P<a>{_N})\s*,?\s*(?:so\s+)?(?:how much|what|price)\s*"
        rf"(?:is|for|per|does|are|costs?)*\s*(?:just\s+)?(?:1|each|an?|per)(?:\s+{_NOUN})?(?:\s+costs?)?",
        "({a}) / ({b})",
    ),
    (
        rf"{_BILL}(?P<a>{_N})\s*(?:,|for)\s*(?P<b>\d+)\s*{_PEOPLE}\s*,?\s*(?:how much|what)?\s*(?:does|do|is it|"
        rf"should|is that)?\s*"
        r"(?:each|per person|per head|a head|apiece)(?:\s*(?:of (?:us|them))?\s*(?:pays?|owes?))?",
        "({a}) / ({b})",
    ),
    (
        rf"{_BILL}(?P<a>{_N})\s+(?:shared |split |divided )?(?:among|amongst|between|by)\s+(?P<b>\d+)(?:\s+{_PEOPLE})?",
        "({a}) / ({b})",
    ),
    (rf"(?P<p>{_P})\s+of\s+(?:the\s+|my\s+|our\s+)?(?P<a>{_N})\s+{_NOUN}", "({a}) * {p}"),
    (
        rf"(?:[^\d\W]{{1,6}}\s*)?(?P<a>{_N})\s*(?:/|每|1\s*)(?:斤|个|件|张|本|公斤|瓶|盒|杯|只|条|支)"
        rf"\s*[,，]?\s*(?:买|要|来)?了?\s*(?P<b>{_N})\s*"
        r"(?:斤|个|件|张|本|公斤|瓶|盒|杯|只|条|支)\s*(?:[1一]?共|总共)?(?:要|是|花)?(?:多少)?(?:钱|元)?",
        "({a}) * ({b})",
    ),
    (
        rf"每(?:斤|个|件|张|本|公斤|瓶|盒|杯|只|条|支)\s*(?P<a>{_N})\s*[,，]?\s*(?:买|要|来)?了?\s*(?P<b>{_N})\s*"
        r"(?:斤|个|件|张|本|公斤|瓶|盒|杯|只|条|支)\s*(?:[1一]?共|总共)?(?:要|是|花)?(?:多少)?(?:钱|元)?",
        "({a}) * ({b})",
    ),
    (
        rf"(?P<b>\d+)\s*个?(?:人|位)\s*(?:来|AA)?(?:平分|均摊|分摊|平摊|分)\s*(?P<a>{_N})(?:[,，]?\s*每?人?均?)?",
        "({a}) / ({b})",
    ),
    (rf"(?P<b>[\d.]+)\s*折\s*[,，]?\s*原价\s*(?:是|为)?\s*(?P<a>{_N})", "fold"),
    (rf"打\s*(?P<b>[\d.]+)\s*折\s*[,，]?\s*(?:原价)?\s*(?P<a>{_N})", "({a}) * 0.{b}"),
    (
        rf"(?:收入|工资|薪水|税前(?:收入|工资)?|月薪)\s*(?:是|为)?\s*(?P<a>{_N})\s*[,，]?\s*(?:税率|税)\s*(?:是|"
        rf"为)?\s*(?P<p>{_P})[,，]?\s*税后(?:收入|工资)?",
        "({a}) - {p}",
    ),
    (
        rf"(?P<a>{_N})\s*(?:[1一]?共\s*)?[,，]?\s*(?P<b>\d+)\s*个?(?:人|位)\s*(?:来|AA|平)?(?:平分|均摊|分摊|分|AA)"
        rf"(?:[,，]?\s*每?人?均?)?",
        "({a}) / ({b})",
    ),
    (rf"半价\s*(?P<a>{_N})|(?P<b>{_N})\s*的?\s*半价", "half"),
    (rf"(?P<a>{_N})\s*(?:as|in)\s*(?:an?\s*)?(?:%|percent(?:age)?)\s*of\s*(?P<b>{_N})", "({a}) / ({b}) * 100"),
    (rf"(?P<a>{_N})\s*是\s*(?P<b>{_N})\s*的?\s*几?倍", "({a}) / ({b})"),
    (rf"(?P<p>{_P})\s*的\s*(?P<a>{_N})", "({a}) * {p}"),
    (rf"(?P<a>{_N})\s*(?:增加|上涨|提高|涨|加价?)\s*(?P<p>{_P})", "({a}) + {p}"),
    (rf"(?P<a>{_N})\s*(?:减少|降低|下降|降价?|跌)\s*(?P<p>{_P})", "({a}) - {p}"),
    (
        rf"(?P<a>{_N})\s+{_WORD}{{0,3}}(?:at|for|costing|x|@)\s+(?P<b>{_N})(?<!,)\s*(?:each|apiece|per piece|a "
        rf"piece)",
        "({a}) * ({b})",
    ),
    (rf"(?P<a>{_N})\s+{_WORD}{{0,2}}(?:at|@)\s+(?P<b>{_N})", "({a}) * ({b})"),
)
_PATTERNS = [(lazy_pattern(pattern, re.IGNORECASE), template) for pattern, template in _FORMS]
_LABEL = lazy_pattern(r"^(?!not )[a-z]+(?: [a-z]+)?:\s+", re.IGNORECASE)
_HINT = lazy_pattern(
    r"%|percent|pct|tip|plus|\bof\b|split|share|divide|each|apiece|piece|\boff\b|\bthan\b|\bat\b|@|thirds|quarters|"
    r",.*people|ways|\bto\b|->|→|\bfor\b|out of|among|between|by|[\u4e00-\u9fff]",
    re.IGNORECASE,
)
_CURRENCY = lazy_pattern(
    r"[$€£¥￥₹]|\b(?:usd|eur|gbp|jpy|cny|rmb|chf|inr|sek|nok|dkk|pln|czk|aud|cad)\b|dollars?|euros?|pounds?|[欧美日]元|元",
    re.IGNORECASE,
)
_SAME = {"dollar": "$", "usd": "$", "美元": "$", "euro": "€", "eur": "€", "欧元": "€", "gbp": "£", "pound": "£"} | {
    "￥": "¥",
    "元": "¥",
    "cny": "¥",
    "rmb": "¥",
}


def bill_in(text: str) -> str | None:
    """The expression that `text` asks for, number words in digits already. Raises Refusal if it has two meanings."""
    if len(text) > _LONGEST or not _HINT.search(text):
        return None
    text = _LABEL.sub("", text)
    for pattern, template in _PATTERNS:
        found = pattern.fullmatch(text)
        if found is None:
            continue
        groups = {name: part.strip().rstrip(",") for name, part in found.groupdict().items() if part}
        if template == "which":
            raise _two_meanings(groups["a"], groups["p"])
        if template == "which-more":
            raise _with_or_without(groups["a"], groups["p"])
        if template == "fold":
            return f"({groups['a']}) * 0.{groups['b'].replace('.', '')}"
        if template == "half":
            return f"({groups.get('a') or groups['b']}) / 2"
        return template.format(**groups)
    return None


def _two_meanings(price: str, share: str) -> Refusal:
    return Refusal(
        f"Do you mean the discount itself ({share} of {price}) or the price after it ({price} - {share})?",
        f"你要的是优惠的金额（{price} 的 {share}），还是优惠后的价格（{price} - {share}）？",
    )


def _with_or_without(price: str, share: str) -> Refusal:
    return Refusal(
        f"Do you mean the markup itself ({share} of {price}) or the price with it ({price} + {share})?",
        f"你要的是加价的金额（{price} 的 {share}），还是加价后的价格（{price} + {share}）？",
    )


def refuse_mixed_currencies(text: str) -> None:
    """Raises Refusal if amounts of several currencies are to be calculated with."""
    found = {name.lower().rstrip("s") for name in _CURRENCY.findall(text)}
    if len({_SAME.get(name, name) for name in found}) > 1:
        raise Refusal(
            "These are amounts of different currencies, and I know no exchange rates.",
            "这些金额的货币不同，我不知道汇率。",
        )
