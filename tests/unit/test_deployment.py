"""What is deployed: rights are no wider than need be, and nothing that a process uses is left out."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from scripts.cloudformation import GROUPS, kafka_statements, operator_statements, statements_of, table_arn, template
from scripts.compare_chart import objects
from scripts.export_documents import CHART as CHART_VALUES
from scripts.export_documents import PLAIN
from scripts.manifests import COMPONENTS, CONFIG, HASH, OPERATOR, SETTINGS, manifests

from nexus_contracts.topics import DEAD_LETTER_MARKS, TOPICS
from nexus_devstack.provision import OWNERS, tables_of
from nexus_devstack.services import SERVICES
from nexus_gateway.settings import GatewaySettings

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "systemd" / "nexus-ai.service"
CHART = ROOT / "deploy" / "helm" / "nexus-ai"


def named(statements: list[dict[str, Any]]) -> str:
    return json.dumps(statements)


def test_every_process_of_the_platform_is_deployed() -> None:
    started = {service.name: service.command[-1] for service in SERVICES}
    assert {one.name: one.module for one in COMPONENTS} == started


def test_every_group_is_consumed_by_one_process() -> None:
    groups = [group for topic in TOPICS for group in topic.groups]
    assert sorted(group for mine in GROUPS.values() for group in mine) == sorted(groups)


def test_every_table_is_kept_when_the_stack_is_deleted_and_can_be_restored_to_a_moment() -> None:
    tables = [one for one in template()["Resources"].values() if one["Type"] == "AWS::DynamoDB::Table"]
    assert len(tables) == sum(len(tables_of(owner)) for owner in OWNERS)
    assert {one["DeletionPolicy"] for one in tables} == {"Retain"}
    assert all(one["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] for one in tables)
    expiring = {
        one["Properties"]["TableName"]["Fn::Sub"] for one in tables if "TimeToLiveSpecification" in one["Properties"]
    }
    declared = {table.name for owner in OWNERS for table in tables_of(owner) if table.ttl}
    assert expiring == {"${TablePrefix}" + name for name in declared}


@pytest.mark.parametrize(
    ("process", "foreign"), [("builds", "Agent"), ("agents", "Builds"), ("stats", "AgentProjects")]
)
def test_no_process_may_touch_the_tables_of_another(process: str, foreign: str) -> None:
    tables = [one for one in statements_of(process) if any("dynamodb:GetItem" in action for action in one["Action"])]
    mine = {table.name for table in tables_of(process)}
    others = {table.name for owner in OWNERS if owner != process for table in tables_of(owner)} - mine
    assert not [name for name in others if f'}}{name}"' in named(tables)]
    assert any(foreign in name for name in others)


def test_the_gateway_may_touch_its_keys_and_no_other_table() -> None:
    tables = [one for one in statements_of("gateway") if any("dynamodb:GetItem" in action for action in one["Action"])]
    assert [one["Resource"] for one in tables] == [[table_arn("GatewayKeys")]]


def actions_on(statements: list[dict[str, Any]], resource: str) -> set[str]:
    """What may be done with the table or topic of that name."""
    return {
        action
        for one in statements
        for action in one["Action"]
        if re.search(rf"[/}}]{re.escape(resource)}\"", named([one]))
    }


@pytest.mark.parametrize(
    ("process", "history", "more"), [("builds", "BuildsHistory", []), ("agents", "AgentsHistory", ["AgentInstances"])]
)
def test_an_owner_reads_its_history_whole(process: str, history: str, more: list[str]) -> None:
    scans = [one for one in statements_of(process) if "dynamodb:Scan" in one["Action"]]
    assert [one["Resource"] for one in scans] == [[table_arn(name) for name in (history, *more)]]
    assert "dynamodb:DescribeTable" in actions_on(statements_of(process), history)


def test_an_operator_may_redrive_every_dead_letter() -> None:
    rights = operator_statements()
    for topic in TOPICS:
        for group in topic.groups:
            assert "kafka-cluster:ReadData" in actions_on(rights, topic.dead_letter(group))
            assert "kafka-cluster:WriteData" in actions_on(rights, topic.name)
    assert {"kafka-cluster:ReadData", "kafka-cluster:WriteData"} <= actions_on(rights, DEAD_LETTER_MARKS.name)


def test_an_operator_changes_no_table_but_those_of_the_statistics() -> None:
    changing = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem", "dynamodb:CreateTable"}
    rights = operator_statements()
    for owner in set(OWNERS) - {"stats"}:
        assert not [table.name for table in tables_of(owner) if changing & actions_on(rights, table.name)]


def test_kubernetes_gives_a_pod_no_variables_of_its_own() -> None:
    """GATEWAY_PORT, of a service named gateway, is a setting of ours."""
    pods = [
        (one["metadata"]["name"], one["spec"]["template"]["spec"])
        for each in manifests(PLAIN).values()
        for one in each
        if one["kind"] in ("Deployment", "Job")
    ]
    assert {name: pod["enableServiceLinks"] for name, pod in pods} == dict.fromkeys((name for name, _ in pods), False)
    assert {"migration", OPERATOR, *(one.name for one in COMPONENTS)} == {name for name, _ in pods}


@pytest.mark.parametrize("name", [one.name for one in COMPONENTS])
def test_an_operator_s_pod_may_ask_every_service(name: str) -> None:
    (policy,) = [one for one in manifests(PLAIN)[name] if one["kind"] == "NetworkPolicy"]
    (ingress,) = policy["spec"]["ingress"]
    asking = [peer.get("podSelector", {}).get("matchLabels", {}) for peer in ingress.get("from", [])]
    assert "from" not in ingress or OPERATOR in {labels.get("app.kubernetes.io/component") for labels in asking}
    assert CONFIG[f"{name.upper()}_URL"] == f"http://{name}:8000"


def test_probes_of_the_gateway_do_not_queue_behind_its_callers() -> None:
    found: dict[str, Any] = {one["kind"]: one.get("spec") for one in manifests(PLAIN)["gateway"]}
    (container,) = found["Deployment"]["template"]["spec"]["containers"]
    (public,) = found["Service"]["ports"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    probed = {container[name]["httpGet"]["port"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert probed == {int(CONFIG["PORT"])}
    assert ports[public["targetPort"]] not in probed
    settings = {one["name"]: one["value"] for one in container["env"]}
    assert settings["PUBLIC_ADDRESS"].endswith(f":{ports[public['targetPort']]}")
    open_to_all = {one["port"] for one in found["NetworkPolicy"]["ingress"][0]["ports"]}
    assert open_to_all == set(ports.values())


def overlay(name: str) -> dict[str, str]:
    """The settings of an overlay that are not the base's."""
    text = (ROOT / "deploy" / "kubernetes" / "overlays" / name / "kustomization.yaml").read_text(encoding="utf-8")
    settings: Any = yaml.safe_load(text)["configMapGenerator"][0]["literals"]
    return dict(one.split("=", 1) for one in settings)


@pytest.mark.parametrize("name", ["local", "aws"])
def test_the_gateway_starts_with_the_settings_of_an_overlay(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # What people put into the secret themselves.
    own = {"CURSOR_SECRET": "c" * 32, "IDENTITY_SECRET": "i" * 32} if name == "aws" else {}
    for setting, value in {**CONFIG, **overlay(name), **own}.items():
        monkeypatch.setenv(setting, value)
    assert GatewaySettings().host == "0.0.0.0"


@pytest.mark.parametrize("process", list(GROUPS))
def test_a_process_may_put_aside_what_it_cannot_handle(process: str) -> None:
    writing = named([one for one in kafka_statements(process) if "kafka-cluster:WriteData" in one["Action"]])
    letters = [topic.dead_letter(group) for topic in TOPICS for group in topic.groups if group in GROUPS[process]]
    assert [letter for letter in letters if letter not in writing] == []


def test_the_unit_of_systemd_runs_what_the_deploy_script_runs() -> None:
    assert "-m nexus_devstack run\n" in UNIT.read_text(encoding="utf-8")


@pytest.mark.parametrize("setting", ["ProtectKernelTunables", "ProtectProc", "ProcSubset", "RestrictNamespaces"])
def test_the_unit_of_systemd_leaves_what_bubblewrap_needs(setting: str) -> None:
    assert f"\n{setting}=" not in UNIT.read_text(encoding="utf-8")


def rendered(name: str) -> list[dict[str, Any]]:
    """A template of the chart with its own values, as Helm fills them in: there is nothing but values in it."""
    values: Any = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))

    def value(found: re.Match[str]) -> str:
        named: Any = {"Values": values, "Release": {"Revision": 1}}
        for part in found[1].split("."):
            named = named[part]
        return str(named)

    text = (CHART / "templates" / f"{name}.yaml").read_text(encoding="utf-8")
    return list(yaml.safe_load_all(re.sub(r"\{\{ \.([\w.]+)(?: \| int)? \}\}", value, text)))


@pytest.mark.parametrize("name", ["settings", "operator", *(one.name for one in COMPONENTS)])
def test_the_chart_says_what_the_base_says(name: str) -> None:
    file = "kustomization" if name == "settings" else name
    base = (ROOT / "deploy" / "kubernetes" / "base" / f"{file}.yaml").read_text(encoding="utf-8")
    assert objects(rendered(name)) == objects(yaml.safe_load_all(base))


@pytest.mark.parametrize("name", ["operator", *(one.name for one in COMPONENTS)])
def test_a_changed_setting_replaces_the_pods_of_the_chart(name: str) -> None:
    (pods,) = [one["spec"]["template"]["metadata"] for one in rendered(name) if one["kind"] == "Deployment"]
    assert pods["annotations"][HASH] == CHART_VALUES.settings_hash


def test_a_changed_setting_replaces_the_pods_of_the_base() -> None:
    text = (ROOT / "deploy" / "kubernetes" / "base" / "kustomization.yaml").read_text(encoding="utf-8")
    (generator,) = yaml.safe_load(text)["configMapGenerator"]
    assert generator["name"] == SETTINGS
    assert "disableNameSuffixHash" not in generator["options"]
