"""What cases are made of."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from nexus_contracts.verification import AnyExpectation, CaseTurn, Contains, Number, Pattern, Refusal

Draft = tuple[CaseTurn, ...]
"""The turns of a case."""
_SHOWN = 1e-3
"""As a share: agents round what does not come out even."""


@dataclass(frozen=True)
class WishedAgent:
    """A requirement in its language. The `dice` of a tool always fall the same way, whatever the requirement says."""

    requirement: str
    chinese: bool
    dice: Random

    def say(self, english: str, chinese: str) -> str:
        return chinese if self.chinese else english

    def names(self, *words: str) -> bool:
        """Whether the requirement has one of these."""
        return any(self.place(one) is not None for one in words)

    def place(self, word: str) -> int | None:
        """Where the requirement has it, in any case; a Latin one only as a word, or the beginning of one."""
        found = re.search(rf"(?<![a-z]){re.escape(word)}" if word.isascii() else word, self.requirement.lower())
        return found.start() if found else None

    def pick(self, low: int, high: int) -> int:
        return self.dice.randint(low, high)

    def few(self, words: str, count: int) -> list[str]:
        return self.dice.sample(words.split(), count)


Maker = Callable[[WishedAgent], Sequence[Draft]]
"""Makes the cases of one tool, those first that show most."""


def asked(prompt: str, *expect: AnyExpectation) -> CaseTurn:
    return CaseTurn(prompt=prompt, expect=list(expect))


def number(value: float) -> Number:
    """Whole numbers exactly, others to what is shown of them."""
    return Number(value=value, tolerance=0.0 if float(value).is_integer() else abs(value) * _SHOWN)


def has(*texts: str) -> Contains:
    return Contains(texts=list(texts))


def in_order(words: Sequence[str]) -> Pattern:
    """The words one after the other, whatever numbers, signs and line ends the list has."""
    return Pattern(pattern=r"[\W\d]+".join(re.escape(word) for word in words))


def without(text: str) -> Pattern:
    """The answer does not repeat this part of the prompt, in which it can be found."""
    return Pattern(pattern=f"(?s)^(?!.*{re.escape(text)})")


def refused() -> Refusal:
    return Refusal()


def written(value: float) -> str:
    """Without a point that is not needed."""
    return f"{value:.10g}"
