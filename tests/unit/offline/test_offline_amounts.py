"""Prices before and after, taxed amounts, lists of numbers, and the turns that go on with them."""

import pytest
from tests.unit.offline.test_offline_everyday import talk

SHOE_SHOP = "calculator for discounts in my shoe shop"
TAXES = "会计：不含税、税额、含税金额换算"
VAT = "VAT 25%: net, gross and the tax itself"
GRADES = "average and median of grades that I paste as numbers"
SHARES = "percent calculator"
SUMS = "a calculator"

CONVERSATIONS: list[tuple[str, list[str], str]] = [
    (SHOE_SHOP, ["boots were 160, now 120. what percent off is it"], "= 25"),
    (SHOE_SHOP, ["old price 90, new price 63, discount?"], "= 30"),
    (SHOE_SHOP, ["sandals cost 34 after 15% discount, what was the price before?"], "= 40"),
    (SHOE_SHOP, ["with 30% off they are 63, regular price?"], "= 90"),
    (SHOE_SHOP, ["price is 55 after a 10% increase, what was it originally?"], "= 50"),
    (SHOE_SHOP, ["60 now instead of 80, what %"], "= 25"),
    (SHOE_SHOP, ["boots 120 with 20% off", "take another 6 off that", "and if he takes three of those?"], "= 270"),
    (SHOE_SHOP, ["laces 4 less 25%", "and five of them?"], "= 15"),
    (SHOE_SHOP, ["boots 120, 25% off", "plus a polish for 8"], "= 98"),
    (SHOE_SHOP, ["15% off 80, then another 5%"], "= 64.6"),
    (SHOE_SHOP, ["how much do I save with 40% off 95"], "= 38"),
    ("打折计算", ["打七折后是140，原价多少"], "= 200"),
    ("打折计算", ["涨价25%后是150，原价？"], "= 120"),
    ("打折计算", ["200打八折", "再打九折"], "= 144"),
    ("打折计算", ["200打八折", "买三件呢"], "= 480"),
    ("打折计算", ["2件，每件60，打八折"], "= 96"),
    (TAXES, ["不含税5万，9%，税额多少"], "= 4500"),
    (TAXES, ["含税2,180元，9%的税，不含税是多少"], "= 2000"),
    (TAXES, ["税额390，税率13%，价税合计多少"], "= 3390"),
    (TAXES, ["2060含3%的税，税是多少"], "= 60"),
    (TAXES, ["含税6360，6个点，税额多少", "3个点呢"], "185.24"),
    (TAXES, ["不含税700，税率13%，含税多少", "税额呢"], "= 91"),
    (TAXES, ["不含税2000，含税2180，税率多少"], "= 9"),
    (VAT, ["vat in 50 gross"], "= 10"),
    (VAT, ["80 net, what's the vat"], "= 20"),
    (VAT, ["gross 250", "and the vat?"], "= 50"),
    (GRADES, ["71 64 88 93", "without the 64"], "= 84"),
    (GRADES, ["71 64 88 93", "drop the best one"], "74.33"),
    (GRADES, ["71 64 88 93", "the 64 was a 68"], "= 80"),
    (GRADES, ["71 64 88 93", "without the 64", "and the lowest?"], "= 71"),
    (GRADES, ["71 64 88 93", "and a 44 too"], "= 72"),
    (GRADES, ["80% 60% 70%"], "= 70"),
    (GRADES, ["71\n64\n88\n93", "not counting the 64"], "= 84"),
    (TAXES, ["含税565元，税率13%"], "= 500"),
    (SHARES, ["18 of 72"], "= 25"),
    (SHARES, ["18 of 72", "and 36?"], "= 50"),
    ("percent from points", ["27/36"], "= 75"),
    ("percentage change", ["80 to 100", "and to 120?"], "= 50"),
    ("AA制", ["4人平摊90"], "= 22.5"),
    (SHARES, ["from 80 to 100"], "= 25"),
    (TAXES, ["不含税3000，税率6%，税额", "5000呢"], "= 300"),
    (SUMS, ["40 + 25%", "no wait, 50%"], "= 60"),
    (SUMS, ["2.5k - 300"], "= 2200"),
    (SUMS, ["180 in the ratio 4:5"], "= 100"),
    (SUMS, ["compound interest on 200 at 10% for 2 years"], "= 242"),
]
NOT_ANSWERED: list[tuple[str, list[str]]] = [
    (SHOE_SHOP, ["the boots with 20% off"]),
    (SHOE_SHOP, ["original price after 20% off?"]),
    (SUMS, ["18 of 72"]),
    (TAXES, ["含税价的税额多少"]),
    (TAXES, ["不含税700，含税多少"]),
    (GRADES, ["71 64 88 93", "without the 50"]),
]


@pytest.mark.parametrize(("requirement", "prompts", "expected"), CONVERSATIONS)
def test_the_amount_that_is_meant_is_worked_out(requirement: str, prompts: list[str], expected: str) -> None:
    answer, worked_out = talk(requirement, prompts)

    assert worked_out
    assert expected in answer


@pytest.mark.parametrize(("requirement", "prompts"), NOT_ANSWERED)
def test_an_amount_of_which_a_part_is_missing_is_asked_back(requirement: str, prompts: list[str]) -> None:
    answer, worked_out = talk(requirement, prompts)

    assert answer
    assert not worked_out
