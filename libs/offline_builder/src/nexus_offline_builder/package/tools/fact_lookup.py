"""Answers questions with the facts that the requirement states: opening hours, prices, rules of a house."""

import re

from .contract import CERTAIN, POSSIBLE, Answer, Question, Refusal, Task, Tool
from .patterns import lazy_pattern
from .statements import Matching, about
from .wording import has_chinese

_MOST_SHOWN = 3
_LONGEST_QUESTION = 300
_SENTENCE = lazy_pattern(r"(?<=[a-z\d\u4e00-\u9fff)\"'])[.!](?=\s|$)|[;\n。；！]")
_COMMA = lazy_pattern(
    r"(?<=[\d元点])[，,](?=\s*[\u4e00-\u9fffA-Za-z])|(?<=\w)，(?=[^，]*[是为][^，]*$)|"
    r",\s*(?:and\s+)?(?=[^,]*\b(?:is|are|costs?|pays?|opens?|closes?|takes?|gets?|has|have|lasts?|"
    r"starts?|ends?)\b)"
)
_STATES = lazy_pattern(
    r"\b(?:is|are|costs?|pays?|opens?|closed?|closes|takes?|gets?|has|have|lasts?|starts?|ends?|can|"
    r"cannot|must|may|allowed|"
    r"offer|serves?|accepts?|free|from|until|every|don't|do not|only|daily|monday|tuesday|wednesday|"
    r"thursday|friday|saturday|"
    r"sunday)s?\b|\b(?:no|not|goes|go|runs?)\b|\d|=|是|为|点|元|免费|休息|营业|开放|关门|开门|放假|提供|支持|接受|不|可以|每|在|有",
    re.IGNORECASE,
)
_TASK = lazy_pattern(
    r"\b(?:bot|faq|agent|assistant|chatbot|answers?|answering|questions?|helper|build|make me|create|"
    r"i (?:want|need|would)|we (?:want|need) (?:a|an)|"
    r"should (?:say|tell|answer|reply)|please)\b|机器人|问答|助手|回答|客服|帮我|做[一个]|想要",
    re.IGNORECASE,
)
_LEAD = lazy_pattern(r"^[^:：]{3,200}[:：](?!\d)\s*")
_SAME_THINGS = lazy_pattern(
    r"\b(?:facts?|info(?:rmation)?|details|rules|follow\w*|ask\w*|know\w*|things)\b|信息|如下|以下", re.IGNORECASE
)


def facts_in(requirement: str) -> list[str]:
    """The statements of a requirement that tell of a house, a shop or an event; what the agent is to do is none."""
    found: list[str] = []
    for sentence in _SENTENCE.split(requirement):
        lead = _LEAD.match(sentence)
        told = (
            sentence[lead.end() :]
            if lead and (_TASK.search(lead.group()) or _SAME_THINGS.search(lead.group()))
            else sentence
        )
        if told is sentence and _TASK.search(sentence):
            continue
        found += [part.strip(" .,-*") for part in _COMMA.split(told)]
    return [fact for fact in found if 3 < len(fact) < _LONGEST_QUESTION and _STATES.search(fact)]


def without_facts(requirement: str) -> str:
    """What the requirement asks for besides stating facts."""
    for fact in facts_in(requirement):
        requirement = requirement.replace(fact, " ")
    return requirement


def understand(question: Question) -> Task | None:
    facts = facts_in(question.requirement)
    if not facts or len(question.text) > _LONGEST_QUESTION or "\n" in question.text.strip():
        return None
    found = about(question.text, facts)
    if not found.statements and not found.unknown and question.earlier:
        found = about(f"{question.earlier[0]} {question.text}", facts)
    if found.statements and not found.unknown:
        return Task(CERTAIN, lambda: _told(found, question))
    return Task(POSSIBLE, lambda: _refuse(found, question.chinese)) if found.statements or question.alone else None


def _told(found: Matching, question: Question) -> Answer:
    shown = list(found.statements[:_MOST_SHOWN])
    text = "\n".join(f"{fact[0].upper()}{fact[1:]}{'。' if has_chinese(fact) else '.'}" for fact in shown)
    return Answer(text, {"question": question.text[:200]}, {"facts": [*shown]})


def _refuse(found: Matching, chinese: bool) -> Answer:
    words = ", ".join(found.unknown)
    nearest = "; ".join(found.statements[:_MOST_SHOWN])
    about_it, zh_about = (f" about '{words}'", f"“{words}”") if words else ("", "这个")
    rest, zh_rest = (f" What comes nearest: {nearest}.", f"最接近的是：{nearest}。") if nearest else ("", "")
    raise Refusal(
        f"I was told nothing{about_it}, so I cannot say.{rest}", f"没有人告诉过我{zh_about}，所以我不知道。{zh_rest}"
    )


TOOL = Tool(
    name="fact_lookup",
    ability="answer questions with the facts that I was given",
    ability_chinese="用给我的信息回答问题",
    example="When do you open?",
    example_chinese="几点开门？",
    understand=understand,
)
