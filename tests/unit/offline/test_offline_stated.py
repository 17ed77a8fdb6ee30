"""Rates, prices and exchange rates that a requirement states, or says that each prompt gives."""

import pytest
from tests.support.offline_talks import asked

from nexus_offline_builder.package.tools.stated_prices import prices_in
from nexus_offline_builder.package.tools.stated_rates import stated_in

BOTH = "VAT helper for a bike shop, VAT is 25%. Price with or without it in, the other one or the VAT out, both ways"
RATES = {
    BOTH: [
        ("the red frame, 480 ex vat, what does Lena pay", "= 600"),
        ("invoice 41: 1,250.00 gross, what is the net of that", "= 1000"),
        ("how much vat sits in 75 incl", "= 15"),
        ("vat on 64.40", "= 16.1"),
        ("net 1.200,00, hurry please", "= 1500"),
        ("net 90 // and the tax?", "= 22.5"),
        ("net 90 // and with 12% instead?", "= 100.8"),
        ("2 saddles at 44 each plus VAT // and without the vat?", "88"),
        ("350 gross // the tax in it?", "= 70"),
    ],
    "菜市场开票，增值税9%，含税不含税互相换算，税额也要": [
        ("不含税1,200元，含税多少", "= 1308"),
        ("老李这单含税545，不含税是多少呢", "= 500"),
        ("￥2,180（含税），里面的税额是多少", "= 180"),
        ("3,000元（不含税）", "= 3270"),
    ],
    "we put a 12% buyer's premium on the hammer price, I say what it fell at": [
        ("lot 14 went for 650 pounds to the man in the hat", "= 728"),
        ("hammer fell at 1,500", "on top: 1500 * 12% = 180"),
        ("£75", "= 84"),
    ],
    "gift aid 25% is added to every donation": [("Mrs Abbot gave £48", "= 60"), ("how much gift aid on 30", "= 7.5")],
    "Bills: there is always a 10% tip on it, then it is split evenly": [
        ("pizza night came to 84.00 for 4 people", "= 23.1"),
        ("120 between 3 // make it 4 of us", "= 33"),
        ("just the tip on 65", "= 6.5"),
        ("96 for three people // Tom does pay too, so split it between four", "= 26.4"),
    ],
    "commission is 4% of what the car sold for": [("the blue van, 5,200", "= 208")],
    "房费 + 6%服务费": [("房费 850", "服务费: 850 * 6% = 51")],
    "we sell with a mark-up of 40%, I type the cost": [("candles at .85 each, what do I charge", "= 1.19")],
    "sales tax here is 8%": [
        ("what's 50 with tax", "= 54"),
        ("50 before tax", "= 54"),
        ("what's 54 incl tax in net", "= 50"),
    ],
    "the platform takes 3% of every booking": [("380", "left: 380 - 3% = 368.6")],
    "15% off for the whole stock. say the price": [
        ("lamp 60", "= 51"),
        ("the oak table at 240 // how much do they save", "= 36"),
    ],
}
TIPS = {
    "after dinner: tip and what each one pays": [("1 240 Kč, ten percent, 4 persons", "= 341")],
}
TWO_SIDES = [
    ("net and gross at 25% VAT, either way", "200", ["gross: 200 + 25% = 250", "net: 200 / (100% + 25%) = 160"]),
    ("I type the gross and want the net and the VAT, 25%", "£50.00", ["net: ", "= 40", "VAT: ", "= 10"]),
    ("含税价和不含税价互换，税率25%", "200", ["含税: 200 + 25% = 250", "不含税: "]),
]
PRICES = {
    "mileage claims, it is 40p a mile": [
        ("drove 35 miles to Hull to see the twins", "= 14"),
        ("120", "= 48"),
        ("12 miles // and 20?", "= 8"),
    ],
    "I am paid 18.50 an hour, what do I invoice": [
        ("6 hours", "= 111"),
        ("did 7.5 hrs on the Becker job", "= 138.75"),
        ("90 minutes", "= 27.75"),
    ],
    "翻译稿费，千字120元": [("1,500字多少钱", "= 180"), ("这篇2,000字 // 老客户打九折", "= 216")],
    "家教每小时80元，我报时间": [("上了3小时", "= 240")],
    "farm shop: pears 3.20 a kilo, leeks 1.50 a kilo, cheese rolls 2.00 each": [
        ("2 kg pears and 500 g of leeks", "= 7.15"),
        ("a kilo of leeks, 3 rolls", "= 7.5"),
    ],
    "power: 30p per kWh and 50p a day standing": [("200 kWh in 30 days", "= 75")],
}
PRICES["copy shop: black 8p a page, colour 30p a page"] = [("40 pages black and 3 pages colour", "= 4.1")]
EXCHANGED = {
    "汇率我自己报，把英镑欧元换成人民币，也能倒着算": [
        ("汇率9.1，英镑200", "= 1820"),
        ("9,100元按9.1能换多少英镑", "= 1000"),
        ("€50，汇率7.8", "= 390"),
    ],
    "I give you the exchange rate, you turn dollars into euros or back": [
        ("rate 0.9, $250", "= 225"),
        ("90 euros at 0.9 in dollars", "= 100"),
    ],
}
EARNED = {
    "margin in percent for my bakery, I say what it cost me and what I sell it for": [
        ("the rye loaf cost 1.50, sells for 4.00", "= 62.5"),
        ("bought at 2, price 5 // and if I sell it for 8?", "= 75"),
    ],
    "算毛利率，我报进价和售价": [("进价30，运费6，售价48", "= 25")],
    "mark-up in percent from cost and price": [("cost 4, price 10", "= 150")],
}
REFUSED = [
    ("margin in percent for my bakery, I say what it cost me and what I sell it for", "sells for 4.00"),
    (BOTH, "200, what is the other one"),
    (BOTH, "vat on 3 saddles"),
    (BOTH, "net 80 for members, half of it"),
    (BOTH, "the Miller invoice from last week"),
    (BOTH, "net 120 at the reduced rate"),
    (BOTH, "how old is somebody born 1980"),
    ("I am paid 18.50 an hour, what do I invoice", "8 hours and 30 min break"),
    ("I am paid 18.50 an hour, what do I invoice", "40 hours a week, for 4 weeks"),
    ("房费 + 6%服务费", "客人付了901，房费是多少"),
    ("copy shop: black 8p a page, colour 30p a page", "12 pages"),
    ("Bills: there is always a 10% tip on it, then it is split evenly", "80, what does each of us pay?"),
    ("mileage claims, it is 40p a mile", "went to Hull twice"),
    ("mileage claims, it is 40p a mile", "12 miles each way"),
    ("farm shop: pears 3.20 a kilo, leeks 1.50 a kilo", "2 kg of plums and 1 kg pears"),
    ("commission is 4% of what the car sold for", "sold 3 vans"),
    ("汇率我自己报，把英镑欧元换成人民币，也能倒着算", "200英镑是多少欧元"),
    ("5% commission up to 1,000 and 8% above", "1500"),
    ("parking is 2.50 an hour, never more than 15", "3 hours"),
]


def said(requirement: str, prompts: str) -> tuple[str, bool]:
    text, answered = asked(requirement, prompts.split(" // "))
    return text.replace(",", ""), answered


@pytest.mark.parametrize(
    ("requirement", "prompts", "expected"),
    [(of, *case) for kind in (RATES, TIPS, PRICES, EXCHANGED, EARNED) for of, cases in kind.items() for case in cases],
)
def test_a_prompt_is_worked_out_with_what_the_requirement_states(requirement: str, prompts: str, expected: str) -> None:
    text, _ = said(requirement, prompts)
    assert expected in text, text


@pytest.mark.parametrize(("requirement", "prompt", "expected"), TWO_SIDES)
def test_several_figures_are_named(requirement: str, prompt: str, expected: list[str]) -> None:
    text, _ = said(requirement, prompt)
    assert all(one in text for one in expected), text


@pytest.mark.parametrize(("requirement", "prompt"), REFUSED)
def test_what_is_not_clear_is_not_worked_out(requirement: str, prompt: str) -> None:
    text, answered = said(requirement, prompt)
    assert not answered, text


def test_what_a_requirement_states() -> None:
    stated = stated_in("net -> gross, 19% VAT")
    assert stated is not None
    assert (stated.kind, stated.rate, stated.given) == ("tax", "19", "before")
    assert stated_in("VAT 7% or 19%") is None
    assert stated_in("10% off if they are members") is None


def test_what_a_unit_costs() -> None:
    (price,) = prices_in("it is 45p a mile")
    assert (str(price.cost), price.unit) == ("9/20", "mile")
    assert not prices_in("45p a mile, 25p after 10000 miles")
    assert not prices_in("18 euros per dog a night")
