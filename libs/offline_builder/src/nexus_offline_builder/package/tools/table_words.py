"""The words that ask something of a table, by what they ask; all others say nothing of it.

Several words that stand together are written with `_` in between.
"""

import re
from functools import cache

from .csv_words import LEXICON
from .patterns import lazy_pattern


def said_in(words: str) -> frozenset[str]:
    """The words of a list, `_` for a blank in one."""
    return frozenset(word.replace("_", " ") for word in words.split())


_OPERATIONS = (
    ("times", "times multiplied_by multiply_by multiplied x × * 乘以 乘 乘上"),
    (
        "total",
        "summed sum_up add_them add_it all_in whole_sum in_total_all tally 总共 共 全部加起来 加總 總共 "
        "總計 總額 總金額",
    ),
    ("average", "mean mean_of average_of 平均分 平均數 平均"),
    ("median", "middle_value 中位"),
    (
        "count",
        "how_many_times how_often nr number 几家 几位 几笔 几次 几天 几节 几条 几类 多少次 多少笔 多少天 "
        "多少种 几种 多少家  "
        "几样东西 筆數 幾筆 幾個 几 幾 多少人 有多少",
    ),
    ("amount", "得多少 how_far how_long how_heavy how_high 多少錢 多少 多重 多远 多久 多高"),
    ("most", "highest top busiest 得多 得最多 最多 最高 最大 最好 第一名 最強"),
    ("least", "lowest bottom quietest 得少 得最少 最少 最低 最小 最差"),
    (
        "differ",
        "difference gap apart behind ahead_of ahead more_than less_than further_than than differ compared_to "
        "by_how_much how_much_more how_much_less how_many_more go_up went_up gone_up vs versus 相差 差 "
        "差多少 多多少 少多少 高多少 低多少 比",
    ),
    ("group", "compare breakdown broken_down split_by 对比 比较 分别 各"),
    ("per", "per each every by grouped_by for_each for_every 每 每个 每家 每种 每类 每位 按 按照 各 各个 每人 wise"),
    (
        "without",
        "without except excluding except_for other_than apart_from leaving_out leave_out ignoring ignore minus "
        "but_not not_counting not_including exclude excl less 除了 不算 不含 去掉 不包括 除去 扣掉",
    ),
    (
        "not",
        "not n't never don't doesn't didn't isn't aren't wasn't weren't hasn't haven't dont isnt arent "
        "didnt 没 未 不是 没有 還沒",
    ),
    (
        "empty",
        "no empty blank missing lacks lacking forgot forgotten nothing a_penny a_cent a_dime "
        "没填 没写 空着 空白 缺 没登记 沒填",
    ),
    ("share", "share percentage percent proportion % fraction 占 占比 百分之 百分之几 百分之多少 百分比 比例"),
    (
        "other",
        "standard_deviation stdev variance percentile correlation cumulative running_total weighted forecast mode "
        "sort sorted order_by ordered rank ranked alphabetical alphabetically duplicate duplicates second_highest "
        "second third 排序 排列 标准差 方差 累计 第二 第三 倒数",
    ),
)
LIMITS = (
    (
        ">",
        "over above more_than greater_than higher_than bigger_than exceeding exceeds exceed longer_than older_than "
        "heavier_than later_than past > 超过 大于 高于 多于 超過 大於 高於",
    ),
    (
        "<",
        "under below less_than fewer_than lower_than smaller_than cheaper_than shorter_than younger_than faster_than "
        "lighter_than < 不到 不满 未满 小于 低于 少于 不足 小於 低於",
    ),
    ("≥", "at_least >= ≥ no_less_than or_more minimum_of 至少 不低于 不少于"),
    ("≤", "at_most <= ≤ up_to no_more_than 至多 不超过"),
)
BEHIND = {
    word.replace("_", " "): sign
    for sign, words in (
        (
            "≥",
            "or_more and_more or_over and_over or_above and_above or_higher or_better or_longer and_up + "
            "以上 及以上 或以上",
        ),
        ("≤", "or_less and_less or_fewer or_under and_under or_below and_below or_lower or_shorter 以下 及以下 或以下"),
    )
    for word in words.split()
}
_CONCEPTS = (
    (
        "money",
        "amount amounts value total sum betrag summe montant importe bedrag gbp eur usd chf made make "
        "bring brought gave  "
        "given give due money 钱 金额 金額 錢",
    ),
    (
        "paid",
        "cost costs price prices priced paid pay pays paying spent spend bill bills billed charge charged "
        "fee fees fare  "
        "fares expense expenses invoice invoiced owe owed worth kosten preis prix precio prezzo prijs rent "
        "花 花了 费用 支出 单价 价格 价 花费 开支 付 價格 單價",
    ),
    (
        "received",
        "income earn earned earns revenue takings raise raised donation donations donated turnover sales "
        "umsatz made make  "
        "bring brought gave given give 收入 营业额 销售额",
    ),
    ("wages", "salary salaries wage wages 工资 工钱 薪水"),
    ("rate", "rate rates"),
    (
        "derived",
        "vat tax taxes gst profit profits margin margins interest commission 利润 毛利 税 税额 增值税 利息 提成",
    ),
    ("goals", "goals goal scorer scorers scored tore tor"),
    (
        "time",
        "time times duration minutes minute mins min hours hour hrs hr seconds secs sec s h day days "
        "lasted last took dauer zeit  "
        "durée tiempo 时间 时长 工时 分钟 小时 耗时 持续 用时 秒",
    ),
    (
        "length",
        "distance km kms kilometre kilometres kilometer kilometers miles mile mi metres meters metre m nm "
        "cm length far  "
        "strecke 米 厘米 距离 公里 里程 长度 千米",
    ),
    (
        "mass",
        "weight weigh weighs weighed mass kg kgs kilo kilos kilogram kilograms grams g lb lbs gewicht poids peso "
        "重量 体重 斤数 斤 公斤 克",
    ),
    ("warmth", "temperature temperatures temp degrees c °c f warm cold temperatur 温度 气温 溫度"),
    ("rain", "rain rainfall rained precipitation wet regen 雨量 降雨 降水"),
    ("age", "age ages old alter 年龄 岁 岁数"),
    (
        "pieces",
        "qty quantity pieces pcs units stock menge anzahl stück cantidad sold items count 数量 库存 件数 "
        "存量 个数 件 卖 數量 庫存",
    ),
    ("words", "words word woerter wörter mots palabras 字数"),
    ("guests", "guests guest gäste people persons personen 人数"),
    ("nights", "nights night nächte nuits noches 晚"),
    ("high", "high highs max maximum peak"),
    ("low", "low lows min minimum"),
    ("speed", "speed kmh km/h mph knots geschwindigkeit 速度"),
    ("marks", "score scores marks mark grade grades 分 分数 成绩 得分"),
    ("points", "points point score scores punkte 得分"),
)
ALSO = {"paid": ("money",), "received": ("money",), "money": ("paid", "received")}
"""What a column of another kind may be called by: an amount is what is paid or received."""
_NAMES = (
    ("client", "client clients customer customers kunde kunden klient client cliente 客户 顾客 買家 客人"),
    (
        "person",
        "who name names person people employee member runner player pupil student kid kids child children "
        "姓名 名字 谁  "
        "同学 学生 员工 人",
    ),
    ("date", "when date dates day days datum tag fecha 日期 日子 哪天 时间 什么时候 几号"),
    ("month", "month months monat mes mois 月 月份"),
    ("place", "where place city town location ort stadt lieu 地点 城市 哪里"),
    ("kind", "category categories kind type types kategorie art 类别 种类 类型 類別 哪类"),
    ("supplier", "supplier suppliers vendor lieferant fournisseur 供应商 谁家 哪家"),
    ("item", "item items product products article articles artikel produkt produit 品名 商品 名称 哪样 东西 货"),
    ("language", "language languages language_pair sprachpaar sprache pair"),
)
_ADJECTIVES = (
    ("fastest quickest 最快", "least time", "most speed"),
    ("slowest 最慢", "most time", "least speed"),
    ("longest 最长 最久", "most time length nights", ""),
    ("shortest 最短", "least time length", ""),
    ("farthest furthest 最远", "most length", ""),
    ("coldest chilliest 最冷", "least warmth", ""),
    ("warmest hottest 最热", "most warmth", ""),
    ("wettest rainiest", "most rain", ""),
    ("driest", "least rain", ""),
    ("heaviest 最重", "most mass", ""),
    ("lightest 最轻", "least mass", ""),
    ("oldest 最老", "most age", ""),
    ("youngest 最年轻", "least age", ""),
    ("dearest priciest costliest most_expensive 最贵 最貴 进得最贵", "most money paid", ""),
    ("cheapest least_expensive 最便宜", "least money paid", ""),
)
_COMPARATIVES = (
    ("faster slower quicker 快多少 慢多少 快 慢", "time speed"),
    ("longer shorter", "time length"),
    ("heavier lighter 重多少 轻多少", "mass"),
    ("older younger 大几岁 小几岁", "age"),
    ("warmer colder hotter cooler", "warmth"),
    ("dearer cheaper costlier 贵多少 便宜多少", "money paid"),
    ("taller higher", "length"),
)
_PLAIN = (
    "a an the this that these those my our your his her their its it i we you he she they me us him them "
    "who whom whose  "
    "which what when where why how is are was were be been being am do does did done have has had having "
    "will would can  "
    "could should may might must shall of in on at to from for with by as and or but so if then than too "
    "also just only  "
    "all any some there here over into about up out off please pls hi hello hey ok okay now well yes no not "
    "i_mean 's s t m re ve ll d's got get much many each every per whole both very quite really still yet"
)
PLAIN = said_in(_PLAIN)
"""Words that are no noun, so that they fill no place in a request."""


class Kinds:
    """What columns are of: said of them in any language that is known."""

    def __init__(self) -> None:
        self.of_word: dict[str, set[str]] = {}
        for kind, words in (*_CONCEPTS, *_NAMES):
            for word in words.split():
                self.of_word.setdefault(word.replace("_", " "), set()).add(kind)
        self.measures = {kind for kind, _ in _CONCEPTS}


@cache
def kinds() -> Kinds:
    return Kinds()


@cache
def adjectives() -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    found = dict[str, tuple[tuple[str, tuple[str, ...]], ...]]()
    for words, *ways in _ADJECTIVES:
        split = [way.split() for way in ways if way]
        for word in words.split():
            found[word.replace("_", " ")] = tuple((way[0], tuple(way[1:])) for way in split)
    return found


@cache
def comparatives() -> dict[str, tuple[str, ...]]:
    return {word.replace("_", " "): tuple(of.split()) for words, of in _COMPARATIVES for word in words.split()}


_TAKEN_OVER = said_in("total amount average median most least count rows distinct list single ref is and")


_NO_OPERATION = said_in(
    "n plus & , one things name names only just his her its it 只 人 名 个 为 是 和 与 跟 、 或 最多有"
)


@cache
def operations() -> dict[str, str]:
    """The words of operations, with what they ask."""
    words = {
        word: kind for word, kind in LEXICON.items() if kind in _TAKEN_OVER and word not in PLAIN - {"who", "which"}
    }
    words |= {word.replace("_", " "): kind for kind, said in (*_OPERATIONS, *LIMITS) for word in said.split()}
    words |= dict.fromkeys(comparatives(), "differ")
    for word in _NO_OPERATION:
        words.pop(word, None)
    return words


_UNIT_OF = lazy_pattern(r"[a-z°]+|[\u4e00-\u9fff]+", re.IGNORECASE)


def words_of(name: str) -> list[str]:
    """The words in a column's name, in small letters: `honey_kg` has two, `paidBy` too."""
    return [one.lower() for one in _UNIT_OF.findall(re.sub(r"([a-z])([A-Z])", r"\1 \2", name.replace("_", " ")))]


def stem(word: str) -> str:
    """A word without the ending of its number or of its tense."""
    low = word.lower()
    if not low.isascii():
        return low
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("s", "")):
        if low.endswith(ending) and len(low) - len(ending) >= 3 - len(instead) and not low.endswith("ss"):
            return low[: -len(ending)] + instead
    return low


_ENDINGS = said_in("d ed n en ing er ers s es")


def is_same_word(one: str, other: str) -> bool:
    """Whether they are forms of one word: `sow` and `sown`, `borrowed` and `borrow`."""
    short, long = sorted((one, other), key=len)
    return short.isascii() and len(short) > 2 and long.startswith(short) and long[len(short) :] in _ENDINGS
