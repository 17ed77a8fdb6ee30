"""The gateway as a process of its own."""

import sys

from nexus_devstack.services import Service

GATEWAY = Service("gateway", (sys.executable, "-m", "nexus_gateway"), "GATEWAY_PORT")
