"""What the platform needs of AWS, from the services' own definitions: tables, rights, the bucket of packages."""

from collections.abc import Sequence
from typing import Any

from nexus_agents.tables import INSTANCES
from nexus_agents.tables import LEDGER as AGENTS_LEDGER
from nexus_builds.tables import LEDGER as BUILDS_LEDGER
from nexus_contracts.topics import (
    AGENTS_STREAMS,
    BUILDS_EVENTS,
    DEAD_LETTER_MARKS,
    GATEWAY_REPLIES,
    TOPICS,
    all_topics,
    dead_letter_topics,
)
from nexus_devstack.provision import OWNERS, tables_of
from nexus_runtime.dynamo import Table
from nexus_runtime.dynamo.schema import definition

Resource = dict[str, Any]
USES = {
    "builds": ("builds",),
    "worker": ("builds",),
    "agents": ("agents",),
    "stats": ("stats",),
    "gateway": ("gateway",),
}
"""Whose tables each process reads and writes."""
GROUPS = {
    "gateway": (),
    "builds": ("builds", "builds-reports"),
    "worker": ("builds-worker",),
    "agents": ("agents", "agents-projects"),
    "stats": ("stats-agents", "stats-builds"),
}
PRODUCERS = {"worker": "build worker"}
"""What the registry of topics calls a process."""
ITEM_ACTIONS = (
    *("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "BatchGetItem", "BatchWriteItem"),
    "ConditionCheckItem",
)
TABLE_ACTIONS = ("CreateTable", "DescribeTable", "UpdateTimeToLive")
GENERATIONS = ("StatsSeen.*", "StatsCounters.*", "StatsActivities.*")
"""Of these `nexus-admin stats rebuild` makes a new one and removes the old, so they have a number behind the name."""
HISTORIES = {"builds": BUILDS_LEDGER.history.name, "agents": AGENTS_LEDGER.history.name}
"""Read whole by their owners, for `nexus-admin stats`, which is told how large they are."""
SCANNED = {"builds": (HISTORIES["builds"],), "agents": (HISTORIES["agents"], INSTANCES.name)}
BLOBS = {"worker": ("packages", "artifacts"), "agents": ("packages",)}


def sub(text: str) -> Resource:
    return {"Fn::Sub": text}


def table_resource(table: Table) -> Resource:
    properties = definition(table, "")
    properties["TableName"] = sub("${TablePrefix}" + table.name)
    properties["PointInTimeRecoverySpecification"] = {"PointInTimeRecoveryEnabled": True}
    properties["SSESpecification"] = {"SSEEnabled": True}
    if table.ttl:
        properties["TimeToLiveSpecification"] = {"AttributeName": "ttl", "Enabled": True}
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": properties,
    }


def logical(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.replace(".", "-").split("-"))


def table_arn(name: str) -> Resource:
    return sub("arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TablePrefix}" + name)


def _kafka(kind: str, name: str) -> Resource:
    cluster = "${MskClusterName}/${MskClusterUuid}"
    middle = "" if kind == "cluster" else f"/{name}"
    return sub("arn:${AWS::Partition}:kafka:${AWS::Region}:${AWS::AccountId}:" + kind + "/" + cluster + middle)


def _allow(actions: list[str], resources: list[Any]) -> Resource:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def _writes(process: str) -> set[str]:
    """The topics that a process publishes to, and where it puts aside what it cannot handle."""
    name = PRODUCERS.get(process, process)
    letters = {topic.dead_letter(group) for topic in TOPICS for group in topic.groups if group in GROUPS[process]}
    return {topic.name for topic in TOPICS if name in topic.producers} | letters


def _reads(process: str) -> set[str]:
    if process == "gateway":  # the replies, live streams and hints for them, how many dead letters are open
        return {
            GATEWAY_REPLIES.name,
            AGENTS_STREAMS.name,
            BUILDS_EVENTS.name,
            *(topic.name for topic in (*dead_letter_topics(), DEAD_LETTER_MARKS)),
        }
    return {topic.name for topic in TOPICS if set(GROUPS[process]) & set(topic.groups)}


def _topics(actions: list[str], names: list[str]) -> Resource:
    return _allow([f"kafka-cluster:{action}" for action in actions], [_kafka("topic", name) for name in names])


def _tables(actions: Sequence[str], names: Sequence[str]) -> Resource:
    return _allow([f"dynamodb:{action}" for action in actions], [table_arn(name) for name in names])


CONNECTION = _allow(["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"], [_kafka("cluster", "")])


def kafka_statements(process: str) -> list[Resource]:
    """Its topics and its groups."""
    statements = [
        CONNECTION,
        _topics(["DescribeTopic", "WriteData"], sorted(_writes(process))),
        _topics(["DescribeTopic", "ReadData"], sorted(_reads(process))),
    ]
    if GROUPS[process]:
        grouping = ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"]
        statements.append(_allow(grouping, [_kafka("group", name) for name in GROUPS[process]]))
    return statements


def tables_used(process: str) -> list[str]:
    """Those whose items it reads and writes."""
    if process == "stats":
        return ["StatsGenerations", *GENERATIONS]
    return [table.name for owner in USES[process] for table in tables_of(owner)]


def statements_of(process: str) -> list[Resource]:
    """No more than the process does: its own tables, its own topics and groups, its own prefixes of the bucket."""
    found = [*kafka_statements(process), _tables(ITEM_ACTIONS, tables_used(process))]
    if process in HISTORIES:
        found.append(_tables(["Scan"], SCANNED[process]))
        found.append(_tables(["DescribeTable"], [HISTORIES[process]]))
    found.append(_allow(["dynamodb:ListTables"], ["*"]))
    if prefixes := BLOBS.get(process):
        objects = [sub("${PackagesBucket.Arn}/" + prefix + "/*") for prefix in prefixes]
        found.append(_allow(["s3:GetObject", "s3:PutObject"], objects))
        found.append(_allow(["s3:ListBucket"], [sub("${PackagesBucket.Arn}")]))
    return found


def migration_statements() -> list[Resource]:
    names = [table.name for owner in OWNERS for table in tables_of(owner)]
    topics = [topic.name for topic in all_topics()]
    return [
        _tables(TABLE_ACTIONS, names),
        _allow(["kafka-cluster:Connect", "kafka-cluster:DescribeCluster"], [_kafka("cluster", "")]),
        _topics(["CreateTopic", "DescribeTopic", "DescribeTopicDynamicConfiguration"], topics),
    ]


def operator_statements() -> list[Resource]:
    """What `nexus-admin` does: looks at everything, moves dead letters, counts the statistics anew."""
    names = [table.name for owner in OWNERS for table in tables_of(owner)]
    letters = [*(topic.name for topic in dead_letter_topics()), DEAD_LETTER_MARKS.name]
    redriven = [*(topic.name for topic in TOPICS if topic.groups), DEAD_LETTER_MARKS.name]
    return [
        CONNECTION,
        _allow(["kafka-cluster:DescribeCluster"], [_kafka("cluster", "")]),
        _topics(["DescribeTopic", "DescribeTopicDynamicConfiguration"], [topic.name for topic in all_topics()]),
        _topics(["ReadData"], letters),
        _topics(["WriteData"], redriven),
        # The doctor asks to delete what does not exist: refused unless it is permitted.
        _tables(["DescribeTable", "GetItem", "DeleteItem"], names),
        _tables([*ITEM_ACTIONS, "Scan"], tables_used("stats")),
        _tables([*TABLE_ACTIONS, "DeleteTable"], GENERATIONS),
        _allow(["dynamodb:ListTables"], ["*"]),
    ]


def role(name: str, statements: list[Resource]) -> Resource:
    """Taken on by the service account of that name, of the namespace (IRSA)."""
    trust = {
        "Fn::Sub": '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",'
        ' "Action": "sts:AssumeRoleWithWebIdentity",'
        ' "Principal": {"Federated": "arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/${OidcProvider}"},'
        ' "Condition": {"StringEquals": {"${OidcProvider}:aud": "sts.amazonaws.com",'
        ' "${OidcProvider}:sub": "system:serviceaccount:${Namespace}:' + name + '"}}}]}'
    }
    document = {"Version": "2012-10-17", "Statement": statements}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": sub("${AWS::StackName}-" + name),
            "AssumeRolePolicyDocument": trust,
            "Policies": [{"PolicyName": "own", "PolicyDocument": document}],
        },
    }


def bucket() -> Resource:
    public = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    encryption = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    parts = {
        "Id": "abandoned-uploads",
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BucketEncryption": {"ServerSideEncryptionConfiguration": [encryption]},
            "PublicAccessBlockConfiguration": dict.fromkeys(public, True),
            "VersioningConfiguration": {"Status": "Enabled"},
            "LifecycleConfiguration": {"Rules": [parts]},
        },
    }


def template() -> Resource:
    """The whole of it."""
    parameters: Resource = {
        "TablePrefix": {"Type": "String", "Default": "", "AllowedPattern": "[a-zA-Z0-9_.-]{0,64}"},
        "MskClusterName": {"Type": "String", "Description": "of the MSK cluster, with IAM authentication"},
        "MskClusterUuid": {"Type": "String", "Description": "the last part of the cluster's ARN"},
        "OidcProvider": {"Type": "String", "Description": "of the EKS cluster, without https://"},
        "Namespace": {"Type": "String", "Default": "nexus-ai", "Description": "of the platform on Kubernetes"},
    }
    resources: Resource = {"PackagesBucket": bucket()}
    for owner in OWNERS:
        resources |= {f"{logical(table.name)}Table": table_resource(table) for table in tables_of(owner)}
    resources |= {f"{logical(name)}Role": role(name, statements_of(name)) for name in USES}
    resources["MigrationRole"] = role("migration", migration_statements())
    resources["OperatorRole"] = role("operator", operator_statements())
    roles = [*USES, "migration", "operator"]
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Nexus-AI Platform: tables, rights of its services, bucket. Generated by `make schemas`.",
        "Parameters": parameters,
        "Resources": resources,
        "Outputs": {
            "Bucket": {"Value": {"Ref": "PackagesBucket"}},
            **{f"{logical(name)}RoleArn": {"Value": {"Fn::GetAtt": [f"{logical(name)}Role", "Arn"]}} for name in roles},
        },
    }
