"""Quantities that are told: pairs, working time, pay and bills, lengths by lengths, recipes for other numbers."""

from datetime import date

import pytest
from tests.support.offline_talks import asked

from nexus_offline_builder.package.tools.contract import Question
from nexus_offline_builder.package.tools.told_money import told_lines

PAIRS = {
    "old value -> new value, percentage change": [
        ("240 -> 300", "25%"),
        ("1'450 -> 1'160", "20%"),
        (".4 -> .7", "75%"),
        ("2.400,00 -> 3.000,00", "25%"),
        ("12k -> 15k", "25%"),
        ("48 200 -> 53 020", "10%"),
        ("240 300", "25%"),
        ("80 then 60", "25%"),
        ("from 50 to 45", "10%"),
        ("to 45 from 50", "10%"),
        ("up to 330 from 300", "10%"),
        ("240 -> 300 // and the other way round?", "20%"),
        ("240 -> 300 // and back?", "20%"),
        ("240 -> 300 // reverse", "20%"),
        ("240 -> 300 // and to 360?", "50%"),
        ("240 -> 300 // from 200?", "50%"),
        ("240 -> 300 // and back // and back again", "25%"),
        ("1.340 -> 985", "26.49"),
        ("€1,280.00 → €960", "25%"),
        ("1,340 -> 1,206", "10%"),
        ("3,5 -> 2,8", "20%"),
        ("1.250 => 1.500", "20%"),
    ],
    "percent up or down compared with last year": [
        ("last year 48,200 this year 53,020", "10%"),
        ("this year 330, last year 300", "10%"),
        ("330 this year, 300 last year", "10%"),
        ("300 last year and 330 this year", "10%"),
        ("visitors 1.340 -> 1.206", "-10"),
        ("we had 80 guests last year, now 100", "25%"),
        ("310 now, was 250", "24%"),
        ("310, up from 250", "24%"),
        ("310 compared with 250 last year", "24%"),
        ("2024: 250, 2025: 310", "24%"),
        ("250 in 2024, 310 in 2025", "24%"),
        ("turnover was 12'000 and is 15'000", "25%"),
        ("last year 200 this year 250 // and if it was 125 last year?", "100%"),
        ("from 250 to 310", "24%"),
        ("from 250 to 310 // and back from 310 to 250?", "19.35"),
        ("members 120 -> 150, how many percent up?", "25%"),
    ],
    "去年和今年的数字，算增长百分比": [
        ("去年400，今年500", "25%"),
        ("今年500，去年400", "25%"),
        ("从80涨到100", "25"),
        ("去年400，今年500 // 反过来呢", "20%"),
        ("400 -> 300", "25%"),
        ("上个月1200，这个月1500", "25%"),
        ("１２００到１５００", "25"),
        ("100万到120万", "20"),
        ("400 -> 500 // 那到600呢", "50%"),
        ("三百到三百六", "20"),
    ],
    "tell me how many percent my club's membership grew or shrank": [
        ("180 before, 207 after", "15%"),
        ("it was 207 and is 180 now", "13.04"),
        ("207 members now, 180 last year", "15%"),
        ("180 to 207", "15%"),
        ("last season 90, this season 72", "-20"),
        ("old 90 new 72", "-20"),
        ("new 72 old 90", "-20"),
        ("membrs 180 > 207", "15%"),
    ],
    "percentages for my shop": [
        ("17 of 68, what share", "25%"),
        ("we sold 18 of 72 cakes before noon, what share is that?", "25%"),
        ("12 out of 48", "25"),
        ("of 80 guests 20 are vegetarian, what percent?", "25%"),
        ("what share is 30 out of 120?", "25%"),
        ("what percentage of 120 is 30", "25"),
        ("68个卖了17个，占百分之几", "25"),
        ("30 people in total, 6 are kids, what share", "20%"),
        ("6 kids, total 30, what percentage", "20%"),
        ("17/68", "25"),
        ("3 of our 12 bikes are broken - what proportion?", "25%"),
        ("20 percent of 68", "13.6"),
        ("15% of 80", "12"),
        ("19 from 76 in percent", "25"),
    ],
}
HOURS = {
    "I'm doing the timesheets for our helpers. Something that adds hours and minutes and tells me decimal hours.": [
        ("started 7:50 finished 16:20, half an hour break", "8 h 0"),
        ("started 8:45 finished 17:10, half an hour break", "7 h 55"),
        ("3h20 + 4h55 + 2h10", "10 h 25"),
        ("3h20 + 4h55 + 2h10 // and times 18.50 an hour?", "192.7"),
        ("2 h 45 min and 3 h 30 min and 50 min", "7 h 5 "),
        ("1:45 + 2:50", "4 h 35"),
        ("7:30, 8:15, 6:50", "22 h 35"),
        ("Mon 7:30 Tue 8:15 Wed 6:50", "22 h 35"),
        ("3 hours 20 minutes plus 1 hour 50 minutes", "5 h 10"),
        ("7h45", "7.75"),
        ("6:20", "6.33"),
        ("5 hrs 20 mins in decimal", "5.33"),
        ("2.5 h + 45 min", "3 h 15"),
        ("8h15 - 45 min", "7 h 30"),
        ("5 x 7h36", "38 h 0"),
        ("7h36 x 5", "38 h 0"),
        ("7:36 x 5 days", "38 h 0"),
        ("4h30 + 3h15 // minus 30 min", "7 h 15"),
        ("4h30 + 3h15 // and another 2h05", "9 h 50"),
        ("an hour and a half plus 45 min", "2 h 15"),
        ("9h12 at 14.20", "130.64"),
        ("half an hour + 2h 40", "3 h 10"),
        ("8:30 to 17:00 minus 45 min lunch // and times 20 an hour", "155"),
        ("8.30 to 12.15 and 13.00 to 16.45", "7 h 30"),
        ("Anna 3h20, Ben 4h10", "7 h 30"),
        ("7h45 x 12.60 eur per hour", "97.65"),
    ],
    "hours worked from start and finish time less the break, then times the hourly wage": [
        ("8:45 - 17:10, 30 min break, 15.50/h", "122.71"),
        ("from 9am to 5:30pm less 45 minutes", "7 h 45"),
        ("22:00 to 6:00", "8 h 0"),
        ("9 to 5", "8 h 0"),
        ("9-17:30 with 1 hour lunch", "7 h 30"),
        ("in 07:55 out 16:25 break 35 min", "7 h 55"),
        ("0800-1630, 30 min lunch", "8 h 0"),
        ("i began at 6:15 and stopped at 14:45, 20 minutes break", "8 h 10"),
        ("8:00 to 16:30 // minus half an hour lunch", "8 h 0"),
        ("8:00 to 16:30 less 30 min // and if she left at 17:15?", "8 h 45"),
        ("8:00 to 16:30 less 30 min // at 16 an hour", "128"),
        ("8:00 to 16:30 less 30 min // for 5 days", "40 h"),
        ("8:00-12:00 and 13:00-17:15", "8 h 15"),
        ("8h at 16.50", "132"),
        ("38.5 hours at 16.20", "623.7"),
        ("between 8:45 and 17:10", "8 h 25"),
        ("8 to 4:30 with a 45 minute break", "7 h 45"),
        ("7 am till 3.30 pm", "8 h 30"),
        ("noon to 8:30pm", "8 h 30"),
        ("quarter of an hour break, 8:00 until 14:00", "5 h 45"),
    ],
    "算工时：上班下班时间减去休息，再乘时薪": [
        ("8:45到17:10，休息半小时", "7 小时 55"),
        ("上午9点到下午6点，午休一小时", "8 小时 0"),
        ("上班8点半，下班17点45分，休息45分钟", "8 小时 30"),
        ("8:30到17:30，休息一个半小时 // 时薪22元", "165"),
        ("3小时20分钟加4小时55分", "8 小时 15"),
        ("两个半小时加45分钟", "3 小时 15"),
        ("晚上10点到早上6点", "8 小时 0"),
        ("8:45-17:10 休息30分钟 每小时20元", "158.33"),
        ("九点到十七点半减一小时", "7 小时 30"),
    ],
}
MONEY = {
    "bill + tip % -> what each person pays": [
        ("86.40, 15%, 4 ppl", "24.84"),
        ("15% 86.40 4 people", "24.84"),
        ("4 people, 86.40, 15%", "24.84"),
        ("120 10% 3", "44"),
        ("bill 74.50 tip 20% 2 people", "44.7"),
        ("bill 74.50 tip 20% 2 people // oh wait Sam joins us, so 3 // and with only 10% tip", "27.3"),
        ("60, 10%, 3 people // two more people join", "13.2"),
        ("60, 10%, 3 people // make it 20%", "24"),
        ("60, 10%, 3 people // bill was 66 actually", "24.2"),
        ("60, 10%, 3 people // no tip", "20"),
        ("60, 10%, 3 people // we are 4", "16.5"),
        ("60, 10%, 3 people // Anna joins", "16.5"),
        ("€48.60 / 12% / 6 pax", "9.072"),
        ("tip 15, 90 dollars, split by 3", "34.5"),
        ("$52.80 18% for two people", "31.15"),
        ("48,60 12% 6 friends", "9.072"),
        ("15% of 80", "12"),
    ],
    "吃饭AA，账单加小费算每人付多少": [
        ("账单320，小费10%，4人", "88"),
        ("账单320，小费10%，4人 // 那5个人呢", "70.4"),
        ("账单320，小费10%，4人 // 小费15%呢", "92"),
        ("三百块，小费百分之十，五个人", "66"),
    ],
    "pay calculations for my staff (hours x rate, raises in %, yearly/monthly)": [
        ("overtime 6 hrs at time and a half, normal rate 16.80", "151.2"),
        ("46.800,00 a year, how much per month // and if we pay it in 13 salaries?", "3600"),
        ("Her salary is 2,850.00 and gets a 3.5% raise, new salary?", "2949.75"),
        ("Tom earns 2'400 and gets 5% more", "2520"),
        ("3 hours overtime at double time, 15 an hour", "90"),
        ("40 hours at 15 plus 5 hours overtime at time and a half", "712.5"),
        ("3100 a month, what is that a year", "37200"),
        ("36,000 per year in 12 salaries", "3000"),
        ("42,000 a year paid in 14 salaries, how much each?", "3000"),
        ("3000 per month, 13 salaries, yearly?", "39000"),
        ("2.5% raise on 3,200", "3280"),
        ("overtime 4 hours 1.5x, rate 20", "120"),
        ("8 overtime hours at 25% extra, 16 an hour", "160"),
        ("38 hours at 18.50", "703"),
        ("wage 15.20/h up 3%", "15.656"),
        ("rise 3% , pay 2000", "2060"),
    ],
    "帮我算员工工资、加班费、涨薪": [
        ("月薪8000，涨5%", "8400"),
        ("加班6小时，1.5倍，时薪30元", "270"),
        ("年薪120000，每月多少", "10000"),
        ("加班4小时双倍，每小时25元", "200"),
    ],
    "VAT for my bakery, from net to gross and back again": [
        ("loaf is 3.40 net, vat 7%", "3.638"),
        ("net 1'250 at 8.1% // and at 2.6%?", "1282.5"),
        ("119 gross, 19%", "100"),
        ("gross 214, vat 7%", "200"),
        ("100 net at 19%", "119"),
        ("cake 25 incl. vat 7%", "23.36"),
        ("50 excl vat 19%", "59.5"),
        ("50 net 10% // and 80 net?", "88"),
        ("what is the net of 119 at 19%", "100"),
        ("what's gross for 200 at 7%", "214"),
        ("1.190,00 brutto, 19 %", "1000"),
        ("不含税100，税率13%", "113"),
        ("113 gross 13% vat, how much vat is in it", "13"),
        ("net price 80, 20% vat", "96"),
    ],
}
SIDES = {
    "job site calculator. plain sums, fractions, + VAT": [
        ("6 x 4 x .15", "3.6"),
        ("6 by 4 by .15", "3.6"),
        ("5 x .5", "2.5"),
        ("2.5 × 1.2", "3"),
        (".25 x 8 x 3", "6"),
        ("12 by 8", "96"),
        ("3.6m x 2.4m", "8.64"),
        ("4 m by 3 m by .1 m", "1.2"),
        ("2,5 x 1,2", "3"),
        ("10x10", "100"),
        ("6 X 4 X 0.15", "3.6"),
        ("4m x 60cm", "2.4"),
        ("slab 6 x 4 x .15", "3.6"),
        ("3 x 4 + 2", "14"),
        ("1/2 x 3/4", "0.375"),
        ("two by four", "8"),
        ("6 by 4", "24"),
        ("divide 6 by 4", "1.5"),
    ],
    "discounts for my shop, several items": [
        ("3 shirts at 19.90 and 2 jeans at 49, 20% off", "126.16"),
        ("2 caps 12.50 each, 10% discount", "22.5"),
        ("4 mugs at 7.50 with 15% off", "25.5"),
        ("1 jacket at 80, 2 scarves at 15, 10% off the total", "99"),
    ],
    "门店打折算价，几折、满减都行": [
        ("三件，每件１２９，总价打85折", "328.95"),
        ("2件每件99，打8折", "158.4"),
        ("两条裤子每条150，九折", "270"),
        ("5瓶，每瓶12元，打9折", "54"),
        ("原价80现价60，打了几折", "= 7.5"),
    ],
}
PROPORTIONS = {
    "scale recipes: i say for how many people it is and how many are coming": [
        ("recipe for 4: 350 g flour. need for 10", "875"),
        ("for 6 person 1 1/2 litre stock, i have 14 guest", "3.5"),
        ("Serves 8 -> serves 3: 600 g beef, 240 ml wine", "225 & 90"),
        ("2/3 cup sugar for 12 muffins, i make 30 // and this in ml?", "394"),
        ("serves 4, 200 g rice, 3 eggs; we are 6", "300 & 4.5"),
        ("500 g mince for 4 people, cooking for 7", "875"),
        ("need it for 9, recipe serves 6: 450 ml milk", "675"),
        ("makes 12 cookies: 150g butter, 90 g sugar. I want 40 cookies", "500 & 300"),
        ("how much flour for 10 if 350g is for 4", "875"),
        ("250 g pasta serves 2. 5 people?", "625"),
        ("flour 500 g, yeast 7 g, for 2 loaves. I bake 5 loaves", "1250 & 17.5"),
        ("double: 250 g flour, 2 eggs", "500 g & 4 eggs"),
        ("half the recipe: 300 g sugar, 4 eggs", "150 & 2 eggs"),
        ("recipe for 4: 350 g flour. need for 10 // and 2 eggs?", "5 eggs"),
        ("recipe for 4: 300 g flour. need for 10 // what about 6?", "450"),
        ("recipe for 4: 300 g flour. need for 10 // and for 2 people", "150"),
        ("for 6: 1.2 l stock, need 9 // in ml", "1800"),
        ("Serves 4. 1/2 cup oil, 1 cup sugar. For 6", "0.75 cup & 1.5 cup"),
        ("three litres of paint for 24 m2, how much for 60 m2?", "7.5"),
        ("bake 20 minutes at 180 degrees, for 4: 200 g rice, need 6", "300"),
        ("for four people two eggs and half a litre of milk, we are ten", "5 egg & 1.25"),
        ("1,5 l soup for 6 ppl, 15 ppl coming", "3.75"),
        ("recipe 10 portions 2 kg potatoes -> 25 portions", "5 kg"),
        ("12 pancakes: 300 ml milk; 20 pancakes?", "500"),
    ],
    "按人数放大配方用量": [
        ("4人份面粉350克，10人要多少", "875"),
        ("6人份：牛肉600克，土豆450克，现在8人", "800 & 600"),
        ("2人份用3个鸡蛋，6个人要几个", "9"),
        ("4人份面粉300克，10人要多少 // 那6人呢", "450"),
        ("配方8份需要糖200克，做20份", "500"),
        ("原来4人份，盐10克，改成6人份", "15"),
    ],
    "I cook for a scout camp and must make recipes larger for the number of kids": [
        ("stew for 5 uses 800 g beef, 55 kids", "8800"),
    ],
    "rule of three helper": [
        ("3 bags cover 12 m2, need for 20 m2", "5"),
    ],
}
NOT_ANSWERED = {
    "old value -> new value, percentage change": [
        "0 -> 5",
    ],
    "percentages for my shop": [
        "17 of 68 did not come, what share came?",
    ],
    "I'm doing the timesheets for our helpers. Something that adds hours and minutes and tells me decimal hours.": [
        "3 h 20 in seconds",
    ],
    "hours worked from start and finish time less the break, then times the hourly wage": [
        "17:10 8:45 off",
    ],
    "pay calculations for my staff (hours x rate, raises in %, yearly/monthly)": [
        "raise of 4 %, how much does Dennis get then?",
        "overtime 6 hours at time and a half",
        "Maria gets a raise",
    ],
    "scale recipes: i say for how many people it is and how many are coming": [
        "350 g flour for 4",
    ],
    "percentage change calculator": [
        "5 people 3 apples",
        "rent 900, now 950, deposit 1800",
        "price rose by 20 to 120",
        "price rose from 100 by 20",
        "12.5% -> 15%",
        "minus 5 to 10",
    ],
    "percent of things for a teacher: points of total": [
        "the class has 30 kids, 3 are ill, share?",
        "18 of 24 and 20 of 25",
    ],
    "wages: hours times rate, overtime": [
        "7.45 hours",
        "worked 42 hours, 2 overtime at time and a half, 15 an hour",
        "5h 30 at 10 and 2h at 12",
    ],
    "restaurant bill splitter, tip included": [
        "90, 3 people, tip 5 euro",
        "90, 10%, 3 people // Tom and Ann join",
        "90 10% 3 people, kids free",
    ],
    "recipe scaler": [
        "for 4: 350 g flour",
        "350 g flour",
        "for 4, 200 g rice; 6 people but 2 are kids",
        "serves 4-6: 300 g rice, need 10",
        "oven 180 C 25 min for 8 instead of 4",
    ],
    "we calculate staff hours": [
        "8:00-16:30, 8:00-15:00, lunch 30 min each day",
    ],
}
ASKED = [
    (said, *one) for kind in (PAIRS, HOURS, MONEY, SIDES, PROPORTIONS) for said, cases in kind.items() for one in cases
]


def told_last(requirement: str, prompts: str) -> tuple[str, bool]:
    text, answered = asked(requirement, prompts.split(" // "))
    return text.replace(",", ""), answered


@pytest.mark.parametrize(("requirement", "prompts", "expected"), ASKED)
def test_what_is_told_is_worked_out(requirement: str, prompts: str, expected: str) -> None:
    text, _ = told_last(requirement, prompts)
    assert all(part in text for part in expected.split(" & ")), text


@pytest.mark.parametrize(
    ("requirement", "prompts"), [(said, one) for said, prompts in NOT_ANSWERED.items() for one in prompts]
)
def test_what_lacks_a_figure_or_has_two_readings_is_not_answered(requirement: str, prompts: str) -> None:
    text, answered = told_last(requirement, prompts)
    assert not answered, text


@pytest.mark.timeout(20)
def test_how_long_a_requirement_is_costs_a_prompt_nothing() -> None:
    """It was looked through from each of its places to its end."""
    question = Question("what is 6 * 7?", date(2026, 11, 30), requirement="calculator " * 5_000)
    assert told_lines(question) is None
