"""Settings of the AgentCore backend."""

from dataclasses import dataclass
from typing import Literal

ManagedPython = Literal["PYTHON_3_11", "PYTHON_3_12", "PYTHON_3_13", "PYTHON_3_14"]


@dataclass(frozen=True)
class AgentCoreSettings:
    """`installation` begins the names of all runtimes, and no other installation of the account may have it.

    `endpoint_url` None: AWS. `idle_seconds`: how long an idle session keeps its machine. `ready_seconds` bounds a
    deployment, which is looked at every `poll_seconds`.
    """

    installation: str
    role_arn: str
    bucket: str
    region: str
    prefix: str = "packages"
    python: ManagedPython = "PYTHON_3_11"
    endpoint_url: str | None = None
    s3_endpoint_url: str | None = None
    idle_seconds: int = 900
    ready_seconds: float = 110.0
    poll_seconds: float = 1.0
