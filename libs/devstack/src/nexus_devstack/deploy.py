"""`python -m nexus_devstack.deploy start|stop|restart|reload|status|logs`: the platform detached, without containers.

Whoever holds the data folder is the platform: there is no other file of process ids that could be wrong.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import TextIO

from nexus_devstack.data_folder import holder
from nexus_devstack.errors import StackError
from nexus_devstack.preflight import Finding, findings, host_findings, log_path
from nexus_devstack.program import reports_ready
from nexus_devstack.rolling import DONE, replaced
from nexus_devstack.settings import SERVICE_PORTS, Settings, load_environment, load_settings

START_SECONDS, STOP_SECONDS, KILL_SECONDS, LOOK_SECONDS = 150.0, 90.0, 10.0, 0.2
RELOAD_SECONDS = 300.0
NOT_READY, NOT_RUNNING = 1, 3
"""Exit statuses of `status`, as those of the Linux Standard Base."""


def say(text: str, stream: TextIO = sys.stdout) -> None:
    try:
        stream.write(text + "\n")
        stream.flush()
    except BrokenPipeError:
        # Nobody reads on, as in `restart | head -1`: what a verb does must not depend on it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


async def _missing(settings: Settings) -> dict[str, str | None]:
    """What is not ready yet, by service."""
    ports = {name.removesuffix("_PORT").lower(): port for name, port in settings.ports(SERVICE_PORTS).items()}
    probes = [reports_ready(port, settings.address_of(name)) for name, port in ports.items()]
    answers = await asyncio.gather(*(probe() for probe in probes))
    return dict(zip(ports, answers, strict=True))


def missing(settings: Settings) -> dict[str, str | None]:
    return asyncio.run(_missing(settings))


def _checked(seen: Sequence[Finding], consequence: str) -> None:
    """Prints the findings. Raises StackError if something that a start needs is missing."""
    for finding in seen:
        if finding.outcome != "ok":
            say(_line(finding), sys.stderr)
    if any(finding.outcome == "fault" for finding in seen):
        raise StackError(f"{consequence}; correct the errors above")


def _refuse_faults(settings: Settings, consequence: str) -> None:
    """Of a platform that runs. Raises StackError for a setting or host with which it could not start again."""
    _checked([finding for finding in host_findings(settings) if finding.outcome == "fault"], consequence)


def _line(finding: Finding) -> str:
    remedy = f" ({finding.remedy})" if finding.remedy else ""
    return f"{finding.outcome}: {finding.name}: {finding.text}{remedy}"


def command(settings: Settings) -> list[str]:
    """The process that keeps the platform up."""
    verb = "develop" if settings.environment == "development" else "run"
    return [sys.executable, "-m", "nexus_devstack", verb]


def start(settings: Settings, *, foreground: bool = False) -> int:
    """Returns when all services are ready. Raises StackError; then nothing is left running."""
    if (pid := holder(settings.data_dir)) is not None:
        say(f"the platform is running already (process {pid})")
        return 0
    _checked(findings(settings), "nothing was started")
    if foreground:
        os.execv(sys.executable, command(settings))
    log = log_path(settings)
    log.parent.mkdir(parents=True, exist_ok=True)
    first_words = log.with_name("start.log")
    with first_words.open("wb") as output:
        running = subprocess.Popen(
            command(settings),
            env={**os.environ, "NEXUS_LOG_FILE": str(log)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _await_ready(settings, running, first_words.read_text)
    except BaseException:
        _end(running.pid, lambda: running.poll() is not None)
        raise
    url = f"http://{settings.address_of('gateway')}:{settings.gateway_port}"
    say(f"the platform is ready: {url} (process {running.pid}, log {log})")
    return 0


def _await_ready(settings: Settings, running: subprocess.Popen[bytes], first_words: Callable[[], str]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        if running.poll() is not None:
            raise StackError(f"the platform did not start: {first_words().strip() or log_path(settings)}")
        waiting = missing(settings)
        # Who holds the folder is asked last: asking takes the lock for a moment, and the start must find it free.
        if not any(waiting.values()) and holder(settings.data_dir) == running.pid:
            return
        if time.monotonic() > deadline:
            late = "; ".join(text for text in waiting.values() if text)
            raise StackError(f"the platform is not ready after {START_SECONDS:.0f} s and was stopped: {late}")
        time.sleep(LOOK_SECONDS)


def _end(pid: int, ended: Callable[[], bool]) -> bool:
    """Asks it to stop in order, then at once, then kills it; whether it has ended."""
    steps = ((signal.SIGTERM, STOP_SECONDS), (signal.SIGTERM, KILL_SECONDS), (signal.SIGKILL, KILL_SECONDS))
    for number, seconds in steps:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while not ended():
            if time.monotonic() > deadline:
                break
            time.sleep(LOOK_SECONDS)
        else:
            return True
    return ended()


def stop(settings: Settings) -> int:
    """Raises StackError if it cannot be stopped."""
    pid = holder(settings.data_dir)
    if pid is None:
        say("the platform is not running")
        return 0
    if not _end(pid, lambda: holder(settings.data_dir) != pid):
        raise StackError(f"process {pid} does not end")
    say("the platform is stopped")
    return 0


def restart(settings: Settings) -> int:
    """Stops and starts. If a start would fail, it raises StackError and leaves what runs alone."""
    _refuse_faults(settings, "nothing was stopped")
    stop(settings)
    return start(settings)


def reload(settings: Settings) -> int:
    """Raises StackError when a service was not replaced: it goes on, and so do those that come after it."""
    pid = holder(settings.data_dir)
    if pid is None:
        say("the platform is not running")
        return NOT_RUNNING
    _refuse_faults(settings, "nothing was replaced")
    replaced(settings.data_dir, pid, lambda: holder(settings.data_dir) == pid, RELOAD_SECONDS)
    say(DONE)
    return 0


def status(settings: Settings) -> int:
    """The exit status: 0 if all is ready, 1 if something is not, 3 if the platform is not running."""
    pid = holder(settings.data_dir)
    if pid is None:
        say("the platform is not running")
        return NOT_RUNNING
    say(f"the platform is running (process {pid}, {settings.environment}, infrastructure {settings.infra})")
    found = missing(settings)
    for name, wanting in found.items():
        say(f"  {name:<8} {wanting or 'ready'}")
    return NOT_READY if any(found.values()) else 0


def logs(settings: Settings, *, follow: bool = True, lines: int = 100) -> int:
    path = log_path(settings)
    if not path.exists():
        raise StackError(f"there is no log yet: {path}")
    options = ["-F"] if follow else []
    os.execvp("tail", ["tail", "-n", str(lines), *options, str(path)])


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/deploy.sh", description="The platform on this host, detached.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    begin = verbs.add_parser("start", help="check the machine, start everything, wait until it is ready")
    begin.add_argument("--foreground", action="store_true", help="stay in the foreground; Ctrl-C stops it")
    for verb, text in (
        ("stop", "stop in order"),
        ("restart", "stop and start"),
        ("reload", "replace the services one by one, without a pause"),
        ("status", "what is ready"),
    ):
        verbs.add_parser(verb, help=text)
    show = verbs.add_parser("logs", help="follow the log")
    show.add_argument("--no-follow", dest="follow", action="store_false")
    show.add_argument("--lines", type=int, default=100)
    return parser.parse_args(arguments)


VERBS: dict[str, Callable[..., int]] = {
    "start": start,
    "stop": stop,
    "restart": restart,
    "reload": reload,
    "status": status,
    "logs": logs,
}


def main(arguments: Sequence[str]) -> int:
    """The exit status; 1 after one clear line on stderr."""
    chosen = vars(_arguments(arguments))
    verb = VERBS[chosen.pop("verb")]
    load_environment()
    try:
        return verb(load_settings(), **chosen)
    except StackError as error:
        say(f"error: {error}", sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _interrupted(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupted)
    sys.exit(main(sys.argv[1:]))
