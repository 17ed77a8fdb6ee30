"""The jars of Kafka and DynamoDB Local, which Maven fetches once for all data folders of a user."""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

from nexus_devstack.errors import StackError
from nexus_devstack.providers.jvm.child import run_to_end
from nexus_devstack.providers.jvm.folders import made_whole
from nexus_devstack.providers.jvm.java import RESOURCES

POM = RESOURCES / "pom.xml"
PARTS = ("kafka", "dynamodb")
DIGITS = 16
SAY_SECONDS = 5.0
LOCK_SECONDS = 0.2
GOAL = "dependency:copy-dependencies"
FETCHED = "Downloaded from "
FAULT = "[ERROR] "


def jars_folder(cache: Path, pom: Path = POM) -> Path:
    """The folder of the jars that this version of pom.xml names; each part has a folder inside."""
    return cache.absolute() / "jvm" / hashlib.sha256(pom.read_bytes()).hexdigest()[:DIGITS]


def has_jars(folder: Path) -> bool:
    """Whether nothing needs to be fetched: the folder exists complete or not at all."""
    return folder.is_dir()


@contextlib.asynccontextmanager
async def _alone(lock: Path, say: Callable[[str], None]) -> AsyncGenerator[None]:
    """Held by one process at a time; the system releases the lock when its holder dies."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    told = False
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    say("another run is fetching Kafka and DynamoDB Local; waiting for it")
                told = True
                await asyncio.sleep(LOCK_SECONDS)
        yield
    finally:
        os.close(handle)


class _Progress:
    """The gist of Maven's output, in a few lines."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._fetched = 0
        self._told = time.monotonic()
        self.faults: deque[str] = deque(maxlen=50)

    def line(self, text: str) -> None:
        if text.startswith(FAULT) and text.strip() != FAULT.strip():
            self.faults.append(text.removeprefix(FAULT).strip())
        if FETCHED in text:
            self._fetched += 1
            if time.monotonic() - self._told >= SAY_SECONDS:
                self._told = time.monotonic()
                self._say(f"Maven has fetched {self._fetched} files so far")


async def _copy(maven: str, pom: Path, part: str, target: Path, progress: _Progress) -> None:
    argv = [
        *(maven, "--batch-mode", "--strict-checksums", "--file", str(pom), f"--activate-profiles={part}", GOAL),
        *("-DincludeScope=runtime", "-Dstyle.color=never", f"-DoutputDirectory={target}"),
    ]
    status = await run_to_end(argv, os.environ, progress.line)
    if status != 0:
        why = next(iter(progress.faults), f"it ended with status {status}")
        raise StackError(
            f"Maven could not fetch {part}: {why}; is Maven Central, or the mirror in its settings, reachable?"
        )


async def fetch_jars(maven: str, folder: Path, say: Callable[[str], None], pom: Path = POM) -> None:
    """Fills `folder`; several processes may call this at once. Raises StackError if Maven fails."""
    try:
        os.makedirs(folder.parent, exist_ok=True)
        async with _alone(folder.with_suffix(".lock"), say):
            if not has_jars(folder):
                await _fill(maven, folder, say, pom)
    except OSError as error:
        raise StackError(f"cannot use the cache folder {folder.parent} (NEXUS_CACHE_DIR): {error.strerror}") from None


async def _fill(maven: str, folder: Path, say: Callable[[str], None], pom: Path) -> None:
    say("fetching Kafka and DynamoDB Local with Maven, once: about 95 MB")
    began, progress = time.monotonic(), _Progress(say)
    with made_whole(folder) as partial:
        for part in PARTS:
            await _copy(maven, pom, part, partial / part, progress)
    say(f"fetched in {time.monotonic() - began:.0f} s, kept in {folder}")
