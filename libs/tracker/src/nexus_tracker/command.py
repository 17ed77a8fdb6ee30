"""Runs a command, passes its output through, and reports each line."""

import asyncio
import codecs
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Sequence
from typing import BinaryIO

from nexus_tracker.build import MAX_MESSAGE

Tell = Callable[[str, str], Awaitable[None]]
NOT_FOUND, NOT_EXECUTABLE, BY_SIGNAL = 127, 126, 128
FORWARDED = (signal.SIGTERM, signal.SIGHUP)


async def run_command(argv: Sequence[str], tell: Tell) -> int:
    """Runs the command; its exit status as in a shell: 127 not found, 126 not executable, 128 + n ended by signal n.

    `tell` gets each line of standard output with level info, and of standard error with level warning. SIGTERM and
    SIGHUP are passed on to the command; an interrupt from the keyboard reaches it anyway.
    """
    try:
        child = await asyncio.create_subprocess_exec(
            *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
    except OSError as error:
        await tell(f"{argv[0]}: {error.strerror}", "error")
        sys.stderr.write(f"nexus-report: {argv[0]}: {error.strerror}\n")
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
    with _forwarding(child):
        assert child.stdout is not None
        assert child.stderr is not None
        await asyncio.gather(
            _pass_on(child.stdout, sys.stdout.buffer, lambda line: tell(line, "info")),
            _pass_on(child.stderr, sys.stderr.buffer, lambda line: tell(line, "warning")),
        )
        status = await child.wait()
    return status if status >= 0 else BY_SIGNAL - status


@contextlib.contextmanager
def _forwarding(child: asyncio.subprocess.Process) -> Generator[None]:
    """Passes signals on to `child`; this process outlives them, to report how the command ended."""
    loop = asyncio.get_running_loop()

    def forward(number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)

    for number in FORWARDED:
        loop.add_signal_handler(number, forward, number)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # the terminal tells the command itself
    try:
        yield
    finally:
        for number in (*FORWARDED, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _pass_on(source: asyncio.StreamReader, sink: BinaryIO, tell: Callable[[str], Awaitable[None]]) -> None:
    async for line in lines(_copied(source, sink)):
        await tell(line)


async def _copied(source: asyncio.StreamReader, sink: BinaryIO) -> AsyncIterator[bytes]:
    """The chunks of `source`, each copied to `sink` as soon as it arrives, for as long as anybody reads `sink`."""
    while chunk := await source.read(65536):
        with contextlib.suppress(BrokenPipeError):
            sink.write(chunk)
            sink.flush()
        yield chunk


async def lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """The lines without their line ends, those over MAX_MESSAGE characters in pieces. Invalid UTF-8 is replaced."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    rest = ""
    async for chunk in chunks:
        *whole, rest = (rest + decode(chunk)).split("\n")
        for line in whole:
            yield line.removesuffix("\r")
        while len(rest) > MAX_MESSAGE:
            yield rest[:MAX_MESSAGE]
            rest = rest[MAX_MESSAGE:]
    if rest := rest + decode(b"", True):
        yield rest
