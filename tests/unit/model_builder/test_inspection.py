"""What the module of a tool may not do is seen before it is run."""

import pytest
from tests.support.scripted_model import VOWELS

from nexus_model_builder.inspection import faults


def test_a_plain_module_is_allowed() -> None:
    assert faults(VOWELS) == []
    assert faults("import re\nfrom datetime import date\nfrom collections.abc import Sequence\n" + VOWELS) != []
    assert faults("import re\nfrom datetime import date\nfrom decimal import Decimal\n" + VOWELS) == []


@pytest.mark.parametrize(
    "line",
    [
        "import os",
        "import os.path",
        "import subprocess as re",
        "from os import system",
        "from . import contract",
        "from statistics import sys",
        "from json import *",
        "import statistics\nstatistics.sys.exit()",
        "import json\njson.codecs.open('/etc/passwd')",
        "import random",
        "open('/etc/passwd')",
        "eval('1')",
        "exec('1')",
        "__import__('os')",
        "getattr(1, 'real')",
        "().__class__.__base__.__subclasses__()",
        "x = __builtins__",
        "globals()['a'] = 1",
        "import re\nre._compiler",
        "async def wait(): pass",
        "counter = 0\ndef count():\n    global counter",
        "(one for one in []).gi_frame.f_builtins['__import__']('os')",
        "import operator\noperator.attrgetter('__globals__')(len)",
        "from operator import attrgetter",
        "import operator\noperator.methodcaller('__subclasses__')(object)",
        "import string\nstring.Formatter().get_field('0.__globals__', [len], {})",
        "import typing\nclass A:\n    a: 'exit()'\ntyping.get_type_hints(A)",
        "from typing import get_type_hints",
        "from functools import singledispatch",
        "match len:\n    case object(__globals__=found): pass",
    ],
)
def test_what_reaches_beyond_computing_is_refused(line: str) -> None:
    assert faults(f"{line}\n{VOWELS}") != []


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("def read(:", "it is no Python"),
        ("def read(prompt, earlier): ...", "it does not define run"),
        ("def read(prompt): ...\ndef run(arguments): ...", "read does not take 2 parameters"),
        ("\0", "it is no Python"),
        ("(" * 5000, "it is no Python"),
    ],
)
def test_a_module_that_is_no_tool_is_refused(code: str, fault: str) -> None:
    assert any(one.startswith(fault) for one in faults(code))
