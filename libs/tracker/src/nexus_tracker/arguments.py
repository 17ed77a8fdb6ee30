"""The command line of `nexus-report`: its verbs, their options and its help."""

import argparse
from collections.abc import Mapping

from nexus_contracts.builds.reports import LogLevel, log_level

EPILOG = """\
The platform is reached over Kafka (--bootstrap, KAFKA_BOOTSTRAP_SERVERS) or over HTTP (--url, NEXUS_URL). An option
takes precedence over a variable, and NEXUS_URL over KAFKA_BOOTSTRAP_SERVERS. A protected Kafka takes the
variables of the platform itself: KAFKA_SECURITY_PROTOCOL, KAFKA_SSL_CAFILE, KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME,
KAFKA_SASL_PASSWORD and more (docs/engines.md).

exit status:
  0  reported, and confirmed by the platform's broker
  2  called with wrong arguments; nothing was reported
  3  not confirmed in time; the same call with the same --id may be repeated
  4  rejected: an unknown project, or missing rights
  `run` ends with the status of its command: 127 not found, 126 not executable, 128 + n ended by signal n. Only when
  the command succeeded and its reports were not delivered it is 3 or 4.
"""
Parsers = argparse._SubParsersAction  # pyright: ignore[reportPrivateUsage]  # argparse has no public name for it


def parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    """The parser of everything before `--`; `environment` holds the defaults of how to reach the platform."""
    top = argparse.ArgumentParser(
        prog="nexus-report",
        description="Report on the stages of a build to Nexus-AI Platform.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    common = _common(environment)
    _add_marks(verbs, common)
    _add_notes(verbs, common)
    run = _verb(verbs, common, "run", "run a command as the stage: its output is the log, its failure the stage's")
    run.usage = "nexus-report run [options] PROJECT STAGE[/SUBSTAGE] -- COMMAND [ARGUMENT ...]"
    return top


def _common(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("project", metavar="PROJECT", help="the project's id")
    common.add_argument("stage", metavar="STAGE[/SUBSTAGE]", help="such as agent_developer_manager/tool_developer")
    common.add_argument("--attempt", type=int, default=1, metavar="N", help="of the build; default 1")
    common.add_argument("--id", help="names this call: repeating it with the same --id changes nothing")
    common.add_argument("--source", default="/nexus-report", help="name of the reporting system; default %(default)s")
    where = common.add_mutually_exclusive_group()
    where.add_argument("--bootstrap", metavar="HOST:PORT", help="Kafka's bootstrap servers")
    where.add_argument("--url", help="of the platform's gateway, such as http://127.0.0.1:8000")
    common.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="for a confirmation; default 30")
    common.set_defaults(
        by_default=environment.get("NEXUS_URL") or environment.get("KAFKA_BOOTSTRAP_SERVERS"),
        environment=environment,
    )
    return common


def _verb(
    verbs: "Parsers[argparse.ArgumentParser]", common: argparse.ArgumentParser, name: str, what: str
) -> argparse.ArgumentParser:
    return verbs.add_parser(name, parents=[common], help=what, description=what.capitalize() + ".")


def _add_marks(verbs: "Parsers[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    start = _verb(verbs, common, "start", "the stage has started")
    start.add_argument("--agent-name", metavar="NAME", help="the agent that works on it")
    complete = _verb(verbs, common, "complete", "the stage has completed")
    complete.add_argument("--output", metavar="JSON", help="what it resulted in: a JSON object, or @FILE with one")
    fail = _verb(verbs, common, "fail", "the stage has failed, and with it the attempt")
    fail.add_argument("message", metavar="MESSAGE")
    fail.add_argument("--code", default="FAILED", help="of the error; default %(default)s")


def _add_notes(verbs: "Parsers[argparse.ArgumentParser]", common: argparse.ArgumentParser) -> None:
    progress = _verb(verbs, common, "progress", "the progress of the stage")
    progress.add_argument("percent", type=float, metavar="PERCENT", help="0 to 100")
    log = _verb(verbs, common, "log", "add to the stage's log")
    log.add_argument(
        "messages", nargs="*", metavar="MESSAGE", help="one entry each; without any: the lines of standard input"
    )
    log.add_argument("--level", type=_level, default="info", help="debug, info, warning, error; default %(default)s")
    artifact = _verb(verbs, common, "artifact", "the stage has produced a file")
    artifact.add_argument("path", metavar="PATH", help="read for its checksum; not moved")
    artifact.add_argument("--name", help="default: the file's")
    artifact.add_argument("--uri", help="where others find it; default: its file: address")
    artifact.add_argument("--media-type", metavar="TYPE", help="default: by the name's ending")
    usage = _verb(verbs, common, "usage", "usage since the last such report; the platform adds it up")
    usage.add_argument("--input-tokens", type=int, default=0, metavar="N")
    usage.add_argument("--output-tokens", type=int, default=0, metavar="N")
    usage.add_argument("--tool-calls", type=int, default=0, metavar="N")
    usage.add_argument("--cost-usd", type=float, default=0.0, metavar="USD")


def _level(name: str) -> LogLevel:
    try:
        return log_level(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
