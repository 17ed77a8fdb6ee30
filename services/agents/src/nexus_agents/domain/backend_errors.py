"""The errors of backends: each one knows its code and whether a retry is safe."""

from typing import ClassVar

from nexus_contracts.agents.events import AgentUsage


class BackendError(Exception):
    """`may_retry`: no byte has reached the agent, so a retry cannot run it twice.

    `passes`: a temporary fault that has nothing to do with the request. `suggestion` tells the caller what to do.
    `usage`: what model calls had cost by then.
    """

    code: str = "BACKEND_ERROR"
    may_retry: ClassVar[bool] = False
    passes: ClassVar[bool] = False
    suggestion: ClassVar[str] = "Try again; if the error persists, report it to the operators."

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.usage = AgentUsage()


class PackageRejected(BackendError):
    """The package can never run; `code` says why, the message says what to change."""

    suggestion = "Correct the package as the message says, then upload and deploy it again."

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BackendUnknown(BackendError):
    """The agent belongs to a backend that is not configured in this process."""

    code = "BACKEND_UNKNOWN"
    suggestion = "Ask the operators to configure this backend again, or delete the agent and deploy it again."


class AgentUnreachable(BackendError):
    """Nothing was sent to the agent."""

    code = "AGENT_UNREACHABLE"
    may_retry = True
    suggestion = "The request did not reach the agent: send a new one."


class AgentNotStarted(AgentUnreachable):
    """The agent exited or did not answer a ping before it was ready; the message ends with its last output."""

    code = "AGENT_NOT_STARTED"
    suggestion = (
        "Fix what the agent's last output shows (more in GET /api/v1/agents/{agent_id}/logs), and deploy a new version."
    )

    def __init__(self, message: str, *, ended: bool = False) -> None:
        super().__init__(message)
        self.ended = ended


class PackageUnavailable(AgentUnreachable):
    """The package store is unavailable."""

    code = "PACKAGE_UNAVAILABLE"
    passes = True
    suggestion = (
        "When the package store is available again, send a new request; after a failed deployment deploy the package"
        " again, or set the agent's status to running. Operators: check PACKAGES_URL."
    )


class BackendThrottled(AgentUnreachable):
    """The backend accepts no more requests for the moment."""

    code = "BACKEND_THROTTLED"
    passes = True
    suggestion = "The request did not reach the agent: send a new one in a few seconds."


class QuotaExceeded(AgentUnreachable):
    """A limit of the account at the backend is reached; the message names it."""

    code = "QUOTA_EXCEEDED"
    suggestion = "Delete agents that you no longer need, or ask the operators to have the named limit raised."


class BackendRefused(BackendError):
    """The backend refuses the request as it is: a missing permission, a wrong setting. Nothing was sent."""

    code = "BACKEND_REFUSED"
    suggestion = "Report the message to the operators: this installation lacks a permission or a setting."


class AgentCrashed(BackendError):
    """The connection broke after bytes were sent: the agent may have done all or part of the work."""

    code = "AGENT_CRASHED"
    suggestion = (
        "Look at the agent's log (GET /api/v1/agents/{agent_id}/logs). It may have done the work before it exited:"
        " check that before you send a new request."
    )


class AgentOverLimit(AgentCrashed):
    """The agent was stopped because it exceeded a resource limit; the message names it."""

    code = "AGENT_OVER_LIMIT"
    suggestion = "Ask for less at a time, or deploy a version of the agent that stays within the named limit."


class AgentTimedOut(BackendError):
    """No complete answer within the time limit of the invocation."""

    code = "AGENT_TIMED_OUT"
    suggestion = "Allow more time with timeout_seconds, or ask for less. The agent may have done part of the work."


class AgentBusy(AgentTimedOut):
    """No process of the agent became free within the time limit; nothing was sent."""

    suggestion = "The request did not reach the agent: send a new one when fewer are running, or allow more time."
    may_retry = True


class AgentFailed(BackendError):
    """The agent answered with an error or an unusable answer; code and message are the agent's own if it gave any."""

    suggestion = "The error comes from the agent itself: change the request accordingly, or deploy a corrected version."

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class AnswerRefused(AgentFailed):
    """The answer was not read to its end, because it is too large or not HTTP: the agent may still be working."""

    suggestion = "Deploy a version of the agent that answers within the limits of the runtime contract."
