"""Units, dates and times of day amid talk: what plays no part is left aside, what plays one is accounted for."""

import pytest
from tests.support.offline_talks import asked

TODAY = (2026, 11, 30)
ANSWERED = {
    "I write when my shift starts and ends and any break; you tell me the hours worked": [
        ("got in at half past seven, left at 4, lunch 12:00-12:30", "8 h 0 min"),
        ("Hi! Yesterday from 8:15 until 17:05, sat down for 20 minutes, boss was in a mood", "8 h 30 min"),
        ("began 6am, out by 2.30pm, didn't have a break", "8 h 30 min"),
        ("started 22:00 finished 06:15 with two 15 min breaks", "7 h 45 min"),
        ("Tue 9:00-17:30, Wed 9:00-13:15, no breaks at all", "12 h 45 min"),
        ("9:00-17:00 without lunch, as ever", "8 h 0 min"),
    ],
    "I give a time of day and how long something takes; tell me when it ends, or when to begin": [
        ("film starts 20:15 and is 2h 48 long, popcorn extra", "= 23:03"),
        ("guests come at 19:30, lasagne needs 50 minutes plus 15 min to rest. When do I start?", "= 18:25"),
        ("I have to be at the airport by 5:40, the drive is an hour and 20 minutes", "= 4:20"),
        ("coach departs 23:10, nine and a half hours, poor us", "= 8:40"),
        ("下午两点半出发，开车三小时二十分钟，几点到", "= 17:50"),
    ],
    "miles to km for my running club; a bare number is miles": [
        ("did 8 with Jo and 12.5 with the dogs this week", "8 mi = 12.87 & 20.1"),
        ("marathon 26.2 please", "42.16"),
        ("the long one was 18 miles, took 3 hours, my knees", "28.96 & not used: 3 h"),
    ],
    "My oven is in Fahrenheit, my cookbook in Celsius. I write the cookbook temperature, give me Fahrenheit.": [
        ("gran's pie wants 180 degrees for 40 minutes", "356 °F"),
        ("fan oven 160, top shelf", "320 °F"),
    ],
    "pounds to kilos for our luggage": [
        ("blue case 48 lbs, red one 51.5 lbs", "21.77 & 23.36"),
        ("three bags of 22 lb each, so heavy", "3 * 22 lb = 29.9"),
    ],
    "feet and metres, both ways": [
        ("Ella jumped 3.42 m!!! what is that in feet, grandpa asks", "11.22"),
        ("the shelf by the window is 6'4\" and I never liked it", "1.93"),
    ],
    "面积换算：平方米和亩": [("操场长90米宽60米，合多少亩", "8.1")],
    "kitchen cups to ml. 1 cup = 250 ml": [("2 1/2 cups of milk for the pudding", "625 ml")],
    "my van: mpg (UK gallons) to l/100km": [("it says 30 mpg, Dad does not believe it", "9.4")],
    "Hair appointments and such that come again: I give the start and the rhythm, you list dates": [
        ("every six weeks, last time was 20 November 2026 with Carla, when's the next?", "2027-01-01"),
        ("fortnightly from 4 Jan 2027, when is session number 5?", "2027-03-01"),
        ("bins every 2 weeks, put out Wed 9 December 2026. The next 3 dates after that?", "12-23 & 01-06 & 01-20"),
        ("choir weekly from 7 Jan 2027 until 28 Jan 2027, list please", "2027-01-07 & 2027-01-28"),
        ("cleaner every 4 weeks from 2027-01-29. which date is it in march", "2027-03-26"),
    ],
    "leap years, for my class": [
        ("which ones are between 2041 and 2055?", "2044, 2048, 2052"),
        ("whats the next leap year after 2096", "2104"),
        ("how many leap years from 1901 to 2000, both included", "25"),
        ("how many days had February in 1900? asking for Liam in 4b", "28 days"),
    ],
    "salary runs on the last working day of the month. I tell you the month and you tell me the date": [
        ("what about february, the boss asks", "2027-02-26"),
        ("May 2027", "2027-05-31"),
    ],
    "Rent is due on the last day of the month. I name a date, you tell me that last day and its weekday.": [
        ("12 Feb 2028, moving day", "2028-02-29"),
    ],
    "Visa lets me stay 90 days, the day of entry counts as day one. I give entry day, you give the last day": [
        ("entered on 5 January 2027 at Lisbon", "2027-04-04"),
    ],
    "We answer letters within 20 working days of receipt. I give the date, tell me the deadline.": [
        ("letter came in on Monday 2 November 2026, third one from the same chap", "2026-11-30"),
    ],
    "Wood shop: inches to millimetres, rounded to the nearest whole millimetre": [("shelf 23 1/4 wide", "~ 591")],
    "°F to °C, and back if I write C": [("it was 104 here yesterday", "40 °C"), ("she says 19C", "66.2 °F")],
    "美国菜谱换成克和毫升:1杯=240ml,1盎司=28克": [("奶酪8盎司,老婆要的", "224 g")],
    "The bin lorry comes on the first and third Tuesday of the month": [
        ("when in February 2027?", "2027-02-02 & 2027-02-16"),
    ],
    "date helper": [("when is she 5 days old, born 5 May 2026", "2026-05-10")],
    "算年龄周岁,我给生日": [("1990年5月20日,我二姨", "36 岁")],
    "里程和面积:里、公里、亩、公顷互换": [("一亩三分地是多少平方米", "866.66")],
    "Warranty is two years from purchase. Send me the purchase date, I get the expiry.": [
        ("bought the washing machine 12 March 2025 at that shop on the corner", "2027-03-12"),
        ("hi, it was the 3rd of May 2026, Tom's sure of it because of the parade", "2028-05-03"),
    ],
    "passport valid ten years minus one day": [("issued 4 April 2019", "2029-04-03")],
    "notice is three months to the end of the month. I say when the letter arrived": [
        ("letter arrived 14 January 2027, landlord grumbled", "2027-04-30"),
    ],
    "Invoices are due 14 days after the invoice date, if that is a weekend then the Monday after": [
        ("invoice from 5 December 2026 to Mrs Hall", "2026-12-21"),
        ("invoice from 3 December 2026 to Mrs Hall", "2026-12-17"),
    ],
    "合同到期日是签约日起满一年的前一天。我给签约日": [("2026年3月15日签的,和老王", "2027-03-14")],
    "我说一个日期,你告诉我是星期几。": [("1997年7月1日,香港回归那天", "星期二")],
    "screen time: hours and minutes": [("95 minutes a day for 7 days, how many minutes", "665 minutes")],
}
ASKED_BACK = {
    "hours worked from start and end, less the break": [
        "start 8:00, 30 min break",
        "8 to 5 with a lunch break",
        "9:00-17:00 lunch was paid, 30 min",
        "from 9 till late",
    ],
    "miles to km for my running club; a bare number is miles": [
        "3 laps of the lake",
        "not 5 miles but 6",
        "20 minutes on the treadmill",
    ],
    "体重公斤换斤": ["身高170"],
    "pounds to kilos for our luggage": ["the case is lighter than 40 lb", "48 lb in parsecs"],
    "Warranty is two years from purchase. Send me the purchase date, I get the expiry.": [
        "bought 2 Feb 2026, but the repair took 3 weeks",
        "either 3 May 2026 or 5 May 2026, I am not sure",
        "we bought two of them in spring",
        "03/04/2026",
    ],
}


@pytest.mark.parametrize(
    ("requirement", "prompt", "expected"), [(said, *one) for said, cases in ANSWERED.items() for one in cases]
)
def test_talk_beside_the_roles_is_left_aside(requirement: str, prompt: str, expected: str) -> None:
    text, answered = asked(requirement, [prompt], TODAY)
    assert answered, text
    assert all(part in text for part in expected.split(" & ")), text


@pytest.mark.parametrize(
    ("requirement", "prompt"), [(said, one) for said, prompts in ASKED_BACK.items() for one in prompts]
)
def test_what_plays_a_part_and_is_not_read_is_asked_back(requirement: str, prompt: str) -> None:
    text, answered = asked(requirement, [prompt], TODAY)
    assert not answered, text


def test_the_day_of_an_answer_is_what_the_next_turn_is_about() -> None:
    turns = ["bought it July 28, 2026 in a hurry", "which weekday is that?"]
    text, _ = asked("Warranty is 280 days from purchase. I send the date, you the expiry", turns, TODAY)
    assert "2027-05-04 is a Tuesday" in text
