"""Whether the chart, as Helm fills it in with its own values, says what kustomize's base says.

`helm template nexus-ai deploy/helm/nexus-ai | python -m scripts.compare_chart`
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from scripts.manifests import HASH

BASE = Path(__file__).parents[1] / "deploy" / "kubernetes" / "base"
FIRST_JOB = "migration-1"
"""Helm's release has a number; with kustomize there is one job."""


def generated(said: Any) -> Any:
    """What kustomize makes of an entry of its configMapGenerator, with the plain name."""
    about = {"name": said["name"], **said["options"]}
    settings = dict(one.split("=", 1) for one in said["literals"])
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": about, "data": settings}


def without_hash(about: Any) -> None:
    annotations = about.get("annotations", {})
    annotations.pop(HASH, None)
    if not annotations:
        about.pop("annotations", None)


def objects(documents: Iterable[Any]) -> dict[tuple[str, str], Any]:
    """By kind and name; without the role of an account and the hash of the settings, of which the base has none."""
    found: dict[tuple[str, str], Any] = {}
    for one in documents:
        if not one:
            continue
        if one["kind"] == "Kustomization":
            found |= objects(map(generated, one["configMapGenerator"]))
            continue
        about = one["metadata"]
        if one["kind"] == "ServiceAccount":
            about.pop("annotations", None)
        if one["kind"] in ("Deployment", "Job"):
            without_hash(one["spec"]["template"]["metadata"])
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
