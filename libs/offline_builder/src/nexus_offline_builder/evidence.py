"""Weighs what a requirement says against the vocabularies of the tools."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from nexus_offline_builder.catalogue import CATALOGUE, OUT_OF_REACH, ToolRule
from nexus_offline_builder.package.tools.fact_lookup import facts_in, without_facts
from nexus_offline_builder.package.tools.measurements import units_in
from nexus_offline_builder.package.tools.spelling import nearest, unswapped
from nexus_offline_builder.package.tools.stated_prices import prices_in
from nexus_offline_builder.package.tools.units import NAMES

ENOUGH = 2
FACTS = "fact_lookup"
_FEWEST_FACTS = 2
_CLAUSE = re.compile(r"[.。!?！？\n;；]+(?=\s|$|[\u4e00-\u9fff])|\n")
_WORD = re.compile(r"[a-z0-9]+(?:-[a-z]+)*")
_CHINESE = re.compile("[\u4e00-\u9fff]+")
_ENDINGS = re.compile(r"(?:'s|ings?|ations?|ators?|ers?|ors?|ies|es|ed|s|e|y)$")
_SIONS = re.compile(r"sions?$")
_NOT_UNITS = (
    "day days week weeks year years second seconds minute minutes bar bars in m g l t s h d c f k b a st pt as n w "
    "min mins "
    "cal hr ha us mu li chi kn point points mw pa sec ms mi degree cc gig kb century decade"
)
_CHINESE_UNITS = frozenset("斤磅米升克吨码亩尺寸")
_BACKWARDS = re.compile(r"\bbackwards?\b", re.IGNORECASE)
_REVERSIBLE = {"arithmetic", "unit_conversion", "number_notation", "date_arithmetic", "csv_to_json", "json_to_csv"}
"""What works in two directions: `fahrenheit to celsius, sometimes backwards` is about no text."""
_CONVERTERS = frozenset(["csv_to_json", "json_to_csv"])
_BACK = re.compile(
    r"\bother way\b|\bvice versa\b|\bboth (?:ways|directions)\b|"
    r"\b(?:and|or|also|then) (?:also )?back\b|\bback again\b|\breverse\b|"
    r"\beither (?:way|direction)\b|\bbetween (?:csv|json|tables?)\b|"
    r"<-*>|↔|⇄|互转|互换|相互|互相|反过来|来回|双向",
    re.IGNORECASE,
)
_TABLES = r"(?:csv|tsv|tables?|spreadsheets?|excel|表格?)"
_WAYS = {
    "json_to_csv": re.compile(
        rf"json[^.;,，。]{{0,40}}?(?:\b(?:in)?to|\bas|2|[成为到])\s*(?:an? |my )?{_TABLES}|"
        rf"json in\b[^.;]{{0,8}}{_TABLES} out",
        re.IGNORECASE,
    ),
    "csv_to_json": re.compile(
        rf"{_TABLES}[^.;,，。]{{0,40}}?(?:\b(?:in)?to|\bas|2|[成为到]|转)\s*(?:an? |my )?json|"
        rf"{_TABLES} in\b[^.;]{{0,8}}json out",
        re.IGNORECASE,
    ),
}
_A_TABLE = re.compile(rf"\b{_TABLES}\b|表格", re.IGNORECASE)
_FIGURES_ASKED = re.compile(
    r"\b(?:totals?|sums?|averages?|ask|questions?|count|how many)\b|合计|汇总|统计|平均", re.IGNORECASE
)
_LOOKED_UP = re.compile(
    r"\b(?:look\w* up|fields?|values?|keys?|paths?|find|get|extract|read)\b|字段|取|查|键", re.IGNORECASE
)
_KEEPS = re.compile(
    r"\b(?:keep(?:s|ing)?|remember\w*|notes?|add(?:s|ing)?|jot\w*|"
    r"store[sd]?|sav(?:e|ing)|read(?:s)? (?:it )?back)\b|记|备忘",
    re.IGNORECASE,
)
_WORKS_OUT = re.compile(
    r"\b(?:convert\w*|calculat\w*|tool|(?:i|we|they|you|people|students?|staff) "
    r"(?:only |just )?(?:type|give|enter|say|key|put|write|tell|send)s?\b(?! (?:me|us|you) (?:when|what|where|who)\b)|"
    r"(?:type|give|enter|say) (?:it|me|the|a)\b|work\w* out|"
    r"commission|shares?|split\w*|percent|ratio)\b|换算|计算|输入|我[报说给]",
    re.IGNORECASE,
)
"""A requirement that has something worked out is none that only states facts to be asked for."""
_FIGURES_STATED = re.compile(
    r"\d\s*(?:%|p\b|percent|euros?|pounds|dollars|per\b|an? (?!day\b|week\b)[a-z]{3,}|each\b|元|块)|[€$£]\s?\d|"
    r"\d\s?:\s?\d+\s?:\s?\d|"
    r"每[\u4e00-\u9fff]{1,3}\s*\d|\b(?:budget|salary|wages?|fares?|tariff|rent|fees?)\b[^.]{0,30}\d",
    re.IGNORECASE,
)
"""Rates, prices and shares that an agent is to reckon with."""
_RATE_GIVEN = re.compile(
    r"汇率[^，。]{0,6}(?:我|自己|用户)[^，。]{0,4}[给报输]|(?:我|自己|用户)[^，。]{0,4}[给报输][^，。]{0,6}汇率|"
    r"\b(?:i|we|they|you) (?:give|type|enter|say|tell|put in|supply)\b[^.;]{0,30}\brates?\b|"
    r"\brates? (?:that |which )?(?:i|we|they|you) (?:give|type|enter|say|tell|put in|supply)",
    re.IGNORECASE,
)
"""An exchange rate that is not looked up."""
_NO_UNITS = re.compile("[证号密代编条维扫尺货]码|升[序级值职学]|[上提爬]升|扑克|[玉虾小大]米")
_DURATIONS = frozenset(["hour", "hours", "minute", "minutes", "second", "seconds"])
_KEPT_STEMS = 10_000


@dataclass(frozen=True)
class _Vocabulary:
    """Stems by the number of words in them, and Chinese words, each with what it stands for."""

    stems: Mapping[str, str]
    chinese: frozenset[str]

    def found_in(self, words: list[str], chinese: str) -> set[str]:
        found = {word for word in self.chinese if word in chinese}
        stems = [stem(word) for word in words]
        for size in (1, 2, 3, 4):
            for at in range(len(stems) - size + 1):
                phrase = "_".join(stems[at : at + size])
                if phrase in self.stems:
                    found.add(phrase)
        return found


@lru_cache(_KEPT_STEMS)
def stem(word: str) -> str:
    """A word without its ending, so that `converts`, `converter` and `conversion` count as one where they can."""
    word = _SIONS.sub("t", word) if len(word) > 6 else word
    for _ in range(2):
        shorter = _ENDINGS.sub("", word)
        if len(shorter) < 3:
            word = word[:-1] if len(word) > 3 and word.endswith("s") else word
            break
        word = shorter
    return word[:-1] if len(word) > 4 and word[-1] == word[-2] else word


_ANYWAY = "还有 when from to until till since before after left end"
_WEAK = frozenset(stem(word) for word in _ANYWAY.split())
"""What a clause may say anyway: beside a poem or a booking it calls for no tool."""


@cache
def _vocabulary(words: str) -> _Vocabulary:
    english = {word.lower() for word in words.split() if word.isascii()}
    stems = {"_".join(stem(part) for part in word.split("_")): word for word in english}
    return _Vocabulary(stems, frozenset(word for word in words.split() if not word.isascii()))


@cache
def _known() -> frozenset[str]:
    """Every single word of the vocabularies, for the correction of typing errors."""
    tools = " ".join(f"{rule.topics} {rule.objects} {rule.operations}" for rule in CATALOGUE)
    words = re.split(r"[\s_]+", f"{tools} {' '.join(OUT_OF_REACH.values())}")
    return frozenset(word for word in words if word.isascii() and len(word) > 4) | {
        name for name in NAMES if name.isascii() and name.isalpha() and len(name) > 4
    }


@cache
def _known_stems() -> frozenset[str]:
    return frozenset(stem(word) for word in _known())


_SHORT_WORDS = (
    "year date days week word text table unit units miles count total table column split money price email link "
    "phone sums maths temp weight length month months until math back again"
)
_SHORT = frozenset(_SHORT_WORDS.split())


def _words(clause: str) -> list[str]:
    words = _WORD.findall(clause.lower())
    return [_corrected(word) for word in words]


def _corrected(word: str) -> str:
    known = _known()
    if len(word) in (4, 5) and word not in _SHORT and (meant := unswapped(word, _SHORT)):
        return meant
    if len(word) < 6 or word in known or stem(word) in _known_stems():
        return word
    meant = nearest(word, (one for one in known if one[0] == word[0]))
    return meant or word


def _units(words: list[str], clause: str) -> set[str]:
    """The units that are named, by what they are, so that `kg` and `kilograms` count once."""
    found = {word for word in words if word in _unit_names() and word not in _not_units()}
    found |= {word for word in words if word in _DURATIONS}
    for one, joint, other in zip(words, words[1:], words[2:], strict=False):
        if joint == "to" and {one, other} <= _unit_names() and {one, other} & found:
            found |= {one, other}
    found |= {unit.symbol for _, unit in units_in(clause) if "/" in unit.symbol or unit.kind == "temperature"}
    left = _NO_UNITS.sub(" ", clause)
    for name in sorted((name for name in NAMES if not name[0].isascii() and name[0] != "µ"), key=len, reverse=True):
        if name in left and (len(name) > 1 or name in _CHINESE_UNITS):
            found.add(name)
            left = left.replace(name, " ")
    return found


@cache
def _not_units() -> frozenset[str]:
    """Names of units that are mostly other words in a requirement."""
    return frozenset(_NOT_UNITS.split())


@cache
def _unit_names() -> frozenset[str]:
    return frozenset(name.lower() for name in NAMES if name.isascii())


def weights(text: str) -> dict[str, int]:
    """By tool, the weight of the evidence for it in its best clause: `ENOUGH` and above calls for it."""
    best = {rule.name: 0 for rule in CATALOGUE}
    for clause in _CLAUSE.split(text):
        words, chinese = _words(clause), "".join(re.findall("[\u4e00-\u9fff]+|json", clause.lower()))
        beyond = bool(_beyond(words, chinese))
        for rule in CATALOGUE:
            best[rule.name] = max(best[rule.name], _weight(rule, words, chinese, clause, beyond))
    if _A_TABLE.search(text):
        table, words = next(rule for rule in CATALOGUE if rule.name == "csv_totals"), _words(text)
        chinese = "".join(_CHINESE.findall(text.lower()))
        best[table.name] = max(best[table.name], _weight(table, words, chinese, text, bool(_beyond(words, chinese))))
    return best


def _weight(rule: ToolRule, words: list[str], chinese: str, clause: str, beyond: bool) -> int:
    if _vocabulary(rule.topics).found_in(words, chinese):
        return ENOUGH
    objects = _vocabulary(rule.objects).found_in(words, chinese)
    operations = _vocabulary(rule.operations).found_in(words, chinese) - objects
    if beyond and operations <= _WEAK:
        operations = set[str]()
    if rule.name == "unit_conversion":
        objects |= (units := _units(words, clause))
        if len(units) >= ENOUGH:
            return ENOUGH
    return min(len(objects), 1) + min(len(operations), 1)


def _beyond(words: list[str], chinese: str) -> list[str]:
    return [title for title, said in OUT_OF_REACH.items() if _vocabulary(said).found_in(words, chinese)]


def out_of_reach(text: str) -> list[str]:
    """What the requirement also asks for and no tool of the builder does, by title."""
    words, chinese = _words(text), "".join(_CHINESE.findall(text))
    return _beyond(words, chinese)


def called_for(text: str) -> tuple[ToolRule, ...]:
    """The tools that `text` calls for, in the order of the catalogue.

    A single word about a tool is enough where it is the only evidence, and nothing out of reach is asked for.
    """
    told, asked = facts_in(text), text
    facts = len(told) >= _FEWEST_FACTS
    answering = facts and (weights(text)[FACTS] >= ENOUGH or (not _WORKS_OUT.search(text) and _only_tells(text, told)))
    if answering:
        asked = without_facts(text)
    found = weights(asked) | {FACTS: ENOUGH if answering else 0}
    rules = [rule for rule in CATALOGUE if found[rule.name] >= ENOUGH]
    stated = _FIGURES_STATED.search(text) and (rules or _WORKS_OUT.search(text) or prices_in(text))
    if not answering and (stated or _RATE_GIVEN.search(text)):
        rules = [rule for rule in CATALOGUE if rule in rules or rule.name == "arithmetic"]
    rules = _settled(_both_ways(rules, asked), asked)
    if not rules and not out_of_reach(asked):
        rules = _only([rule for rule in CATALOGUE if found[rule.name]], text)
    if not rules and facts and not _WORKS_OUT.search(text) and not out_of_reach(text):
        rules = [rule for rule in CATALOGUE if rule.name == FACTS]
    return tuple(rules)


def _both_ways(rules: list[ToolRule], text: str) -> list[ToolRule]:
    """`csv to json and back` calls for the tool of the other direction, too."""
    names = {rule.name for rule in rules}
    if names & _CONVERTERS and _BACK.search(" ".join(_words(text)) + text):
        return [rule for rule in CATALOGUE if rule.name in names | _CONVERTERS]
    return rules


def _settled(rules: list[ToolRule], text: str) -> list[ToolRule]:
    """Without a tool that another one does the work of: the other direction, a lookup, the list that is only sorted."""
    names = {rule.name for rule in rules}
    if "json" in text.lower():
        one_way = {name for name, way in _WAYS.items() if way.search(text)}
        if len(one_way) == 2:
            names |= _CONVERTERS
        if len(one_way) == 1 and names & _CONVERTERS and not _BACK.search(" ".join(_words(text)) + text):
            names = names - _CONVERTERS | one_way
        if names & _CONVERTERS and not _FIGURES_ASKED.search(text):
            names -= {"csv_totals"}
        if not names & _CONVERTERS and (_LOOKED_UP.search(text) or not out_of_reach(text)):
            names = names - ({"csv_totals"} if not _A_TABLE.search(text) else set()) | {"json_query"}
    if {"list_cleanup", "session_notes"} <= names and not _KEEPS.search(text):
        names -= {"session_notes"}
    others = names - {"text_changes"}
    only_backwards = "text_changes" in names and others and others <= _REVERSIBLE
    if only_backwards and weights(_BACKWARDS.sub(" ", text))["text_changes"] < ENOUGH:
        names = others
    return [rule for rule in CATALOGUE if rule.name in names]


def _only_tells(text: str, told: list[str]) -> bool:
    """Whether a requirement states figures and nothing else that calls for a tool: it is to be asked about them."""
    figures = sum(bool(re.search(r"\d", fact)) for fact in told)
    rest = without_facts(text)
    return len(told) > _FEWEST_FACTS and figures >= _FEWEST_FACTS and max(weights(rest).values()) < ENOUGH


def _only(rules: list[ToolRule], text: str) -> list[ToolRule]:
    """Of several weak candidates the one that more is said about; none where it is an operation of no kind."""
    words, chinese = _words(text), "".join(re.findall("[\u4e00-\u9fff]+|json", text.lower()))
    by_object = [rule for rule in rules if _objects(rule, words, chinese) or _unit_rule(rule, words, text)]
    if by_object:
        return [
            min(
                by_object,
                key=lambda rule: (
                    rule.name == "arithmetic",
                    -len(_objects(rule, words, chinese)) - (2 * _unit_rule(rule, words, text)),
                ),
            )
        ]
    calculating = [rule for rule in rules if rule.name == "arithmetic"]
    return calculating if not rules or calculating else []


def _objects(rule: ToolRule, words: list[str], chinese: str) -> set[str]:
    return _vocabulary(rule.objects).found_in(words, chinese)


def _unit_rule(rule: ToolRule, words: Iterable[str], text: str) -> bool:
    return rule.name == "unit_conversion" and bool(_units(list(words), text))
