"""Whether the chart, as Helm fills it in with its own values, says what kustomize's base says.

`helm template nexus-ai deploy/helm/nexus-ai | python -m scripts.compare_chart`
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

BASE = Path(__file__).parents[1] / "deploy" / "kubernetes" / "base"
FIRST_JOB = "migration-1"
"""Helm's release has a number; with kustomize there is one job."""


def objects(documents: Iterable[Any]) -> dict[tuple[str, str], Any]:
    """By kind and name; without the role of an account, of which the base has none."""
    found: dict[tuple[str, str], Any] = {}
    for one in documents:
        if not one or one["kind"] == "Kustomization":
            continue
        about = one["metadata"]
        if one["kind"] == "ServiceAccount":
            about.pop("annotations", None)
        if about["name"] == FIRST_JOB:
            about["name"] = "migration"
        found[one["kind"], about["name"]] = one
    return found


def main() -> int:
    charted = objects(yaml.safe_load_all(sys.stdin))
    base = objects(one for path in BASE.glob("*.yaml") for one in yaml.safe_load_all(path.read_text(encoding="utf-8")))
    different = sorted(key for key in charted.keys() | base.keys() if charted.get(key) != base.get(key))
    for kind, name in different:
        sys.stderr.write(f"{kind} {name} is not the same in the chart and in the base\n")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
