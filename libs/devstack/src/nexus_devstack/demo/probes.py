"""What to ask an agent, given its tools, and what a right answer contains."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

DEFAULT_REQUIREMENT = "an agent that totals the columns of a CSV and answers arithmetic questions"


@dataclass(frozen=True)
class Ask:
    """`expects` are the numbers or words that a right answer contains; empty if any answer will do."""

    prompt: str
    expects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Probes:
    """`asks` stand alone; the second of the `turns` cannot be answered without the first."""

    asks: tuple[Ask, ...]
    turns: tuple[Ask, Ask]


CSV = "region,units,price\nnorth,120,19.5\nsouth,80,24.25\neast,200,6.25"
TEXT = "the cat saw the dog and the dog ran"

BY_TOOL: dict[str, Probes] = {
    "arithmetic": Probes(
        (Ask("What is 12 * 7 - 4?", ("80",)), Ask("What is 15% of 240?", ("36",))),
        (Ask("What is 20 * 16?", ("320",)), Ask("and now divide that by 4", ("80",))),
    ),
    "csv_totals": Probes(
        (Ask(f"Total the columns of this CSV:\n{CSV}", ("400", "50")),),
        (Ask(f"Total the columns of this CSV:\n{CSV}", ("400", "50")), Ask("and the maximum of units?", ("200",))),
    ),
    "csv_to_json": Probes(
        (Ask(f"Convert this CSV to JSON:\n{CSV}", ("north", "120", "19.5")),),
        (Ask(f"Convert this CSV to JSON:\n{CSV}", ("north",)), Ask("What did I ask first?", ("south,80,24.25",))),
    ),
    "unit_conversion": Probes(
        (Ask("Convert 10 km to metres", ("10000",)), Ask("Convert 100 celsius to fahrenheit", ("212",))),
        (Ask("Convert 5 km to metres", ("5000",)), Ask("convert that to centimetres", ("500000",))),
    ),
    "date_arithmetic": Probes(
        (Ask("How many days are there between 2024-01-01 and 2024-03-01?", ("60",)),),
        (
            Ask("What date is 10 days after 2024-02-25?", ("2024-03-06",)),
            Ask("and 10 days after that?", ("2024-03-16",)),
        ),
    ),
    "text_statistics": Probes(
        (Ask(f"How many words are in this text: {TEXT}", ("9",)),),
        (Ask(f"How many words are in this text: {TEXT}", ("9",)), Ask("and how many unique words?", ("6",))),
    ),
    "json_query": Probes(
        (Ask('What is order.items[1].price in {"order": {"items": [{"price": 3}, {"price": 42}]}}?', ("42",)),),
        (Ask('List the keys of {"name": "Ada", "born": 1815}', ("name", "born")), Ask("and what is name?", ("Ada",))),
    ),
    "pattern_extraction": Probes(
        (Ask("Extract the e-mail addresses: write to ada@example.org or bob@example.org", ("ada@example.org",)),),
        (
            Ask("Extract the e-mail addresses: write to ada@example.org or bob@example.org", ("ada@example.org",)),
            Ask("What did I ask first?", ("bob@example.org",)),
        ),
    ),
}
GENERAL = Probes(
    (Ask("What can you do?"),),
    (Ask("What can you do?"), Ask("What did I ask first?", ("What can you do?",))),
)


def probes_for(tools: Sequence[str]) -> Probes:
    """Two questions for the first of the agent's tools that are known, and a session; general ones if none is."""
    known = [tool for tool in BY_TOOL if tool in tools]
    if not known:
        return GENERAL
    firsts = [BY_TOOL[tool].asks[0] for tool in known]
    rest = [ask for tool in known for ask in BY_TOOL[tool].asks[1:]]
    return Probes(tuple([*firsts, *rest][:2]), BY_TOOL[known[0]].turns)


def is_held(expected: str, answer: str) -> bool:
    """Whether `answer` has the word, or the number with any thousands separators: 80 is not in 801 or 80.5."""
    if not re.fullmatch(r"-?\d+(\.\d+)?", expected):
        return expected in answer
    plain = re.sub(r"(?<=\d)[,_ ](?=\d{3}(?!\d))", "", answer)
    fraction = r"(?!\d)" if "." in expected else r"(\.0+)?(?!\.?\d)"
    return re.search(rf"(?<![\d.]){re.escape(expected)}{fraction}", plain) is not None


def missing_in(ask: Ask, answer: str) -> list[str]:
    """What a right answer would contain and this one does not."""
    return [expected for expected in ask.expects if not is_held(expected, answer)]
