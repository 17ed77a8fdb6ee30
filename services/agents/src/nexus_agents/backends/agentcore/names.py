"""Names, ARNs and ids as AgentCore takes them; the patterns are those of its service model."""

import hashlib
import re

from nexus_agents.domain.backend import DeployedAgent

REGION = r"[a-z]{2}(-[a-z]+)+-[0-9]"
ROLE_ARN = r"arn:aws(-[^:]+)?:iam::[0-9]{12}:role/.+"
BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
INSTALLATION = r"[a-zA-Z][a-zA-Z0-9]{0,11}"
_RUNTIME_ARN = re.compile(
    r"arn:aws(-[^:]+)?:bedrock-agentcore:[a-z0-9-]+:[0-9]{12}:runtime/(?P<id>[a-zA-Z][a-zA-Z0-9_]{0,47}-[a-zA-Z0-9]{10})"
)
_ANY_ARN = re.compile(r"arn:aws[a-z-]*:[^\s'\"]*[^\s'\".,;:]")
_DESCRIPTION = "Nexus-AI agent "
_MAX_SESSION_ID = 100


def runtime_name(installation: str, agent_id: str) -> str:
    """At most 48 characters: the installation, the agent's own name as far as it fits, and a digest of its id."""
    digest = hashlib.sha256(agent_id.encode()).hexdigest()[:20]
    readable = re.sub(r"[^a-zA-Z0-9_]", "_", agent_id.rpartition(":")[2])
    return f"{installation}_{readable[: 48 - len(installation) - 22]}_{digest}"


def description(agent_id: str) -> str:
    """By it the list of runtimes tells whose each one is."""
    return _DESCRIPTION + agent_id


def described_agent(installation: str, name: str, text: str) -> str | None:
    """The agent of a listed runtime; None for one that this installation did not make."""
    agent_id = text.removeprefix(_DESCRIPTION)
    return agent_id if agent_id != text and runtime_name(installation, agent_id) == name else None


def runtime_id(arn: str) -> str | None:
    """None: not the ARN of a runtime."""
    match = _RUNTIME_ARN.fullmatch(arn)
    return match["id"] if match else None


def runtime_session(agent: DeployedAgent, session_id: str) -> str:
    """AgentCore keeps a session on the version that it began with: each version gets sessions of its own."""
    name = f"{session_id}-{agent.package.sha256[:12]}"
    return name if len(name) <= _MAX_SESSION_ID else hashlib.sha256(name.encode()).hexdigest()


def without_arns(text: str) -> str:
    """For the eyes of callers, who shall not learn roles and accounts."""
    return _ANY_ARN.sub("(ARN)", text)
