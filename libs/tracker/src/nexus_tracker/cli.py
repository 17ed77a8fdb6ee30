"""`nexus-report`: reports from shell scripts."""

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nexus_contracts.envelope import explain
from nexus_kafka.options import KafkaOptions, faults_of
from nexus_tracker.arguments import parser
from nexus_tracker.build import Build, Step
from nexus_tracker.command import lines, run_command
from nexus_tracker.errors import ReportNotDelivered, ReportRejected
from nexus_tracker.tracker import Tracker

WRONG, NOT_DELIVERED, REJECTED = 2, 3, 4


class WrongArguments(Exception):
    """The message says which argument is wrong, and why."""


def main(argv: Sequence[str] | None = None) -> int:
    """Carries out the command line and returns its exit status (see `--help`); errors go to standard error."""
    told = list(sys.argv[1:] if argv is None else argv)
    at = told.index("--") if told[:1] == ["run"] and "--" in told else len(told)
    chosen = parser(os.environ).parse_args(told[:at])
    # Said once, by the error: asyncio would repeat what a failed connection has left behind.
    for name in ("aiokafka", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return asyncio.run(_report(chosen, told[at + 1 :]))
    except ValidationError as error:
        return _failed(WRONG, explain(error))
    except (WrongArguments, ValueError, OSError) as error:
        return _failed(WRONG, str(error))
    except ReportNotDelivered as error:
        return _failed(_status(error), str(error))


def _failed(status: int, why: str) -> int:
    sys.stderr.write(f"nexus-report: {why}\n")
    return status


def _status(error: ReportNotDelivered) -> int:
    return REJECTED if isinstance(error, ReportRejected) else NOT_DELIVERED


async def _report(chosen: argparse.Namespace, command: Sequence[str]) -> int:
    if chosen.verb == "run" and not command:
        raise WrongArguments("no command given: it goes after --")
    tracker = _tracker(chosen)
    try:
        build = tracker.build(chosen.project, chosen.attempt, run=chosen.id)
        step = _step(build, chosen)
        if chosen.verb == "run":
            return await _run(step, command)
        await _say(step, chosen)
        await build.confirmed()
        return 0
    finally:
        await tracker.stop()


def _tracker(chosen: argparse.Namespace) -> Tracker:
    address = chosen.bootstrap or chosen.url or chosen.by_default
    if not address:
        raise WrongArguments("no platform given: set --bootstrap, --url, NEXUS_URL or KAFKA_BOOTSTRAP_SERVERS")
    if not address.startswith(("http://", "https://")):
        address = _protected(address, chosen.environment)
    return Tracker(address, source=chosen.source, timeout=chosen.timeout)


def _protected(servers: str, environment: Mapping[str, str]) -> KafkaOptions:
    try:
        return KafkaOptions.from_environment(environment, kafka_bootstrap_servers=servers)
    except ValidationError as error:
        raise WrongArguments(faults_of(error)) from None


def _step(build: Build, chosen: argparse.Namespace) -> Step:
    stage, _, sub_stage = chosen.stage.partition("/")
    agent_name = getattr(chosen, "agent_name", None)
    found = build.stage(stage, agent_name=agent_name)
    return found.sub_stage(sub_stage, agent_name=agent_name) if sub_stage else found


async def _say(step: Step, chosen: argparse.Namespace) -> None:
    match chosen.verb:
        case "start":
            await step.start()
        case "progress":
            await step.progress(chosen.percent)
        case "log":
            await _log(step, chosen.messages, chosen.level)
        case "artifact":
            await step.artifact(chosen.path, name=chosen.name, uri=chosen.uri, media_type=chosen.media_type)
        case "usage":
            used = {name: getattr(chosen, name) for name in ("input_tokens", "output_tokens", "tool_calls")}
            await step.usage(**used, cost_usd=chosen.cost_usd)
        case "complete":
            if chosen.output is not None:
                step.output(_output(chosen.output))
            await step.complete()
        case _:
            await step.fail(chosen.code, chosen.message)


async def _log(step: Step, messages: Sequence[str], level: str) -> None:
    for message in messages:
        await step.log(message, level)
    if not messages:
        async for line in lines(_standard_input()):
            await step.log(line, level)


async def _standard_input() -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(os.read, sys.stdin.fileno(), 65536):
        yield chunk


def _output(told: str) -> Any:
    text = Path(told[1:]).read_text(encoding="utf-8") if told.startswith("@") else told
    try:
        return json.loads(text)
    except ValueError as error:
        raise WrongArguments(f"--output is not JSON: {error}") from None


async def _run(step: Step, command: Sequence[str]) -> int:
    """Runs the command to its end even if reports cannot be delivered, and says so at the end; the exit status."""
    undelivered: ReportNotDelivered | None = None

    async def tell(line: str, level: str) -> None:
        nonlocal undelivered
        if undelivered is None:
            try:
                await step.log(line, level)
            except ReportNotDelivered as error:
                undelivered = error

    await step.start()
    status = await run_command(command, tell)
    try:
        if status:
            await step.fail("COMMAND_FAILED", f"{command[0]} ended with status {status}")
        else:
            await step.complete()
    except ReportNotDelivered as error:
        undelivered = error
    if undelivered is not None:
        _failed(0, str(undelivered))
        return status or _status(undelivered)
    return status
