"""Every way in which a backend fails, drawn once: each error knows its code and whether trying again is safe."""

from typing import ClassVar


class BackendError(Exception):
    """`may_retry` says that no byte reached the agent, so that the same request runs it once at most.

    `passes`: it is nothing of this request's, and trying again after a while is all there is to do. `suggestion` tells
    whoever asked what to do.
    """

    code: str = "BACKEND_ERROR"
    may_retry: ClassVar[bool] = False
    passes: ClassVar[bool] = False
    suggestion: ClassVar[str] = "Try again; if it persists, report it to the operators."

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class PackageRejected(BackendError):
    """The package can never run; `code` says why in one word, the message what to change."""

    suggestion = "Correct the package as the message says, upload it and deploy it again."

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BackendUnknown(BackendError):
    """The agent is recorded under a backend that this process has not."""

    code = "BACKEND_UNKNOWN"
    suggestion = "Ask the operators to set this backend up again, or delete the agent and deploy it anew."


class AgentUnreachable(BackendError):
    """Nothing was sent to the agent."""

    code = "AGENT_UNREACHABLE"
    may_retry = True
    suggestion = "The agent was not asked: send a new request."


class AgentNotStarted(AgentUnreachable):
    """The agent ended, or did not answer a ping, before it was ready; the message ends with its last output."""

    code = "AGENT_NOT_STARTED"
    suggestion = (
        "Correct what its last output says (GET /api/v1/agents/{agent_id}/logs has more), and deploy a new version."
    )

    def __init__(self, message: str, *, ended: bool = False) -> None:
        super().__init__(message)
        self.ended = ended


class PackageUnavailable(AgentUnreachable):
    """The store of packages does not answer now."""

    code = "PACKAGE_UNAVAILABLE"
    passes = True
    suggestion = (
        "Once the store of packages answers again, invoke again; after a failed deployment deploy the package again, or"
        " set the agent's status to running. Operators: see PACKAGES_URL."
    )


class BackendThrottled(AgentUnreachable):
    """Whoever runs the agents takes no more requests for the moment."""

    code = "BACKEND_THROTTLED"
    passes = True
    suggestion = "The agent was not asked: send a new request after some seconds."


class QuotaExceeded(AgentUnreachable):
    """A limit of the account with whoever runs the agents is reached; the message names it."""

    code = "QUOTA_EXCEEDED"
    suggestion = "Delete agents that are not needed, or ask the operators to have the named limit raised."


class BackendRefused(BackendError):
    """Whoever runs the agents refuses the request as it is: a missing right, a wrong setting. Nothing was sent."""

    code = "BACKEND_REFUSED"
    suggestion = "Report the message to the operators: a right or a setting of this installation is missing."


class AgentCrashed(BackendError):
    """The connection ended after bytes were sent: the agent may have done the work, or a part of it."""

    code = "AGENT_CRASHED"
    suggestion = (
        "Look at the agent's log (GET /api/v1/agents/{agent_id}/logs). It may have done the work before it ended: check"
        " that before you ask again."
    )


class AgentOverLimit(AgentCrashed):
    """The agent was ended as it took more of the machine than an agent may have; the message says of what."""

    code = "AGENT_OVER_LIMIT"
    suggestion = "Ask for less at a time, or deploy a version of the agent that needs less of what the message names."


class AgentTimedOut(BackendError):
    """No whole answer within the time of the invocation."""

    code = "AGENT_TIMED_OUT"
    suggestion = "Give it more time with timeout_seconds, or ask for less. It may have done a part of the work."


class AgentBusy(AgentTimedOut):
    """No process of the agent was free within the time; nothing was sent."""

    suggestion = "The agent was not asked: send a new request when fewer are under way, or give it more time."
    may_retry = True


class AgentFailed(BackendError):
    """The agent answered with an error, or with something unusable; code and message are its own if it gave any."""

    suggestion = "The agent says so itself: change the request as its message says, or deploy a corrected version."

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class AnswerRefused(AgentFailed):
    """The answer was not read to its end, as it is too large or no HTTP: the agent may be at it still."""

    suggestion = "Deploy a version of the agent that answers within the limits of the runtime contract."
