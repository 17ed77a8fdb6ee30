"""What is wrong with an installation, and what to do about it. Checks everything, changes nothing."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError

from nexus_admin.installation import database, endpoints, service_urls, services_elsewhere
from nexus_contracts.topics import all_topics
from nexus_devstack.errors import StackError
from nexus_devstack.preflight import Finding, host_findings
from nexus_devstack.provision import OWNERS, tables_of
from nexus_devstack.settings import Settings
from nexus_devstack.topic_settings import faults, oddities
from nexus_devstack.topics import described_topics
from nexus_kafka.admission import refusal
from nexus_runtime.process.settings import VERSION

NOBODY = "nexus-admin-doctor"
SKEW_WARNING_SECONDS, SKEW_FAULT_SECONDS = 5.0, 240.0
"""AWS refuses requests signed more than five minutes ago."""
ANSWER_SECONDS = 5.0
OF_THE_SERVICES_HOST = ("disk", "sandbox", "service settings")
CONDITION_FAILED = "ConditionalCheckFailedException"


async def _host(settings: Settings) -> AsyncGenerator[Finding]:
    elsewhere = services_elsewhere()
    for finding in host_findings(settings):
        if not (elsewhere and finding.name in OF_THE_SERVICES_HOST):
            yield finding


async def _broker(settings: Settings) -> AsyncGenerator[Finding]:
    kafka = endpoints(settings).kafka
    if (why := await refusal(kafka)) is not None:
        yield Finding("broker", "fault", why, "start the platform, or correct KAFKA_BOOTSTRAP_SERVERS and KAFKA_*")
        return
    yield Finding("broker", "ok", kafka.kafka_bootstrap_servers)
    topics = all_topics()
    try:
        found, replicas = await described_topics(kafka, topics)
    except StackError as error:
        yield Finding("topics", "fault", str(error), "let this client describe topics and their settings")
        return
    missing = [one.name for one in topics if one.name not in found]
    if missing:
        yield Finding("topics", "fault", f"missing: {', '.join(missing)}", "nexus-admin topics create")
    for topic in topics:
        if topic.name in found:
            for text in faults(topic, found[topic.name]):
                yield Finding("topics", "fault", f"{topic.name} {text}", "change the topic's settings")
            for text in oddities(topic, found[topic.name], replicas):
                yield Finding("topics", "warning", f"{topic.name} {text}", "change it if that was not meant")
    if not missing:
        yield Finding("topics", "ok", f"{len(topics)} exist")


async def _tables(settings: Settings) -> AsyncGenerator[Finding]:
    found = endpoints(settings)
    where = found.dynamodb_endpoint_url or f"DynamoDB in {found.aws_region}"
    try:
        async with database(found) as client:
            for owner in OWNERS:
                faulty = 0
                for table in tables_of(owner):
                    name = settings.table_prefix + table.name
                    if finding := await _table(client, name, table.partition_key, table.sort_key, table.sort_key_type):
                        faulty += 1
                        yield finding
                if not faulty:
                    text = f"those of {owner} exist and can be read and written, in {where}"
                    yield Finding("tables", "ok", text)
    except (BotoCoreError, OSError) as error:
        yield Finding("database", "fault", f"{where}: {error}", "start it, or correct DYNAMODB_ENDPOINT_URL")


async def _table(client: Any, name: str, partition_key: str, sort_key: str | None, kind: str) -> Finding | None:
    """A fault of the table, or of the permissions on it: tried with an item that does not exist."""
    key = {partition_key: {"S": NOBODY}} | ({sort_key: {kind: "0"}} if sort_key else {})
    try:
        await client.get_item(TableName=name, Key=key)
        await client.delete_item(
            TableName=name,
            Key=key,
            ConditionExpression="attribute_exists(#k)",
            ExpressionAttributeNames={"#k": partition_key},
        )
    except ClientError as error:
        answer: Any = error.response
        code = answer.get("Error", {}).get("Code", "")
        if code == CONDITION_FAILED:
            return None
        if code == "ResourceNotFoundException":
            return Finding(
                "tables", "fault", f"{name} does not exist", "nexus-admin tables migrate; TABLE_PREFIX right?"
            )
        return Finding("tables", "fault", f"{name}: {error}", "permit GetItem, PutItem, UpdateItem, DeleteItem, Query")
    return None


async def _services(settings: Settings) -> AsyncGenerator[Finding]:
    urls = service_urls(settings)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)) as http:
        for name, url in urls.items():
            try:
                async with http.get(f"{url}/health/ready") as response:
                    said = await response.json()
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                text = f"{url} does not answer: {error or type(error).__name__}"
                yield Finding(name, "fault", text, "scripts/deploy.sh status; its log says why")
                continue
            reasons = "; ".join(f"{check}: {why}" for check, why in said.get("reasons", {}).items())
            if reasons:
                yield Finding(name, "fault", reasons, "see the runbooks of docs/MONITORING_AND_LOGGING.md")
            if said.get("version") != VERSION:
                text = f"runs version {said.get('version')}, this tool is {VERSION}"
                yield Finding(name, "warning", text, "finish the upgrade: restart it on the same version")
            if not reasons:
                yield Finding(name, "ok", f"ready, version {said.get('version')}")


async def _clock(settings: Settings) -> AsyncGenerator[Finding]:
    """Compares the clock with the database's, by which signatures are judged."""
    found = endpoints(settings)
    url = found.dynamodb_endpoint_url or f"https://dynamodb.{found.aws_region}.amazonaws.com"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS), trust_env=True) as http,
            http.get(url) as response,
        ):
            told = parsedate_to_datetime(response.headers["Date"])
    except (aiohttp.ClientError, OSError, TimeoutError, KeyError, ValueError):
        return  # that it does not answer is said elsewhere; not all databases tell the time
    skew = abs((datetime.now(UTC) - told).total_seconds())
    if skew > SKEW_WARNING_SECONDS:
        outcome = "fault" if skew > SKEW_FAULT_SECONDS else "warning"
        yield Finding(
            "clock", outcome, f"{skew:.0f} s apart from the database's", "synchronise this host's clock (NTP)"
        )
    else:
        yield Finding("clock", "ok", f"within {SKEW_WARNING_SECONDS:.0f} s of the database's")


Look = Callable[[Settings], AsyncGenerator[Finding]]
LOOKS: Sequence[Look] = (_host, _broker, _tables, _clock, _services)


async def examine(settings: Settings) -> list[Finding]:
    """All findings, in order of dependency: the first fault is the one to begin with."""

    async def all_of(look: Look) -> list[Finding]:
        return [finding async for finding in look(settings)]

    looks: list[Awaitable[list[Finding]]] = [all_of(look) for look in LOOKS]
    return [finding for part in await asyncio.gather(*looks) for finding in part]
