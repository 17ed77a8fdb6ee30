"""Writes what was agreed on, and never over what it would break.

The JSON Schema of every type of message goes to `schemas/`, the REST contract to `openapi.json`, its operations
to `docs/http.md`.
"""

import argparse
import difflib
import sys
from functools import cache
from pathlib import Path

from nexus_contracts.compatibility import breaking_changes
from nexus_contracts.registry import (
    MODELS,
    OPENAPI,
    SCHEMAS,
    Schema,
    agreed_openapi,
    agreed_schemas,
    schema_of,
    text_of,
)
from nexus_contracts.rest_compatibility import breaking_rest_changes
from nexus_gateway.access.scopes import OPERATIONS
from nexus_gateway.app import create_app
from nexus_gateway.settings import GatewaySettings

GUIDE = Path(__file__).parent.parent / "docs" / "http.md"
BEGIN, END = "<!-- operations: made by `make schemas` -->", "<!-- end -->"


@cache
def rest_contract() -> Schema:
    """The gateway's OpenAPI document. Its version is that of the paths: a release changes no contract."""
    document = create_app(GatewaySettings()).openapi()
    return {**document, "info": {**document["info"], "version": "1"}}


def faults() -> list[str]:
    """What forbids to export: the changes that need a type, or a path, with a new version."""
    found: list[str] = []
    for name, agreed in agreed_schemas().items():
        if name not in MODELS:
            found.append(f"{name}: the type was removed")
        else:
            found += [f"{name}: {change}" for change in breaking_changes(agreed, schema_of(name))]
    agreed = agreed_openapi()
    return found + (breaking_rest_changes(agreed, rest_contract()) if agreed else [])


def http_guide() -> str:
    """docs/http.md with the table of operations as it is."""
    before, begin, rest = GUIDE.read_text(encoding="utf-8").partition(BEGIN)
    paths = rest_contract()["paths"]
    rows = [
        f"| {method.upper()} {path} | {known.scope or 'any'} | {known.comes_to} |"
        for path, operations in paths.items()
        for method, operation in operations.items()
        if (known := OPERATIONS.get(operation["operationId"]))
    ]
    head = "| operation | scope | comes to |\n|---|---|---|\n"
    return before + begin + "\n" + head + "\n".join(rows) + "\n" + END + rest.partition(END)[2]


def files() -> dict[Path, str]:
    """What is to stand in each file."""
    return {
        GUIDE: http_guide(),
        **{SCHEMAS / f"{name}.json": text_of(schema_of(name)) for name in MODELS},
        OPENAPI: text_of(rest_contract()),
    }


def differences() -> list[str]:
    """One line for each file that is not as the code says, followed by the first lines that differ."""
    lines: list[str] = []
    for path, wanted in files().items():
        found = path.read_text(encoding="utf-8") if path.exists() else ""
        if found != wanted:
            lines.append(f"{path.name}: {'differs from the code' if found else 'is missing'}; run `make schemas`")
            changed = difflib.unified_diff(found.splitlines(), wanted.splitlines(), lineterm="", n=0)
            lines += [f"    {line}" for line in changed if not line.startswith(("---", "+++", "@@"))][:6]
    return lines


def main() -> int:
    """The exit status: 0 when the files are, or have become, as the code says."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true", help="change nothing; fail when a file is not up to date")
    check = options.parse_args().check
    if broken := faults():
        print(*broken, "these changes need a type, or a path, with a new version", sep="\n", file=sys.stderr)
        return 1
    if check:
        stale = differences()
        print(*stale, sep="\n", end="\n" if stale else "", file=sys.stderr)
        return 1 if stale else 0
    SCHEMAS.mkdir(exist_ok=True)
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
