"""Tells readers on this machine that there are records: the embedded broker does not end a fetch when they come.

A ring says only where to look, and for what. A record that counts for nothing but its value, and only now, may be
handed over instead, before the broker has it. Where either is lost, or nobody rings, the reader finds the record when
it next looks.
"""

import asyncio
import itertools
import os
import socket
import stat
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from nexus_contracts.topics import Topic
from nexus_runtime.process import log
from nexus_runtime.process.settings import ServiceSettings

logger = log.get(__name__)
LISTED_SECONDS = 1.0
"""For how long a reader that has just come may not be rung."""
MOST_BYTES = 65_536
"""Of what is heard at once."""
_numbers = itertools.count()
Handed = Callable[[int, bytes], None]


class Bell:
    """A reader's: calls `rung` with the partition and the offset of a record that was published to the topic, and
    `handed` with the partition and the value of one that is.
    """

    def __init__(
        self, broker: str, topic: str, rung: Callable[[int, int], None], handed: Handed = lambda _at, _value: None
    ) -> None:
        self._path = _folder() / f"{_house(broker)}.{os.getpid()}.{next(_numbers)}.{topic}"
        self._rung = rung
        self._handed = handed
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Listens in the running loop. Where that is impossible, says so in the log."""
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            _prepare(self._path.parent)
            listening.setblocking(False)
            listening.bind(str(self._path))
        except OSError as error:
            listening.close()
            logger.warning("records will be noticed late: no bell", path=str(self._path), reason=str(error))
            return
        self._socket = listening
        asyncio.get_running_loop().add_reader(listening.fileno(), self._hear, listening)

    def close(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
            self._path.unlink(missing_ok=True)

    def _hear(self, listening: socket.socket) -> None:
        offsets: dict[int, int] = {}
        try:
            while True:
                told, handed, value = listening.recv(MOST_BYTES).partition(b"\n")
                match told.split():
                    case [partition] if handed and partition.isdigit():
                        self._handed(int(partition), value)
                    case [partition, offset] if partition.isdigit() and offset.isdigit():
                        offsets[int(partition)] = max(int(offset), offsets.get(int(partition), 0))
                    case _:
                        pass
        except BlockingIOError:
            pass
        for partition, offset in offsets.items():
            self._rung(partition, offset)


class Ringer:
    """A publisher's: rings the bells of all readers of a topic on this machine."""

    def __init__(self, broker: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._house = _house(broker)
        self._monotonic = monotonic
        self._bells: Mapping[str, list[str]] = {}
        self._listed = monotonic() - LISTED_SECONDS
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def ring(self, topic: str, partition: int, offset: int) -> None:
        """The record can be read by now. Never fails, never waits."""
        self._tell(topic, b"%d %d" % (partition, offset))

    def hand(self, topic: str, partition: int, value: bytes) -> bool:
        """Hands a record's value to the readers; whether all have it. If not, they are to be rung."""
        what = b"%d\n%b" % (partition, value)
        return len(what) <= MOST_BYTES and self._tell(topic, what)

    def _tell(self, topic: str, what: bytes) -> bool:
        if self._monotonic() - self._listed >= LISTED_SECONDS:
            self._bells, self._listed = _bells(self._house), self._monotonic()
        everybody = True
        for path in self._bells.get(topic, ()):
            try:
                self._socket.sendto(what, path)
            except OSError:
                # It is gone, or has so many rings to hear that one more tells it nothing.
                everybody = False
        return everybody

    def close(self) -> None:
        self._socket.close()


def bell_for(
    settings: ServiceSettings, topic: Topic, rung: Callable[[int, int], None], handed: Handed = lambda _at, _value: None
) -> Bell:
    return Bell(settings.kafka_bootstrap_servers, topic.name, rung, handed)


def _folder() -> Path:
    return Path(tempfile.gettempdir()) / f"nexus-bells-{os.getuid()}"


def _house(broker: str) -> str:
    """Short, because the path of a socket is limited to about 100 bytes."""
    return f"{zlib.crc32(broker.encode()):08x}"


def _prepare(folder: Path) -> None:
    """Raises OSError, too, if the folder is another user's, who could listen."""
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else")
    for path in folder.glob("*.*.*.*"):
        if not _lives(path.name.split(".")[1]):
            path.unlink(missing_ok=True)


def _lives(pid: str) -> bool:
    """Whether there is such a process: one that was killed leaves its bells."""
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError):
        pass
    return True


def _bells(house: str) -> dict[str, list[str]]:
    """The sockets of a broker's readers, by topic."""
    found: dict[str, list[str]] = {}
    for path in _folder().glob(f"{house}.*.*.*"):
        found.setdefault(path.name.split(".", 3)[3], []).append(str(path))
    return found
