"""What stands in the place that a question needs filled: names that are numbers, things that nobody knows, filters."""

import pytest
from tests.support.offline_talks import asked

AUCTION = (
    'paddle no,lot,item,price (EUR)\n14,301,Vase,€120\n9,302,"Lamp, brass","€1,400"\n14,303,Stool,€75\n'
    "27,304,Mirror,€610\n,305,Rug,"
)
CAMP = "tent,kids,fee\n12,4,80\n7,6,120\n12,3,60"
CALLS = "Agent;Team;Calls;Wait sec\nAda;Red;30;100\nBo;Blue;10;40\nCy;Red;20;70"
FIELDS = "队别\t户名\t人数\t菜地(亩)\n甲队\t马家\t5\t2.5\n乙队\t牛家\t3\t1.5\n甲队\t羊家\t4\t3"
ALARMS = (
    "时间,设备,等级,持续(分钟)\n2026-10-01 02:00,泵-1,高,30\n2026-10-01 05:00,阀-3,低,5\n2026-10-02 01:00,泵-1,低,12"
)
STAFF = "工号,部门,加班(小时)\n1007,仓库,6\n1003,门市,2\n1011,仓库,4"
LEDGER = "Date;Payee;Amount\n2026-01-03;Print shop;240\n2026-01-19;Hosting;35.5"
MARKS = 'Pupil,Class,"Physics (max 50)",Art\nNora,9C,41,30\nOle,9C,,44\nPia,9D,29,38'
TREES = (
    '{"survey":"park","trees":[{"id":"A1","kind":{"latin":"Tilia","plain":"lime"},"height":14},'
    '{"id":"A2","kind":{"latin":"Quercus","plain":"oak"},"height":21}]}'
)
WARD = '[{"bed":"4","name":"Ana","meals":["soup","rice"]},{"bed":"6","name":"Bea","meals":["fish","bread"]}]'
SALE, TABLE = "I paste the sale sheet as CSV, you answer about prices, paddles and lots", "questions about a csv table"
ANSWERED = [
    (SALE, [f"{AUCTION}\nprice total per paddle no"], "14: 195 & 9: 1400 & 27: 610"),
    (SALE, [f"what does paddle no 14 owe (price only)\n\n{AUCTION}"], "195"),
    (SALE, [f"{AUCTION}\nWhich item made the most?", "and by how much did it beat the second best?"], "790"),
    (TABLE, [f"fee per tent\n{CAMP}"], "12: 140 & 7: 120"),
    (TABLE, [f"plain average of Wait sec, not weighted\n{CALLS}"], "70"),
    (TABLE, [f"median of the physics marks\n{MARKS}"], "35"),
    (TABLE, [f"who has the lowest Physics mark\n{MARKS}"], "Pia"),
    ("贴表格进来，按队统计菜地", [f"每队菜地多少\n{FIELDS}"], "甲队: 5.5 & 乙队: 1.5"),
    ("贴CSV表格，统计设备报警", [f"每台设备持续时间合计\n{ALARMS}"], "泵-1: 42 & 阀-3: 5"),
    ("贴表格，统计加班", [f"合计\n{STAFF}"], "加班(小时) 的合计 = 12"),
    ("look things up in json, by path or just ask", [f"list every kind.plain\n{TREES}"], "lime & oak"),
    ("json lookup", [f"what is [0].name in {WARD}", "and [1].meals[0]?"], "fish"),
    ("json lookup", [f"what is [0].name in {WARD}", "and her bed?"], "4"),
    (TABLE, [f"calls per Team\n{CALLS}", "and which is the most?"], "Red (Calls: 50)"),
    (TABLE, [f"what share of all the calls were Ada's, in percent\n{CALLS}"], "50%"),
    (TABLE, ["how much is Mo short by? (rent less deposit)\nname,rent,deposit\nMo,90,40\nJo,70,70"], "50"),
    (TABLE, ["who hasn't paid a penny?\nname,paid\nMo,90\nJo,0"], "Jo"),
    (TABLE, ["Who set up the most goals? (assists)\nname,goals,assists\nMo,9,1\nJo,2,4"], "Jo"),
    (TABLE, ["sum up the totals for me, Ann next door does the books tonight\nwho,total\nAnn Lee,9\nBo Ek,8"], "17"),
    (TABLE, ["what did we spend on 9 May 2026?\nwhat,sum,date\nBed,90,2026-05-02\nTea,5,2026-05-09"], "5"),
    ("club stats: player, goals, minutes. best and worst, totals", ["total goals\nname,goals\nMo,9\nJo,2"], "11"),
    ("sums of our club account csv, monthly figures", ["Sum of Amount\nDate,Amount\n2026-09-03,2\n2026-10-03,3"], "5"),
    ("gets the mean of marks from a table", ["average of 6,5; 7,5; 9"], "7.67"),
    ("Birds by place, semicolons; how many birds", ["how many birds, Al's list:\nkind;count\nwren;6\ncoot;4"], "10"),
    (
        "pulls e-mails, phones and links out",
        ["a@x.example, b@x.example, a@x.example", "how many different ones was that?"],
        "2",
    ),
    ("贴表格问工时", ["陈一的工时占总工时百分之几\n姓名,小时\n陈一,3\n王二,9"], "25%"),
    (TABLE, ["who paid nothing?\nname,paid\nMo,90\nJo,0"], "Jo"),
    (TABLE, ["what did we spend in euros\nwhat,sum,currency\nBed,90,EUR\nBus,70,PLN\nTea,5,EUR"], "95"),
    (TABLE, [f"total of calls for Red, my aunt in Leeds asks\n{CALLS}"], "50"),
    ("grades and dates: days until the exam", [f"who has most calls?\n{CALLS}"], "Ada"),
    ("which word do i use too often", ["Green tea. Green leaf, green. Blue tea.", "how many times"], "green (3)"),
    ("lines, words of pasted text", ["how many lines\nred\n\nblue\ngreen", "and without the empty one?"], "3"),
    ("统计通知有多少字", ["本周停水，请储水。 这句不算标点几个字", "算上标点呢"], "9"),
    ("word and sentence counts", ["How many sentences? It rained. We left early! Did you see it?"], "3"),
    ("公告字数统计", ["数一下：明天放假，不上班！"], "（汉字加单词）：7"),
    (
        "give me phone numbers and emails out of messages that customers send",
        ["send the bill to till@corner-shop.example, cc b.roe+x@mail.example. ta"],
        "till@corner-shop.example & b.roe+x@mail.example",
    ),
    ("pull links out of chats", ["[09:14] Al: pics https://p.example.org/a?id=7 bye"], "https://p.example.org/a?id=7"),
    (
        "paste mail log -> list of the email addresses that bounced",
        ["1 to=<a@x.example>, status=sent\n2 to=<b@x.example>, status=bounced\n3 to=<c@x.example>, bounced"],
        "(2): b@x.example, c@x.example",
    ),
    (
        "聊天记录乱，我只想要里面的电话",
        ["只要手机号：我的邮箱 an@ex.example，手机 13900001111"],
        "13900001111",
    ),
]
ASKED_BACK = [
    (TABLE, [f"total per cost centre\n{LEDGER}"]),
    (TABLE, ["who are we with longest?\nName;Fee;Paid\nAda Holm;9;9\nBo Ek;8;4", "And what's Holm's phone number?"]),
    (TABLE, [f"total of calls\n{CALLS}", "and in kilos?"]),
    (TABLE, [f"how much input VAT in these?\n{LEDGER}"]),
    (TABLE, [f"profit per payee\n{LEDGER}"]),
    (SALE, [f"what does paddle no 99 owe\n{AUCTION}"]),
    ("贴表格进来，按队统计菜地", [f"总共养了多少头牛\n{FIELDS}"]),
    ("贴CSV表格，统计设备报警", [f"哪个车间报警最多\n{ALARMS}"]),
    ("报价单问答", [f"人工费一共多少\n{FIELDS}"]),
    ("json取值", ['[1].有效期 在 [{"药名":"甲","价格":2},{"药名":"乙","价格":3}]']),
    ("paste mail log -> list of the email addresses that bounced", ["to=<a@x.example>, ok\nto=<b@x.example>, ok\n"]),
]


@pytest.mark.parametrize(("requirement", "turns", "expected"), ANSWERED)
def test_what_fills_the_place_is_found(requirement: str, turns: list[str], expected: str) -> None:
    text, answered = asked(requirement, turns)
    assert answered, text
    assert all(part in text for part in expected.split(" & ")), text


@pytest.mark.parametrize(("requirement", "turns"), ASKED_BACK)
def test_what_nobody_knows_in_that_place_is_asked_back(requirement: str, turns: list[str]) -> None:
    text, answered = asked(requirement, turns)
    assert not answered, text
