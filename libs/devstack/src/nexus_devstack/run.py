"""`run` and `infra`: start, say what to do next, keep it up until asked to stop."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

from nexus_devstack import rolling
from nexus_devstack.console import Console
from nexus_devstack.log_file import LogFile
from nexus_devstack.providers.external import external_endpoints
from nexus_devstack.settings import Settings
from nexus_devstack.stack import Stack
from nexus_devstack.terminal import wants_colour
from nexus_kafka.options import SECRETS

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Ending:
    """Requests to end: the first stops everything gracefully, the second at once."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.urgent: Callable[[], None] | None = None

    def ask(self) -> None:
        if self.asked.is_set() and self.urgent is not None:
            self.urgent()
        self.asked.set()


async def _unless_asked_to_end(starting: Awaitable[None], ending: _Ending) -> bool:
    """Whether `starting` completed before a stop was asked for; if not, it is cancelled."""
    start = asyncio.ensure_future(starting)
    asked = asyncio.create_task(ending.asked.wait())
    await asyncio.wait({start, asked}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if start.done():
        start.result()
        return True
    start.cancel()
    await asyncio.wait({start})
    return False


async def keep_up(stack: Stack, console: Console, announce: Callable[[Stack], list[str]]) -> None:
    """Returns after an orderly stop. Raises StackError if the start fails; then nothing is left running."""
    ending = _Ending()
    ending.urgent = stack.supervisor.kill_all
    console.on_closed = ending.asked.set
    loop = asyncio.get_running_loop()
    for number in ENDING_SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # ignored on purpose under nohup
            loop.add_signal_handler(number, ending.ask)
    if await _unless_asked_to_end(stack.start(), ending):
        for line in announce(stack):
            console.say(line)
        await ending.asked.wait()
        console.say("stopping")
        await stack.stop()
    console.say("stopped")


def next_steps(stack: Stack) -> list[str]:
    """The lines that tell a newcomer what to do with the platform that has just come up."""
    gateway = stack.gateway_url
    return [
        "",
        "the platform is ready",
        f"  API         {gateway}/api/v1    documentation {gateway}/docs",
        "  try it      make demo    (in a second terminal)",
        f"  health      {gateway}/health/detailed",
        f"  kept in     {stack.data_dir}",
        "  stop        Ctrl-C",
        "",
    ]


def export_lines(stack: Stack) -> list[str]:
    """The lines that connect a shell to the infrastructure; without the secrets, which its user has set."""
    given = stack.endpoints.environment()
    return [f"export {name}={value}" for name, value in given.items() if name not in SECRETS]


def _console(settings: Settings) -> Console:
    if settings.log_file is not None:
        return Console(LogFile(settings.log_file), settings.log_format)
    return Console(sys.stdout, settings.log_format, colour=wants_colour(sys.stdout))


def _replaceable(settings: Settings, console: Console) -> Stack:
    """A platform whose services are replaced when `rolling.SIGNAL` asks for it."""
    stack = Stack(settings=settings, console=console)
    asyncio.get_running_loop().add_signal_handler(rolling.SIGNAL, rolling.Rolling(stack, console).ask)
    return stack


async def run(settings: Settings) -> None:
    """Keeps the platform up until SIGINT or SIGTERM; `rolling.SIGNAL` replaces its services."""
    console = _console(settings)
    await keep_up(_replaceable(settings, console), console, next_steps)


async def develop(settings: Settings) -> None:
    """As `run`, and replaces a process when its code changes."""
    from nexus_devstack.reload import replace_changed

    console = _console(settings)
    stack = _replaceable(settings, console)
    reloading = asyncio.create_task(replace_changed(stack, console), name="reload")
    try:
        await keep_up(stack, console, next_steps)
    finally:
        reloading.cancel()


async def run_infrastructure(settings: Settings) -> None:
    """Keeps broker and database up; prints the export lines to stdout and everything else to stderr."""
    console = Console(sys.stderr, settings.log_format, colour=wants_colour(sys.stderr))

    def announce(stack: Stack) -> list[str]:
        sys.stdout.write("\n".join([*export_lines(stack), ""]))
        sys.stdout.flush()
        return ["broker and database are ready"]

    await keep_up(Stack(settings=settings, console=console, services=()), console, announce)


async def provision_only(settings: Settings) -> None:
    """Creates topics and tables on infrastructure that is running already."""
    from nexus_devstack.provision import provision

    console = Console(sys.stderr, settings.log_format, colour=wants_colour(sys.stderr))
    await provision(await external_endpoints(settings), settings.table_prefix, console.say)
