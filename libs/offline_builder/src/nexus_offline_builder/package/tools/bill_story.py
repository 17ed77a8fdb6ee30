"""Bills told in a sentence: what was bought, the tip or discount, who shares it, what was paid with.

`dinner came to 120, tip 15%, split between 4`, `electricity 83.50, water 41.60, split by 5`, `costs 13.40, I gave 20`.
"""

import re

from .patterns import lazy_pattern

_LONGEST = 300
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_ADDED = r"(?:tip|gratuity|service(?: charge)?|(?:sales )?tax|vat|gst|surcharge|小费|服务费|税)"
_TAKEN = r"(?:discount|off|rebate|reduction|coupon|折扣|优惠)"
_PEOPLE = (
    r"(?:people|persons?|friends|of us|of them|ways|guests|kids|children|colleagues|flatmates|roommates|housemates|"
    r"parts|heads|个人|人|位)"
)
_TENDER = (
    r"(?:paid|pays?|paying|gave|gives?|hands?(?: me| over)?|given|handed(?: me| over)?|tenders?(?:ed)?|got|"
    r"took|received?|cash|"
    r"给了?我?|付了?|付款|收了?您?|支付|拿)"
)
_FORMS = (
    (
        "added",
        rf"(?P<a1>{_NUMBER})\s*%\s*(?:for (?:the )?)?{_ADDED}s?|{_ADDED}s?\s*(?:of|at|is|was|按|"
        rf"是)?\s*(?P<a2>{_NUMBER})\s*%|"
        rf"(?:leave|leaving|add|adding)\s+(?:an?\s+)?(?P<a3>{_NUMBER})\s*%",
    ),
    ("taken", rf"(?P<t1>{_NUMBER})\s*%\s*{_TAKEN}|{_TAKEN}\s*(?:of|is|was)?\s*(?P<t2>{_NUMBER})\s*%"),
    (
        "people",
        rf"/?\s*(?P<p1>\d+)\s*{_PEOPLE}|(?:split|share[ds]?|divided?)\s*(?:it|that|this|the bill|equally|evenly|"
        rf"\s)*(?:by|between|among|amongst|into|in|across)\s*(?:the\s*)?(?P<p2>\d+)(?!\s*(?:and|or)\s*\d)(?:\s*{_PEOPLE})?|"
        rf"(?<=\S)\s+(?:split|shared|divided)\s+(?P<p5>\d+)(?=[\s?.!]*$)|"
        rf"(?:we|they) (?:are|were) (?P<p3>\d+)(?!\s*[\d%])|"
        rf"(?:between|among|amongst)\s+(?P<p4>\d+)(?!\s*(?:and\b|[%.\d]))",
    ),
    (
        "tender",
        rf"{_TENDER}\s*(?:(?:in|by|with|cash|me|us|him|her|them|over|an?|the|one|张|我)\s*)*(?P<g1>{_NUMBER})"
        rf"(?!\s*[%\d])"
        rf"\s*(?:in cash|cash|note|bill|banknote|的?(?:钞票|纸币))?|"
        rf"(?:with|from|out of)\s+(?:an?|the)?\s*(?P<g2>{_NUMBER})\s*(?:note|bill|banknote|cash)?(?!\s*[%\d])|"
        rf"(?P<g3>{_NUMBER})\s*(?:note|banknote)\b",
    ),
    ("share", rf"(?P<a4>{_NUMBER})\s*%"),
    (
        "several",
        rf"(?P<n>\d+)\s*(?:[a-z]+\s+){{0,2}}?(?:at|@|x|each|for(?=\s*{_NUMBER}\s*(?:each|apiece|a piece)))\s*"
        rf"(?P<price>{_NUMBER})(?:\s*(?:each|apiece|a piece))?|"
        r"(?P<n2>\d+)\s+[a-z]+\s+(?P<price2>\d+\.\d\d)(?![\d%])(?:\s*(?:each|apiece|a piece))?",
    ),
    ("lot", rf"\d+\s*(?:[a-z]+\s+){{1,2}}for\s*{_NUMBER}(?!\s*[%\d])"),
    ("amount", rf"(?P<m>{_NUMBER})(?!\s*%)"),
)
_FACT = lazy_pattern("|".join(f"(?P<{name}>{form})" for name, form in _FORMS), re.IGNORECASE)
_LABEL = lazy_pattern(
    r"(?:^|[,;，；]|\band\b|和|\n)\s*(?:the |my |for )?(?P<label>[a-z]+(?: [a-z]+)?|"
    r"[\u4e00-\u9fff]{1,4}费?)\s*[:：]?\s*\0",
    re.I,
)
_SAYS_NOTHING = lazy_pattern(
    r"\b(?:(?:[a-z]+ )?(?:bills?|receipts?|tab)|tips?|gratuity|tax|vat|dinner|lunch|breakfast|brunch|"
    r"meals?|restaurant|check|total(?:s|led)?|cost|costs|came|comes?|amounts?|to|is|was|are|were|of|a|an|the|"
    r"my|our|we|i|he|she|they|you|us|me|it|all|up|for|and|with|want|wants?|would|like|please|split|share[ds]?|"
    r"divided?|equally|evenly|"
    r"between|among|by|how|much|many|original|full|regular|does|do|did|should|each|one|person|everyone|everybody|"
    r"per|head|pays?|owes?|what|whats|what's|"
    r"get|gets|back|change|due|give|have|has|plus|so|then|now|on|at|in|add|including|included?|leave|altogether|"
    r"price|order|purchase|groceries|shopping|customer|note|worth|that's|thats|that|this|final|if|need|there|s)\b|"
    r"账单|一共|总共|合计|花了|消费|您|晚饭|午饭|吃饭|饭钱|买了?|东西|请问|每人|每个人|平均|平分|均摊|分摊|人均|"
    r"多少钱?|要|应该|该|找零?|回|几|我们?|他们?|顾客|"
    r"是|的|了|给|付|元|块钱?|共|加上?|再|和|按|呢|AA|aa|分",
    re.IGNORECASE,
)
_NO_NUMBER = lazy_pattern(r"(\b(?:each|every|which|per)\s*)1\b|1(?=[共起下])|(?<=找)0", re.IGNORECASE)
_TAKEN_BACK = lazy_pattern(
    r"\b(?:refund\w*|return\w*|coupons?|vouchers?|already|minus|less|except|without|not|no|more|extra|half|twice|"
    r"double|thirds?|quarters?|salary|wages?|income|earn\w*|loan|savings?)\b|"
    rf"\bincl\w*\.?\s+(?:an?\s+)?{_NUMBER}\s*%|\b(?:with|incl\w*\.?)\s+{_ADDED}\s+{_NUMBER}(?!\s*[%\d.])|"
    rf"{_NUMBER}\s*(?:per (?:head|person)|a head|each|apiece|pp)\b(?=.*\b\d+\s*{_PEOPLE})|"
    rf"\d+\s*{_PEOPLE}\b[^\d]*{_NUMBER}\s*(?:per (?:head|person)|a head|apiece|pp|"
    r"each(?!\s+(?:pays?|owes?|gets?)))\b|工资|收入|月薪|退|减|已经|不|没|"
    r"(?:每人|每个人|人均)\s*\d",
    re.IGNORECASE,
)
_COUNTED = lazy_pattern(r"\0\s*(?!(?:minus|plus|less|times|ways)\b)[a-z]{2,}s\b", re.IGNORECASE)
_SUBJECT = lazy_pattern(r"^\W*(?:the |our |my |your )?[a-z]+ (?=(?:came|comes|was|is|costs?|totals?)\b)", re.IGNORECASE)
_ASKS_TIP = lazy_pattern(
    r"\b(?:how much|what(?:'s|s)?|the)\s+(?:(?:is|are|would|does|should|do|be|i|we|an?|the)\s+)*(?:[\d.]+\s*%\s*)?"
    r"(?:tip|gratuity|vat|gst|(?:sales )?tax|service charge)\b(?! (?:included|in))|小费(?:是|要)?(?:多少|几)",
    re.I,
)
_ASKS_CHANGE = lazy_pattern(r"\bchange\b|\bback\b|找", re.IGNORECASE)
_BILL = lazy_pattern(r"\b(?:bill|check|tab|rent|dinner|lunch|meal)\b|账单|饭钱|房租|吃饭", re.IGNORECASE)
_EACH = lazy_pattern(
    r"\beach\b|\bper (?:person|head)\b|\bevery(?:one|body)\b|每|人均|AA|\bsplit|\bshare|\bdivid|平分|分摊|均摊|人来?分",
    re.IGNORECASE,
)


def story_in(text: str) -> str | None:
    """The expression for what `text` asks, number words in digits already; None where a part of it "
    "is not understood."""
    if len(text) > _LONGEST:
        return None
    text = _NO_NUMBER.sub(r"\1", text)
    said: dict[str, list[re.Match[str]]] = {}
    for fact in _FACT.finditer(text):
        said.setdefault(_kind(fact, text), []).append(fact)
    if not _is_bill(text, said) or _TAKEN_BACK.search(text) or _unread(text):
        return None
    return _asked(text, said)


def _kind(fact: "re.Match[str]", text: str) -> str:
    """A share by itself is what the only word for one says, wherever that stands."""
    kind = next(name for name, _ in _FORMS if fact[name] is not None)
    if kind == "share" and re.search(_ADDED, text, re.IGNORECASE):
        return "" if re.search(rf"\b{_TAKEN}\b", text, re.IGNORECASE) else "added"
    return kind


def _is_bill(text: str, said: "dict[str, list[re.Match[str]]]") -> bool:
    bought = len(said.get("amount", [])) + len(said.get("several", []))
    singles = [len(said.get(name, [])) for name in ("added", "taken", "people", "tender")]
    if (
        not bought
        or {"", "share", "lot"} & said.keys()
        or max(singles) > 1
        or not (sum(singles) or len(said.get("several", [])) > 1)
        or (
            singles[2] and not (_EACH.search(text) or singles[0] or "/" in text or (bought == 1 and _BILL.search(text)))
        )
    ):
        return False
    asks = _ASKS_CHANGE.search(text) is not None
    return asks or not said["tender"][0]["g2"] or "note" in text.lower() if singles[3] else not asks


def _unread(text: str) -> bool:
    """Whether words are left that are neither known nor the name of an item in front of its amount."""
    marked = _FACT.sub(lambda fact: "\0" if _kind(fact, text) in ("amount", "several") else " ", text)
    marked = re.sub(r"[$€£¥￥]|\b(?:dollars?|euros?|bucks|usd|eur)\b", " ", marked, flags=re.IGNORECASE)
    marked = re.sub(r"(?<=\0)\s*\+\s*(?=\0)", ", ", re.sub(r" +", " ", marked))
    if re.search(r"\b(?:each|share|split)\b", text, re.IGNORECASE):
        marked = _COUNTED.sub("\0 ", marked)
    marked = _SUBJECT.sub(" ", marked)
    items = marked.count("\0") > 1
    left = _SAYS_NOTHING.sub(" ", _LABEL.sub(" ", marked) if items else marked)
    return re.search(r"[^\W_]|[-*/%^<>=+]", left) is not None


def _asked(text: str, said: "dict[str, list[re.Match[str]]]") -> str | None:
    several = [f"{fact['n'] or fact['n2']} * {fact['price'] or fact['price2']}" for fact in said.get("several", [])]
    bought = " + ".join([*(fact["m"] for fact in said.get("amount", [])), *several])
    share = _number(said, "added", "a")
    if share and _ASKS_TIP.search(text):
        return f"({bought}) * {share}%" if "people" not in said and "taken" not in said else None
    if off := _number(said, "taken", "t"):
        bought = f"({bought}) - {off}%"
    if share:
        bought = f"({bought}) + {share}%"
    if people := _number(said, "people", "p"):
        bought = f"({bought}) / {people}"
    if paid := _number(said, "tender", "g"):
        bought = f"{paid} - ({bought})" if not people else ""
    return bought or None


def _number(said: "dict[str, list[re.Match[str]]]", name: str, letter: str) -> str | None:
    fact = next(iter(said.get(name, [])), None)
    return (
        next(
            (
                fact[f"{letter}{n}"]
                for n in (1, 2, 3, 4, 5)
                if f"{letter}{n}" in fact.re.groupindex and fact[f"{letter}{n}"]
            ),
            None,
        )
        if fact
        else None
    )
