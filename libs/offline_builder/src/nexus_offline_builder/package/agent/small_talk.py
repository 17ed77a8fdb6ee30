"""What every agent can say without a tool: what it can do, and what was said before."""

import re
from collections.abc import Sequence

from ..tools.contract import Tool
from ..tools.patterns import lazy_pattern
from .payload import Turn

_MOST_QUOTED = 60
_GREETING = lazy_pattern(
    r"(?:hi|hello|hey|good (?:morning|afternoon|evening)|你好|您好|嗨)(?: there|啊|呀)?[\s!.,?！。~]*", re.IGNORECASE
)
_THANKS = lazy_pattern(
    r"(?:ok(?:ay)?,? ?)?(?:thanks?(?: you)?(?: (?:very|so) much)?|thx|谢谢(?:你)?|多谢)[\s!.！。]*", re.IGNORECASE
)
_ABILITIES = lazy_pattern(
    r"(?:help|/help|\?|who are you|what are you|what (?:all )?can you (?:all )?do(?: for me)?|what do you do|"
    r"what (?:tools|skills|abilities|capabilities) do you have|what are your (?:tools|capabilities|abilities|skills)|"
    r"how can you help(?: me)?|(?:list|show)(?: me)? your (?:tools|capabilities|skills)|how do (?:i|you) (?:use|"
    r"work)(?: you)?|"
    r"帮助|你(?:是谁|能做什么|会做什么|会什么|能干什么|可以做什么|有什么(?:功能|用|工具))|(?:你)?(?:能|可以)"
    r"帮我做什么)[\s?!.？！。]*",
    re.IGNORECASE,
)
_LAST_QUESTION = lazy_pattern(
    r"(?:(?:and|so|now|please|ok)[, ]+)?(?:(?:can|could) you (?:tell me|repeat) )?(?:what (?:was|is)|what's|repeat|"
    r"tell me|show(?: me)?)?\s*"
    r"(?:my|the) (?P<which>last|previous|first|earlier|prior) (?:question|prompt|message|request|query)(?: i "
    r"asked)?(?: again)?[\s?!.]*|"
    r"what (?:did|have) i (?:just |last |previously )?(?:ask|asked|say|said|write)(?: you)?(?: (?:just now|last|"
    r"before|earlier|previously|first))?[\s?!.]*|"
    r"what (?:was|were) (?:i|we) (?:asking|talking about)[\s?!.]*|"
    r"我(?:的)?(?:上一?个|上次的?|刚才的?|前一个|最后一个|之前的?|(?P<first>第一个))(?:问题|提问|消息)(?:是什么|"
    r"是啥)?[？?。]*|"
    r"我(?:刚才|刚刚|上次|之前)(?:问|说)(?:了|的是|的)?(?:什么|啥)(?:问题)?[？?。]*",
    re.IGNORECASE,
)
_LAST_ANSWER = lazy_pattern(
    r"(?:what (?:was|is)|what's|repeat|tell me|show me)\s*(?:your|the) (?:last|previous) (?:answer|result|reply|"
    r"response)(?: again)?[\s?!.]*|"
    r"(?:你的?)?(?:上一?个|上次的?|刚才的?)(?:答案|结果|回答)(?:是什么|是多少)?[？?。]*",
    re.IGNORECASE,
)


def small_talk(prompt: str, tools: Sequence[Tool], turns: Sequence[Turn], chinese: bool) -> str | None:
    """The answer to a prompt about the agent or the conversation itself, else None."""
    text = prompt.strip()
    if len(text) > 200:
        return None
    if found := _LAST_QUESTION.fullmatch(text):
        first = (found["which"] or "").lower() == "first" or found["first"] is not None
        return _last_question(turns, first, chinese)
    if _LAST_ANSWER.fullmatch(text):
        return _last_answer(turns, chinese)
    if _THANKS.fullmatch(text):
        return "不客气。" if chinese else "You are welcome."
    if _GREETING.fullmatch(text):
        return ("你好！" if chinese else "Hello! ") + abilities(tools, chinese)
    return abilities(tools, chinese) if _ABILITIES.fullmatch(text) else None


def _last_question(turns: Sequence[Turn], first: bool, chinese: bool) -> str:
    if not turns:
        return (
            "这是你的第一个问题，之前没有问题。" if chinese else "This is your first question: there is none before it."
        )
    asked = turns[0 if first else -1].prompt
    if chinese:
        return f"你的{'第一个' if first else '上一个'}问题是：“{asked}”"
    return f'Your {"first" if first else "last"} question was: "{asked}"'


def _last_answer(turns: Sequence[Turn], chinese: bool) -> str:
    answer = next((turn.answer for turn in reversed(turns) if turn.answer), None)
    if answer is None:
        return "我还没有回答过。" if chinese else "I have not answered anything yet."
    return f"我上次的回答是：{answer}" if chinese else f"My last answer was: {answer}"


def abilities(tools: Sequence[Tool], chinese: bool) -> str:
    """What the agent can do, with an example for each tool; plainly, if that is nothing."""
    if not tools:
        return _NOTHING_CHINESE if chinese else _NOTHING
    lines = [
        f"- {tool.ability_chinese}，例如：{_short(tool.example_chinese)}"
        if chinese
        else f"- {tool.ability}, for example: {_short(tool.example)}"
        for tool in tools
    ]
    return "\n".join(["我能做的是：" if chinese else "I can:", *lines])


_NOTHING = (
    "I have no tools: nothing in the requirement that I was built from matches a tool of the rule-based builder. "
    "I can only repeat what was said in this session."
)
_NOTHING_CHINESE = "我没有任何工具：构建我的需求与基于规则的构建器的工具都不匹配。我只能重复本次会话中说过的话。"


def _short(example: str) -> str:
    return example.replace("\n", "\\n")


def cannot(prompt: str, tools: Sequence[Tool], chinese: bool) -> str:
    """The answer to what no tool of the agent covers: what was asked, what can be asked, with examples."""
    asked = " ".join(prompt[:_MOST_QUOTED].split())
    asked = f"{asked}…" if len(prompt) > _MOST_QUOTED else asked
    start = (
        f"这个我做不了（“{asked}”）：我的工具都不适用。"
        if chinese
        else f"I cannot help with that: none of my tools fits '{asked}'."
    )
    return f"{start}\n{abilities(tools, chinese)}"
