"""What looks readable and is not all clear, or is of something that is not there."""

import pytest
from tests.support.offline_talks import asked

ANSWERED: list[tuple[str, list[str], list[str]]] = [
    ("csv q", ["name,price\na,3\nb,4\nhow many cost less than 3"], ["0"]),
    ("csv q", ["day,temp\n2026-01-01,3\n2026-01-02,5\ntemp on 2026-01-05"], ["0 rows"]),
    ("units", ["from 5 to 10 kg in lb"], ["11.0", "22.0"]),
    ("units", ["5 and 6 km"], ["5 km ≈ 3.10", "6 km ≈ 3.72"]),
    ("units", ["5 km or 6 miles"], ["5 km ≈ 3.10", "6 mi = 9.65"]),
    ("dates", ["2026-12-01 plus 10 days minus 3 weeks"], ["2026-11-20"]),
    ("calc", ["5 + five hundred"], ["505"]),
    ("json", ['{"items":[{"p":1},{"p":"x"}]} sum of p'], ["total of p = 1\n", "1 cells without a number left out"]),
    ("json", ['{"items":[{"p":1},{"p":2}]} p where p > 1'], ["1 row:\n2"]),
    ("lists a-z", ["sort: pear, fig", "without fig"], ["pear"]),
]
NOT_ANSWERED: list[tuple[str, list[str]]] = [
    ("csv q", ["name,price\na,3\nb,4\naverage weight"]),
    ("csv q", ["name,price\na,3\nb,4\ntotal of c"]),
    ("csv q", ["name,price,qty\na,3,1\nb,4,2\nmost"]),
    ("csv q", ["name,price,qty\na,3,1\nb,4,2\nwhich is best"]),
    ("csv q", ["name,price\na,3\nb,4\nwithout a"]),
    ("csv q", ["name,price\na,3\nb,4\ntotal except a"]),
    ("csv q", ["name,price\na,3\nb,4\nprice in dollars"]),
    ("csv q", ["name,price\na,3\nb,4\nadd 10%"]),
    ("csv q", ["name,price\na,3\nb,4\ntotal price minus 3"]),
    ("csv q", ["name,price\na,3\nb,4\nlast month"]),
    ("csv q", ["name,price\na,3\nb,4\ntotal", "of c?"]),
    ("csv q", ["name,price\na,3\nb,4\ntotal", "and of d"]),
    ("csv q", ["name,price\na,3\nb,4\nprice of x"]),
    ("csv q", ["name,price\na,3\nb,4\nsecond cheapest"]),
    ("csv q", ["name,price\na,3\nb,4\nweighted average"]),
    ("csv q", ["name,price\na,3\nb,4\nprice next year"]),
    ("csv q", ["name,a,b\nx,1,2\ny,3,4\na or b"]),
    ("csv q", ["name,a,b\nx,1,2\ny,3,4\na / b"]),
    ("csv q", ["name,a,b\nx,1,2\ny,3,4\nwho has more a than b"]),
    ("csv q", ["day,temp\n2026-01-01,3\n2026-01-02,5\ntrend?"]),
    ("表格问答", ["品名,价\n甲,3\n乙,4\n丙多少钱"]),
    ("表格问答", ["品名,价\n甲,3\n乙,4\n平均重量"]),
    ("表格问答", ["品名,价\n甲,3\n乙,4\n涨价10%后一共多少"]),
    ("json", ['{"a":{"b":1}} a.c']),
    ("json", ['{"items":[{"p":1},{"p":2}]} sum of q']),
    ("json", ['{"n":5} n plus 2']),
    ("json", ['{"n":5} is n even']),
    ("json", ['{"items":[]} sum of p']),
    ("json", ['{"items":[{"name":"x","p":1}]} p of y']),
    ("units", ["5 km to kg"]),
    ("units", ["5 parsecs in km"]),
    ("units", ["5 kg per person for 3 people in lb"]),
    ("units", ["$5 per lb in $ per kg"]),
    ("units", ["5 kg in lb, twice"]),
    ("units", ["2 x 5 kg bags and 3 m in lb"]),
    ("dates", ["2026-12-01 plus 10"]),
    ("dates", ["between 2026-12-01 and"]),
    ("dates", ["days from monday to friday"]),
    ("dates", ["every second friday"]),
    ("dates", ["2 or 3 days after 2026-12-01"]),
    ("dates", ["2026-13-01"]),
    ("dates", ["10 days before or after 2026-12-01"]),
    ("日期", ["2026-12-01前或后10天"]),
    ("payment 30 days and 60 days after the invoice", ["2026-05-06"]),
    ("price n % off", ["50 with 10% off", "which is half of that"]),
    ("calc", ["10 - (2"]),
    ("calc", ["half"]),
    ("calc", ["3 times"]),
    ("calc", ["20% off 50 and 30% off 20"]),
    ("calc", ["if x = 3 then 2x"]),
    ("calc", ["5 + 3 km"]),
    ("calc", ["about 5 times 3"]),
    ("calc", ["10 to 15"]),
    ("calc", ["what is 100 divided among 3 and 4"]),
    ("calc", ["not 5 + 3 but 5 * 3"]),
    ("calc", ["50 after 20% discount, price before tax?"]),
    ("calc", ["after a 20% raise I get 60, and before the 10% one?"]),
    ("calc", ["net 50 gross 60"]),
    ("calc", ["tax on 50"]),
    ("text", ["count these"]),
    ("text", ["how many"]),
    ("text", ["how many words in the attached file"]),
    ("text", ["words in chapter 3 of my book"]),
    ("text", ["and now?"]),
    ("lists a-z", ["sort"]),
    ("lists a-z", ["sort by price: pear 3, fig 2"]),
    ("lists a-z", ["which comes first, fig or apple?"]),
    ("lists a-z", ["sort my favourites"]),
    ("emails from text", ["extract the names: Ann a@b.org"]),
    ("emails from text", ["is a@b.org valid"]),
    ("emails from text", ["emails not from b.org: a@b.org, c@d.org"]),
]


@pytest.mark.parametrize(("requirement", "prompts", "expected"), ANSWERED)
def test_what_is_asked_of_doubts_is_answered(requirement: str, prompts: list[str], expected: list[str]) -> None:
    text, _ = asked(requirement, prompts)
    assert [part for part in expected if part not in text] == []


@pytest.mark.parametrize(("requirement", "prompts"), NOT_ANSWERED)
def test_what_is_not_clear_of_doubts_is_not_answered(requirement: str, prompts: list[str]) -> None:
    assert asked(requirement, prompts)[1] is False
