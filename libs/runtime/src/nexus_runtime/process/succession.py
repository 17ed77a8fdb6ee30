"""One process takes over from another, so that nobody goes without either.

Whoever runs both starts the successor with the address of its predecessor. When the successor could work but for its
partitions, it asks the predecessor to let go of them. When it is ready the predecessor gets `SIGNAL`: it takes no more
connections, finishes what it is at and ends.
"""

import signal

import aiohttp

from nexus_contracts.principal import EVERYBODY
from nexus_runtime.process import log
from nexus_runtime.process.caller import Trust

logger = log.get(__name__)
SIGNAL = signal.SIGUSR1
PATH = "/internal/let-go"
FINISH_SECONDS = 90.0
"""How long a process that has a successor may take to finish requests and work, each."""
ANSWER_SECONDS = 8.0


class Succession:
    """Whether this process has a successor."""

    def __init__(self) -> None:
        self.begun = False

    def patience(self, seconds: float) -> float:
        """How long what is under way may take, where it would be `seconds` if this process just stopped."""
        return max(seconds, FINISH_SECONDS) if self.begun else seconds


succession = Succession()
"""That of this process."""


async def let_go(predecessor: str, trust: Trust) -> bytes | None:
    """What the process at that address leaves, once it consumes nothing any more. None if it cannot be asked.

    Then the broker takes the partitions away from it, once this process has joined.
    """
    return await asked("POST", predecessor, PATH, trust)


async def asked(method: str, predecessor: str, path: str, trust: Trust) -> bytes | None:
    """The predecessor's answer; None if there is none."""
    headers = trust.header(EVERYBODY, method, path)
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(method, predecessor + path, headers=headers) as answer,
        ):
            answer.raise_for_status()
            return await answer.read()
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        logger.warning("the predecessor does not answer", path=path, error=repr(error))
        return None
