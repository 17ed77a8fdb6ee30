"""What people paste and ask: tables in their own words, amounts by name, lists of objects, lists that change."""

import pytest
from tests.support.offline_talks import asked

from nexus_offline_builder.requirement import matching_rules

JOBS = (
    "ticket\tdevice\thours\tparts\tstatus\n1041\tiPhone 12\t1.5\t89.90\tdone\n1042\tThinkPad\t3\t0\topen\n"
    "1043\tiPad\t0.75\t145.00\topen\n1044\tiPhone SE\t1\t49.50\tdone\n1045\tXbox\t2.25\t31.20\twaiting\n"
)
STAFF = (
    'Employee,Dept,Hours,Rate\n"Ng, Wei",Kitchen,38,15.50\nTomas,Floor,22.5,13\n'
    "Bea,Floor,30,13.25\nDirk,Kitchen,41,14\n"
)
ORDERS = (
    "order,date,city,amount,status\n1001,2026-10-03,Leeds,120.00,paid\n1002,2026-10-17,York,75.50,open\n"
    "1003,2026-11-02,Leeds,210.25,paid\n1004,2026-11-09,Hull,40.00,refunded\n1005,2026-11-20,York,99.99,open\n"
)
TILL = "Day;Till;Takings;Customers\nMon;A;412,50;38\nMon;B;298,00;21\nTue;A;501,25;44\nTue;B;;0\n"
CAFE = (
    "Item,Sold,Price,Category\nFlat white,48,3.20,drinks\nLatte,35,3.40,drinks\n"
    "Brownie,21,2.80,cakes\nSoup,,4.90,food\n"
)
STOCK = "SKU|Loc|Stock|Min\nA-1|R3|14|20\nA-2|R1|0|5\nB-7|R3|62|10\nC-9|R2|8|8\n"
GOODS = "品名,数量,单价,供应商\n土豆,40,2.5,老王\n西红柿,25,4,老李\n牛肉,12,38,老王\n"
HELPERS = "姓名\t班级\t次数\t时长\n陈静\t一班\t3\t4.5\n王磊\t二班\t5\t10\n李娜\t一班\t2\t3\n"
ROTA = "name\tday\thours\nJas\tFri\t7.5\nMo\tFri\t4\nJas\tSat\t9\nMo\tSat\t6.5\n"
MARKS = "Pupil,Maths,Reading\nAmy,71,88\nBil,64,\nChl,93,79\n"
SENSORS = (
    '[{"id":7,"city":"Lyon","temp":11.5,"ok":true},{"id":9,"city":"Oslo","temp":-3,"ok":false},'
    '{"id":12,"city":"Rome","temp":17,"ok":true}]'
)
MENU = (
    '{"菜单":[{"菜名":"鸡丁","价":32,"辣":true},{"菜名":"炒蛋","价":18,"辣":false}],'
    '"营业":{"开门":"10:00","关门":"22:30"}}'
)
SHOP = '{"menu":[{"item":"flat white","price":3.4},{"item":"iced tea","price":2.9}],"owner":{"name":"Priya"}}'
PALLETS = '{"load":[{"no":"P1","kg":412.5,"to":{"zip":"80-001"}},{"no":"P2","kg":null,"to":{"zip":"8010"}}]}'
TABLES = "i paste tables and ask about them"
NAMES = "names and amounts: total, who has most"
LISTS = "tidy my lists: alphabetical, no doubles"
JSON = "json in, value out"
ANSWERED = [
    (TABLES, [JOBS + "whats still open?"], ["1042", "1043"]),
    (TABLES, [JOBS + "total hours n parts"], ["8.5", "315.6"]),
    (TABLES, [JOBS + "which job took longest"], ["1042"]),
    (TABLES, [JOBS + "parts for the iphones"], ["139.4"]),
    (TABLES, [STAFF + "anyone over 40 hours?"], ["Dirk"]),
    (TABLES, [STAFF + "who works least"], ["Tomas"]),
    (TABLES, [STAFF + "hours of Wei Ng"], ["38"]),
    (TABLES, [STAFF + "whos rate is highest"], ["Wei"]),
    (TABLES, [STAFF + "list everyone alphabetically"], ["Bea, Floor"]),
    (TABLES, [ORDERS + "total amount", "just november", "and only paid ones"], ["210.25"]),
    (TABLES, [ORDERS + "which city has the highest total?", "how much was it"], ["330.25"]),
    (TABLES, [ORDERS + "what does the amount column come to?"], ["545.74"]),
    (TABLES, [TILL + "how much did till A make"], ["913.75"]),
    (TABLES, [TILL + "avg customers per row excluding the 0"], ["34.33"]),
    (TABLES, [CAFE + "best seller?"], ["Flat white"]),
    (TABLES, [CAFE + "what wasnt sold at all"], ["Soup"]),
    (TABLES, [CAFE + "which item sold best", "how many was that"], ["48"]),
    (TABLES, [STOCK + "whats out of stock"], ["A-2"]),
    (TABLES, [GOODS + "一共花了多少钱"], ["656"]),
    (TABLES, [GOODS + "单价低于3块的有几样"], ["1"]),
    (TABLES, [HELPERS + "谁时长最长"], ["王磊"]),
    (TABLES, [HELPERS + "有几个班"], ["2"]),
    (TABLES, ["姓名,目的地,人数\n王芳,桂林,12\n李强,三亚,4\n赵敏,桂林,14\n桂林一共多少人？"], ["26"]),
    (TABLES, ["姓名,目的地,人数\n王芳,桂林,12\n李强,三亚,4\n赵敏,桂林,14\n按目的地统计人数，麻烦了"], ["26", "4"]),
    (TABLES, [ROTA + "hours per person"], ["16.5", "10.5"]),
    (TABLES, [ROTA + "just saturday, total hours"], ["15.5"]),
    (TABLES, [MARKS + "Marks are out of 100. How many have less than 90 in Maths?"], ["2"]),
    (TABLES, [MARKS + "average reading, Bil was away so don't count him"], ["83.5"]),
    (TABLES, [MARKS + "average maths", "top 2 pupils in it?"], ["Chl", "Amy"]),
    (TABLES, ["who paid least, dear\nwho,town,paid in\nAl,Oslo,$80\nBo,Rome,\nCy,Rome,$75"], ["Cy"]),
    (NAMES, ["Ann: 3, Bob: 4.50, Cy: 12"], ["19.5"]),
    (NAMES, ["Ann 3, Bob 4.50, Cy 12 - who owes most?"], ["Cy"]),
    (NAMES, ["Ann: 3, Bob: 4.50, Cy: 12", "how many people"], ["3"]),
    (NAMES, ["Ann: 3, Bob: 4.50, Cy: 12", "what about Bob"], ["4.5"]),
    (NAMES, ["rent 900\ngas 74.20\nnet 39.99", "without rent"], ["114.19"]),
    ("名字和钱数，加总，看谁最多", ["小王 35，小李 42.5，小张 18", "平均每人多少"], ["31.83"]),
    ("i type items with qty and price, it adds up", ["milk 2 1.15\nbread 1 2.49\neggs 3 0.89"], ["7.46"]),
    ("i type items with qty and price, it adds up", ["2 x milk 1.15, bread 2.49, 3 eggs at .89"], ["7.46"]),
    (JSON, ["which are ok? " + SENSORS], ["Lyon", "Rome"]),
    (JSON, ["how many have ok true " + SENSORS], ["2"]),
    (JSON, ["all cities " + SENSORS], ["Oslo"]),
    (JSON, ["which city is coldest " + SENSORS], ["Oslo"]),
    (JSON, ["[0].temp " + SENSORS, "and [1]?"], ["-3"]),
    (JSON, ["[0].city " + SENSORS, "its id"], ["7"]),
    (JSON, ["sum of kg " + PALLETS], ["412.5"]),
    (JSON, ["zip of P2 " + PALLETS], ["8010"]),
    (JSON, ["menu[0].item and menu[1].price " + SHOP], ["flat white", "2.9"]),
    ("贴JSON，问什么答什么", ["关门时间 " + MENU], ["22:30"]),
    ("贴JSON，问什么答什么", ["鸡丁多少钱 " + MENU], ["32"]),
    ("贴JSON，问什么答什么", ["最便宜的菜 " + MENU], ["炒蛋"]),
    ("贴JSON，问什么答什么", ["哪些菜是辣的 " + MENU], ["鸡丁"]),
    ("贴JSON，问什么答什么", ["一共几道菜 " + MENU], ["2"]),
    ("贴JSON，问什么答什么", ['电话是多少 {"客户":{"姓名":"周婷","电话":"136"}}'], ["136"]),
    ("贴JSON，问什么答什么", ["菜单[0].价 " + MENU, "那菜单[1].价呢"], ["18"]),
    (LISTS, ["plum, apple, plum, fig", "add cherry"], ["apple, cherry, fig, plum"]),
    (LISTS, ["plum, apple, plum, fig", "take out fig"], ["apple, plum"]),
    (LISTS, ["plum, apple, plum, fig", "add kiwi", "the first 2 only"], ["apple, fig"]),
    (LISTS, ["plum, apple, plum, fig", "great, now sort that z-a"], ["plum, fig, apple"]),
    (LISTS, ["plum, apple, plum, fig", "other way round, z to a"], ["plum, fig, apple"]),
    (LISTS, ["plum, apple, plum, fig", "which one was double?"], ["plum: 2"]),
    (LISTS, ["number these: wash, cut, dry"], ["1. wash", "3. dry"]),
    (LISTS, ["how many different ones: Ann, Ben, Ann"], ["2"]),
    ("capitals or backwards", ["backwards: live", "and that in capitals"], ["EVIL"]),
    ("capitals or backwards", ["hot soup, upper"], ["HOT SOUP"]),
    ("capitals or backwards", ["the words in reverse order please: milk before tea"], ["tea before milk"]),
    ("count words and characters", ["characters with and without the spaces: to be or not"], ["12", "9"]),
    ("count words and characters", ["how often do i use the word tea in this: Tea or no tea"], ["2"]),
    ("pull out emails", ["a@x.example, b@y.example, a@x.example", "how many if u dont count doubles"], ["2"]),
    ("把电话和日期抠出来", ["张姐：12月5日晚上两桌，电话13911112222"], ["13911112222", "12月5日"]),
]
ASKED_BACK = [
    (TABLES, [ORDERS + "shipping cost total"]),
    (TABLES, [STAFF + "who drove the most"]),
    (TABLES, [ORDERS + "which teacher has the highest amount"]),
    (JSON, ["humidity in rome " + SENSORS]),
    (JSON, ["[3].city " + SENSORS]),
]
TOOLS = [
    ("salon: paste todays appointments, tell me how much each stylist brought in", "csv_totals"),
    ("membership list, who has paid, how much is outstanding", "csv_totals"),
    ("Agent for the price table. Questions like median, top 3, by stylist", "csv_totals"),
    ("psi <-> bar for the bike stand", "unit_conversion"),
    ("pay slip checker hours x rate plus overtime 1.5", "arithmetic"),
    ("clocking in and out times, minus breaks", "date_arithmetic"),
    ("预产期计算", "date_arithmetic"),
    ("abc order for my class names", "list_cleanup"),
    ("captions checker - how many words n which hashtags in it", "pattern_extraction"),
]


@pytest.mark.parametrize(("requirement", "prompts", "expected"), ANSWERED)
def test_what_is_pasted_is_answered(requirement: str, prompts: list[str], expected: list[str]) -> None:
    text, _ = asked(requirement, prompts)

    assert all(one.lower() in text.lower() for one in expected), text


@pytest.mark.parametrize(("requirement", "prompts"), ASKED_BACK)
def test_what_is_not_in_it_is_asked_back(requirement: str, prompts: list[str]) -> None:
    text, worked_out = asked(requirement, prompts)

    assert not worked_out, text


@pytest.mark.parametrize(("requirement", "tool"), TOOLS)
def test_a_job_described_calls_for_its_tool(requirement: str, tool: str) -> None:
    assert tool in [rule.name for rule in matching_rules(requirement)]


@pytest.mark.parametrize("requirement", ["passport photos: make background white", "把产品照片的背景去掉,换成白底"])
def test_pictures_are_out_of_reach(requirement: str) -> None:
    assert not matching_rules(requirement)
