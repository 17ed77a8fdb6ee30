"""Counts words, characters, sentences and lines, and finds the most frequent words."""

import re
from collections import Counter
from fractions import Fraction

from .contract import CERTAIN, LIKELY, POSSIBLE, Answer, JsonValue, Question, Refusal, Task, Tool, Value
from .passage import Passage, is_request, last_line_first, passage_in
from .patterns import lazy_pattern
from .table import numeric_columns, table_in
from .text_figures import CHINESE, FIGURES, WORD, asked_figures, measured_in
from .wording import asks_how_many

_ASKED = lazy_pattern(
    r"\bword ?counts?\b|\b(?:count|number of|how many|counts? of)\b[^?:]{0,40}\b(?:words?|characters?|chars?|"
    r"letters?|sentences?|lines?|paragraphs?)\b|"
    r"\b(?:text|word|character|reading) ?(?:statistics|stats|analysis|frequenc(?:y|ies)|count)|\bstatistics\b|"
    r"\banaly[sz]e\b[^:]{0,20}\b(?:text|sentence|paragraph|passage|essay)|"
    r"\b(?:most (?:common|frequent|used)|top)\b[^:]{0,20}\bwords?\b|\bwords?\b[^:]{0,30}\b(?:most|often|frequently)\b|"
    r"\b(?:unique|distinct|different) words?\b|\bhow "
    r"long is\b|\blength of\b|"
    r"^\s*(?:and |the )*(?:(?:lines?|words?|characters?|chars?|letters?|"
    r"sentences?|paragraphs?)(?:\s*(?:,|and|&|\+)\s*)?){2,}\s+(?:in|of)\b|"
    r"\b(?:which|what) words?\b[^?:]{0,30}\bmost\b|\boverus\w*|\bwhich "
    r"words?\b.{0,40}\b(?:too often|too much|repeat\w*)|\brepeat\w* words?\b|"
    r"\bcount (?:the )?(?:text|following|this)\b|\bhow (?:many times|often)\b|\blongest word\b|"
    r"^\s*(?:the )?(?:words?|letters?|characters?|chars?|sentences?|lines?)\s+(?:in|of)\b|"
    r"^(?:(?:the|and|number|of|total|words?|letters?|characters?|chars?|sentences?|lines?|paragraphs?|count|"
    r"without|excluding|excl|including|incl|minus|punctuation|with|no|only|most|common|frequent|used|#|spaces?|"
    r"unique|distinct|different|longest|w/o)[\s,.+&/;]*)+[?]?$|"
    r"^(?:请|帮我|帮忙)*(?:数|统计)(?:一下|一数|数)?(?:这[句段]话?|下面的?)?$|"
    r"数(?:一下|一数|数)?(?:这[句段]话?的?|下面的?)?(?:汉字|字|词|单词|句子)|字数|词数|词频|单词数|字符数?|句子数?|行数|多少个?(?:字|词|单词|字符|句|汉字|行|段)|几个?(?:字|"
    r"词|单词|句子?|字符|行|段)"
    r"|统计|分析|出现了?(?:多少|几)次|最长的(?:单)?词|"
    r"(?:最)?常(?:见|用)的?(?:单)?词|(?:哪个|什么)(?:字|词|单词)[^：:]{0,8}最?多|出现(?:得|的)?最多",
    re.IGNORECASE,
)
_INLINE = lazy_pattern(
    r"^(?P<request>.*?\b(?:words?|characters?|chars|letters?|sentences?|statistics|stats|text|lines|count|length)"
    r"\b(?:\s+(?:are|"
    r"is|do(?:es)?))?(?:\s+there)?)\s+(?:in|of|for)\s+"
    r"(?:(?:the|this|my) (?:following )?(?:text|sentence|phrase|paragraph|string|passage|word|name)"
    r"\s*)?(?P<text>\S.*)$",
    re.IGNORECASE | re.DOTALL,
)
_QUESTION_FIRST = lazy_pattern(r"(?P<request>[^:：\n\"“「?？]{1,120})[?？]\s*(?P<text>[^\s?？][^\0]*\S)\s*$")
_DASH = lazy_pattern(r"(?P<request>[^-–—:：\n\"“「?？]{4,80}?)\s+(?:[-–—]+>?|=>|→)\s+(?P<text>\S[^\0]*)")
_POINTER = lazy_pattern(
    r"(?:(?:the|this|my|that)\s+)?(?:(?:attached|above|following|previous|whole)\s+)?(?:text|file|essay|document|"
    r"article|message|"
    r"paragraph)\s+(?:below|above|attached|here)[?.!]*|(?:the\s+)?(?:chapter|page|section|paragraph|part|"
    r"line)\s+\d+\b.{0,40}|"
    r"(?:[\w-]+'s|my|his|her|their|our|the|this|that|an?|its) (?:[\w-]+ ){0,2}(?:essay|letter|story|post|article|paper|"
    r"homework|speech|report|poem|message|e-?mail|file|document|draft|book|page|bio|caption|ad|tweet|sms|note|"
    r"review|blog)s?"
    r"(?: please| pls| thanks| for me| now)*[?.!]*|(?:it|that|this|them|(?:the|my|this) (?:file|"
    r"document)|the (?:text|above|previous)(?: text)?|(?:this|that) "
    r"(?:text|sentence|paragraph))[?.!]*",
    re.IGNORECASE,
)
_OCCURRENCES = lazy_pattern(
    r"how many (?:letters? )?[\"'“‘]?(?P<letter>[A-Za-z])[\"'”’]?(?:'?s)? (?:are )?(?:there )?(?:are )?in (?:the "
    r"word )?|"
    r"how (?:many times|often) (?:does|do|is|are)?\s*(?:the )?(?:word|letter|character|phrase|"
    r"string)?\s*[\"'“‘]?(?P<word>[^\"'”’]{1,60}?)[\"'”’]?\s+"
    r"(?:appears?|occurs?|occur|appear|used|said|repeated|comes? up|there)(?: used)?\s*(?:\bin\b|(?=[:：]))|"
    r"\bhow (?:many times|often) (?:is|are|does|do) [\"“](?P<often>[^\"”]{1,60})[\"”] (?:\w+ )?in\b|"
    r"\bhow (?:many times|often) (?:is|are|does|do) (?:the word )?(?P<bare>[\w'-]{1,30}) (?:\w+ )?in\b(?=.*[:：])|"
    r"\bhow (?:many times|often) (?:do|did|have) (?:i|we|you) (?:use|used|write|written|say|said)\s+(?:the )?(?:word )?"
    r"[\"“']?(?P<used>[\w'-]{1,30}?)[\"”']?\s+(?:in|here)\b(?=.*[:：])|"
    r"\bcount (?:the )?(?:letter|word|character|occurrences of)\s+[\"'“‘]?(?P<single>[^\"'”’\s]{1,30})"
    r"[\"'”’]?(?:'?s)? in\b|"
    r"\b(?:count|how many)\s+[\"“](?P<quoted>[^\"”]{1,60})[\"”](?:'?s)? (?:are )?(?:there )?in\b|"
    r"\bcount\s+[\"“'](?P<counted>[^\"”']{1,60})[\"”'](?=\s*:)|"
    r"[\"'“「]?(?P<zh>[^\"'“”「」\s]{1,20}?)[\"'”」]?\s*(?:这个[字词])?(?:在[^：:]{0,10})?(?:中|里)?出现了?(?:多少|"
    r"几)次",
    re.IGNORECASE,
)
_NAMES_A_TEXT = lazy_pattern(r"^\W*\w+(?: \w+)? (?:in|of) \S.*$", re.IGNORECASE)
_HERE = lazy_pattern(
    r"\s*(?:(?:and|now|ok|next|then|also)[\s,]+)*(?:(?:this|that|the next|another|my|the)(?: (?:one|text|sentence))?|"
    r"try(?: this)?(?: one)?|for this)\s*:\s*|"
    r"\s*(?:那么?|再看|还有|接着)*\s*(?:[这下]一?[句段个条](?:话|文字)?)?\s*(?:呢|怎么样)?\s*[:：]\s*",
    re.IGNORECASE,
)
_NOTHING_NEW = lazy_pattern(
    r"(?:\b(?:and|what|how|about|in|of|for|now|then|this|here|the same)\b|那|呢|这[句段]话?|再|\W)+", re.IGNORECASE
)
_CHINESE_LAST = lazy_pattern(
    r"(?P<text>\S.*?)(?:[\s，,]+|”)(?P<request>(?:这[句段]话?)?(?:(?:不|连|包)?[算含计]?上?标点(?:符号)?)?(?:一共|总共)?有?(?:多少|几)个?(?:字符?|词|单词|"
    r"句话?|汉字))[\s?？。]*",
    re.DOTALL,
)
_QUESTION_LAST = lazy_pattern(
    r"(?P<text>[^:：\n\"“]*\w)\s*[,;.!?—-]+\s*(?P<request>(?:and |so )?(?:how many (?:words?|letters?|"
    r"characters?|chars|sentences?)"
    r"(?: (?:is|are|in|does) (?:that|it|there|this|it have))?|word count|character count))[\s?.!]*",
    re.IGNORECASE,
)
_FILLS = lazy_pattern(
    r"(?:\W|\b(?:ok|okay|and|so|now|hey|hi|hello|please|thanks|thank you|then|great|cool|well)\b)*", re.IGNORECASE
)
_CHINESE_WITHIN = lazy_pattern(
    r"[“\"]?(?P<text>[^“”\"：:\n]{2,200}?)[”\"]?(?:里面?|中)有?(?:几|多少)个[“\"]?(?P<wanted>(?!字|词|单词|句|汉|"
    r"段|行)[^“”\"\s?？个]{1,4})[”\"]?[\s?？。]*"
)
_ORDERS = lazy_pattern(
    r"\s*(?:the\s+)?(?:most|least|number|total|average|longest|shortest|top|only|how|which|rarest)\b[^.!?\n]{0,50}"
    r"\b(?:letters?|words?|characters?|sentences?|vowels?|consonants?|syllables?|punctuation|lines?|paragraphs?|"
    r"commas?)\b[^\n]{0,30}$|"
    r"[^：:，,。\n]{0,12}(?:几|多少|哪)[个些种句段]?[^：:，,。\n]{0,10}(?:[:：]|[?？]?\s*$)|"
    r"[^：:，,。\n]{0,8}(?:标点|元音|最多)[^：:，,。\n]{0,8}(?:[:：]|[?？]?\s*$)",
    re.IGNORECASE,
)
"""A short prompt that asks for something of a text in words that were not read: no text itself."""
_MOST_TOP = 50
_LONGEST_FOLLOW_UP = 80
_AGAIN = lazy_pattern(
    r"\btop \d+\b|\b(?:unique|distinct|different|most (?:common|frequent|used)|frequency|longest|characters?|chars?|"
    r"letters?|"
    r"sentences?|lines?|paragraphs?|"
    r"words?|spaces|punctuation|empty|blank|how (?:many times|often))\b|"
    r"空行|几次|最多|最常|标点|空格|字符|字母|句子|行数|段落|词|汉字|字数",
    re.IGNORECASE,
)
_BEYOND = lazy_pattern(
    r"\b(?:start(?:s|ing)?|begin(?:s|ning)?|end(?:s|ing)?|contain(?:s|ing)?|longer|shorter|more|fewer|less|vowels?|"
    r"consonants?|syllables?|"
    r"capitals?|capitali[sz]ed|upper ?case|lower ?case|average|mean|per|reversed?|palindrome|shortest|reading time|"
    r"except|verbs?|nouns?|"
    r"adjectives?|sentiment|translate|grammar|spelling|rhyme|synonyms?|median|second|third|least|rare|typos?|"
    r"(?:common|frequent|used) (?:letters?|characters?))\b|"
    r"去掉?重复|去重|不重复的?行|\bunique lines?\b|\bwithout (?:the )?(?:dup\w*|repeat\w*|doubles)|"
    r"\b(?:without|excluding|ignoring)\b(?! (?:the |any )?(?:(?:white)?spaces?|punctuation|empty|blank)\b)|开头|"
    r"结尾|包含|元音|平均|分组|以外|最短|大写|小写|动词|"
    r"名词|阅读时间|反转|回文",
    re.IGNORECASE,
)


_TOP = lazy_pattern(
    r"\b(?:most (?:common|frequent|used)|top)\b(?:\s+(?P<count>\d{1,3}))?|\bfrequenc|\bmost (?:often|frequently)\b|"
    r"\b(?:used?|occurs?|appears?|comes? up|repeat(?:ed)?|sa(?:y|id)|writ(?:e|"
    r"ten)) (?:the )?most\b|\boverus\w*|\btoo (?:often|much|many times)\b|"
    r"\bwords?\b.{0,20}\brepeat\w*|\brepeat\w* words?\b|重复最多|用得?太多|词频|最?常(?:见|用)|最多",
    re.IGNORECASE,
)


_HOW_OFTEN = lazy_pattern(
    r"\W*(?:(?:and|so|ok)\s+)?(?:how many times|how often)"
    r"(?:\s+(?:is|was|does|did|do|it|that|used?|i|occur|appear|there))*\W*|"
    r"\W*(?:那|它|这个词|这个字|出现了?|用了?|一共|总共)*(?:多少|几)[次遍回](?:呢)?\W*",
    re.IGNORECASE,
)
"""Asked of the word that was found to be the most frequent."""


def understand(question: Question) -> Task | None:
    if (within := _CHINESE_WITHIN.fullmatch(question.text.strip())) is not None:
        return Task(CERTAIN, lambda: _occurring(within["wanted"], within["text"], question))
    found = _OCCURRENCES.search(question.text[:300])
    if found is not None:
        return _occurrences(found, question)
    passage = _passage(question.text)
    if passage is None:
        return _about_earlier_text(question) or _bare(question)
    if passage.text is None:
        earlier = next((one for text in question.earlier if (one := _text_of(text, question))), None)
        if earlier is None:
            return Task(POSSIBLE, _refuse_without_text)
        return Task(LIKELY, lambda: _answer(Passage(passage.request, earlier), question.chinese))
    return Task(CERTAIN, lambda: _answer(passage, question.chinese))


def _text_of(prompt: str, question: Question) -> str | None:
    """The text of an earlier prompt about one; of a bare prompt only where there is no other tool that it was for."""
    passage = _passage(prompt)
    if passage is not None:
        return passage.text
    return prompt if question.alone and _is_text(prompt) else None


def _is_text(prompt: str) -> bool:
    return not is_request(prompt) and (len(prompt.split()) > 1 or len(CHINESE.findall(prompt)) > 3)


def _about_earlier_text(question: Question) -> Task | None:
    words = question.text
    if (again := _for_another_text(question)) is not None:
        return again
    if len(words) > _LONGEST_FOLLOW_UP or not question.earlier or not (_AGAIN.search(words) or asks_how_many(words)):
        return None
    text = next((one for earlier in question.earlier if (one := _text_of(earlier, question))), None)
    if text is None or (asks_how_many(words) and _passage(question.earlier[0]) is None):
        return None
    request = question.earlier[0] if asks_how_many(words) else words
    return Task(LIKELY, lambda: _answer(Passage(passage_in(request).request, text), question.chinese))


def _for_another_text(question: Question) -> Task | None:
    """`and in "d e"?` asks of another text what was asked before."""
    passage = passage_in(question.text)
    before = _passage(question.earlier[0]) if question.earlier else None
    if passage.text is None or before is None or not _NOTHING_NEW.fullmatch(passage.request):
        return None
    another = Passage(before.request, passage.text)
    return Task(LIKELY, lambda: _answer(another, question.chinese))


def _bare(question: Question) -> Task | None:
    """A text and no request, to an agent that does nothing else."""
    if not question.alone or not _is_text(question.text) or _is_table(question.text):
        return None
    if unread := _ORDERS.match(question.text):
        return Task(POSSIBLE, lambda: _refuse_unread(unread.group().strip(" :：")))
    if (behind := _HERE.match(question.text)) is not None:
        return Task(POSSIBLE, lambda: _answer(Passage("", question.text[behind.end() :]), question.chinese))
    head, colon, _ = question.text.partition(":")
    if colon and len(head) < _LONGEST_FOLLOW_UP and _AGAIN.search(head) and "\n" not in head:
        return Task(POSSIBLE, lambda: _refuse_unread(head))
    if (
        len(question.text) < _LONGEST_FOLLOW_UP
        and _BEYOND.match(question.text.lstrip())
        and _NAMES_A_TEXT.search(question.text)
    ):
        return Task(POSSIBLE, lambda: _answer(Passage(question.text, ""), question.chinese))
    first, newline, _ = question.text.strip().partition("\n")
    if newline and first.rstrip().endswith((":", "：", "?", "？")):
        return Task(POSSIBLE, lambda: _refuse_unread(first.strip(" :：")))
    if _BEYOND.search(re.split("[:：]", question.text)[0]) and re.search("[:：]", question.text):
        return Task(POSSIBLE, lambda: _answer(passage_in(question.text), question.chinese))
    return Task(POSSIBLE, lambda: _answer(Passage("", question.text), question.chinese))


def _is_table(text: str) -> bool:
    """Rows of numbers are handed over for something else than to count their words."""
    table = table_in(text) if "\n" in text else None
    return table is not None and len(table.rows) > 1 and len(table.header) > 1 and bool(numeric_columns(table))


def _refuse_unread(request: str) -> Answer:
    raise Refusal(
        f"I am not sure what to count by '{request}': words, unique words, characters, letters, sentences, lines "
        f"or paragraphs?",
        f"我不确定“{request}”要数什么：字数、词数、字符、字母、句子、行还是段落？",
    )


def _passage(prompt: str) -> Passage | None:
    """Request and text, if statistics are asked for."""
    if behind := _CHINESE_LAST.fullmatch(prompt.strip()):
        return Passage(behind["request"], behind["text"].strip('“”"'))
    if (last := _QUESTION_LAST.fullmatch(prompt.strip())) and not _FILLS.fullmatch(last["text"]):
        return Passage(last["request"], last["text"].strip('“”"'))
    passage = _behind_question(prompt) or _behind_dash(prompt) or passage_in(prompt)
    if _ASKED.search(passage.request[:400].strip()):
        if passage.text is not None:
            return passage
        inline = _INLINE.match(passage.request)
        if inline is None or _POINTER.fullmatch(inline["text"].strip()) or not re.search(r"\w", inline["text"]):
            return passage
        asks = re.match(r"\s*(?:how|what)\b", inline["request"], re.IGNORECASE)
        return Passage(inline["request"], inline["text"].strip().rstrip("?" if asks else ""))
    last = last_line_first(prompt)
    return last if last and _ASKED.search(last.request) else None


def _behind_question(prompt: str) -> Passage | None:
    """`How many sentences? It rained. We left.`: the text begins behind the question."""
    found = _QUESTION_FIRST.match(prompt)
    if found is None or not _ASKED.search(found["request"]) or _asks_on(found["text"]):
        return None
    return Passage(found["request"], found["text"].strip().strip('“”"'))


def _behind_dash(prompt: str) -> Passage | None:
    """`words without spaces - one two`: a dash divides like a colon, where no other mark stands before it."""
    found = _DASH.fullmatch(prompt.strip())
    return Passage(found["request"], found["text"]) if found and _ASKED.search(found["request"]) else None


def _asks_on(text: str) -> bool:
    """Whether what stands behind a question goes on with it: `And how many letters?`, `(no spaces)`."""
    plain = re.sub(r"[()（）]", "", text)
    if len(text) < _LONGEST_FOLLOW_UP and text[0] in "(（" and asked_figures(plain):
        return True
    single = len(re.findall(r"[.!?。！？]+(?=\s|$)|[。！？]", text)) < 2
    asks = _ASKED.search(text) is not None or (single and text.endswith(("?", "？")))
    return len(text) < _LONGEST_FOLLOW_UP and asks


def _refuse_without_text() -> Answer:
    raise Refusal(
        'Please add the text, for example: count the words in "to be or not to be".',
        "请给出文字，例如：统计这段文字的字数：生存还是毁灭。",
    )


def _answer(passage: Passage, chinese: bool) -> Answer:
    text = passage.text or ""
    _refuse_beyond(passage.request)
    measured = measured_in(text)
    asked = asked_figures(passage.request)
    top = _TOP.search("most common" if _HOW_OFTEN.fullmatch(passage.request) else passage.request)
    if re.search(r"longest word|最长的(?:单)?词", passage.request, re.IGNORECASE):
        return _longest_word(text, chinese)
    if not asked and not top:
        _refuse_unclear(passage.request)
        top = _TOP.search("most common")
        asked = [one for one in FIGURES if "punctuation" not in one.english and one.english != "lines with text"]
        asked = [one for one in asked if measured[one.english] or one.english != "Chinese characters"]
    lines = [
        f"{figure.chinese}：{measured[figure.english]}" if chinese else f"{figure.english}: {measured[figure.english]}"
        for figure in asked
    ]
    output: dict[str, JsonValue] = {figure.english: measured[figure.english] for figure in asked}
    if top:
        frequent = _most_frequent(text, min(int(top["count"] or 5), _MOST_TOP))
        shown = ", ".join(f"{word} ({count})" for word, count in frequent)
        lines.append(f"最常见的词：{shown or '没有词'}" if chinese else f"most frequent words: {shown or 'none'}")
        output["most frequent words"] = dict(frequent)
    values = tuple(
        Value(str(measured[figure.english]), Fraction(measured[figure.english]), figure.english) for figure in asked
    )
    return Answer("\n".join(lines), {"characters": len(text)}, output, values)


def _refuse_beyond(request: str) -> None:
    if beyond := _BEYOND.search(request):
        raise Refusal(
            f"I cannot do that ('{beyond.group()}'): I count words, unique words, characters, letters, sentences, "
            f"lines and "
            "paragraphs, and find the most frequent and the longest word.",
            f"这个我做不了（“{beyond.group()}”）：我会数字数、词数、字符、字母、句子、行和段落，找最常见的词和最长的词。",
        )


def _refuse_unclear(request: str) -> None:
    if re.search(r"how many|how often|which|what|多少|几", request, re.IGNORECASE):
        raise Refusal(
            "I am not sure what to count: words, unique words, characters, letters, sentences, lines or paragraphs?",
            "我不确定要数什么：字数、词数、字符、字母、句子、行还是段落？",
        )


def _most_frequent(text: str, count: int) -> list[tuple[str, int]]:
    words = [word.lower() for word in WORD.findall(text)] or CHINESE.findall(text)
    return sorted(Counter(words).items(), key=lambda item: (-item[1], item[0]))[:count]


def _longest_word(text: str, chinese: bool) -> Answer:
    word = max(WORD.findall(text), key=len, default="")
    if not word:
        raise Refusal("There is no word in Latin or Cyrillic letters in this text.", "这段文字里没有字母组成的单词。")
    shown = (
        f"最长的词是“{word}”（{len(word)} 个字符）。"
        if chinese
        else f'The longest word is "{word}" ({len(word)} characters).'
    )
    return Answer(shown, {"characters": len(text)}, {"longest word": word})


def _occurrences(found: "re.Match[str]", question: Question) -> Task | None:
    """How often a word (whole words) or a letter (anywhere) occurs in the text behind the question."""
    wanted = next(part for part in found.groups() if part).strip()
    rest = passage_in(question.text[found.end() :].lstrip(" ?？")).text or re.sub(
        r"^\s*(?:the (?:text|word|sentence)|this text)?[\s:：?？]*", "", question.text[found.end() :]
    )
    rest = rest.strip().strip('"“”')
    if not rest:
        return None
    return Task(CERTAIN, lambda: _occurring(wanted, rest, question))


def _occurring(wanted: str, text: str, question: Question) -> Answer:
    within = re.escape(wanted)
    whole = len(wanted) > 1 and wanted.isascii()
    count = len(re.findall(rf"(?<!\w){within}(?!\w)" if whole else within, text, re.IGNORECASE))
    said = (
        f"“{wanted}”出现了 {count} 次。"
        if question.chinese
        else f'"{wanted}" occurs {count} time{"" if count == 1 else "s"}.'
    )
    return Answer(
        said, {"wanted": wanted, "characters": len(text)}, {"count": count}, (Value(str(count), Fraction(count)),)
    )


TOOL = Tool(
    name="text_statistics",
    ability="count words, characters, sentences and lines of a text, and find its most frequent words",
    ability_chinese="统计文字的字数、字符数、句子数、行数和最常见的词",
    example='How many words are in "to be or not to be"?',
    example_chinese="统计这段文字的字数：生存还是毁灭",
    understand=understand,
)
