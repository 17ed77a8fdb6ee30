"""Inspects a tool's module without running it. The sandbox is the wall; this is only the fence in front of it."""

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from types import ModuleType

from nexus_model_builder.imports import ALLOWED

FUNCTIONS = {"read": 2, "run": 1}
"""The functions that a module must define, with their numbers of parameters."""
_FORBIDDEN = frozenset(
    {
        *("__import__", "breakpoint", "compile", "delattr", "dir", "eval", "exec", "exit", "getattr", "globals"),
        *("help", "input", "locals", "open", "quit", "setattr", "vars", "memoryview", "print"),
    }
)
_INNER = frozenset(
    {
        *("ag_frame", "cr_frame", "gi_frame", "tb_frame", "f_back", "f_builtins", "f_globals", "f_locals"),
        *("attrgetter", "methodcaller", "Formatter", "get_field"),
        *("get_type_hints", "singledispatch", "singledispatchmethod"),
    }
)
"""Ways to the interpreter's internals under plain names: frames, attributes named by texts, annotations evaluated."""


def faults(code: str) -> list[str]:
    """What is wrong with the module, at most 20 faults of a line each; none if it may be run in the sandbox."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [f"it is no Python: {error}"[:300]]
    found = list(dict.fromkeys([*_missing(tree), *(fault for node in ast.walk(tree) for fault in _node_faults(node))]))
    return found[:20]


def _missing(tree: ast.Module) -> Iterator[str]:
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for name, parameters in FUNCTIONS.items():
        if name not in defined:
            yield f"it does not define {name}"
        elif len(defined[name].args.args) != parameters:
            yield f"{name} does not take {parameters} parameters"


def _node_faults(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import():
            yield from (f"it may not import {alias.name}" for alias in node.names if alias.name not in ALLOWED)
        case ast.ImportFrom():
            yield from _import_faults(node)
        case ast.Name() if node.id in _FORBIDDEN or node.id.startswith("__"):
            yield f"it may not use {node.id}"
        case ast.Attribute():
            yield from _attribute_faults(node.attr)
        case ast.MatchClass():
            yield from (fault for name in node.kwd_attrs for fault in _attribute_faults(name))
        case ast.AsyncFunctionDef() | ast.Await() | ast.AsyncFor() | ast.AsyncWith():
            yield "it may not be asynchronous"
        case ast.Global() | ast.Nonlocal():
            yield "it may keep no state"
        case _:
            return


def _attribute_faults(name: str) -> Iterator[str]:
    if name.startswith("_") or name in _INNER or name in _inner_modules():
        yield f"it may not use .{name}"


def _import_faults(node: ast.ImportFrom) -> Iterator[str]:
    if node.level or node.module not in ALLOWED:
        yield f"it may not import from {'.' * node.level}{node.module or ''}"
        return
    for alias in node.names:
        if alias.name.startswith("_") or alias.name == "*" or alias.name in _INNER | _inner_modules():
            yield f"it may not import {alias.name} from {node.module}"


@cache
def _inner_modules() -> frozenset[str]:
    """Names by which allowed modules give access to others that are not: `statistics.sys`, `json.codecs`."""
    held = (vars(importlib.import_module(name)) for name in sorted(ALLOWED))
    return frozenset(name for names in held for name, value in names.items() if _foreign(value))


def _foreign(value: object) -> bool:
    return isinstance(value, ModuleType) and value.__name__ not in ALLOWED
