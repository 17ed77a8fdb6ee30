"""Cases for tables, made from rows by Python's csv and json, with sums over the values of the rows."""

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from pydantic import JsonValue

from nexus_contracts.verification import JsonSchema, Pattern
from nexus_offline_builder.casework.draft import Draft, WishedAgent, asked, has, number, refused, without

_LABELS = (
    "name item product customer client category department city region employee driver student pupil member shop store "
    "team supplier seller candidate 姓名 名字 商品 产品 品名 客户 类别 部门 城市 地区 员工 司机 学生 班级 门店 供应商"
)
_FIGURES = (
    "amount price hours cost quantity qty score points fee revenue weight stock units salary sold spent "
    "金额 价格 单价 工时 小时 数量 成绩 分数 销量 费用 销售额 运费 库存 工资 收入 支出"
)
_NAMES = ("Ann", "Bob", "Cara", "Dan"), ("小王", "小李", "小张", "小陈")
_SEMICOLONS = re.compile(r"semicolon|;-separated|分号|\w;\w+;\w", re.IGNORECASE)
_TABS = re.compile(r"\btsv\b|\btabs?\b|制表符", re.IGNORECASE)


@dataclass(frozen=True)
class SampleTable:
    """`rows` are label, first figure, second figure; the first label comes twice."""

    columns: tuple[str, str, str]
    rows: tuple[tuple[str, float, int], ...]
    separator: str

    @property
    def text(self) -> str:
        file = io.StringIO()
        writer = csv.writer(file, delimiter=self.separator, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows((label, f"{first:.2f}", second) for label, first, second in self.rows)
        return file.getvalue().rstrip("\n")

    @property
    def first(self) -> list[float]:
        return [row[1] for row in self.rows]

    @property
    def second(self) -> list[int]:
        return [row[2] for row in self.rows]

    def of(self, label: str) -> float:
        return round(sum(first for name, first, _ in self.rows if name == label), 2)


def table(wish: WishedAgent) -> SampleTable:
    """With the columns that the requirement names, as far as it names any, in its form."""
    label = _column(wish, _LABELS.split(), wish.say("name", "姓名"))
    figures = [_column(wish, _FIGURES.split(), wish.say("amount", "金额"))]
    figures.append(
        _column(wish, [one for one in _FIGURES.split() if one != figures[0]], wish.say("units", "数量"), figures[0])
    )
    people = _NAMES[wish.chinese]
    names = (*wish.dice.sample(people, 3), "")
    order = (names[0], names[1], names[0], names[2])
    firsts = wish.dice.sample(range(11, 90), 4)
    seconds = wish.dice.sample(range(2, 40), 4)
    rows = tuple((name, first + 0.5, second) for name, first, second in zip(order, firsts, seconds, strict=True))
    separator = ";" if _SEMICOLONS.search(wish.requirement) else "\t" if _TABS.search(wish.requirement) else ","
    return SampleTable((label, figures[0], figures[1]), rows, separator)


def _column(wish: WishedAgent, known: Sequence[str], usual: str, taken: str = "") -> str:
    ours = [one for one in known if one.isascii() != wish.chinese]
    named = [(place, one) for one in ours if (place := wish.place(one)) is not None]
    return min(named)[1] if named else usual if usual != taken else wish.say("points", "分数")


def totals(wish: WishedAgent) -> Sequence[Draft]:
    made, say = table(wish), wish.say
    label, first, second = made.columns
    twice, text = made.rows[0][0], f"\n{made.text}"
    alone = without(made.text.partition("\n")[0])
    sums = round(sum(made.first), 2), sum(made.second)
    by_label = [number(made.of(name)) for name in dict.fromkeys(row[0] for row in made.rows)]
    return [
        (asked(say(f"Total of {first}:{text}", f"{first}合计：{text}"), number(sums[0])),),
        (
            asked(say(f"Total of {first}:{text}", f"{first}合计：{text}"), number(sums[0])),
            asked(say(f"and the total of {second}?", f"{second}的合计呢？"), number(sums[1])),
        ),
        (asked(say(f"average {first}{text}", f"{first}的平均值{text}"), number(mean(made.first))),),
        (asked(say(f"total of {first} for {twice}{text}", f"{twice}的{first}合计{text}"), number(made.of(twice))),),
        (
            asked(
                say(f"What is the highest {second}?{text}", f"{second}最大是多少？{text}"),
                number(max(made.second)),
                alone,
            ),
        ),
        (asked(say(f"total {first} by {label}{text}", f"按{label}汇总{first}{text}"), *by_label),),
        (asked(say(f"lowest {first}{text}", f"{first}最小是多少{text}"), number(min(made.first)), alone),),
        (asked(say(f"{made.text}\nsum of {second}", f"{made.text}\n{second}总和"), number(sums[1])),),
        (asked(say(f"How many rows are there?{text}", f"一共有多少行？{text}"), number(len(made.rows)), alone),),
        (asked(say(f"total of altitude{text}", f"海拔合计{text}"), refused()),),
    ]


def csv_as_json(wish: WishedAgent) -> Sequence[Draft]:
    wordings = wish.say(
        "Convert this CSV to JSON:|turn this into JSON|as JSON, please:|csv to json:|make a JSON list of these rows:|"
        "to JSON:",
        "把这个CSV转成JSON：|转成JSON：|请把下面的表格转换为JSON：|csv转json：|转为JSON|帮我把这些行变成JSON：",
    ).split("|")
    drafts: list[Draft] = []
    for wording in wordings:
        made = table(wish)
        drafts.append((asked(f"{wording}\n{made.text}", JsonSchema(json_schema=_schema(made))),))
    item, desk = wish.say("item", "品名"), wish.say("desk, oak", "桌子,橡木")
    whole: dict[str, JsonValue] = {
        "type": "array",
        "minItems": 1,
        "maxItems": 1,
        "items": {"properties": {item: {"const": desk}}},
    }
    quoted = f'{item},{wish.say("size", "规格")}\n"{desk}",12'
    return [drafts[0], (asked(f"{wordings[1]}\n{quoted}", JsonSchema(json_schema=whole)),), *drafts[1:]]


def _schema(made: SampleTable) -> dict[str, JsonValue]:
    """Numbers may have stayed text."""
    label, first, second = made.columns
    rows: list[JsonValue] = [
        {
            "type": "object",
            "required": [label, first, second],
            "properties": {
                label: {"const": name},
                first: {"enum": [one, f"{one:.2f}"]},
                second: {"enum": [other, str(other)]},
            },
        }
        for name, one, other in made.rows
    ]
    return {"type": "array", "minItems": len(rows), "maxItems": len(rows), "prefixItems": rows}


def json_as_csv(wish: WishedAgent) -> Sequence[Draft]:
    wordings = wish.say(
        "Convert to CSV: |to csv: |as a table: |Turn this JSON into CSV:\n|json to csv\n|make a CSV of ",
        "转成CSV：|转为CSV：|把这个JSON转成CSV：|json转csv：|请把下面的JSON转换为表格：\n|变成CSV：",
    ).split("|")
    drafts: list[Draft] = []
    for wording in wordings:
        made = table(wish)
        label, _, second = made.columns
        rows = [{label: name, second: figure} for name, _, figure in made.rows[1:]]
        lines = [f"{label},{second}", *(f"{name},{figure}" for name, _, figure in made.rows[1:])]
        drafts.append((asked(f"{wording}{json.dumps(rows, ensure_ascii=False)}", has(*lines)),))
    broken = asked(
        wish.say('Convert to CSV: [{"a": }]', '转成CSV：[{"a": }]'), Pattern(pattern="(?i)not valid|不是有效")
    )
    return [*drafts, (broken,)]
