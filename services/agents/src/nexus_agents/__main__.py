"""python -m nexus_agents"""

import nexus_runtime.process.starting  # noqa: F401  # pyright: ignore[reportUnusedImport]  # before all others

# isort: split
from nexus_agents.app import NAME, create_app
from nexus_agents.settings import AgentsSettings
from nexus_runtime.process.service import serve
from nexus_runtime.process.settings import load

if __name__ == "__main__":
    settings = load(AgentsSettings)
    serve(NAME, settings, create_app(settings))
