"""The platform on Kubernetes, said once: as plain objects for kustomize, and with the chart's values for Helm."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]
PORT = 8000
PUBLIC_PORT = 8080
"""Of the gateway, for callers: on its own port probes and Prometheus do not queue behind a flood of new connections."""
USER = 10001
LABEL = "app.kubernetes.io/name"
COMPONENT = "app.kubernetes.io/component"
PART_OF = {LABEL: "nexus-ai"}
SETTINGS, SECRETS = "nexus-settings", "nexus-secrets"
HASH = "checksum/settings"
OPERATOR = "operator"
LAG = 200
"""Records behind, for each replica, from which on there is another one."""


@dataclass(frozen=True)
class Component:
    """`lag` names the topic and group whose lag scales it; without one its CPU does. `asked` is who may ask it."""

    name: str
    module: str
    memory: str
    cpu: str
    lag: tuple[str, str] | None = None
    asked: tuple[str, ...] = ()


COMPONENTS = (
    Component("gateway", "nexus_gateway", "256Mi", "250m"),
    Component("builds", "nexus_builds", "256Mi", "250m", ("builds.commands.v1", "builds"), ("gateway",)),
    Component("worker", "nexus_builds.worker", "512Mi", "500m", ("builds.events.v1", "builds-worker"), ("gateway",)),
    Component("agents", "nexus_agents", "1Gi", "500m", ("agents.commands.v1", "agents"), ("gateway", "worker")),
    Component("stats", "nexus_stats", "256Mi", "250m", ("builds.events.v1", "stats-builds"), ("gateway",)),
)
REPLICAS, MOST_REPLICAS, MOST_GATEWAYS = 2, 4, 8
"""A topic has four partitions: a fifth consumer would have nothing to do."""

CONFIG = {
    "NEXUS_INFRA": "external",
    "AUTHENTICATION": "on",
    "LISTEN_WITHOUT_AUTHENTICATION": "false",
    "HOST": "0.0.0.0",
    "PORT": str(PORT),
    "LOG_FORMAT": "json",
    "LOG_LEVEL": "info",
    "SHUTDOWN_SECONDS": "20",
    **{f"{one.name.upper()}_URL": f"http://{one.name}:{PORT}" for one in COMPONENTS},
    "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
    "KAFKA_SECURITY_PROTOCOL": "PLAINTEXT",
    "KAFKA_SASL_MECHANISM": "",
    "KAFKA_AWS_REGION": "",
    "AWS_REGION": "us-east-1",
    "DYNAMODB_ENDPOINT_URL": "",
    "TABLE_PREFIX": "",
    "AGENT_MEMORY_MB": "640",
    "PACKAGES_URL": "s3://nexus-ai-packages/packages",
    "ARTIFACTS_URL": "s3://nexus-ai-packages/artifacts",
}


@dataclass(frozen=True)
class Values:
    """What one installation chooses: texts and numbers, or the chart's expressions for them."""

    image: str
    settings: Mapping[str, str]
    replicas: Callable[[str], Any]
    most: Callable[[str], Any]
    role: Callable[[str], str | None]
    job: str
    settings_hash: str | None
    """Changes when a setting does, so that pods are replaced; None: the name of the settings has it."""


def _meta(name: str, component: str | None = None, **more: Any) -> Manifest:
    labels = {**PART_OF, **({COMPONENT: component} if component else {})}
    return {"name": name, "labels": labels, **more}


def _selector(name: str) -> Manifest:
    return {**PART_OF, COMPONENT: name}


def _contained() -> Manifest:
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def _pod(name: str, values: Values, container: Manifest, **more: Any) -> Manifest:
    spec = {
        "serviceAccountName": name,
        "automountServiceAccountToken": False,
        # Or Kubernetes sets GATEWAY_PORT=tcp://..., which is a setting of ours.
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                **container,
                "envFrom": [{"configMapRef": {"name": SETTINGS}}, {"secretRef": {"name": SECRETS}}],
                "securityContext": _contained(),
                "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
            }
        ],
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "512Mi"}}],
        **more,
    }
    annotations: dict[str, str] = {}
    if "ports" in container:
        annotations |= {"prometheus.io/scrape": "true", "prometheus.io/port": str(PORT)}
        annotations["prometheus.io/path"] = "/metrics"
    if values.settings_hash:
        annotations[HASH] = values.settings_hash
    about = {"labels": _selector(name), **({"annotations": annotations} if annotations else {})}
    return {"metadata": about, "spec": spec}


def _probe(path: str, period: int, failures: int) -> Manifest:
    return {
        "httpGet": {"path": path, "port": PORT},
        "periodSeconds": period,
        "timeoutSeconds": 3,
        "failureThreshold": failures,
    }


def account(one: Component, values: Values) -> Manifest:
    role = values.role(one.name)
    annotations = {"annotations": {"eks.amazonaws.com/role-arn": role}} if role else {}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _meta(one.name, one.name, **annotations)}


def _listening(one: Component) -> Manifest:
    if one.name != "gateway":
        return {"ports": [{"name": "http", "containerPort": PORT}]}
    ports = [{"name": "http", "containerPort": PUBLIC_PORT}, {"name": "own", "containerPort": PORT}]
    return {"ports": ports, "env": [{"name": "PUBLIC_ADDRESS", "value": f"0.0.0.0:{PUBLIC_PORT}"}]}


def deployment(one: Component, values: Values) -> Manifest:
    container: Manifest = {
        "name": one.name,
        "image": values.image,
        "command": ["python", "-m", one.module],
        **_listening(one),
        "startupProbe": _probe("/health/live", 2, 60),
        "livenessProbe": _probe("/health/live", 10, 3),
        "readinessProbe": _probe("/health/ready", 5, 2),
        # Whoever routes to it hears that it leaves before it takes no more.
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
        "resources": {"requests": {"cpu": one.cpu, "memory": one.memory}, "limits": {"memory": one.memory}},
    }
    spread = [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": _selector(one.name)},
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _meta(one.name, one.name),
        # How many there are is the autoscaler's to say: a number here would undo it with every apply.
        "spec": {
            "selector": {"matchLabels": _selector(one.name)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": _pod(
                one.name, values, container, terminationGracePeriodSeconds=40, topologySpreadConstraints=spread
            ),
        },
    }


def service(one: Component) -> Manifest:
    ports = [{"name": "http", "port": PORT, "targetPort": "http"}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _meta(one.name, one.name),
        "spec": {"selector": _selector(one.name), "ports": ports},
    }


def budget(one: Component) -> Manifest:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _meta(one.name, one.name),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": _selector(one.name)}},
    }


def _target(one: Component) -> Manifest:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "name": one.name}


def autoscaler(one: Component, values: Values) -> Manifest:
    """By CPU for who answers requests, by lag (KEDA) for who consumes."""
    if one.lag is None:
        cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
        spec: Manifest = {
            "scaleTargetRef": _target(one),
            "minReplicas": values.replicas(one.name),
            "maxReplicas": values.most(one.name),
            "metrics": [{"type": "Resource", "resource": cpu}],
        }
        kind, version = "HorizontalPodAutoscaler", "autoscaling/v2"
    else:
        topic, group = one.lag
        metadata = {
            "bootstrapServers": values.settings["KAFKA_BOOTSTRAP_SERVERS"],
            "topic": topic,
            "consumerGroup": group,
            "lagThreshold": str(LAG),
            "offsetResetPolicy": "earliest",
        }
        spec = {
            "scaleTargetRef": _target(one),
            "minReplicaCount": values.replicas(one.name),
            "maxReplicaCount": values.most(one.name),
            "cooldownPeriod": 300,
            "triggers": [{"type": "apache-kafka", "metadata": metadata}],
        }
        kind, version = "ScaledObject", "keda.sh/v1alpha1"
    return {"apiVersion": version, "kind": kind, "metadata": _meta(one.name, one.name), "spec": spec}


def network_policy(one: Component) -> Manifest:
    """Who may ask it, and that it reaches names, broker, database and the other services, and nothing else."""
    peers = [{"podSelector": {"matchLabels": _selector(name)}} for name in (*one.asked, OPERATOR)]
    scraping = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    http = [{"port": port["containerPort"], "protocol": "TCP"} for port in _listening(one)["ports"]]
    who: Manifest = {} if one.name == "gateway" else {"from": [*peers, scraping]}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _meta(one.name, one.name),
        "spec": {
            "podSelector": {"matchLabels": _selector(one.name)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"ports": http, **who}],
            "egress": EGRESS,
        },
    }


EGRESS: list[Manifest] = [
    {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]},
    {"ports": [{"port": 9092, "endPort": 9098, "protocol": "TCP"}]},
    {"ports": [{"port": 443, "protocol": "TCP"}]},
    {"ports": [{"port": port, "protocol": "TCP"} for port in (PORT, PUBLIC_PORT)], "to": [{"podSelector": {}}]},
]


def settings(values: Values) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _meta(SETTINGS), "data": dict(values.settings)}


def migration(values: Values) -> list[Manifest]:
    """Creates topics and tables that are missing. Services wait for them, unready."""
    name = "migration"
    container = {
        "name": name,
        "image": values.image,
        "command": ["python", "-m", "nexus_devstack", "provision"],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "256Mi"}},
    }
    one = Component(name, "", "", "")
    template = _pod(name, values, container, restartPolicy="OnFailure")
    spec = {"backoffLimit": 10, "ttlSecondsAfterFinished": 3600, "template": template}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": _meta(values.job, name), "spec": spec}
    return [account(one, values), job, _unasked(one)]


def _unasked(one: Component) -> Manifest:
    """The policy of what nobody may ask anything."""
    policy = network_policy(one)
    policy["spec"]["ingress"] = []
    return policy


def operator(values: Values) -> list[Manifest]:
    """Where an operator runs `nexus-admin`: no pod until there is something to do."""
    container = {
        "name": OPERATOR,
        "image": values.image,
        "command": ["sleep", "infinity"],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "256Mi"}},
    }
    one = Component(OPERATOR, "", "", "")
    pod = _pod(OPERATOR, values, container, terminationGracePeriodSeconds=1)
    spec = {"replicas": 0, "selector": {"matchLabels": _selector(OPERATOR)}, "template": pod}
    kept = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _meta(OPERATOR, OPERATOR), "spec": spec}
    return [account(one, values), kept, _unasked(one)]


def manifests(values: Values) -> dict[str, list[Manifest]]:
    """By the name of their file."""
    found: dict[str, list[Manifest]] = {
        "settings": [settings(values)],
        "migration": migration(values),
        OPERATOR: operator(values),
    }
    for one in COMPONENTS:
        found[one.name] = [
            account(one, values),
            deployment(one, values),
            service(one),
            budget(one),
            autoscaler(one, values),
            network_policy(one),
        ]
    return found
