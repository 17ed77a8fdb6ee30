"""Refuses what is asked of a JSON document beyond the value at one path."""

import re

from .contract import Refusal
from .json_document import Node, Numeral, nested
from .patterns import lazy_pattern

VALIDITY = lazy_pattern(
    r"\bvalid(?:ate|ity)?\b|\bwell[- ]formed\b|\bcorrect json\b|\bcheck\b|\b(?:ok|okay|fine|broken|"
    r"correct|malformed|right|wrong with)\b|对吗|对不对|正确|有没有(?:错|问题)|有错|语法|有效|合法|校验|验证|格式正确",
    re.IGNORECASE,
)
_BEYOND = lazy_pattern(
    r"\b(?:variance|deviation|stdev|product|percentile|sum|total|add|average|mean|max(?:imum)?|min(?:imum)?|median|type|where|filter|sort(?:ed)?|greater|less|"
    r"more than|bigger|smaller|"
    r"delete|remove|set|change|replace|update|rename|unique|distinct|largest|smallest|highest|lowest|oldest|"
    r"youngest|convert|without|"
    r"plus|minus|times|divided|multipl\w*|half|percent\w*|"
    r"except|not|contains?|equals?|increase|double)\b|(?<=\s)[+*/](?=\s*\d)|[<>=]+(?!\s*$)|求和|总和|平均|最大|最小|大于|小于|等于|排序|"
    r"修改|删除|类型|筛选",
    re.IGNORECASE,
)
_SAYS_NOTHING = lazy_pattern(
    r"\b(?:json|jsons?|document|object|this|that|it|the|a|an|show|print|pretty|format(?:ted)?|parse|read|whole|all|"
    r"everything|in|of|from|what|is|are|"
    r"get|give|me|please|here|content|contents|data|value|values|key|keys|fields?|propert(?:y|ies)|list|how|many|"
    r"count|number|length|size|"
    r"items?|elements?|entries|entry|has|have|does|do|there|at|were|was|now|so|ok|then|just|of|they|those|them|top|"
    r"level|root|look|up|and|for|to|on|my|valid|check|ok|okay|fine|broken|correct|malformed|right|wrong|with|any|"
    r"which|exist|array|nicely|nice|readable|beautif\w+|prettif\w+|indent\w*|human|neat\w*|tidy|clean|make|thanks|thank|thx|pls|human-readable|layout|"
    r"turn|into|something|i|could|would|hi|hello|with|line|lines|breaks|properly|again|print(?:ed)?|a|be|want|need|"
    r"can|you|look|query|find|extract|display|return|names?|tell|you|see|first|second|third|last|one)\b|请|查询|"
    r"提取|取出?|获取|读取|解析|显示|"
    r"这个|里面|其中|的|是|什么|多少|几个?|从|中|里|有|哪些|所有|键|字段|值|数据|文档|对象|列出|看|给|我|一下|吗|呢|都|全部?|出来|来|请问|帮|查|找|叫|各|分别|列|清单|每个?|把|显示|哪[里儿个]|在|一共|总共|道菜?|时间|几?点|几时|钱",
    re.IGNORECASE,
)


def _asked_of(name: str, request: str) -> list[str]:
    """The words for something that `name` is said to have: `email` in `the email of the customer`."""
    had = re.search(
        r"\b(?:the|an?|my|is|'?s|get|me|show|find)\s+(?P<what>(?:(?!(?:the|an?|my)\b)[\w'-]+\s+){1,3})"
        rf"(?:of|for)\s+(?:(?:the|my|this|that)\s+)?{re.escape(name)}(?!\w)",
        request,
        re.IGNORECASE,
    )
    return re.findall(r"[\w-]*[^\W_][\w-]*", _SAYS_NOTHING.sub(" ", had["what"])) if had else []


def _is_of(name: str, word: str, request: str) -> bool:
    """Whether something is asked of a name, or about it, that is no part of the document: `price of lamp`."""
    said = rf"{re.escape(name)}s?\s+(?:of|for)\s+(?:the\s+|my\s+)?{re.escape(word)}(?!\w)"
    asked = rf"\s*(?:is|are)\s+(?:the\s+)?{re.escape(name)}\s+(?:an?\s+)?{re.escape(word)}(?!\w)"
    return re.search(said, request, re.IGNORECASE) is not None or re.match(asked, request, re.IGNORECASE) is not None


def names_in(value: Node) -> list[str]:
    """The keys of all objects in the document, the longest first."""
    return sorted({name for one in nested(value) if isinstance(one, dict) for name in one}, key=len, reverse=True)


def without_keys(request: str, value: Node) -> str:
    """The request without the keys that it names: one may be called `数量` or `count`."""
    for name in names_in(value):
        form = re.escape(name) if not name.isascii() else rf"(?<!\w){re.escape(name)}(?!\w)"
        request = re.sub(form, " ", request)
    return request


def refuse_unread(request: str, path: str | None, value: Node) -> None:
    """Raises Refusal if more is asked than the value at `path`, or something that the document has no name for."""
    names = names_in(value)
    steps = {name for name in names if name in re.findall(r"[\w-]+", path or "") or f'"{name}"' in (path or "")}
    left, besides = request.replace(path or "\0", " "), list[str]()
    if path and path[2:]:
        left = re.sub(rf"(?<![A-Za-z0-9_]){re.escape(path[2:])}(?![A-Za-z0-9_])", " ", left)
    for name in names:
        pattern = rf"(?<![\w$.-]){re.escape(name)}(?!\w)" if name.isascii() else re.escape(name)
        left, count = re.subn(pattern, " ", left)
        if count and path is not None and name not in steps and len(name) > 1 - (path != "$"):
            besides.append(name)
    if beyond := _BEYOND.search(left):
        raise Refusal(
            f"I cannot do that ('{beyond.group().strip()}'): I look up values by path, list keys, count items and "
            f"check validity.",
            f"这个我做不了（“{beyond.group().strip()}”）：我会按路径取值、列出键、数个数和检查是否有效。",
        )
    if any(not _related(name, steps, request) for name in besides):
        raise Refusal(
            f"I look up one path at a time, and you also name '{besides[0]}'. Please write the path, as in a.b[0].",
            f"我一次只能查一个路径，你还提到了“{besides[0]}”。请写出路径，例如 a.b[0]。",
        )
    words = re.findall(r"[\w-]*[^\W_][\w-]*", _SAYS_NOTHING.sub(" ", left))
    texts = {
        one.text if isinstance(one, Numeral) else str(one).lower()
        for one in nested(value)
        if isinstance(one, (str, Numeral))
    }
    unknown = [word for word in words if path is None or (word.lower() in texts and not VALIDITY.search(request))]
    unknown += [word for name in steps for word in _asked_of(name, request) if word in words]
    unknown += [word for name in steps for word in words if _is_of(name, word, request)]
    if unknown:
        raise Refusal(f"There is no '{unknown[0]}' in this JSON.{hint(value)}", f"这个 JSON 里没有“{unknown[0]}”。")


def _related(name: str, steps: set[str], request: str) -> bool:
    """Whether `name` only says where one of `steps` is: `the name of the user`."""
    either = "|".join(re.escape(step) for step in steps)
    joined = (
        rf"(?:{either})s?\W+(?:of|in|under|inside|at|for)\W+(?:the\s+|an?\s+)?{re.escape(name)}|"
        rf"{re.escape(name)}(?:'s|的|中的?|里的?)\W*(?:{either})"
    )
    return bool(steps) and re.search(joined, request, re.IGNORECASE) is not None


def hint(value: Node) -> str:
    return f" Its keys are: {', '.join(list(value)[:20])}." if isinstance(value, dict) and value else ""
