"""Prompts that are read by what the requirement says the agent is for: its units, rate, period, order of dates."""

import pytest
from tests.support.offline_talks import asked

ANSWERED = {
    "yard helper: tyre gauge in psi or bar, other one wanted": [
        ("front 110psi rear 95psi", "7.58"),
        ("front 110psi rear 95psi", "6.55"),
        ("left 32 psi, right 2.4 bar", "34.81"),
    ],
    "pounds and ounces out of the old cookbook into grams": [
        ("5 1/2 oz butter, 3/4 lb sugar", "155.9"),
        ("5 1/2 oz butter, 3/4 lb sugar", "340.19"),
    ],
    "lbs -> kg, drivers send me all kinds of numbers": [
        ("2x40lb n 3x50lb, total kg pls", "104.33"),
        ("four 35lb plates plus a 45 lb bar, whats that all together", "83.91"),
        ("3 boxes at 22 lb each", "29.94"),
        ("44lb // n in oz?", "704 oz"),
        ("220 lb // 80 percent of it for warm up", "79.83"),
    ],
    "cbm bot. carton l x w x h n qty, i want m3": [
        ("60x40x30cm, 20 ctns", "1.44 m³"),
        ("1.2m x 0.8m x 1500mm one pallet", "1.44 m³"),
        ("0.5m x 0.4m x 0.3m // x 50", "= 3 m³"),
    ],
    "Diesel of my van: I say litres and km, it says litres per 100 km": [
        ("48,6 l on 600 km", "8.1 l/100km"),
        ("1.250 km with 100,5 litre", "8.04 l/100km"),
        ("45 l on 600 km // and in mpg?", "31.36"),
    ],
    "Unit price for the shelf label: Euro per kg or per litre": [
        ("2,49 € 400 g", "6.225 €/kg"),
        ("Honey 7,80 / 0,5 kg", "15.6 €/kg"),
        ("350 ml for 4,20 €", "12 €/l"),
    ],
    "oven temps F -> C pls": [
        ("start at 425F then turn down to 350F", "218.33"),
        ("350", "(176.67)"),
        ("400 °F // take 20 off that for the fan oven", "184.44"),
    ],
    "net to gross, 21% vat unless I tell you another rate": [
        ("1'000 net", "= 1210"),
        ("1.234,50 € net", "= 1493.745"),
        ("gross 242, net?", "= 200"),
        ("640 net // same w 9%", "= 697.6"),
    ],
    "Gross price in, out comes net and the VAT which is inside (20%, but sometimes 10 %, then I say it)": [
        ("1.800,00", "= 1500"),
        ("1.800,00", "= 300"),
        ("gross 5,50 with 10 %, is food", "= 5"),
    ],
    "6%增值税，给不含税金额，出税额和价税合计": [
        ("8,650.00", "= 519"),
        ("单价 12.8 元，一共250个", "= 3392"),
        ("4200 // 合计再让5%是多少", "= 4229.4"),
    ],
    "含税价和不含税价互算，默认税率13%": [("不含税1,200元 // 税率改成9%呢", "= 1308")],
    "diesel surcharge: freight price in, price + 8.5% out": [
        ("480eur", "= 520.8"),
        ("$760 but take 9%", "= 828.4"),
        ("lane A 300, lane B 640", "= 325.5"),
        ("lane A 300, lane B 640", "= 694.4"),
        ("two trips at 310", "= 672.7"),
    ],
    "Sale! regular price and percent -> what the customer has to pay": [
        ("250 € first 20% and then another 10% on it", "= 180"),
        ("50 € -30% // and if she takes three of it?", "= 105"),
    ],
    "trade discount from the list price, thereafter GST, final payable in rupees": [
        ("List price Rs. 12,500.00, discount 8%, thereafter GST 18%. Kindly tell final payable.", "= 13570"),
    ],
    "采购比价助手：按“几折”“满减”计算实付金额": [
        ("天平原价 1,280 元，打八五折，实付多少？", "= 1088"),
        ("每满300减50，购物 728 元，应付？", "= 628"),
    ],
    "countdown for term dates: days, weeks, school days": [
        ("mon-fri days from 1 mar 2027 to 31 mar 2027 both incl", "23 weekdays"),
    ],
    "算转正日期：报上入职日期，试用期三个月": [
        ("2026/11/30", "2027-02-28"),
        ("2026-08-13 // 转正那天星期几", "星期五"),
    ],
    "which weekday? for planning the open sundays": [("24.12.2027 and 31.12.2028", "2028-12-31 (Sunday)")],
    "working days between two dates, both inclusive. dates dd-mm-yyyy": [
        ("Leave from 17-12-2026 till 05-01-2027, how many weekdays?", "14 weekdays"),
    ],
    "hours between two clock times for my crew, minus 30 min break": [("8:15 to 16:45", "= 8 hours")],
    "eta bot: pickup date + working days (mon-fri, no holidays) = delivery date": [
        ("2026-12-03, 5 days", "2026-12-10"),
        ("pickup 2026-11-24, 6 working days // n 2 more working days on top", "2026-12-04"),
    ],
    "两个日期之间有几个工作日，头尾两天都算": [("2026年12月1日至12月31日 // 每天8小时，一共多少小时", "= 184")],
    "财务分析用：计算预算执行率": [("预算 480,000，实际支出 366,000，执行率是多少？", "76.25%")],
}
NOT_ANSWERED = {
    "mats & flooring: square feet to square metres": ["40 ft"],
    "convert lbs into kg for my clients": ["5 ft 9"],
    "Diesel of my van: I say litres and km, it says litres per 100 km": ["tanked 38 litre"],
    "one rep max. formula: weight x (1 + reps/30), weight in kg": ["80 kg x 8"],
    "Sale! regular price and percent -> what the customer has to pay": ["with 12 % please"],
    "含税价和不含税价互算，默认税率13%": ["算一下这张发票的含税价"],
    "birthday of the child, the bot must say how old the child is": ["how old on 2027-09-01?"],
    "本实验室试剂开封后有效期管理：我提供开封日期与有效天数，推算到期日期": ["标准品开封后 60 天有效，哪天到期？"],
}


@pytest.mark.parametrize(
    ("requirement", "prompts", "expected"),
    [(said, prompt.split(" // "), expected) for said, cases in ANSWERED.items() for prompt, expected in cases],
)
def test_what_the_requirement_is_for_is_worked_out(requirement: str, prompts: list[str], expected: str) -> None:
    assert expected in asked(requirement, prompts)[0]


@pytest.mark.parametrize(
    ("requirement", "prompt"), [(said, prompt) for said, prompts in NOT_ANSWERED.items() for prompt in prompts]
)
def test_what_is_not_accounted_for_is_asked_back(requirement: str, prompt: str) -> None:
    assert not asked(requirement, [prompt])[1]
