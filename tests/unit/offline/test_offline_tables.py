"""Tables: columns as people call them, empty cells, conditions, and what is asked on about them."""

import pytest
from tests.support.offline_talks import asked

DELIVERIES = (
    "ticket,opened,closed,hours,agent\n501,2026-11-02,2026-11-03,1.5,Ute\n502,2026-11-02,,,Jan\n503,2"
    "026-11-05,2026-11-09,6,Ute\n504,2026-11-10,2026-11-10,0.5,Jan\n"
)
GOODS = (
    'Item;Qty;Price\n"Soap ""Rose"", big";9;£2.50\nSponges (20);;£3.20\nTowel blue;110;£6.95\nLamp '
    "Ero;4;£28.00\nString, 2m;31;£1.40\n"
)
ACCOUNT = (
    "date,desc,debit,credit\n2026-11-01,rent,900,\n2026-11-03,salary,,2500\n2026-11-09,food,45.20,\n2"
    "026-12-02,food,60,\n"
)
REGIONS = (
    "Region;Units sold;Revenue "
    "(EUR);Returns\nNorth;120;2.400,50;3\nSouth;80;1.950,00;\nEast;;0;1\nWest;200;5.100,25;8\n"
)
AWAY = "name;start;end;days\nIda;2026-07-01;2026-07-10;8\nPer;2026-07-15;2026-07-20;4\nIda;2026-09-01;2026-09-03;3\n"
PROBES = 'Probe,"Voltage (mV)",Note\n"P-1","2,204.5","ok"\n"P-2","908.0","drift,\nagain"\n"P-3","","lost"\n'
SPENT = "Datum;Betrag;Kategorie\n2026-11-02;12,50;food\n2026-11-05;40,00;fuel\n2026-12-01;7,25;food\n"
ORDERS = "order_id\tcustomer\tamount\tstatus\n1001\tKoch\t50\tpaid\n1002\tLund\t75.5\topen\n1003\tKoch\t20\topen\n"
NODES = "node,cpu_pct,mem_gb,site\na1,41.5,8.4,BER\na2,68.0,3.8,BER\nb1,90.2,51.6,PAR\nb2,61.8,,PAR\n"
STOCK = "Kurs;Tag;Gebühr;Teilnehmer\nYoga;Mo;12,00;8\nTanz;Di;15,50;\nChor;Mi;0;22\nYoga;Do;12,00;5\n"
SHOP = "日期,产品,数量,单价\n2026-11-01,茶,3,25\n2026-11-02,咖啡,5,30\n2026-11-02,茶,2,25\n2026-12-01,果汁,,18\n"
BILLS = (
    '姓名,部门,项目,金额\n孙丽,市场,打车,¥46.50\n何军,后勤,纸,"¥1,030.00"\n孙丽,市场,住宿,¥398.00\n唐亮,研发,打车,\n'
)
PLAYERS = "name,team,goals,fee\nAda,red,3,10\nBob,blue,5,\nCid,red,1,10\nDot,blue,5,12\n"
STORE = "SKU\tQty\tUnit price\tLoc\nA-1\t30\t€2.00\tK1\nA-2\t\t€11.00\tK2\nB-1\t5\t€100.00\tL1\n"
DAYS = "rep;day;amount\nAnn;2026-10-03;5\nBo;2026-10-04;7\nAnn;2026-11-02;9\n"
TOURS = "Fahrer,Tour,km,Liter\nAlt,A,120,9.6\nBek,B,80,7.2\nAlt,B,60,5.4\n"
LEAGUE = "team,won,lost,points\nLions,5,2,15\nBears,4,3,12\nOwls,2,5,6\n"
MARKS = "班级,姓名,分数\n1班,张三,88\n2班,李四,92.5\n1班,王五,\n2班,赵六,60\n"
CITIES = "id|city|temp\n1|Oslo|-3.5\n2|Rome|14\n3|Bern|2\n"
MONTHS = "month,revenue,cost\nJan,100,60\nFeb,120,90\n"
ANSWERED: list[tuple[str, list[str], list[str]]] = [
    ("i paste csv and ask things", [GOODS + "which item has no qty filled in?"], ["Sponges"]),
    ("i paste csv and ask things", [GOODS + "which items are missing a price?"], ["0 rows"]),
    ("i paste csv and ask things", [GOODS + "which one has no quantity"], ["Sponges"]),
    ("i paste csv and ask things", [GOODS + "how many pieces do I have altogether?"], ["154"]),
    ("i paste csv and ask things", [GOODS + "total stock"], ["154"]),
    ("i paste csv and ask things", [GOODS + "average price"], ["8.41"]),
    ("i paste csv and ask things", [GOODS + "average price, ignoring blanks"], ["8.41"]),
    ("i paste csv and ask things", [GOODS + "mean qty (skip empty cells)"], ["38.5"]),
    ("i paste csv and ask things", [GOODS + "dearest item?"], ["Lamp Ero"]),
    ("i paste csv and ask things", [GOODS + "most expensive item"], ["Lamp Ero"]),
    ("i paste csv and ask things", [GOODS + "cheapest item"], ["String"]),
    ("i paste csv and ask things", [GOODS + "which items cost more than 5?"], ["Towel", "Lamp"]),
    ("i paste csv and ask things", [GOODS + "price between 2 and 4"], ["Soap", "Sponges"]),
    ("i paste csv and ask things", [NODES + "highest cpu?"], ["b1", "90.2"]),
    ("i paste csv and ask things", [NODES + "avg mem per site"], ["BER: 6.1", "PAR: 51.6"]),
    ("i paste csv and ask things", [NODES + "mean mem_gb of the filled cells"], ["21.26"]),
    ("i paste csv and ask things", [NODES + "max cpu and which node"], ["90.2", "b1"]),
    ("i paste csv and ask things", [NODES + "how many nodes above 60 cpu?"], ["3 rows"]),
    ("i paste csv and ask things", [PROBES + "mean voltage"], ["1556.25"]),
    ("i paste csv and ask things", [PROBES + "max of Voltage (mV) and which probe"], ["2204.5", "P-1"]),
    ("i paste csv and ask things", [PROBES + "which probe has no voltage"], ["P-3"]),
    ("报销csv问答", [BILLS + "金额最大的是谁"], ["何军"]),
    ("报销csv问答", [BILLS + "谁没填金额"], ["唐亮"]),
    ("报销csv问答", [BILLS + "平均每笔金额"], ["491.5"]),
    ("报销csv问答", [BILLS + "哪一行金额是空的"], ["唐亮"]),
    ("i paste csv and ask things", [DAYS + "amount on 2026-10-04"], ["7"]),
    ("i paste csv and ask things", [DAYS + "amount in november"], ["9"]),
    ("i paste csv and ask things", [DAYS + "total amount for Ann in October"], ["5"]),
    ("i paste csv and ask things", [DAYS + "who sold on 4 Oct?"], ["Bo"]),
    ("i paste csv and ask things", [DAYS + "total since 2026-10-04"], ["16"]),
    ("i paste csv and ask things", [DAYS + "rows before 2026-11-01"], ["Ann", "Bo"]),
    ("i paste csv and ask things", [DAYS + "amount over 6 in October"], ["Bo"]),
    ("i paste csv and ask things", [DAYS + "10月3日的amount"], ["5"]),
    ("i paste csv and ask things", ["cheapest item\n" + GOODS, "its price?"], ["1.40"]),
    ("i paste csv and ask things", [NODES + "how many nodes > 60 cpu_pct", "which ones"], ["a2", "b1", "b2"]),
    ("i paste csv and ask things", [NODES + "how many nodes > 60 cpu_pct", "and their average mem?"], ["27.7"]),
    ("i paste csv and ask things", [NODES + "how many nodes > 60 cpu_pct", "list them"], ["a2", "b1", "b2"]),
    ("i paste csv and ask things", [PROBES + "how many probes?", "which one has no voltage?"], ["P-3"]),
    ("报销csv问答", ["市场部一共报了多少\n" + BILLS, "平均每笔呢？"], ["222.25"]),
    ("报销csv问答", ["金额最大的是谁\n" + BILLS, "他是哪个部门的"], ["后勤"]),
    ("报销csv问答", ["金额超过100的有几笔\n" + BILLS, "是哪些"], ["何军", "398"]),
    ("i paste csv and ask things", [DAYS + "total for Ann", "and the average?"], ["7"]),
    ("i paste csv and ask things", [DAYS + "total for Ann", "and for Bo?"], ["7"]),
    ("i paste csv and ask things", [DAYS + "total for Ann", "and overall?"], ["21"]),
    ("i paste csv and ask things", [DAYS + "total by rep", "and the average?"], ["Ann: 7", "Bo: 7"]),
    ("i paste csv and ask things", [DAYS + "who has the highest amount", "on which day?"], ["2026-11-02"]),
    ("i paste csv and ask things", [GOODS + "top 2 by price", "and the cheapest?"], ["String"]),
    ("i paste csv and ask things", [STORE + "stock value = qty * unit price, all together"], ["560"]),
    ("i paste csv and ask things", [STORE + "qty times unit price"], ["560"]),
    ("i paste csv and ask things", [STORE + "total qty x price"], ["560"]),
    ("i paste csv and ask things", [STORE + "what is the stock worth?"], ["560"]),
    ("i paste csv and ask things", [MONTHS + "revenue minus cost"], ["70"]),
    ("i paste csv and ask things", [MONTHS + "profit = revenue - cost in total"], ["70"]),
    ("i paste csv and ask things", [STORE + "qty per Loc"], ["K1: 30"]),
    ("i paste csv and ask things", [STORE + "how many SKUs"], ["3"]),
    ("ask questions about csv tables", [PLAYERS + "\nwho scored most?"], ["Bob", "Dot"]),
    ("ask questions about csv tables", [PLAYERS + "\ngoals per team"], ["red: 4", "blue: 10"]),
    ("ask questions about csv tables", [PLAYERS + "\naverage goals per team"], ["red: 2", "blue: 5"]),
    ("ask questions about csv tables", [PLAYERS + "\nhow many in red?"], ["2"]),
    ("ask questions about csv tables", [PLAYERS + "\ntotal goals of the red team"], ["4"]),
    ("ask questions about csv tables", [PLAYERS + "\ntotal goals of the red team", "and blue?"], ["10"]),
    ("ask questions about csv tables", [PLAYERS + "\nBob's goals"], ["5"]),
    ("ask questions about csv tables", [PLAYERS + "\nhow many goals did Ada score"], ["3"]),
    ("ask questions about csv tables", [PLAYERS + "\nwho has not paid the fee"], ["Bob"]),
    ("ask questions about csv tables", [PLAYERS + "\nhow many players have more than 2 goals"], ["3"]),
    ("ask questions about csv tables", [PLAYERS + "\nsort by goals"], ["Cid"]),
    ("ask questions about csv tables", [PLAYERS + "\nsort by goals descending", "only the first 2"], ["Bob", "Dot"]),
    ("ask questions about csv tables", [PLAYERS + "\nmedian goals"], ["= 4"]),
    ("ask questions about csv tables", [PLAYERS + "\nlist all blue players"], ["Bob", "Dot"]),
    ("ask questions about csv tables", [PLAYERS + "\nwhich team scored more"], ["blue"]),
    ("ask questions about csv tables", [PLAYERS + "\nhow many teams are there"], ["2"]),
    ("ask questions about csv tables", [PLAYERS + "\nhow many players per team"], ["red: 2", "blue: 2"]),
    ("ask questions about csv tables", [PLAYERS + "\ncount rows"], ["4"]),
    ("ask questions about csv tables", [PLAYERS + "\nwhich columns are there", "how many?"], ["4"]),
    ("ask questions about csv tables", [PLAYERS + "\nwhat team is Cid in"], ["red"]),
    ("ask questions about csv tables", [PLAYERS + "\nshow only name and goals"], ["Ada, 3"]),
    ("ask questions about csv tables", [PLAYERS + "\ndifference between max and min goals"], ["4"]),
    ("ask questions about csv tables", [PLAYERS + "\ngoals > 2 and team blue"], ["Bob", "Dot"]),
    ("ask questions about csv tables", [PLAYERS + "\nBob vs Ada goals"], ["5", "3"]),
    ("ask questions about csv tables", [PLAYERS + "\nwhat share of the goals did blue score"], ["71.4"]),
    ("ask questions about csv tables", [SPENT + "\ntotal"], ["59.75"]),
    ("ask questions about csv tables", [SPENT + "\ntotal Betrag for food"], ["19.75"]),
    ("ask questions about csv tables", [SPENT + "\nsum in November"], ["52.5"]),
    ("ask questions about csv tables", [SPENT + "\nper month"], ["52.5", "7.25"]),
    ("ask questions about csv tables", [SPENT + "\nper Kategorie"], ["food: 19.75", "fuel: 40"]),
    ("ask questions about csv tables", [SPENT + "\nbiggest Betrag", "when was that?"], ["2026-11-05"]),
    ("ask questions about csv tables", [CITIES + "\ncoldest city"], ["Oslo"]),
    ("ask questions about csv tables", [CITIES + "\naverage temp"], ["4.16"]),
    ("ask questions about csv tables", [CITIES + "\nmin temp and which city"], ["-3.5", "Oslo"]),
    ("ask questions about csv tables", [CITIES + "\nwarmest?"], ["Rome"]),
    ("成绩表问答", [MARKS + "\n平均分"], ["80.1"]),
    ("成绩表问答", [MARKS + "\n谁最高"], ["李四"]),
    ("成绩表问答", [MARKS + "\n每个班平均分"], ["1班", "88", "76.25"]),
    ("成绩表问答", [MARKS + "\n谁没有分数"], ["王五"]),
    ("成绩表问答", [MARKS + "\n张三多少分"], ["88"]),
    ("成绩表问答", [MARKS + "\n60分以上有几个人"], ["3"]),
    ("成绩表问答", [MARKS + "\n高于80分的有谁"], ["张三", "李四"]),
    ("成绩表问答", [MARKS + "\n1班有几个人", "2班呢"], ["2"]),
    ("成绩表问答", [MARKS + "\n从高到低排"], ["李四"]),
    ("成绩表问答", [MARKS + "\n李四比赵六多几分"], ["32.5"]),
    ("成績表，貼上來就算平均、最高、最低", [MARKS + "\n最低分是誰"], ["赵六"]),
    ("成績表，貼上來就算平均、最高、最低", ["姓名,分數\n陳大文,70\n林美玲,90\n\n平均分數"], ["80"]),
    ("成績表，貼上來就算平均、最高、最低", ["姓名,分數\n陳大文,70\n林美玲,90\n\n最高分是誰"], ["林美玲"]),
    ("sum up receipts csv", ['shop,total\nA,"1.234,50"\nB,"99,95"'], ["1334.45"]),
    ("sum up receipts csv", ["just the total please\nshop,price\nA,5.5\nB,4.5"], ["10"]),
    (
        "club members csv: who owes what",
        ["member,paid,due\nAnn,yes,0\nBen,no,25\nCal,no,30\nwho still has to pay?"],
        ["Ben", "Cal"],
    ),
    (
        "club members csv: who owes what",
        ["member,paid,due\nAnn,yes,0\nBen,no,25\nCal,no,30\nhow much is still open?"],
        ["55"],
    ),
    ("inventory tsv", ["item\tqty\tprice\nnut\t10\t0.10\nbolt\t4\t0.25\nwhat is everything worth"], ["2"]),
    ("inventory tsv", ["item\tqty\tprice\nnut\t10\t0.10\nbolt\t4\t0.25\nqty of nut", "and the price?"], ["0.1"]),
    ("questions about tables i paste", [REGIONS + "total revenue"], ["9450.75"]),
    ("questions about tables i paste", [REGIONS + "units sold in total"], ["400"]),
    ("questions about tables i paste", [REGIONS + "which region has no units"], ["East"]),
    ("questions about tables i paste", [REGIONS + "best region by revenue"], ["West"]),
    ("questions about tables i paste", [REGIONS + "worst region by revenue"], ["East"]),
    ("questions about tables i paste", [REGIONS + "revenue of South"], ["1950"]),
    ("questions about tables i paste", [REGIONS + "South and West together, revenue"], ["7050.25"]),
    (
        "questions about tables i paste",
        [REGIONS + "how many regions sold more than 100 units?", "name them"],
        ["North", "West"],
    ),
    ("questions about tables i paste", [REGIONS + "which region sold the most", "and its revenue?"], ["5100.25"]),
    ("questions about tables i paste", [REGIONS + "revenue in percent of total for West"], ["53.9"]),
    ("questions about tables i paste", [ACCOUNT + "how much did I spend"], ["1005.2"]),
    ("questions about tables i paste", [ACCOUNT + "total debit in november"], ["945.2"]),
    ("questions about tables i paste", [ACCOUNT + "food in total"], ["105.2"]),
    ("questions about tables i paste", [ACCOUNT + "when was rent paid"], ["2026-11-01"]),
    ("questions about tables i paste", [ACCOUNT + "how often food"], ["2"]),
    ("questions about tables i paste", [ACCOUNT + "debit by desc"], ["rent: 900", "food: 105.2"]),
    ("questions about tables i paste", [TOURS + "km per Fahrer"], ["Alt: 180", "Bek: 80"]),
    ("questions about tables i paste", [TOURS + "total km of Alt", "and Bek?"], ["80"]),
    ("questions about tables i paste", [TOURS + "km on tour B"], ["140"]),
    ("questions about tables i paste", [ORDERS + "open orders"], ["1002", "1003"]),
    ("questions about tables i paste", [ORDERS + "how many are open"], ["2"]),
    ("questions about tables i paste", [ORDERS + "total open amount"], ["95.5"]),
    ("questions about tables i paste", [ORDERS + "which customer has open orders"], ["Lund", "Koch"]),
    ("questions about tables i paste", [ORDERS + "amount per customer"], ["Koch: 70"]),
    ("questions about tables i paste", [ORDERS + "status of 1002"], ["open"]),
    ("questions about tables i paste", [ORDERS + "amount of order 1001"], ["50"]),
    ("表格贴进来问", [SHOP + "茶一共卖了多少"], ["5"]),
    ("表格贴进来问", [SHOP + "总数量"], ["10"]),
    ("表格贴进来问", [SHOP + "11月2日卖了多少"], ["7"]),
    ("表格贴进来问", [SHOP + "数量乘单价合计"], ["275"]),
    ("表格贴进来问", [SHOP + "哪个产品没有数量"], ["果汁"]),
    ("表格贴进来问", [SHOP + "按产品统计数量"], ["茶: 5", "咖啡: 5"]),
    ("表格贴进来问", [SHOP + "最贵的是什么"], ["咖啡"]),
    ("表格贴进来问", [SHOP + "单价超过20的有哪些"], ["茶", "咖啡"]),
    ("表格贴进来问", [SHOP + "有几种产品"], ["3"]),
    ("表格贴进来问", [SHOP + "平均单价"], ["24.5"]),
    ("holiday list csv, ask about it", [AWAY + "days per person"], ["Ida: 11", "Per: 4"]),
    ("league standings csv", [LEAGUE + "most points?"], ["Lions"]),
    ("league standings csv", [LEAGUE + "points of the Bears"], ["12"]),
    ("league standings csv", [LEAGUE + "who lost most"], ["Owls"]),
    ("league standings csv", [LEAGUE + "average points", "and median?"], ["12"]),
    ("league standings csv", [LEAGUE + "sort by points ascending", "and the other way?"], ["Lions"]),
    ("league standings csv", [LEAGUE + "points", "lost?"], ["10"]),
    ("league standings csv", [LEAGUE + "Lions vs Owls points"], ["15", "6"]),
    ("league standings csv", [LEAGUE + "teams with at least 12 points", "how many is that"], ["2"]),
    ("csv sums", ["a,b\n1,2\n3,4\nsum of column a"], ["4"]),
    ("csv sums", ["a,b\n1,2\n3,4\nsum of a", "b?"], ["6"]),
    ("csv sums", ["a|b\n1|2\n3|4"], ["4", "6"]),
    ("csv sums", ['"x, y",5\n"z",6'], ["11"]),
    ("csv sums", ["price\n1.5\n2.5"], ["4"]),
    ("csv sums", ["item,price\na,1e3\nb,5"], ["1005"]),
    ("csv sums", ["item,price\na,n/a\nb,5\naverage"], ["5"]),
    ("csv sums", ["item,price\na,-3\nb,5\nsum"], ["2"]),
    ("csv sums", ["item,price\na,(3)\nb,5\nsum"], ["2"]),
    ("csv sums", ["| item | price |\n|---|---|\n| a | 3 |\n| b | 4 |"], ["7"]),
    ("csv sums", ["item,price\na,3 EUR\nb,4 EUR\ntotal"], ["7"]),
    ("csv sums", ["item,price\na,3\nb,4", "which one is cheaper"], ["a"]),
    ("csv q&a", [STOCK + "Teilnehmer per Kurs"], ["Yoga: 13", "Chor: 22"]),
    ("csv q&a", [STOCK + "highest Gebühr"], ["15.5"]),
    ("csv q&a", [DELIVERIES + "how many tickets are not closed"], ["1"]),
    ("csv q&a", [DELIVERIES + "hours per agent"], ["Ute: 7.5", "Jan: 0.5"]),
    ("csv q&a", [DELIVERIES + "average hours"], ["2.66"]),
    ("csv q&a", [DELIVERIES + "which ticket took longest"], ["503"]),
    ("csv q&a", [DELIVERIES + "tickets opened on 2026-11-02"], ["501", "502"]),
    ("csv q&a", [DELIVERIES + "how many tickets per agent"], ["Ute: 2", "Jan: 2"]),
    ("csv q&a", [DELIVERIES + "agent of 503"], ["Ute"]),
    ("csv q&a", [DELIVERIES + "total hours of Ute", "and of Jan"], ["0.5"]),
    ("csv q&a", [DELIVERIES + "hours over 1", "how many?"], ["2"]),
]
NOT_ANSWERED: list[tuple[str, list[str]]] = [
    ("i paste csv and ask things", [GOODS + "who supplies the lamp?"]),
    ("i paste csv and ask things", [GOODS + "total weight"]),
    ("i paste csv and ask things", [NODES + "sum of disk_gb"]),
    ("i paste csv and ask things", [PROBES + "median pH"]),
    ("报销csv问答", [BILLS + "孙丽的电话是多少"]),
    ("i paste csv and ask things", [DAYS + "total amount", "which ones"]),
    ("i paste csv and ask things", [MONTHS + "qty * cost"]),
    ("ask questions about csv tables", [PLAYERS + "\nassists of Ada"]),
    ("ask questions about csv tables", ["how many rows?"]),
    ("成绩表问答", [MARKS + "\n数学成绩最高的是谁"]),
    ("sum up receipts csv", ["shop,total\nA,$5\nB,€8"]),
    ("questions about tables i paste", [REGIONS + "returns rate per region"]),
    ("questions about tables i paste", [REGIONS + "profit"]),
    ("questions about tables i paste", [REGIONS + "revenue per unit"]),
    ("questions about tables i paste", [REGIONS + "total costs"]),
    ("questions about tables i paste", [ACCOUNT + "balance"]),
    ("questions about tables i paste", [TOURS + "km per driver"]),
    ("questions about tables i paste", [TOURS + "average consumption"]),
    ("questions about tables i paste", [ORDERS + "cancelled orders"]),
    ("questions about tables i paste", [ORDERS + "shipping cost total"]),
    ("表格贴进来问", [SHOP + "利润是多少"]),
    ("表格贴进来问", [SHOP + "11月的总数量", "12月呢"]),
    ("holiday list csv, ask about it", [AWAY + "who was away in september"]),
    ("league standings csv", [LEAGUE + "who leads?"]),
    ("league standings csv", [LEAGUE + "total goals"]),
    ("league standings csv", [LEAGUE + "won + lost of Lions"]),
    ("league standings csv", ["team,won\nLions,x\nBears,y\ntotal won"]),
    ("csv sums", ["a,b\n1,2\n3,4\nsum of column c"]),
    ("csv sums", ["a,b\n1,2\n3,4\nrow 2"]),
    ("csv sums", ["item,price\na,3\nb,4\ntotal plus 10%"]),
    ("csv sums", ["item,price\na,3\nb,4\ntotal", "add c,5"]),
    ("csv q&a", [STOCK + "wie viele"]),
    ("csv q&a", [DELIVERIES + "priority of 503"]),
]


@pytest.mark.parametrize(("requirement", "prompts", "expected"), ANSWERED)
def test_what_is_asked_of_tables_is_answered(requirement: str, prompts: list[str], expected: list[str]) -> None:
    text, _ = asked(requirement, prompts)
    assert [part for part in expected if part not in text] == []


@pytest.mark.parametrize(("requirement", "prompts"), NOT_ANSWERED)
def test_what_is_not_clear_of_tables_is_not_answered(requirement: str, prompts: list[str]) -> None:
    assert asked(requirement, prompts)[1] is False
