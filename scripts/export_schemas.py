"""Writes the JSON Schema of every type of message to `schemas/`, and never over one with which it would break."""

import argparse
import difflib
import sys

from nexus_contracts.compatibility import breaking_changes
from nexus_contracts.registry import MODELS, SCHEMAS, agreed_schemas, schema_of, text_of


def faults() -> list[str]:
    """What forbids to export: the changes that need a type with a new version."""
    found: list[str] = []
    for name, agreed in agreed_schemas().items():
        if name not in MODELS:
            found.append(f"{name}: the type was removed")
        else:
            found += [f"{name}: {change}" for change in breaking_changes(agreed, schema_of(name))]
    return found


def differences() -> list[str]:
    """One line for each file that is not as the code says, followed by the first lines that differ."""
    lines: list[str] = []
    for name in MODELS:
        path, wanted = SCHEMAS / f"{name}.json", text_of(schema_of(name))
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
        print(*broken, "these changes need a type with a new version", sep="\n", file=sys.stderr)
        return 1
    if check:
        stale = differences()
        print(*stale, sep="\n", end="\n" if stale else "", file=sys.stderr)
        return 1 if stale else 0
    SCHEMAS.mkdir(exist_ok=True)
    for name in MODELS:
        (SCHEMAS / f"{name}.json").write_text(text_of(schema_of(name)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
