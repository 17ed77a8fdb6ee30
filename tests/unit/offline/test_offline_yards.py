"""Units and dates as people write them: labels, the other system of units, old units, later turns."""

import pytest
from tests.support.offline_talks import asked

ANSWERED = {
    "car diary. mpg is imperial gallons unless I write US! l/100km wanted": [
        ("30 mpg", "9.416"),
        ("30 US mpg", "7.84"),
    ],
    "film sticks: how many fit, GB and MB": [("16 GB stick, a clip has 750 MB. how many clips fit?", "21 full")],
    "count school days / working days, mon-fri": [("from Sat 5 Sep 2026 until Sun 13 Sep 2026", "5 weekdays")],
    "which weekday was it, for our family book. leap years too": [("5 May 1990", "Saturday")],
    "countdown for the choir: days until a date, weekday": [("on wich day of week is 5 June 2027", "Saturday")],
    "van: miles into km": [("120 mi one way", "193.1")],
    "waterfall gauges: cubic feet or cubic yards come in, I need cubic metres": [
        ("gauge 7: 2'400 cu ft", "67.96"),
        ("basin 2: 14 cu yd, basin 3: 90 ft3", "10.70 & 2.548"),
        ("outflow 12: 1 250 cu ft", "35.39"),
    ],
    "fire brigade. psi and bar, both direction": [
        ("pump 5: 88 psi, pump 6: 5.2 bar", "6.06 & 75.4"),
        ("engine 2 reads 9 bar", "130.5"),
    ],
    "scottish recipes, american measures into european ones (cups, tbsp, oz, oven heat)": [
        ("oven 400F", "204.4"),
        ("8 oz of oats", "226.7"),
    ],
    "curtains - yards and inches to metric": [("3 1/2 yd", "3.2004 m"), ("60 in drop", "152.4")],
    "英制<->公制换算（磅、英寸、英尺），给海外买家": [
        ("４０磅", "18.143"),
        ("9'3\" 的地毯有几米长", "2.819"),
    ],
    "old maps: chains, furlongs, rods into metres": [
        ("5 chains", "100.58"),
        ("12 rods along the hedge", "60.35"),
        ("3 furlongs 2 chains", "643.7"),
    ],
    "riding school: height of ponies in hands to cm": [("14 hands", "142.24"), ("13.2 hands", "137.16")],
    "firewood in cords, I think in m3": [("2.5 cords of oak", "9.06")],
    "纸箱体积：长x宽x高(厘米) → 立方米": [("50x40x30", "0.06 m³"), ("60x50x40，10箱", "1.2")],
    "my rota shows minutes only. I type minutes, I want hours and minutes. Now and then the other way also": [
        ("455", "7 h 35 min"),
        ("3h25 in minutes", "205 min"),
    ],
    "parcels, kilos into pounds": [("three boxes, 12 kg, 8.5 kg and 4 kg, total in pounds", "54.01")],
    "blood pressure mmHg <-> kPa": [("mine is 128/84 mmHg, both in kPa please", "17.0 & 11.1")],
    "labels: kJ into kcal": [("custard .6 MJ per pot how much kcal", "143.4")],
    "diesel: mpg to litres per 100 km and the other way round": [("54 litres for 900 km, what is that per 100?", "6")],
    "how old is somebody on a day, from the date of birth": [
        ("born 29 Feb 2012, how old on 28 Feb 2026", "13 years"),
        ("born 29 Feb 2012, how old on 1 Mar 2026", "14 years"),
    ],
    "office calendar: months after a date, last days, and so on": [
        ("one month after 30 January 2027", "2027-02-28"),
        ("rent notice: last day of the month before 9 May 2028", "2028-04-30"),
        ("first day of the month after 20 August 2027", "2027-09-01"),
    ],
    "days until a licence runs out, I paste the line": [
        ("valid_to=Jan 9 12:00:00 2027 GMT", "40 days"),
        ("expires 2027-01-09T08:30:00Z", "40 days"),
    ],
    "guesthouse: arrival and nights in, day of departure out": [
        ("the Novaks come Saturday 19 December 2026 and stay 12 nights, out when?", "2026-12-31"),
    ],
    "feeding plan: I give a day and an interval and it says when the next one is due": [
        ("filter changed today, next in 48 hours, which date", "2026-12-02"),
    ],
    "My oven card is in Fahrenheit; I type that and get Celsius": [
        ("set it to 375 for 20 min, later 300", "190.55 & 148.88")
    ],
    "my heights: stones, feet, cups, whatever into metric": [
        ("Dad is 12 stone 9 since Easter", "80.2"),
        ("how many teaspoons is 3/4 of a cup", "36"),
    ],
    "van fuel, mpg into l/100km": [("it does 31 mpg (UK, imperial gallons)", "9.11")],
    "minibus: miles to km, mpg to l/100km": [("64 miles", "102.9")],
    "card sizes GB MB": [("600 MB per hour x 5 hours", "3 GB"), ("4 hours at 250 MB per hour", "1 GB")],
    "dose per kg, ml per hour and such": [("12 mg per kg, the dog weighs 8.5 kg", "102 mg")],
    "floor plans, sides in feet, our catalogue is m² and our customers say square feet": [("30 x 50 ft tent", "139.3")],
    "秤重：斤、两、公斤、磅换成克": [
        ("核桃6两,另外再加2斤1两红枣,一共多少克", "1350 g"),
        ("有三件行李,3公斤、4公斤和5斤,一共多少克", "9500 g"),
    ],
    "厨房：1杯=200毫升，1汤匙(大匙)=18毫升": [("奶半杯再加2大匙,总共多少ml", "136 ml")],
    "帮我算工时和工资": [("周一4小时 周三6.5小时 周五8小时，总共", "18.5"), ("5.5小时 时薪30元 一共多少", "= 165")],
    "月末日期,做账用": [("2028年2月的最后一天是几号", "2028-02-29"), ("2027年9月底是几号", "2027-09-30")],
    "发票开出后第60天付款，我给发票日期": [("2026年10月5日", "2026-12-04"), ("2026-10-05", "2026-12-04")],
    "付款日是开票日期后第30天,如果落在周六或周日就顺延到下周一": [("2026年12月4日", "2027-01-04")],
    "Payroll runs on the last working day (Mon-Fri) of the month. I name a month.": [("March 2027", "2027-03-31")],
    "weekday of a date": [("Which weekday is the leap day in 2032", "Sunday")],
    "sailing: sea miles, knots, fathoms into metric": [
        ("9 fathoms", "16.4592 m"),
        ("14 nm", "25.928"),
        ("11 kn", "20.37"),
    ],
    "running: km, miles, and metres climbed to feet": [("21 km", "13.04"), ("640 m", "2099.7")],
    "helpdesk: GiB, TB, KiB to MB": [("backup: 2 TB, and the other 1 TiB", "2000000 MB & 1099511.627776 MB")],
    "newborns: pounds and ounces to kilos": [("6 lb 11", "3.033")],
    "mpg (US) to l/100km, my car log": [("what is 35 in l/100km", "6.72")],
    "平方英尺、平方米互换": [("80平", "861.1"), ("60㎡是多少平方英尺", "645.8")],
    "摄氏华氏互换，厨房用": [("华氏50", "10 °C")],
    "my shift: start, end, break": [("0730-1600 45min", "7 h 45 min"), ("21:00-5:00 break 30", "7 h 30 min")],
    "星期几，报日期": [("2028年劳动节", "星期一")],
    "密度、质量、体积互相算": [
        ("石头540克,体积200立方厘米,密度是?", "2.7 g/cm³"),
        ("油密度0.92g/cm³,2升多重", "1840 g"),
        ("木板密度0.5 g/cm³,重3公斤,体积多大", "6000 cm³"),
    ],
    "工作日推算，周一到周五": [("10个工作日内交稿,今天不算,最晚哪天?", "2026-12-14")],
    "Goats: kids come 150 days after covering. I give the day.": [("covered 20/08/2026, due when?", "2027-01-17")],
}
FOLLOWED = {
    "tanks: cubic feet to m3": [(["64 ft3", "in litres then"], "1812")],
    "mpg -> l/100km": [(["36 mpg us", "and if that was imperial gallons?"], "7.84")],
    "rental cars: MPG (US) to litres per 100 km or reverse": [(["25 mpg", "what if those were UK gallons"], "11.2")],
    "带宽换算，Mbps 和 MB/s 互转": [(["400Mbps", "按这个速度半小时能传多少GB"], "90 GB")],
    "i write how much kg per hectare and how big is the field, it say the total to buy": [
        (["160 kg/ha * 15 ha", "and in 40 kg bags"], "60")
    ],
    "四年级单位换算，斤、里、公顷": [(["9里是多少米", "合多少千米"], "4.5 km")],
    "van: miles to km": [(["52 km to miles", "and there and back?"], "64.6")],
    "leap years for the tests": [
        (["2300", "next one after that?"], "2304"),
        (["2096", "the next one?", "and after that?"], "2108"),
    ],
    "age today from a birthday, nothing more": [(["1988-03-02", "how old in 2040 on her birthday"], "52")],
    "温度：摄氏、华氏互换": [(["101.3℉是多少摄氏度", "后来降了0.5摄氏度,现在几度"], "38 °C")],
    "flats: sq ft -> m²": [(["500 sq ft", "at £12 per m² per month that makes?"], "557.4")],
    "van trips: miles to km and pence per km": [(["40 miles", "and at 0.25 per km?"], "16.09")],
    "两个日期相差多少天": [(["2026-03-01到2026-06-18", "折合几周零几天"], "15 周零 4 天")],
    "闰年查询": [(["今年之后第一个闰年是哪年", "再下一个呢"], "2032")],
    "hotel desk: nights between two dates": [
        (["in 2027-02-27, out 2027-03-05", "and the same dates a year later?"], "7 days"),
    ],
}
REFUSED = {
    "GiB -> GB": ["250 Mbit/s"],
    "kids' train tickets: how old on the day they travel": ["his birthday is 3 May, train 1 july 2027"],
    "Cellar book: gallons to litres, British and American ones; ask me which, no guessing": ["8 gallons in litres"],
    "温度换算，摄氏、华氏，没写单位就反问": ["上面写着200度,帮我转换"],
    "相差多少天": ["从我搬家到2026年12月31日多少天"],
    "Lease ends: I give a start and a number of months": ["eight months from the start please"],
    "包裹几天到，工作日计算": ["发货后三个工作日到,哪天能到"],
    "file sizes in weird units": ["take 500 kB in kB"],
}


@pytest.mark.parametrize(
    ("requirement", "prompt", "shown"),
    [(requirement, *case) for requirement, cases in ANSWERED.items() for case in cases],
)
def test_what_is_written_is_read(requirement: str, prompt: str, shown: str) -> None:
    text, _ = asked(requirement, [prompt])
    assert all(one in text for one in shown.split(" & ")), text


@pytest.mark.parametrize(
    ("requirement", "turns", "shown"),
    [(requirement, *case) for requirement, cases in FOLLOWED.items() for case in cases],
)
def test_a_later_turn_is_of_the_quantity_or_the_day_before(requirement: str, turns: list[str], shown: str) -> None:
    assert shown in asked(requirement, turns)[0]


@pytest.mark.parametrize(
    ("requirement", "prompt"), [(requirement, prompt) for requirement, prompts in REFUSED.items() for prompt in prompts]
)
def test_what_does_not_follow_is_refused(requirement: str, prompt: str) -> None:
    text, is_worked_out = asked(requirement, [prompt])
    assert not is_worked_out, text
