"""What the clients did and what they were told, request by request, and which faults came between."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Outcome = Literal["ok", "broken", "refused", "accepted", "failed", "unknown"]
"""Done; done, with a bad end; decided otherwise; durable, not decided yet; nothing happened; nobody can tell."""
DECIDED: tuple[Outcome, ...] = ("ok", "broken", "refused")
ACKNOWLEDGED: tuple[Outcome, ...] = ("ok", "broken", "accepted")


@dataclass
class Operation:
    """One request. All that share a `wish` (an Idempotency-Key, a report's id) ask for the same thing.

    Times are seconds of the history's clock; an operation without an outcome never came back.
    """

    kind: str
    wish: str
    subject: str
    request: Any
    began: float
    ended: float | None = None
    outcome: Outcome | None = None
    status: int | None = None
    reply: Any = None


@dataclass
class Fault:
    name: str
    began: float
    ended: float | None = None


@dataclass
class History:
    clock: Callable[[], float] = time.monotonic
    operations: list[Operation] = field(default_factory=list[Operation])
    faults: list[Fault] = field(default_factory=list[Fault])

    def invoke(self, kind: str, wish: str, subject: str, request: Any) -> Operation:
        operation = Operation(kind, wish, subject, request, self.clock())
        self.operations.append(operation)
        return operation

    def end(self, operation: Operation, outcome: Outcome, status: int | None = None, reply: Any = None) -> None:
        operation.ended, operation.outcome = self.clock(), outcome
        operation.status, operation.reply = status, reply

    def wishes(self, *kinds: str) -> dict[str, list[Operation]]:
        """The operations of these kinds by wish, in the order in which they began."""
        found: dict[str, list[Operation]] = {}
        for operation in self.operations:
            if operation.kind in kinds:
                found.setdefault(operation.wish, []).append(operation)
        return found

    def first_success(self, kind: str, since: float) -> float | None:
        """Seconds from `since` to the end of the first operation that began after it and was done."""
        ends = [
            operation.ended - since
            for operation in self.operations
            if operation.kind == kind
            and operation.outcome == "ok"
            and operation.began >= since
            and operation.ended is not None
        ]
        return min(ends, default=None)

    def write(self, path: Path) -> None:
        """One line of JSON for each beginning and each end, in the order of time."""
        lines = sorted(self._lines(), key=lambda line: line["at"])
        path.write_text("".join(f"{json.dumps(line, default=str)}\n" for line in lines), encoding="utf-8")

    def _lines(self) -> Iterator[dict[str, Any]]:
        for number, operation in enumerate(self.operations):
            whole = asdict(operation)
            told = {name: whole.pop(name) for name in ("ended", "outcome", "status", "reply")}
            yield {"at": whole.pop("began"), "what": "invoke", "operation": number, **whole}
            if operation.ended is not None:
                yield {"at": told.pop("ended"), "what": told.pop("outcome"), "operation": number, **told}
        for fault in self.faults:
            yield {"at": fault.began, "what": "fault", "name": fault.name}
            if fault.ended is not None:
                yield {"at": fault.ended, "what": "fault over", "name": fault.name}
