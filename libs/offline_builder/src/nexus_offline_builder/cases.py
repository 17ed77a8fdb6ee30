"""The cases by which an agent of the rule-based builder is verified. They hold on any day, and are always the same."""

from collections.abc import Sequence
from itertools import chain, zip_longest
from random import Random

from nexus_contracts.verification import Case, CaseOutcome, Refusal
from nexus_offline_builder.casework.calculating import notations, proportions, sums
from nexus_offline_builder.casework.dating import days
from nexus_offline_builder.casework.draft import Draft, Maker, WishedAgent, asked, refused
from nexus_offline_builder.casework.examples import examples
from nexus_offline_builder.casework.finding import facts, patterns, values
from nexus_offline_builder.casework.measuring import conversions
from nexus_offline_builder.casework.tabling import csv_as_json, json_as_csv, totals
from nexus_offline_builder.casework.texting import changes, lists, notes, statistics
from nexus_offline_builder.requirement import is_chinese_requirement
from nexus_verification.judge import Given, judged

FEWEST, MOST = 8, 15
MOST_EXAMPLES = 3
_MAKERS: dict[str, Maker] = {
    "csv_totals": totals,
    "arithmetic": sums,
    "csv_to_json": csv_as_json,
    "unit_conversion": conversions,
    "date_arithmetic": days,
    "text_statistics": statistics,
    "json_query": values,
    "pattern_extraction": patterns,
    "json_to_csv": json_as_csv,
    "number_notation": notations,
    "proportion": proportions,
    "list_cleanup": lists,
    "text_changes": changes,
    "session_notes": notes,
    "fact_lookup": facts,
}


def cases_of(tools: Sequence[str], requirement: str = "") -> tuple[Case, ...]:
    """What the requirement gives as an example, what each tool is for, a second turn, and what is to be refused.

    Two in five are held back: the builder does not try them, only the deployed agent is asked them.
    """
    chinese = is_chinese_requirement(requirement)
    wishes = {tool: WishedAgent(requirement, chinese, Random(tool)) for tool in tools}
    made = {tool: [one for one in _MAKERS[tool](wish) if _proves_something(one)] for tool, wish in wishes.items()}
    refusals = [("refusal", draft) for drafts in made.values() for draft in drafts if _refuses(draft)]
    plain = [[(tool, one) for one in drafts if not _refuses(one)] for tool, drafts in made.items()]
    poem = "写一首关于秋天的诗。" if chinese else "Write me a poem about autumn."
    ends = [("out of reach", (asked(poem, refused()),)), *refusals[:1]]
    own = [("example", draft) for draft in examples(requirement)[:MOST_EXAMPLES]]
    wanted = min(MOST, max(FEWEST, 2 * len(tools) + 2)) - len(ends)
    in_turn = [one for one in chain.from_iterable(zip_longest(*plain)) if one is not None]
    chosen = [*own, *in_turn][:wanted]
    talks = [one for one in in_turn if len(one[1]) > 1]
    if talks and not any(len(draft) > 1 for _, draft in chosen):
        chosen[-1] = talks[0]
    return tuple(
        Case(name=f"{name} {place}", turns=list(draft), held_back=place * 2 % 5 in (3, 4))
        for place, (name, draft) in enumerate([*chosen, *ends], 1)
    )


def _refuses(draft: Draft) -> bool:
    return any(isinstance(one, Refusal) for turn in draft for one in turn.expect)


def _proves_something(draft: Draft) -> bool:
    """Whether more is needed to pass than to repeat what was asked."""
    echo = judged(Case(name="echo", turns=list(draft)), [Given(turn.prompt) for turn in draft])
    return _refuses(draft) or echo.outcome is not CaseOutcome.PASSED
