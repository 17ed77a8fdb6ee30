"""Requirements as people word them, what they would ask the agent first, and a part of the right answer."""

from typing import NamedTuple


class Case(NamedTuple):
    """`prompts` with a part of the answer to each; None where no answer can be right. No prompts: nothing to build."""

    requirement: str
    prompts: tuple[tuple[str, str | None], ...] = ()


_SALES = "city,seller,sold\nRome,Ida,7\nOslo,Per,5\nRome,Eva,1"
_PERSON = '{"person": {"first": "Ida", "age": 41}, "pets": ["cat", "dog"]}'

CASES = (
    Case("yards vs metres", (("50 yd in m", "45.72"), ("2 m in yards", "2.187"))),
    Case("how many grams are in an ounce, that sort of thing", (("3 oz to grams", "85.04"), ("1 kg to ml", None))),
    Case("a kitchen bot: ml, cups, tbsp", (("2 cups to ml", "473.1"), ("half a cup in ml", "118.29"))),
    Case("knots to kilometres per hour", (("10 knots in km/h", "18.52"), ("10 knots", None))),
    Case("kwh and joules", (("1 kWh in kJ", "3600"), ("2 kWh in km", None))),
    Case("tyre pressure psi bar", (("32 psi in bar", "2.206"),)),
    Case("fuel consumption mpg <-> l/100km", (("40 mpg in l/100km", "5.880"),)),
    Case("temprature converter", (("37 C in F", "98.6"), ("-40 F", "-40 °C"))),
    Case("megabits and megabytes", (("80 Mbit in MB", "10"),)),
    Case("公里和英里互转", (("5公里等于多少英里", "3.106"), ("半英里是多少公里", "0.804"))),
    Case("华氏度换成摄氏度", (("212华氏度是多少摄氏度", "100 °C"),)),
    Case("厨房里的克和盎司", (("100克是多少盎司", "3.527"),)),
    Case("an adding machine", (("12.5 + 7.25", "19.75"), ("12.5 + x", None))),
    Case("percentages and discounts for a boutique", (("15% off 60", "51"), ("15% discount on 60", None))),
    Case("waiter's helper: tip and split the bill", (("20% tip on 85", "17"), ("split 96 among 3 people", "32"))),
    Case("long divison", (("1001 / 7", "143"), ("5 / 0", "Division by zero"))),
    Case("solve sums my kid brings home", (("17 + 28", "45"), ("six times nine", "54"))),
    Case("powers and square roots", (("2^16", "65536"), ("square root of 225", "15"))),
    Case("mean of some numbers", (("average of 4, 8 and 9", "7"),)),
    Case("work out VAT", (("19% VAT on 250", "47.5"), ("250 plus 19% VAT", "297.5"))),
    Case("口算练习", (("36除以4", "9"), ("七乘八", "56"))),
    Case("打折后的价格", (("200打七五折", "150"),)),
    Case("百分比", (("80的25%是多少", "20"),)),
    Case("weekday of a date", (("1969-07-20", "Sunday"), ("05/06/2021", None))),
    Case("days until my holidays", (("days until 2099-01-01", "days"), ("how many days until", None))),
    Case("date + n weeks", (("2025-01-06 + 3 weeks", "2025-01-27"), ("2025-01-06 + 3", None))),
    Case("how long ago was something, in days", (("days between 2025-01-01 and 2025-02-01", "31"),)),
    Case("working days between two dates", (("working days between 2025-01-06 and 2025-01-13", "5"),)),
    Case("tells whether a year is a leap year", (("is 1900 a leap year", "not a leap year"),)),
    Case("contract end dates", (("6 months after 2025-08-31", "2026-02-28"),)),
    Case("age calculator", (("years between 1990-05-01 and 2020-05-01", "30 years"),)),
    Case("某日是周几", (("2025年1月1日是星期几", "星期三"), ("2025年2月30日是星期几", None))),
    Case("两个日子隔多久", (("2025-01-01到2025-01-31多少天", "30"),)),
    Case("几个月后是几号", (("2025-01-31加1个月", "2025-02-28"),)),
    Case("spreadsheet column sums", ((_SALES, "13"), (f"sold by city\n{_SALES}", "Rome: 8"))),
    Case("tsv -> sum", (("a\tb\n1\t2\n3\t4", "6"),)),
    Case("what does my team sell: a table in, totals out", ((f"sold for Ida\n{_SALES}", "sold = 7"), (_SALES, "13"))),
    Case("averge of a csv column", ((f"average sold\n{_SALES}", "4.33"), (f"average price\n{_SALES}", None))),
    Case("highest and lowest value in a csv", ((f"highest sold\n{_SALES}", "7"), (f"lowest sold\n{_SALES}", "1"))),
    Case("row counts of tables", ((f"how many rows\n{_SALES}", "3"), (f"count per city\n{_SALES}", "Rome: 2"))),
    Case("表格求和", (("品名,价\n笔,2\n本,3", "5"),)),
    Case("按部门汇总表格", (("按部门汇总\n部门,人数\n甲,2\n乙,3\n甲,4", "甲: 6"),)),
    Case("csv 2 json", (("x,y\n1,a", '"y": "a"'),)),
    Case("turn a spreadsheet into json", (("x;y\n1;2", '"x": 1'), ("x,y\n1,2\nonly column x", None))),
    Case("把csv变成json", (("名,值\n甲,1", '"名": "甲"'),)),
    Case("word counter", (("one two three four", "words: 4"), ("how many words: a b", "words: 2"))),
    Case("letters, words, lines of a text", (("how many letters in: ab cd", "4"), ("lines:\na\nb", "2"))),
    Case("most frequent words in an essay", (("top 1 words: red blue red", "red (2)"),)),
    Case("is my essay long enough? count it", (("The cat sat. It slept.", "sentences: 2"),)),
    Case("作文字数", (("春天来了", "4"),)),
    Case("find the most used words", (("most used word: ho ho hi", "ho (2)"), ("shortest word: a bb", None))),
    Case("lookup in nested json", ((f"person.age in {_PERSON}", "41"), (f"person.size in {_PERSON}", None))),
    Case("json validator", (('{"a": }', "not valid"), ('is this valid json: {"a": 1}', "valid"))),
    Case("pick a field from an api response", ((f"first of person {_PERSON}", "Ida"), (f"pets[1] {_PERSON}", "dog"))),
    Case("读json里的字段", (('{"年龄": 30} 年龄', "30"),)),
    Case("email harvester", (("ask ida@x.org or per@y.no", "per@y.no"),)),
    Case("which links are in a page", (("go to https://a.b/c now", "https://a.b/c"),)),
    Case("telephone numbers from notes", (("ring 0171 234567 after six", "0171 234567"),)),
    Case("finds dates in letters", (("dates: we met on 2024-03-01 and 2 May 2024", "2 May 2024"),)),
    Case("regex playground", ((r"find /\d+/ in: a1 b22", "22"),)),
    Case("从邮件里抓链接", (("见 https://a.cn/b", "https://a.cn/b"),)),
    Case("提取手机号码", (("我的号码是13912345678", "13912345678"),)),
    Case("tells me tomorrow's weather"),
    Case("a travel agent that books trains"),
    Case("writes limericks and songs"),
    Case("English to Spanish translator"),
    Case("current share price of any company"),
    Case("makes logos"),
    Case("reminds me of my pills"),
    Case("帮我翻译论文"),
    Case("讲笑话"),
    Case("answers any trivia"),
)
