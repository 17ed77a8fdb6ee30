"""Assembles an agent package: the chosen template files, the manifest, and a zip that is the same bit for bit."""

import io
import json
import re
import zipfile
from functools import cache
from importlib.resources import files

from pydantic import JsonValue

from nexus_offline_builder.decision import AgentDesign
from nexus_offline_builder.documents import prompt_document

_TEMPLATE = files("nexus_offline_builder") / "package"
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_LONGEST_REQUIREMENT = 1000
# Read as text: to parse all files takes a second, and the worker has other builds.
_IMPORT = re.compile(r"^ *from (\.\.?)([\w.]*) import (\([^)]*\)|.*)$", re.MULTILINE)
_REQUIREMENTS = "# The agent needs the Python standard library only.\n"


def manifest_of(decision: AgentDesign) -> dict[str, JsonValue]:
    """The single source for deployment and capabilities. The agent reads bare prompts with its `requirement`."""
    return {
        "name": decision.agent_name,
        "version": decision.version,
        "entrypoint": "main.py",
        "description": decision.description,
        "category": decision.category,
        "tools": [{"name": rule.name, "description": rule.description} for rule in decision.rules],
        "at_hand": list(decision.at_hand),
        "capabilities": list(decision.capabilities),
        "env": {},
        "requirement": decision.requirement[:_LONGEST_REQUIREMENT],
    }


def package_files(decision: AgentDesign) -> dict[str, str]:
    """Path in the package -> content, for the whole package."""
    paths = ["main.py", *_agent_modules(), *tool_modules([*decision.tool_names, *decision.at_hand])]
    code = {path: source(path) for path in paths}
    return code | {
        "manifest.json": json.dumps(manifest_of(decision), indent=2, ensure_ascii=False) + "\n",
        "prompt.md": prompt_document(decision),
        "requirements.txt": _REQUIREMENTS,
    }


def tool_modules(tools: list[str]) -> list[str]:
    """Paths of the chosen tools, of what they import, and of what the agent itself needs from `tools/`."""
    wanted = [f"tools/{name}.py" for name in tools]
    wanted += [path for module in _agent_modules() for path in _imported(module) if path.startswith("tools/")]
    found = {"tools/__init__.py"}
    while wanted:
        path = wanted.pop()
        if path not in found:
            found.add(path)
            wanted += _imported(path)
    return sorted(found)


@cache
def _agent_modules() -> tuple[str, ...]:
    return tuple(
        sorted(f"agent/{entry.name}" for entry in (_TEMPLATE / "agent").iterdir() if entry.name.endswith(".py"))
    )


@cache
def source(path: str) -> str:
    """The template file at `path` of the package."""
    return _TEMPLATE.joinpath(*path.split("/")).read_text(encoding="utf-8")


@cache
def _imported(path: str) -> tuple[str, ...]:
    """Paths of the package modules that the module at `path` imports."""
    found: list[str] = []
    for dots, module, names in _IMPORT.findall(source(path)):
        folder = path.partition("/")[0] if dots == "." else ""
        dotted = "/".join(part for part in (folder, *module.split(".")) if part)
        of_folder = [f"{dotted}/{name.split()[0]}" for name in names.strip("()").split(",") if name.strip()]
        found += [f"{name}.py" for name in ([dotted] if module else of_folder)]
    return tuple(found)


def zipped(contents: dict[str, str]) -> bytes:
    """A zip of the files: sorted, without the clock, so that the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(contents):
            entry = zipfile.ZipInfo(path, _FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, contents[path].encode("utf-8"))
    return buffer.getvalue()
