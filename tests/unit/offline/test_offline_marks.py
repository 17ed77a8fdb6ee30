"""Tables of marks and sales: thresholds in words, who is best, cells without a value, another column."""

import pytest
from tests.support.offline_talks import asked

MARKS = "Name\tMaths\tEnglish\nAisha\t78\t64\nBen\t55\t71\nChloë\t91\t88\nDmitri\t\t59\nElla\t67\t80"
CLASSES = "姓名,班级,数学,物理\n张伟,1班,88,92\n李娜,2班,95,79\n王芳,1班,缺考,85\n刘洋,2班,76,\n赵磊,1班,91,88"
SHOPS = (
    "Date,Shop,Item,Sales\n"
    "2026-09-03,North,tea,1200\n"
    "2026-09-21,South,tea,845\n"
    "2026-10-02,North,coffee,930\n"
    "2026-10-30,South,coffee,1410\n"
    "2026-11-11,North,tea,n/a"
)
LEAGUE = (
    "Team\tPlayed\tPoints\tGoals\n"
    "Rovers\t10\t21\t18\n"
    "United\t10\t25\t22\n"
    "Albion\t9\t12\t9\n"
    "City\t10\tn/a\t15\n"
    "Town\t9\t16\t11"
)
QUIZ = "Quiz results\nplayer,round 1,round 2\nIvy,12,9\nJo,absent,14\nKit,8,11\nLee,15,10"
EXAMS = "学生,语文,英语\n陈晨,81,77\n林一,缺考,90\n何苗,93,68\n吴用,70,缺考"
ANSWERED: list[tuple[str, list[tuple[list[str], list[str]]]]] = [
    (
        "teacher: paste class marks, get average best worst",
        [
            ([MARKS + "\nhow many got at least 70 in English"], ["3"]),
            ([MARKS + "\nHow many children scored 60 or less in English?"], ["1"]),
            ([MARKS + "\nhow many students have more than 66 in maths?"], ["3"]),
            (["who has the highest English mark?\n" + MARKS], ["Chloë"]),
            ([MARKS + "\n\nwho did worst in maths"], ["Ben"]),
            ([MARKS + "\nWho got the top mark in English?"], ["Chloë"]),
            ([MARKS + "\nhow many pupils are below 70 in maths?"], ["2"]),
            (["number of pupils with 80 or over in English\n" + MARKS], ["2"]),
            ([MARKS + "\nwho got 80 or more in English?"], ["Chloë", "Ella"]),
            ([MARKS + "\nhighest mark in maths", "and english?"], ["88"]),
            ([MARKS + "\nwho is best in Maths?", "and in English?"], ["Chloë"]),
            ([MARKS + "\nhow many got 70 or more in English?", "and in Maths?"], ["2"]),
            ([MARKS + "\nwho has the lowest maths mark?", "same for english"], ["Dmitri"]),
            ([MARKS + "\naverage maths", "what about English"], ["72.4"]),
            ([MARKS + "\nhow many people took maths?"], ["4"]),
            (["Which pupils got less than 65 in English?\n" + MARKS], ["Aisha", "Dmitri"]),
            ([MARKS + "\nbest and worst in english"], ["88", "59"]),
            ([MARKS + "\naverage english mark of those with 70 or more in maths"], ["76"]),
            ([MARKS + "\naverage maths of those with over 65 in english"], ["71"]),
            ([MARKS + "\naverage maths where english over 65"], ["71"]),
        ],
    ),
    (
        "贴成绩单，统计平均分最高分最低分、按班级",
        [
            (["物理平均分\n" + CLASSES], ["86"]),
            ([CLASSES + "\n数学最高分是谁？"], ["李娜"]),
            ([CLASSES + "\n谁的物理最高"], ["张伟"]),
            ([CLASSES + "\n数学最高分是谁", "物理呢？"], ["张伟"]),
            ([CLASSES + "\n谁数学最低", "那物理最低呢"], ["李娜"]),
            ([CLASSES + "\n数学90分以上有几个人"], ["2"]),
            ([CLASSES + "\n物理不低于85分的有多少人"], ["3"]),
            ([CLASSES + "\n数学平均分", "物理的呢"], ["86"]),
            (["缺考的不算，数学平均分是多少\n" + CLASSES], ["87.5"]),
            (["数学平均（缺考除外）\n" + CLASSES], ["87.5"]),
            ([CLASSES + "\n1班数学平均分"], ["89.5"]),
            ([CLASSES + "\n每个班的物理平均分"], ["88.33", "79"]),
            ([CLASSES + "\n数学第一名是谁"], ["李娜"]),
        ],
    ),
    (
        "shop sales pasted from excel, totals by month, by shop etc",
        [
            ([SHOPS + "\naverage sale in South"], ["1127.5"]),
            (["total for North\n" + SHOPS], ["2130"]),
            ([SHOPS + "\nhow much did we sell in September?"], ["2045"]),
            ([SHOPS + "\ntotal per shop"], ["2130", "2255"]),
            ([SHOPS + "\nwhich shop has the highest total?"], ["South"]),
            (["best sale\n" + SHOPS], ["1410"]),
            ([SHOPS + "\nhow many sales over 900"], ["3"]),
            ([SHOPS + "\nhow many sales were 900 or more?"], ["3"]),
            ([SHOPS + "\ntea total"], ["2045"]),
            ([SHOPS + "\ntotal sales of tea in North"], ["1200"]),
            ([SHOPS + "\ntotal for North", "and South?"], ["2255"]),
            ([SHOPS + "\ntotal sales for tea", "and coffee"], ["2340"]),
            ([SHOPS + "\naverge sales"], ["1096.25"]),
            ([SHOPS + "\nbiggest sale and in which shop?"], ["South"]),
        ],
    ),
    (
        "football league table pasted, questions about it",
        [
            ([LEAGUE + "\nwho has most points"], ["United"]),
            ([LEAGUE + "\nhow many teams have 16 points or more?"], ["3"]),
            (["Which team has scored the fewest goals?\n" + LEAGUE], ["Albion"]),
            ([LEAGUE + "\naverage goals of teams with at least 16 points"], ["17"]),
            ([LEAGUE + "\nwho has most points", "and goals?"], ["United"]),
            ([LEAGUE + "\ntotal goals"], ["75"]),
            ([LEAGUE + "\nteams with under 12 goals"], ["Albion", "Town"]),
            ([LEAGUE + "\nhow many goals did Rovers score"], ["18"]),
            ([LEAGUE + "\nhighest and lowest points"], ["25", "12"]),
            ([LEAGUE + "\naverage points (without n/a)"], ["18.5"]),
            ([LEAGUE + "\nhow many have 20+ points"], ["2"]),
        ],
    ),
    (
        "quiz night scores: best, worst, average per round",
        [
            ([QUIZ + "\nwho was best in round 1?"], ["Lee"]),
            ([QUIZ + "\nhighest score in round 1", "and round 2?"], ["14"]),
            ([QUIZ + "\nhow many got 10 or more in round 1", "and in round 2"], ["3"]),
            ([QUIZ + "\nhow many scored at least 11 in round 2?"], ["2"]),
            ([QUIZ + "\nworst result in round 2"], ["9"]),
        ],
    ),
    (
        "成绩统计：平均、最高、最低、及格人数",
        [
            ([EXAMS + "\n语文平均分是多少（缺考的不算）"], ["81.33"]),
            ([EXAMS + "\n谁的语文最高", "英语呢"], ["林一"]),
            ([EXAMS + "\n英语70分以上的有几个"], ["2"]),
            ([EXAMS + "\n英语最低分是谁"], ["何苗"]),
            ([EXAMS + "\n语文最高分", "那英语的呢？"], ["90"]),
            ([EXAMS + "\n语文80分及以上的是谁"], ["陈晨", "何苗"]),
        ],
    ),
    (
        "totals for tables",
        [
            (["item,qty,price\npen,5,1.20\npad,2,3.50\nink,9,0.80\nwhich item has the highest price"], ["pad"]),
            (
                ["item,qty,price\npen,5,1.20\npad,2,3.50\nink,9,0.80\nwhich item has the highest qty", "and price?"],
                ["0.8"],
            ),
            (["item,qty,price\npen,5,1.20\npad,2,3.50\nink,9,0.80\ntotal qty of pen and pad"], ["7"]),
            (["item,qty,price\npen,5,1.20\npad,2,3.50\nink,9,0.80\nhow many are there with price 2 or less"], ["2"]),
            (["name,paid,amount\nAnn,yes,20\nBob,no,35\nCid,yes,15\nhow many have not paid"], ["1"]),
            (["name,paid,amount\nAnn,yes,20\nBob,no,35\nCid,yes,15\ntotal amount of those with 20 or more"], ["55"]),
            ([LEAGUE + "\ntop 2 by points"], ["United", "Rovers"]),
            ([LEAGUE + "\naverage points of teams with 15 goals or more"], ["23"]),
            ([LEAGUE + "\nwithout the n/a, average of goals"], ["15"]),
            ([LEAGUE + "\ntotal points of Rovers and United"], ["46"]),
        ],
    ),
]
NOT_ANSWERED: list[tuple[str, list[str]]] = [
    ("teacher: paste class marks, get average best worst", [MARKS + "\nhow many failed english (under 65)"]),
    ("totals for tables", ["item,qty,price\npen,5,1.20\npad,2,3.50\nink,9,0.80\ntotal of items with 5 or more"]),
    ("totals for tables", ["item,qty,price\npen,5,1.20\npad,2,3.50\nink,9,0.80\nprice of 1 or 2"]),
    ("totals for tables", [LEAGUE + "\nbest team"]),
    ("totals for tables", [LEAGUE + "\nhow many teams scored over 10 goals or have 25 points"]),
    ("totals for tables", [LEAGUE + "\naverage grade"]),
]


@pytest.mark.parametrize(
    ("requirement", "prompts", "expected"),
    [(requirement, prompts, expected) for requirement, asked in ANSWERED for prompts, expected in asked],
)
def test_what_people_ask_of_tables_is_answered(requirement: str, prompts: list[str], expected: list[str]) -> None:
    text, _ = asked(requirement, prompts)
    assert [part for part in expected if part not in text] == []


@pytest.mark.parametrize(("requirement", "prompts"), NOT_ANSWERED)
def test_what_is_not_clear_of_tables_is_asked_back(requirement: str, prompts: list[str]) -> None:
    assert asked(requirement, prompts)[1] is False
