"""The builds service with a fault of its own: reaching the point that a file names, it stops itself (SIGSTOP).

Run as a program, with the file's path as its argument. The file is taken away by the stop, so there is one for each
time that the file is written.
"""

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nexus_builds import app
from nexus_builds.consumers import subscriptions
from nexus_builds.settings import BuildsSettings
from nexus_contracts.history import HistoryEntry
from nexus_contracts.replies import Reply
from nexus_runtime.kafka.delivery import Delivery, Subscription
from nexus_runtime.kafka.replies import Replier
from nexus_runtime.ledger.relay import Relay
from nexus_runtime.process.service import serve
from nexus_runtime.process.settings import load

POINT = Path(sys.argv[1])
announce, send = Relay.announce, Replier.send


def reached(point: str) -> None:
    if POINT.exists() and POINT.read_text(encoding="utf-8") == point:
        POINT.unlink()
        os.kill(os.getpid(), signal.SIGSTOP)


def announce_late(self: Relay, aggregate: str, entries: Sequence[HistoryEntry] = ()) -> None:
    """Between the commit and the publishing of its events."""
    if entries:
        reached("committed")
    announce(self, aggregate, entries)


async def send_late(self: Replier, partition: int | None, reply: Reply, *, alone: bool = False) -> None:
    """Between the commit and the answer."""
    reached("answering")
    await send(self, partition, reply, alone=alone)


def slow_subscriptions(*arguments: Any) -> list[Subscription]:
    return [acknowledged_late(one) for one in subscriptions(*arguments)]


def acknowledged_late(subscription: Subscription) -> Subscription:
    """Between the end of the handler and the commit of the offset."""

    async def handle(deliveries: Sequence[Delivery]) -> None:
        await subscription.handle(deliveries)
        reached(f"handled {subscription.topic.name}")

    return replace(subscription, handle=handle)


if __name__ == "__main__":
    Relay.announce = announce_late
    Replier.send = send_late
    setattr(app, "subscriptions", slow_subscriptions)  # noqa: B010  # it is for this program only
    settings = load(BuildsSettings)
    serve(app.NAME, settings, app.create_app(settings))
