"""Lists, patterns, documents and texts: turned round, counted once, back to the other form."""

import pytest
from tests.support.offline_talks import asked

ANSWERED: list[tuple[str, list[tuple[list[str], list[str]]]]] = [
    (
        "Our guest lists are a mess. paste the names, one per line, sort them or throw out doubles",
        [
            (["flip the list\nAnn\nBob\nCy"], ["Cy\nBob\nAnn"]),
            (["put these in the opposite order:\nAnn\nBob\nCy"], ["Cy\nBob\nAnn"]),
            (["last one first please\nAnn\nBob\nCy"], ["Cy\nBob\nAnn"]),
            (["turn this list upside down\nAnn\nBob\nCy"], ["Cy\nBob\nAnn"]),
            (["bottom to top:\nAnn\nBob\nCy"], ["Cy\nBob\nAnn"]),
            (["backwards\nAnn\nBob\nCy"], ["Cy\nBob\nAnn"]),
            (["reverse the order of these names\nAnn\nBob\nCy"], ["Cy\nBob\nAnn"]),
            (["the other way round:\nAnn\nBob\nCy"], ["Cy\nBob\nAnn"]),
            (["turn the order of the entries around:\nAnn\nBob\nCy"], ["Cy\nBob\nAnn"]),
            (["倒过来\n甲\n乙\n丙"], ["丙\n乙\n甲"]),
            (["remove doubles please\nKay\nLou\nKay\nMia", "how many are left"], ["3"]),
            (["take out the duplicates\nKay\nLou\nKay\nMia", "and how many remain?"], ["3"]),
            (["throw out doubles\nKay\nLou\nKay\nMia\nLou", "how many names is that now?"], ["3"]),
            (["dedupe: Kay, Lou, Kay, Mia, Lou", "count?"], ["3"]),
            (["get rid of the doubles:\nKay\nLou\nKay\nMia\nLou", "how many did you take out?"], ["2"]),
            (["get rid of the doubles:\nKay\nLou\nKay\nMia\nLou", "how many are there now"], ["3"]),
            (["delete the repeated names\nKay\nLou\nKay", "how many were removed?"], ["1"]),
            (["sort\nKay\nLou\nKay\nMia", "and without the doubles"], ["Kay\nLou\nMia"]),
            (["去掉重复\n甲\n乙\n甲", "还剩几个"], ["2"]),
        ],
    ),
    (
        "sort | uniq for package lists like on the shell",
        [
            (["zlib\ncurl\nzlib\nbash"], ["bash\ncurl\nzlib"]),
            (["zlib, curl, zlib, bash"], ["bash, curl, zlib"]),
            (["zlib\ncurl\nzlib\nbash", "how many are left?"], ["3"]),
        ],
    ),
    (
        "sorted and deduplicated lists of ids",
        [
            (["b7\na2\nb7\na1"], ["a1\na2\nb7"]),
        ],
    ),
    (
        "names in, sorted unique names out",
        [
            (["Bob\nAnn\nBob"], ["Ann\nBob"]),
            (["sort only\nBob\nAnn\nBob"], ["Ann\nBob\nBob"]),
        ],
    ),
    (
        "排序去重小工具",
        [
            (["香蕉\n苹果\n香蕉"], ["苹果\n香蕉"]),
        ],
    ),
    (
        "grep for numbers, hashtags, links in pasted text",
        [
            (["numbers: .5 mg, 12 ml and -.25"], [".5", "12", "-.25"]),
            (["all numbers in: drill .75 mm, 3.5 mm, 1,200 rpm"], [".75", "3.5", "1,200"]),
            (["find numbers\nv.2 costs .99"], [".99"]),
            (["numbers in this: it rose by .3 to 4.7 percent."], ["numbers (2)", ".3", "4.7"]),
            (["hashtags: #sun #sea #sun", "how many unique?"], ["2"]),
            (["hashtags: #sun #sea #sun #hill", "how many different ones"], ["3"]),
            (["links in: http://a.org http://b.org http://a.org", "number of unique ones?"], ["2"]),
            (["numbers in: 4 5 4 6", "how many distinct?"], ["3"]),
            (["numbers in: 4 5 4 6", "how many in total?"], ["4"]),
            (["hashtags: #sun #sea #sun", "without the doubles"], ["#sun"]),
            (["提取话题标签：#春 #夏 #春", "不重复的有几个"], ["2"]),
        ],
    ),
    (
        "csv to json and back, depends on what I paste",
        [
            (['[{"a":"x","n":1},{"a":"y","n":null}]'], ["a,n", "x,1", "y,"]),
            (['[{"id":7,"ok":true},{"id":8,"ok":false}]'], ["id,ok", "7,true"]),
            (["id,name\n1,Ann\n2,Bob"], ['"name": "Ann"']),
            (["id,name\n1,Ann", "and back to csv"], ["id,name", "1,Ann"]),
            (["id,name\n1,Ann", "now back again"], ["id,name", "1,Ann"]),
            (["id,name\n1,Ann", "turn that into csv again please"], ["id,name", "1,Ann"]),
            (['[{"id":1,"name":"Ann"}]', "and back to json"], ['"name": "Ann"']),
            (['[{"id":1,"name":"Ann"}]', "back please"], ['"name": "Ann"']),
            (['convert\n[{"a":null,"b":2}]'], ["a,b", ",2"]),
            (['{"a":1,"b":null}'], ["a,b", "1,"]),
            (["id;name\n1;Ann"], ['"name": "Ann"']),
            (["x,y\n1,\n2,3"], ['"y": null']),
        ],
    ),
    (
        "csv2json / json2csv",
        [
            (['[{"sku":"A-1","qty":4},{"sku":"B-2","qty":null}]'], ["sku,qty", "A-1,4"]),
            (["part,unit\nR1,ohm", "and back to csv"], ["R1,ohm"]),
        ],
    ),
    (
        "json <-> csv",
        [
            (['[{"sku":"A-1","qty":4}]'], ["sku,qty"]),
            (["sku,qty\nA-1,4"], ['"sku"']),
        ],
    ),
    (
        "CSV和JSON互转",
        [
            (['[{"名称":"笔","数量":null}]'], ["名称,数量", "笔,"]),
            (["名称,数量\n笔,3"], ['"名称"']),
            (["名称,数量\n笔,3", "再转回csv"], ["笔,3"]),
        ],
    ),
    (
        "abstract checker: word count, chars, sentences, most used word",
        [
            (["words + chars?\nSteel creeps slowly. Iron does not."], ["6", "35"]),
            (["sentences + words: Steel creeps slowly. Iron does not."], ["2", "6"]),
            (["words & sentences?\nSteel creeps slowly. Iron does not."], ["2", "6"]),
            (["word count/sentence count\nSteel creeps slowly. Iron does not."], ["2", "6"]),
            (["chars+words+lines\nSteel creeps slowly. Iron does not."], ["35", "6", "1"]),
            (["characters w/o spaces: Steel creeps slowly."], ["18"]),
            (["characters: Steel creeps slowly.", "w/o spaces"], ["18"]),
            (["chars with spaces: Steel creeps slowly.", "and without spaces?"], ["18"]),
            (["how many characters incl spaces: Steel creeps slowly.", "excluding spaces"], ["18"]),
            (["characters: Steel creeps slowly.", "no spaces"], ["18"]),
            (["characters without spaces: Steel creeps slowly.", "with spaces"], ["20"]),
            (["words: Steel creeps slowly.", "+ chars"], ["20"]),
            (["characters incl. spaces: Steel creeps slowly.", "not counting spaces?"], ["18"]),
        ],
    ),
    (
        "a-z sorter and de-duplicator for tag lists",
        [
            (["red\nblue\nred\ngreen"], ["blue\ngreen\nred"]),
            (["red\nblue\nred\ngreen", "how many remain"], ["3"]),
            (["red\nblue\nred\ngreen", "now upside down"], ["red\ngreen\nblue"]),
            (["other way round please: x, c, b"], ["b, c, x"]),
            (["invert the order: m, z, a"], ["a, z, m"]),
        ],
    ),
    (
        "json to csv and csv to json converter",
        [
            (['[{"a":1,"b":null},{"a":2,"b":"q"}]'], ["a,b", "1,", "2,q"]),
            (["please convert: k,v\none,1\ntwo,2"], ['"k"']),
            (['[{"a":1,"b":2}]', "and back"], ['"a": 1']),
            (["k,v\none,1\ntwo,2", "and back to CSV please"], ["one,1"]),
        ],
    ),
    (
        "count words / characters / lines of a text",
        [
            (["words/lines: Up we go. Then down."], ["5", "1"]),
            (["words, characters + sentences: Up we go. Then down."], ["5", "20", "2"]),
            (["characters: Up we go.", "w/out spaces?"], ["7"]),
            (["characters: Up we go.", "and words + letters?"], ["3", "6"]),
            (["chars w/o spaces\nUp we go."], ["7"]),
        ],
    ),
    (
        "pull numbers out of text",
        [
            (["between .2 and .35 mm, max 1.5"], [".2", ".35", "1.5"]),
            (["3 and 5 and 3", "how many different?"], ["2"]),
            (["v1.2.3 costs .5"], [".5"]),
        ],
    ),
    (
        "list tool: sort, dedupe, reverse",
        [
            (["reverse the order: b, c, a"], ["a, c, b"]),
            (["sort in reverse order: b, c, a"], ["c, b, a"]),
            (["order these: b, c, a"], ["a, b, c"]),
            (["put in reverse alphabetical order: b, c, a"], ["c, b, a"]),
        ],
    ),
    (
        "numbers finder",
        [
            (["numbers in: version 1.2.3 and .5 and 10."], [".5", "10"]),
        ],
    ),
    (
        "text counter",
        [
            (["lines and words\none two\nthree"], ["2", "3"]),
        ],
    ),
    ("csv and json both ways", [(["a,b\n1,2", "only column a back to csv"], ["a\n1"])]),
]
NOT_ANSWERED: list[tuple[str, list[str]]] = [
    ("list tool: sort, dedupe, reverse", ["the order of these is wrong: b, c, a"]),
    ("list tool: sort, dedupe, reverse", ["sort b, c, a, b", "now take out the last one"]),
    ("list tool: sort, dedupe, reverse", ["other fruits: b, c, a"]),
    ("numbers finder", ["numbers in: file.7z and a.5"]),
    ("csv and json both ways", ["a,b\n1,2", "and back to xml"]),
    ("csv and json both ways", ['convert {"a": 1,} please']),
    ("text counter", ["words with spaces in them: one two"]),
]


@pytest.mark.parametrize(
    ("requirement", "prompts", "expected"),
    [(requirement, prompts, expected) for requirement, asked in ANSWERED for prompts, expected in asked],
)
def test_what_people_ask_of_others_is_answered(requirement: str, prompts: list[str], expected: list[str]) -> None:
    text, _ = asked(requirement, prompts)
    assert [part for part in expected if part not in text] == []


@pytest.mark.parametrize(("requirement", "prompts"), NOT_ANSWERED)
def test_what_is_not_clear_of_others_is_asked_back(requirement: str, prompts: list[str]) -> None:
    assert asked(requirement, prompts)[1] is False
