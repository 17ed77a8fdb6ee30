"""Starts the agent of this package: on AGENT_SOCKET if set, else on port 8080."""

import os
import sys
from importlib import import_module
from types import ModuleType

_ROOT = os.path.dirname(os.path.abspath(__file__))


def start() -> None:
    """Serves until SIGTERM. The folder itself becomes a package, so that it runs wherever it is unpacked."""
    package = ModuleType("agent_package")
    package.__path__ = [_ROOT]
    sys.modules["agent_package"] = package
    import_module("agent_package.agent.server").serve(_ROOT)


if __name__ == "__main__":
    start()
