"""Evaluates an arithmetic expression exactly, with a parser of its own: nothing from a prompt is ever run as code."""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from . import figures
from .bounded import FUNCTIONS, OF_SEVERAL, bounded, divided, factorial, power, remainder
from .contract import Refusal
from .patterns import lazy_pattern

_MOST_TOKENS = 5000
_DEEPEST = 60
_MOST_DIGITS = 1000
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:e[+-]?\d{1,3}(?![\w.]))?|\.\d+"
_TOKEN = lazy_pattern(rf"\s*(?:(?P<number>{_NUMBER})|(?P<name>[a-z]+)|(?P<sign>\*\*|[-+*/^%!(),]))", re.IGNORECASE)
_NAMES = {*FUNCTIONS, "mod", "of", "pi"}
_UNREADABLE = "I cannot read this expression"
_PI = Fraction("3.14159265358979323846264338327950288")


class Token(NamedTuple):
    kind: str
    text: str


class NotAnExpression(Exception):
    """The text holds something else than numbers, operators and known functions."""


def tokens_of(text: str) -> list[Token]:
    """The tokens of `text`. Raises NotAnExpression; Refusal if there are more than 5000."""
    tokens: list[Token] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None or (found["name"] and found["name"].lower() not in _NAMES):
            raise NotAnExpression
        kind = found.lastgroup or ""
        if len(found[kind]) > _MOST_DIGITS:
            raise Refusal("A number in it has too many digits for me.", "其中有的数字位数太多了。")
        tokens.append(Token(kind, "^" if found[kind] == "**" else found[kind].lower()))
        position = found.end()
        if len(tokens) > _MOST_TOKENS:
            raise Refusal("The expression is too long for me.", "这个算式太长了。")
    return tokens


def written(tokens: list[Token]) -> str:
    """The expression in one spelling: no needless parentheses, spaces around operators with two sides only."""
    tokens = _without_needless_parentheses(tokens)
    shown, before = "", Token("sign", "(")
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        operand_before = _ends_operand(before)
        remainder_sign = token.text == "%" and following is not None and following.kind == "number"
        if (token.text in ("+", "-", "*", "/", "mod", "of") and operand_before) or remainder_sign:
            shown += f" {token.text} "
        elif token.text == ",":
            shown += ", "
        else:
            token_text = _shortened(token.text) if token.kind == "number" else token.text
            apart = token.kind != "sign" and (operand_before or before.text in FUNCTIONS)
            shown += f" {token_text}" if apart and not shown.endswith(" ") else token_text
        before = token
    return shown


def _shortened(number: str) -> str:
    """A root of an earlier turn comes with 30 decimals: here they only hide the calculation."""
    return number if len(number.partition(".")[2]) <= 15 else figures.shown(Fraction(number.replace(",", "")))


def _ends_operand(token: Token) -> bool:
    return token.kind == "number" or token.text in (")", "%", "!", "pi")


def _without_needless_parentheses(tokens: list[Token]) -> list[Token]:
    pairs, opened = dict[int, int](), list[int]()
    for position, token in enumerate(tokens):
        if token.text == "(":
            opened.append(position)
        elif token.text == ")" and opened:
            pairs[opened.pop()] = position
    dropped = set[int]()
    for start, end in pairs.items():
        called = start > 0 and (tokens[start - 1].text in FUNCTIONS or _ends_operand(tokens[start - 1]))
        whole = start == 0 and end == len(tokens) - 1
        if not called and (end - start == 2 or whole or pairs.get(start + 1) == end - 1):
            dropped |= {start, end}
    return [token for position, token in enumerate(tokens) if position not in dropped]


def has_operator(tokens: list[Token]) -> bool:
    """Whether there is anything to work out: a lone number, signed or in parentheses, is no question."""
    for before, token in zip([Token("sign", "("), *tokens], tokens, strict=False):
        if token.kind == "name" or token.text in ("*", "/", "^", "%", "!"):
            return True
        if token.text in ("+", "-") and (before.kind == "number" or before.text == ")"):
            return True
    return False


def evaluate(tokens: list[Token]) -> Fraction:
    """The exact value (roots: 30 digits). Raises Refusal if it is malformed, undefined or too large."""
    reader = _Reader(tokens)
    value = reader.sum()
    if reader.token is not None:
        raise _malformed(f"unexpected '{reader.token.text}'", f"多出了“{reader.token.text}”")
    return value


def is_well_formed(tokens: list[Token]) -> bool:
    """Whether parentheses and operands are where they have to be; what cannot be worked out for another reason is."""
    try:
        evaluate(tokens)
    except Refusal as refusal:
        return not refusal.english.startswith(_UNREADABLE)
    return True


def _malformed(english: str, chinese: str) -> Refusal:
    return Refusal(f"{_UNREADABLE}: {english}.", f"我看不懂这个算式：{chinese}。")


class _Reader:
    """Recursive descent; `a + 10%` means ten per cent of a more, so each operand says if it is a percentage."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0
        self._percentage = False

    @property
    def token(self) -> Token | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _take(self, *texts: str) -> str | None:
        token = self.token
        if token is None or token.text not in texts:
            return None
        self._position += 1
        return token.text

    def _deeper(self, read: Callable[[], Fraction]) -> Fraction:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Refusal("The expression is nested too deeply for me.", "这个算式嵌套得太深了。")
        value = read()
        self._depth -= 1
        return value

    def sum(self) -> Fraction:
        value = self._product()
        percentage = self._percentage
        while sign := self._take("+", "-"):
            step = self._product()
            if self._percentage and not percentage:
                step *= value
            percentage = percentage and self._percentage
            value = bounded(value + step if sign == "+" else value - step)
        self._percentage = percentage
        return value

    def _product(self) -> Fraction:
        value = self._signed()
        percentage = self._percentage
        while (sign := self._take("*", "/", "mod", "%", "of")) or self._juxtaposed():
            factor = self._signed()
            percentage = False
            if sign == "/":
                value = divided(value, factor)
            elif sign in ("mod", "%"):
                value = remainder(value, factor)
            else:
                value = bounded(value * factor)
        self._percentage = percentage
        return value

    def _juxtaposed(self) -> bool:
        """Whether a product without its sign goes on, as in 2(3 + 4)."""
        token = self.token
        return token is not None and (token.text == "(" or token.text in FUNCTIONS or token.text == "pi")

    def _signed(self) -> Fraction:
        negative = False
        while sign := self._take("+", "-"):
            negative ^= sign == "-"
        value = self._power()
        return -value if negative else value

    def _power(self) -> Fraction:
        value = self._postfixed()
        if self._take("^"):
            value = power(value, self._deeper(self._signed))
            self._percentage = False
        return value

    def _postfixed(self) -> Fraction:
        value = self._operand()
        self._percentage = False
        while True:
            if self._take("!"):
                value = factorial(value)
            elif self._is_percent_sign():
                self._position += 1
                value, self._percentage = value / 100, True
            else:
                return value

    def _is_percent_sign(self) -> bool:
        """A `%` with an operand right after it is the remainder operator instead."""
        if self.token is None or self.token.text != "%":
            return False
        following = self._tokens[self._position + 1] if self._position + 1 < len(self._tokens) else None
        if following is None:
            return True
        return not (following.kind == "number" or following.text == "(" or following.text in FUNCTIONS)

    def _operand(self) -> Fraction:
        token = self.token
        if token is None:
            raise _malformed("it ends too early", "算式不完整")
        self._position += 1
        if token.kind == "number":
            return bounded(Fraction(token.text.replace(",", "")))
        if token.text == "(":
            return self._closed(self._deeper(self.sum))
        if token.text == "pi":
            return _PI
        if token.text in FUNCTIONS:
            return self._called(token.text)
        raise _malformed(f"unexpected '{token.text}'", f"“{token.text}”的位置不对")

    def _called(self, name: str) -> Fraction:
        values = self._arguments()
        if len(values) == 1 and name in OF_SEVERAL:
            raise _malformed(f"'{name}' takes several numbers", f"“{name}”需要几个数")
        return FUNCTIONS[name](values)

    def _closed(self, value: Fraction) -> Fraction:
        if self._take(")") is None:
            raise _malformed("a closing parenthesis is missing", "缺少右括号")
        return value

    def _arguments(self) -> list[Fraction]:
        if self._take("(") is None:
            return [self._deeper(self._signed)]
        values = [self._deeper(self.sum)]
        while self._take(","):
            values.append(self._deeper(self.sum))
        self._closed(values[0])
        return values
