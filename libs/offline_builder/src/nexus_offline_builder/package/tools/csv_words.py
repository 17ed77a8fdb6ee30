"""The words of requests about tables, by what they say; several words stand with `_` in between."""

import re

_WORDS = (
    (
        "total",
        "total sum sums altogether together combined in_all "
        "in_total all_in_all overall add_up come_to comes_to came_to "
        "amount_to amounts_to summe 合计 总计 总和 "
        "求和 总额 总数 一共 总共 汇总 加起来 总 共",
    ),
    (
        "amount",
        "how_much 多少钱 多少",
    ),
    (
        "average",
        "average avg mean averages on_average 平均 均值 平均值 每人平均 平均每人",
    ),
    (
        "median",
        "median medians 中位数",
    ),
    (
        "most",
        "longest_first descending desc high_to_low z-a z_to_a 从高到低 从多到少 "
        "从大到小 降序 most longest priciest most_expensive costliest highest biggest largest max maximum "
        "best greatest top most_often dearest 最多 最高 最大 最好 最贵 bests",
    ),
    (
        "least",
        "shortest_first ascending asc low_to_high a-z a_to_z 从低到高 从少到多 从小到大 "
        "升序 least shortest cheapest least_expensive lowest smallest min "
        "minimum fewest worst least_often bottom 最少 最低 最小 最差 最便宜 worsts",
    ),
    (
        "count",
        "how_many count number_of nr_of no._of counts hw_many hwo_many 几样 几款 几种 几个 多少个 "
        "多少人 几个人 几人 人数 几行 多少行 几条 多少条 几名 多少名 几 有几",
    ),
    (
        "rows",
        "row rows line lines entry entries record records people persons ones item items things everyone "
        "everybody anyone anybody person 人 行 条 个 名 employees customers clients students pupils members "
        "products articles workers samples orders invoices tickets guests players teams "
        "children kids staff pupil student employee worker child job jobs task tasks appointment "
        "appointments booking bookings entry_in run runs lesson lessons sale shift shifts 样 款",
    ),
    (
        "per",
        "per each every for_each for_every by grouped_by group_by 每个 每 各个 各 按",
    ),
    (
        "not",
        "not without except excluding except_for other_than minus leave_out leaving_out ignore ignoring "
        "apart_from but_not aren't isn't weren't n't arent isnt werent wasnt 除了 不算 不含 去掉 不要 除去 不是",
    ),
    (
        "empty",
        "no empty blank missing lacks lack lacking has_no have_no had_no with_no not_filled_in 没填 未填 没有 空着 缺 "
        "空白 漏填 为空",
    ),
    (
        "distinct",
        "different distinct unique each_once once_each 不同的 不同 不重复",
    ),
    (
        "list",
        "list which who what when where whos who's whats what's "
        "show give_me name names only just 谁 哪些 哪个 哪几个 哪一个 列出 只要 只看 只",
    ),
    (
        "sort",
        "alphabetically alphabetical alphabetical_order in_alphabetical_order "
        "sort sorted order ordered rank ranked 排序 排 排列 排一下",
    ),
    (
        "single",
        "in_one_go at_once single one_time 单次 一次 单笔 每单 单项",
    ),
    (
        "ref",
        "it he she they them those these him her that this its his their one 他 她 它 他们 它们 那个 这个 that_person "
        "that_one this_person that_day",
    ),
    (
        ">",
        "more_than over above greater_than higher_than bigger_than exceeds > 超过 大于 高于 多于",
    ),
    (
        "<",
        "less_than under below fewer_than lower_than smaller_than < 不到 小于 低于 少于 不足",
    ),
    (
        "≥",
        "at_least >= ≥ no_less_than 至少 不低于 不少于",
    ),
    (
        "≤",
        "at_most <= ≤ up_to no_more_than 至多 不超过 最多有",
    ),
    (
        "or more",
        "or_more or_over or_above and_more and_over and_above 以上 及以上",
    ),
    (
        "or less",
        "or_less or_fewer or_under or_below and_under and_below 以下 及以下",
    ),
    (
        "is",
        "is are = == : was were equals 是 为",
    ),
    (
        "and",
        "and or , & n plus 和 与 、 或 以及 跟",
    ),
    (
        "",
        "the a an of in for on to at from with do does did has have had i we my our me you be been there "
        "please pls can could tell so ok okay now then about how get got any also all member's s whole table "
        "? ! . ; at_all so_far yet made make go - ' of_them first "
        "yes_please in_the thanks still here said say who_has 的 有 呢 吗 "
        "了 那 里 中 在 请 帮我 下 所有 全部 都 人们 吧 哪 ， 。 ？ ！ 小时 元 告诉我 又 还 上 名字 "
        "列 give gives provide kindly having falling respectively wise "
        'per_row column columns ( ) " “ ” still whats_the teach taught need see use run_in use_up mate hon dear '
        "thx ta cheers kindly hey hi hello thank_you mean gave given 统计 样子 麻烦了 麻烦 谢谢 多谢 您 你 大概 "
        "salary_of sold sells come comes carried whose 请问 卖了 卖出 卖 报销 了多少 两 全",
    ),
    (
        "money",
        "salary salaries wage wages amount amounts value values "
        "figure figures 费用 花费 支出 开支 money spending cost costs spent",
    ),
)
LEXICON = {word.replace("_", " "): kind for kind, words in _WORDS for word in words.split()}
ASKS = {
    "who": "name|person|who|member|employee|customer|seller|driver|姓名|名字|员工|客户|人",
    "谁": "name|person|who|member|employee|customer|seller|driver|姓名|名字|员工|客户|人",
    "when": "date|day|datum|when|日期|时间",
    "where": "city|place|loc|town|shelf|bin|room|store|shop|site|地|位",
}
SAID_OF = {
    "came": "visits attendance times",
    "visited": "visits attendance times",
    "pay": "fee price amount due cost",
    "pays": "fee price amount due cost",
    "paying": "fee price amount due cost",
    "income": "fee amount revenue price",
    **dict.fromkeys(("works", "worked", "working", "work"), "hours hrs time"),
    **dict.fromkeys(("owe", "owes", "owed", "owing"), "owed due balance amount fee"),
    **dict.fromkeys(("took", "takes", "take", "lasted", "lasts"), "takings hours hrs minutes min time duration"),
    **dict.fromkeys(
        ("earned", "earns", "earn", "made", "brought"), "salary wage pay income revenue takings sales amount"
    ),
    **dict.fromkeys(("spent", "spend", "spends", "paid"), "amount price cost total fee"),
    **dict.fromkeys(("weighs", "weighed", "weigh"), "weight mass kg"),
    **dict.fromkeys(("ran", "drove", "walked", "rode", "cycled"), "km kilometres distance miles"),
    **dict.fromkeys(("sold", "sells", "ordered"), "qty quantity units pieces sold"),
    **dict.fromkeys(("scored", "scores"), "points goals score marks"),
}
"""The columns that a verb may be about."""


_DAYS = {day[:3]: day for day in ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]}


def forms_of(name: str) -> set[str]:
    """How a name may be written: whole, without what is in brackets, in the plural, by one of its longer words."""
    low = name.strip().lower()
    plain = re.sub(r"\s*[(（\[][^)）\]]*[)）\]]\s*", " ", low).strip()
    forms = {one for one in (low, low.replace("_", " "), plain, plain.replace("_", " ")) if one}
    words = re.findall(r"[a-z]{3,}|[a-z]\d+\b", plain.replace("_", " "))
    if len(plain.split()) > 1 or "_" in plain:
        forms |= {word for word in words if word not in LEXICON}
    if low in _DAYS:
        forms |= {_DAYS[low], _DAYS[low] + "s"}
    if named := re.fullmatch(r"([^\W\d_]+(?:[ -][^\W\d_]+)?), ([^\W\d_]+)", low):
        forms |= {f"{named[2]} {named[1]}", named[1], named[2]} - LEXICON.keys()
    forms |= {form + "s" for form in forms if form.isascii() and form[-1].isalpha() and len(form) > 2}
    forms |= {form[:-1] for form in forms if form.isascii() and form.endswith("s") and len(form) > 3}
    forms |= {form[:-1] + "ies" for form in forms if form.isascii() and form.endswith("y") and len(form) > 3}
    if re.fullmatch("[\u4e00-\u9fff][名级称号]", plain):
        forms.add(plain[0])
    if not plain.isascii() and len(plain) > 2:
        forms |= {plain[:-2], plain[-2:], plain[:2]} if len(plain) > 3 else {plain[:2]}
    return forms
