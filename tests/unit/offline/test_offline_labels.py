"""Quantities with words around them, several with one unit, parts of the one before."""

import pytest
from tests.support.offline_talks import asked

ANSWERED: list[tuple[str, list[tuple[list[str], list[str]]]]] = [
    (
        "ward helper: temperatures F/C, weights lb/kg, fluids oz/ml. short inputs",
        [
            (["patient temp 102.2 F"], ["39"]),
            (["bed 4 temperature 38.4 C"], ["101.1"]),
            (["temp is 100.4f"], ["38"]),
            (["wt 154 lb"], ["69.85"]),
            (["weight of pt 180lbs"], ["81.6"]),
            (["drank 8oz juice"], ["236.5"]),
            (["pt drank 12 oz"], ["354.88"]),
            (["baby 7 lb 4 oz"], ["3.28"]),
            (["intake 250 ml"], ["8.45"]),
            (["mr jones weighs 82 kg"], ["180.7"]),
            (["pt weight 70kg"], ["154.3"]),
        ],
    ),
    (
        "plumber: inch pipes to mm, bar and psi, gallons to litres",
        [
            (["1 1/4 inch pipe in mm", "and a 3/8 inch one?"], ["9.525"]),
            (["2 inch pipe in mm", "what about a 1 1/2 inch pipe?"], ["38.1"]),
            (["1/2 in to mm", "and one of 5/8?"], ["15.875"]),
            (["1, 2, 5 gallons in litres"], ["3.785", "7.57", "18.9"]),
            (["1/2, 3/4 and 1 inch in mm"], ["12.7", "19.05", "25.4"]),
            (["convert 5 and 10 bar to psi"], ["72.5", "145"]),
            (["2 bar, 3 bar and 4.5 bar in psi"], ["29", "43.5", "65.2"]),
            (["32 & 40 psi to bar pls"], ["2.2", "2.75"]),
        ],
    ),
    (
        "travel: speeds, distances, fuel: mph km/h, miles km, mpg l/100km",
        [
            (["limit 55 mph is?"], ["88.5"]),
            (["speed limit here is 30mph"], ["48.2"]),
            (["130 km/h?"], ["80.77"]),
            (["sign says 25 mph"], ["40.2"]),
            (["car does 38 mpg"], ["6.18"]),
            (["consumption 7.2 l/100km"], ["32.6"]),
            (["how fast is 100 kph"], ["62.1"]),
            (["it uses 5.5 l per 100 km"], ["42.7"]),
        ],
    ),
    (
        "units for our lab: µL, mL, L, mg, µg",
        [
            (["500 µl -> ml"], ["0.5"]),
            (["750 μL in mL"], ["0.75"]),
            (["1200 ul to ml"], ["1.2"]),
            (["40 µg → mg"], ["0.04"]),
            (["0.35 mg in μg"], ["350"]),
            (["2.5 mcg to ng"], ["2500"]),
            (["15 µm in mm"], ["0.015"]),
            (["80 微升是多少毫升"], ["0.08"]),
            (["3 mL = ? µl"], ["3000"]),
        ],
    ),
    (
        "烘焙换算：大匙小匙毫升、盎司克、华氏摄氏",
        [
            (["1 1/2 大匙等于几毫升"], ["22.18"]),
            (["3½ 小匙是多少毫升"], ["17.25"]),
            (["2又1/2大匙是几毫升"], ["36.96"]),
            (["两大匙半是几毫升"], ["36.96"]),
            (["1/4 杯几毫升"], ["59.1"]),
            (["1 3/4 磅是多少克"], ["793.7"]),
            (["6 oz 奶酪几克", "三分之一呢"], ["56.69"]),
            (["12盎司是多少克", "四分之一呢"], ["85.0"]),
            (["10 oz 等于几克", "一半呢"], ["141.7"]),
            (["9 盎司几克", "它的三分之二呢"], ["170.09"]),
            (["3 磅是几公斤", "那三分之一磅呢"], ["151.19"]),
        ],
    ),
    (
        "kitchen: oz to grams, cups to ml",
        [
            (["12 oz butter in g", "a third of it"], ["113.39"]),
            (["9 oz flour to grams", "and two thirds?"], ["170.09"]),
            (["2 cups in ml", "a quarter of that?"], ["118.29"]),
            (["16 oz in g", "three quarters of it"], ["340.1"]),
            (["3 cups in ml", "and a third?"], ["236.58"]),
            (["10 oz in g", "half that"], ["141.7"]),
            (["10 oz in g", "one fifth of it please"], ["56.69"]),
            (["1 cup milk in ml", "and a 1/3 cup?"], ["78.86"]),
        ],
    ),
    (
        "baby clinic: weights lb oz to kg, temps F to C, heights in to cm",
        [
            (["temp 100.2F"], ["37.8"]),
            (["infant 9lb 3oz"], ["4.16"]),
            (["baby Tom weighs 11 lb"], ["4.98"]),
            (["height 24in"], ["60.96"]),
            (["length of baby 21.5 inches"], ["54.6"]),
            (["101, 102.5 and 104 F in C"], ["38.3", "39.1", "40"]),
            (["9 lb in kg", "and the 12 lb one?"], ["5.44"]),
            (["9 lb in kg", "a tenth of that"], ["0.40"]),
            (["mum 64 kg"], ["141"]),
        ],
    ),
    (
        "Convert oven temps and spoon measures for my recipes",
        [
            (["bake at 375F"], ["190"]),
            (["oven 180C"], ["356"]),
            (["2 1/2 tbsp in ml"], ["36.9"]),
            (["1, 2 and 3 tsp in ml"], ["4.92", "9.85", "14.78"]),
            (["3/4 cup in ml", "and a 1/3 cup one"], ["78.8"]),
            (["3 cups in ml", "two thirds of it"], ["473.1"]),
        ],
    ),
    (
        "mph to km/h and mpg to l/100km for drivers abroad",
        [
            (["the limit is 65 mph"], ["104.6"]),
            (["my car gets 42 mpg"], ["5.6"]),
            (["50 and 70 mph"], ["80.4", "112.6"]),
            (["95 km/h is what?"], ["59.0"]),
            (["6.4 l/100 km?"], ["36.7"]),
        ],
    ),
    (
        "µm/mm/nm and µL/mL conversions for the lab",
        [
            (["0.5 µm in nm"], ["500"]),
            (["350 μl to ml"], ["0.35"]),
            (["12.5 ml → µl"], ["12500"]),
            (["200 ul"], ["0.2"]),
            (["sample 3: 40 µL"], ["0.04"]),
        ],
    ),
    (
        "unit converter",
        [
            (["box 4 kg in lb"], ["8.8"]),
            (["1,500 kg in lb"], ["3306"]),
            (["2,5 kg in lb"], ["5.5"]),
            (["5, 6 ft in cm"], ["152.4", "182.8"]),
            (["1 and a half miles in km"], ["2.41"]),
            (["3 and 1/2 miles in km"], ["5.63"]),
            (["2 and 3/4 inch in mm"], ["69.8"]),
            (["pt to ml"], ["473"]),
            (["3 pt in ml"], ["1419"]),
            (["convert 3/4 and 1/2 cup to ml"], ["177", "118"]),
            (["5 kg in lb", "a third"], ["3.67"]),
            (["5 kg in lb", "and 2/3?"], ["1.469"]),
            (["step 2 m in ft"], ["6.56"]),
            (["line 3 5 m in ft"], ["16.4"]),
            (["tank 40 l in gallons"], ["10.5"]),
            (["3 weeks and 2 days in hours"], ["552"]),
        ],
    ),
    (
        "oz to ml and g for cooking",
        [
            (["8 oz in g"], ["226"]),
        ],
    ),
]
NOT_ANSWERED: list[tuple[str, list[str]]] = [
    ("ward helper: temperatures F/C, weights lb/kg, fluids oz/ml. short inputs", ["fever 39.2"]),
    ("mph to km/h and mpg to l/100km for drivers abroad", ["doing 80"]),
    ("unit converter", ["average of 4 and 6 kg in lb"]),
    ("unit converter", ["difference of 5 and 3 km in miles"]),
    ("unit converter", ["5 kg in lb", "and one in g?"]),
    ("unit converter", ["how much is 5"]),
]


@pytest.mark.parametrize(
    ("requirement", "prompts", "expected"),
    [(requirement, prompts, expected) for requirement, asked in ANSWERED for prompts, expected in asked],
)
def test_what_people_ask_of_units_is_answered(requirement: str, prompts: list[str], expected: list[str]) -> None:
    text, _ = asked(requirement, prompts)
    assert [part for part in expected if part not in text] == []


@pytest.mark.parametrize(("requirement", "prompts"), NOT_ANSWERED)
def test_what_is_not_clear_of_units_is_asked_back(requirement: str, prompts: list[str]) -> None:
    assert asked(requirement, prompts)[1] is False
