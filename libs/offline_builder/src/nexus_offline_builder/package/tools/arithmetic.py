"""Answers arithmetic questions exactly."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise, zip_longest

from . import figures
from .bills import refuse_mixed_currencies
from .changes import pair_task
from .contract import CERTAIN, LIKELY, Answer, JsonValue, Question, Refusal, Task, Tool, Value
from .dimensions import area_task
from .expression import NotAnExpression, Token, evaluate, has_operator, is_well_formed, tokens_of, written
from .list_defaults import in_full as several_in_full
from .list_defaults import share_in_full
from .list_turns import list_turn
from .number_lists import about_a_list
from .patterns import lazy_pattern
from .phrases import deal_for, expression_for, lines_for
from .rate_defaults import by_what_is_stated, states_a_figure
from .rate_defaults import in_full as amount_in_full
from .rate_roles import is_by_the_rate
from .told_money import told_lines
from .wording import digits_for_words, plain_signs, with_commas_read, with_points
from .worked_time import time_task

_LONGEST_WORDING = 4000
_MOST_EXPRESSIONS = 20
_EMBEDDED = lazy_pattern(r"(?<![\w.,/:$-])[-(]*\d(?:[\d\s.,()+*/^%!-]|(?<=[\d\s)])x(?=[\d\s(]))*[\d)%!](?![\w/:])")
_ROUNDING = lazy_pattern(
    r",?\s*(?:and )?(?:rounded|round(?: (?:it|that|this|the result))?)? ?(?:to|with) (\d{1,2}|one|two|three|four) "
    r"(?:decimals?(?: places?)?|"
    r"digits?(?: after the point)?|dp)\b|"
    r"[,，]?\s*保留\s*(\d{1,2}|[一二两三四])\s*位小数|"
    r",?\s*(?:and |then )*\bround(?:ed)?(?: (?:it|that|this|the result))?(?: (?:to|off to) (?:the )?(?:nearest "
    r")?(?:whole(?: number)?|integer|unit|one))?(?: please)?[\s?.!]*$|"
    r"[,，]?\s*(?:四舍五入|取整)(?:到整数|到个位)?[\s？?。]*$",
    re.IGNORECASE,
)
_SIGNED_SHARE = lazy_pattern(
    r"(?:(?:and|then|now)\s+)*(?:minus|plus|less|add|subtract|take off|[-+减加再]+)\s*[\d.]+\s*(?:%|percent)[\s?.]*"
)
_LONE_SHARE = lazy_pattern(
    r"(?:and|what|how|about|or|if|with|at|make|it|no|wait|sorry|actually|oh|i|meant?|rather|那|如果|要是|是|换成|按|改成|[\s,，])*(?:[\d.]+\s*(?:%|percent)|"
    r"百分之[\d一二三四五六七八九十]+)"
    r"(?:instead|呢|的话|[\s?.？。])*",
    re.IGNORECASE,
)
_RATE = lazy_pattern(
    r"(?:how much is |what is |convert )?(?P<amount>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>[a-z]+|"
    r"[\u4e00-\u9fff]{1,3}?)\s*(?:,|，|@|\bat\b|\bwith\b|按|,?\s*if\b)?"
    r"\s*(?:a |the |an )?(?:exchange )?(?:rate (?:of |is )?|costs? |"
    r"汇率)?[$€£¥]?\s*(?P<rate>\d+(?:\.\d+)?)\s*(?:[a-z]+|[\u4e00-\u9fff]{1,2})?\s*"
    r"(?:per|/|for (?:each|every|one|1|an?)|an?|每)\s*(?P<per>[a-z]+|[\u4e00-\u9fff]{1,3})[\s?.!]*",
    re.IGNORECASE,
)
_SHARES_ALONE = lazy_pattern(r"\d\s*%\s*[,;]?\s+\d+(?:\.\d+)?\s*%(?!\s*(?:of|off|tip|tax|vat)\b)", re.IGNORECASE)
_WORD_BEHIND = lazy_pattern(r"\s*[^\W\d_]|[\"'°]")
_WORD_OR_COMMA = lazy_pattern(r"[^\W\d_]|,")
_DATE_OR_PHONE = lazy_pattern(r"\d{4}\s*[-/.]\s*\d{1,2}\s*[-/.]\s*\d{1,2}|\d{1,2}/\d{1,2}/\d{2,4}|\b\d{3,}-\d{3,}\b")
_ISO_DATE = lazy_pattern(r"(?<!\d)\d{4}([-/])\d{1,2}\1\d{1,2}(?!\d)")
_DAY_AND_YEAR = lazy_pattern(r"(?:[12]?\d|3[01])[/.](?:[12]?\d|3[01])[/.](?:19|20)\d\d")
_MORE_TO_DO = lazy_pattern(
    r"[%^*=<>+]|\0\s*[a-z]{1,3}\b(?<!is)(?<!and)(?<!for)|[a-z]\0|\0[a-z]|\b(?:percent|not|without|except|excluding|"
    r"half|twice|double|remainder|modulo|squared?|root|cubed?|times|divided|"
    r"multipl\w*|plus|minus|less|more|tip|tax|vat|off|discount|each|per|log|sin|cos|tan|choose|prime|split|in|to|into|"
    r"round\w*)\b|[加减乘除倍半折率税]|平方|立方|每",
    re.IGNORECASE,
)
_PHONE = lazy_pattern(r"\d{3}-\d{4}|\d{3}-\d{3}-\d{4}")
_DAY_AND_HOURS = lazy_pattern(r"\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?:?\s+\d{1,2}\s*-\s*\d{1,2}\b", re.IGNORECASE)
_CODE = lazy_pattern(r"__\w+__|\bimport\b|\b(?:eval|exec|lambda|open|system)\b", re.IGNORECASE)


def understand(question: Question) -> Task | None:
    question = question._replace(text=with_commas_read(question.text))
    text = question.text
    if not re.search(r"\d", text) and len(text) > 400:
        return None
    if (named := _named(text)) is not None:
        return named
    if (worked := _everyday(question)) is not None:
        return worked
    if question.earlier and (_LONE_SHARE.fullmatch(text.strip()) or _SIGNED_SHARE.fullmatch(text.strip().lower())):
        return None
    if (asked := list_turn(question) or _in_lines(question)) is not None:
        return asked
    return _written_out(question, text)


def _written_out(question: Question, text: str) -> Task | None:
    """An expression, several, or a sentence with one in it."""
    if (rounding := _ROUNDING.search(text[-80:])) is not None:
        return _rounding(text[:-80] + _ROUNDING.sub("", text[-80:]), rounding)
    lines = [line for line in re.split(r"\n|\\n", text) if line.strip()]
    read = [_whole(line) for line in lines[: _MOST_EXPRESSIONS + 1]]
    if 1 < len(lines) <= _MOST_EXPRESSIONS and all(read):
        return Task(CERTAIN, lambda: _answer([tokens for tokens in read if tokens]))
    if tokens := _whole(text):
        claim = Task(CERTAIN, lambda: _answer([tokens]))
        return claim if not (question.earlier and _is_share(tokens)) else None
    if (worked := time_task(question)) is not None:
        return worked
    found = [] if _DAY_AND_HOURS.search(text) else _embedded(text)
    if question.earlier and found and _is_share(found[0]):
        return None
    return Task(LIKELY, lambda: _answer(found)) if found else about_a_list(question)


def _named(text: str) -> Task | None:
    """What was read by the rate that the requirement states: a line for each figure, with its name."""
    lines = [line.split(": ", 1) for line in text.split("\n")] if is_by_the_rate(text) else []
    if not lines:
        return None
    names = [name if len(lines) > 1 else "" for name, _ in lines]
    return Task(CERTAIN, lambda: _answer([tokens_of(said) for _, said in lines], names))


def _everyday(question: Question) -> Task | None:
    """What is told rather than written as an expression, and what only the requirement says is to be worked out."""
    if (worked := pair_task(question) or time_task(question) or area_task(question)) is not None:
        return worked
    try:
        lines = told_lines(question)
    except Refusal as refusal:
        return Task(CERTAIN, _raising(refusal))
    return Task(CERTAIN, lambda: _answer([tokens_of(line) for line in lines])) if lines else None


def _raising(refusal: Refusal) -> Callable[[], Answer]:
    def refuse() -> Answer:
        raise refusal

    return refuse


def _in_lines(question: Question) -> Task | None:
    """What is asked of a taxed amount, a price before and after, a ratio: one result or several."""
    lines = lines_for(question.text, question.earlier)
    if lines is None:
        return None
    refuse_mixed_currencies(question.text)
    return Task(CERTAIN, lambda: _answer([tokens_of(line) for line in lines]))


def _is_share(tokens: list[Token]) -> bool:
    """`30%` by itself, which after an earlier turn is a share of something."""
    return [token.kind for token in tokens] == ["number", "sign"] and tokens[1].text == "%"


def _rounding(text: str, said: "re.Match[str]") -> Task | None:
    places = int(digits_for_words(said[1] or said[2] or "0"))
    tokens = _whole(re.sub(r"\b(?:then )?round\b", " ", text, flags=re.IGNORECASE), lone=True)
    return Task(CERTAIN, lambda: _rounded(tokens, places)) if tokens else None


def _whole(text: str, lone: bool = False) -> list[Token] | None:
    """The whole of `text` as an expression, if it is one; a `lone` number is none unless that is said."""
    if _ISO_DATE.search(text) or _DAY_AND_YEAR.fullmatch(text.strip()) or _PHONE.fullmatch(text.strip()):
        return None
    if (rate := _rate(text)) is not None:
        return rate
    tokens = _tokens(text) if not _SHARES_ALONE.search(text) else None
    if tokens is None or _is_share_of_nothing(tokens):
        return None
    incomplete = not tokens or tokens[0].text in ("+", "*", "/", "^", "mod", "%", ",", "of", ")")
    if any(one.kind == next_one.kind == "number" for one, next_one in pairwise(tokens)):
        return None
    calculates = (lone or has_operator(tokens)) and any(token.kind == "number" for token in tokens)
    if not calculates or incomplete:
        return None
    refuse_mixed_currencies(text)
    return tokens


def _is_share_of_nothing(tokens: list[Token]) -> bool:
    """`30 of 120` is no product: it may be a share, or a choice."""
    kinds = [token.text if token.kind == "sign" else token.kind for token in tokens]
    return len(tokens) == 3 and tokens[1].text == "of" and kinds[0] == kinds[2] == "number"


def _tokens(text: str) -> list[Token] | None:
    """An expression, in signs or in words, else a price and what is done to it."""
    if len(text) > _LONGEST_WORDING:
        return _in_signs(plain_signs(text))
    tokens = _in_signs(expression_for(text))
    if tokens is not None and (not _WORD_OR_COMMA.search(text) or is_well_formed(tokens)):
        return tokens
    deal = deal_for(text)
    if deal is None and (pointed := with_points(text)) != text:
        return _tokens(pointed)
    return _in_signs(deal) if deal is not None else tokens


def _in_signs(text: str) -> list[Token] | None:
    try:
        return tokens_of(text)
    except NotAnExpression:
        return None


def _rate(text: str) -> list[Token] | None:
    """`40 euro at 1.10 dollars per euro`: the currencies differ, and the rate between them is said."""
    found = _RATE.fullmatch(digits_for_words(plain_signs(text)).strip())
    if found is None or found["unit"].lower().rstrip("s") != found["per"].lower().rstrip("s"):
        return None
    return tokens_of(f"{found['amount']} * {found['rate']}")


def _embedded(text: str) -> list[list[Token]]:
    """The expressions inside a sentence that holds nothing that only looks like one, and no other number."""
    text = digits_for_words(plain_signs(text[:_LONGEST_WORDING]))
    if _DATE_OR_PHONE.search(text) or _CODE.search(text):
        return []
    expressions: list[list[Token]] = []
    around, last = "", 0
    for found in _EMBEDDED.finditer(text):
        try:
            tokens = _whole(found.group())
        except Refusal:
            continue
        if _is_fraction(tokens) and _WORD_BEHIND.match(text, found.end()):
            return []
        if tokens and len(expressions) < _MOST_EXPRESSIONS:
            expressions.append(tokens)
            around, last = f"{around}{text[last : found.start()]}\0", found.end()
    return expressions if _accounted(around, text[last:], expressions) else []


def _is_fraction(tokens: list[Token] | None) -> bool:
    """`1/2 inch` is a quantity, and nothing to work out."""
    return tokens is not None and [token.text if token.kind == "sign" else "n" for token in tokens] == ["n", "/", "n"]


def _accounted(before: str, behind: str, expressions: list[list[Token]]) -> bool:
    """Whether the words around the expressions hold nothing else to calculate, and no number.

    One that stands in an expression too may come before it: `I have 3 boxes, what is 3*4`.
    """
    read = {token.text.replace(",", "") for tokens in expressions for token in tokens if token.kind == "number"}
    numbers = {number.replace(",", "") for number in re.findall(r"\d[\d,]*(?:\.\d+)?", before)}
    return numbers <= read and not re.search(r"\d", behind) and not _MORE_TO_DO.search(before + behind)


def _answer(expressions: list[list[Token]], names: Sequence[str] = ()) -> Answer:
    results = [(written(tokens), evaluate(tokens)) for tokens in expressions]
    said = [f"{expression} {figures.equals(value)}" for expression, value in results]
    text = "\n".join(f"{name}: {one}" if name else one for name, one in zip_longest(names, said))
    return Answer(
        text,
        {"expression": "; ".join(expression for expression, _ in results)},
        {
            "result": [figures.for_json(value) for _, value in results]
            if len(results) > 1
            else figures.for_json(results[0][1])
        },
        tuple(Value(figures.carried(value), value, expression) for expression, value in results),
    )


def _rounded(tokens: list[Token], places: int) -> Answer:
    expression, value = written(tokens), evaluate(tokens)
    rounded = figures.rounded(value, places)
    text = f"{expression} {'=' if rounded == value else '≈'} {figures.shown(rounded)}"
    asked: dict[str, JsonValue] = {"expression": expression, "decimals": places}
    return Answer(
        text, asked, {"result": figures.for_json(rounded)}, (Value(figures.carried(rounded), rounded, expression),)
    )


def in_full(question: Question, requirement: str) -> str | None:
    """An amount with what the requirement does to each, or several numbers with what it works out from them."""
    told = _everyday(question) is not None
    if states_a_figure(requirement) or not told:
        stated = by_what_is_stated(question, requirement)
        if stated is not None:
            return stated
    if told:
        return None
    claim = understand(question)
    certain = claim is not None and claim.confidence == CERTAIN
    return (
        share_in_full(question, requirement)
        or amount_in_full(question, requirement)
        or (None if certain else several_in_full(question, requirement))
    )


TOOL = Tool(
    name="arithmetic",
    ability="answer arithmetic questions (+, -, *, /, powers, roots, percentages, sums and averages of numbers)",
    ability_chinese="回答算术问题（加减乘除、乘方、开方、百分比、若干数的和与平均值）",
    example="What is (17.5 + 2.5) * 4?",
    example_chinese="12乘以7等于多少？",
    understand=understand,
    in_full=in_full,
)
