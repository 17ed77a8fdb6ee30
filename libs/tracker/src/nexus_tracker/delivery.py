"""Delivers reports in the order in which they were made, one after the other, in the background."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable

from nexus_tracker.errors import ReportNotDelivered, ReportRejected
from nexus_tracker.parcel import Parcel
from nexus_tracker.transport import Rejected, Transport

MAX_REPORTS = 1_000
MAX_BYTES = 8_000_000
"""How much may be unconfirmed; whoever reports more waits."""
LINGER_SECONDS = 0.5
"""How long a log entry waits for others to be sent with it."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 2.0


class ReportDelivery:
    """Never gives up on a report by itself. Its callers do: after `timeout` seconds without any confirmation.

    Once a caller has waited in vain, no other waits until something is confirmed again: so an error that passes through
    several nested stages costs `timeout` seconds only once.
    """

    def __init__(self, transport: Transport, timeout: float) -> None:
        self._transport = transport
        self._timeout = timeout
        self._parcels: deque[Parcel] = deque()
        self._rejected: list[tuple[Parcel, str]] = []
        self._bytes = 0
        self._handled = 0
        self._hurried = 0
        self._stalled = False
        self._fault = "no answer"
        self._changed = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None

    async def room(self) -> None:
        """Returns when there is room for another report. Raises ReportNotDelivered."""
        await self._in_time(lambda: len(self._parcels) < MAX_REPORTS and self._bytes < MAX_BYTES)

    def add(self, parcel: Parcel) -> None:
        """Queues the report, which is sent as soon as those before it are confirmed."""
        self._bytes += parcel.size
        if not (self._parcels and self._parcels[-1].joined(parcel)):
            self._parcels.append(parcel)
        if self._sender is None:
            self._sender = asyncio.create_task(self._send_all(), name="report delivery")
        self._notify()

    async def confirmed(self, project_id: str | None = None) -> None:
        """Returns when all reports (of the project) are confirmed. Raises ReportNotDelivered or ReportRejected.

        A rejection is raised once, to the first who waits for it.
        """
        self._hurried += 1
        self._notify()
        try:
            await self._in_time(lambda: not any(project_id in (None, one.report.project_id) for one in self._parcels))
        finally:
            self._hurried -= 1
        mine = [one for one in self._rejected if project_id in (None, one[0].report.project_id)]
        self._rejected = [one for one in self._rejected if one not in mine]
        if mine:
            raise ReportRejected(mine[0][1], [(parcel.id, parcel.report) for parcel, _ in mine])

    async def close(self) -> None:
        """Stops sending, and closes the transport; what is not confirmed yet is forgotten."""
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        await self._transport.close()

    async def _in_time(self, holds: Callable[[], bool]) -> None:
        while not holds():
            if self._stalled:
                waiting = [(parcel.id, parcel.report) for parcel in self._parcels]
                raise ReportNotDelivered(f"no confirmation within {self._timeout:g} s ({self._fault})", waiting)
            handled = self._handled
            try:
                async with asyncio.timeout(self._timeout):
                    await self._until(lambda seen=handled: holds() or self._handled != seen or self._stalled)
            except TimeoutError:
                self._stalled = self._handled == handled

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            await self._changed.wait()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _send_all(self) -> None:
        while True:
            await self._until(lambda: bool(self._parcels))
            parcel = self._parcels[0]
            await self._filled(parcel)
            parcel.open = False
            await self._delivered(parcel)
            self._parcels.popleft()
            self._bytes -= parcel.size
            self._handled += 1
            self._stalled = False
            self._notify()

    async def _filled(self, parcel: Parcel) -> None:
        """Gives further log entries a moment to join, unless a caller or another report is waiting already."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                await self._until(lambda: not parcel.open or len(self._parcels) > 1 or self._hurried > 0)

    async def _delivered(self, parcel: Parcel) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                await self._transport.send(parcel.event())
            except Rejected as fault:
                self._rejected.append((parcel, str(fault)))
            except Exception as fault:  # noqa: BLE001  # whatever it is, those who wait are told
                self._fault = str(fault)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                continue
            return
