"""Looks up values in a JSON document by path."""

import re
from fractions import Fraction
from functools import partial

from .contract import CERTAIN, LIKELY, POSSIBLE, Answer, Question, Refusal, Task, Tool, Value
from .json_defaults import in_full
from .json_document import STEP, Document, Node, Numeral, document_in, nested, plain, selected, written
from .json_figures import figure_of, holder_of, only_list, scope_of
from .json_names import in_the_singular, of_a_name, with_key
from .json_rows import followed_rows, measured, of_rows
from .json_scope import VALIDITY, hint, names_in, refuse_unread, without_keys
from .json_turns import BARE_PATH, ITS, LEFT, OTHER_PLACE, apart, value_beside
from .json_validity import checked_in, invalid, refuse_invalid, repeats, validity
from .patterns import lazy_pattern
from .wording import NUMBER_OF, asks_how_many

_LONGEST_OUTPUT = 100_000
_ANY_PLACE = lazy_pattern(r"(\b(?:first|second|third|last)\b|第[一二三]|最后一)", re.IGNORECASE)
_DOLLAR_PATH = lazy_pattern(rf"\$((?:{STEP}){{1,50}}|(?![\w.]))")
_NAMED = lazy_pattern(
    r"(?:\b(?:get|extract|find|read|show|give me|return|fetch|look up|select|query|retrieve|print|what(?:'s| is| "
    r"are))\b\s*(?:me\s+)?(?:(?:all|the|every)\s+)*(?:(?:values?|fields?|keys?|property|element|entry)\s+)*(?:(?:of|"
    r"at|for|called|named)\s+)?(?:the\s+)?(?:(?:field|key|property|path|value)\s+)?|"
    r"\b(?:field|key|property|path|value of|value for)\b\s*|"
    r"(?:提取|取出?|查询|获取|读取|找出)\s*(?:其中的?|里面的?)?|(?:字段|键|"
    r"路径)\s*)[\"'`“「]?(?P<name>[A-Za-z_\u4e00-\u9fff][\w-]*)[\"'`”」]?",
    re.IGNORECASE,
)
_KEYS = lazy_pattern(
    r"\b(?:keys|fields|properties)\b(?! of\b.*\bvalue)|哪些(?:键|字段)|所有的?(?:键|字段)", re.IGNORECASE
)
_LENGTH = lazy_pattern(
    rf"\bhow many\b|\bcount\b|\blength\b|{NUMBER_OF}|\bsize of\b|"
    rf"(?<!是)多少个|(?:有|共)多少(?!钱)|多少(?=[种条项位件张])|几[个种条项笔位张件道样款本只份]|长度|数量",
    re.IGNORECASE,
)
_PLACES = {"first": 0, "second": 1, "third": 2, "last": -1, "第一": 0, "第二": 1, "第三": 2, "最后一": -1}
_PLACE = lazy_pattern(
    r"(\b(?:first|second|third|last)\b|第[一二三]|最后一)(?: (?:item|element|entry|value|one|\w+)\b|个)", re.IGNORECASE
)
_RELATIVE_PATH = lazy_pattern(
    rf"(?<![\w$\])])((?:\[-?\d{{1,9}}\]|\.[\w-]+)(?:{STEP})*)\s+(?:in|of|from)\s+(?:that|it|this)\b"
)
_CALCULABLE = lazy_pattern(r"-?\d{1,300}(?:\.\d{1,300})?(?:e[-+]?\d{1,3})?", re.IGNORECASE)
_ASKED = lazy_pattern(r"\bjson\b|\$[.\[]", re.IGNORECASE)
_LEADING_PATH = lazy_pattern(
    rf"^\s*(?:(?:and|so|now|then|what about|how about|get|what is|give me|read|那么?|再看?)\s*)*"
    rf"((?:\[-?\d{{1,9}}\])(?:{STEP})*)\s*(?:\b(?:in|of|from)\b|在|呢|[:：?？\n]|$)",
    re.I,
)
_UNREAD = lazy_pattern(rf"(?<=[\w$\])*])\.?(?!{STEP})\[(?:[^\]\n]{{0,20}}\]|\S{{0,20}})")
_WANTED = lazy_pattern(
    r"\b(?:get|extract|find|read|show|return|fetch|select|query|retrieve|print)"
    r"\s+(?:the\s+)?(?![A-Za-z_\u4e00-\u9fff])(\S+)(?:\s+(?:item|element|entry|value|key|"
    r"field))?\s+(?:from|in|of)\b|"
    r"(?:提取|取出?|查询|获取|读取|找出)\s*(?![A-Za-z_\u4e00-\u9fff])(\S+)\s*(?:从|$)",
    re.IGNORECASE,
)


def understand(question: Question) -> Task | None:
    checked = checked_in(question.text)
    document = document_in(question.text)
    leads_back = _RELATIVE_PATH.search(question.text) or OTHER_PLACE.fullmatch(question.text.strip())
    leads_back = leads_back or ("{" not in question.text and _LEADING_PATH.search(question.text))
    if question.earlier and leads_back and (found := _about_earlier_document(question)):
        return found
    if checked is not None and (document is None or checked.error is None):
        return Task(CERTAIN, lambda: validity(checked, question))
    if document is None:
        return _about_earlier_document(question)
    request = document.request
    asked = _ASKED.search(request) or _NAMED.search(request) or BARE_PATH.search(request) or _KEYS.search(request)
    fault = document.error
    if fault is not None:
        sure = _ASKED.search(request) or VALIDITY.search(request)
        bare = question.alone or not re.search(r"\w", request)
        elsewhere = (
            asked or _LENGTH.search(request) or (question.requirement and not VALIDITY.search(question.requirement))
        )
        tell = refuse_invalid if elsewhere and not sure else invalid
        return Task(LIKELY if sure else POSSIBLE, lambda: tell(fault, question)) if sure or asked or bare else None
    return Task(CERTAIN if asked or _LENGTH.search(request) else POSSIBLE, lambda: _answer(document, question))


def _about_earlier_document(question: Question) -> Task | None:
    """A path into the document of an earlier turn, or into what the turn before found in it."""
    text = LEFT.sub("", with_key(question)) if re.search(r"[\u4e00-\u9fff]", question.text) else with_key(question)
    asked = any(form.search(text) for form in (_DOLLAR_PATH, BARE_PATH, _NAMED, _KEYS, _LENGTH, _PLACE, _RELATIVE_PATH))
    if len(text) > 300:
        return None
    if (rows := followed_rows(question)) is not None:
        return Task(LIKELY, lambda: rows)
    for earlier in question.earlier:
        found = document_in(earlier)
        if found is None or found.error is not None:
            continue
        names = {name for one in nested(found.value) if isinstance(one, dict) for name in one}
        if (
            not asked
            and not OTHER_PLACE.fullmatch(text)
            and not (names & {word for one in re.findall(r"[\w-]+", text) for word in (one, one.removesuffix("s"))})
            and not any(not name.isascii() and name in text for name in names)
        ):
            return None
        if (other := _other_place(text, found, question.earlier)) is not None:
            return Task(LIKELY, partial(_answer, found._replace(request=other), question))
        value, words = _relative(text, found, question.earlier)
        return Task(LIKELY, partial(_answer, Document(value, words), question))
    return Task(LIKELY, _refuse_without_document) if asked and _ASKED.search(text) else None


def _other_place(text: str, found: Document, earlier: tuple[str, ...]) -> str | None:
    """`same for items[0]`, `and of the first one?`: the path of the turn before with another place in it."""
    said = OTHER_PLACE.fullmatch(text)
    before = document_in(earlier[0]) if said else None
    known = _path_in(before.request if before else earlier[0], found.value) if said else None
    if said is None or known is None or (said["name"] and not re.search(r"\bsame\b|同样|一样", text, re.IGNORECASE)):
        return None
    at = said["at"] or str(_PLACES[said["place"].lower()])
    name = re.escape(said["name"] or "")
    places = list(re.finditer(rf"(?<=[.$]){name}\[-?\d+\]" if name else r"\[-?\d+\]", known))
    if len(places) != 1:
        return None
    return f"{known[: places[0].start()]}{said['name'] or ''}[{at}]{known[places[0].end() :]}"


def _relative(text: str, found: Document, earlier: tuple[str, ...]) -> tuple[Node, str]:
    """What `text` is asked of: `how many were there?` and `[1].city in that` are about the value found before."""
    path, its = _RELATIVE_PATH.search(text), ITS.search(text)
    if its is not None and path is None and (one := _meant(found, earlier)) is not None:
        return one, f"{text[: its.start()]} {text[its.end() :]}"
    if scope_of(text, found.value) is not None:
        return found.value, text
    before = document_in(earlier[0])
    known = _path_in(before.request if before else earlier[0], found.value)
    if (beside := value_beside(text, known, found.value)) is not None:
        return beside, text
    if not (path or asks_how_many(text) or _PLACE.search(text)):
        return found.value, text
    chosen = selected(found.value, known) if known else []
    if known and chosen and not isinstance(chosen[0], (list, dict)):
        chosen = selected(found.value, re.sub(r"\.?\[-?\d+\]$", "", known))
    if len(chosen) != 1:
        return found.value, text
    return chosen[0], f"${path[1]}" if path else text


def _meant(found: Document, earlier: tuple[str, ...]) -> Node | None:
    """What `it` is after the turn before: the object of an extreme, else the object or the list at its path."""
    before = document_in(earlier[0])
    request = before.request if before else earlier[0]
    if (holder := holder_of(request, found.value)) is not None:
        return holder
    known = _path_in(request, found.value)
    chosen = selected(found.value, known) if known else []
    if known and len(chosen) == 1 and not isinstance(chosen[0], (dict, list)):
        chosen = selected(found.value, re.sub(rf"{STEP}$", "", known))
    return chosen[0] if len(chosen) == 1 and isinstance(chosen[0], (dict, list)) else None


def _refuse_without_document() -> Answer:
    raise Refusal(
        'Please put the JSON into your message, for example: get a.b from {"a": {"b": 1}}.',
        '请把 JSON 放在消息里，例如：从 {"a": {"b": 1}} 中取 a.b。',
    )


def _answer(document: Document, question: Question) -> Answer:
    """The value at a path; of a list of objects also what can be read of its rows."""
    document = document._replace(request=measured(document.request, document.value))
    if len(parts := apart(document.request)) > 1:
        answers = [_answer(document._replace(request=part), question) for part in parts]
        return answers[0]._replace(text="\n".join(answer.text for answer in answers), values=())
    paths = (_DOLLAR_PATH, BARE_PATH, _LEADING_PATH)
    tabular = document.repeated is None and not any(form.search(document.request) for form in paths)
    of_one = of_a_name(in_the_singular(document), document.value) is not None
    unread: Refusal | None = None
    try:
        rows = of_rows(document.request, document.value, question.chinese, question.requirement) if tabular else None
    except Refusal as refusal:
        rows, unread = None, refusal
    counted = rows is not None and set(rows.tool_output) == {"rows"} and "rows" not in rows.tool_input
    if rows is not None and not of_one and not (counted and _counts_a_key(document, question)):
        return rows
    try:
        return _at_path(document, question)
    except Refusal as refusal:
        if rows is None:
            raise unread or refusal from None
        return rows


def _counts_a_key(document: Document, question: Question) -> bool:
    """Whether what is counted has a path of its own."""
    try:
        answer = _at_path(document, question)
    except Refusal:
        return False
    return "length" in answer.tool_output and answer.tool_input.get("path") != "$"


def _at_path(document: Document, question: Question) -> Answer:
    scope = scope_of(document.request, document.value) if not BARE_PATH.search(document.request) else None
    if scope is not None and (_LENGTH.search(scope[1]) or any(name in scope[1] for name in names_in(scope[0]))):
        document = document._replace(value=scope[0], request=scope[1])
    request = in_the_singular(document)
    unnamed = without_keys(request, document.value)
    if VALIDITY.search(unnamed) and not any(
        asked.search(request) for asked in (_DOLLAR_PATH, BARE_PATH, _LEADING_PATH, _NAMED)
    ):
        return validity(document, question)
    if document.repeated is None and (figure := figure_of(document.request, document.value, question.chinese)):
        return figure
    counts = _LENGTH.search(unnamed) is not None
    if (named := of_a_name(request, document.value)) is not None:
        return _counted(*named) if counts else _shown(*named)
    path = _chained(request, document.value) or _path_in(request, document.value)
    refuse_unread(request, path, document.value)
    path = path or "$"
    if document.repeated is not None:
        key = written(document.repeated)
        raise Refusal(f"I cannot tell what is meant: {repeats(key)}", f"我无法判断：键 {key} 在同一个对象中重复出现。")
    values = selected(document.value, path) or selected(document.value, re.sub(r"^\$\.(?=[^.])", "$..", path))
    if not values:
        raise Refusal(f"There is nothing at {path} in this JSON.{hint(document.value)}", f"这个 JSON 里没有 {path}。")
    values = _placed(values, request, path)
    if path == "$" and counts and not _KEYS.search(request):
        values = only_list(values)
    if _KEYS.search(request) and all(isinstance(value, dict) for value in values):
        keys: list[Node] = [key for value in values if isinstance(value, dict) for key in value]
        return _shown(path, f"keys of {path}", keys)
    if counts and (counted := _length(path, values)) is not None:
        return counted
    shown = _shown(path, path, values[0] if len(values) == 1 else list(values))
    return shown if path != "$" else _with_validity(shown, question)


def _length(path: str, values: list[Node]) -> Answer | None:
    """How long the only value is, or how many plain ones there are at a path of many."""
    if len(values) == 1 and isinstance(values[0], (list, dict, str)):
        count = len(values[0])
        return Answer(f"{path}: {count}", {"path": path, "query": "length"}, {"length": count}, (Value(str(count)),))
    plain_ones = len(values) > 1 and not isinstance(values[0], (list, dict))
    return _counted(path, path, values) if plain_ones and (".." in path or "*" in path) else None


def _counted(path: str, title: str, value: Node) -> Answer:
    """How many a list has; anything else as it is."""
    if not isinstance(value, list):
        return _shown(path, title, value)
    count = len(value)
    return Answer(f"{title}: {count}", {"path": path, "query": "length"}, {"length": count}, (Value(str(count)),))


def _with_validity(shown: Answer, question: Question) -> Answer:
    """A whole document: that it is valid is half of the answer."""
    note = "这是有效的 JSON。" if question.chinese else "This is valid JSON."
    return shown._replace(text=f"{shown.text}\n{note}", tool_output={**shown.tool_output, "valid": True})


def _chained(request: str, value: Node) -> str | None:
    """`customer email`, `the name of the user`: the path through all of the keys that are named, if there is one."""
    if _DOLLAR_PATH.search(request) or BARE_PATH.search(request):
        return None
    places = {
        name: found.start()
        for name in names_in(value)
        if re.fullmatch(r"[\w-]+", name)
        and (
            found := re.search(rf"(?<![\w$.-]){re.escape(name)}(?!\w)" if name.isascii() else re.escape(name), request)
        )
    }
    named = sorted(places, key=places.__getitem__)
    for order in (named, named[::-1]) if 1 < len(named) <= 4 else ():
        path = "$" + "".join(f"..{name}" for name in order)
        if selected(value, path):
            return path
    return None


def _placed(values: list[Node], request: str, path: str) -> list[Node]:
    """`the first sku`, `the sku of the second item`: one of the values found, or of the only list found."""
    if re.search(r"\b(?:first|last) name\b", request, re.IGNORECASE) and re.fullmatch(r"\W*name", path, re.IGNORECASE):
        raise Refusal("There is a 'name', but no first or last name apart.", "只有 name，没有单独的名和姓。")
    place = _ANY_PLACE.search(request)
    if place is None or path.endswith("]"):
        return values
    only = values[0] if len(values) == 1 else values
    at = _PLACES[place[1].lower()]
    return [only[at]] if isinstance(only, list) and -len(only) <= at < len(only) else values


def _shown(path: str, title: str, result: Node) -> Answer:
    text = result if isinstance(result, str) and result.strip() else written(result, _indent(result))
    if len(text) > _LONGEST_OUTPUT:
        raise Refusal("The value is too long to answer with.", "这个值太长，无法回答。")
    return Answer(f"{title} = {text}", {"path": path}, {"value": plain(result)}, _values(result))


def _indent(result: Node) -> str | None:
    return "  " if isinstance(result, dict) else None


def _values(result: Node) -> tuple[Value, ...]:
    if not isinstance(result, Numeral) or not _CALCULABLE.fullmatch(result.text):
        return ()
    return (Value(result.text, Fraction(result.text)),)


def _path_in(request: str, document: Node) -> str | None:
    """The path that is asked for, if any. Raises Refusal if it has a part that cannot be read."""
    if unread := _UNREAD.search(request):
        part = unread.group().strip()
        raise Refusal(
            f"I cannot read the path from '{part}' on: names, [0], [-1], [*] and ['name'] are understood.",
            f"我读不懂路径中“{part}”以后的部分：可以用键名、[0]、[-1]、[*] 和 ['键名']。",
        )
    if found := _DOLLAR_PATH.search(request):
        return "$" + found[1]
    if found := _LEADING_PATH.search(request):
        return "$" + found[1]
    for found in BARE_PATH.finditer(request):
        if not re.match(r"(?:e\.g|i\.e|json\.)", found[1], re.IGNORECASE):
            return f"$.{found[1]}"
    return _path_by_name(request, document) or _named_path(request, document)


def _path_by_name(request: str, document: Node) -> str | None:
    """The path to a name of the document that stands in the request, or to a place in a list."""
    names = [found["name"] for found in _NAMED.finditer(request)] + re.findall(
        r"[\"'`“「]([^\"'`”」]{1,100})[\"'`”」]|([\w\u4e00-\u9fff-]+)", request
    )
    flat = [name if isinstance(name, str) else name[0] or name[1] for name in names]
    if isinstance(document, list) and (place := _PLACE.search(request)):
        return f"$[{_PLACES[place[1].lower()]}]"
    quoted = re.findall(r"[\"'`“「]([^\"'`”」]{1,100})[\"'`”」]", request)
    if chinese := _chinese_key(request, document):
        return chinese
    for name in [*quoted, *flat]:
        if isinstance(document, dict) and name in document:
            return _member(name)
    for name in flat:
        if (
            (len(name) > 1 or name not in "aAiI")
            and selected(document, f"$..{name}")
            and name.lower() not in ("json", "value", "name of")
        ):
            return f"$..{name}"
    return None


def _chinese_key(request: str, document: Node) -> str | None:
    """Chinese runs on without blanks: the longest key that stands in the request."""
    if not isinstance(document, dict):
        return None
    keys = [key for key in document if not key.isascii() and re.fullmatch(r"[\w-]+", key) and key in request]
    return _member(max(keys, key=len)) if keys else None


def _named_path(request: str, document: Node) -> str | None:
    """What is asked for by a name that the document may not have, so that the answer tells so."""
    wanted = _NAMED.search(request)
    ignored = r"json|value|values|keys?|this|that|it|from|in|the|valid|number|length|data|item|many|all|fields?"
    if wanted and not re.fullmatch(ignored, wanted["name"], re.IGNORECASE):
        return f"$.{wanted['name']}"
    found = _WANTED.search(request)
    if found is None:
        return None
    name = found[1] or found[2]
    if re.fullmatch(rf"(?:{STEP})+", name):
        return f"${name}"
    name = name.strip("\"'`“”「」")
    escaped = re.fullmatch(r"\\u([0-9a-fA-F]{4})", name)
    if escaped and not (isinstance(document, dict) and name in document):
        name = chr(int(escaped[1], 16))
    return _member(name)


def _member(name: str) -> str:
    if re.fullmatch(r"[\w-]+", name):
        return f"$.{name}"
    if re.fullmatch(r"[^\"\]]{1,100}", name):
        return f'$["{name}"]'
    raise Refusal("I cannot read the name of that value.", "我读不懂这个值的键名。")


TOOL = Tool(
    name="json_query",
    ability="look up values in a JSON document by path, list its keys, count its items, check that it is valid",
    ability_chinese="按路径查询 JSON 中的值、列出键、统计个数、检查是否有效",
    example='Get a.b[0] from {"a": {"b": [1, 2]}}',
    example_chinese='从 {"a": {"b": [1, 2]}} 中取出 a.b[0]',
    understand=understand,
    in_full=in_full,
)
