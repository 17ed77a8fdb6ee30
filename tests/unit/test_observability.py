"""Dashboards, alerts and documents speak of the metrics that there are."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY
from scripts.dashboards import expressions

ROOT = Path(__file__).parents[2]
RULES: list[dict[str, Any]] = yaml.safe_load((ROOT / "deploy/prometheus/rules.yaml").read_text(encoding="utf-8"))[
    "groups"
][0]["rules"]
MODULES = (
    "nexus_runtime.process.metrics",
    "nexus_agents.metrics",
    "nexus_stats.metrics",
    "nexus_builds.handlers.reports",
)
MONITORING = (ROOT / "docs/MONITORING_AND_LOGGING.md").read_text(encoding="utf-8")
SECTIONS = ("## Symptom", "## Check", "## Fix", "## Verify")


@pytest.fixture(scope="module")
def metrics() -> dict[str, list[str]]:
    """Every metric of ours and its labels."""
    for module in MODULES:
        import_module(module)
    named: dict[str, Any] = getattr(REGISTRY, "_names_to_collectors")  # noqa: B009  # it has no public list
    return {name: list(one._labelnames) for name, one in named.items() if name.startswith("nexus_")}


def asked(expression: str) -> set[str]:
    return set(re.findall(r"\bnexus_[a-z_]+", expression))


def test_dashboards_ask_for_metrics_that_exist(metrics: dict[str, list[str]]) -> None:
    assert {name for one in expressions() for name in asked(one)} - metrics.keys() == set()


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alert_asks_for_what_exists_and_has_a_runbook(rule: dict[str, Any], metrics: dict[str, list[str]]) -> None:
    assert asked(rule["expr"]) - metrics.keys() == set()
    assert rule["annotations"]["runbook"] == f"docs/runbooks/{rule['alert']}.md"
    runbook = (ROOT / rule["annotations"]["runbook"]).read_text(encoding="utf-8")
    assert [section for section in SECTIONS if section not in runbook] == []


def test_there_is_no_runbook_without_an_alert() -> None:
    known = {rule["alert"] for rule in RULES}
    assert {path.stem for path in (ROOT / "docs/runbooks").glob("Nexus*.md")} == known


def test_every_metric_is_documented_and_nothing_else_is(metrics: dict[str, list[str]]) -> None:
    families = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in metrics}
    families -= {name.removesuffix("_total") for name in families if f"{name}_total" in metrics}
    documented = set(re.findall(r"^\| `(nexus_[a-z_]+)`", MONITORING, re.MULTILINE))
    documented |= {
        name for line in MONITORING.splitlines() for name in re.findall(r"`(nexus_[a-z_]+)`", line) if line[:2] == "| "
    }
    assert documented == families


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_labels_that_an_alert_groups_by_exist(rule: dict[str, Any], metrics: dict[str, list[str]]) -> None:
    labels = {name for group in re.findall(r"by \(([a-z, ]+)\)", rule["expr"]) for name in group.split(", ")}
    known = {label for name in asked(rule["expr"]) for label in metrics[name]} | {"component", "instance", "le"}
    assert labels <= known
