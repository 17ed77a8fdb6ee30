"""Structured logs: readable lines for people, JSON for machines; every line carries the current ids."""

import logging
import sys
import time
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog
from pydantic_core import to_json
from structlog.typing import EventDict, Processor

from nexus_runtime.process import tracing
from nexus_runtime.process.settings import ServiceSettings

_NOISY = ("aiokafka", "botocore", "aiobotocore", "faststream", "kafka")
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


_requests_to: TextIO | None = None


class RateLimit(logging.Filter):
    """Passes one line per message template and `seconds`: a client without its broker logs hundreds."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self._last: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        key, now = (record.name, str(record.msg)[:60]), time.monotonic()
        if now - self._last.get(key, float("-inf")) < self._seconds:
            return False
        if len(self._last) > 1000:
            self._last.clear()
        self._last[key] = now
        return True


def _add_trace(_logger: object, _method: str, event: EventDict) -> EventDict:
    if trace := tracing.trace_id():
        event["trace_id"] = trace
    return event


def configure(service: str, settings: ServiceSettings) -> None:
    """Sends everything, including the libraries' lines, to stderr in the chosen format."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_trace,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[settings.log_level]),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(settings)],
        )
    )
    limit = RateLimit(seconds=5)
    handler.addFilter(lambda record: not record.name.startswith(_NOISY) or limit.filter(record))
    logging.basicConfig(handlers=[handler], level=_LEVELS[settings.log_level], force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").disabled = True
    global _requests_to  # as of all logging, there is one in a process
    _requests_to = sys.stderr if settings.log_format == "json" and _LEVELS[settings.log_level] <= logging.INFO else None


def request(**fields: object) -> None:
    """The line of the access log for one request; only machines are given it (`LOG_FORMAT=json`, level info).

    It is made without the processors of other lines, which cost a tenth of what a read costs altogether.
    """
    if _requests_to is None:
        return
    bound = structlog.contextvars.get_contextvars()
    ids = {"service": bound.get("service"), "trace_id": tracing.trace_id()}
    line = {"event": "request", "level": "info", "timestamp": datetime.now(UTC), **ids, **fields}
    _requests_to.write(to_json(line).decode() + "\n")


def silence() -> None:
    """Logs nothing: for tools that report their results themselves."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _rendering(settings: ServiceSettings) -> list[Processor]:
    if settings.log_format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    return [
        structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback)
    ]


def get(name: str) -> Any:
    """A structured logger. Typed loosely: structlog's loggers take any event fields."""
    return structlog.stdlib.get_logger(name)
