"""`python -m nexus_devstack run|develop|demo|infra|provision`; `.env` of the current folder is read first."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable

from nexus_devstack.errors import StackError
from nexus_devstack.run import develop, provision_only, run, run_infrastructure
from nexus_devstack.settings import Settings, load_environment, load_settings

INTERRUPTED = 130


async def _demo(settings: Settings) -> None:
    from nexus_devstack.demo.story import demo

    telling = asyncio.ensure_future(demo(settings))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, telling.cancel)
    await telling


COMMANDS: dict[str, Callable[[Settings], Awaitable[None]]] = {
    "run": run,
    "develop": develop,
    "demo": _demo,
    "infra": run_infrastructure,
    "provision": provision_only,
}


async def _command(name: str) -> None:
    if name not in COMMANDS:
        raise StackError(f"unknown command {name!r}; choose one of: {', '.join(COMMANDS)}")
    await COMMANDS[name](load_settings())


def main(arguments: list[str]) -> int:
    """The exit status: 0, 1 after one clear line on stderr, 130 when interrupted."""
    load_environment()
    try:
        asyncio.run(_command(arguments[0] if arguments else "run"))
    except StackError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
