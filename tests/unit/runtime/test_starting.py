"""What a start costs: a process imports nothing heavy that it has no use for, and builds hardly a model."""

import json
import subprocess
import sys

import pytest

LOOK = """
import json, sys
import nexus_runtime.process.starting
from importlib import import_module
for name in sys.argv[1:]:
    import_module(name)
from pydantic import BaseModel
def kinds(kind):
    return [kind, *(one for sub in kind.__subclasses__() for one in kinds(sub))]
ours = [kind for kind in kinds(BaseModel) if kind.__module__.startswith("nexus_")]
imported = [name for name, module in sys.modules.items() if module is not None]
print(json.dumps([imported, len(ours), sum(kind.__pydantic_complete__ for kind in ours)]))
"""
AWS = {"aioboto3", "aiobotocore", "boto3", "botocore.session", "urllib3"}
"""Whoever has a database needs some of it, but only when that is opened."""
MODELS = {"anthropic", "openai", "pydantic_ai"}
SPANS = {"opentelemetry.sdk", "opentelemetry.exporter", "requests"}
"""Only who has a collector needs them."""
FOR_NOBODY = {"pydantic.v1", "rich", *AWS, *MODELS, *SPANS}
OWNERS = ["nexus_builds.app", "nexus_builds.worker.app", "nexus_agents.app", "nexus_stats.app"]


@pytest.mark.parametrize(
    ("apps", "unwanted"),
    [
        (["nexus_gateway.app"], {"cryptography", "faststream", "jwt"}),
        (OWNERS, {"jwt", "nexus_agents.backends.agentcore.backend"}),
    ],
    ids=["gateway", "owners"],
)
def test_a_start_imports_nothing_heavy_and_builds_hardly_a_model(apps: list[str], unwanted: set[str]) -> None:
    seen = subprocess.run([sys.executable, "-c", LOOK, *apps], capture_output=True, text=True, check=True)
    imported, models, built = json.loads(seen.stdout)
    assert set(apps) <= set(imported)
    assert not (FOR_NOBODY | unwanted) & set(imported)
    assert models > 100
    assert built < models / 5
