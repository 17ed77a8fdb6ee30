"""What is different between two packages of an agent, for people to read. Pure."""

import difflib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, cast

from nexus_contracts.builds.views import ToolDiff

MOST_CHARACTERS = 60_000
"""Of all diffs together: they may have four bytes each, and a checkpoint is bounded."""
_SPECS = ("agent_spec.json", "manifest.json")
_CUT = "... the rest is cut\n"


def different(before: bytes, after: bytes) -> dict[str, Any]:
    """`spec`, `instructions` and `tools` of an AgentDiff. Raises BadZipFile, KeyError or ValueError: no package."""
    old, new = _texts(before), _texts(after)
    tools = sorted({*_tools(old), *_tools(new)})
    most = MOST_CHARACTERS // (len(tools) + 2)
    spec = next(name for name in _SPECS if name in new)
    changed = [_tool(name, _code(old, name), _code(new, name), most) for name in tools]
    return {
        "spec": _diff(spec, old.get(spec, ""), new[spec], most),
        "instructions": _diff("prompt.md", old.get("prompt.md", ""), new.get("prompt.md", ""), most),
        "tools": [tool for tool in changed if tool is not None],
    }


def summary(tools: Sequence[ToolDiff], spec: str, instructions: str) -> str:
    """In one line."""
    said = [f"tool {tool.name} {tool.change}" for tool in tools]
    said += [f"{what} changed" for what, diff in (("specification", spec), ("instructions", instructions)) if diff]
    return ", ".join(said) or "nothing is different"


def _texts(package: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        names = [name for name in archive.namelist() if name.endswith((".py", ".json", ".md"))]
        return {name: archive.read(name).decode(errors="replace") for name in names}


def _tools(texts: Mapping[str, str]) -> list[str]:
    manifest = cast("dict[str, Any]", json.loads(texts["manifest.json"]))
    return [str(tool["name"]) for tool in manifest.get("tools", [])]


def _code(texts: Mapping[str, str], name: str) -> str | None:
    """What makes the tool, None for an agent that has not got it."""
    if name not in _tools(texts):
        return None
    return "".join(texts.get(path, "") for path in (f"tools/{name}.py", f"tools/{name}_module.py"))


def _tool(name: str, before: str | None, after: str | None, most: int) -> ToolDiff | None:
    if before == after:
        return None
    change = "added" if before is None else "removed" if after is None else "changed"
    return ToolDiff(name=name, change=change, diff=_diff(name, before or "", after or "", most))


def _diff(name: str, before: str, after: str, most: int) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="")
    text = "".join(f"{line}\n" for line in lines)
    return text if len(text) <= most else text[: most - len(_CUT)] + _CUT
