"""Tools that are at hand beside those that a requirement names, and requirements told as stories."""

from time import process_time

import pytest
from tests.support.offline_talks import asked

from nexus_offline_builder.package.agent.at_hand import at_hand, fit_for
from nexus_offline_builder.package.agent.payload import Invocation, Turn
from nexus_offline_builder.package.agent.responder import Responder
from nexus_offline_builder.requirement import matching_rules

HERD = "goat,litres\nTilda,3.5\nBlanka,4.25\nRosa,2.75\n"
SUMS = "I need a calculator for the till: discounts and percentages"
AGES = "Ages of our members: I type a date of birth, it says how old they are."

ANSWERED = [
    (SUMS, [f"what is the total of litres?\n{HERD}"], "10.5"),
    (SUMS, [f"{HERD}average of litres", "and the median?"], "3.5"),
    (SUMS, ["convert 12 km to miles"], "7.456"),
    (SUMS, ['what is goat.name in {"goat": {"name": "Tilda"}}'], "Tilda"),
    (AGES, ["how many words are in: goats like thistles"], "3"),
    (AGES, ["sort: pear, apple, fig"], "apple, fig, pear"),
    (AGES, ["reverse this text: thistle"], "eltsiht"),
    (AGES, ["what is 15% of 80"], "12"),
]
"""Handed to an agent that was not built for it, and certain all the same."""


@pytest.mark.parametrize(("requirement", "prompts", "expected"), ANSWERED)
def test_a_tool_at_hand_answers_what_is_handed_over_to_it(requirement: str, prompts: list[str], expected: str) -> None:
    said, answered = asked(requirement, prompts)
    assert answered
    assert expected in said


REFUSED = [
    (SUMS, "48 hours"),
    (AGES, "04/05/2027 - 3"),
    (SUMS, "£300 shared among the shepherds"),
    (SUMS, "write me a poem about goats"),
    ("Percentages for my till, and nothing else", f"total of litres?\n{HERD}"),
    ("只算百分比，别的一律不回答", "把 10 公里换算成英里"),
]
"""Either no more than a thing, or an agent that is to do nothing besides."""


@pytest.mark.parametrize(("requirement", "prompt"), REFUSED)
def test_no_tool_at_hand_answers_a_bare_thing_or_against_the_requirement(requirement: str, prompt: str) -> None:
    assert not asked(requirement, [prompt])[1]


def test_what_a_prompt_hands_over_chooses_the_tools_at_hand() -> None:
    further = at_hand(["arithmetic"], SUMS)
    assert "arithmetic" not in further
    assert fit_for(HERD, (), further) == ["csv_totals"]
    assert fit_for("hello", (), further) == []
    assert fit_for("and the median?", (Turn(HERD, None),), further) == ["csv_totals"]


def test_an_agent_without_tools_or_requirement_has_nothing_at_hand() -> None:
    assert at_hand([], "Write poems") == []
    assert at_hand(["made_by_others"], "") == []


def test_a_manifest_that_lists_nothing_at_hand_is_followed() -> None:
    manifest = {"tools": [{"name": "arithmetic"}], "requirement": SUMS, "at_hand": []}
    agent = Responder.of_manifest(manifest)
    assert agent.at_hand == ()


STORIES = [
    ("guests text me their numbers, just give me phone numbers and emails out of it", "pattern_extraction"),
    ("depot bot. drivers paste the list from the scanner and I ask how many of what", "csv_totals"),
    ("volume weights for the lab (g/ml, kg/m3, lb/ft3), density converter", "unit_conversion"),
    ("herd csv in, json out (and json to csv)", "csv_to_json"),
    ("convert the herd book between csv and json", "json_to_csv"),
    ("Our feed budget is 900 a month. I say what has been spent and it says what is left.", "arithmetic"),
    ("My tractor burns 11 litres an hour and diesel costs 1.48 a litre. I give the hours.", "arithmetic"),
    ("Mia and Jon share the vet 3 : 1 : 1 with the farm. Type the bill.", "arithmetic"),
]


@pytest.mark.parametrize(("requirement", "tool"), STORIES)
def test_a_story_calls_for_the_tool_that_does_its_work(requirement: str, tool: str) -> None:
    assert tool in [rule.name for rule in matching_rules(requirement)]


BEYOND = [
    "write a limerick poem for the 60th birthday of our vet, it has to rhyme",
    "watch the barn server -> ping me on slack when load > 3%",
    "把会议录音转成文字",
    "text me when the milk price drops",
]


@pytest.mark.parametrize("requirement", BEYOND)
def test_what_no_tool_does_stays_without_tools(requirement: str) -> None:
    assert matching_rules(requirement) == ()


LISTS = "lists: sort them, take out doubles, count"
LISTED = [
    (LISTS, "morning! our Bertha scribbled these down, sort them for the noticeboard:\nfig\nash\nelm", "ash\nelm\nfig"),
    (LISTS, "could somebody remove duplicates and tell my brother how many are left\nash\nelm\nash", "2"),
    ("my lists name the same thing twice, take the doubles away and sort a-z", "fig\nelm\nfig", "elm\nfig"),
    ("part numbers list -> doubles out, sorted", "B7\nA2\nB7", "A2\nB7"),
    ("remove duplicate hosts, keep order. sometimes i will ask to sort", "db2\ndb1\ndb2", "db2\ndb1"),
]


@pytest.mark.parametrize(("requirement", "prompt", "expected"), LISTED)
def test_words_beside_the_steps_of_a_list_are_left_aside(requirement: str, prompt: str, expected: str) -> None:
    said, answered = asked(requirement, [prompt])
    assert answered
    assert expected in said


@pytest.mark.parametrize(
    "prompt",
    [
        "sort by price:\nash\nelm\nfig",
        "sort all except elm:\nash\nelm\nfig",
        "shuffle and number them:\nash\nelm\nfig",
        "remove the duplicates from my list",
    ],
)
def test_what_narrows_the_steps_of_a_list_is_asked_back(prompt: str) -> None:
    assert not asked(LISTS, [prompt])[1]


TEXTS = "count the words of my captions"
HANDED_ON = [
    (TEXTS, ["Goats on the green", "backwards?"], "neerg eht no staoG"),
    (TEXTS, ["how many words: Goats on the green", "and in capitals please"], "GOATS ON THE GREEN"),
    ("统计作文字数", ["统计字数：山羊吃草", "倒过来写"], "草吃羊山"),
    ("write texts backwards", ["reverse this text: green goat", "how many letters has it"], "9"),
    ("herd csv -> json", ["goat,litres\nTilda,3\nRosa,4", "now back to csv"], "Tilda,3"),
]


@pytest.mark.parametrize(("requirement", "prompts", "expected"), HANDED_ON)
def test_a_request_without_a_text_is_about_the_text_before(requirement: str, prompts: list[str], expected: str) -> None:
    said, answered = asked(requirement, prompts)
    assert answered
    assert expected in said


def test_a_long_prompt_is_weighed_for_the_tools_at_hand_in_linear_time() -> None:
    names = at_hand(["session_notes"], SUMS)
    started = process_time()
    for text in ("a, " * 20_000, "1" * 50_000, "how many " * 9_000, "2 in " * 9_000):
        fit_for(text, (), names)
    assert process_time() - started < 2


def test_a_long_number_is_read_for_units_and_currencies_in_linear_time() -> None:
    agent = Responder.of_manifest({"tools": [{"name": "unit_conversion"}], "requirement": "a unit converter"})
    started = process_time()
    agent.reply(Invocation("7" * 50_000, ()), (2026, 11, 30))
    assert process_time() - started < 2
