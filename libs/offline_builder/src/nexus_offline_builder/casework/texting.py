"""Cases for texts and lists, put together from words that are counted, sorted or turned round here."""

from collections.abc import Callable, Sequence

from nexus_contracts.verification import Pattern
from nexus_offline_builder.casework.draft import Draft, WishedAgent, asked, has, in_order, number, without

_WORDS = "river stone window garden market candle bridge silver morning letter winter yellow"
_CHINESE = ("今天下雨", "我们去公园", "他在看书", "老师来了", "晚上吃面条", "窗外有鸟")
_FRUITS = "pear fig apple mango cherry banana", "lemon kiwi plum grape olive peach"
_TOWNS = "beijing shanghai guangzhou chengdu wuhan xian"


def statistics(wish: WishedAgent) -> Sequence[Draft]:
    return _chinese_statistics(wish) if wish.chinese else _english_statistics(wish)


def _english_statistics(wish: WishedAgent) -> Sequence[Draft]:
    words = wish.few(_WORDS, wish.pick(5, 9))
    text, common = " ".join(words), words[0]
    often = f"{common} {text} {common}"
    letters = sum(len(word) for word in words)
    sentences = [f"The {word} is old." for word in words[:4]]
    return [
        (asked(f'How many words are in "{text}"?', number(len(words))),),
        (
            asked(f'How many words are in "{text}"?', number(len(words))),
            asked("and how many characters?", number(len(text))),
        ),
        (asked(f"count the words: {text} {text}", number(2 * len(words))),),
        (asked(f"How many sentences are in this text: {' '.join(sentences)}", number(len(sentences))),),
        (asked(f"most frequent word in: {often}", has(common), without(text)),),
        (asked(f"How many letters are in: {text}", number(letters)),),
        (asked(f"number of words in this text:\n{often}", number(len(words) + 2)),),
        (asked(f"how many unique words: {often}", number(len(words))),),
        (asked(f"How many lines?\n{words[0]}\n{words[1]}\n{words[2]}", number(3)),),
    ]


def _chinese_statistics(wish: WishedAgent) -> Sequence[Draft]:
    parts = wish.dice.sample(_CHINESE, 3)
    text, signs = "，".join(parts) + "。", sum(len(part) for part in parts)
    sentences = "。".join(parts) + "。"
    two = f"{parts[0]}。{parts[1]}。"
    return [
        (asked(f"“{parts[0]}”有多少个字？", number(len(parts[0]))),),
        (
            asked(f"这段话有几句：{sentences}", number(3)),
            asked("那字数呢？", number(signs)),
        ),
        (asked(f"多少个汉字：{text}", number(signs)),),
        (asked(f"数一下句子：{two}", number(2)),),
        (asked(f"下面有多少个汉字？\n{sentences}", number(signs)),),
        (asked(f"几句话？{sentences}", number(3)),),
        (asked(f"一共几行？\n{parts[0]}\n{parts[1]}\n{parts[2]}", number(3)),),
    ]


def lists(wish: WishedAgent) -> Sequence[Draft]:
    words = wish.few(wish.dice.choice(_FRUITS) if not wish.chinese else _TOWNS, 4)
    join = wish.say(", ", "、").join
    once, twice = sorted(words), [*words, words[1], words[0]]
    lines, say = "\n".join(twice), wish.say
    return [
        (asked(say(f"sort: {join(words)}", f"排序：{join(words)}"), in_order(once)),),
        (
            asked(say(f"sort: {join(words)}", f"排序：{join(words)}"), in_order(once)),
            asked(say("and in reverse order?", "反过来"), in_order(once[::-1])),
        ),
        (asked(say(f"remove duplicates: {join(twice)}", f"去重：{join(twice)}"), in_order(words), _only(words)),),
        (
            asked(
                say(f"sort and remove duplicates:\n{lines}", f"去重并排序：\n{lines}"),
                in_order(once),
                _only(words),
            ),
        ),
        (asked(say(f"reverse: {join(words)}", f"倒序：{join(words)}"), in_order(words[::-1])),),
        (asked(say(f"put in alphabetical order: {join(words)}", f"按字母排序：{join(words)}"), in_order(once)),),
        (asked(say(f"drop the duplicates:\n{lines}", f"去掉重复的：\n{lines}"), in_order(words), _only(words)),),
        (asked(say(f"sort z-a: {join(words)}", f"倒序排列：{join(once)}"), in_order(once[::-1])),),
    ]


def _only(words: Sequence[str]) -> Pattern:
    """None of the words comes twice."""
    return Pattern(pattern=rf"(?s)^(?!.*\b({'|'.join(words)})\b.*\b\1\b)")


def changes(wish: WishedAgent) -> Sequence[Draft]:
    kinds: tuple[tuple[tuple[str, ...], Callable[[WishedAgent], Draft]], ...] = (
        (("replace", "replacement", "swap", "替换", "改成"), _replaced),
        (("upper", "capital", "caps", "case", "大写"), _raised),
        (("backward", "reverse", "mirror", "倒", "反转"), _turned),
        (("slug", "url", "permalink", "web address"), _slug),
        (("lower", "case", "小写"), _lowered),
    )
    wanted = [make for words, make in kinds if wish.names(*words)] or [make for _, make in kinds[:3]]
    return [wanted[turn % len(wanted)](wish) for turn in range(8)]


def _replaced(wish: WishedAgent) -> Draft:
    one, other, third = wish.few(_WORDS, 3)
    text, changed = f"the {one} and the {third}", f"the {other} and the {third}"
    if wish.chinese:
        return (asked(f"把{one}替换成{other}：{text}", has(changed)),)
    wording = wish.dice.choice(("replace {one} with {other} in: {text}", "swap {one} for {other} in: {text}"))
    return (asked(wording.format(one=one, other=other, text=text), has(changed)),)


def _raised(wish: WishedAgent) -> Draft:
    text = " ".join(wish.few(_WORDS, 3))
    english = wish.dice.choice(("in capitals: {text}", "upper case: {text}", "write in capital letters: {text}"))
    return (asked(wish.say(english, "转成大写：{text}").format(text=text), Pattern(pattern=text.upper())),)


def _lowered(wish: WishedAgent) -> Draft:
    text = " ".join(wish.few(_WORDS, 3))
    english = wish.dice.choice(("lower case: {text}", "in small letters: {text}"))
    return (asked(wish.say(english, "转成小写：{text}").format(text=text.upper()), Pattern(pattern=text)),)


def _turned(wish: WishedAgent) -> Draft:
    word = wish.few(_WORDS, 1)[0]
    english = wish.dice.choice(("write this backwards: {text}", "backwards: {text}"))
    return (asked(wish.say(english, "倒着写：{text}").format(text=word), has(word[::-1])),)


def _slug(wish: WishedAgent) -> Draft:
    words = wish.few(_WORDS, 3)
    title = " ".join(word.capitalize() for word in words)
    english = wish.dice.choice(("slug of: {text}", "slug: {text}"))
    return (asked(wish.say(english, "slug：{text}").format(text=title), has("-".join(words))),)


def notes(wish: WishedAgent) -> Sequence[Draft]:
    drafts: list[Draft] = []
    for number_of_case in range(8):
        one, other = wish.few(_FRUITS[0], 2)
        owes = wish.pick(3, 90)
        put = asked(wish.say(f"put {one} and {other} on the list", f"记下：{one}、{other}"))
        shown = wish.say(("what's on the list?", "show me the list")[number_of_case % 2], "清单上有什么？")
        note = asked(wish.say(f"note: Ann owes {owes}", f"记下：小王欠{owes}元"))
        told = asked(wish.say("what did I write about Ann?", "小王怎么了？"), number(owes))
        drafts.append((put, asked(shown, has(one, other))) if number_of_case % 3 else (note, told))
    return [drafts[1], drafts[0], *drafts[2:]]
