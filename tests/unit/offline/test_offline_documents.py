"""JSON, notes, facts, scripts, and requirements out of reach: other wordings and second turns."""

import pytest

from nexus_offline_builder.package.agent.payload import Invocation, Turn
from nexus_offline_builder.package.agent.responder import Responder
from nexus_offline_builder.requirement import matching_rules

TODAY = (2026, 11, 30)
PROBES = (
    '{"team":"Ops","people":[{"name":"Lia","role":"dev","langs":["go","sql"]},{"name":"Max","role":"o'
    'ps","langs":[]},{"name":"Noa","role":"dev","langs":["c"]}],"site":{"city":"Graz","floor":3}}'
)
GOODS = (
    '{"订单":[{"编号":"SO-11","客户":"南山店","明细":[{"品名":"碗","数量":30},{"品名":"盘","数量":15}'
    '],"已发货":true},{"编号":"SO-12","客户":"北口店","明细":[{"品名":"笔","数量":110}],"已发货":fals'
    "e}]}"
)
NODES = (
    '{"orders":[{"id":"A1","total":12.5,"items":[{"sku":"x","qty":2},{"sku":"y","qty":3}]},{"id":"A2"'
    ',"total":7,"items":[{"sku":"z","qty":1}]}]}'
)
ANSWERED: list[tuple[str, list[str], list[str]]] = [
    ("JSON我贴进来你帮我查", [GOODS + "\n第一个订单有几种货", "第一个订单的数量加起来呢"], ["45"]),
    ("JSON我贴进来你帮我查", [GOODS + "\n数量一共多少"], ["155"]),
    ("JSON我贴进来你帮我查", ["哪个订单还没发货\n" + GOODS], ["SO-12"]),
    ("JSON我贴进来你帮我查", [GOODS + "\nSO-11的客户是谁"], ["南山店"]),
    (
        "JSON我贴进来你帮我查",
        [
            "一共几个学生 "
            '{"班级":"1班","学生":[{"姓名":"陈一","学号":"01","选课":["电路"]},{"姓名":"孙二","学号":"02","选'
            '课":[]}]}',
            "姓名都列出来",
        ],
        ["陈一", "孙二"],
    ),
    ("answer questions about json i paste", ["sum of qty " + NODES], ["6"]),
    ("answer questions about json i paste", ["total of all orders " + NODES], ["19.5"]),
    ("answer questions about json i paste", ["average qty " + NODES], ["= 2"]),
    ("answer questions about json i paste", ["highest total " + NODES], ["12.5"]),
    ("answer questions about json i paste", ["how many orders " + NODES], ["2"]),
    ("answer questions about json i paste", ["total qty in the first order " + NODES], ["5"]),
    ("answer questions about json i paste", ["total of A1 " + NODES], ["12.5"]),
    ("answer questions about json i paste", ["all skus " + NODES], ["x", "y", "z"]),
    ("answer questions about json i paste", ["list the ids " + NODES, "and their totals?"], ["12.5", "7"]),
    ("answer questions about json i paste", ["id of the last order " + NODES], ["A2"]),
    ("answer questions about json i paste", ["which order has the highest total " + NODES], ["A1"]),
    ("answer questions about json i paste", ["orders[1].items[0].qty " + NODES], ["1"]),
    ("csv into json, and back", ['[{"hall":"B1","seats":20},{"hall":"C3","seats":8}] as csv please'], ["B1,20"]),
    ("csv into json, and back", ["a,b\n1,2\n3,4"], ['"a": 1']),
    ("json to csv and back", ["a,b\n1,2"], ['"a": 1']),
    ("csv与json互转", ['[{"名":"甲","数":2}]'], ["甲,2"]),
    ("json helper", ['{"user":{"name":"Kim","age":31,"tags":["a","b"]}} name'], ["Kim"]),
    ("json helper", ['user.age from {"user":{"name":"Kim","age":31}}'], ["31"]),
    ("json helper", ['{"user":{"name":"Kim","age":31}}\nhow old is Kim?'], ["31"]),
    ("json helper", ['{"a":[1,2,3]} sum of a'], ["6"]),
    ("json helper", ['{"a":[1,2,3]} how many in a', "and the last one?"], ["3"]),
    ("json helper", ['{"a":[1,2,3]'], ["not valid"]),
    ("json helper", ['is {"a":1,} valid?'], ["not valid"]),
    ("json helper", ['what keys does {"x":1,"y":{"z":2}} have'], ["x", "y"]),
    ("json helper", ['[{"n":"A","p":3},{"n":"B","p":5}] names of all n'], ["A", "B"]),
    ("json helper", ['[{"name":"A","price":3},{"name":"B","price":5}] price of B'], ["5"]),
    ("json helper", ['[{"name":"A","price":3},{"name":"B","price":5}] price of B', "and of A?"], ["3"]),
    ("json helper", ['pretty print {"a":{"b":1}}'], ['"b": 1']),
    ("config files: find a setting in json", ['{"db":{"host":"h1","port":5432}} db.port', "and the host"], ["h1"]),
    ("config files: find a setting in json", ['{"db":{"host":"h1","port":5432}} what port does the db use'], ["5432"]),
    ("查JSON字段", ['{"用户":{"名字":"小红","城市":"杭州"}} 城市是哪里'], ["杭州"]),
    ("查JSON字段", ['{"用户":{"名字":"小红","城市":"杭州"}} 小红在哪个城市'], ["杭州"]),
    ("查JSON字段", ['{"列表":[3,5]} 列表有几个', "最后一个是多少"], ["5"]),
    ("查JSON字段", ['{"列表":[3,5]} 平均值'], ["4"]),
    ("word counter for my blog", ["Hello world, this is it."], ["words: 5"]),
    ("word counter for my blog", ['"Hello world" how many letters'], ["10"]),
    ("word counter for my blog", ["how many times does the word sea occur: The sea, the Sea!"], ["2"]),
    ("word counter for my blog", ["longest word in: the quick elephant"], ["elephant"]),
    ("word counter for my blog", ["how many words: one two", "and: one two three"], ["3"]),
    ("word counter for my blog", ["top 2 words: a b a b c", "and top 1?"], ["a (2)"]),
    ("word counter for my blog", ["count lines:\na\nb\nc"], ["3"]),
    ("word counter for my blog", ["paragraphs: a\n\nb"], ["2"]),
    ("数字数", ["春天来了，花开了。", "几句？"], ["1"]),
    ("数字数", ["“床前明月光”有几个字"], ["5"]),
    ("數字數", ["這句話有幾個字：今天天氣很好"], ["6"]),
    ("find emails and phone numbers", ["Ring Jo 020 7946 0011 or mail jo@ex.org"], ["020 7946 0011", "jo@ex.org"]),
    ("find emails and phone numbers", ["Ring Jo 020 7946 0011 or mail jo@ex.org", "only the mail"], ["jo@ex.org"]),
    ("hashtags from posts", ["so #happy and #blessed_2"], ["#happy", "#blessed_2"]),
    ("get urls out of text", ["see http://a.b/c, and www.d.org."], ["http://a.b/c", "www.d.org"]),
    ("order numbers like AB-1234 out of mails", ["got AB-9921 and CD-0010 today"], ["AB-9921", "CD-0010"]),
    ("order numbers like AB-1234 out of mails", ["got AB-9921 and CD-0010 today", "how many?"], ["2"]),
    ("prices in a text", ["tea 2.50 EUR and cake $4"], ["2.50", "$4"]),
    ("提取邮箱", ["联系 a_b@c.com 或 d@e.cn"], ["a_b@c.com", "d@e.cn"]),
    ("抓出日期", ["会议2026年12月1日改到2026-12-03"], ["2026年12月1日", "2026-12-03"]),
    ("抓手機號", ["打給我 0912-345-678"], ["0912-345-678"]),
    ("ip addresses from logs", ["10.0.0.1 - GET / from 192.168.1.20"], ["10.0.0.1", "192.168.1.20"]),
    ("uppercase my headings", ["new spring menu"], ["NEW SPRING MENU"]),
    ("uppercase my headings", ["new spring menu", "and in title case"], ["New Spring Menu"]),
    ("reverse words", ["stressed"], ["desserts"]),
    ("find and replace", ["replace foo by bar in: foo Foo food"], ["bar"]),
    ("clean up pasted text: double spaces, blank lines", ["remove double spaces: a  b   c"], ["a b c"]),
    ("snake case variable names", ["Total Price Net"], ["total_price_net"]),
    ("alphabetical order for names", ["Zoe, adam, Bea"], ["adam, Bea, Zoe"]),
    ("alphabetical order for names", ["Zoe, adam, Bea", "reverse"], ["Zoe, Bea, adam"]),
    ("remove duplicate lines", ["a\nb\na"], ["a\nb"]),
    ("remove duplicate lines", ["a\nb\na", "how many were removed?"], ["1"]),
    ("sort numbers", ["10, 9, 2, 33"], ["2, 9, 10, 33"]),
    ("sort numbers", ["10, 9, 2, 33", "largest first"], ["33, 10, 9, 2"]),
    ("number my list", ["eggs\nmilk"], ["1. eggs\n2. milk"]),
    ("名单排序", ["小明\n阿强\n小明", "有几个不同的"], ["2"]),
    ("list: what appears more than once", ["a, b, a, c, b"], ["a: 2", "b: 2"]),
    ("shopping list keeper", ["add milk, 2 breads and eggs", "remove milk", "what is on it?"], ["2 breads", "eggs"]),
    ("shopping list keeper", ["milk", "eggs", "show"], ["milk", "eggs"]),
    ("remember things for me", ["my locker code is 4471", "what is my locker code?"], ["4471"]),
    ("remember things for me", ["Tom likes tea", "what does Tom like?"], ["tea"]),
    ("帮我记东西", ["记一下：车停在B2层", "车停在哪？"], ["B2"]),
    ("幫我記東西", ["記一下：鑰匙在抽屜", "鑰匙在哪"], ["抽屜"]),
    ("todo list", ["add call mum", "add pay rent", "done with call mum", "what is left"], ["pay rent"]),
    (
        "FAQ bot: We open 9-18 Mon to Fri. Parking costs 2 euro per hour. Dogs are welcome. Phone 0301 4455.",
        ["when do you open?"],
        ["9-18"],
    ),
    (
        "FAQ bot: We open 9-18 Mon to Fri. Parking costs 2 euro per hour. Dogs are welcome. Phone 0301 4455.",
        ["can I bring my dog?"],
        ["Dogs are welcome"],
    ),
    (
        "FAQ bot: We open 9-18 Mon to Fri. Parking costs 2 euro per hour. Dogs are welcome. Phone 0301 4455.",
        ["what is your number?"],
        ["0301"],
    ),
    ("客服机器人：早上9点到晚上6点营业；周日休息；停车免费；可以带宠物。", ["周日开门吗"], ["周日休息"]),
    ("客服机器人：早上9点到晚上6点营业；周日休息；停车免费；可以带宠物。", ["能带狗吗"], ["宠物"]),
    ("roman numerals both ways", ["MCMXCIV"], ["1994"]),
    ("roman numerals both ways", ["2026"], ["MMXXVI"]),
    ("hex, bin, dec", ["0xff"], ["255"]),
    ("hex, bin, dec", ["255 to hex", "and binary?"], ["11111111"]),
    ("二进制转十进制", ["1011"], ["11"]),
    ("rgb to hex", ["rgb(255, 0, 128)"], ["#FF0080"]),
    ("成績表，貼上來就算平均", ["姓名,分數\n陳大文,70\n林後里,90\n\n平均分數"], ["80"]),
    ("成績表，貼上來就算平均", ["姓名,分數\n陳大文,70\n林後里,90\n\n最高分是誰"], ["林後里"]),
    ("名單排序", ["張三\n李四\n張三", "去掉重複的"], ["張三"]),
    ("單位換算", ["5公斤是幾磅"], ["11.02"]),
    ("單位換算", ["三萬平方公尺是多少坪"], ["9075"]),
    ("單位換算", ["攝氏30度是華氏幾度"], ["86"]),
    ("數字數", ["「今天天氣很好，我們去爬山。」有多少字（不含標點）"], ["11"]),
    ("查JSON", ['{"訂單":[{"編號":"A1","金額":50},{"編號":"A2","金額":70}]} 第二個訂單的金額', "總金額呢"], ["120"]),
    ("算折扣", ["原價1200打八折", "再減100"], ["860"]),
    ("發票稅額計算 5%", ["含稅1050元，5%，未稅多少"], ["1000"]),
    ("小費分攤", ["總共 2,340 元，6 個人分"], ["390"]),
    ("從訊息抓電話和信箱", ["王先生 0912-345-678，信箱 wang@abc.tw"], ["0912-345-678", "wang@abc.tw"]),
    ("記帳小幫手，貼明細算總和", ["早餐60、午餐120、晚餐150"], ["330"]),
    ("json q&a", [PROBES + " role of Max"], ["ops"]),
    ("json q&a", [PROBES + " how many people"], ["3"]),
    ("json q&a", [PROBES + " city"], ["Graz"]),
    ("json q&a", [PROBES + " which floor"], ["3"]),
    ("json q&a", [PROBES + " names"], ["Lia", "Max", "Noa"]),
    ("json q&a", [PROBES + " langs of Lia"], ["go", "sql"]),
    ("json q&a", [PROBES + " how many langs does Lia have"], ["2"]),
    ("json q&a", [PROBES + " people[2].langs[0]", "and people[1]?"], ["Max"]),
    ("json q&a", ["people[0].name in " + PROBES, "and the role"], ["dev"]),
    ("find e-mails in text", ["kim@x.org; KIM@x.org"], ["kim@x.org"]),
    (
        "phone list cleaner: find the numbers",
        ["Ann 0170 1234567\nBob +49 30 901820"],
        ["0170 1234567", "+49 30 901820"],
    ),
    ("word frequency of lyrics", ["la la land la", "top 1"], ["la (3)"]),
    ("units for bakers", ["1 kg", "in pounds", "and in ounces"], ["35.27"]),
    ("units for bakers", ["200 g and 300 g in oz"], ["7.05", "10.58"]),
    ("units for bakers", ["200 g + 300 g in oz"], ["17.6"]),
    ("units for bakers", ["1/2 lb butter"], ["226"]),
    ("units for bakers", ["180C fan"], ["356"]),
    ("tyre size and pressure: bar psi kPa", ["2.2 bar"], ["31.9", "220"]),
    ("dates", ["days until my birthday 5 march", "and in weeks?"], ["13"]),
    ("dates", ["what day is 2027-01-01", "and the year after?"], ["2028-01-01"]),
    ("dates", ["3 weeks ago", "which weekday was that"], ["Monday"]),
    ("discount helper", ["80 minus 25%", "vs 30%?"], ["56"]),
    ("vat 19", ["100"], ["119", "84.03"]),
    ("vat 19", ["net 50"], ["59.5"]),
    ("vat 19", ["gross 238", "and the tax?"], ["38"]),
]
NOT_ANSWERED: list[tuple[str, list[str]]] = [
    ("JSON我贴进来你帮我查", [GOODS + "\nSO-11的电话是什么"]),
    ("answer questions about json i paste", ["sum of price " + NODES]),
    ("answer questions about json i paste", ["orders[5].id " + NODES]),
    ("json helper", ['{"x":1} value of w']),
    ("json helper", ['type of a in {"a":1}']),
    ("word counter for my blog", ["how many words"]),
    ("word counter for my blog", ["reading time: one two three"]),
    ("twitter length check", ["is this too long? Hello"]),
    ("find emails and phone numbers", ["nothing here"]),
    ("clean up pasted text: double spaces, blank lines", ["a  b\n\nc"]),
    ("shopping list keeper", ["add milk", "did I have eggs?"]),
    ("remember things for me", ["what does Tom like?"]),
    (
        "FAQ bot: We open 9-18 Mon to Fri. Parking costs 2 euro per hour. Dogs are welcome. Phone 0301 4455.",
        ["do you have wifi?"],
    ),
    (
        "FAQ bot: We open 9-18 Mon to Fri. Parking costs 2 euro per hour. Dogs are welcome. Phone 0301 4455.",
        ["how much is parking", "and for the whole day?"],
    ),
    ("客服机器人：早上9点到晚上6点营业；周日休息；停车免费；可以带宠物。", ["有wifi吗"]),
    ("roman numerals both ways", ["IIII"]),
    ("hex, bin, dec", ["102"]),
    ("rgb to hex", ["300, 0, 0"]),
    ("算日期：相差幾天、加減天數、星期幾", ["上次見面是什麼時候"]),
    ("單位換算", ["5公斤是幾公尺"]),
    ("json q&a", [PROBES + " who are the devs"]),
    ("json q&a", [PROBES + " email of Max"]),
    ("json q&a", [PROBES + " country"]),
    ("json q&a", [PROBES + " last name"]),
    ("find e-mails in text", ["a@b.de", "and links?"]),
    ("find e-mails in text", ["foo@bar"]),
    ("how long is my text? words, signs", ["Two words", "signs?"]),
    ("sms 160 chars: how many left", ["hello"]),
    ("prime numbers: is n prime", ["7"]),
    ("units for bakers", ["a pinch of salt in g"]),
    ("units for bakers", ["bake at 180"]),
    ("tyre size and pressure: bar psi kPa", ["2.2"]),
    ("dates", ["next month"]),
    ("dates", ["when is thanksgiving"]),
    ("dates", ["10/11/2026 + 3 days"]),
]
NOTHING_TO_BUILD = [
    "plan my trip to Japan",
    "read my handwriting from photos",
    "call a taxi when I say so",
    "monitor my website and alert me by sms",
    "每天早上给我发天气",
    "帮我写一份辞职信",
    "summarize long pdf reports",
    "tells jokes to cheer me up",
    "what is bitcoin worth",
    "find me a cheap flight to Rome",
    "post to instagram every day",
    "play chess with me",
    "a bot that controls my smart lights",
    "recognise the song I hum",
    "把语音转成文字",
    "推荐附近的餐厅",
    "order pizza for friday",
    "diagnose my cough",
    "check whether my parcel has arrived",
    "correct my English grammar",
    "strip html tags",
    "md5 of strings",
    "random password generator",
    "roll dice",
    "time zones: what time is it in Tokyo",
    "moon phase",
    "qr codes",
    "spell check",
    "sudoku solver",
]


def _asked(requirement: str, prompts: list[str]) -> tuple[str, bool]:
    """The last answer of the conversation, and whether anything was worked out for it."""
    agent = Responder.of_manifest(
        {"tools": [{"name": rule.name} for rule in matching_rules(requirement)], "requirement": requirement}
    )
    turns: list[Turn] = []
    for prompt in prompts[:-1]:
        turns.append(Turn(prompt, agent.reply(Invocation(prompt, tuple(turns)), TODAY).text))
    reply = agent.reply(Invocation(prompts[-1], tuple(turns)), TODAY)
    return reply.text, any("error" not in str(call["output"]) for call in reply.tool_calls)


@pytest.mark.parametrize(("requirement", "prompts", "expected"), ANSWERED)
def test_what_is_asked_of_documents_is_answered(requirement: str, prompts: list[str], expected: list[str]) -> None:
    text, _ = _asked(requirement, prompts)
    assert [part for part in expected if part not in text] == []


@pytest.mark.parametrize(("requirement", "prompts"), NOT_ANSWERED)
def test_what_is_not_clear_of_documents_is_not_answered(requirement: str, prompts: list[str]) -> None:
    assert _asked(requirement, prompts)[1] is False


@pytest.mark.parametrize("requirement", NOTHING_TO_BUILD)
def test_what_no_tool_does_is_not_built(requirement: str) -> None:
    assert matching_rules(requirement) == ()
