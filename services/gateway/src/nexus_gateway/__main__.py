"""`python -m nexus_gateway`: serve until SIGINT or SIGTERM."""

import nexus_runtime.process.starting  # noqa: F401  # pyright: ignore[reportUnusedImport]  # before all others

# isort: split
from nexus_gateway.app import create_app
from nexus_gateway.settings import GatewaySettings
from nexus_runtime.process.service import serve
from nexus_runtime.process.settings import load

if __name__ == "__main__":
    chosen = load(GatewaySettings)
    app = create_app(chosen)
    serve("gateway", chosen, app, at_stop=app.state.gateway.end_streams, shedder=app.state.shedder)
