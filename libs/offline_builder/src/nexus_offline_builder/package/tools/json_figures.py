"""Sums, averages and extremes of the numbers at a path of a JSON document: `total qty`, `第一个订单的数量加起来`."""

import re
from collections.abc import Callable
from fractions import Fraction

from . import figures
from .bounded import FUNCTIONS
from .contract import Answer, JsonValue, Value
from .json_document import Node, Numeral, nested
from .json_scope import names_in
from .patterns import lazy_pattern

_LONGEST = 120
_MEASURES = (
    (
        "sum",
        "合计",
        r"\b(?:sum(?: up)?|totals?|add(?:ed)? up|altogether|in all|in total)\b|加起来|相加|合计|总和|总共|"
        r"求和|总计|一共|总数|总(?=\s|$)",
    ),
    ("average", "平均值", r"\b(?:average|mean|avg)\b|平均[值数]?"),
    ("max", "最大值", r"\b(?:max(?:imum)?|highest|largest|biggest|most expensive|dearest|priciest)\b|最[大高贵]值?"),
    ("min", "最小值", r"\b(?:min(?:imum)?|lowest|smallest|cheapest|least expensive)\b|最[小低]值?|最便宜"),
)
_ASKED = tuple((name, chinese, lazy_pattern(asked, re.IGNORECASE)) for name, chinese, asked in _MEASURES)
_COUNTS = lazy_pattern(r"\bhow many\b|\bcount\b|\bnumber of\b|几[个种条项位]|多少[个种条项位]", re.IGNORECASE)
_FIRST = lazy_pattern(
    r"\b(?P<en>first|second|third|last)\s+(?P<name>[\w-]+)|(?P<zh>第[一二三]|最后一)[个条项位笔张](?P<zhname>[\w]+?)(?=的|里|中|有|一共|总|\s|$)",
    re.IGNORECASE,
)
_PRICED = lazy_pattern(r"expensive|dearest|priciest|cheap|贵|便宜", re.IGNORECASE)
_PRICE = lazy_pattern(r"price|cost|amount|价|金额|费", re.IGNORECASE)
_ALL = lazy_pattern(r"\b(?:all|every|together|overall|everything|whole)\b|所有|全部", re.IGNORECASE)
_PLACES = {"first": 0, "second": 1, "third": 2, "last": -1, "第一": 0, "第二": 1, "第三": 2, "最后一": -1}
_SAYS_NOTHING = lazy_pattern(
    r"\b(?:which|who|whose|has|have|had|with|s|the|a|an|of|all|for|in|and|what|whats|what's|is|are|give|get|me|show|tell|please|now|then|so|ok|how|much|over|across|"
    r"every|each|everything|values?|up|it|them|together|from|json|this|that)\b|[\s?.!:,'，。？：]|哪一?个?|谁|的|是|呢|那|所有|全部|多少|有|"
    r"里面?|中|请|算|列(?:出来?|一下)?|一下|都|把|各个?|每个?|把|再|数值?|和|了",
    re.IGNORECASE,
)


def figure_of(request: str, document: Node, chinese: bool) -> Answer | None:
    """The answer where one figure of the numbers under one key is asked for, and nothing else."""
    if len(request) > _LONGEST or _COUNTS.search(request):
        return None
    scope, rest = scope_of(request, document) or (document, request)
    said = [name for name in names_in(document) if _stands_in(name, rest)]
    containers = [name for name in said if _holds_objects(name, document)]
    keys = [name for name in said if name not in containers]
    keys = [name for name in keys if not (len(keys) > 1 and _is_measure(name, keys, rest))]
    plain = _without(rest, said if len(keys) == len(said) - len(containers) else [*keys, *containers])
    asked = [(name, zh, form) for name, zh, form in _ASKED if form.search(plain)]
    if not asked and _ALL.search(plain) and keys and _ASKED[0][2].fullmatch(keys[0]):
        asked, plain = [_ASKED[0]], _ALL.sub(" ", plain)
    if not said and len(asked) == 1 and not _SAYS_NOTHING.sub("", asked[0][2].sub(" ", plain)):
        keys = [name for name in names_in(scope) if _is_numbers(name, scope)]
    if not keys and _PRICED.search(plain):
        keys = [name for name in names_in(scope) if _PRICE.search(name)]
    if len(keys) != 1 or len(asked) != 1 or _SAYS_NOTHING.sub("", asked[0][2].sub(" ", plain)):
        return None
    return _worked_out(keys[0], asked[0][0], asked[0][1], scope, chinese)


def holder_of(request: str, document: Node) -> Node | None:
    """The only object with the extreme that `request` asks for."""
    answer = figure_of(request, document, chinese=False)
    key = re.search(r"\$\.\.([\w-]+)", str(answer.tool_input["path"])) if answer else None
    if answer is None or key is None or answer.tool_input["query"] not in ("max", "min"):
        return None
    holding = [one for one in nested(document) if isinstance(one, dict) and isinstance(one.get(key[1]), Numeral)]
    numbers = [Fraction(str(getattr(one[key[1]], "text", 0))) for one in holding]
    wanted = (max if answer.tool_input["query"] == "max" else min)(numbers)
    found = [one for one, number in zip(holding, numbers, strict=True) if number == wanted]
    return found[0] if len(found) == 1 else None


def _worked_out(key: str, measure: str, zh: str, scope: Node, chinese: bool) -> Answer | None:
    holding = [one for one in nested(scope) if isinstance(one, dict) and key in one]
    pairs = [(one, number) for one in holding for number in _listed(one[key])]
    pairs = [(one, number) for one, number in pairs if number is not None]
    if not pairs or not all(isinstance(number, Numeral) for _, number in pairs):
        return None
    values = [Fraction(number.text) for _, number in pairs if isinstance(number, Numeral)]
    result = _FIGURES[measure](values)
    whose = [_name_of(one) for (one, _), value in zip(pairs, values, strict=True) if value == result]
    told = f" ({', '.join(name for name in whose if name)})" if measure in ("max", "min") and any(whose) else ""
    title = f"{key} 的{zh}" if chinese else f"{measure} of {key}"
    query: dict[str, JsonValue] = {"path": f"$..{key}", "query": measure, "values": len(values)}
    text = f"{title} {figures.equals(result)}{told}"
    return Answer(text, query, {measure: figures.for_json(result)}, (Value(figures.carried(result), result),))


def _listed(value: Node) -> list[Node]:
    return value if isinstance(value, list) else [value]


def _name_of(one: dict[str, Node]) -> str:
    return next((value for value in one.values() if isinstance(value, str)), "")


def _holds_objects(name: str, document: Node) -> bool:
    values = [one[name] for one in nested(document) if isinstance(one, dict) and name in one]
    return any(isinstance(inner, dict) for value in values for inner in _listed(value))


def _is_numbers(name: str, document: Node) -> bool:
    """Whether every value under the key is a list of numbers."""
    values = [one[name] for one in nested(document) if isinstance(one, dict) and name in one]
    return all(isinstance(one, list) and one and all(isinstance(n, Numeral) for n in one) for one in values)


def _is_measure(name: str, keys: list[str], request: str) -> bool:
    """`total qty`: a key that is called like a figure, right in front of another."""
    others = "|".join(re.escape(key) for key in keys if key != name)
    named = any(form.fullmatch(name) for _, _, form in _ASKED)
    return (
        named
        and re.search(rf"{re.escape(name)}\s*(?:of|的)?\s*(?:the\s+)?(?:{others})", request, re.IGNORECASE) is not None
    )


_FIGURES: dict[str, Callable[[list[Fraction]], Fraction]] = {name: FUNCTIONS[name] for name, _, _ in _MEASURES}


def scope_of(request: str, document: Node) -> tuple[Node, str] | None:
    """The part of the document that `the first order` means, and the request without it."""
    for found in _FIRST.finditer(request):
        said = (found["name"] or found["zhname"]).lower()
        lists = [
            one[name]
            for one in nested(document)
            if isinstance(one, dict)
            for name in one
            if name.lower().removesuffix("s") == said.removesuffix("s") and isinstance(one[name], list)
        ]
        place = _PLACES[(found["en"] or found["zh"]).lower()]
        only = lists[0] if len(lists) == 1 else None
        if isinstance(only, list) and -len(only) <= place < len(only):
            return only[place], f"{request[: found.start()]} {request[found.end() :]}"
    return None


def _stands_in(name: str, request: str) -> bool:
    if not name.isascii():
        return name in request
    if len(name) == 1:
        return re.search(rf"\b(?:of|in|at|for)\s+[\"']?{re.escape(name)}[\"']?(?!\w)", request) is not None
    return re.search(_spelled(name), request, re.IGNORECASE) is not None


def _spelled(name: str) -> str:
    """The name in the singular or the plural."""
    return (
        rf"(?<![\w.$-]){re.escape(name.removesuffix('s'))}s?(?!\w)"
        if len(name) > 3
        else rf"(?<![\w.$-]){re.escape(name)}s?(?!\w)"
    )


def _without(request: str, names: list[str]) -> str:
    for name in names:
        form = _spelled(name) if name.isascii() else re.escape(name)
        request = re.sub(form, " ", request, flags=re.IGNORECASE)
    return request


def only_list(values: list[Node]) -> list[Node]:
    """Of an object the only list in it: what is counted is hardly its keys."""
    if not (len(values) == 1 and isinstance(values[0], dict)):
        return values
    lists = [one for one in values[0].values() if isinstance(one, list)]
    return [lists[0]] if len(lists) == 1 else values
