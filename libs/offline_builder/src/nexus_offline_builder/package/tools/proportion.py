"""Amounts in proportion: a recipe for 4 people when 10 come, paint for so many square metres."""

import re
from fractions import Fraction
from typing import NamedTuple

from . import figures
from .contract import CERTAIN, POSSIBLE, Answer, Question, Refusal, Task, Tool, Value
from .patterns import lazy_pattern
from .units import Unit, unit_named
from .wording import digits_for_words, plain_signs

_LONGEST = 1000
_DEEPEST = 6
_NUMBER = r"\d+\s+\d+/\d+|\d+/\d+|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?|\.\d+"
_UNIT = (
    r"kilograms?|kilos?|kgs?|grams?|gr|g|milligrams?|mg|millilit(?:er|re)s?|ml|centilit(?:er|re)s?|cl|"
    r"decilit(?:er|re)s?|dl|"
    r"lit(?:er|re)s?|ltrs?|l|cups?|tablespoons?|tbsps?|tbs|teaspoons?|tsps?|ounces?|oz|fl oz|pounds?|lbs?|"
    r"pints?|quarts?|gallons?|"
    r"pinch(?:es)?|cans?|tins?|packs?|packets?|bunch(?:es)?|cloves?|slices?|sticks?|drops?|bags?|bottles?|"
    r"m2|m²|m\^2|sqm|square met(?:er|re)s?|km|miles?|公斤|千克|毫升|公升|大勺|小勺|汤匙|茶匙|大匙|"
    r"小匙|斤|两|克|升|杯|勺|个|只|块|根|瓶|袋|包"
)
_AMOUNT = lazy_pattern(
    rf"(?<![A-Za-z0-9_.,/])(?P<number>{_NUMBER})(?![\d/])\s*(?P<unit>(?:{_UNIT})(?![a-z]))?", re.IGNORECASE
)
_EATERS = (
    r"(?:people|persons?|ppl|pax|guests?|adults?|kids|children|servings?|serves|portions?|eaters|diners|friends|"
    r"heads|of us|visitors|"
    r"students|players|muffins?|cookies|biscuits|pancakes?|cupcakes?|rolls|buns|loaf|loaves|cakes?|pizzas?|"
    r"waffles?|scones|"
    r"batch(?:es)?|pieces|burgers|jars|crepes|dumplings|"
    r"tacos|brownies|人份?|份|位|口人|个人|位客人)"
)
_COUNTED = lazy_pattern(rf"\s*(?P<noun>{_EATERS})(?![a-z])", re.IGNORECASE)
_BASE = lazy_pattern(
    r"(?:\b(?:recipe|serves?|serving|makes?|yields?|feeds?|covers?|enough for|given for|is for|are for|"
    r"meant for|original\w*|"
    r"normally|usually|per|gives|for)|原[来方]?|配方|食谱|菜谱|够)\s*(?:is|was|for|of|about|:|are|size|是|为)*\s*$",
    re.IGNORECASE,
)
_TARGET = lazy_pattern(
    r"(?:\b(?:needs?|needed|want|wanted|have|has|got|i make|make|making|bake|baking|cook|cooking|we are|we're|"
    r"we will be|there are|there will be|"
    r"now|but|scaled?|to|expecting|instead|how much|how many|what|if|convert|change|adjust|only|and|invited|"
    r"feed|feeding|having|"
    r"serve|should)\b|->|=>|→|需要|要做|要|做|改[成为做]?|换成|来了?|现在|今天|变成|多少)[^\d\n;.]{0,24}$",
    re.IGNORECASE,
)
_FOR = lazy_pattern(
    r"(?:\b(?:for|serves?|makes?|yields?|feeds?|covers?|need|needs|have|make|making|want|bake|we are|we're|"
    r"there are|to|now|per|"
    r"i have|only)|->|=>|→)\s*(?:it\s+)?(?:for\s+|to serve\s+|about\s+|only\s+)*$",
    re.IGNORECASE,
)
_FACTORS = (
    (r"\b(?:double|twice|2x|x2|2 times)\b|(?:两|2)倍|加倍|翻倍", Fraction(2)),
    (r"\b(?:triple|3x|x3|three times|3 times)\b|(?:三|3)倍", Fraction(3)),
    (
        r"\b(?:half|halve|halved)\b(?! an?\b)(?! (?:cup|tea|table|tsp|tbsp|l\b|lit|kilo|pound|kg|pint))|一半|减半",
        Fraction(1, 2),
    ),
)
_KEPT = lazy_pattern(
    r"\d+(?:\s*-\s*\d+)?\s*(?:minutes?|mins?|hours?|hrs?|°\s*[cf]?|degrees?(?: [cf]\b)?|分钟|小时|度|cm\b|inch\w*)",
    re.IGNORECASE,
)
_INTO = lazy_pattern(
    rf"(?:(?:and|what|is|how|much|that|this|it|them|all|those|the|would|be|please|show|same|result|convert|"
    rf"about|那|这|换成|是|"
    rf"多少|,)\s*)*(?:in|into|to|as|用|成)?\s*(?P<unit>{_UNIT})\s*(?:呢|please)?[\s?.!？]*",
    re.IGNORECASE,
)
_SAYS_NOTHING = lazy_pattern(
    r"\b(?:recipe|serves?|serving|servings|makes?|yields?|feeds?|covers?|enough|given|original\w*|normally|"
    r"usually|per|gives|for|"
    r"needs?|needed|want|wanted|have|has|got|make|making|bake|baking|cook|cooking|we|i|you|are|is|was|it|there|"
    r"will|be|now|but|"
    r"scaled?|to|expecting|instead|how|much|many|what|if|convert|change|adjust|only|and|feed|feeding|of|the|an?|"
    r"my|our|do|does|"
    r"should|use|uses|takes?|calls?|with|please|pls|then|so|in|that|this|about|coming|come|comes|says|each|amounts?|"
    r"ingredients?|invited|having|serve|ok|or|on|at|oven|bake|would|'re|'s|double|twice|half|halve|triple|from|up|by|"
    r"ppl|people|persons?|guests?|tomorrow|tonight|tomorow|today|party|dinner|lunch|everything)\b|"
    r"[\s,;.:?!&()=>→/|*\n-]",
    re.IGNORECASE,
)
_NAME_ZH = lazy_pattern(r"[\u4e00-\u9fff]{1,6}$")
_NOT_A_NAME = lazy_pattern(r"[需要用放做是的和加人份多少现在给每个改成换原来方配食谱菜够吃及]")
_OTHER_WORK = lazy_pattern(
    r"[%$€£¥+*]|\b(?:not|without|except|plus|minus|less|calories|kcal|cost|price|percent|average|left|remaining|"
    r"each)\b|卡路里|价格|剩",
    re.IGNORECASE,
)
_ABOUT = lazy_pattern(rf"\b(?:recipe|serves|makes|yields|feeds)\b|\d\s*{_EATERS}(?![a-z])|配方|食谱", re.IGNORECASE)
_ANOTHER = lazy_pattern(
    r"(?:(?:and|what|about|how|if|for|only|with|make|it|now|no|wait|sorry|or|we|are|there|actually|instead|then|come|"
    r"coming|to|just|is|that|be|i|have|need|那|如果|要是|呢|改成|换成|做|要|来|了|的话|[,.?!？，])\s*)*",
    re.IGNORECASE,
)


class _Item(NamedTuple):
    amount: Fraction
    unit: str
    name: str


class _Recipe(NamedTuple):
    """What goes in, for how many it is, how many are wanted, and the unit in which that is wanted."""

    items: tuple[_Item, ...] = ()
    base: Fraction | None = None
    target: Fraction | None = None
    factor: Fraction | None = None
    into: str = ""


def understand(question: Question) -> Task | None:
    recipe = _told(question, _DEEPEST)
    if recipe is None:
        return None
    clear = recipe.factor is not None or (recipe.base is not None and recipe.target is not None)
    return Task(CERTAIN if clear else POSSIBLE, lambda: _answer(recipe, question.chinese))


def _told(question: Question, depth: int) -> _Recipe | None:
    """The recipe of the prompt, or of an earlier one with what this one says instead or besides."""
    if len(question.text) > _LONGEST:
        return None
    text = _plain(question.text)
    before = None
    if question.earlier and depth:
        before = _told(question._replace(text=question.earlier[0], earlier=question.earlier[1:]), depth - 1)
    if (into := _INTO.fullmatch(text)) is not None:
        return before._replace(into=into["unit"]) if before is not None else None
    found = list(_AMOUNT.finditer(text))
    if (
        before is not None
        and len(found) == 1
        and not found[0]["unit"]
        and (_ANOTHER.fullmatch(text[: found[0].start()]) and _ANOTHER.fullmatch(text[found[0].end() :]))
    ):
        return _merged(before, _Recipe(target=_value(found[0]["number"])), text)
    read = _read(text)
    if read is None:
        return None
    if before is not None and not (read.items and read.base is not None):
        return _merged(before, read, text)
    counts = [one for one in (read.base, read.target, read.factor) if one is not None]
    complete = (read.items and counts) or (len(counts) == 2 and _ABOUT.search(text))
    return read if complete else None


def _merged(before: _Recipe, read: _Recipe, text: str) -> _Recipe | None:
    if read.items and read.base is None and read.target is None and read.factor is None:
        return before._replace(items=read.items, into="")
    counts = [one for one in (read.base, read.target) if one is not None]
    if read.items or len(counts) > 1:
        return None
    if read.factor is not None and not counts:
        return before._replace(factor=read.factor)
    if not counts:
        return None
    missing = "base" if before.base is None else "target"
    if missing == "base" or re.search(r"\b(?:recipe|original|serves|makes)\b|原来|配方", text, re.IGNORECASE):
        return before._replace(base=counts[0])
    return before._replace(target=counts[0], factor=None)


def _plain(text: str) -> str:
    text = plain_signs(text.strip().replace("，", ", ").replace("。", ". "))
    text = (
        re.sub(r"\bhalf (?:an? )?(?=[a-z])", "1/2 ", text, flags=re.IGNORECASE)
        if re.search(rf"\bhalf (?:an? )?(?:{_UNIT})(?![a-z])", text, re.IGNORECASE)
        else text
    )
    text = re.sub(r"(\d+) and (?:an? half|1/2)\b", r"\1 1/2", text, flags=re.IGNORECASE)
    text = re.sub(r"(?<=\d)\s*(?:⁄)\s*(?=\d)", "/", text)
    text = re.sub(r"半(?=公斤|斤|升|杯|个|勺)", "0.5", text)
    text = re.sub(rf"\ban? (?=(?:{_UNIT})\b)", "1 ", text, flags=re.IGNORECASE)
    return _KEPT.sub(" ", digits_for_words(text))


def _read(text: str) -> _Recipe | None:
    if _OTHER_WORK.search(re.sub("[-=]>", " ", text)):
        return None
    counts: list[tuple[Fraction, str]] = []
    items: list[_Item] = []
    found = list(_AMOUNT.finditer(text))
    nouns = _nouns(text, found)
    for at, one in enumerate(found):
        behind = text[found[at - 1].end() if at else 0 : one.start()]
        counted = _COUNTED.match(text, one.end("number"))
        per = _FOR.search(behind) is not None
        if counted or (per and not (one["unit"] and not _same_unit(one, found))) or _noun_at(text, one) in nouns:
            counts.append((_value(one["number"]), _role(behind)))
            continue
        ahead = text[one.end() : found[at + 1].start() if at + 1 < len(found) else len(text)]
        name = _name(ahead, behind)
        if not one["unit"] and not name:
            return None
        items.append(_Item(_value(one["number"]), one["unit"] or "", name))
    factor = next((value for form, value in _FACTORS if re.search(form, text, re.IGNORECASE)), None)
    if len(counts) > 2 or (factor is not None and len(counts) > 1) or not (counts or items or factor):
        return None
    base, target = _in_roles(counts)
    return _Recipe(tuple(items), base, target, factor)


def _nouns(text: str, found: "list[re.Match[str]]") -> set[str]:
    """What two numbers without a unit are both of: `12 brioches ..., need 30 brioches`."""
    said = [noun for one in found if not one["unit"] and (noun := _noun_at(text, one))]
    return {noun for noun in said if said.count(noun) == 2}


def _noun_at(text: str, one: "re.Match[str]") -> str:
    noun = re.match(r"\s*([a-z]{3,})", text[one.end() :], re.IGNORECASE)
    return noun[1].lower().rstrip("s") if noun and not one["unit"] else ""


def _same_unit(one: "re.Match[str]", found: "list[re.Match[str]]") -> bool:
    """Whether the unit of a number stands behind another one, too: `for 24 m2 ..., need 60 m2`."""
    return sum((other["unit"] or "").lower() == one["unit"].lower() for other in found) == 2 and len(found) > 2


def _role(behind: str) -> str:
    clause = re.split(r"[.;\n]", behind)[-1]
    if re.search(
        r"\b(?:recipe|serves|yields|feeds|makes|original\w*|if|covers)\b|原|配方|食谱", clause, re.IGNORECASE
    ) and not re.search(r"->|=>|→|\bneed", clause, re.IGNORECASE):
        return "base"
    return "target" if _TARGET.search(clause) else ""


def _in_roles(counts: list[tuple[Fraction, str]]) -> tuple[Fraction | None, Fraction | None]:
    if not counts:
        return None, None
    if len(counts) == 1:
        value, role = counts[0]
        return (None, value) if role == "target" else (value, None)
    (first, one), (second, other) = counts
    if one == "target" and other != "target":
        return second, first
    return first, second


def _name(ahead: str, behind: str) -> str:
    """What the amount is of: the words behind it, else those in front."""
    first = re.split(
        r"[,;:.\n?&+]|\band\b|->|=>|→|\b(?:for|serves|makes|need|i|we|is|are|to|how|in|into|but|now|if|per)\b", ahead
    )[0]
    words = re.sub(r"^\s*(?:of\s+)?(?:the\s+)?", "", first).strip(" -()")
    if re.search(r"[A-Za-z]", words):
        return " ".join(words.split()[:4])
    chinese = _NAME_ZH.search(behind.rstrip(" :"))
    if chinese and (plain := _NOT_A_NAME.split(chinese.group())[-1]):
        return plain
    if (zh := re.match(r"\s*的?([\u4e00-\u9fff]{1,4})", ahead)) and not _NOT_A_NAME.search(zh[1]):
        return zh[1]
    front = re.split(r"[,;:.\n]|\band\b", behind.rstrip(" :"))[-1]
    left = " ".join(_SAYS_NOTHING.sub(" ", front).split())
    return left if len(left) < 30 and re.search("[A-Za-z]{3}", left) else ""


def _value(digits: str) -> Fraction:
    digits = re.sub(r",(?=\d{3}(?!\d))", "", digits).replace(",", ".")
    parts = digits.split()
    return sum(
        (Fraction(part if not part.startswith(".") else f"0{part}") for part in parts if not part.endswith("/0")),
        Fraction(0),
    )


def _answer(recipe: _Recipe, chinese: bool) -> Answer:
    factor = recipe.factor
    if factor is None:
        if recipe.base is None:
            raise Refusal("For how many is the recipe as it stands?", "这个配方原来是几人份？")
        if recipe.target is None:
            raise Refusal("For how many do you need it?", "要做几人份？")
        if not recipe.base or not recipe.target:
            raise Refusal("For none there is nothing to work out.", "不能按零来算。")
        factor = recipe.target / recipe.base
    lines = [_scaled(item, factor, recipe.into) for item in recipe.items]
    if not lines:
        amount = figures.shown(factor)
        lines = [(f"每样用量乘以 {amount}" if chinese else f"all amounts times {amount}", factor)]
    text = "\n".join(line for line, _ in lines)
    return Answer(
        text,
        {"factor": figures.for_json(factor)},
        {"amounts": [line for line, _ in lines]},
        tuple(Value(line, value, item.name) for (line, value), item in zip(lines, recipe.items, strict=False)),
    )


def _scaled(item: _Item, factor: Fraction, into: str) -> tuple[str, Fraction]:
    amount, unit = item.amount * factor, item.unit
    if into:
        source, target = _unit(unit), _unit(into)
        if source is None or target is None or source.kind != target.kind:
            raise Refusal(
                f"{item.name or 'That'} cannot be given in {into}: that depends on what it is.",
                f"{item.name}不能换算成{into}。",
            )
        amount, unit = amount * source.size / target.size, into
    rounded = figures.rounded(amount, 2)
    shown = figures.shown(rounded) if rounded == amount else f"≈ {figures.shown(rounded)}"
    if not into and amount.denominator in (3, 6, 8) and re.match(r"cup|t[bes]|table|tea|$", unit, re.IGNORECASE):
        whole, part = divmod(amount, 1)
        shown += f" ({whole} {part})" if whole else f" ({part})"
    if re.search(r"[\u4e00-\u9fff]", item.name or unit):
        return f"{item.name} {shown} {unit}".strip(), amount
    return " ".join(part for part in (shown, unit, item.name) if part), amount


def _unit(name: str) -> "Unit | None":
    return unit_named(name.lower()) or unit_named(name.lower().rstrip("s"))


TOOL = Tool(
    name="proportion",
    ability="work out amounts in proportion, such as a recipe for another number of people",
    ability_chinese="按比例换算用量，例如按人数放大或缩小配方",
    example="A recipe for 4 takes 350 g flour and 2 eggs. I need it for 10.",
    example_chinese="4人份用面粉300克，10人要多少？",
    understand=understand,
)
