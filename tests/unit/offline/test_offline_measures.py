"""Quantities with a sum, a multiple or a rate in them, and the turns that go on with them."""

import pytest
from tests.unit.offline.test_offline_everyday import talk

JAM = "jam recipes: convert cups, tbsp, oz and lb to grams and ml"
LIFTS = "turn lb into kg for my lifting log, stones too sometimes"
FRAMES = "picture frames: inches to cm"
LINE = "data volumes and line speeds, GB, Mbps, MB/s"
TAILOR = "裁缝店：英寸换厘米"

CONVERSATIONS: list[tuple[str, list[str], str]] = [
    (JAM, ["1 cup plus 2 tsp in ml"], "246.4"),
    (JAM, ["4 tbsp and 2 tsp together in ml"], "69.0"),
    (JAM, ["3 x 12 oz jars in g"], "1020.58"),
    (JAM, ["2 lb minus 3 oz in g"], "822.1"),
    (JAM, ["60% of 2 lb in g"], "544.3"),
    (JAM, ["6 lb / 4 in g"], "680.3"),
    (JAM, ["8 oz in g", "five of those"], "1133.98"),
    (JAM, ["8 oz in g", "plus 2 oz"], "283.4"),
    (JAM, ["8 oz in g", "minus 25%"], "170.0"),
    (JAM, ["8 oz in g", "minus 3 oz"], "141.7"),
    (JAM, ["8 oz in g", "and 4 more"], "340.1"),
    (JAM, ["half of 3 cups in ml"], "354.8"),
    (JAM, ["5 lb minus 20% in g"], "1814.3"),
    (LIFTS, ["9st 4lb"], "58.96"),
    (LIFTS, ["bar 35 lb + 2 x 25 lb"], "38.55"),
    (LIFTS, ["155, 170"], "77.11"),
    (LIFTS, ["140-150 lb"], "68.03"),
    (LIFTS, ["205 lb", "90% of that"], "83.68"),
    (FRAMES, ["10 x 12 inches"], "25.4 cm"),
    (FRAMES, ["10 x 12 inches"], "30.48 cm"),
    (FRAMES, ["7 by 9.5 in to cm"], "24.13"),
    (FRAMES, ["1-1/4 in"], "3.175"),
    ("metres and feet", ["5m x 4m in sq ft"], "215.27"),
    ("metres and feet", ["2 x 300 m in ft"], "1968.5"),
    ("metres and feet", ["2 m x 3 m in feet"], "9.84252 ft"),
    ("metres and feet", ["5 km + 3 km in m"], "8000 m"),
    ("metres and feet", ["50 sq ft in m2", "2.5 of these?"], "11.6"),
    (LINE, ["how long does 6 GB take at 40 Mbps"], "20 min"),
    (LINE, ["how long does 6 GB take at 40 Mbps", "and 3 GB?"], "10 min"),
    (LINE, ["how long does 6 GB take at 40 Mbps", "at 80?"], "10 min"),
    (LINE, ["how much is sent in 3 minutes at 16 Mbps"], "360 MB"),
    ("energy units", ["60 W for 20 hours in kWh"], "1.2 kWh"),
    ("pace and speed", ["6:15 min/km in min/mile"], "10:04"),
    ("tyre gauge: psi bar kPa", ["29 psi"], "bar"),
    ("travel time from km and km/h", ["210 km at 70 km/h"], "3 h"),
    ("travel time from km and km/h", ["45 miles at 60 mph"], "45 min"),
    ("litres and gallons", ["4 tins of 2.5 l in gallons"], "2.64"),
    ("body height, cm and feet", ["6' tall"], "182.88 cm"),
    ("body height, cm and feet", ["1m75"], "5 ft 8.9"),
    ("斤两换成克", ["三两半"], "175 g"),
    (TAILOR, ["7.5 x 9 英寸的布，厘米"], "19.05 cm"),
    (TAILOR, ["30到32英寸"], "81.28"),
    (TAILOR, ["4英寸", "那6.5呢"], "16.51"),
    (TAILOR, ["4英寸", "五个呢"], "50.8"),
    ("公制單位互轉", ["3.2公頃等於幾平方公尺"], "32000"),
    ("公制單位互轉", ["3.2公頃等於幾平方公尺", "那0.5公頃呢"], "5000"),
    ("温度换算", ["攝氏25度是華氏幾度"], "77"),
    ("温度换算", ["攝氏25度是華氏幾度", "那個再轉成開爾文"], "298.15"),
    ("压力换算", ["３个大气压是多少kPa"], "303.975"),
]
NOT_ANSWERED: list[tuple[str, list[str]]] = [
    (JAM, ["2 cups plus 3 oz in ml"]),
    (LINE, ["how long at 40 Mbps"]),
    (LINE, ["3 GB and 40 Mbps"]),
    ("temperatures C and F", ["20 C + 5 C in F"]),
    ("temperatures C and F", ["4 C warmer than 12 C in F"]),
    (FRAMES, ["2x4 in mm"]),
    ("energy units", ["5.000 kcal in kJ"]),
]


@pytest.mark.parametrize(("requirement", "prompts", "expected"), CONVERSATIONS)
def test_the_quantity_that_is_meant_is_converted(requirement: str, prompts: list[str], expected: str) -> None:
    answer, worked_out = talk(requirement, prompts)

    assert worked_out
    assert expected in answer


@pytest.mark.parametrize(("requirement", "prompts"), NOT_ANSWERED)
def test_a_quantity_that_may_be_several_is_asked_back(requirement: str, prompts: list[str]) -> None:
    answer, worked_out = talk(requirement, prompts)

    assert answer
    assert not worked_out
