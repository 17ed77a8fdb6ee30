"""Puts a package together: the template, and the tools that a model wrote."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydantic import JsonValue

from nexus_contracts.agents.spec import AgentSpec
from nexus_model_builder.answers import WrittenTool
from nexus_offline_builder.packaging import source, tool_modules

_TEMPLATE = files("nexus_model_builder") / "template"
_GUIDED = tuple(f"agent/{name}.py" for name in ("guided", "outside", "door", "direct", "converse", "mcp"))
"""The modules that only an agent with a model gets: no other module imports them."""
_RESERVED = files("nexus_offline_builder") / "package" / "tools"


@dataclass(frozen=True)
class Parts:
    """What an agent is made of. `written` holds the modules of the spec's tools, by the name of the tool."""

    spec: AgentSpec
    written: dict[str, WrittenTool]
    version: str
    category: str = "general"

    def only(self, name: str) -> "Parts":
        """The same agent with this tool alone, for testing the tool."""
        spec = self.spec.model_copy(update={"tools": [tool for tool in self.spec.tools if tool.name == name]})
        return Parts(spec, {name: self.written[name]}, self.version, self.category)


def manifest_of(parts: Parts) -> dict[str, JsonValue]:
    spec = parts.spec
    return {
        "name": spec.name,
        "version": parts.version,
        "entrypoint": "main.py",
        "description": spec.description,
        "category": parts.category,
        "tools": [{"name": tool.name, "description": tool.description} for tool in spec.tools],
        "capabilities": [],
        "env": {"AGENT_HANDLER": "guided"} if spec.model else {},
    }


def package_files(parts: Parts) -> dict[str, str]:
    """The content of each file of the package, by its path in the package."""
    agent = {path: source(path) for path in ("main.py", *_agent_modules(), *tool_modules([]))}
    guided = {path: template(path) for path in _GUIDED} if parts.spec.model else {}
    return (
        agent
        | guided
        | {
            "tools/written.py": template("written.py"),
            **{
                path: code
                for tool in parts.spec.tools
                for path, code in _tool_files(tool.name, parts.written[tool.name])
            },
            "manifest.json": _json(manifest_of(parts)),
            "agent_spec.json": _json(parts.spec.model_dump(mode="json")),
            "prompt.md": f"# {parts.spec.name}\n\n{parts.spec.instructions}\n",
            "requirements.txt": "# The agent needs the Python standard library only.\n",
        }
    )


def trial_files(parts: Parts, conversations: Sequence[Sequence[str]]) -> dict[str, str]:
    """The package, and the script that holds these conversations (lists of prompts) with its agent."""
    held = _json([list(prompts) for prompts in conversations])
    return package_files(parts) | {"trial.py": template("trial.py"), "trial.json": held}


def free_name(name: str) -> str:
    """The name for a tool, changed if the template has a module of that name: a tool's name is that of its module."""
    taken = _RESERVED.joinpath(f"{name}.py").is_file() or name in ("written", "main")
    return f"{name[:34]}_tool" if taken else name


def _tool_files(name: str, tool: WrittenTool) -> list[tuple[str, str]]:
    about = tool.model_dump(include={"ability", "ability_chinese", "example", "example_chinese"})
    lines = [
        '"""Written by a language model; see the module that it imports."""',
        "",
        f"from . import {name}_module",
        "from .written import tool_of",
        "",
        f"TOOL = tool_of({name}_module, {name!r}, {about!r})",
        "",
    ]
    return [(f"tools/{name}.py", "\n".join(lines)), (f"tools/{name}_module.py", tool.code.rstrip() + "\n")]


def _agent_modules() -> list[str]:
    folder = files("nexus_offline_builder") / "package" / "agent"
    return sorted(f"agent/{entry.name}" for entry in folder.iterdir() if entry.name.endswith(".py"))


@cache
def template(path: str) -> str:
    """A file of this builder's own part of the template, with its imports as they are inside a package."""
    text = _TEMPLATE.joinpath(*path.split("/")).read_text(encoding="utf-8")
    within_agent = path.startswith("agent/")
    text = text.replace("nexus_offline_builder.package.agent.", "." if within_agent else "..agent.")
    return text.replace("nexus_offline_builder.package.tools.", "..tools." if within_agent else ".")


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
