"""Writes what the code says of deployments and events: kustomize, Helm, CloudFormation, Grafana, EVENTS.md, AsyncAPI.

`python -m scripts.export_documents [--check]`; with --check only tells whether the files are as the code says.
"""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import yaml
from scripts.cloudformation import template
from scripts.dashboards import dashboard_text
from scripts.event_documents import asyncapi, events_page
from scripts.manifests import (
    COMPONENTS,
    CONFIG,
    MOST_GATEWAYS,
    MOST_REPLICAS,
    OPERATOR,
    REPLICAS,
    SECRETS,
    Manifest,
    Values,
    manifests,
)

from nexus_contracts.registry import OPENAPI
from nexus_contracts.registry import text_of as schema_text
from nexus_runtime.process.settings import VERSION

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
HEAD = "# Made by `make schemas` from scripts/; not to be edited.\n"
IMAGE = "nexus-ai-platform"
NUMBER = re.compile(r"'(\{\{ [^'}]*\| int \}\})'")
ROLE = "eks.amazonaws.com/role-arn"


def most(name: str) -> int:
    return MOST_GATEWAYS if name == "gateway" else MOST_REPLICAS


PLAIN = Values(
    image=f"{IMAGE}:{VERSION}",
    settings=CONFIG,
    replicas=lambda _name: REPLICAS,
    most=most,
    role=lambda _name: None,
    job="migration",
    settings_hash=None,
)
CHART = Values(
    image="{{ .Values.image.repository }}:{{ .Values.image.tag }}",
    settings={name: f"{{{{ .Values.settings.{name} }}}}" for name in CONFIG},
    replicas=lambda name: f"{{{{ .Values.{name}.replicas | int }}}}",
    most=lambda name: f"{{{{ .Values.{name}.mostReplicas | int }}}}",
    role=lambda name: f"{{{{ .Values.roles.{name} }}}}",
    job="migration-{{ .Release.Revision }}",
    settings_hash='{{ include (print $.Template.BasePath "/settings.yaml") . | sha256sum }}',
)


class _Dumper(yaml.SafeDumper):
    """Without anchors, which nobody reads."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def text_of(*documents: Any) -> str:
    dump = cast(Callable[..., str], yaml.dump_all)
    return HEAD + dump(documents, Dumper=_Dumper, sort_keys=False, width=1000)


def chart_text(*documents: Any) -> str:
    return NUMBER.sub(r"\1", text_of(*documents)).replace(SECRETS, "{{ .Values.secretName }}")


def chart_values() -> dict[str, Any]:
    return {
        "image": {"repository": IMAGE, "tag": VERSION},
        "secretName": SECRETS,
        "settings": CONFIG,
        **{one.name: {"replicas": REPLICAS, "mostReplicas": most(one.name)} for one in COMPONENTS},
        "roles": {name: "" for name in [*(one.name for one in COMPONENTS), "migration", OPERATOR]},
    }


def generator(config: Manifest) -> dict[str, Any]:
    """What has kustomize make the settings, under a name that changes with them: pods that use them are replaced."""
    about, settings = config["metadata"], config["data"]
    literals = [f"{name}={value}" for name, value in settings.items()]
    return {"name": about["name"], "literals": literals, "options": {"labels": about["labels"]}}


def files() -> dict[Path, str]:
    """What is to stand in each file."""
    base, chart = DEPLOY / "kubernetes" / "base", DEPLOY / "helm" / "nexus-ai"
    plain, charted = manifests(PLAIN), manifests(CHART)
    (config,) = plain.pop("settings")
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [f"{name}.yaml" for name in plain],
        "configMapGenerator": [generator(config)],
    }
    about = {"apiVersion": "v2", "name": "nexus-ai", "description": "Nexus-AI Platform", "type": "application"}
    return {
        base / "kustomization.yaml": text_of(kustomization),
        **{base / f"{name}.yaml": text_of(*each) for name, each in plain.items()},
        chart / "Chart.yaml": text_of({**about, "version": VERSION, "appVersion": VERSION}),
        chart / "values.yaml": text_of(chart_values()),
        **{chart / "templates" / f"{name}.yaml": chart_text(*each) for name, each in charted.items()},
        DEPLOY / "aws" / "cloudformation.yaml": text_of(template()),
        DEPLOY / "grafana" / "dashboards" / "nexus.json": dashboard_text(),
        ROOT / "docs" / "EVENTS.md": events_page(),
        OPENAPI.with_name("asyncapi.json"): schema_text(asyncapi()),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Write what is deployed, or tell whether it is as the code says.")
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    wrong: list[Path] = []
    for path, wanted in files().items():
        if (path.read_text(encoding="utf-8") if path.exists() else "") == wanted:
            continue
        wrong.append(path)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted, encoding="utf-8")
    for path in wrong if check else ():
        sys.stderr.write(f"{path.relative_to(ROOT)} is not as the code says; run `make schemas`\n")
    return 1 if check and wrong else 0


if __name__ == "__main__":
    sys.exit(main())
