"""Every way in which a backend fails, drawn once: each error knows its code and whether trying again is safe."""

from typing import ClassVar


class BackendError(Exception):
    """`may_retry` says that no byte reached the agent, so that the same request runs it once at most."""

    code: str = "BACKEND_ERROR"
    may_retry: ClassVar[bool] = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class PackageRejected(BackendError):
    """The package can never run; `code` says why in one word, the message what to change."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BackendUnknown(BackendError):
    """The agent is recorded under a backend that this process has not."""

    code = "BACKEND_UNKNOWN"


class AgentUnreachable(BackendError):
    """Nothing was sent to the agent."""

    code = "AGENT_UNREACHABLE"
    may_retry = True


class AgentNotStarted(AgentUnreachable):
    """The agent ended, or did not answer a ping, before it was ready; the message ends with its last output."""

    code = "AGENT_NOT_STARTED"

    def __init__(self, message: str, *, ended: bool = False) -> None:
        super().__init__(message)
        self.ended = ended


class PackageUnavailable(AgentUnreachable):
    """The store of packages does not answer now."""

    code = "PACKAGE_UNAVAILABLE"


class BackendThrottled(AgentUnreachable):
    """Whoever runs the agents takes no more requests for the moment."""

    code = "BACKEND_THROTTLED"


class QuotaExceeded(AgentUnreachable):
    """A limit of the account with whoever runs the agents is reached; the message names it."""

    code = "QUOTA_EXCEEDED"


class BackendRefused(BackendError):
    """Whoever runs the agents refuses the request as it is: a missing right, a wrong setting. Nothing was sent."""

    code = "BACKEND_REFUSED"


class AgentCrashed(BackendError):
    """The connection ended after bytes were sent: the agent may have done the work, or a part of it."""

    code = "AGENT_CRASHED"


class AgentOverLimit(AgentCrashed):
    """The agent was ended as it took more of the machine than an agent may have; the message says of what."""

    code = "AGENT_OVER_LIMIT"


class AgentTimedOut(BackendError):
    """No whole answer within the time of the invocation."""

    code = "AGENT_TIMED_OUT"


class AgentBusy(AgentTimedOut):
    """No process of the agent was free within the time; nothing was sent."""

    may_retry = True


class AgentFailed(BackendError):
    """The agent answered with an error, or with something unusable; code and message are its own if it gave any."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class AnswerRefused(AgentFailed):
    """The answer was not read to its end, as it is too large or no HTTP: the agent may be at it still."""
