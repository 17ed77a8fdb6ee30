"""Tables asked in words that all count, texts and lists that are asked on about, and what a requirement is for."""

import re

import pytest
from tests.support.offline_talks import asked

from nexus_offline_builder.requirement import matching_rules

PODS = (
    "date,driver,parcels,signed\n"
    '2026-11-02,"Roe, Kim",14,yes\n'
    "2026-11-02,Abel,9,no\n"
    '2026-11-03,"Roe, Kim",,yes\n'
    "2026-11-04,Abel,22,yes\n"
    "2026-12-01,Cho,5,\n"
)
TXT = "ticket;prio;team;state\n101;high;net;open\n102;low;web;closed\n103;high;web;open\n104;mid;net;\n"
STOCK = (
    "Art.\tBin\tPieces\tPrice each\n"
    "M4 bolt\tA1\t1200\t€0.05\n"
    "M6 bolt\tA1\t350\t€0.11\n"
    "hinge\tB2\t\t€2.40\n"
    "lock\tC9\t14\t€17.90\n"
)
ZH = (
    "姓名,部门,加班小时,日期\n"
    "王芳,装配,12.5,2026-11-03\n"
    "李强,质检,8,2026-11-04\n"
    "赵磊,装配,20,2026-11-10\n"
    "陈静,仓库,,2026-12-01\n"
)
DE = (
    "Datum;Artikel;Menge;Umsatz\n"
    "02.11.2026;Kanne;3;119,70\n"
    '03.11.2026;"Kerze; rot";12;95,40\n'
    "03.11.2026;Kanne;1;39,90\n"
    "05.12.2026;Seife;20;1.077,80\n"
)
GYM = (
    "Member\tPlan\tMonthly fee\tVisits\n"
    "Jill A.\tGold\t$59.00\t11\n"
    "Pavel K.\tBasic\t$24.50\t3\n"
    "Sun Park\tGold\t$59.00\t19\n"
    "Alex Roe\tStudent\t$18.75\t14\n"
)
ANSWERED: list[tuple[list[str], list[str]]] = [
    ([PODS + "rows per driver"], ["roe, kim", "2", "cho"]),
    ([PODS + "how many per driver?"], ["kim", "abel"]),
    ([PODS + "how many signed = yes"], ["3"]),
    ([PODS + "how many not signed?"], ["2 rows"]),
    ([PODS + "count of signed=no"], ["1"]),
    ([PODS + "total parcels abel"], ["31"]),
    ([PODS + "parcels total without abel"], ["19"]),
    ([PODS + "all except Cho: total parcels"], ["45"]),
    ([PODS + "who had the most parcels in one go"], ["abel", "22"]),
    ([PODS + "which driver has most parcels in total"], ["abel", "31"]),
    ([PODS + "avg parcels, empty ones dont count"], ["12.5"]),
    ([PODS + "parcels on 2 nov"], ["23"]),
    ([PODS + "parcels in november"], ["45"]),
    ([PODS + "per month"], ["45", "5"]),
    ([PODS + "which rows have no parcels number"], ["kim"]),
    ([PODS + "sort by parcels, biggest first"], ["abel, 22"]),
    ([PODS + "top 2 by parcels"], ["22", "14"]),
    ([PODS + "parcels over 10 only"], ["14", "22"]),
    ([PODS + "number of different drivers"], ["3"]),
    ([PODS + "list the drivers, each once"], ["abel", "cho", "kim"]),
    ([PODS + "total parcels and which driver has the most"], ["50", "abel"]),
    ([PODS + "max and min of parcels"], ["22", "5"]),
    ([PODS + "total parcels", "and per driver?"], ["31", "14"]),
    ([PODS + "total parcels", "only the signed ones"], ["36"]),
    ([PODS + "total parcels", "and without cho"], ["45"]),
    ([PODS + "total parcels", "just kim"], ["14"]),
    ([PODS + "how many rows", "how many of them signed yes?"], ["3"]),
    ([PODS + "parcels abel", "and cho?"], ["5"]),
    ([PODS + "who has the most parcels", "and the fewest?"], ["cho"]),
    ([PODS + "who has the most parcels", "on which date was that?"], ["2026-11-04"]),
    ([TXT + "count per prio"], ["high: 2", "low: 1"]),
    ([TXT + "how many are open"], ["2"]),
    ([TXT + "open tickets of team web"], ["103"]),
    ([TXT + "which tickets are high prio and open?"], ["101", "103"]),
    ([TXT + "tickets per team"], ["net: 2", "web: 2"]),
    ([TXT + "state missing?"], ["104"]),
    ([TXT + "how many high"], ["2"]),
    ([TXT + "how many closed", "n open?"], ["2"]),
    ([TXT + "list only ticket and team"], ["101, net"]),
    ([TXT + "sort by ticket descending"], ["104"]),
    ([STOCK + "how many pieces in bin A1"], ["1550"]),
    ([STOCK + "pieces in total"], ["1564"]),
    ([STOCK + "priciest thing?"], ["lock"]),
    ([STOCK + "cheapest?"], ["m4"]),
    ([STOCK + "what is below 100 pieces"], ["lock"]),
    ([STOCK + "price of the hinge"], ["2.4"]),
    ([STOCK + "where is the lock"], ["c9"]),
    ([STOCK + "which bin is the lock in"], ["c9"]),
    ([STOCK + "how many m6 bolts"], ["350"]),
    ([STOCK + "average price"], ["5.1"]),
    ([STOCK + "which 2 have the most pieces"], ["m4", "m6"]),
    ([STOCK + "median price each and which 2 have the most pieces?"], ["1.255", "m4", "m6"]),
    ([STOCK + "pieces per bin"], ["a1: 1550", "c9: 14"]),
    ([STOCK + "price of lock", "and where is it"], ["c9"]),
    ([ZH + "装配一共加班多少小时"], ["32.5"]),
    ([ZH + "平均每人加班几小时,空的不算"], ["13.5"]),
    ([ZH + "谁加班最多"], ["赵磊"]),
    ([ZH + "加班最少的是谁"], ["李强"]),
    ([ZH + "每个部门加班合计"], ["装配", "32.5", "8"]),
    ([ZH + "超过10小时的有哪些人"], ["王芳", "赵磊"]),
    ([ZH + "几个人没填加班小时"], ["1"]),
    ([ZH + "11月加班总数"], ["40.5"]),
    ([ZH + "各部门人数"], ["装配", "2"]),
    ([ZH + "按加班小时从多到少排"], ["赵磊"]),
    ([ZH + "加班前两名"], ["赵磊", "王芳"]),
    ([ZH + "加班总共多少小时", "那装配呢"], ["32.5"]),
    ([ZH + "谁加班最多", "他是哪个部门的"], ["装配"]),
    ([ZH + "一共几个部门"], ["3"]),
    ([DE + "sum of Umsatz please"], ["1332.8"]),
    ([DE + "sum of Umsatz please", "and only the Kanne?"], ["159.6"]),
    ([DE + "Umsatz per Artikel"], ["159.6", "95.4", "1077.8"]),
    ([DE + "Umsatz per month"], ["255", "1077.8"]),
    ([DE + "how many Kanne did I sell"], ["4"]),
    ([DE + "best Artikel by Umsatz"], ["seife"]),
    ([DE + "on which day was the biggest Umsatz"], ["05.12.2026"]),
    ([DE + "Summe Umsatz"], ["1332.8"]),
    ([DE + "average Menge"], ["9"]),
    ([DE + "Umsatz on 3 November"], ["135.3"]),
    ([GYM + "who came most often?"], ["sun park"]),
    ([GYM + "how much do all pay"], ["161.25"]),
    ([GYM + "gold members?"], ["jill", "sun"]),
    ([GYM + "how many gold"], ["2"]),
    ([GYM + "fees per plan"], ["118", "24.5"]),
    ([GYM + "visits of gold members together"], ["30"]),
    ([GYM + "average visits"], ["11.75"]),
    ([GYM + "anyone under 5 visits"], ["pavel"]),
    ([GYM + "who pays the least"], ["alex"]),
    ([GYM + "fee of Pavel"], ["24.5"]),
    ([GYM + "sort by visits"], ["pavel"]),
    ([GYM + "more than 10 visits, who?"], ["jill", "sun", "alex"]),
    ([GYM + "how many members have more than 10 visits"], ["3"]),
    ([GYM + "total visits excluding Basic"], ["44"]),
    ([GYM + "monthly income from gold"], ["118"]),
    ([GYM + "share of gold in the fees"], ["73"]),
]
NOT_ANSWERED: list[list[str]] = [
    [PODS + "total weight?"],
    [PODS + "average speed per driver"],
    [PODS + "how many parcels did Dana carry"],
    [TXT + "how many urgent"],
    [STOCK + "sum the supplier column"],
    [STOCK + "how many in bin D4"],
    [ZH + "工资总额"],
    [GYM + "and what is the age of Jill"],
]
OTHERS: list[tuple[str, list[str], list[str]]] = [
    (
        "pull emails out of messages",
        ["write a@b.org, c.d@mail.com and E@x.com", "only those ending with .com"],
        ["c.d@mail.com", "E@x.com"],
    ),
    (
        "pull emails out of messages",
        ["write a@b.org, c.d@mail.com and E@x.com", "just the .org ones"],
        ["(1): a@b.org"],
    ),
    ("pull emails out of messages", ["write a@b.org and E@x.com", "how many r that"], ["2"]),
    ("find numbers in notes", ["numbers in: dock 4, 33 pal, 1250kg", "sum of them"], ["1287"]),
    ("phone numbers out of mails", ["备用１３９１２３４５６７８"], ["13912345678"]),
    (
        "links out of texts",
        ["links in: https://a.example/x,下载http://b.example/y。"],
        ["https://a.example/x, http://b.example/y"],
    ),
    (
        "sort lists, remove doubles",
        ["remove doubles, keep order\nroom 12\nroom 9\nroom 12\nhall"],
        ["room 12\nroom 9\nhall"],
    ),
    ("sort lists, remove doubles", ["sort as numbers\n10\n9\n2\n100"], ["2\n9\n10\n100"]),
    ("sort lists, remove doubles", ["去重，保持原来的顺序：乙、甲、乙"], ["乙、甲"]),
    ("sort my grocery list and drop the doubles", ["figs\nale\nfigs"], ["ale\nfigs"]),
    ("text counts for my blog", ["which word do I use most in this: Tea first. Then tea, more tea"], ["tea (3)"]),
    (
        "text counts for my blog",
        ["lines and words in this?\nStir the pot.\nAdd stock, then rest."],
        ["words: 7", "lines: 2"],
    ),
    ("text counts for my blog", ["word count -> it ran without errors"], ["words: 4"]),
    (
        "json lookup",
        ['box.cups[2].size\n{"box":{"cups":[{"size":1},{"size":2},{"size":9}]}}', "same for cups[0]"],
        ["= 1"],
    ),
    ("text counts for my blog", ["chars in this w/o spaces: a bc d"], ["4"]),
    ("json lookup", ['[1].city in [{"city":"Rom"},{"city":"Ulm"}]', "and of the first one?"], ["Rom"]),
    ("json lookup", ['list every id\n{"rows":[{"id":"a1"},{"id":"b2"}]}', "how many ids?"], ["2"]),
    ("查JSON字段", ['箱[0].重量 在 {"箱":[{"重量":3.5},{"重量":8}]}', "箱[1].重量呢"], ["8"]),
    ("csv <-> json", ['[{"a":1,"b":null}] -> csv'], ["a,b\n1,"]),
    ("统计字数、行数", ["几行?\nGET\nPOST\nGET", "去掉重复的还剩几行"], ["2 个", "GET、POST"]),
]
UNCLEAR: list[tuple[str, list[str]]] = [
    ("json lookup", ['[7].name in [{"name":"x"},{"name":"y"}]']),
    ("phone numbers out of mails", ["合同 HT-2026-0117，签订 2026-11-09"]),
]
TOOLS: list[tuple[str, list[str]]] = [
    ("i dump my timesheet with tabs in and ask who worked most", ["csv_totals"]),
    (
        "Our stock list comes out of the ERP with semicolons. I want to ask it things like which bin has least",
        ["csv_totals"],
    ),
    ("questions about a table i copy out of google sheets", ["csv_totals"]),
    ("bank statement export, ask it for sums by category", ["csv_totals"]),
    ("ask my expense table", ["csv_totals"]),
    ("a thing that reads our order export and answers", ["csv_totals"]),
    ("delivery log -> how many per driver, which ones missing signature", ["csv_totals"]),
    ("paste grades w names, get avg n best", ["csv_totals"]),
    ("I paste rows from our till (date;product;qty;price) and then I have questions", ["csv_totals"]),
    ("the cash book from Excel, answer what I ask", ["csv_totals"]),
    ("Lagerliste with semicolon, who is low, what total", ["csv_totals"]),
    ("粘贴一段表格,问各种问题", ["csv_totals"]),
    ("把排班表贴给它,问谁上班最多", ["csv_totals"]),
    ("仓库出入库记录,按货品汇总", ["csv_totals"]),
    ("我有一份报名表,想问各组多少人", ["csv_totals"]),
    ("进货单贴进去,算总价,哪个最贵", ["csv_totals"]),
    ("race results sheet; top three, median time, who dropped out", ["csv_totals"]),
    ("survey answers in columns, count them per answer", ["csv_totals"]),
    ("sales rows: top sellers, monthly sums", ["csv_totals"]),
    ("who in my list of volunteers has no phone number (csv)", ["csv_totals"]),
    ("server inventory table, filter by site, sum ram", ["csv_totals"]),
    ("dig values out of api json", ["json_query"]),
    ("a bot that reads the json my app spits out", ["json_query"]),
    ("I get weather station json dumps, tell me field X", ["json_query"]),
    ("config json explorer", ["json_query"]),
    ("recipes exported as json: get me stuff out of it", ["json_query"]),
    ("取json里的值", ["json_query"]),
    ("接口返回的json太长了,帮我找字段", ["json_query"]),
    ("order json from the webshop, i ask for customer, items etc", ["json_query"]),
    ("json lookup for support tickets", ["json_query"]),
    ("csv to json and the other way round", ["csv_to_json", "json_to_csv"]),
    ("table <-> json", ["csv_to_json", "json_to_csv"]),
    ("turn csv into json, or json into csv, depending what i paste", ["csv_to_json", "json_to_csv"]),
    ("json csv converter both directions", ["csv_to_json", "json_to_csv"]),
    ("csv和json互转", ["csv_to_json", "json_to_csv"]),
    ("csv to json pls n back", ["csv_to_json", "json_to_csv"]),
    ("csv -> json & vice versa", ["csv_to_json", "json_to_csv"]),
    ("excel rows to json objects", ["csv_to_json"]),
    ("表格转json", ["csv_to_json"]),
    ("json数组变成csv", ["json_to_csv"]),
    ("flatten my json list to a spreadsheet", ["json_to_csv"]),
    ("how many words/characters/sentences is my blurb", ["text_statistics"]),
    ("text length check for sms (160 chars)", ["text_statistics"]),
    ("count stuff in texts: words, letters, lines", ["text_statistics"]),
    ("Essay helper. tells pupils length of essay in words and which word they repeat too much", ["text_statistics"]),
    ("how long is my caption", ["text_statistics"]),
    ("作文多少字,几句话,几段", ["text_statistics"]),
    ("数字数的小工具", ["text_statistics"]),
    ("帮我数一数稿子有多少字和多少个句子", ["text_statistics"]),
    ("通知写好之后看看多少字、几句，顺便名单去重", ["list_cleanup", "text_statistics"]),
    ("word count and also sort lists", ["list_cleanup", "text_statistics"]),
    ("guest names: sort, drop doubles, count", ["list_cleanup"]),
    ("alphabetise whatever i paste and kick duplicates", ["list_cleanup"]),
    ("sort my to-buy list a to z", ["list_cleanup"]),
    ("order the packing list alphabetically, no doubles", ["list_cleanup"]),
    ("shopping list sorter, removes doubles", ["list_cleanup"]),
    ("sort the grocery list", ["list_cleanup"]),
    ("名单按拼音排序,去重", ["list_cleanup"]),
    ("把清单里重复的删掉,再排序", ["list_cleanup"]),
    ("make text UPPER or lower or Title", ["text_changes"]),
    ("HEADLINE CASE bot", ["text_changes"]),
    ("reverse what i type", ["text_changes"]),
    ("caps lock fixer", ["text_changes"]),
    ("英文大小写转换", ["text_changes"]),
    ("write product names in all capitals", ["text_changes"]),
    ("slug maker for blog titles", ["text_changes"]),
    ("pull phone numbers n mails out of messages", ["pattern_extraction"]),
    ("find all urls in a chat log", ["pattern_extraction"]),
    ("whats in this msg: mails, links, phone nos, hashtags", ["pattern_extraction"]),
    ("从聊天记录里找出手机号和邮箱", ["pattern_extraction"]),
    ("提取文章里的链接", ["pattern_extraction"]),
    ("hashtag picker for insta captions", ["pattern_extraction"]),
    ("grab every amount mentioned in a letter", ["pattern_extraction"]),
    ("contact details out of email signatures", ["pattern_extraction"]),
    ("collects the tracking numbers and links people paste", ["pattern_extraction"]),
    ("kg<->lb for the gym", ["unit_conversion"]),
    ("cups to ml for baking", ["unit_conversion"]),
    ("how many days until x", ["date_arithmetic"]),
    ("due dates: invoice date + 30 days", ["date_arithmetic"]),
    ("split the bill with tip", ["arithmetic"]),
    ("percent off calculator", ["arithmetic"]),
    ("VAT 19% on top", ["arithmetic"]),
    ("scale my recipes from 4 to any number of people", ["proportion"]),
]
OUT_OF_REACH = [
    "book me a table at the pizzeria",
    "write birthday poems for staff",
    "translate menus to Chinese",
    "帮我订高铁票",
    "把图片里的背景去掉",
    "resize my product photos",
    "live dollar euro rate please",
    "send reminder mails to parents who did not pay",
    "where is truck 7 right now, gps",
    "写朋友圈文案",
    "call the supplier when stock is low",
    "current fuel prices near me",
    "summarise long articles",
    "who won the match yesterday",
    "design a logo for my cafe",
    "把会议录音转成文字",
    "今天股票涨了吗",
    "plan my trip to Rome",
    "make instagram captions that go viral",
    "identify the plant from a photo",
    "write my cv",
    "order toner when it runs out",
    "check whether the train is late",
    "screenshot of a till -> the numbers in it",
    "ping me when a server is down",
]


def _plain(text: str) -> str:
    return re.sub(r"(?<=\d),(?=\d{3})", "", text).lower()


@pytest.mark.parametrize(("prompts", "expected"), ANSWERED)
def test_a_request_of_which_every_word_is_read_is_answered(prompts: list[str], expected: list[str]) -> None:
    text, _ = asked("I paste tables and ask about them", prompts)
    assert [part for part in expected if part not in _plain(text)] == []


@pytest.mark.parametrize("prompts", NOT_ANSWERED)
def test_what_a_table_has_not_is_not_answered(prompts: list[str]) -> None:
    assert asked("I paste tables and ask about them", prompts)[1] is False


@pytest.mark.parametrize(("requirement", "prompts", "expected"), OTHERS)
def test_lists_texts_and_documents_are_asked_on_about(
    requirement: str, prompts: list[str], expected: list[str]
) -> None:
    text, _ = asked(requirement, prompts)
    assert [part for part in expected if part not in text] == []


@pytest.mark.parametrize(("requirement", "prompts"), UNCLEAR)
def test_what_is_not_there_is_not_made_up(requirement: str, prompts: list[str]) -> None:
    assert asked(requirement, prompts)[1] is False


@pytest.mark.parametrize(("requirement", "tools"), TOOLS)
def test_a_job_calls_for_its_tools(requirement: str, tools: list[str]) -> None:
    assert sorted(rule.name for rule in matching_rules(requirement)) == tools


@pytest.mark.parametrize("requirement", OUT_OF_REACH)
def test_a_job_that_no_tool_does_calls_for_none(requirement: str) -> None:
    assert matching_rules(requirement) == ()
