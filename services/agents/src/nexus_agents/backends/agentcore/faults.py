"""Translates AWS's errors. It relies only on the error codes of the service models, not on messages."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ProxyConnectionError,
)
from botocore.parsers import ResponseParserError

from nexus_agents.backends.agentcore.names import without_arns
from nexus_agents.domain.backend_errors import (
    AgentCrashed,
    AgentFailed,
    AgentUnreachable,
    BackendError,
    BackendRefused,
    BackendThrottled,
    QuotaExceeded,
)
from nexus_runtime.process import log

logger = log.get(__name__)
CONFLICT, NOT_FOUND = "ConflictException", "ResourceNotFoundException"
_THROTTLED = ("ThrottlingException", "TooManyRequestsException", "RetryableConflictException")
_QUOTA = "ServiceQuotaExceededException"
_AGENT_FAILED = "RuntimeClientError"
_NOT_SENT = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError)
# While an answer is read, aiobotocore passes on errors of aiohttp.
_LOST = (HTTPClientError, IncompleteReadError, ResponseParserError, aiohttp.ClientError, ConnectionError)


def code_of(error: ClientError) -> str:
    answer: Any = error.response
    return str(answer.get("Error", {}).get("Code", "unknown"))


@contextmanager
def translated(*, running: bool) -> Generator[None]:
    """AWS's errors as the platform's. `running`: the call runs an agent, so that a lost answer may be of work done."""
    try:
        yield
    except ClientError as error:
        raise _refused(error, running) from error
    except _NOT_SENT as error:
        raise AgentUnreachable("AWS cannot be reached.") from error
    except _LOST as error:
        lost = AgentCrashed if running else AgentUnreachable
        raise lost("The connection to AWS ended before the answer was complete.") from error
    except BotoCoreError as error:
        # Raised before anything is sent: credentials, parameters, endpoints.
        logger.warning("AWS could not be asked", reason=str(error))
        raise BackendRefused(f"The request to AWS could not be made: {type(error).__name__}.") from error


def _refused(error: ClientError, running: bool) -> BackendError:
    code, answer = code_of(error), error.response
    message = str(answer.get("Error", {}).get("Message", ""))
    logger.info("AWS refuses", operation=error.operation_name, code=code, reason=message)
    text = f"AWS answers {code}: {without_arns(message)}"[:2000]
    if code in _THROTTLED:
        return BackendThrottled(text)
    if code == _QUOTA:
        return QuotaExceeded(text)
    if code == NOT_FOUND:
        return AgentUnreachable(text)
    if code == _AGENT_FAILED:
        return AgentFailed("AGENT_ERROR", text)
    if answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) >= 500:
        return AgentCrashed(text) if running else AgentUnreachable(text)
    return BackendRefused(text)
