"""The demo asks what the agent can do and sees a wrong answer."""

import pytest

from nexus_devstack.demo.probes import BY_TOOL, GENERAL, Ask, is_held, missing_in, probes_for


@pytest.mark.parametrize("answer", ["80", "= 80.", "It is 80, as always", "(80)", "80.0", "the result is 80.00"])
def test_a_number_is_found_however_it_is_said(answer: str) -> None:
    assert is_held("80", answer)


@pytest.mark.parametrize("answer", ["", "800", "180", "80.5", "1.80", "8 0", "0.80"])
def test_another_number_is_not_taken_for_it(answer: str) -> None:
    assert not is_held("80", answer)


def test_thousands_may_be_separated() -> None:
    assert is_held("10000", "10 km = 10,000 m")
    assert is_held("1250.5", "= 1,250.5")


def test_what_is_missing_is_named() -> None:
    assert missing_in(Ask("?", ("400", "50")), "total of units = 400") == ["50"]


def test_an_agent_with_both_tools_is_asked_for_a_sum_and_a_table() -> None:
    probes = probes_for(["csv_totals", "arithmetic"])
    assert [ask.expects for ask in probes.asks] == [("80",), ("400", "50")]
    assert probes.turns[1] == Ask("and now divide that by 4", ("80",))


@pytest.mark.parametrize("tool", sorted(BY_TOOL))
def test_an_agent_with_one_tool_is_asked_about_that(tool: str) -> None:
    probes = probes_for([tool, "something_else"])
    assert set(probes.asks) <= set(BY_TOOL[tool].asks)
    assert probes.turns == BY_TOOL[tool].turns


def test_an_agent_with_unknown_tools_is_asked_in_general() -> None:
    assert probes_for(["weather"]) is GENERAL
