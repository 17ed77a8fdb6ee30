"""No answer is given that leaves a piece of the prompt out: the piece is named and asked back."""

import pytest
from tests.support.offline_talks import asked

CONVERTER = "converter for lengths, weights and speeds"
TABLES = "i paste csv and ask things"
TABLE = "who,team,points\nIda,north,4\nJon,south,9\nKim,north,2\n"

ASKED_BACK: list[tuple[str, list[str], str]] = [
    (CONVERTER, ["How fast is 30 km?"], "How fast"),
    (CONVERTER, ["6 miles and 200 yards both in metres"], "both"),
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
    (CONVERTER, ["my suitcase is 48 lbs", "how much over 20 kg is it? in kg"], "1.77"),
    (CONVERTER, ["9 kg in lb", "and 3 lb on top of that, altogether?"], "22.84"),
    (CONVERTER, ["sample 3: 12 kg in lb"], "26.4"),
    (CONVERTER, ["7.5/2 kg in g"], "3750"),
    (CONVERTER, ["how tall is 6 ft in cm"], "182.88"),
    (TABLES, [f"{TABLE}total points of north"], "6"),
    (TABLES, [f"{TABLE}average points, ignoring blanks"], "5"),
    ("calculator", ["7.5 * 4 to two decimals"], "30"),
    ("names and amounts", ["Eve 7, Gus 2.25, Hal 31 - who owes most?"], "Hal"),
    ("names and amounts", ["Eve 7, Gus 2.25, Hal 1 - who owes most?"], "Eve"),
    ("会计：不含税、税额、含税金额换算", ["含税3390，不含税3000，税率多少"], "= 13"),
    (TABLES, ["pupil,art\nIda,61\nJon,48\nMarks are out of 75. How many have over 50 in art?"], "1 row"),
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


BOTH: list[tuple[str, list[str], list[str]]] = [
    ("dates and weekdays", ["which weekday is 2027-05-06 and how many days until then?"], ["Thursday", "157 days"]),
    ("dates and weekdays", ["What weekday is 2027-05-06? And what date is 10 days later?"], ["Thursday", "2027-05-16"]),
    ("日期：星期几、加减天数", ["2027年5月6日是星期几，再过10天是几号？"], ["星期四", "2027-05-16"]),
    ("calculator", ["what is 30% of 70 and 20% of 45?"], ["= 21", "= 9"]),
    ("算百分比", ["200的30%和60的10%"], ["= 60", "= 6"]),
    ("json values", ['What is a.b and what is c[1]? {"a":{"b":7},"c":["x","y"]}'], ["7", "y"]),
    (
        "converter of lengths and weights",
        ["how many km is 5 miles and how many kg is 10 lb?"],
        ["8.04672", "4.5359237"],
    ),
]
TOLD: list[tuple[str, list[str], str]] = [
    ("takes the vat OFF a price. gross in, net out. 20%", ["1,350.00"], "1125"),
    ("net price in, price with 20% VAT out, it should also take the VAT off again when I ask", ["£22.50"], "27"),
    ("cost in, it puts 60% on top, that is my sell price", ["4.50"], "7.2"),
    ("adds the tip and divides the bill", ["bill 88,40, tip 10%, we are 4"], "24.31"),
    ("sum, average and median of numbers", ["average of 2,5 and 3,5 and 4,0"], "3.33"),
    ("sum, average and median of numbers", ["average of 2,5,3"], "3.33"),
    ("due dates: date plus days, weeks or months", ["sold 12 May 2026 with 18 months guarantee"], "2027-11-12"),
    ("due dates: date plus days, weeks or months", ["leaves 2027-03-01, 5 working days"], "2027-03-08"),
    ("合同日期：加减月份", ["合同2026年5月12日签的,期限18个月,哪天到期"], "2027-11-12"),
    ("mb gb gib -> the other ones", ["how many 2.5 MB photos fit on 16 GB"], "6400"),
    ("energy: kcal, kJ", ["1000 kJ in kcal", "and the half of it?"], "119.5"),
    ("recipes: cups and spoons in ml", ["1/2 cup oil in ml", "and if i make 3 batches"], "354.88"),
    (
        "price n % off -> what they pay",
        ["50 student 10% off", "take another fiver off that", "n split that in 2"],
        "20",
    ),
]


@pytest.mark.parametrize(("requirement", "prompts", "expected"), BOTH)
def test_two_questions_are_both_answered(requirement: str, prompts: list[str], expected: list[str]) -> None:
    text, answered = asked(requirement, prompts)
    assert answered
    assert [part for part in expected if part not in text] == []


def test_the_second_question_is_asked_of_the_dates_of_the_first() -> None:
    prompt = "how many days from 2027-02-01 to 2027-02-24 and how many of them are working days?"
    text, answered = asked("days between dates, working days", [prompt])
    assert answered
    assert "23 days" in text
    assert "17 weekdays" in text


@pytest.mark.parametrize(("requirement", "prompts", "expected"), TOLD)
def test_figures_as_they_are_told_are_worked_out(requirement: str, prompts: list[str], expected: str) -> None:
    text, answered = asked(requirement, prompts)
    assert answered
    assert expected in text


def test_that_is_not_the_result_before_a_turn_that_failed() -> None:
    assert not asked(
        "price n % off -> what they pay", ["50 with 10% off", "take another blub off that", "and half of that"]
    )[1]
