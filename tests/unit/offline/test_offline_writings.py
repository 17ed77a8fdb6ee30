"""Texts, lists and what is found in them: other wordings, places, and second turns."""

import pytest
from tests.support.offline_talks import asked

GOODS = (
    '{"stock":[{"sku":"K1","name":"kettle","qty":4,"price":29.9},{"sku":"T2","name":"toaster","qty":0'
    ',"price":35}],"updated":"2026-11-01"}'
)
ANSWERED: list[tuple[str, list[str], list[str]]] = [
    ("count words, characters and sentences of texts", ["characters without spaces - Buy 2 pay 1"], ["8"]),
    (
        "count words, characters and sentences of texts",
        ["Which word does he overuse: It was big. The big dog and the big cat."],
        ["big (3)"],
    ),
    ("count words, characters and sentences of texts", ["which word is repeated most: tea tea cup"], ["tea (2)"]),
    ("数字数", ["数一下汉字，不算标点：昨天上午下雨，我没出门。", "算上标点呢"], ["12"]),
    ("数字数", ["多少个字（含标点）：好，走吧！"], ["5"]),
    ("count words, characters and sentences of texts", ["characters excluding punctuation: Hi, you!"], ["5"]),
    ("count words, characters and sentences of texts", ["one two three"], ["words: 3"]),
    ("count words, characters and sentences of texts", ["how many words\none two three"], ["3"]),
    ("count words, characters and sentences of texts", ["words in this pls: one two three"], ["3"]),
    ("名单去重排序", ["这些行倒过来：\n城东店\n城西店\n城南店", "第一行现在是哪个店"], ["城南店"]),
    ("名单去重排序", ["从大到小排：8, 77.5, １００, 13"], ["１００, 77.5, 13, 8"]),
    ("名单去重排序", ["把重复的删掉\nAda\nBob\nAda\nEve\nBob\nIan\n", "还剩几个？"], ["4"]),
    ("sort lists, remove duplicates", ["sort: pear, fig, apple", "what's first now?"], ["apple"]),
    ("sort lists, remove duplicates", ["sort: pear, fig, apple", "and the last one?"], ["pear"]),
    ("sort lists, remove duplicates", ["sort: pear, fig, apple", "the 2nd"], ["fig"]),
    ("sort lists, remove duplicates", ["guests: Tom, Ann, Bo"], ["Ann, Bo, Tom"]),
    ("sort lists, remove duplicates", ["get rid of the doubles:\nfig\nfig\npear"], ["fig\npear"]),
    (
        "sort lists, remove duplicates",
        ["A-Z please: pear, fig, apple", "now the other way round"],
        ["pear, fig, apple"],
    ),
    (
        "pull all the e-mail addresses out of mails",
        ['To: zoe@x.example; From: <carl@x.example>\nCC: "Bea W." <bea@x.example>', "sort them a-z please"],
        ["bea@x.example, carl@x.example, zoe@x.example"],
    ),
    ("pull all the e-mail addresses out of mails", ["zoe@x.example, zoe@x.example, a@x.example", "how many?"], ["2"]),
    (
        "pull all the e-mail addresses out of mails",
        ["zoe@x.example, carl@x.example", "one per line"],
        ["zoe@x.example\ncarl@x.example"],
    ),
    (
        "pull all the e-mail addresses out of mails",
        ["zoe@x.example, carl@x.example", "and the first one?"],
        ["zoe@x.example"],
    ),
    (
        "find the phone numbers, links and dates in messages",
        ["phone number in this please: Dr Ott 0171 5550123, ott@p.example, room 14", "and the e-mail"],
        ["ott@p.example"],
    ),
    ("从聊天记录里把手机号、邮箱找出来", ["找手机号 小陈：13900001111，邮箱 wu@jia.cn", "邮箱也给我"], ["wu@jia.cn"]),
    ("json q", [GOODS + " price of the toaster"], ["35"]),
    ("json q", [GOODS + " qty of K1"], ["4"]),
    ("json q", [GOODS + " when was it updated"], ["2026-11-01"]),
    ("json q", [GOODS + " total qty"], ["4"]),
    ("json q", [GOODS + " how many items in stock"], ["2"]),
    ("json q", [GOODS + " names"], ["kettle", "toaster"]),
    ("json q", [GOODS + " names", "and prices?"], ["29.9", "35"]),
    ("json q", [GOODS + " name of the second item"], ["toaster"]),
    ("json q", ["what is in stock[1].name " + GOODS, "and its price?"], ["35"]),
    ("json q", ['{"a":null} a'], ["null"]),
    ("json q", ['{"on":true} on'], ["true"]),
    ("json q", ["{'a':1}"], ["not valid"]),
    ("json q", ['{"a":{"b":[{"c":5}]}} c'], ["5"]),
    ("text stats", ["The quick brown fox.", "how many letters?"], ["16"]),
    ("text stats", ["how many a in banana"], ["3"]),
    ("text stats", ["sentences: Hi! How are you? Fine."], ["3"]),
    ("text stats", ["words: 3 apples and 4 pears"], ["5"]),
    ("text stats", ['character count "hello"', 'and of "hi"?'], ["2"]),
    ("text stats", ["unique words: a b a"], ["2"]),
    ("数字数和词频", ["「你好，世界」有几个字（不算标点）"], ["4"]),
    ("数字数和词频", ["“的”出现了几次：我的书和你的书"], ["2"]),
    ("find contacts in mails", ["Call 030 123456 or 0171-9876543", "how many numbers?"], ["2"]),
    ("find contacts in mails", ["a@b.com a@b.com", "how many different?"], ["1"]),
    ("find contacts in mails", ["mail: a@b.org, tel 555-1234567", "the phone"], ["555-1234567"]),
    ("sort things", ["b, a, c descending"], ["c, b, a"]),
    ("sort things", ["sort these dates: 2026-12-01, 2025-01-01"], ["2025-01-01, 2026-12-01"]),
    ("change case of text", ["UPPER: hello"], ["HELLO"]),
    ("change case of text", ["hello world to title case", "now lower"], ["hello world"]),
    ("shopping list", ["add 2 milk and bread", "how many milk?"], ["2 milk"]),
    ("shopping list", ["add eggs, butter", "got the eggs", "what is left"], ["butter"]),
    ("notes", ["Ann called about the invoice", "who called?"], ["Ann"]),
    ("notes", ["Ann has the key", "where is the key?"], ["Ann"]),
    (
        "FAQ of our library: Opening hours 9 to 17. Loans last 21 days. Late fee is 20 cents a day. "
        "Printing costs 10 cents per page.",
        ["what does printing cost"],
        ["10 cents"],
    ),
    ("roman numerals", ["1999", "and 2000"], ["MM"]),
    ("binary hex", ["0b1010 in hex"], ["A"]),
    ("binary hex", ["10 in binary", "and 11?"], ["1011"]),
    ("hex colors", ["#fff"], ["255, 255, 255"]),
    ("csv to json", ["a;b\n1;x"], ['"b": "x"']),
    ("json to csv", ['{"a":1}'], ["a\n1"]),
    ("json to csv", ['[{"a":1,"b":{"c":2}}]'], ["a,b"]),
]
NOT_ANSWERED: list[tuple[str, list[str]]] = [
    ("count words, characters and sentences of texts", ["count the words of Lena's essay"]),
    ("count words, characters and sentences of texts", ["how many words are in my homework?"]),
    ("count words, characters and sentences of texts", ["how many words in her letter"]),
    ("count words, characters and sentences of texts", ["word count of this article please"]),
    ("sort lists, remove duplicates", ["sort: pear, fig, apple", "the 7th"]),
    ("sort lists, remove duplicates", ["please shuffle these\npear\nfig\napple"]),
    ("名单排序", ["按拼音倒着排：李, 王, 赵"]),
    ("find the phone numbers, links and dates in messages", ["see www.a.org/b or call 0171 555012", "and dates?"]),
    ("json q", [GOODS + " which is out of stock"]),
    ("json q", [GOODS + " stock[0].colour"]),
    ("json q", [GOODS + " supplier of the kettle"]),
    ("json q", ["get x"]),
    ("json q", ['{"a":1,"a":2} a']),
    ("text stats", ["count the vowels in banana"]),
    ("text stats", ["how many words are longer than 3 letters: one three"]),
    ("text stats", ["average word length: one three"]),
    ("text stats", ['compare: "a b" and "a b c"']),
    ("text stats", ["is this over 10 characters: hello world"]),
    ("text stats", ["translate: hello"]),
    ("text stats", ["most common letter in banana"]),
    ("数字数和词频", ["有几个标点：好，好！"]),
    ("find contacts in mails", ["valid emails only: a@b, c@d.org"]),
    ("find contacts in mails", ["domain of a@b.org"]),
    ("find contacts in mails", ["send a mail to a@b.org"]),
    ("find contacts in mails", ["no contacts, sorry"]),
    ("sort things", ["sort by last name: Ann Zed, Bob Ash"]),
    ("sort things", ["3 kg, 200 g, 1 kg smallest first"]),
    ("sort things", ["10, 9, 100 as text"]),
    ("sort things", ["top 2 of 5, 9, 7"]),
    ("sort things", ["shuffle: a, b, c"]),
    ("sort things", ["merge: a, b and c, d"]),
    ("sort things", ["which is longest: fig, banana"]),
    ("change case of text", ["make this nicer: hello"]),
    ("change case of text", ["first word in capitals: hello world"]),
    ("change case of text", ["rewrite in french: hello"]),
    ("replace words", ["replace a with b"]),
    ("replace words", ["replace zebra with dog in: my cat"]),
    ("shopping list", ["add milk", "remove beer"]),
    ("shopping list", ["add milk", "clear", "what is on the list"]),
    ("shopping list", ["what is the weather"]),
    ("notes", ["what did I say about Bob"]),
    (
        "FAQ of our library: Opening hours 9 to 17. Loans last 21 days. Late fee is 20 cents a day. "
        "Printing costs 10 cents per page.",
        ["late fee for 5 days?"],
    ),
    (
        "FAQ of our library: Opening hours 9 to 17. Loans last 21 days. Late fee is 20 cents a day. "
        "Printing costs 10 cents per page.",
        ["do you have a scanner"],
    ),
    (
        "FAQ of our library: Opening hours 9 to 17. Loans last 21 days. Late fee is 20 cents a day. "
        "Printing costs 10 cents per page.",
        ["are you open on sundays"],
    ),
    ("roman numerals", ["MMXXVI plus 1"]),
    ("roman numerals", ["0"]),
    ("binary hex", ["12.5 in binary"]),
    ("hex colors", ["red"]),
    ("csv to json", ["only column a as json\na,b\n1,2"]),
    ("json to csv", ["[1,2]"]),
]


@pytest.mark.parametrize(("requirement", "prompts", "expected"), ANSWERED)
def test_what_is_asked_of_writings_is_answered(requirement: str, prompts: list[str], expected: list[str]) -> None:
    text, _ = asked(requirement, prompts)
    assert [part for part in expected if part not in text] == []


@pytest.mark.parametrize(("requirement", "prompts"), NOT_ANSWERED)
def test_what_is_not_clear_of_writings_is_not_answered(requirement: str, prompts: list[str]) -> None:
    assert asked(requirement, prompts)[1] is False
