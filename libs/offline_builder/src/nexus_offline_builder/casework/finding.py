"""Cases for what is looked up: in JSON, in texts, and in what the requirement itself tells."""

import json
import re
from collections.abc import Sequence
from typing import Any

from nexus_offline_builder.casework.draft import Draft, WishedAgent, asked, has, number, refused, without

_PEOPLE = "ann bob cara dan eve finn"
_STATES = re.compile(r"\s(?:is|are|costs?|opens?|closes?|starts?|ends?|takes?|begins?|lasts?)\s|是|要|为")
_FIGURE = re.compile(r"\d+(?:[.:]\d+)?")


def values(wish: WishedAgent) -> Sequence[Draft]:
    names = wish.few("pen book lamp desk chair mug", 3)
    pieces: list[dict[str, Any]] = [{"name": name, "qty": wish.pick(2, 99)} for name in names]
    number_of_order, city = wish.pick(1000, 9000), wish.say("Rome", "上海")
    whole = {"order": {"id": number_of_order, "city": city, "items": pieces}}
    text = json.dumps(whole, ensure_ascii=False)
    lined = json.dumps(whole, ensure_ascii=False, indent=2)
    say = wish.say
    alone = without('"items"')
    return [
        (asked(say(f"Get order.id from {text}", f"从 {text} 中取 order.id"), number(number_of_order), alone),),
        (
            asked(say(f"Get order.id from {text}", f"取出 order.id：{text}"), number(number_of_order), alone),
            asked(say("and order.city?", "order.city 呢？"), has(city), alone),
        ),
        (asked(say(f"order.items[1].name in {text}", f"order.items[1].name：{text}"), has(names[1]), alone),),
        (
            asked(
                say(f"What is order.items[2].qty in\n{lined}", f"取 order.items[2].qty\n{lined}"),
                number(pieces[2]["qty"]),
                alone,
            ),
        ),
        (asked(say(f"order.city from {text}", f"{text} 的 order.city"), has(city), alone),),
        (
            asked(
                say(f"Give me order.items[0].qty: {lined}", f"给我 order.items[0].qty：{lined}"),
                number(pieces[0]["qty"]),
                alone,
            ),
        ),
        (asked(f"{text}\norder.items[0].name", has(names[0]), alone),),
        (asked(say(f"Get order.discount from {text}", f"从 {text} 中取 order.discount"), refused()),),
    ]


def patterns(wish: WishedAgent) -> Sequence[Draft]:
    kinds = {
        ("e-mail addresses", "邮箱"): ("mail", "邮", "contact", "联系"),
        ("links", "网址"): ("link", "url", "web", "网址", "链接"),
        ("phone numbers", "电话"): ("phone", "telephone", "tel", "mobile", "电话", "手机"),
        ("hashtags", "话题标签"): ("hashtag", "hash tag", "话题"),
    }
    wanted = [names for names, words in kinds.items() if wish.names(*words)] or list(kinds)[:2]
    if wish.names("regex", "regular expression", "pattern", "正则"):
        wanted = list(kinds)[:2]
    drafts: list[Draft] = []
    while len(drafts) < 7:
        drafts += [_found(wish, kind[0], wish.say(*kind), len(drafts)) for kind in wanted]
    kind, name = wanted[0][0], wish.say(*wanted[0])
    one, other = _two(wish, kind)
    talk = (
        asked(
            wish.say(f"Extract the {name}: try {one} or {other}", f"提取{name}：找 {one} 或者 {other}"),
            has(one, other),
            without(wish.say(f"try {one}", f"找 {one}")),
        ),
        asked(wish.say("how many were there?", "一共几个？"), number(2)),
    )
    return [drafts[0], talk, *drafts[1:]]


def _two(wish: WishedAgent, kind: str) -> list[str]:
    first, second = wish.few(_PEOPLE, 2)
    match kind:
        case "e-mail addresses":
            return [f"{first}@example.org", f"{second}.lee@mail.example.com"]
        case "links":
            return [f"https://example.org/{first}", f"https://www.example.com/{second}?page={wish.pick(1, 9)}"]
        case "phone numbers":
            if wish.chinese:
                return [f"1381234{wish.pick(1000, 4999)}", f"1398765{wish.pick(5000, 9999)}"]
            return [f"555-123-{wish.pick(1000, 4999)}", f"555-987-{wish.pick(5000, 9999)}"]
        case _:
            return [f"#{first}", f"#{second}day"]


def _found(wish: WishedAgent, kind: str, name: str, turn: int) -> Draft:
    one, other = _two(wish, kind)
    text = wish.say(f"see {one} today, or try {other} next week", f"今天看 {one} ，下周再试 {other} 吧")
    wordings = wish.say(
        "Extract the {name} from: {text}|find all {name} in this text: {text}|{name}: {text}|"
        "which {name} are in here?\n{text}|list every one of the {name}:\n{text}",
        "提取{name}：{text}|找出下面的{name}：{text}|把{name}找出来：{text}|{name}有哪些？\n{text}|从这段话里提取{name}：{text}",
    ).split("|")
    return (asked(wordings[turn % len(wordings)].format(name=name, text=text), has(one, other), without(text)),)


def facts(wish: WishedAgent) -> Sequence[Draft]:
    """What the requirement says of something, asked for by the name of that thing; and what it does not mention."""
    drafts: list[Draft] = []
    for sentence in re.split(r"[.!;。！；\n]+(?:\s|$)|[。！；\n]", wish.requirement):
        said = _STATES.search(sentence)
        if said is None or not (figures := _FIGURE.findall(sentence[said.end() :])):
            continue
        about = re.sub(r"^.*[:：]", "", sentence[: said.start()]).strip()
        if 1 < len(about) < 60:
            short = re.sub("^(?:an?|the|our) ", "", about, flags=re.IGNORECASE)
            wordings = wish.say(
                "what about the {about}?|{about}?|can you tell me about the {about}?", "{about}呢？|{about}|请问{about}"
            ).split("|")
            drafts += [(asked(wording.format(about=short), has(figures[0])),) for wording in wordings]
    unknown = wish.say("Where can I rent a submarine?", "哪里可以租潜水艇？")
    return [*drafts, (asked(unknown, refused()),)]
