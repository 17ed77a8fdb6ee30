"""Cases for sums, percentages, proportions and notations of numbers."""

import re
from collections.abc import Sequence

from nexus_contracts.verification import Contains, Pattern
from nexus_offline_builder.casework.draft import Draft, WishedAgent, asked, has, number, refused, written

_RATE = re.compile(r"(\d{1,2}(?:\.\d+)?)\s*(?:%|％|percent|per cent|个百分点)")
_ROMAN = (
    *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC")),
    *((50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
)


def rates_in(text: str) -> list[float]:
    """The percentages that the requirement states."""
    return [float(one) for one in _RATE.findall(text)]


def sums(wish: WishedAgent) -> Sequence[Draft]:
    a, b, c = wish.pick(11, 39), wish.pick(3, 19) * 4, wish.pick(2, 9)
    price, whole = wish.pick(3, 40) + 0.25, wish.pick(4, 60) * 20
    rate = next(iter(rates_in(wish.requirement)), wish.dice.choice((5.0, 15.0, 20.0)))
    percent, say = written(rate), wish.say
    mean = (a + b + c * 10) / 3
    share = whole * rate / 100
    drafts = [
        (asked(say(f"What is {a} * {b}?", f"{a}乘以{b}等于多少？"), number(a * b)),),
        (
            asked(say(f"What is {a} * {b}?", f"{a} * {b} 等于多少？"), number(a * b)),
            asked(say("and now divide that by 4", "再除以4呢"), number(a * b / 4)),
        ),
        (asked(say(f"What is {percent}% of {whole}?", f"{whole}的{percent}%是多少？"), number(share)),),
        (asked(say(f"({price} + {c}) * {a}", f"({price} + {c}) * {a} = ?"), number((price + c) * a)),),
        (asked(say(f"{whole} minus {price}", f"{whole}减{price}是多少"), number(whole - price)),),
        (asked(say(f"how much is {whole} / {c}", f"{whole}除以{c}"), number(whole / c)),),
        (asked(say(f"{c} to the power of 4", f"{c}的4次方是多少"), number(c**4)),),
        (asked(say(f"What is {a} + banana?", f"{a} + 香蕉 等于多少？"), refused()),),
    ]
    if rates_in(wish.requirement) or wish.names(
        "percent", "%", "discount", "vat", "tax", "tip", "折", "税", "百分", "小费"
    ):
        drafts[4:4] = [
            (asked(say(f"{whole} plus {percent}%", f"{whole}加{percent}%是多少"), number(whole + share)),),
            (asked(say(f"{whole} minus {percent}%", f"{whole}减{percent}%是多少"), number(whole - share)),),
        ]
    else:
        drafts[4:4] = [
            (asked(say(f"add up {a}, {b} and {price}", f"{a}、{b}、{price}加起来是多少"), number(a + b + price)),),
            (asked(say(f"average of {a}, {b} and {c * 10}", f"{a}、{b}、{c * 10}的平均数"), number(mean)),),
        ]
    return drafts


def proportions(wish: WishedAgent) -> Sequence[Draft]:
    people, more = wish.dice.choice(((4, 6), (4, 10), (2, 7), (8, 12)))
    grams, eggs = people * wish.pick(5, 40) * 5, people * wish.pick(1, 3)
    each, say = grams / people, wish.say
    recipe = say(f"a recipe for {people} takes {grams} g rice", f"{people}人份要{grams}克大米")
    both = say(f"for {people}: {grams} g flour, {eggs} eggs", f"{people}人份：面粉{grams}克，鸡蛋{eggs}个")
    return [
        (asked(say(f"{recipe}, I need it for {more}", f"{recipe}，{more}人份要多少"), number(each * more)),),
        (
            asked(say(f"{recipe}, I need it for {more}", f"{recipe}，{more}人份要多少"), number(each * more)),
            asked(say(f"and for {more + 3}?", f"{more + 3}人份呢？"), number(each * (more + 3))),
        ),
        (
            asked(
                say(f"{both}. Now for {more}", f"{both}。现在要{more}人份"),
                number(each * more),
                number(eggs / people * more),
            ),
        ),
        (asked(say(f"{recipe}, how much for {people * 2}?", f"{recipe}，{people * 2}人份呢"), number(grams * 2)),),
        (asked(say(f"{recipe}. How much for 1?", f"{recipe}，1人份是多少"), number(each)),),
        (asked(say(f"{both}. Make it for {people * 3}", f"{both}。做{people * 3}人份"), number(grams * 3)),),
        (asked(say("scale my recipe to 10 people", "把我的食谱改成10人份"), refused()),),
    ]


def notations(wish: WishedAgent) -> Sequence[Draft]:
    wanted = [
        one
        for one, words in {
            "binary": ("binary", "base 2", "bin", "二进制"),
            "hex": ("hex", "dec_to_hex", "十六进制"),
            "roman": ("roman", "罗马"),
            "octal": ("octal", "八进制"),
        }.items()
        if wish.names(*words)
    ] or ["binary", "hex", "roman"]
    drafts: list[Draft] = []
    while len(drafts) < 6:
        drafts += [_notated(wish, kind, len(drafts)) for kind in wanted]
    first, second = wish.pick(40, 90), wish.pick(100, 180)
    name = wish.say(*_NAMES[wanted[0]])
    talk = (
        asked(wish.say(f"{first} in {name}", f"{first}的{name}"), _in(wanted[0], first)),
        asked(wish.say(f"and {second}?", f"那{second}呢？"), _in(wanted[0], second)),
    )
    if len(wanted) > 1:
        other = wish.say(*_NAMES[wanted[1]])
        talk = talk[0], asked(wish.say(f"and in {other}?", f"转成{other}呢？"), _in(wanted[1], first))
    return [drafts[0], talk, *drafts[1:]]


_NAMES = {
    "binary": ("binary", "二进制"),
    "hex": ("hexadecimal", "十六进制"),
    "roman": ("roman numerals", "罗马数字"),
    "octal": ("octal", "八进制"),
}


def _notated(wish: WishedAgent, kind: str, turn: int) -> Draft:
    value, name = wish.pick(20, 3000), wish.say(*_NAMES[kind])
    wordings = (
        (f"{value} in {name}", f"{value}的{name}"),
        (f"convert {value} to {name}", f"把{value}转成{name}"),
        (f"What is {value} in {name}?", f"{value}等于多少{name}"),
        (f"write {value} as {name}", f"{value}转换为{name}"),
    )
    return (asked(wish.say(*wordings[turn % len(wordings)]), _in(kind, value)),)


def _in(kind: str, value: int) -> Contains | Pattern:
    text = {"binary": f"{value:b}", "hex": f"{value:x}", "octal": f"{value:o}", "roman": roman(value)}[kind]
    return has(text) if kind != "roman" else Pattern(pattern=rf"\b{text}\b")


def roman(value: int) -> str:
    found = ""
    for size, sign in _ROMAN:
        found += sign * (value // size)
        value %= size
    return found
