"""Lists, changes of a text, notes, stated facts, notations: what a helper does that only keeps and rearranges."""

from functools import partial

import pytest
from tests.support.offline_talks import asked
from tests.unit.offline.test_offline_sessions import TODAY

from nexus_offline_builder.requirement import matching_rules

talk = partial(asked, today=TODAY)
HOSTEL = (
    "Answer what our hostel's guests ask. Reception is open from 8 to 22. A towel costs 3 euros. "
    "Quiet hours start at 23:00. The bus to town stops at the gate every 20 minutes."
)
GARAGE = "问答机器人：我们早上8点开门，洗车30元，停车免费"

CONVERSATIONS: list[tuple[str, list[str], str]] = [
    ("sort my reading list alphabetically", ["Ulysses\nEmma\ndune"], "dune\nEmma\nUlysses"),
    ("sort my reading list alphabetically", ["Ulysses, Emma, dune"], "dune, Emma, Ulysses"),
    ("tidy lists: no duplicates", ["oak\nash\noak", "how many are left?"], "2 entries (1 repeated left out): oak, ash"),
    ("tidy lists: no duplicates", ["remove duplicates: 7, 9, 7", "and z to a"], "9, 7"),
    ("sort lines", ["highest first, sort these\n12\n7\n101"], "101\n12\n7"),
    ("which names are in the list twice", ["Kai\nUte\nKai"], "Kai: 2"),
    ("名单去重", ["去重\n小李\n小王\n小李"], "小李\n小王"),
    ("find and replace", ["replace tea with milk in: Tea is tea."], "Milk is milk."),
    ("find and replace", ["change Dr to Prof: Dr Ott", "now replace Dr with Mr"], "Mr Ott"),
    ("headline to slug", ["Où est l'été?"], "ou-est-lete"),
    ("headline to slug", ["slug of A Day (at Sea)", "and the same in capitals"], "A DAY (AT SEA)"),
    ("headline to slug", ["slug for A Day (at Sea)", "now that title in small letters"], "a day (at sea)"),
    ("write words backwards", ["drawer"], "reward"),
    ("数一数有多少个字", ["雨停了", "那这句呢：我们出门吧"], "汉字：5"),
    (
        "sort my table",
        ["top 2 by weight\nfish,weight,length\ncod,9,60\neel,4,90\nray,7,80", "and by length?"],
        "eel, 4, 90\nray, 7, 80",
    ),
    ("UPPER CASE please", ["quiet words", "and in lower case"], "quiet words"),
    ("palindrome checker", ["Never odd or even"], "Yes"),
    ("camelCase my variable names", ["total price of order"], "totalPriceOfOrder"),
    ("keep my grocery list", ["add rice and 4 limes", "take rice off", "what's left?"], "- 4 limes"),
    ("keep my grocery list", ["add rice and 4 limes", "how many limes do i need?"], "4 limes"),
    ("keep my grocery list", ["rice, salt", "is salt on the list?"], "Yes: salt"),
    (
        "take notes for me",
        ["note: Ola moved to flat 7", "note: the van is sold", "where did Ola move?"],
        "flat 7",
    ),
    ("take notes for me", ["remember the boiler code is 31", "boiler code?"], "the boiler code is 31"),
    ("购物清单", ["加盐和米", "清单上有什么？"], "- 盐\n- 米"),
    (HOSTEL, ["how much is a towel?"], "A towel costs 3 euros."),
    (HOSTEL, ["when do quiet hours start", "and the bus?"], "every 20 minutes"),
    (GARAGE, ["洗车多少钱"], "洗车30元"),
    ("roman numerals", ["1987"], "MCMLXXXVII"),
    ("binary and decimal", ["11010"], "26 (decimal)"),
    ("binary and decimal", ["26 in binary", "and in hex?"], "1A"),
    ("hex colours to rgb", ["#1e90ff"], "rgb(30, 144, 255)"),
    ("json into csv", ['[{"id": 1, "tag": "a,b"}, {"id": 2}]'], 'id,tag\n1,"a,b"\n2,'),
]
NOT_ANSWERED: list[tuple[str, list[str]]] = [
    ("sort my reading list alphabetically", ["which is the best? Emma, Dune"]),
    ("sort lines", ["sort by colour: pear, fig"]),
    ("find and replace", ["rewrite it politely: go away"]),
    ("find and replace", ["replace fox with cat in: the dog"]),
    ("headline to slug", ["write me a poem about autumn."]),
    ("keep my grocery list", ["what's left?"]),
    ("keep my grocery list", ["add rice", "remove salt"]),
    ("take notes for me", ["note: the van is sold", "what is the alarm code?"]),
    (HOSTEL, ["do you have a pool?"]),
    (HOSTEL, ["does a blanket cost anything?"]),
    ("roman numerals", ["4000"]),
    ("roman numerals", ["12 apples"]),
    ("json into csv", ["[1, 2]"]),
    ("look things up in json", ['get the phone number of the guest: {"guest": {"name": "Bo", "room": 4}}']),
    ("look things up in json", ['the shoe size of the guest? {"guest": {"name": "Bo", "room": 4}}']),
]


@pytest.mark.parametrize(("requirement", "prompts", "expected"), CONVERSATIONS)
def test_a_helper_answers(requirement: str, prompts: list[str], expected: str) -> None:
    text, worked_out = talk(requirement, prompts)
    assert worked_out
    assert expected in text


@pytest.mark.parametrize(("requirement", "prompts"), NOT_ANSWERED)
def test_a_helper_does_not_answer_what_it_was_not_told_or_cannot_do(requirement: str, prompts: list[str]) -> None:
    text, worked_out = talk(requirement, prompts)
    assert not worked_out, text


def test_the_nearest_fact_is_told_beside_what_is_not_known() -> None:
    text, _ = talk(HOSTEL, ["how much is a beach towel?"])
    assert text == "I was told nothing about 'beach', so I cannot say. What comes nearest: A towel costs 3 euros."


def test_facts_call_for_no_other_tool_than_the_one_that_tells_them() -> None:
    assert [rule.name for rule in matching_rules(HOSTEL)] == ["fact_lookup"]
