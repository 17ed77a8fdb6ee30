"""No answer is given that leaves a piece of the prompt out: the piece is named and asked back."""

import pytest
from tests.support.offline_talks import asked

CONVERTER = "converter for lengths, weights and speeds"
TABLES = "i paste csv and ask things"
TABLE = "who,team,points\nIda,north,4\nJon,south,9\nKim,north,2\n"

ASKED_BACK: list[tuple[str, list[str], str]] = [
    (CONVERTER, ["How fast is 30 km?"], "How fast"),
    (CONVERTER, ["6 miles and 200 yards both in metres"], "both"),
    (CONVERTER, ["my suitcase is 48 lbs", "how much over 20 kg is it? in kg"], "over"),
    (CONVERTER, ["9 kg in lb", "and 3 lb on top of that, altogether?"], "on top of that"),
    ("json", ['{"orders":[{"n":1,"total":20},{"n":2,"total":30}]} number of orders over 25'], "25"),
    ("word counter", ["how many words, not counting numbers: we saw 7 old boats"], "not counting numbers"),
    ("uppercase, replace words, backwards", ["uppercase except the last word: her cat sleeps"], "except the last word"),
    ("uppercase, replace words, backwards", ["write backwards but keep the word order: ab cd"], "but keep"),
    (
        "uppercase, replace words, backwards",
        ["replace hat with cap and count the words: a red hat"],
        "and count the words",
    ),
    (
        "working hours per day: I type start, end and break",
        ["9:00-15:00, the first hour is unpaid"],
        "first hour is unpaid",
    ),
    ("公斤、磅、公里换算", ["行李限重40磅是几公斤", "箱子已经15公斤了，还能再装多少"], "还能"),
]
ANSWERED: list[tuple[str, list[str], str]] = [
    (CONVERTER, ["9 km and 2 miles in m"], "3218.688"),
    (CONVERTER, ["3 crates of 210.5 kg each. How many tonnes together?"], "0.6315"),
    (CONVERTER, ["sample 3: 12 kg in lb"], "26.4"),
    (CONVERTER, ["7.5/2 kg in g"], "3750"),
    (CONVERTER, ["how tall is 6 ft in cm"], "182.88"),
    (TABLES, [f"{TABLE}total points of north"], "6"),
    (TABLES, [f"{TABLE}average points, ignoring blanks"], "5"),
    ("calculator", ["7.5 * 4 to two decimals"], "30"),
    ("calculator", ["10 / 7 rounded to 2 decimals"], "1.43"),
    ("calculator", ["bill 60, 10% tip, split by 3"], "22"),
    ("add days to dates", ["2026-12-03 plus 8 working days", "which weekday is that, if you don't mind"], "Tuesday"),
    ("last day of the month for any date", ["Aug 14, 2027"], "2027-08-31"),
    ("json", ["is this valid JSON: 5"], "This is valid JSON."),
]


@pytest.mark.parametrize(("requirement", "prompts", "piece"), ASKED_BACK)
def test_what_an_answer_would_leave_out_is_named(requirement: str, prompts: list[str], piece: str) -> None:
    text, answered = asked(requirement, prompts)
    assert not answered
    assert piece in text


@pytest.mark.parametrize(("requirement", "prompts", "expected"), ANSWERED)
def test_what_says_nothing_more_keeps_no_answer_back(requirement: str, prompts: list[str], expected: str) -> None:
    text, answered = asked(requirement, prompts)
    assert answered
    assert expected in text
