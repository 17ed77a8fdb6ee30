"""Checks a package before it is shipped: its code compiles, and its tools answer prompts whose answers are known."""

from dataclasses import dataclass

from nexus_offline_builder.package.agent.payload import Invocation, Turn
from nexus_offline_builder.package.agent.responder import Responder
from nexus_offline_builder.package.tools.fact_lookup import facts_in

_TODAY = (2024, 3, 1)


@dataclass(frozen=True)
class Probe:
    """A prompt to the agent and a part of the right answer; `before` is an earlier turn."""

    prompt: str
    expected: str
    before: Turn | None = None


@dataclass(frozen=True)
class ProbeOutcome:
    tool: str
    prompt: str
    answer: str
    passed: bool


_PROBES: dict[str, tuple[Probe, ...]] = {
    "arithmetic": (
        Probe("What is (17.5 + 2.5) * 4?", "= 80"),
        Probe("12乘以7等于多少？", "84"),
        Probe("and now divide that by 4", "= 36", Turn("What is 12 * 12?", "12 * 12 = 144")),
        Probe("What is 1 / 0?", "Division by zero"),
    ),
    "csv_totals": (
        Probe("Total this CSV:\nitem,price\npen,1.50\nbook,12", "total of price = 13.5"),
        Probe("总计每一列：\n商品,价格\n笔,1.5\n书,12", "13.5"),
    ),
    "csv_to_json": (Probe("Convert this CSV to JSON:\nitem,price\npen,1.50", '"item": "pen"'),),
    "unit_conversion": (Probe("convert 10 km to miles", "6.21371"), Probe("把 10 公里换算成英里", "6.21371")),
    "date_arithmetic": (
        Probe("How many days between 2024-01-01 and 2024-03-01?", "60"),
        Probe("今天之后 30 天是几号", "2024-03-31"),
    ),
    "text_statistics": (Probe('How many words are in "to be or not to be"?', "6"),),
    "json_query": (Probe('Get a.b[1] from {"a": {"b": [1, 42]}}', "42"),),
    "json_to_csv": (Probe('Convert to CSV: [{"item": "pen", "price": 1.5}]', "item,price\npen,1.5"),),
    "proportion": (Probe("a recipe for 4 takes 300 g rice, I need it for 6", "450 g rice"),),
    "number_notation": (Probe("25 in binary", "11001"), Probe("XIV in decimal", "14")),
    "list_cleanup": (
        Probe("sort and remove duplicates: pear, apple, pear", "apple, pear"),
        Probe("去重：梨、苹果、梨", "梨、苹果"),
    ),
    "text_changes": (
        Probe("replace cat with dog in: the cat sat", "the dog sat"),
        Probe("write this backwards: stressed", "desserts"),
    ),
    "session_notes": (
        Probe("what's on the list?", "bread", Turn("put bread and jam on the list", None)),
        Probe("what did I write about Ann?", "Ann owes 5", Turn("note: Ann owes 5", None)),
    ),
    "pattern_extraction": (Probe("Extract the emails from: write to ann@example.org today", "ann@example.org"),),
}


def compile_errors(contents: dict[str, str]) -> list[str]:
    """One line for each Python file that does not compile. Nothing is executed."""
    errors: list[str] = []
    for path, text in sorted(contents.items()):
        if not path.endswith(".py"):
            continue
        try:
            compile(text, path, "exec", dont_inherit=True)
        except SyntaxError as error:
            errors.append(f"{path}: {error.msg} (line {error.lineno})")
    return errors


def _told(requirement: str) -> tuple[Probe, ...]:
    """A fact of the requirement in its own words: it has to be answered with."""
    return tuple(Probe(fact, fact[1:]) for fact in facts_in(requirement)[:1])


def probe_tools(tools: list[str], requirement: str) -> list[ProbeOutcome]:
    """Asks an agent with all of `tools`, built from `requirement`, the probes of each of them."""
    responder = Responder.of_manifest({"tools": [{"name": tool} for tool in tools], "requirement": requirement})
    outcomes: list[ProbeOutcome] = []
    for tool in tools:
        for probe in _PROBES.get(tool) or (_told(requirement) if len(tools) == 1 else ()):
            turns = (probe.before,) if probe.before else ()
            answer = responder.reply(Invocation(probe.prompt, turns), _TODAY).text
            outcomes.append(ProbeOutcome(tool, probe.prompt, answer, probe.expected in answer))
    return outcomes
