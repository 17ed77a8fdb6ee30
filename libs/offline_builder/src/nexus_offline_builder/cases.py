"""The cases by which an agent of the rule-based builder is verified once it is deployed. They hold on any day."""

from collections.abc import Sequence

from nexus_contracts.verification import Case, CaseTurn, Contains, Number, Refusal
from nexus_offline_builder.package.tools.fact_lookup import facts_in

_DIVIDED = (
    CaseTurn(prompt="What is 12 * 12?", expect=[Number(value=144)]),
    CaseTurn(prompt="and now divide that by 4", expect=[Number(value=36)]),
)
_BY_TOOL: dict[str, tuple[CaseTurn, ...]] = {
    "arithmetic": (CaseTurn(prompt="What is (17.5 + 2.5) * 4?", expect=[Number(value=80)]),),
    "csv_totals": (CaseTurn(prompt="Total this CSV:\nitem,price\npen,1.50\nbook,12", expect=[Number(value=13.5)]),),
    "csv_to_json": (
        CaseTurn(prompt="Convert this CSV to JSON:\nitem,price\npen,1.50", expect=[Contains(texts=['"item": "pen"'])]),
    ),
    "unit_conversion": (CaseTurn(prompt="convert 10 km to miles", expect=[Number(value=6.21371, tolerance=0.001)]),),
    "date_arithmetic": (
        CaseTurn(prompt="How many days between 2024-01-01 and 2024-03-01?", expect=[Number(value=60)]),
    ),
    "text_statistics": (CaseTurn(prompt='How many words are in "to be or not to be"?', expect=[Number(value=6)]),),
    "json_query": (CaseTurn(prompt='Get a.b[1] from {"a": {"b": [1, 42]}}', expect=[Number(value=42)]),),
    "json_to_csv": (
        CaseTurn(
            prompt='Convert to CSV: [{"item": "pen", "price": 1.5}]', expect=[Contains(texts=["item,price\npen,1.5"])]
        ),
    ),
    "proportion": (
        CaseTurn(prompt="a recipe for 4 takes 300 g rice, I need it for 6", expect=[Contains(texts=["450 g rice"])]),
    ),
    "number_notation": (CaseTurn(prompt="25 in binary", expect=[Contains(texts=["11001"])]),),
    "list_cleanup": (
        CaseTurn(prompt="sort and remove duplicates: pear, apple, pear", expect=[Contains(texts=["apple, pear"])]),
    ),
    "text_changes": (
        CaseTurn(prompt="replace cat with dog in: the cat sat", expect=[Contains(texts=["the dog sat"])]),
    ),
    "session_notes": (
        CaseTurn(prompt="put bread and jam on the list", expect=[Contains(texts=["bread, jam"])]),
        CaseTurn(prompt="what's on the list?", expect=[Contains(texts=["jam"])]),
    ),
    "pattern_extraction": (
        CaseTurn(
            prompt="Extract the emails from: write to ann@example.org today",
            expect=[Contains(texts=["ann@example.org"])],
        ),
    ),
}
_OUT_OF_REACH = Case(name="out of reach", turns=[CaseTurn(prompt="Write me a poem about autumn.", expect=[Refusal()])])


def cases_of(tools: Sequence[str], requirement: str = "") -> tuple[Case, ...]:
    """A case for each tool, a conversation where numbers can be asked on, and one to refuse.

    An agent that does nothing but tell the facts of its `requirement` is asked for one in its own words.
    """
    found = [Case(name=name, turns=list(_BY_TOOL[name])) for name in tools if name in _BY_TOOL]
    if list(tools) == ["fact_lookup"] and (facts := facts_in(requirement)):
        found.append(
            Case(name="fact_lookup", turns=[CaseTurn(prompt=facts[0], expect=[Contains(texts=[facts[0][1:]])])])
        )
    if "arithmetic" in tools:
        found.append(Case(name="arithmetic, asked on", turns=list(_DIVIDED)))
    return (*found, _OUT_OF_REACH)
